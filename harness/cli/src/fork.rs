//! `RUN:TRIAL@K`: the recorded trial that a fork goes on from, and the step after which it does.

use journal::Attempt;
use runner::ForkFrom;

use crate::exit::Failure;
use crate::settings::Settings;
use crate::trial;

/// Finds what was named.
pub(crate) fn find(settings: &Settings, name: &str) -> Result<ForkFrom, Failure> {
    let malformed =
        || Failure::usage(format!("{name:?} is not RUN:TRIAL@K, as in latest:core/next-version@main#1@4"));
    let (trial, step) = name.rsplit_once('@').ok_or_else(malformed)?;
    let step: u32 = step.parse().map_err(|_| malformed())?;
    let (run, trial) = trial.split_once(':').ok_or_else(malformed)?;
    let run = settings.find_run(run)?;
    let trial = trial::find(&run, trial)?;
    let dir = run.trial(&trial);
    let (number, ..) =
        dir.ended()?.ok_or_else(|| Failure::usage(format!("{trial} has not come to its end")))?;
    let attempt = Attempt::read(&dir.journal(number))?;
    let cassette = report::exchanges(&dir, &attempt);
    Ok(ForkFrom { trial, cassette, step })
}
