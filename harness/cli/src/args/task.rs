//! What `retake task` takes.

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum TaskVerb {
    /// Prove that tasks are sound: the reference solution passes, nothing and wrong answers do not
    Check(CheckArgs),
    /// List tasks
    List(ListArgs),
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
