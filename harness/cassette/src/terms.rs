//! What a replay lets pass: how a request that differs is treated, and which differences were declared. Knows nothing of
//! how requests are compared.

use journal::Matching;
use serde::{Deserialize, Serialize};
use wire::{Cause, Difference};

/// What a replay lets pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// How a request that differs is treated.
    pub matching: Matching,
    /// Causes of differences that were declared: they pass, and no other does.
    pub expect: Vec<Cause>,
    /// The last step that the recording answers, where something else answers from there on.
    pub last_step: Option<u32>,
}

impl Terms {
    /// Why a difference passes; nothing where it does not.
    pub(crate) fn allow(&self, difference: &Difference) -> Option<Allowed> {
        if self.expect.contains(&difference.cause) {
            return Some(Allowed::Declared);
        }
        match self.matching {
            Matching::Strict => None,
            Matching::Warn if difference.in_output => Some(Allowed::Drift),
            Matching::Warn => Some(Allowed::Warned),
            Matching::Sequence => Some(Allowed::InSequence),
        }
    }
}

/// Why a difference was let pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allowed {
    /// It was declared.
    Declared,
    /// Under `warn`: it was counted.
    Warned,
    /// Under `warn`, and it lies in what a tool answered: an agent that runs its own tools tells their drift so.
    Drift,
    /// Under `sequence`: it was counted.
    InSequence,
}

impl Allowed {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Warned => "warned",
            Self::Drift => "drift",
            Self::InSequence => "in_sequence",
        }
    }
}

/// A difference that was met and let pass. Each is told once in its lane, however many requests hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Met {
    /// The client's lane.
    pub lane: String,
    /// The recorded step that was served all the same.
    pub step: u32,
    /// What differed.
    pub difference: Difference,
    /// Why it passed.
    pub allowed: Allowed,
}
