//! What the verbs take that look at a finished run.

use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    /// The run: its id, a part of it that is unique, its folder, or `latest`
    #[arg(value_name = "RUN", default_value = "latest")]
    pub(crate) run: String,
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
