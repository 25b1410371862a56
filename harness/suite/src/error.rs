//! What can be wrong with a suite, a task or a configuration on disk. Knows nothing of what the files mean.

use std::path::{Path, PathBuf};

use base::toml_file::Diagnostic;

/// Why something on disk cannot be used: always the author's to fix, never an agent's fault.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// A place in a file.
    #[error(transparent)]
    File(Box<Diagnostic>),
    /// A file or folder that has to be there.
    #[error("{what} is missing: add {}", path.display())]
    Missing {
        /// What it is for.
        what: &'static str,
        /// Where it belongs.
        path: PathBuf,
    },
    /// A file or folder that is there and cannot be accepted.
    #[error("{}: {reason}", path.display())]
    Invalid {
        /// Which one.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// The operating system refused.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// What was to be read.
        path: PathBuf,
        /// Its word.
        source: std::io::Error,
    },
}

impl From<Diagnostic> for SuiteError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::File(Box::new(diagnostic))
    }
}

impl SuiteError {
    pub(crate) fn invalid(path: &Path, reason: impl Into<String>) -> Self {
        Self::Invalid { path: path.to_owned(), reason: reason.into() }
    }

    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

/// The text of a file; `what` says what it is for where it is missing.
pub(crate) fn read_text(path: &Path, what: &'static str) -> Result<String, SuiteError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(SuiteError::Missing { what, path: path.to_owned() });
        }
        Err(error) => return Err(SuiteError::io(path, error)),
    };
    String::from_utf8(bytes).map_err(|_| SuiteError::invalid(path, "is not UTF-8 text"))
}
