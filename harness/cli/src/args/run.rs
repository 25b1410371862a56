//! What `retake run` takes.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use journal::{Matching, ToolsMode};
use runner::Pace;
use wire::Cause;

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct RunArgs {
    /// Suites, by their name in retake.toml or by folder; those of the profile, else all
    #[arg(value_name = "SUITE")]
    pub(crate) suites: Vec<String>,
    /// Only this task; may be given several times
    #[arg(long, value_name = "TASK")]
    pub(crate) task: Vec<String>,
    /// A profile of retake.toml
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) profile: String,
    /// A variant of retake.toml; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Vec<String>,
    /// The agent instead of the variant's: native, oracle or noop
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Option<String>,
    /// The model instead of the variant's: cassette[:SET], script[:SET] or a live one, BACKEND:MODEL
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// Samples of each task under each variant
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) trials: Option<u32>,
    /// Trials at a time; as many as there are processors by default
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) jobs: Option<u32>,
    /// Trials on live models whose agents act at a time, beside the others
    #[arg(long, value_name = "L", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(crate) live_jobs: Option<u32>,
    /// Stop before more than this is spent on live models
    #[arg(long, value_name = "USD", value_parser = usd)]
    pub(crate) max_cost: Option<f64>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How recorded time passes: instant, recorded, or scaled=FACTOR
    #[arg(long, value_name = "PACE", default_value = "instant")]
    pub(crate) pace: Pace,
    /// Put the faults of this profile in the way of every model
    #[arg(long, value_name = "FILE", conflicts_with = "record")]
    pub(crate) faults: Option<PathBuf>,
    /// What happens to a request that differs from the recorded one: strict (the trial is void), warn (the exchange
    /// that was due is served) or sequence (exchanges are served in order)
    #[arg(long, value_name = "MATCHING", default_value = "strict")]
    pub(crate) matching: Matching,
    /// A difference from the recording that is declared, as instructions_changed: it passes, and no other does; may
    /// be given several times
    #[arg(long, value_name = "CAUSE")]
    pub(crate) expect: Vec<Cause>,
    /// What a replay does with tool calls and checks: run (and go on with what was recorded), live (go on with what
    /// they give) or recorded (run nothing)
    #[arg(long, value_name = "MODE", default_value = "run")]
    pub(crate) tools: ToolsMode,
    /// Go on from a recorded trial after its step K, with each variant's model: the same history, another model
    #[arg(long, value_name = "RUN:TRIAL@K", conflicts_with_all = ["suites", "task", "resume"])]
    pub(crate) fork: Option<String>,
    /// Keep the exchanges of every trial as cassettes in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) record: Option<PathBuf>,
    /// Record only tasks whose recordings in --record's folder a change has made void, or that are missing there; the new
    /// ones wait beside the old until `retake cassette accept`
    #[arg(long, requires = "record")]
    pub(crate) stale: bool,
    /// Go on with a run that was stopped, also one of `retake ab`: its id, a part of it that is unique, its folder, or `latest`
    #[arg(long, value_name = "RUN", conflicts_with_all = ["suites", "task", "variant", "agent", "model", "trials", "record", "faults"])]
    pub(crate) resume: Option<String>,
    /// Where the run lands, instead of retake.toml's `out`
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// A rule that the run has to keep, instead of the profile's; may be given several times
    #[arg(long, value_name = "RULE")]
    pub(crate) gate: Vec<String>,
    /// Do without the walls around trials
    #[arg(long)]
    pub(crate) uncontained: bool,
}

impl RunArgs {
    /// What a run was begun with, as it goes on by `now`.
    pub(crate) fn going_on(self, now: &Self) -> Self {
        Self {
            jobs: now.jobs.or(self.jobs),
            live_jobs: now.live_jobs.or(self.live_jobs),
            max_cost: now.max_cost.or(self.max_cost),
            uncontained: now.uncontained || self.uncontained,
            ..self
        }
    }
}

pub(super) fn usd(text: &str) -> Result<f64, String> {
    let usd: Option<f64> = text.trim_start_matches('$').parse().ok();
    usd.filter(|usd| usd.is_finite() && *usd > 0.0).ok_or_else(|| "not an amount above 0".to_owned())
}
