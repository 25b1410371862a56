//! The exit codes, and what ends a verb early. One table; README.md shows the same.

use std::fmt;
use std::process::ExitCode;

use runner::RunError;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done, and every gate held.
    Done = 0,
    /// A gate broke.
    Gate = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// A file that was given cannot be used.
    BadInput = 3,
    /// The harness or the host failed, or containment was refused.
    Fault = 4,
    /// A request diverged from its recording: trials are void.
    Diverged = 5,
    /// A gate could not be decided by these trials.
    Inconclusive = 6,
    /// Nothing ran.
    Nothing = 7,
    /// Stopped by Ctrl-C; the run can go on.
    Stopped = 130,
    /// Stopped by a request to terminate; the run can go on.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What ends a verb early.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
}

impl Failure {
    /// A failure with its exit code.
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: message.to_string() }
    }

    /// Something on the command line.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A file that was given.
    pub(crate) fn input(message: impl fmt::Display) -> Self {
        Self::new(Exit::BadInput, message)
    }

    /// The host.
    pub(crate) fn host(message: impl fmt::Display) -> Self {
        Self::new(Exit::Fault, message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<suite::SuiteError> for Failure {
    fn from(error: suite::SuiteError) -> Self {
        Self::input(error)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let exit = match &error {
            RunError::Usage(_) | RunError::NoRecording(_) | RunError::Changed { .. } => Exit::Usage,
            RunError::Suite(_) | RunError::Journal(_) | RunError::Cassette(_) => Exit::BadInput,
            RunError::Io { .. } | RunError::Sandbox(_) | RunError::Folder(_) => Exit::Fault,
        };
        Self::new(exit, error)
    }
}

impl From<runner::hosted::OpenFault> for Failure {
    fn from(error: runner::hosted::OpenFault) -> Self {
        use runner::hosted::OpenFault::{Cassette, Script, Usage};
        match error {
            Usage(error) => error.into(),
            Script(error) => Self::input(error),
            Cassette(error) => Self::input(error),
        }
    }
}

impl From<runner::hosted::HostedError> for Failure {
    fn from(error: runner::hosted::HostedError) -> Self {
        use runner::hosted::HostedError::{Gateway, Io, Program, Start};
        match error {
            Start { .. } => Self::input(error),
            Io { .. } | Gateway(_) | Program { .. } => Self::host(error),
        }
    }
}

impl From<cassette::CassetteError> for Failure {
    fn from(error: cassette::CassetteError) -> Self {
        Self::input(error)
    }
}

impl From<::report::ReportError> for Failure {
    fn from(error: ::report::ReportError) -> Self {
        Self::input(error)
    }
}

impl From<::report::compare::BaselineError> for Failure {
    fn from(error: ::report::compare::BaselineError) -> Self {
        Self::input(error)
    }
}

impl From<journal::RunError> for Failure {
    fn from(error: journal::RunError) -> Self {
        Self::input(error)
    }
}

impl From<journal::JournalError> for Failure {
    fn from(error: journal::JournalError) -> Self {
        Self::input(error)
    }
}
