//! `retake show`: what happened in one trial, from its journal and its exchanges.

use std::collections::HashMap;

use base::{Digest, TrialId};
use cassette::Cassette;
use journal::{Attempt, Event, ModelSource, RunDir};

use crate::args::{Common, ShowArgs};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::Settings;

/// Carries the verb out.
pub(crate) fn show(args: &ShowArgs, common: &Common) -> Result<Exit, Failure> {
    let run = Settings::read(common)?.find_run(&args.run)?;
    let id = find_trial(&run, &args.trial)?;
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
    let outputs = outputs(&run, &attempt, number, &id);
    output::text(&report::transcript(&attempt, &|digest| outputs.get(&digest).cloned()))?;
    Ok(Exit::Done)
}

fn find_trial(run: &RunDir, name: &str) -> Result<TrialId, Failure> {
    let header = run.header()?;
    let ids: Vec<TrialId> = header.plan.trial_ids().collect();
    if let Some(id) = ids.iter().find(|id| id.to_string() == name) {
        return Ok(id.clone());
    }
    let found: Vec<&TrialId> = ids.iter().filter(|id| id.to_string().contains(name)).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Failure::usage(format!("run {} has no trial {name:?}", header.run_id))),
        many => {
            let names: Vec<String> = many.iter().take(10).map(ToString::to_string).collect();
            Err(Failure::usage(format!("{name:?} fits {} trials: {}", many.len(), names.join(", "))))
        }
    }
}

/// The outputs that the model was shown, by digest, from the exchanges that were kept. An attempt that was cut has
/// none: the journal's previews stand for them.
fn outputs(run: &RunDir, attempt: &Attempt, number: u32, id: &TrialId) -> HashMap<Digest, String> {
    let played = attempt.records.iter().find_map(|record| match &record.event {
        Event::TrialStarted { model: ModelSource::Cassette { digest, .. }, .. } => Some(*digest),
        _ => None,
    });
    let path = match played {
        Some(digest) => run.path.join("cassettes").join(format!("{digest}.jsonl")),
        None => run.trial(id).exchanges(number),
    };
    let Ok(cassette) = Cassette::load(&path) else { return HashMap::new() };
    let texts = (0..cassette.blocks.len()).filter_map(|block| cassette.text(u32::try_from(block).ok()?));
    texts.map(|text| (Digest::of(text.as_bytes()), text)).collect()
}
