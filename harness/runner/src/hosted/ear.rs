//! What a gateway told while a program ran: in order and bounded. Knows nothing of who asks.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cassette::Miss;
use gateway::{Event, Observer};
use wire::Difference;

/// Warnings that are kept; of more only the number is known.
const WARNINGS_MAX: usize = 100;

/// A request that the recording did not answer, or an exchange that nobody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The step of the recording that was due.
    pub step: u32,
    /// The cause by name, for example `instructions_changed`.
    pub cause: String,
    /// JSON path of the first difference in the request.
    pub path: String,
    /// Byte offset of the first difference within the value at `path`.
    pub offset: u64,
    /// A short diff of the two values.
    pub diff: String,
    /// Which block of the request, from 0.
    pub block: usize,
    /// The call whose output it is, or the output before it that differs too.
    pub led_by: Option<String>,
}

impl From<Miss> for Divergence {
    fn from(miss: Miss) -> Self {
        let Miss { step, difference } = miss;
        let Difference { cause, path, offset, diff, block, led_by, .. } = difference;
        Self { step, cause: cause.to_string(), path, offset, diff, block, led_by }
    }
}

/// What was heard.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// What no provider would take, what nothing answers, what was refused: each in a sentence.
    pub warnings: Vec<String>,
    /// Warnings that are not kept.
    pub more_warnings: u64,
    /// Answers that were an error or were cut, by reason.
    pub failures: BTreeMap<String, u64>,
    /// Requests that diverged.
    pub divergences: u64,
    /// The first of them.
    pub first_divergence: Option<Divergence>,
    /// Requests that were answered.
    pub answered: u64,
}

impl Heard {
    fn warn(&mut self, warning: String) {
        if self.warnings.len() < WARNINGS_MAX {
            self.warnings.push(warning);
        } else {
            self.more_warnings += 1;
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Problem { at, problem } => {
                self.warn(format!("step {} of {}: {problem}", at.step, at.lane));
            }
            Event::Unknown { method, path } => {
                let warning = format!("the agent asked for {method} {path}, which nothing answers");
                if !self.warnings.contains(&warning) {
                    self.warn(warning);
                }
            }
            Event::Refused { path, status, reason } => {
                self.warn(format!("a request to {path} was refused ({status}): {reason}"));
            }
            Event::Failed { at, reason, .. } => {
                let step = format!("step {} of {}: {reason}", at.step, at.lane);
                // As many kinds of failure as a person would read.
                if self.failures.len() < WARNINGS_MAX || self.failures.contains_key(&step) {
                    *self.failures.entry(step).or_default() += 1;
                }
            }
            Event::Diverged { miss, .. } => {
                self.divergences += 1;
                self.first_divergence.get_or_insert_with(|| Divergence::from(*miss));
            }
            Event::Answered { .. } => self.answered += 1,
            Event::Asked { .. } | Event::Abandoned { .. } | Event::Beside { .. } => {}
        }
    }
}

/// Listens to a gateway.
#[derive(Debug, Default)]
pub(crate) struct Ear(Mutex<Heard>);

impl Ear {
    /// What was heard so far.
    pub(crate) fn heard(&self) -> Heard {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Observer for Ear {
    fn event(&self, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take(event);
    }
}
