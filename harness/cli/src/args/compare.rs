//! What `retake compare` takes.

use std::path::PathBuf;

use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct CompareArgs {
    /// The run that is compared with: its id, a part of it that is unique, its folder, `latest`, or `baseline`
    #[arg(value_name = "BASE")]
    pub(crate) base: String,
    /// The run that is compared; without it, variants of the one run
    #[arg(value_name = "HEAD")]
    pub(crate) head: Option<String>,
    /// The variant of BASE that is compared with
    #[arg(long = "base", value_name = "VARIANT")]
    pub(crate) base_variant: Option<String>,
    /// The variant that is compared
    #[arg(long = "head", value_name = "VARIANT")]
    pub(crate) head_variant: Option<String>,
    /// A rule that HEAD has to keep, such as `pass_rate >= baseline - 2pp`, where the baseline is BASE; may be given several times
    #[arg(long, value_name = "RULE")]
    pub(crate) gate: Vec<String>,
    /// Pass rates that are at most this far apart count as equivalent, as `2pp`
    #[arg(long, value_name = "MARGIN", default_value = "2pp", value_parser = points)]
    pub(crate) margin: f64,
    /// Write the comparison as a page, too
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Seed of resampling
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// A share in percentage points, `2pp` or `2`.
pub(super) fn points(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix("pp").unwrap_or(text).trim();
    let points: Option<f64> = number.parse().ok();
    let points = points.filter(|p| (0.0..=100.0).contains(p));
    points.map(|p| p / 100.0).ok_or_else(|| "not a number of percentage points, such as `2pp`".to_owned())
}
