//! A replay's requests beside the recorded ones: what differs and is let pass, what is only spelt differently, and
//! which values the profile's rules covered. Nothing is done here for a request that is the recorded one byte for byte.
//! Knows nothing of which exchange is served.

use std::collections::{BTreeMap, HashMap, HashSet};

use base::Digest;
use serde::Serialize;
use wire::{Comparison, Difference, JsonError, Prompt, Side, Spelling, Thread, Tracker, spelling};

use crate::load::Walk;
use crate::{Cassette, Covered, Met, Renames, RuleText, Terms};

/// Lanes that are kept side by side; of more the one that was quiet for longest is forgotten.
const LANES_MAX: usize = 256;
/// Findings that are kept.
const FINDINGS_MAX: usize = 1000;
/// Values that are shown of a rule.
const EXAMPLES: usize = 3;

/// A block that is the recorded one to a reader, and another to a provider's cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The client's lane.
    pub lane: String,
    /// The step whose request first held it.
    pub step: u32,
    /// The block, from 0.
    pub block: usize,
    /// How it is spelt otherwise.
    pub spelling: Spelling,
}

/// What a rule of the profile covered in a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleUse {
    /// The rule.
    pub rule: RuleText,
    /// Values that it covered, each block of a conversation once.
    pub count: u64,
    /// Those that differ from the recorded ones: without the rule each of them would have been a difference.
    pub needed: u64,
    /// Some of these: path in the block, recorded value, value now.
    pub examples: Vec<(String, String, String)>,
}

/// Everything that was noted of a replay.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    lanes: HashMap<String, Beside>,
    pub(crate) met: Vec<Met>,
    pub(crate) findings: Vec<Finding>,
    uses: BTreeMap<usize, Use>,
    requests: u64,
    /// Whether the uses of rules are counted.
    pub(crate) explains: bool,
}

#[derive(Debug, Default)]
struct Use {
    count: u64,
    needed: u64,
    examples: Vec<(String, String, String)>,
}

/// One lane's request beside a recorded one.
#[derive(Debug, Default)]
struct Beside {
    walk: Walk,
    recorded: Prompt,
    old: Tracker,
    new: Tracker,
    comparison: Comparison,
    told: HashSet<Difference>,
    /// The conversation whose blocks were looked at, which history of it, and the stamps of those blocks.
    thread: Option<Thread>,
    generation: u32,
    seen: Vec<u32>,
    used: u64,
}

impl Beside {
    /// Brings the recorded side to an exchange, normalised.
    fn follow(&mut self, cassette: &Cassette, number: usize) -> Result<(), JsonError> {
        let blocks = self.walk.to(cassette, number).iter().map(|id| &cassette.blocks[*id as usize].block);
        let pieces: Vec<_> = blocks.map(|block| (block.kind, &*block.raw)).collect();
        self.recorded.follow(&pieces);
        self.old.key(&self.recorded, &cassette.profile).map(drop)
    }
}

impl Notes {
    fn lane(&mut self, name: &str) -> &mut Beside {
        self.requests += 1;
        if !self.lanes.contains_key(name) && self.lanes.len() >= LANES_MAX {
            let oldest = self.lanes.iter().min_by_key(|(_, lane)| lane.used).map(|(name, _)| name.clone());
            self.lanes.retain(|name, _| Some(name) != oldest.as_ref());
        }
        let lane = self.lanes.entry(name.to_owned()).or_default();
        lane.used = self.requests;
        lane
    }

    /// Compares a request with the exchange that is due: the difference that does not pass, or nothing where all do,
    /// which are noted then. The other error: the request is not JSON.
    pub(crate) fn judge(
        &mut self,
        cassette: &Cassette,
        terms: &Terms,
        lane: &str,
        due: usize,
        prompt: &Prompt,
    ) -> Result<Judged, JsonError> {
        let beside = self.lane(lane);
        beside.follow(cassette, due)?;
        let key = beside.new.key(prompt, &cassette.profile)?;
        let exchange = &cassette.exchanges[due];
        let protocol = exchange.protocol.unwrap_or(cassette.header.protocol);
        let (old, new) =
            (Side { prompt: &beside.recorded, tracker: &beside.old }, Side { prompt, tracker: &beside.new });
        let found = beside.comparison.follow(protocol, old, new, &cassette.profile);
        if found.is_empty() {
            return Ok(Judged::Same(key));
        }
        if let Some(undeclared) = found.iter().find(|difference| terms.allow(difference).is_none()) {
            return Ok(Judged::Differs(undeclared.clone()));
        }
        let fresh: Vec<Difference> =
            found.iter().filter(|difference| !beside.told.contains(*difference)).cloned().collect();
        beside.told.extend(fresh.iter().cloned());
        for difference in fresh {
            if let Some(allowed) = terms.allow(&difference) {
                self.met.push(Met { lane: lane.to_owned(), step: exchange.step, difference, allowed });
            }
        }
        Ok(Judged::Passes(key))
    }

    /// What stands now for the values of the exchange that a lane's request was just compared with.
    pub(crate) fn renames<'c>(&self, cassette: &'c Cassette, lane: &str) -> Option<Renames<'c>> {
        let renames = Renames::of(&cassette.profile, self.lanes.get(lane)?.comparison.pairs());
        (!renames.is_empty()).then_some(renames)
    }

    /// Notes of a request that has the recorded key what is only spelt differently, and what the rules covered.
    pub(crate) fn matched(&mut self, cassette: &Cassette, lane: &str, number: usize, prompt: &Prompt) {
        let explains = self.explains && cassette.profile.has_rules();
        let beside = self.lane(lane);
        let ids = beside.walk.to(cassette, number);
        let mut others = Vec::new();
        if beside.thread.as_ref() != Some(prompt.thread()) {
            beside.thread = Some(prompt.thread().clone());
            beside.seen.clear();
        }
        beside.seen.truncate(prompt.blocks().len());
        // Within one history only what is at its end is new.
        let known = if beside.generation == prompt.generation() { beside.seen.len() } else { 0 };
        beside.generation = prompt.generation();
        let blocks = prompt.blocks().iter().zip(prompt.stamps()).enumerate().skip(known);
        for (at, (block, stamp)) in blocks {
            match beside.seen.get_mut(at) {
                Some(seen) if *seen == *stamp => continue,
                Some(seen) => *seen = *stamp,
                None => beside.seen.push(*stamp),
            }
            let recorded = ids.get(at).map(|id| &cassette.blocks[*id as usize].block);
            if let Some(recorded) = recorded.filter(|recorded| explains || recorded.raw != block.raw) {
                others.push((at, spelling(&recorded.raw, &block.raw)));
            }
        }
        let step = cassette.exchanges[number].step;
        if explains {
            let blocks: Vec<usize> = others.iter().map(|(at, _)| *at).collect();
            self.explain(cassette, lane, number, prompt, &blocks);
        }
        for (block, spelling) in others {
            if let Some(spelling) = spelling.filter(|_| self.findings.len() < FINDINGS_MAX) {
                self.findings.push(Finding { lane: lane.to_owned(), step, block, spelling });
            }
        }
    }

    fn explain(&mut self, cassette: &Cassette, lane: &str, number: usize, prompt: &Prompt, blocks: &[usize]) {
        let Some(beside) = self.lanes.get_mut(lane) else { return };
        let profile = &cassette.profile;
        if beside.new.key(prompt, profile).is_err() || beside.follow(cassette, number).is_err() {
            return;
        }
        for at in blocks {
            let covered = |prompt: &Prompt, tracker: &Tracker| -> Vec<Covered> {
                let Some(block) = prompt.blocks().get(*at) else { return Vec::new() };
                profile.covered_in(block, tracker.chain().followed_before(*at)).unwrap_or_default()
            };
            let (old, new) = (covered(&beside.recorded, &beside.old), covered(prompt, &beside.new));
            // A member that may be missing is in one of them alone.
            let mut rest = old.as_slice();
            for now in new {
                let found = rest.iter().position(|old| old.rule == now.rule && old.path == now.path);
                let recorded = found.and_then(|found| rest.get(found).cloned());
                rest = found.map_or(rest, |found| &rest[found + 1..]);
                let used = self.uses.entry(now.rule).or_default();
                used.count += 1;
                let recorded = recorded.map_or_else(String::new, |old| old.value);
                if recorded != now.value {
                    used.needed += 1;
                    if used.examples.len() < EXAMPLES {
                        used.examples.push((now.path, recorded, now.value));
                    }
                }
            }
        }
    }

    /// What the rules covered, those that were needed first.
    pub(crate) fn rules(&self, cassette: &Cassette) -> Vec<RuleUse> {
        let texts = cassette.profile.rules();
        let uses = self.uses.iter().filter_map(|(rule, used)| {
            let Use { count, needed, examples } = used;
            let rule = texts.get(*rule)?.clone();
            Some(RuleUse { rule, count: *count, needed: *needed, examples: examples.clone() })
        });
        let mut uses: Vec<RuleUse> = uses.collect();
        uses.sort_by_key(|used| std::cmp::Reverse(used.needed.min(1)));
        uses
    }
}

/// What a comparison came to.
#[derive(Debug)]
pub(crate) enum Judged {
    /// Nothing differs; the request's key.
    Same(Digest),
    /// All that differs may; the request's key.
    Passes(Digest),
    /// This may not.
    Differs(Difference),
}
