//! Serving a recording to a client whose lanes have other names than the recorded ones, or come in another order: the
//! whole request decides. Knows nothing of why a request differs.

use std::collections::HashMap;

use base::Digest;
use wire::{Prompt, Tracker};

use crate::Cassette;

/// Lanes whose prompts are followed; more cost time, not answers.
const FOLLOWED_MAX: usize = 256;

/// What was served, whatever the lane.
#[derive(Debug, Default)]
pub(crate) struct AnyLane {
    lanes: HashMap<String, Followed>,
    /// How many exchanges of a key were served.
    given: HashMap<Digest, usize>,
    done: Vec<bool>,
    requests: u64,
}

/// A client's lane.
#[derive(Debug, Default)]
struct Followed {
    tracker: Tracker,
    /// The exchange that it was served last.
    last: Option<usize>,
    used: u64,
}

impl AnyLane {
    /// Whether an exchange was served.
    pub(crate) fn is_served(&self, number: usize) -> bool {
        self.done.get(number) == Some(&true)
    }

    /// The number of the exchange for a request, and its key; or the exchange that was due, or the last step.
    pub(crate) fn serve(
        &mut self,
        cassette: &Cassette,
        lane: &str,
        attempt: u32,
        prompt: &Prompt,
    ) -> Result<(usize, Digest), Result<usize, u32>> {
        self.requests += 1;
        self.done.resize(cassette.exchanges.len(), false);
        if !self.lanes.contains_key(lane) {
            self.forget();
            self.lanes.insert(lane.to_owned(), Followed::default());
        }
        let followed = self.lanes.get_mut(lane);
        let key = followed.and_then(|followed| {
            followed.used = self.requests;
            followed.tracker.key(prompt, &cassette.profile).ok()
        });
        let Some(key) = key else { return Err(self.due(cassette, lane, prompt)) };
        let numbers = cassette.any.get(&key).map_or(&[][..], Vec::as_slice);
        let given = self.given.entry(key).or_default();
        let number = match numbers.get(*given) {
            Some(number) => {
                *given += 1;
                Some(*number)
            }
            // It was served whole and did not arrive: the client asks again.
            None => numbers.last().copied().filter(|n| attempt > 1 && cassette.exchanges[*n].status == 200),
        };
        let Some(number) = number else { return Err(self.due(cassette, lane, prompt)) };
        self.done[number] = true;
        if let Some(followed) = self.lanes.get_mut(lane) {
            followed.last = Some(number);
        }
        Ok((number, key))
    }

    /// Forgets the lane that was quiet for longest, where there are too many.
    fn forget(&mut self) {
        if self.lanes.len() >= FOLLOWED_MAX {
            let oldest = self.lanes.iter().min_by_key(|(_, lane)| lane.used).map(|(name, _)| name.clone());
            self.lanes.retain(|name, _| Some(name) != oldest.as_ref());
        }
    }

    /// What was due instead: the next exchange of the recorded lane that this one follows; for a new lane the
    /// recorded beginning that it has most in common with.
    fn due(&self, cassette: &Cassette, lane: &str, prompt: &Prompt) -> Result<usize, u32> {
        let exchanges = &cassette.exchanges;
        let open = |number: &usize| !self.is_served(*number);
        if let Some(last) = self.lanes.get(lane).and_then(|followed| followed.last) {
            let recorded = &exchanges[last];
            let next = (0..exchanges.len()).filter(open).find(|n| exchanges[*n].lane == recorded.lane);
            return next.ok_or(recorded.step);
        }
        let mut firsts: Vec<usize> = Vec::new();
        for number in (0..exchanges.len()).filter(open) {
            if firsts.iter().all(|first| exchanges[*first].lane != exchanges[number].lane) {
                firsts.push(number);
            }
            // As many as a person would look at.
            if firsts.len() == 32 {
                break;
            }
        }
        let common = |number: &usize| {
            let recorded = cassette.request(*number);
            recorded.iter().zip(prompt.blocks()).filter(|(old, new)| old == new).count()
        };
        let steps = exchanges.iter().map(|exchange| exchange.step).max().unwrap_or(0);
        // Of equally good ones the first.
        firsts.into_iter().rev().max_by_key(common).ok_or(steps)
    }
}
