//! What `retake task` takes.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum TaskVerb {
    /// Prove that tasks are sound: the reference solution passes, nothing and wrong answers do not
    Check(CheckArgs),
    /// List tasks
    List(ListArgs),
    /// Write a task: from nothing, from a commit, or from a session of Codex CLI or Claude Code
    New(NewArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct NewArgs {
    /// The task's name; of a commit or a session it is made of what was said first
    #[arg(value_name = "NAME", required_unless_present_any = ["from_commit", "from_session"])]
    pub(crate) name: Option<String>,
    /// Its parent is the workspace, the tests that it touches are hidden, the rest of its change is the solution
    #[arg(long, value_name = "REV", conflicts_with = "from_session")]
    pub(crate) from_commit: Option<String>,
    /// A rollout of Codex CLI or a transcript of Claude Code: its first message, its folder and commit, its test commands
    #[arg(long, value_name = "FILE")]
    pub(crate) from_session: Option<PathBuf>,
    /// The repository, where it is not this one
    #[arg(long, value_name = "DIR")]
    pub(crate) repo: Option<PathBuf>,
    /// The suite, by its name in retake.toml or by folder; otherwise the only one, or tasks/own
    #[arg(long, value_name = "SUITE")]
    pub(crate) suite: Option<String>,
    /// Keep what the workspace's history can reach, instead of one commit
    #[arg(long)]
    pub(crate) history: bool,
    /// Leave out the check of the task
    #[arg(long)]
    pub(crate) no_check: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CheckArgs {
    /// Suites, by their name in retake.toml or by folder; those of the default profile, else all
    #[arg(value_name = "SUITE")]
    pub(crate) suites: Vec<String>,
    /// Every suite of retake.toml but those that say `sound = false`
    #[arg(long, conflicts_with = "suites")]
    pub(crate) all: bool,
    /// Only this task; may be given several times
    #[arg(long, value_name = "TASK")]
    pub(crate) task: Vec<String>,
    /// How often the reference solution must give the same verdict
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) repeat: u32,
    /// Tasks at a time
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) jobs: Option<u32>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ListArgs {
    /// Suites, by their name in retake.toml or by folder; those of the default profile, else all
    #[arg(value_name = "SUITE")]
    pub(crate) suites: Vec<String>,
}
