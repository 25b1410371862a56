//! What can go wrong while a report is made. Knows nothing of exit codes.

use std::path::PathBuf;

use cassette::CassetteError;
use journal::{JournalError, RunError};

/// A report that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The run's folder or header cannot be used.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A trial's journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A trial's exchanges cannot be used.
    #[error(transparent)]
    Cassette(#[from] CassetteError),
    /// A name in the plan that could lead out of the run's folder.
    #[error("{}: the plan names {name:?}, which no suite, task or variant may be called", path.display())]
    Name {
        /// The run's header.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// A plan of more trials than any report is made for.
    #[error("{}: the plan has {trials} trials; reports are made of at most {limit}", path.display())]
    Trials {
        /// The run's header.
        path: PathBuf,
        /// How many the plan has.
        trials: u64,
        /// How many are allowed.
        limit: u64,
    },
    /// Verdicts of a regrading are there but cannot be read.
    #[error("{}: verdicts of a regrading that cannot be read: {error}", path.display())]
    Regraded {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: std::io::Error,
    },
    /// The host's facts are there but cannot be read.
    #[error("{}: host facts that cannot be read: {error}", path.display())]
    Host {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: std::io::Error,
    },
    /// A report that cannot be put into its format.
    #[error("{report} cannot be written: {error}")]
    Encode {
        /// The report's file name.
        report: &'static str,
        /// What the encoder said.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ReportError {
    /// An encoder's error with the name of the report.
    pub(crate) fn encode<E>(report: &'static str) -> impl Fn(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |error| Self::Encode { report, error: error.into() }
    }
}
