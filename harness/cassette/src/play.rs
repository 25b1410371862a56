//! Which recorded answer belongs to a request. Strict: the whole request must have the recorded key, and each
//! exchange is served once. Knows nothing of time or of what the caller does with the answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base::Digest;
use wire::{Cause, Difference, Prompt, Tracker, difference};

use crate::any::AnyLane;
use crate::{Cassette, Exchange, Renames};

/// A request that the recording does not answer.
#[derive(Clone, Debug)]
pub struct Miss {
    /// The recorded step that was due.
    pub step: u32,
    /// How the request differs from the recorded one.
    pub difference: Difference,
}

/// A cassette that is being served.
#[derive(Debug)]
pub struct Player {
    cassette: Arc<Cassette>,
    lanes: Mutex<HashMap<String, Lane>>,
    any: Mutex<AnyLane>,
}

/// A recorded exchange that answers a request.
#[derive(Debug)]
pub struct Served<'a> {
    /// The exchange.
    pub exchange: &'a Exchange,
    /// The request's key.
    pub key: Digest,
    /// What stands in the answer instead of recorded values; nothing where all are the same.
    pub renames: Option<Renames<'a>>,
}

/// How far a cassette has been served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Exchanges that were served.
    pub served: usize,
    /// Exchanges in the recording.
    pub total: usize,
    /// Lane, step and attempt of each that was not.
    pub unserved: Vec<(String, u32, u32)>,
}

#[derive(Debug, Default)]
struct Lane {
    tracker: Tracker,
    served: HashMap<(Digest, u32), usize>,
    done: Vec<bool>,
}

impl Player {
    /// Starts at the beginning.
    pub fn new(cassette: Arc<Cassette>) -> Self {
        Self { cassette, lanes: Mutex::default(), any: Mutex::default() }
    }

    /// Serves it to many clients, by [`Self::serve_any`]: each gets the whole recording, from its first request on.
    pub fn for_many(cassette: Arc<Cassette>) -> Self {
        Self { cassette, lanes: Mutex::default(), any: Mutex::new(AnyLane::for_many()) }
    }

    /// The recording.
    pub fn cassette(&self) -> &Cassette {
        &self.cassette
    }

    /// The recorded exchange for a request, or how it differs from the one that was due.
    pub fn serve(&self, lane_name: &str, attempt: u32, prompt: &Prompt) -> Result<(&Exchange, Digest), Miss> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if !lanes.contains_key(lane_name) {
            lanes.insert(lane_name.to_owned(), Lane::default());
        }
        // The key was put there above.
        let Some(lane) = lanes.get_mut(lane_name) else { return Err(self.miss(&[], lane_name, prompt)) };
        lane.done.resize(self.cassette.exchanges.len(), false);
        let Ok(key) = lane.tracker.key(prompt, &self.cassette.profile) else {
            return Err(self.miss(&lane.done, lane_name, prompt));
        };
        let ordinal = lane.served.get(&(key, attempt)).copied().unwrap_or(0);
        let numbers = self.cassette.index.get(&(lane_name.to_owned(), key, attempt));
        match numbers.and_then(|numbers| numbers.get(ordinal)) {
            Some(number) => {
                lane.served.insert((key, attempt), ordinal + 1);
                lane.done[*number] = true;
                Ok((&self.cassette.exchanges[*number], key))
            }
            None => Err(self.miss(&lane.done, lane_name, prompt)),
        }
    }

    /// The recorded exchange for a request whatever the names of lanes: of those that were recorded for the same
    /// request, errors before a retry included, the first that was not served. A lane's name says only which
    /// requests grow from each other.
    pub fn serve_any(&self, lane: &str, attempt: u32, prompt: &Prompt) -> Result<Served<'_>, Miss> {
        let mut any = self.any.lock().unwrap_or_else(PoisonError::into_inner);
        let found = any.serve(&self.cassette, lane, attempt, prompt);
        let (number, key) = found.map_err(|due| self.explain(due, prompt))?;
        let renames = any.renames(&self.cassette, lane, number);
        Ok(Served { exchange: &self.cassette.exchanges[number], key, renames })
    }

    /// How many clients began the recording, and how many came to its end.
    pub fn passes(&self) -> (u64, u64) {
        self.any.lock().unwrap_or_else(PoisonError::into_inner).passes()
    }

    /// How far the recording has been served.
    pub fn progress(&self) -> Progress {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let any = self.any.lock().unwrap_or_else(PoisonError::into_inner);
        let served = |number: &usize| {
            any.is_served(*number) || lanes.values().any(|lane| lane.done.get(*number) == Some(&true))
        };
        let exchanges = &self.cassette.exchanges;
        let unserved = (0..exchanges.len()).filter(|number| !served(number)).map(|number| &exchanges[number]);
        let unserved: Vec<_> = unserved.map(|e| (e.lane.clone(), e.step, e.attempt)).collect();
        Progress { served: exchanges.len() - unserved.len(), total: exchanges.len(), unserved }
    }

    /// The first recorded exchange of a lane that was not asked for.
    pub fn unserved(&self, lane_name: &str) -> Option<&Exchange> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let none = Vec::new();
        let done = lanes.get(lane_name).map_or(&none, |lane| &lane.done);
        self.next(done, lane_name).map(|number| &self.cassette.exchanges[number])
    }

    fn next(&self, done: &[bool], lane: &str) -> Option<usize> {
        let served = |number: usize| done.get(number).copied().unwrap_or(false);
        (0..self.cassette.exchanges.len()).find(|n| !served(*n) && self.cassette.exchanges[*n].lane == lane)
    }

    fn miss(&self, done: &[bool], lane: &str, prompt: &Prompt) -> Miss {
        let last = || self.cassette.exchanges.iter().filter(|e| e.lane == lane).map(|e| e.step).max();
        self.explain(self.next(done, lane).ok_or_else(|| last().unwrap_or(0)), prompt)
    }

    /// How a request differs from the exchange that was due, or from the end after so many steps.
    fn explain(&self, due: Result<usize, u32>, prompt: &Prompt) -> Miss {
        let whole = |cause, diff: String| Difference { cause, path: String::new(), offset: 0, diff };
        let due = match due {
            Ok(due) => due,
            Err(steps) => {
                let difference =
                    whole(Cause::ExtraRequest, "the recording has no further request".to_owned());
                return Miss { step: steps + 1, difference };
            }
        };
        let protocol = self.cassette.exchanges[due].protocol.unwrap_or(self.cassette.header.protocol);
        let found =
            difference(protocol, &self.cassette.request(due), prompt.blocks(), &self.cassette.profile);
        let difference = match found {
            Ok(Some(difference)) => difference,
            Ok(None) => {
                whole(Cause::ExtraRequest, "the same request again, with another attempt number".to_owned())
            }
            Err(error) => whole(Cause::ItemChanged, format!("the request is {error}")),
        };
        Miss { step: self.cassette.exchanges[due].step, difference }
    }
}
