//! What `retake ab` takes.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::compare::points;
use super::run::{RunArgs, usd};

#[derive(Debug, ClapArgs)]
pub(crate) struct AbArgs {
    /// What it is compared with: a variant of retake.toml, a file with instructions (as AGENTS.md), or a git revision
    #[arg(value_name = "BASE")]
    pub(crate) base: String,
    /// What is compared: the same kinds of thing. The same as BASE: how far apart equal arms come out (A/A)
    #[arg(value_name = "HEAD")]
    pub(crate) head: String,
    /// Suites, by their name in retake.toml or by folder; those of the default profile, else all
    #[arg(value_name = "SUITE")]
    pub(crate) suites: Vec<String>,
    /// Only this task; may be given several times
    #[arg(long, value_name = "TASK")]
    pub(crate) task: Vec<String>,
    /// The variant that a file or a revision is laid over
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// Where in the workspace a file goes; AGENTS.md, or CLAUDE.md for claude-code
    #[arg(long = "as", value_name = "PATH")]
    pub(crate) place: Option<String>,
    /// The live model of both arms, BACKEND:MODEL, instead of the variants' own
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// The set of recordings that is made again; that of BASE, else main
    #[arg(long, value_name = "SET")]
    pub(crate) cassettes: Option<String>,
    /// How far to go. Beyond plan only with --max-cost or --yes
    #[arg(long, value_name = "STAGE", value_enum)]
    pub(crate) stage: Option<LastStage>,
    /// End after the plan: ask no model, whatever else is said
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Stop before more than this is spent on probing and live trials together
    #[arg(long, value_name = "USD", value_parser = usd)]
    pub(crate) max_cost: Option<f64>,
    /// Ask live models without a limit
    #[arg(long)]
    pub(crate) yes: bool,
    /// At most so many trials of each task in each arm; as many as --max-cost pays, else 5
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) trials: Option<u32>,
    /// Recorded steps at which the model's next action is asked for; 0 leaves that out
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(crate) probes: u32,
    /// A difference of pass rates that you need to see, as `5pp`: where the plan can't show it, nothing is spent
    #[arg(long, value_name = "POINTS", value_parser = points)]
    pub(crate) detect: Option<f64>,
    /// How far the pass rate may fall where HEAD saves cost or effort
    #[arg(long, value_name = "POINTS", default_value = "5pp", value_parser = points)]
    pub(crate) guard: f64,
    /// Pass rates that are at most this far apart count as equivalent
    #[arg(long, value_name = "POINTS", default_value = "2pp", value_parser = points)]
    pub(crate) margin: f64,
    /// The provider's prompt cache: warm (shared by the trials of an arm) or cold (of each trial's own); never shared
    /// between arms of the native agent
    #[arg(long, value_name = "CACHE", value_enum, default_value_t = CacheApart::Warm)]
    pub(crate) cache: CacheApart,
    /// Trials at a time
    #[arg(long, value_name = "L", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(crate) live_jobs: u32,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where the run lands, instead of retake.toml's `out`
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Do without the walls around trials
    #[arg(long)]
    pub(crate) uncontained: bool,
}

impl AbArgs {
    /// What a question was asked with, as its trials go on by `now`.
    pub(crate) fn going_on(self, now: &RunArgs) -> Self {
        Self {
            live_jobs: now.live_jobs.unwrap_or(self.live_jobs),
            max_cost: now.max_cost.or(self.max_cost),
            uncontained: now.uncontained || self.uncontained,
            ..self
        }
    }
}

/// The last stage that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum LastStage {
    /// Recorded requests, made again
    Free,
    /// What live trials would cost and could show
    Plan,
    /// The model's next action at recorded steps
    Probe,
    /// Whole trials
    Live,
}

/// Whose prompt cache a trial meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CacheApart {
    /// That of its arm
    Warm,
    /// None
    Cold,
}
