//! Which recorded answer belongs to a request: the one whose request has the same whole key, each served once; or the
//! one that is due, where what differs may. Knows nothing of time or of what the caller does with the answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::Digest;
use journal::Matching;
use wire::{Cause, Difference, Prompt, Tracker};

use crate::any::AnyLane;
use crate::beside::{Judged, Notes};
use crate::{Cassette, Exchange, Finding, Met, Renames, RuleUse, Terms};

/// A request that the recording does not answer.
#[derive(Clone, Debug)]
pub struct Miss {
    /// The recorded step that was due.
    pub step: u32,
    /// How the request differs from the recorded one.
    pub difference: Difference,
}

impl Miss {
    /// It in a sentence.
    pub fn told(&self) -> String {
        let Self { step, difference } = self;
        match difference.path.is_empty() {
            true => format!("{}: {}", difference.cause, difference.diff),
            false => format!("step {step}: {}", difference.told()),
        }
    }
}

/// A cassette that is being served.
#[derive(Debug)]
pub struct Player {
    cassette: Arc<Cassette>,
    lanes: Mutex<HashMap<String, Lane>>,
    any: Mutex<AnyLane>,
    terms: Terms,
    notes: Mutex<Notes>,
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
        Self {
            cassette,
            lanes: Mutex::default(),
            any: Mutex::default(),
            terms: Terms::default(),
            notes: Mutex::default(),
        }
    }

    /// Serves it to many clients, by [`Self::serve_any`]: each gets the whole recording, from its first request on.
    pub fn for_many(cassette: Arc<Cassette>) -> Self {
        Self { any: Mutex::new(AnyLane::for_many()), ..Self::new(cassette) }
    }

    /// The same, letting more or less pass.
    #[must_use]
    pub fn on(self, terms: Terms) -> Self {
        Self { terms, ..self }
    }

    /// The same, counting what the profile's rules cover.
    #[must_use]
    pub fn explaining(self) -> Self {
        self.notes().explains = true;
        self
    }

    /// What it lets pass.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The recording.
    pub fn cassette(&self) -> &Cassette {
        &self.cassette
    }

    /// The recorded exchange for a request, or how it differs from the one that was due.
    pub fn serve(&self, lane_name: &str, attempt: u32, prompt: &Prompt) -> Result<(&Exchange, Digest), Miss> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(lane_name.to_owned()).or_default();
        lane.done.resize(self.cassette.exchanges.len(), false);
        let found = self.find(lane, lane_name, attempt, prompt);
        let (number, key) = match found {
            Some((number, key)) => {
                self.notes().matched(&self.cassette, lane_name, number, prompt);
                (number, key)
            }
            None => self.let_pass(lane_name, self.due(&lane.done, lane_name), prompt)?,
        };
        lane.done[number] = true;
        Ok((&self.cassette.exchanges[number], key))
    }

    /// The next exchange of a lane that was recorded for this very request.
    fn find(&self, lane: &mut Lane, name: &str, attempt: u32, prompt: &Prompt) -> Option<(usize, Digest)> {
        let key = lane.tracker.key(prompt, &self.cassette.profile).ok()?;
        let ordinal = lane.served.get(&(key, attempt)).copied().unwrap_or(0);
        let numbers = self.cassette.index.get(&(name.to_owned(), key, attempt))?;
        // One that was served out of its turn is not served again.
        let mut rest = numbers.iter().copied().enumerate().skip(ordinal);
        let (ordinal, number) = rest.find(|(_, number)| !lane.done[*number])?;
        if self.terms.matching == Matching::Sequence && self.due(&lane.done, name) != Ok(number) {
            return None;
        }
        lane.served.insert((key, attempt), ordinal + 1);
        Some((number, key))
    }

    /// The recorded exchange for a request whatever the names of lanes: of those that were recorded for the same
    /// request, errors before a retry included, the first that was not served. A lane's name says only which
    /// requests grow from each other.
    pub fn serve_any(&self, lane: &str, attempt: u32, prompt: &Prompt) -> Result<Served<'_>, Miss> {
        let cassette = &self.cassette;
        let mut any = self.any.lock().unwrap_or_else(PoisonError::into_inner);
        let in_order = self.terms.matching == Matching::Sequence;
        let (number, key, renames) = match any.serve(cassette, lane, attempt, prompt, in_order) {
            Ok((number, key)) => {
                self.notes().matched(cassette, lane, number, prompt);
                (number, key, any.renames(cassette, lane, number))
            }
            Err(due) => {
                // It was served and did not arrive: the client asks again.
                let again = any.last(lane).filter(|n| attempt > 1 && cassette.exchanges[*n].status == 200);
                let again = again.and_then(|last| self.let_pass(lane, Ok(last), prompt).ok());
                let (number, key) = again.map_or_else(|| self.let_pass(lane, due, prompt), Ok)?;
                any.serve_due(cassette, lane, number);
                (number, key, self.notes().renames(cassette, lane))
            }
        };
        Ok(Served { exchange: &cassette.exchanges[number], key, renames })
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
        let counted: Vec<usize> = (0..exchanges.len()).filter(|n| self.counts(&exchanges[*n])).collect();
        let unserved = counted.iter().filter(|number| !served(number)).map(|number| &exchanges[*number]);
        let unserved: Vec<_> = unserved.map(|e| (e.lane.clone(), e.step, e.attempt)).collect();
        Progress { served: counted.len() - unserved.len(), total: counted.len(), unserved }
    }

    /// The first recorded exchange of a lane that was not asked for.
    pub fn unserved(&self, lane_name: &str) -> Option<&Exchange> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let none = Vec::new();
        let done = lanes.get(lane_name).map_or(&none, |lane| &lane.done);
        let due = self.due(done, lane_name).ok()?;
        Some(&self.cassette.exchanges[due]).filter(|exchange| self.counts(exchange))
    }

    /// The first recorded exchange that nobody asked for, in one lane or in any: how a replay that ends here differs. It
    /// is nothing where that may be, which is noted then.
    pub fn ended_early(&self, lane: Option<&str>) -> Option<Miss> {
        let unserved = self.progress().unserved;
        let (of, step, _) = unserved.into_iter().find(|(of, ..)| lane.is_none_or(|lane| lane == of))?;
        let diff = format!("the recording goes on with step {step} of lane {of}");
        let difference = Difference { cause: Cause::ThreadEndedEarly, diff, ..Difference::default() };
        match self.terms.allow(&difference) {
            Some(allowed) => {
                self.notes().met.push(Met { lane: of, step, difference, allowed });
                None
            }
            None => Some(Miss { step, difference }),
        }
    }

    /// Whether an exchange belongs to what is replayed.
    fn counts(&self, exchange: &Exchange) -> bool {
        self.terms.last_step.is_none_or(|last| exchange.step <= last)
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Differences that were let pass, from a number on.
    pub fn met(&self, from: usize) -> Vec<Met> {
        self.notes().met.get(from..).unwrap_or_default().to_vec()
    }

    /// Blocks that are the recorded ones and are spelt differently: no divergence, but another prefix to a cache.
    pub fn findings(&self) -> Vec<Finding> {
        self.notes().findings.clone()
    }

    /// What the profile's rules covered so far, where that is counted.
    pub fn rules(&self) -> Vec<RuleUse> {
        self.notes().rules(&self.cassette)
    }

    /// The exchange of a lane that is due, or the number of its last step.
    fn due(&self, done: &[bool], lane: &str) -> Result<usize, u32> {
        let exchanges = &self.cassette.exchanges;
        let served = |number: usize| done.get(number).copied().unwrap_or(false);
        let due = (0..exchanges.len()).find(|n| !served(*n) && exchanges[*n].lane == lane);
        due.ok_or_else(|| exchanges.iter().filter(|e| e.lane == lane).map(|e| e.step).max().unwrap_or(0))
    }

    /// The exchange that is served for a request that is none of the recorded ones: the due one, where all that
    /// differs may.
    fn let_pass(
        &self,
        lane: &str,
        due: Result<usize, u32>,
        prompt: &Prompt,
    ) -> Result<(usize, Digest), Miss> {
        let whole = |cause, diff: String| Difference { cause, diff, ..Difference::default() };
        let due = due.map_err(|steps| {
            let diff = "the recording has no further request".to_owned();
            Miss { step: steps + 1, difference: whole(Cause::ExtraRequest, diff) }
        })?;
        let difference = match self.notes().judge(&self.cassette, &self.terms, lane, due, prompt) {
            Ok(Judged::Passes(key)) => return Ok((due, key)),
            Ok(Judged::Same(key)) if self.terms.matching != Matching::Strict => return Ok((due, key)),
            Ok(Judged::Same(_)) => {
                whole(Cause::ExtraRequest, "the same request again, with another attempt number".to_owned())
            }
            Ok(Judged::Differs(difference)) => difference,
            Err(error) => whole(Cause::ItemChanged, format!("the request is {error}")),
        };
        Err(Miss { step: self.cassette.exchanges[due].step, difference })
    }
}
