//! Major.minor versions of the formats on disk: a newer minor is read, a newer major refused.

use std::fmt;
use std::str::FromStr;

use crate::text::as_text;

/// The version of one file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FormatVersion {
    /// Changes when an old reader would misread the file.
    pub major: u16,
    /// Changes when something was added that an old reader may skip.
    pub minor: u16,
}

/// Why a file's version cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    /// Not `major.minor`.
    #[error("a format version is MAJOR.MINOR, not {0:?}")]
    Malformed(String),
    /// A major version that this program does not know.
    #[error("format version {found} is not readable here: this program reads {known}; use a newer retake")]
    Unreadable {
        /// What the file says.
        found: FormatVersion,
        /// What this program writes.
        known: FormatVersion,
    },
}

impl FormatVersion {
    /// A version from its two parts.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }

    /// Whether a file of version `found` may be read by a program that writes `self`.
    pub fn check(self, found: FormatVersion) -> Result<(), VersionError> {
        self.check_since(self.major, found)
    }

    /// The same for a program that also reads older major versions, from `oldest` on.
    pub fn check_since(self, oldest: u16, found: FormatVersion) -> Result<(), VersionError> {
        if (oldest..=self.major).contains(&found.major) {
            Ok(())
        } else {
            Err(VersionError::Unreadable { found, known: self })
        }
    }
}

impl fmt::Display for FormatVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for FormatVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let parts = text.split_once('.').and_then(|(a, b)| Some(Self::new(a.parse().ok()?, b.parse().ok()?)));
        parts.ok_or_else(|| VersionError::Malformed(text.to_owned()))
    }
}

as_text!(FormatVersion);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_minor_is_read_and_a_newer_major_refused() {
        let known = FormatVersion::new(1, 0);
        assert!(known.check("1.9".parse().unwrap()).is_ok());
        assert!(known.check("2.0".parse().unwrap()).unwrap_err().to_string().contains("newer retake"));
        assert!("one".parse::<FormatVersion>().is_err());
    }
}
