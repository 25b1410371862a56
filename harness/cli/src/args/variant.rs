//! What `retake variant` takes.

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum VariantVerb {
    /// Show what a variant resolves to, and what its conversations begin with
    Show(VariantShowArgs),
    /// Show in what two variants differ, and where in the prompt
    Diff(VariantDiffArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct VariantShowArgs {
    /// A variant of retake.toml
    #[arg(value_name = "VARIANT")]
    pub(crate) variant: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct VariantDiffArgs {
    /// A variant of retake.toml
    #[arg(value_name = "A")]
    pub(crate) a: String,
    /// Another
    #[arg(value_name = "B")]
    pub(crate) b: String,
}
