//! What `retake cassette` takes.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum CassetteVerb {
    /// List recordings: of what, with what, when, how large, last used when
    List(CassetteListArgs),
    /// Name the recordings that a change has made void, each with the cause; no agent is run
    Stale(CassetteStaleArgs),
    /// Put recordings that were made again in the place of the old ones, after a look at both
    Accept(CassetteAcceptArgs),
    /// Remove recordings of tasks and variants that are gone, and the least used above a size
    Gc(CassetteGcArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CassetteListArgs {
    /// Suites, by their name in retake.toml or by folder; those of the default profile, else all
    #[arg(value_name = "SUITE")]
    pub(crate) suites: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CassetteStaleArgs {
    /// Suites, by their name in retake.toml or by folder; those of the default profile, else all
    #[arg(value_name = "SUITE")]
    pub(crate) suites: Vec<String>,
    /// Only this task; may be given several times
    #[arg(long, value_name = "TASK")]
    pub(crate) task: Vec<String>,
    /// Only what this variant plays; may be given several times. Otherwise every variant that plays recordings
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Vec<String>,
    /// Workspaces that are made at a time
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) jobs: Option<u32>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CassetteAcceptArgs {
    /// Only these: TASK, TASK.NUMBER or SUITE/TASK
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// All of them, without a question
    #[arg(long, conflicts_with = "names")]
    pub(crate) all: bool,
    /// A folder of recordings that belongs to no suite
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CassetteGcArgs {
    /// Suites, by their name in retake.toml or by folder; those of the default profile, else all
    #[arg(value_name = "SUITE")]
    pub(crate) suites: Vec<String>,
    /// Of the others let the least recently used go too, until so many megabytes are left
    #[arg(long, value_name = "MB")]
    pub(crate) max_mb: Option<u64>,
    /// Delete them; otherwise they are only named
    #[arg(long)]
    pub(crate) delete: bool,
}
