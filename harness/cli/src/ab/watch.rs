//! Follows the live trials of a question: gives what each came to to its pair, and says when no further trial is needed.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base::TrialId;
use journal::{Ended, FailureMode, Outcome, RunDir};
use report::Prices;
use report::ab::{Half, Pairs, Stop};
use runner::Progress;

use super::arms::Question;
use crate::progress::Bar;

/// Trials in a row without one answer after which no further begins.
const SILENT_MAX: u32 = 6;

/// What is known of the trials so far.
pub(super) struct State {
    pub(super) pairs: Pairs,
    /// Trials in a row that got no answer.
    silent: u32,
    /// Models that said they answered, as base and as head.
    served: [BTreeSet<String>; 2],
    /// Why the arms can't be compared, where they can't.
    broken: Option<Stop>,
}

impl State {
    /// Why it is enough, where it is.
    pub(super) fn stop(&self) -> Option<Stop> {
        self.broken.or(self.pairs.stop())
    }

    fn give_up(&mut self, why: Stop) {
        if self.stop().is_none() {
            self.broken = Some(why);
        }
    }
}

/// Follows the trials.
pub(super) struct Watch<'a> {
    bar: Bar,
    prices: &'a Prices,
    head: &'a str,
    /// Whether both arms ask for the same model.
    one_model: bool,
    state: Mutex<State>,
}

impl<'a> Watch<'a> {
    /// Nothing has been seen yet.
    pub(super) fn new(question: &'a Question<'_>, prices: &'a Prices, pairs: Pairs) -> Self {
        Self {
            bar: Bar::resumable(),
            prices,
            head: &question.head.name,
            one_model: question.base.model == question.head.model,
            state: Mutex::new(State {
                pairs,
                silent: 0,
                served: [BTreeSet::new(), BTreeSet::new()],
                broken: None,
            }),
        }
    }

    /// What was seen.
    pub(super) fn finish(self) -> State {
        self.bar.finish();
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, trial: &TrialId, ended: &Ended) {
        let is_head = trial.variant == self.head;
        let passed = match ended.outcome {
            Outcome::Passed => Some(true),
            Outcome::Failed if !is_silent(ended) => Some(false),
            _ => None,
        };
        let usd = self.prices.cost(ended).map(|cost| cost.usd);
        let mut state = self.lock();
        let arm = if self.one_model { 0 } else { usize::from(is_head) };
        state.served[arm].extend(ended.served.iter().cloned());
        if state.served[arm].len() > 1 {
            state.give_up(Stop::ModelChanged);
        }
        state.pairs.take(trial, is_head, Half { passed, usd, tokens: ended.usage.total() as f64 });
    }
}

/// A model that never answered says nothing about either arm.
fn is_silent(ended: &Ended) -> bool {
    ended.steps == 0 && ended.failure == Some(FailureMode::ModelError)
}

impl Progress for Watch<'_> {
    fn reused(&self, trial: &TrialId, ended: &Ended) {
        self.take(trial, ended);
    }

    fn begun(&self, run: &RunDir, trials: usize, finished: usize) {
        self.bar.begun(run, trials, finished);
    }

    fn started(&self, trial: &TrialId) {
        self.bar.started(trial);
    }

    fn ended(&self, trial: &TrialId, ended: &Ended) {
        self.bar.ended(trial, ended);
        self.take(trial, ended);
        let mut state = self.lock();
        state.silent = if is_silent(ended) { state.silent + 1 } else { 0 };
        if state.silent >= SILENT_MAX {
            state.give_up(Stop::NoAnswer);
        }
    }

    fn is_enough(&self) -> bool {
        self.lock().stop().is_some()
    }
}
