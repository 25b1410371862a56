//! `retake history` and `retake baseline`: what the runs before this one came to, and which of them gates compare with.

use report::TerminalOptions;
use report::compare::Baseline;
use report::history::{History, history_text, read};

use crate::args::{BaselineVerb, Common, HistoryArgs};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::Settings;

impl From<report::history::HistoryError> for Failure {
    fn from(error: report::history::HistoryError) -> Self {
        Self::input(error)
    }
}

/// Carries `retake history` out.
pub(crate) fn history(args: &HistoryArgs, common: &Common) -> Result<Exit, Failure> {
    let settings = Settings::read(common)?;
    let file = read(&settings.config.out)?;
    for (line, why) in &file.unreadable {
        let path = settings.config.out.join(report::history::FILE_NAME);
        output::note(&format!("{}:{line}: left out: {why}", path.display()));
    }
    let mut history = History::of(&file.lines);
    if let Some(variant) = &args.variant {
        history.series.retain(|series| series.variant == *variant);
    }
    if common.json {
        output::json(&history)?;
    } else {
        let options = TerminalOptions { color: output::color(), width: None };
        output::text(&history_text(&history, &options))?;
    }
    Ok(if file.unreadable.is_empty() { Exit::Done } else { Exit::BadInput })
}

/// Carries `retake baseline` out.
pub(crate) fn baseline(verb: &BaselineVerb, common: &Common) -> Result<Exit, Failure> {
    let settings = Settings::read(common)?;
    let out = &settings.config.out;
    let baseline = match verb {
        BaselineVerb::Set(args) => {
            let data = settings.load(&settings.find_run(&args.run)?)?;
            let baseline = Baseline::of(&data);
            baseline.write(out)?;
            baseline
        }
        BaselineVerb::Show => Baseline::read(out)?
            .ok_or_else(|| Failure::usage("there is no baseline: set one with `retake baseline set RUN`"))?,
    };
    if common.json {
        output::json(&baseline)?;
    } else {
        output::text(&baseline.text())?;
    }
    Ok(Exit::Done)
}
