//! A program of the host that works in a folder of the host, its model behind a gateway on loopback: recorded, and
//! served its recording again. Nothing contains it, and the caller starts and ends it. Knows nothing of trials, tasks
//! or the command line.

mod ear;
mod opened;
mod record;
mod replay;

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agent::external::{ExternalAgent, Pointing};
use gateway::{Gateway, Options};
use model::Model;

pub use ear::{Divergence, Heard};
pub use opened::{OpenFault, Opened, open};
pub use record::{RecordPlan, Recorded, record};
pub use replay::{Answering, Manner, Noted, ReplayPlan, Replayed, Serving, StartWorkspace, replay};

/// A program that is to be started.
#[derive(Clone, Debug)]
pub struct Program {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Variables, in addition to the caller's.
    pub env: Vec<(String, String)>,
    /// Where it is started.
    pub folder: PathBuf,
}

/// How a program ended. It decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramEnd {
    /// By itself, with this exit code; 128 and a signal's number where a signal ended it.
    Exited(i32),
    /// It took too long and was killed with all that it had started.
    TimedOut,
    /// The caller was asked to stop, and it was killed with all that it had started.
    Stopped,
}

impl ProgramEnd {
    /// The exit code, where it ended by itself.
    pub fn code(self) -> Option<i32> {
        if let Self::Exited(code) = self { Some(code) } else { None }
    }

    /// Why it did not simply finish; empty where it did.
    pub fn reason(self) -> String {
        match self {
            Self::Exited(0) => String::new(),
            Self::Exited(code) => format!("the agent ended with exit code {code}"),
            Self::TimedOut => "the agent was killed: it took too long".to_owned(),
            Self::Stopped => "the agent was stopped".to_owned(),
        }
    }
}

/// Starts a program, waits for its end and ends all that it started.
pub type Start<'a> = &'a dyn Fn(&Program) -> io::Result<ProgramEnd>;

/// The agent as it was typed.
#[derive(Clone, Copy, Debug)]
pub struct Command<'a> {
    /// Which agent it is.
    pub agent: &'a ExternalAgent,
    /// Program and arguments.
    pub words: &'a [String],
    /// Whether it may do everything without asking.
    pub unattended: bool,
    /// The home folder that it sees.
    pub home: &'a str,
}

impl Command<'_> {
    /// The program, pointed at a gateway.
    fn pointed(&self, gateway: &Gateway, folder: &Path) -> Program {
        let base_url = format!("http://{}", gateway.address());
        let at = Pointing { base_url: &base_url, home: self.home, unattended: self.unattended };
        let agent::external::Pointed { argv, env } = self.agent.point(self.words, &at);
        Program { argv, env, folder: folder.to_owned() }
    }
}

/// Why there is no recording or no replay.
#[derive(Debug, thiserror::Error)]
pub enum HostedError {
    /// A file or folder cannot be used.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// There is no gateway.
    #[error(transparent)]
    Gateway(#[from] gateway::GatewayError),
    /// The start workspace is not what was recorded.
    #[error("{}: {problem}", path.display())]
    Start {
        /// The archive.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The program could not be started.
    #[error("{program}: {error}")]
    Program {
        /// Its name.
        program: String,
        /// What the system said.
        error: io::Error,
    },
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> HostedError {
    let path = path.to_owned();
    |error| HostedError::Io { path, error }
}

/// A gateway on a port of loopback; 0: any that is free.
fn gateway(
    model: Arc<dyn Model>,
    options: Options,
    port: u16,
    ear: &Arc<ear::Ear>,
) -> Result<Gateway, HostedError> {
    let listener = TcpListener::bind(("127.0.0.1", port)).map_err(gateway::GatewayError::from)?;
    Ok(Gateway::start(listener, model, options, Arc::clone(ear) as Arc<dyn gateway::Observer>)?)
}
