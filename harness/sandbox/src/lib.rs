//! Workspaces and contained processes. The only crate with unsafe code; knows nothing of agents, models or tasks.

mod environment;
mod manifest;

pub use environment::{
    Cancel, EntryKind, EnvError, Environment, Exec, ExecEnd, ExecOutput, FileFault, ListEntry, OutputLimit,
};
pub use manifest::{Change, Manifest, ManifestEntry};
