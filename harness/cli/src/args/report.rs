//! What `retake report` takes.

use clap::{Args as ClapArgs, ValueEnum};

#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    /// The run: its id, a part of it that is unique, its folder, or `latest`
    #[arg(value_name = "RUN", default_value = "latest")]
    pub(crate) run: String,
    /// What to write, separated by commas; everything where nothing is named, but for the HTML of a large run
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    pub(crate) format: Vec<ReportFormat>,
    /// Open the HTML report in a browser
    #[arg(long)]
    pub(crate) open: bool,
    /// Print the JSON Schema of an output instead
    #[arg(long, value_name = "OUTPUT")]
    pub(crate) schema: Option<Schema>,
}

/// A kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// report.html, host.html, and their pages
    Html,
    /// results.csv, trials.csv, timings.csv
    Csv,
    /// results.json, drift.json
    Json,
    /// junit.xml
    Junit,
    /// summary.md
    Md,
}

/// An output that has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Schema {
    /// What `run --json` and `report --json` print
    Summary,
    /// results.json
    Results,
    /// drift.json
    Drift,
}
