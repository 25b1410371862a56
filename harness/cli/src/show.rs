//! `retake show`: what happened in one trial, from its journal and its exchanges.

use journal::Attempt;
use report::Exchanges;

use crate::args::{Common, ShowArgs};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::Settings;
use crate::trial;

/// Carries the verb out.
pub(crate) fn show(args: &ShowArgs, common: &Common) -> Result<Exit, Failure> {
    let run = Settings::read(common)?.find_run(&args.run)?;
    let id = trial::find(&run, &args.trial)?;
    let dir = run.trial(&id);
    let attempts = dir.attempts()?;
    let number = args.attempt.or(attempts.last().copied());
    let number = number
        .filter(|number| attempts.contains(number))
        .ok_or_else(|| Failure::usage(format!("{id} has no such attempt; it has {}", attempts.len())))?;
    let attempt = Attempt::read(&dir.journal(number))?;
    if common.json {
        output::json(&attempt.records)?;
        return Ok(Exit::Done);
    }
    let exchanges = Exchanges::load(&dir, &attempt);
    output::text(&report::transcript(&attempt, &|digest| exchanges.as_ref()?.output(digest)))?;
    Ok(Exit::Done)
}
