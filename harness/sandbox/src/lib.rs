//! Workspaces and contained processes. The only crate with unsafe code; knows nothing of agents, models or tasks.
//!
//! A [`Sandbox`] serves one run, a [`Trial`] holds one workspace, a [`Container`] is one set of processes around
//! it: first the agent's, then, when all of those are dead, the verifier's.

mod container;
mod environment;
mod host;
mod manifest;
mod output;
mod pack;
mod protocol;
mod spec;
mod stage;
mod sys;

pub use container::Container;
pub use environment::{
    Cancel, EntryKind, EnvError, Environment, Exec, ExecEnd, ExecOutput, FileFault, ListEntry, OutputLimit,
};
pub use host::{Sandbox, Trial};
pub use manifest::{Change, Manifest, ManifestEntry};
pub use spec::{
    Bind, ContainerSpec, CopyIn, HostReport, Limits, SandboxError, SandboxOptions, Toolchain, TrialSpec,
    User, Wall, Walls, WorkspaceKind, WorkspaceSource,
};
pub use stage::stage_main;
