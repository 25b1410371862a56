//! What `retake init` takes.

use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct InitArgs {
    /// The model of the variant `main`, as BACKEND:MODEL
    #[arg(long, value_name = "MODEL", default_value = "openai:gpt-5.6")]
    pub(crate) model: String,
    /// Make no task of a recent commit
    #[arg(long)]
    pub(crate) no_task: bool,
    /// Make it, and leave out its check
    #[arg(long)]
    pub(crate) no_check: bool,
}
