//! `retake report`: the reports of a run, made again from its journals.

use report::{RunSummary, Scores, TerminalOptions};

use crate::args::{Common, ReportArgs};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::Settings;

/// Carries the verb out.
pub(crate) fn report(args: &ReportArgs, common: &Common) -> Result<Exit, Failure> {
    let settings = Settings::read(common)?;
    let dir = settings.find_run(&args.run)?;
    let data = settings.load(&dir)?;
    let scores = Scores::of(&data);
    report::write_all(&dir, &data, &scores)?;
    if common.json {
        output::json(&RunSummary::of(&data, &scores, &dir.path))?;
    } else {
        let options = TerminalOptions { color: output::color(), width: None };
        output::text(&report::terminal(&data, &scores, &options))?;
    }
    Ok(Exit::Done)
}
