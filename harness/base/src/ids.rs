//! Names of runs and trials: stable, readable, safe as names of files.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::as_text;

use crate::{Digest, Timestamp};

/// The name of one run: the time it began and a few digits of its plan's digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// A run's id from when it starts and what it will do.
    pub fn new(start: Timestamp, plan: Digest) -> Self {
        let mut digits = plan.short();
        digits.truncate(6);
        Self(format!("{}-{digits}", start.compact()))
    }

    /// An id that was read from a file or typed.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One sample of one task under one variant: `suite/task@variant#number`, numbered from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrialId {
    /// The suite's name.
    pub suite: String,
    /// The task's name.
    pub task: String,
    /// The variant's name.
    pub variant: String,
    /// Which sample, from 1.
    pub number: u32,
}

/// A text that is no trial's id.
#[derive(Debug, thiserror::Error)]
#[error("a trial is written SUITE/TASK@VARIANT#NUMBER, not {0:?}")]
pub struct IdError(String);

impl TrialId {
    /// Whether a suite, task or variant may have this name: letters, digits, `-`, `_`, `.`, not starting with `.`.
    pub fn valid_name(name: &str) -> bool {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        !name.is_empty() && !name.starts_with('.') && name.len() <= 100 && name.bytes().all(plain)
    }
}

impl fmt::Display for TrialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}#{}", self.suite, self.task, self.variant, self.number)
    }
}

impl FromStr for TrialId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let parse = || {
            let (suite, rest) = text.split_once('/')?;
            let (task, rest) = rest.split_once('@')?;
            let (variant, number) = rest.split_once('#')?;
            let names = [suite, task, variant];
            let number = number.parse().ok().filter(|n| *n > 0)?;
            names.iter().all(|n| Self::valid_name(n)).then(|| Self {
                suite: suite.to_owned(),
                task: task.to_owned(),
                variant: variant.to_owned(),
                number,
            })
        };
        parse().ok_or_else(|| IdError(text.to_owned()))
    }
}

as_text!(TrialId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_id_survives_its_text_form_and_rejects_paths() {
        let id: TrialId = "core/fix-cache@main#3".parse().unwrap();
        assert_eq!((id.task.as_str(), id.number), ("fix-cache", 3));
        assert_eq!(id.to_string().parse::<TrialId>().unwrap(), id);
        for bad in ["core/../x@main#1", "core/x@main#0", "core/x#1", "/x@m#1"] {
            assert!(bad.parse::<TrialId>().is_err(), "{bad}");
        }
    }
}
