//! What the verbs take that look at one finished run: `retake show` and `retake regrade`.

use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct RegradeArgs {
    /// The run: its id, a part of it that is unique, its folder, or `latest`
    #[arg(value_name = "RUN", default_value = "latest")]
    pub(crate) run: String,
    /// How often each workspace is verified; more than once finds verifiers that can't be trusted
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) times: u32,
    /// Run the visible checks again, whose findings go back to agents, instead of the hidden ones
    #[arg(long, conflicts_with = "times")]
    pub(crate) checks: bool,
    /// Trials at a time
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) jobs: Option<u32>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ShowArgs {
    /// The run: its id, a part of it that is unique, its folder, or `latest`
    #[arg(value_name = "RUN")]
    pub(crate) run: String,
    /// The trial, as SUITE/TASK@VARIANT#NUMBER, or a part of it that is unique
    #[arg(value_name = "TRIAL")]
    pub(crate) trial: String,
    /// An earlier attempt instead of the last
    #[arg(long, value_name = "N")]
    pub(crate) attempt: Option<u32>,
}
