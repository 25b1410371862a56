//! What `retake cache` takes.

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct CacheArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<CacheVerb>,
    /// Files and folders, any mix, plain, gzip or zstd: cassettes, Codex rollouts and trace bundles, Claude Code
    /// transcripts, pi sessions, HTTP captures, serving traces; or a run: its id, a part of it, `latest`
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) rules: RuleArgs,
    /// Print a line for each call, also for several sessions; with --json, list every call
    #[arg(long)]
    pub(crate) calls: bool,
    /// Print a row for each call as CSV
    #[arg(long, conflicts_with = "calls")]
    pub(crate) csv: bool,
    /// Say what the same requests would give under another profile, too (may be given more than once)
    #[arg(long, value_name = "PROFILE")]
    pub(crate) what_if: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheVerb {
    /// Name what will break a cache before it costs anything: a finding ends with exit code 1
    Lint {
        /// Files and folders with whole requests: cassettes, trace bundles, captures, request bodies
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<String>,
        #[command(flatten)]
        rules: RuleArgs,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RuleArgs {
    /// The provider's rules: the name of a profile, for all models; or a TOML file with profiles of your own
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) profile: Option<String>,
}
