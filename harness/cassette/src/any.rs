//! Serving a recording to a client whose lanes have other names than the recorded ones, or come in another order: the
//! whole request decides. To one client once, or to many, each with a pass of its own. Knows nothing of why a request
//! differs.

use std::collections::{BTreeMap, HashMap};

use base::Digest;
use wire::{Prompt, Tracker};

use crate::{Cassette, Recorded, Renames};

/// Lanes whose prompts are followed; more cost time, not answers.
const FOLLOWED_MAX: usize = 256;
/// Passes that are open at a time: of clients that stopped half-way the oldest is forgotten.
const PASSES_MAX: usize = 1024;

/// What was served, whatever the lane.
#[derive(Debug, Default)]
pub(crate) struct AnyLane {
    lanes: HashMap<String, Followed>,
    passes: BTreeMap<u64, Pass>,
    /// Whether a request whose exchanges were all served begins another pass.
    many: bool,
    opened: u64,
    complete: u64,
    requests: u64,
}

/// One pass through the recording.
#[derive(Debug, Default)]
struct Pass {
    /// How many exchanges of a key were served.
    given: HashMap<Digest, usize>,
    done: Vec<bool>,
    left: usize,
}

/// A client's lane.
#[derive(Debug, Default)]
struct Followed {
    tracker: Tracker,
    /// The same lane of the recording, for its values.
    recorded: Recorded,
    /// The pass that it was served from last, and the exchange.
    last: Option<(u64, usize)>,
    used: u64,
}

impl Pass {
    fn new(cassette: &Cassette) -> Self {
        let exchanges = cassette.exchanges.len();
        Self { given: HashMap::new(), done: vec![false; exchanges], left: exchanges }
    }

    /// The exchange that is due for a key.
    fn next(&self, key: Digest, numbers: &[usize]) -> Option<usize> {
        let given = self.given.get(&key).copied().unwrap_or(0);
        // One that was served out of its turn is not served again.
        numbers.iter().copied().skip(given).find(|number| !self.done[*number])
    }

    fn mark(&mut self, number: usize) {
        self.left -= usize::from(!std::mem::replace(&mut self.done[number], true));
    }
}

impl AnyLane {
    /// For many clients, each with a pass of its own.
    pub(crate) fn for_many() -> Self {
        Self { many: true, ..Self::default() }
    }

    /// Whether an exchange was served, in whichever pass.
    pub(crate) fn is_served(&self, number: usize) -> bool {
        self.complete > 0 || self.passes.values().any(|pass| pass.done.get(number) == Some(&true))
    }

    /// Passes that began, and those that came to their end.
    pub(crate) fn passes(&self) -> (u64, u64) {
        (self.opened, self.complete)
    }

    /// The number of the exchange for a request, and its key; or the exchange that was due, or the last step.
    pub(crate) fn serve(
        &mut self,
        cassette: &Cassette,
        lane: &str,
        attempt: u32,
        prompt: &Prompt,
        in_order: bool,
    ) -> Result<(usize, Digest), Result<usize, u32>> {
        self.requests += 1;
        if !self.lanes.contains_key(lane) {
            self.forget();
            self.lanes.insert(lane.to_owned(), Followed::default());
        }
        let (mut key, mut last) = (None, None);
        if let Some(followed) = self.lanes.get_mut(lane) {
            followed.used = self.requests;
            key = followed.tracker.key(prompt, &cassette.profile).ok();
            last = followed.last;
        }
        let numbers = key.and_then(|key| cassette.any.get(&key)).map_or(&[][..], Vec::as_slice);
        let (Some(key), Some(final_one)) = (key, numbers.last()) else {
            return Err(self.due(cassette, lane, prompt));
        };
        // It was served whole and did not arrive: the client asks again.
        let again = attempt > 1 && cassette.exchanges[*final_one].status == 200;
        let found = match self.pass_for(cassette, last, key, numbers) {
            Some(found) => Some(found),
            None if again => last.map(|(pass, _)| (pass, *final_one)),
            None => self.open(cassette, numbers),
        };
        let Some((pass, number)) = found else { return Err(self.due(cassette, lane, prompt)) };
        let due = in_order.then(|| self.due(cassette, lane, prompt));
        if let Some(due) = due.filter(|due| *due != Ok(number)) {
            return Err(due);
        }
        if let Some(state) = self.passes.get_mut(&pass) {
            *state.given.entry(key).or_default() += 1;
        }
        self.mark(pass, number);
        if let Some(followed) = self.lanes.get_mut(lane) {
            followed.last = Some((pass, number));
        }
        Ok((number, key))
    }

    /// The open pass that goes on with a key: the lane's own before any other. A lane that begins takes what began one.
    fn pass_for(
        &self,
        cassette: &Cassette,
        last: Option<(u64, usize)>,
        key: Digest,
        numbers: &[usize],
    ) -> Option<(u64, usize)> {
        let own = last.and_then(|(pass, _)| Some((pass, self.passes.get(&pass)?.next(key, numbers)?)));
        let begins =
            |number: usize| cassette.exchanges[number].step == 1 && cassette.exchanges[number].attempt == 1;
        own.or_else(|| {
            let mut open =
                self.passes.iter().filter_map(|(pass, state)| Some((*pass, state.next(key, numbers)?)));
            open.find(|(_, number)| !self.many || last.is_some() || begins(*number))
        })
    }

    /// Begins a pass with a key, where one may begin.
    fn open(&mut self, cassette: &Cassette, numbers: &[usize]) -> Option<(u64, usize)> {
        if self.opened > 0 && !self.many {
            return None;
        }
        let number = *numbers.first()?;
        Some((self.begin(cassette), number))
    }

    fn begin(&mut self, cassette: &Cassette) -> u64 {
        if self.passes.len() >= PASSES_MAX {
            self.passes.pop_first();
        }
        self.opened += 1;
        self.passes.insert(self.opened, Pass::new(cassette));
        self.opened
    }

    fn mark(&mut self, pass: u64, number: usize) {
        let Some(state) = self.passes.get_mut(&pass) else { return };
        let open = state.left > 0;
        state.mark(number);
        if open && state.left == 0 {
            self.complete += 1;
            if self.many {
                self.passes.remove(&pass);
            }
        }
    }

    /// What stands now for the values of the exchange that a lane was just served.
    pub(crate) fn renames<'c>(
        &mut self,
        cassette: &'c Cassette,
        lane: &str,
        number: usize,
    ) -> Option<Renames<'c>> {
        if !cassette.profile.follows() {
            return None;
        }
        let followed = self.lanes.get_mut(lane)?;
        // A recorded request whose block is no JSON has no key, so that it is never served.
        let recorded = followed.recorded.request(cassette, number).ok()?;
        let renames = Renames::new(&cassette.profile, recorded, followed.tracker.chain());
        (!renames.is_empty()).then_some(renames)
    }

    /// The exchange that a lane was served last.
    pub(crate) fn last(&self, lane: &str) -> Option<usize> {
        self.lanes.get(lane)?.last.map(|(_, number)| number)
    }

    /// Serves a lane an exchange whatever it asked.
    pub(crate) fn serve_due(&mut self, cassette: &Cassette, lane: &str, number: usize) {
        let last = self.lanes.get(lane).and_then(|followed| followed.last);
        let open =
            last.map(|(pass, _)| pass).or(Some(self.opened).filter(|opened| *opened > 0 && !self.many));
        let pass = open.unwrap_or_else(|| self.begin(cassette));
        self.mark(pass, number);
        if let Some(followed) = self.lanes.get_mut(lane) {
            followed.last = Some((pass, number));
        }
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
        let last = self.lanes.get(lane).and_then(|followed| followed.last);
        let pass = last.map_or(self.opened, |(pass, _)| pass);
        let done = self.passes.get(&pass).map(|pass| &pass.done);
        let open = |number: &usize| done.is_none_or(|done| !done[*number]);
        if let Some((_, last)) = last {
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
