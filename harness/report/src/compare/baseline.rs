//! The run that gates compare with, kept whole enough that its folder may go. Knows nothing of rules.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use base::{FormatVersion, RunId, Timestamp, VersionError};
use serde::{Deserialize, Serialize};

use super::Arm;
use crate::figures;
use crate::score::{CONFIDENCE, wilson};
use crate::{RunData, text::line};

/// The name of the file in the folder where runs land.
const FILE_NAME: &str = "baseline.json";
/// The version of the file; a field that is added changes the minor part.
const VERSION: FormatVersion = FormatVersion::new(1, 1);

/// A baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Version of the file.
    pub version: FormatVersion,
    /// The run.
    pub run_id: RunId,
    /// When it began.
    pub created: Timestamp,
    /// Its variants.
    pub arms: Vec<Arm>,
}

/// A baseline that cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The file system failed.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is no baseline.
    #[error("{}:{}:{}: not a baseline: {error}", path.display(), error.line(), error.column())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: serde_json::Error,
    },
    /// A version that cannot be read here.
    #[error("{}: {error}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: VersionError,
    },
}

impl Baseline {
    /// A run as a baseline.
    pub fn of(data: &RunData) -> Self {
        let header = &data.header;
        let arms = header.plan.variants.iter().filter_map(|variant| Arm::of(data, &variant.name)).collect();
        Self { version: VERSION, run_id: header.run_id.clone(), created: header.created, arms }
    }

    /// Reads the baseline of a folder where runs land; nothing where none is set.
    pub fn read(out: &Path) -> Result<Option<Self>, BaselineError> {
        let path = out.join(FILE_NAME);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(BaselineError::Io { path, error }),
        };
        let baseline: Self = serde_json::from_slice(&text)
            .map_err(|error| BaselineError::Content { path: path.clone(), error })?;
        VERSION.check(baseline.version).map_err(|error| BaselineError::Version { path, error })?;
        Ok(Some(baseline))
    }

    /// Writes it whole: beside its place first.
    pub fn write(&self, out: &Path) -> Result<(), BaselineError> {
        let path = out.join(FILE_NAME);
        let partial = out.join(format!(".{FILE_NAME}.partial"));
        let mut text =
            serde_json::to_vec(self).map_err(|error| BaselineError::Content { path: path.clone(), error })?;
        text.push(b'\n');
        let put = || {
            fs::create_dir_all(out)?;
            fs::write(&partial, &text)?;
            fs::rename(&partial, &path)
        };
        put().map_err(|error| BaselineError::Io { path: path.clone(), error })
    }

    /// For people: the run and how each variant did.
    pub fn text(&self) -> String {
        let mut text = format!("baseline {} of {}\n", line(self.run_id.as_str(), 100), self.created);
        for arm in &self.arms {
            let (passed, of) = arm.tasks.iter().fold((0, 0), |(p, n), task| {
                let (passed, of) = task.passes();
                (p + passed, n + of)
            });
            let rate = wilson(passed, of, CONFIDENCE).map(|interval| crate::score::Rate {
                passed,
                of,
                value: passed as f64 / of as f64,
                interval,
                interval_tasks: None,
            });
            let mark = if arm.facts.synthetic { "  SYNTHETIC" } else { "" };
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "  {}: {} tasks, {}{mark}",
                arm.variant,
                arm.tasks.len(),
                figures::rate(rate.as_ref())
            );
        }
        text
    }
}
