//! Which run played a recording last, and what came of it: by the copies that runs keep. Reads no recording.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use base::Digest;
use journal::{Attempt, Event, ModelSource, Outcome, RunDir};

use crate::settings::Settings;

/// The newest run of each recording that was played, by its digest.
pub(super) struct Used(HashMap<String, PathBuf>);

impl Used {
    /// Looks through the runs that land here.
    pub(super) fn find(settings: &Settings) -> Self {
        let mut runs: Vec<PathBuf> =
            fs::read_dir(&settings.config.out).into_iter().flatten().flatten().map(|e| e.path()).collect();
        // A run's name begins with the time it began.
        runs.sort();
        let mut last = HashMap::new();
        for run in runs {
            for entry in fs::read_dir(run.join("cassettes")).into_iter().flatten().flatten() {
                if let Some(digest) = entry.file_name().to_str().and_then(|name| name.strip_suffix(".jsonl"))
                {
                    last.insert(digest.to_owned(), run.clone());
                }
            }
        }
        Self(last)
    }

    /// The name of the run.
    pub(super) fn last(&self, digest: Digest) -> Option<String> {
        Some(self.0.get(&digest.to_string())?.file_name()?.to_string_lossy().into_owned())
    }

    /// How the trial ended that it answered there; nothing where that run cannot be read.
    pub(super) fn outcome(&self, digest: Digest) -> Option<Outcome> {
        let dir = RunDir { path: self.0.get(&digest.to_string())?.clone() };
        let header = dir.header().ok()?;
        header.plan.trial_ids().find_map(|id| {
            let trial = dir.trial(&id);
            let number = trial.attempts().ok()?.pop()?;
            let attempt = Attempt::read(&trial.journal(number)).ok()?;
            let played = attempt.records.iter().any(|record| {
                matches!(&record.event, Event::TrialStarted { model: ModelSource::Cassette { digest: played, .. }, .. }
                    if *played == digest)
            });
            attempt.records.iter().filter(|_| played).find_map(|record| match &record.event {
                Event::TrialEnded(ended) => Some(ended.outcome),
                _ => None,
            })
        })
    }
}
