//! A file of TOML that people write for a model: read, its version checked, its faults said with their place. Knows nothing of what
//! stands in it.

use std::fs;
use std::path::{Path, PathBuf};

use base::toml_file::{self, Diagnostic};
use base::{FormatVersion, VersionError};
use serde::de::DeserializeOwned;

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file system failed.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{0}")]
    Malformed(Box<Diagnostic>),
    /// A version that cannot be read here.
    #[error("{}: {error}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: VersionError,
    },
}

impl From<Diagnostic> for FileError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Malformed(Box::new(diagnostic))
    }
}

/// The text of a file.
pub(crate) fn text(path: &Path) -> Result<String, FileError> {
    fs::read_to_string(path).map_err(|error| FileError::Io { path: path.to_owned(), error })
}

/// What a text says, where its version can be read by a program that writes `ours`; `path` names it in errors.
pub(crate) fn parse<T: DeserializeOwned>(
    path: &Path,
    text: &str,
    ours: FormatVersion,
    version: impl Fn(&T) -> FormatVersion,
) -> Result<T, FileError> {
    let file: T = toml_file::parse(path, text)?;
    let checked = ours.check(version(&file));
    checked.map_err(|error| FileError::Version { path: path.to_owned(), error })?;
    Ok(file)
}
