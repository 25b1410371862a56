//! What `doctor` takes. Says nothing of what it means.

use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct DoctorArgs {
    /// Instead of the host look at a live server: which protocols it speaks, and what of each. It is asked some 30 small
    /// questions
    #[arg(long, value_name = "URL")]
    pub(crate) live: Option<String>,
    /// The model to ask for; otherwise the first that the server lists
    #[arg(long, value_name = "MODEL", requires = "live")]
    pub(crate) model: Option<String>,
    /// The environment variable that holds the server's key
    #[arg(long, value_name = "VARIABLE", requires = "live")]
    pub(crate) key_env: Option<String>,
    /// Only this protocol: responses, chat_completions or messages
    #[arg(long, value_name = "PROTOCOL", requires = "live")]
    pub(crate) protocol: Option<String>,
    /// Seconds that the whole may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300, requires = "live")]
    pub(crate) limit: u64,
}
