//! Verdicts that a finished run got anew, in a file of their own in its folder: the journals stay as they are, and whoever
//! compares takes the new ones and says so. Runs nothing.

use std::{fs, io};

use base::{Digest, FormatVersion, Timestamp, TrialId};
use journal::{FailureMode, Outcome, RunDir};
use serde::{Deserialize, Serialize};

use crate::{ReportError, RunData};

/// The file in the run's folder.
pub const REGRADED: &str = "regraded.json";
/// The version that is written.
const VERSION: FormatVersion = FormatVersion::new(1, 0);

/// The verdicts of one regrading; the last one stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regrades {
    /// Version of this file.
    pub version: FormatVersion,
    /// When it was done.
    pub at: Timestamp,
    /// Each trial that got one verdict; those whose verifier wavered are not in it.
    pub trials: Vec<NewVerdict>,
}

/// What the hidden checks, as they were then, say of a kept workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewVerdict {
    /// The trial.
    pub trial: TrialId,
    /// Digest of its task's files with these checks.
    pub task: Digest,
    /// Whether it passes; nothing where they gave no reward.
    pub passes: Option<bool>,
}

impl Regrades {
    /// What is to be written.
    pub fn new(at: Timestamp, trials: Vec<NewVerdict>) -> Self {
        Self { version: VERSION, at, trials }
    }

    /// What was written into a run's folder; nothing where it was never regraded.
    pub fn read(dir: &RunDir) -> Result<Option<Self>, ReportError> {
        let path = dir.path.join(REGRADED);
        let parsed = match fs::read(&path) {
            Ok(text) => serde_json::from_slice::<Self>(&text).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => Err(error),
        };
        let parsed = parsed.and_then(|regrades| match VERSION.check(regrades.version) {
            Ok(()) => Ok(regrades),
            Err(error) => Err(io::Error::other(error.to_string())),
        });
        parsed.map(Some).map_err(|error| ReportError::Regraded { path, error })
    }

    /// Puts the new verdicts in the place of the old ones, and the tasks as they are now in the place of those that were
    /// run where every trial of theirs was judged by them. Gives how many trials stand otherwise.
    pub fn apply(&self, data: &mut RunData) -> usize {
        let mut changed = 0;
        for trial in &mut data.trials {
            let Some(new) = self.trials.iter().find(|new| new.trial == trial.id) else { continue };
            let Some(finish) = trial.finish.as_mut() else { continue };
            let passes = new.passes == Some(true);
            let outcome = if passes { Outcome::Passed } else { Outcome::Failed };
            if !matches!(finish.ended.outcome, Outcome::Passed | Outcome::Failed)
                || finish.ended.outcome == outcome
            {
                continue;
            }
            changed += 1;
            let failure = match new.passes {
                Some(true) => None,
                Some(false) => Some(FailureMode::WrongResult),
                None => Some(FailureMode::VerifierError),
            };
            finish.ended.reward = new.passes.map(|passes| if passes { 1.0 } else { 0.0 });
            (finish.ended.outcome, finish.ended.failure) = (outcome, failure);
            "regraded".clone_into(&mut finish.ended.reason);
        }
        for suite in &mut data.header.plan.suites {
            for task in &mut suite.tasks {
                let own = |id: &TrialId| id.suite == suite.name && id.task == task.name;
                let mut scored =
                    data.trials.iter().filter(|trial| own(&trial.id) && trial.state().scored()).peekable();
                let mut digests = self.trials.iter().filter(|new| own(&new.trial)).map(|new| new.task);
                let Some(now) = digests.next().filter(|first| digests.all(|other| other == *first)) else {
                    continue;
                };
                let judged = |id: &TrialId| self.trials.iter().any(|new| new.trial == *id);
                if scored.peek().is_some() && scored.all(|trial| judged(&trial.id)) {
                    task.digest = now;
                }
            }
        }
        changed
    }
}
