//! `retake report`: the reports of a run, made again from its journals.

use std::path::Path;
use std::process::{Command, Stdio};

use report::{Format, RunData, RunSummary, Scores, TerminalOptions};

use crate::args::{Common, ReportArgs, ReportFormat, Schema};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::Settings;

/// Trials up to which the HTML report is written without being asked for: a larger run has two pages a trial.
const HTML_UNASKED: usize = 200;

/// Carries the verb out.
pub(crate) fn report(args: &ReportArgs, common: &Common) -> Result<Exit, Failure> {
    if let Some(schema) = args.schema {
        output::text(schema_text(schema))?;
        return Ok(Exit::Done);
    }
    let settings = Settings::read(common)?;
    let dir = settings.find_run(&args.run)?;
    let data = settings.load_whole(&dir)?;
    let scores = Scores::of(&data);
    let mut formats = if args.format.is_empty() {
        unasked(&data)
    } else {
        args.format.iter().map(|format| format_of(*format)).collect()
    };
    if args.open && !formats.contains(&Format::Html) {
        formats.push(Format::Html);
    }
    report::write(&dir, &data, &scores, &formats)?;
    if common.json {
        output::json(&RunSummary::of(&data, &scores, &dir.path))?;
    } else {
        let options = TerminalOptions { color: output::color(), width: None };
        output::text(&report::terminal(&data, &scores, &options))?;
    }
    if args.open {
        open(&dir.path.join("report.html"));
    }
    Ok(Exit::Done)
}

/// What is written where nobody says what: everything, but for the many pages of a large run.
pub(crate) fn unasked(data: &RunData) -> Vec<Format> {
    let small = data.trials.len() <= HTML_UNASKED;
    Format::ALL.into_iter().filter(|format| small || *format != Format::Html).collect()
}

fn format_of(format: ReportFormat) -> Format {
    match format {
        ReportFormat::Html => Format::Html,
        ReportFormat::Csv => Format::Csv,
        ReportFormat::Json => Format::Json,
        ReportFormat::Junit => Format::Junit,
        ReportFormat::Md => Format::Md,
    }
}

fn schema_text(schema: Schema) -> &'static str {
    match schema {
        Schema::Summary => report::schema::SUMMARY,
        Schema::Results => report::schema::RESULTS,
        Schema::Drift => report::schema::DRIFT,
    }
}

/// Hands a page to the desktop's browser, which outlives this program.
fn open(page: &Path) {
    let mut browser = Command::new("xdg-open");
    browser.arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    std::os::unix::process::CommandExt::process_group(&mut browser, 0);
    if let Err(error) = browser.spawn() {
        output::note(&format!("xdg-open cannot be started ({error}); the report is {}", page.display()));
    }
}
