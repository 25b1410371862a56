//! What `retake record` and `retake replay` take.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;

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
    /// Listen on this port of 127.0.0.1 (without CMD); any that is free by default
    #[arg(long, value_name = "PORT", default_value_t = 0, conflicts_with = "command")]
    pub(crate) port: u16,
    /// The agent and its arguments; without it, any client is served until Ctrl-C
    #[arg(last = true, value_name = "CMD")]
    pub(crate) command: Vec<String>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok().filter(|seconds: &f64| *seconds > 0.0);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "not a number of seconds above 0".to_owned())
}
