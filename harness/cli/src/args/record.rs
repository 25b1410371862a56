//! What `retake record` and `retake replay` take.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;
use journal::Matching;
use runner::Pace;
use wire::Cause;

/// How an agent of the host is started.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct AgentArgs {
    /// What CMD starts, where its program's name does not say: codex, claude-code, mini-swe-agent, aider, opencode
    #[arg(long, value_name = "PRESET")]
    pub(crate) agent: Option<String>,
    /// Let the agent do everything without asking
    #[arg(long)]
    pub(crate) unattended: bool,
    /// Kill the agent, and all that it started, after this many seconds
    #[arg(long, value_name = "SECONDS", default_value = "3600", value_parser = seconds)]
    pub(crate) limit: Duration,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RecordArgs {
    /// The recording to write; a new one below .retake/recordings by default. The start workspace lands beside it
    #[arg(long, value_name = "F")]
    pub(crate) cassette: Option<PathBuf>,
    /// What answers: BACKEND[:MODEL], script:FILE or cassette:FILE; the agent's own vendor by default
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// Answer no more once the next call could pass this much, by the prices of the models that are asked for
    #[arg(long, value_name = "USD", value_parser = super::run::usd)]
    pub(crate) max_cost: Option<f64>,
    #[command(flatten)]
    pub(crate) start: AgentArgs,
    /// The agent and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReplayArgs {
    /// The recording
    #[arg(value_name = "F")]
    pub(crate) cassette: PathBuf,
    #[command(flatten)]
    pub(crate) start: AgentArgs,
    /// Work in this empty folder and leave it there, instead of a temporary one
    #[arg(long, value_name = "DIR", requires = "command")]
    pub(crate) into: Option<PathBuf>,
    /// Begin with a copy of this folder, where the recording has no start workspace of its own
    #[arg(long, value_name = "DIR", requires = "command")]
    pub(crate) workspace: Option<PathBuf>,
    /// What happens to a request that differs from the recorded one: strict (it is not answered), warn (the exchange
    /// that was due is served) or sequence (exchanges are served in order)
    #[arg(long, value_name = "MATCHING", default_value = "strict")]
    pub(crate) matching: Matching,
    /// A difference from the recording that is declared, as instructions_changed: it passes, and no other does; may
    /// be given several times
    #[arg(long, value_name = "CAUSE")]
    pub(crate) expect: Vec<Cause>,
    /// Tell which rules of the recording's volatility profile were needed, and what each of them covered
    #[arg(long)]
    pub(crate) explain: bool,
    /// Replay up to this step, then go on with --model
    #[arg(long, value_name = "K", requires_all = ["model", "command"], value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) from: Option<u32>,
    /// What answers after --from: BACKEND[:MODEL], script:FILE or cassette:FILE
    #[arg(long, value_name = "MODEL", requires = "from")]
    pub(crate) model: Option<String>,
    /// Answer no more once the next call to --model could pass this much
    #[arg(long, value_name = "USD", requires = "model", value_parser = super::run::usd)]
    pub(crate) max_cost: Option<f64>,
    /// Listen on this port of 127.0.0.1 (without CMD); any that is free by default
    #[arg(long, value_name = "PORT", default_value_t = 0, conflicts_with = "command")]
    pub(crate) port: u16,
    /// How recorded time passes: instant, recorded, or scaled=FACTOR
    #[arg(long, value_name = "PACE", default_value = "instant")]
    pub(crate) pace: Pace,
    /// Put the faults of this profile in the recording's way
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Seed of the faults that chance decides
    #[arg(long, value_name = "N", default_value_t = 1, requires = "faults")]
    pub(crate) seed: u64,
    /// The agent and its arguments; without it, any client is served until Ctrl-C
    #[arg(last = true, value_name = "CMD")]
    pub(crate) command: Vec<String>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok().filter(|seconds: &f64| *seconds > 0.0);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "not a number of seconds above 0".to_owned())
}
