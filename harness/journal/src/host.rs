//! What this host measured beside the events of a trial: real times, drift, what became of the workspace. In no digest. Knows nothing
//! of files.

use std::collections::BTreeMap;

use base::Digest;
use serde::{Deserialize, Serialize};

use crate::CheckResult;

/// What this host measured about an event. Never part of a digest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Real time since the attempt began, in microseconds.
    #[serde(default)]
    pub at_us: u64,
    /// Real time the event took, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_us: Option<u64>,
    /// How a real output differed from the recorded one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// Only beside `trial_ended`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Box<HostEnded>>,
    /// What the verifier or a check printed, cut; a fault's own words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub log: String,
}

impl Host {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A tool or check output that differs from the recorded one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// How much it matters.
    pub grade: DriftGrade,
    /// What differs, in a sentence or a short diff.
    pub detail: String,
}

/// Grades of drift, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftGrade {
    /// Only the text of an output.
    Text,
    /// The effect on the workspace's files.
    Files,
    /// The exit code, or a check's verdict.
    Exit,
}

/// What the changes of a trial are like. Files of `.git` don't count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchFigures {
    /// Files added.
    pub files_added: u64,
    /// Files changed.
    pub files_changed: u64,
    /// Files deleted.
    pub files_deleted: u64,
    /// Lines of text added.
    pub lines_added: u64,
    /// Lines of text removed.
    pub lines_removed: u64,
    /// Test cases added.
    pub tests_added: u64,
    /// Test cases removed.
    pub tests_removed: u64,
    /// Test files with fewer assertions than before, or with more cases that are skipped.
    pub tests_weakened: u64,
    /// Files that the task is not about; nothing where the task doesn't say which it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_out_of_scope: Option<u64>,
    /// Distinct secrets that no file had before; nothing where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets_added: Option<u64>,
    /// Files with the text of a licence more than before; nothing where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licences_added: Option<u64>,
}

/// What the visible checks found, as the agent was told, by kind of check. A check that fails without a finding counts as one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingFigures {
    /// How often they ran.
    pub rounds: u32,
    /// In the first round.
    pub first: BTreeMap<String, u64>,
    /// In the last one.
    pub last: BTreeMap<String, u64>,
}

impl FindingFigures {
    /// Adds a round.
    pub fn add(&mut self, checks: &[CheckResult]) {
        let mut found: BTreeMap<String, u64> = BTreeMap::new();
        for check in checks {
            let least = u64::from(!check.passed);
            *found.entry(check.kind.clone()).or_default() += (check.findings.len() as u64).max(least);
        }
        if self.rounds == 0 {
            self.first.clone_from(&found);
        }
        self.last = found;
        self.rounds += 1;
    }

    /// All of the first round.
    pub fn at_first(&self) -> u64 {
        self.first.values().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// All of the last round.
    pub fn at_last(&self) -> u64 {
        self.last.values().fold(0, |sum, n| sum.saturating_add(*n))
    }
}

/// What this host measured about a whole trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HostEnded {
    /// Digest over the canonical parts of all the trial's events.
    pub digest: Option<Digest>,
    /// Digest of the final workspace.
    pub workspace: Option<Digest>,
    /// Files that the agent added, changed or deleted.
    pub files_changed: u64,
    /// What those changes are like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<PatchFigures>,
    /// What the visible checks found; nothing where none ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<FindingFigures>,
    /// Real time of the whole attempt, in microseconds.
    pub wall_us: u64,
    /// Real time of setting the workspace up, in microseconds.
    pub setup_us: u64,
    /// Real time waiting for the model, in microseconds.
    #[serde(default)]
    pub model_us: u64,
    /// Real time in tools, in microseconds.
    pub tool_us: u64,
    /// Real time in visible checks, in microseconds.
    pub evaluate_us: u64,
    /// Real time in the verifier, in microseconds.
    pub verify_us: u64,
    /// Calls and checks whose output drifted, by grade.
    pub drift: BTreeMap<DriftGrade, u32>,
}
