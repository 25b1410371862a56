//! What a caller asks of the sandbox: walls, toolchains, workspaces, containers and their limits. No I/O.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Which walls stand around a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walls {
    /// The root is an allow-list (system prefixes, toolchains), not the host's.
    pub root: bool,
    /// Only the trial's own processes are seen, and all die together.
    pub pid: bool,
    /// No network but its own loopback.
    pub net: bool,
    /// System V and POSIX message queues of its own.
    pub ipc: bool,
    /// A host name of its own.
    pub uts: bool,
    /// No capabilities, not even inside the trial's own user namespace, and no way to gain any.
    pub privileges: bool,
    /// Writes only where the trial may write, by Landlock.
    pub landlock: bool,
    /// Dangerous system calls refused.
    pub seccomp: bool,
    /// Bounds on processes, memory, files and their sizes.
    pub limits: bool,
}

impl Walls {
    /// Every wall.
    pub const fn full() -> Self {
        Self::all(true)
    }

    /// None but a private mount namespace, so that `/app` and its neighbours exist.
    pub const fn uncontained() -> Self {
        Self::all(false)
    }

    const fn all(on: bool) -> Self {
        Self {
            root: on,
            pid: on,
            net: on,
            ipc: on,
            uts: on,
            privileges: on,
            landlock: on,
            seccomp: on,
            limits: on,
        }
    }
}

/// Who every process inside is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name that `/etc/passwd` and the environment give.
    pub name: String,
    /// The id of the user and of the group.
    pub id: u32,
}

impl Default for User {
    fn default() -> Self {
        Self { name: "agent".to_owned(), id: 1000 }
    }
}

/// How a run's sandbox is made.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    /// The program and arguments that enter [`crate::stage_main`].
    pub stage: Vec<std::ffi::OsString>,
    /// The walls it must have.
    pub walls: Walls,
    /// Tool folders shown to every trial.
    pub toolchains: Vec<Toolchain>,
    /// Host paths that stay invisible even below an allowed prefix: the project, runs, home folders.
    pub hidden: Vec<PathBuf>,
    /// Who trials are inside.
    pub user: User,
}

/// A host folder shown read-only at `/opt/<name>`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Toolchain {
    /// Its name below `/opt`.
    pub name: String,
    /// The folder on the host.
    pub root: PathBuf,
    /// The folder inside it that goes on the PATH, `bin` for example; empty for none.
    pub bin: String,
}

/// One trial's world, before any process runs in it.
#[derive(Clone, Debug)]
pub struct TrialSpec {
    /// What stands at `/app`.
    pub workspace: WorkspaceSource,
    /// The most that the workspace may hold, in memory, beyond what its template holds.
    pub workspace_bytes: u64,
    /// The most files and folders that it may hold beyond its template.
    pub workspace_files: u64,
    /// Host folders shown at other places, in every container of this trial.
    pub binds: Vec<Bind>,
}

impl TrialSpec {
    /// A trial on a fresh copy of a template, with default sizes.
    pub fn on(template: impl Into<PathBuf>) -> Self {
        Self {
            workspace: WorkspaceSource::Template(template.into()),
            workspace_bytes: 1 << 30,
            workspace_files: 1 << 18,
            binds: Vec::new(),
        }
    }
}

/// What stands at `/app`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkspaceSource {
    /// A private, writable view of a host folder that is never changed: an overlay where the host has one and the
    /// folder belongs to the sandbox's user (see [`crate::Sandbox::adopt`]), else a copy. Lives in memory.
    Template(PathBuf),
    /// A copy even where an overlay could be had.
    Copy(PathBuf),
    /// The host folder itself, changed in place: how templates are built. Bounds on the workspace do not hold for
    /// it. Where the harness runs as root its content is given to the sandbox's user.
    Bind(PathBuf),
}

/// How a workspace was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkspaceKind {
    /// An overlay over its template.
    Overlay,
    /// A copy of its template.
    Copy,
    /// A host folder in place.
    Bind,
}

/// A host file or folder shown inside.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bind {
    /// Where it is on the host.
    pub source: PathBuf,
    /// Where it appears, absolute.
    pub target: String,
    /// Whether it may be changed from inside.
    pub writable: bool,
}

/// A host folder whose content is copied into one container: a task's tests, its solution. The harness reads it,
/// so it may be closed to everybody else.
#[derive(Clone, Debug)]
pub struct CopyIn {
    /// Where it is on the host.
    pub source: PathBuf,
    /// Where it appears, absolute.
    pub target: String,
    /// Whether it may be changed from inside.
    pub writable: bool,
}

/// A set of processes with a fresh root around the trial's workspace.
#[derive(Clone, Debug)]
pub struct ContainerSpec {
    /// The home folder: fresh and empty.
    pub home: String,
    /// Variables on top of the fixed ones.
    pub env: Vec<(String, String)>,
    /// Folders copied in.
    pub copies: Vec<CopyIn>,
    /// Bounds on what runs inside.
    pub limits: Limits,
}

impl Default for ContainerSpec {
    fn default() -> Self {
        Self {
            home: "/home/agent".to_owned(),
            env: Vec::new(),
            copies: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// Bounds on what runs in one container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Processes and threads.
    pub processes: u64,
    /// Open files of one process.
    pub open_files: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Private memory of one process, in bytes.
    pub memory_bytes: u64,
    /// Bytes in `/tmp`, HOME, `/logs` and `/dev/shm` together, in memory.
    pub scratch_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            processes: 512,
            open_files: 4096,
            file_bytes: 2 << 30,
            memory_bytes: 4 << 30,
            scratch_bytes: 1 << 30,
        }
    }
}

/// What this host can contain, found out by trying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostReport {
    /// The kernel's release.
    pub kernel: String,
    /// Whether the harness runs as root (trials never do).
    pub root: bool,
    /// Each wall, in the order they are built.
    pub walls: Vec<Wall>,
    /// Whether workspaces are overlays; else copies, and why.
    pub overlay: Wall,
    /// The Landlock version; 0 for none.
    pub landlock_abi: u32,
}

impl HostReport {
    /// The walls that are asked for and cannot be had.
    pub fn missing(&self, asked: Walls) -> Vec<&Wall> {
        let wanted = |name: &str| match name {
            "root" => asked.root,
            "pid" => asked.pid,
            "net" => asked.net,
            "ipc" => asked.ipc,
            "uts" => asked.uts,
            "privileges" => asked.privileges,
            "landlock" => asked.landlock,
            "seccomp" => asked.seccomp,
            "limits" => asked.limits,
            _ => true,
        };
        self.walls.iter().filter(|wall| wall.fault.is_some() && wanted(&wall.name)).collect()
    }
}

/// One wall of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wall {
    /// Its name.
    pub name: String,
    /// Why it cannot be had; nothing where it can.
    pub fault: Option<String>,
}

/// Why a sandbox, a trial or a container could not be made: always a fault of host or harness.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Walls that were asked for and cannot be had.
    #[error(
        "this host cannot contain a trial: {0}; run `retake doctor` for the whole list, or pass --uncontained to do without"
    )]
    Missing(String),
    /// The stage could not be started or died.
    #[error("the sandbox's stage {0}")]
    Stage(String),
    /// A host path that was given cannot be used.
    #[error("cannot use {path} in a sandbox: {source}")]
    Path {
        /// The path.
        path: PathBuf,
        /// The operating system's word.
        source: std::io::Error,
    },
    /// A step of the set-up failed.
    #[error("cannot set up the sandbox: {0}")]
    Setup(String),
}
