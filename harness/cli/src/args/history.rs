//! What `retake history` and `retake baseline` take.

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, ClapArgs)]
pub(crate) struct HistoryArgs {
    /// Only this variant
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BaselineVerb {
    /// Let gates compare with this run from now on
    Set(BaselineArgs),
    /// Show the run that gates compare with
    Show,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BaselineArgs {
    /// The run: its id, a part of it that is unique, its folder, or `latest`
    #[arg(value_name = "RUN")]
    pub(crate) run: String,
}
