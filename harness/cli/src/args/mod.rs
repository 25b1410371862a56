//! The command line, as it is typed: one file for each verb that takes more than a name. Says nothing of what it means.

mod ab;
mod cache;
mod cassette;
mod compare;
mod diff;
mod doctor;
mod history;
mod init;
mod look;
mod record;
mod report;
mod run;
mod task;
mod variant;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

pub(crate) use ab::{AbArgs, CacheApart, LastStage};
pub(crate) use cache::{CacheArgs, CacheVerb, RuleArgs};
pub(crate) use cassette::{
    CassetteAcceptArgs, CassetteGcArgs, CassetteListArgs, CassetteStaleArgs, CassetteVerb,
};
pub(crate) use compare::CompareArgs;
pub(crate) use diff::DiffArgs;
pub(crate) use doctor::DoctorArgs;
pub(crate) use history::{BaselineVerb, HistoryArgs};
pub(crate) use init::InitArgs;
pub(crate) use look::{RegradeArgs, ShowArgs};
pub(crate) use record::{AgentArgs, RecordArgs, ReplayArgs};
pub(crate) use report::{ReportArgs, ReportFormat, Schema};
pub(crate) use run::RunArgs;
pub(crate) use task::{CheckArgs, ListArgs, NewArgs, TaskVerb};
pub(crate) use variant::VariantVerb;

/// Replays recorded task suites through a coding agent's full loop and scores pass rate, latency and cache
/// effectiveness.
#[derive(Debug, Parser)]
#[command(name = "retake", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What every verb takes.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Common {
    /// Run as if started in this folder
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// Print one JSON object on standard output instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Set a repository up: a retake.toml, a first task from a recent commit, a CI example
    Init(InitArgs),
    /// Run suites: every task under every variant, and report
    Run(Box<RunArgs>),
    /// Run any agent with its model behind Retake, and keep every exchange
    Record(RecordArgs),
    /// Serve a recording: to its agent, in a fresh copy of its start workspace, or to any client
    Replay(ReplayArgs),
    /// Write and print the reports of a finished run again
    Report(ReportArgs),
    /// Is HEAD better than BASE? Free figures and a priced plan first, then as much as the budget and the question need
    Ab(Box<AbArgs>),
    /// Compare two runs, or variants of one run, task by task
    Compare(CompareArgs),
    /// Show the runs before: trends, where they changed and what changed there
    History(HistoryArgs),
    /// Work with the run that gates compare with
    #[command(subcommand)]
    Baseline(BaselineVerb),
    /// Verify the kept workspaces of a run again, without running an agent
    Regrade(RegradeArgs),
    /// Show what happened in one trial
    Show(ShowArgs),
    /// Put two trials or cassettes side by side and name the first place from which they went different ways
    Diff(DiffArgs),
    /// Work with tasks
    #[command(subcommand)]
    Task(TaskVerb),
    /// Look at variants
    #[command(subcommand)]
    Variant(VariantVerb),
    /// The life of recordings: list, name the stale ones, accept new ones, remove orphans
    #[command(subcommand)]
    Cassette(CassetteVerb),
    /// Prompt caches: what they gave, what they could have given, what broke them, what it cost
    Cache(CacheArgs),
    /// Say what this host can contain, or what a live server can do
    Doctor(DoctorArgs),
}
