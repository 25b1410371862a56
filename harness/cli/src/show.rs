//! `retake show`: what happened in one trial, from its journal and its exchanges.

use std::collections::HashMap;

use base::Digest;
use cassette::Cassette;
use journal::{Attempt, TrialDir};

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
    let outputs = outputs(&dir, &attempt);
    output::text(&report::transcript(&attempt, &|digest| outputs.get(&digest).cloned()))?;
    Ok(Exit::Done)
}

/// The outputs that the model was shown, by digest, from the exchanges that were kept. An attempt that was cut has
/// none: the journal's previews stand for them.
fn outputs(dir: &TrialDir, attempt: &Attempt) -> HashMap<Digest, String> {
    let path = report::exchanges(dir, attempt);
    let Ok(cassette) = Cassette::load(&path) else { return HashMap::new() };
    let texts = (0..cassette.blocks.len()).filter_map(|block| cassette.text(u32::try_from(block).ok()?));
    texts.map(|text| (Digest::of(text.as_bytes()), text)).collect()
}
