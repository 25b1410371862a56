//! What a trial may do to its world: run a command, read and write files. The one border between the loop and
//! whatever contains it; knows nothing of how the containment is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::Manifest;

/// A world with a file system of its own, in which commands run. Paths are those inside it: absolute, or relative
/// to the workspace `/app`. Calls may come from several threads at once.
pub trait Environment: Send + Sync {
    /// Runs one command to its end, its time limit or its cancellation.
    fn exec(&self, command: &Exec<'_>, cancel: &Cancel) -> Result<ExecOutput, EnvError>;
    /// The content of one file; `FileFault::TooLarge` where it has more than `max_bytes`.
    fn read(&self, path: &str, max_bytes: u64) -> Result<Vec<u8>, EnvError>;
    /// Writes one whole file, with its parent folders. `executable` sets the bit; `None` keeps what the file had.
    fn write(&self, path: &str, content: &[u8], executable: Option<bool>) -> Result<(), EnvError>;
    /// Removes one file or link (not a folder).
    fn remove(&self, path: &str) -> Result<(), EnvError>;
    /// Renames one file, with the parent folders of its new name.
    fn rename(&self, from: &str, to: &str) -> Result<(), EnvError>;
    /// What lies below a folder, sorted by path, to `depth` levels (1: its own entries), at most `limit` entries.
    fn list(&self, path: &str, depth: u32, limit: usize) -> Result<Vec<ListEntry>, EnvError>;
    /// Kills everything that runs inside; what it wrote stays. What is read afterwards cannot change any more.
    fn still(&self) -> Result<(), EnvError>;
    /// Every file below a folder but the excluded names (a path component equal to one of them), with digests.
    fn manifest(&self, path: &str, exclude: &[String]) -> Result<Manifest, EnvError>;
}

/// One command to run.
#[derive(Clone, Debug)]
pub struct Exec<'a> {
    /// Program and arguments; the program is looked up on the PATH inside.
    pub argv: &'a [String],
    /// The folder to start in.
    pub cwd: &'a str,
    /// Variables set on top of the environment's own.
    pub env: &'a [(String, String)],
    /// What the command reads; nothing: an empty input.
    pub stdin: &'a [u8],
    /// Real time after which the command and all that it started is killed.
    pub limit: Duration,
    /// How much of its output is kept.
    pub output: OutputLimit,
}

/// How much output is kept: the first and the last bytes; the middle is counted and dropped as it arrives, so
/// that no output, however long, takes more memory than this.
#[derive(Clone, Copy, Debug)]
pub struct OutputLimit {
    /// Bytes kept from the start.
    pub head: usize,
    /// Bytes kept from the end.
    pub tail: usize,
}

/// What a command did. Standard output and error arrive in one stream, in the order they were written.
#[derive(Clone, Debug)]
pub struct ExecOutput {
    /// How it ended.
    pub end: ExecEnd,
    /// The first bytes of its output.
    pub head: Vec<u8>,
    /// The last bytes, where the output was longer than `head` holds; does not overlap it.
    pub tail: Vec<u8>,
    /// Bytes dropped between the two.
    pub omitted: u64,
    /// Real time from start to end.
    pub duration: Duration,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecEnd {
    /// With this exit code.
    Exited(i32),
    /// By this signal.
    Signaled(i32),
    /// Killed at its time limit.
    TimedOut,
    /// Killed because the trial was cancelled.
    Cancelled,
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ListEntry {
    /// Path relative to the listed folder.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// Bytes of a file; 0 for anything else.
    pub size: u64,
}

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A socket, pipe or device.
    Other,
}

/// Why a call of an environment failed.
#[derive(Debug, thiserror::Error)]
pub enum EnvError {
    /// The caller's path was at fault; the agent is told.
    #[error("{path}: {fault}")]
    File {
        /// The path as it was given.
        path: String,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// A command could not be started for a reason that lies inside (no such program, out of processes or memory).
    #[error("cannot start {program}: {reason}")]
    Start {
        /// The program that was asked for.
        program: String,
        /// The operating system's word.
        reason: String,
    },
    /// The environment itself broke: a fault of the harness or the host, never the agent's.
    #[error("the sandbox failed: {0}")]
    Broken(String),
}

/// What can be wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// Nothing is there.
    #[error("no such file or folder")]
    NotFound,
    /// The agent may not.
    #[error("permission denied")]
    Denied,
    /// A folder where a file is needed.
    #[error("is a folder")]
    IsFolder,
    /// A file where a folder is needed.
    #[error("is not a folder")]
    NotFolder,
    /// More bytes than the caller takes.
    #[error("is too large")]
    TooLarge,
    /// The workspace is full.
    #[error("no space left in the workspace")]
    NoSpace,
    /// Anything else, by the operating system's number.
    #[error("input/output error {0}")]
    Os(i32),
}

/// A flag that ends what runs: set once, by a person's Ctrl-C or a deadline, and seen by every holder of a clone.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks everything that watches this flag to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl From<Arc<AtomicBool>> for Cancel {
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}
