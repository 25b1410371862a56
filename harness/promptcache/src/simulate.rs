//! What a provider's rules give for each request, in the order that they were sent. The work for a request is linear in
//! what it adds to the one before it in its thread. Knows nothing of why a prefix changed.

use std::collections::HashMap;

use base::{Digest, Hasher};
use serde::Serialize;
use wire::BlockKind;

use crate::prepared::{Head, Piece, Prepared, head_of};
use crate::profile::{Profile, Rule};
use crate::segment::Mark;
use crate::session::{Call, Session};
use crate::store::{Entry, State, Store};

/// What the rules give for one call, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Predicted {
    /// The whole prompt: as reported, else as counted.
    pub input: u64,
    /// The whole prompt as it was counted.
    pub counted: u64,
    /// Read from the cache.
    pub cached: u64,
    /// Written to it.
    pub written: u64,
    /// Those of them that live for an hour.
    pub written_hour: u64,
    /// What a cache would give that keeps everything for ever, whatever its length.
    pub perfect: u64,
}

/// Why less was read than the request before had left there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lapse {
    /// It was not kept any more.
    Expired,
    /// It had to make room.
    Evicted,
    /// Its answer had not begun.
    Unready,
    /// No breakpoint of this request is near enough to it.
    OutOfReach,
    /// There was too little of it.
    BelowMinimum,
    /// The request before asked for nothing to be written.
    NotWritten,
}

/// How a request follows the one before in its thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Step {
    pub(crate) predicted: Predicted,
    /// Whether it is the first of its thread.
    pub(crate) first: bool,
    /// Positions of the request before that this one begins with; and how many that had.
    pub(crate) common: usize,
    pub(crate) before: usize,
    /// Whether a member that belongs to every key changed, or one that belongs to those of the conversation.
    pub(crate) scope_changed: bool,
    pub(crate) item_scope_changed: bool,
    /// Tokens that stood in the cache after the request before, as far as this prompt is long.
    pub(crate) expected: u64,
    /// Tokens and bytes before the first changed segment.
    pub(crate) common_tokens: u64,
    pub(crate) common_bytes: u64,
    /// Why less was read although nothing changed.
    pub(crate) lapse: Option<Lapse>,
    /// Since the request before of this thread, in microseconds, where times are known.
    pub(crate) idle_us: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
struct Position {
    chain: Digest,
    tokens: u64,
    bytes: u64,
    own: u64,
    mark: Option<Mark>,
    ends: bool,
}

#[derive(Debug, Default)]
struct Thread {
    blocks: Vec<u32>,
    /// For each block the number of positions before it.
    starts: Vec<usize>,
    positions: Vec<Position>,
    /// The positions with a breakpoint.
    marked: Vec<usize>,
    head: Head,
    /// What the last request dropped of the one before it: its blocks behind those kept, and its head.
    dropped: (usize, Vec<u32>, Head),
    last_us: i64,
    /// Tokens that the last call left in the cache.
    reach: u64,
    /// Whether it was too short to be kept.
    too_short: bool,
    began: bool,
}

/// A cache, and who asked it.
pub(crate) struct Simulation<'a> {
    session: &'a Session,
    prepared: &'a Prepared,
    profile: &'a Profile,
    store: Store,
    seen: HashMap<Digest, u64>,
    names: HashMap<&'a str, usize>,
    threads: Vec<Thread>,
    /// Reported by counted tokens so far.
    ratio: (u64, u64),
    timed: bool,
    every_mark_for_an_hour: bool,
}

impl<'a> Simulation<'a> {
    pub(crate) fn new(
        session: &'a Session,
        prepared: &'a Prepared,
        profile: &'a Profile,
        an_hour: bool,
    ) -> Self {
        Self {
            session,
            prepared,
            profile,
            store: Store::new(profile.capacity_tokens),
            seen: HashMap::new(),
            names: HashMap::new(),
            threads: Vec::new(),
            ratio: (0, 0),
            timed: session.calls.iter().all(|call| call.at_us.is_some()),
            every_mark_for_an_hour: an_hour,
        }
    }

    /// The blocks of a thread's last request.
    pub(crate) fn blocks(&self, thread: &str) -> &[u32] {
        self.names.get(thread).map_or(&[], |at| &self.threads[*at].blocks)
    }

    /// The blocks of the request before the last one.
    pub(crate) fn blocks_before(&self, thread: &str) -> Vec<u32> {
        let Some(at) = self.names.get(thread) else { return Vec::new() };
        let Thread { blocks, dropped: (keep, tail, _), .. } = &self.threads[*at];
        blocks[..*keep].iter().chain(tail).copied().collect()
    }

    /// The first member of a key that the last request changed: its path, and its values before and now.
    pub(crate) fn changed_member(&self, thread: &str) -> Option<(&str, &str, &str)> {
        let thread = &self.threads[*self.names.get(thread)?];
        let pairs = thread.dropped.2.members.iter().zip(&thread.head.members);
        let ((path, old), (_, new)) = pairs.into_iter().find(|(old, new)| old != new)?;
        Some((path, old, new))
    }

    /// Takes the next call; nothing where its request is not known.
    pub(crate) fn step(&mut self, number: usize) -> Option<Step> {
        let call = &self.session.calls[number];
        let sent = call.request.as_ref()?;
        let next = self.threads.len();
        let at = *self.names.entry(call.thread.as_str()).or_insert(next);
        if at == next {
            self.threads.push(Thread::default());
        }
        // Without times nothing expires, and one call comes after the other.
        let now_us = if self.timed { call.at_us.unwrap_or_default() } else { number as i64 };
        let mut step = self.follow(at, sent.keep, &sent.add);
        step.idle_us = (self.timed && !step.first).then(|| now_us - self.threads[at].last_us);
        let counted = self.threads[at].positions.last().map_or(0, |position| position.tokens);
        let input = self.input(call, counted);
        let scale = Scale { input, counted };
        step.predicted.input = input;
        step.predicted.counted = counted;
        step.common_tokens = scale.of(step.common_tokens);
        let (hit, lapse) = self.read(at, now_us, &step);
        let cached = hit.map_or(0, |(_, tokens)| {
            tokens.min(input) / self.profile.block.max(1) * self.profile.block.max(1)
        });
        let cached = if cached < self.profile.minimum { 0 } else { cached };
        step.predicted.cached = cached;
        step.predicted.perfect = self.perfect(at, input).max(cached);
        step.expected = self.threads[at].reach.min(input);
        let nothing = |lapse: &Lapse| matches!(lapse, Lapse::BelowMinimum | Lapse::NotWritten);
        step.lapse = lapse.filter(|lapse| nothing(lapse) || cached < step.expected || step.first);
        let ready_us = now_us.saturating_add(ready(call, self.timed));
        self.write(at, hit.map(|(position, _)| position), scale, (now_us, ready_us), &mut step);
        self.threads[at].last_us = now_us;
        Some(step)
    }

    /// What the prompt has: as reported, else as counted with what earlier reports make of a count.
    fn input(&mut self, call: &Call, counted: u64) -> u64 {
        match call.usage.map(|usage| usage.input_tokens).filter(|input| *input > 0) {
            Some(input) => {
                self.ratio = (self.ratio.0.saturating_add(input), self.ratio.1.saturating_add(counted));
                input
            }
            None => Scale { input: self.ratio.0, counted: self.ratio.1 }.of(counted),
        }
    }

    /// Brings a thread to the next request and says how that follows.
    fn follow(&mut self, at: usize, keep: usize, add: &[u32]) -> Step {
        let thread = &mut self.threads[at];
        let keep = keep.min(thread.blocks.len());
        let mut blocks = std::mem::take(&mut thread.blocks);
        let old_head = std::mem::take(&mut thread.head);
        let first = !std::mem::replace(&mut thread.began, true);
        let tail = blocks.split_off(keep);
        blocks.extend_from_slice(add);
        // Only a head that was not kept can be another one.
        let head =
            if keep > 0 { old_head.clone() } else { Head::of(head_of(self.session, &blocks), self.profile) };
        let scope_changed = !first && head.scope != old_head.scope;
        let item_scope_changed = !first && head.item_scope != old_head.item_scope;
        let items = || blocks.iter().position(|id| self.session.blocks[*id as usize].kind == BlockKind::Item);
        let mut same = keep;
        if scope_changed {
            same = 0;
        } else if keep == 0 && [&tail, &blocks].iter().all(|ids| begins_with_head(self.session, ids)) {
            // Of a head only what belongs to a key is of interest.
            same = 1 + tail.iter().zip(&blocks).skip(1).take_while(|(old, new)| old == new).count();
        }
        if item_scope_changed {
            same = same.min(items().unwrap_or(same));
        }
        let before = thread.positions.len();
        let old: Vec<Position> =
            thread.positions.split_off(thread.starts.get(same).copied().unwrap_or(before).min(before));
        let kept = thread.positions.len();
        thread.marked.truncate(thread.marked.partition_point(|at| *at < kept));
        thread.starts.truncate(same);
        for id in &blocks[same..] {
            thread.starts.push(thread.positions.len());
            let kind = self.session.blocks[*id as usize].kind;
            for piece in &self.prepared.pieces[*id as usize] {
                let position = next(thread.positions.last(), piece, kind, &head);
                thread.marked.extend(position.mark.map(|_| thread.positions.len()));
                thread.positions.push(position);
            }
        }
        let new = &thread.positions[kept..];
        let common = kept + old.iter().zip(new).take_while(|(old, new)| old.chain == new.chain).count();
        let end = common.checked_sub(1).and_then(|last| thread.positions.get(last));
        let (common_tokens, common_bytes) = end.map_or((0, 0), |position| (position.tokens, position.bytes));
        thread.blocks = blocks;
        thread.head = head;
        thread.dropped = (keep, tail, old_head);
        Step {
            first,
            common,
            before,
            scope_changed,
            item_scope_changed,
            common_tokens,
            common_bytes,
            ..Step::default()
        }
    }

    /// When an entry was last used: also by the thread that wrote it and has gone on from it since.
    fn used_us(&self, key: &Digest, entry: &Entry) -> i64 {
        let (thread, position) = entry.owner;
        let owner = &self.threads[thread];
        let still = owner.positions.get(position).is_some_and(|there| there.chain == *key);
        if still { entry.used_us.max(owner.last_us) } else { entry.used_us }
    }

    /// The longest prefix that can be read: its position and its tokens; and what stood in the way of a longer one.
    fn read(&self, at: usize, now_us: i64, step: &Step) -> (Option<(usize, u64)>, Option<Lapse>) {
        let thread = &self.threads[at];
        let mut lapse = None;
        let mut try_at = |position: usize| {
            let key = thread.positions[position].chain;
            let Some(entry) = self.store.get(&key) else {
                if self.store.was_evicted(&key) {
                    lapse.get_or_insert(Lapse::Evicted);
                }
                return None;
            };
            // The thread's own last call used all that this one begins with.
            let used = self.used_us(&key, entry);
            let used = if position < step.common && !step.first { used.max(thread.last_us) } else { used };
            match entry.state(now_us, used) {
                State::Alive => return Some((position, entry.tokens)),
                State::Expired => lapse.get_or_insert(Lapse::Expired),
                State::Unready => lapse.get_or_insert(Lapse::Unready),
            };
            None
        };
        let hit = self.candidates(thread).find_map(&mut try_at);
        // What an unchanged prefix missed without an entry in the way.
        let missed = match thread.reach {
            _ if thread.too_short => Lapse::BelowMinimum,
            0 => Lapse::NotWritten,
            _ => Lapse::OutOfReach,
        };
        (hit, lapse.or((!step.first).then_some(missed)))
    }

    /// Positions at which a read is tried, longest first.
    fn candidates<'t>(&self, thread: &'t Thread) -> Box<dyn Iterator<Item = usize> + 't> {
        let positions = &thread.positions;
        match self.profile.rule {
            Rule::Prefix => Box::new((0..positions.len()).rev()),
            Rule::Explicit => {
                let mut found: Vec<usize> = Vec::new();
                for mark in self.marks(thread) {
                    found.extend(mark.saturating_sub(self.profile.lookback)..=mark);
                }
                found.sort_unstable_by(|a, b| b.cmp(a));
                found.dedup();
                Box::new(found.into_iter())
            }
            Rule::Implicit if thread.head.explicit_only => {
                Box::new(thread.marked.iter().rev().copied().take(self.profile.lookback))
            }
            Rule::Implicit => {
                let eligible = |at: &usize| positions[*at].mark.is_some() || positions[*at].ends;
                Box::new((0..positions.len()).rev().filter(eligible).take(self.profile.lookback))
            }
        }
    }

    /// The last breakpoints of a request that count, last first.
    fn marks(&self, thread: &Thread) -> Vec<usize> {
        let automatic = thread.head.automatic.and_then(|_| thread.positions.len().checked_sub(1));
        let marked = thread.marked.iter().rev().copied().filter(|at| Some(*at) != automatic);
        automatic.into_iter().chain(marked).take(self.profile.breakpoints).collect()
    }

    fn perfect(&self, at: usize, input: u64) -> u64 {
        let positions = &self.threads[at].positions;
        let found = positions.iter().rev().find_map(|position| self.seen.get(&position.chain));
        found.map_or(0, |tokens| (*tokens).min(input))
    }

    /// Writes what the request leaves behind and says how much of it is new.
    fn write(
        &mut self,
        at: usize,
        hit: Option<usize>,
        scale: Scale,
        (now_us, ready_us): (i64, i64),
        step: &mut Step,
    ) {
        let targets = self.targets(at, step.common);
        let minimum = self.profile.minimum;
        let mut reach = step.predicted.cached;
        let (mut last, mut last_hour) = (0, 0);
        let thread = &self.threads[at];
        let mut entries = Vec::with_capacity(targets.len());
        for (position, hour) in targets {
            let there = &thread.positions[position];
            let tokens = scale.of(there.tokens);
            if tokens < minimum {
                continue;
            }
            let ttl_s =
                if hour { self.profile.ttl_hour_s.or(self.profile.ttl_s) } else { self.profile.ttl_s };
            let ttl_us = ttl_s.map(|seconds| seconds as i64 * 1_000_000);
            reach = reach.max(tokens);
            last = last.max(tokens);
            last_hour = if hour { last_hour.max(tokens) } else { last_hour };
            entries.push((
                there.chain,
                Entry { tokens, readable_us: ready_us, used_us: now_us, ttl_us, owner: (at, position) },
            ));
        }
        if let Some(hit) = hit {
            let key = thread.positions[hit].chain;
            if let Some(entry) = self.store.get_mut(&key) {
                entry.used_us = entry.used_us.max(now_us);
            }
        }
        for (key, entry) in entries {
            // What can be read already, or will be, stays so.
            let old = self.store.get(&key).map(|old| (old.state(now_us, old.used_us), old.readable_us));
            let readable_us = match old {
                Some((State::Alive | State::Unready, readable_us)) => readable_us,
                _ => entry.readable_us,
            };
            self.store.insert(key, Entry { readable_us, ..entry });
        }
        let block = self.profile.block.max(1);
        let cached = step.predicted.cached;
        if self.profile.rule != Rule::Prefix {
            step.predicted.written = last.saturating_sub(cached);
            step.predicted.written_hour = last_hour.saturating_sub(cached).min(step.predicted.written);
        }
        let thread = &mut self.threads[at];
        thread.reach = reach / block * block;
        thread.too_short = step.predicted.input < minimum;
        thread.reach = if reach < minimum { 0 } else { thread.reach };
        for position in &self.threads[at].positions[step.common.min(self.threads[at].positions.len())..] {
            self.seen.entry(position.chain).or_insert_with(|| scale.of(position.tokens));
        }
        if self.store.is_bounded() {
            let positions = &self.threads[at].positions;
            self.store.touch(positions.iter().map(|position| (position.chain, scale.of(position.own))));
        }
    }

    /// Where the request leaves an entry, and whether it is to live for an hour.
    fn targets(&self, at: usize, common: usize) -> Vec<(usize, bool)> {
        let thread = &self.threads[at];
        let hour = |mark: Option<Mark>| mark.is_some_and(|mark| mark.hour) || self.every_mark_for_an_hour;
        match self.profile.rule {
            // What it begins with was written before, unless it is gone since.
            Rule::Prefix if !self.store.is_bounded() => {
                let again = common.saturating_sub(1);
                (again..thread.positions.len()).map(|position| (position, false)).collect()
            }
            Rule::Prefix => (0..thread.positions.len()).map(|position| (position, false)).collect(),
            Rule::Explicit => {
                let marks = self.marks(thread);
                let mark = |at: usize| thread.positions[at].mark.or(thread.head.automatic);
                marks.into_iter().map(|at| (at, hour(mark(at)))).collect()
            }
            Rule::Implicit => {
                let mut found: Vec<usize> = Vec::new();
                let positions = &thread.positions;
                if !thread.head.explicit_only {
                    found.extend((0..positions.len()).rev().find(|at| positions[*at].ends));
                }
                for mark in self.marks(thread) {
                    if found.len() < self.profile.breakpoints && !found.contains(&mark) {
                        found.push(mark);
                    }
                }
                found.into_iter().map(|at| (at, false)).collect()
            }
        }
    }
}

fn begins_with_head(session: &Session, blocks: &[u32]) -> bool {
    blocks.first().is_some_and(|id| session.blocks[*id as usize].kind == BlockKind::Head)
}

/// From a request to the first content of its answer, in microseconds.
fn ready(call: &Call, timed: bool) -> i64 {
    let known = call.ttft_us.or(call.total_us).filter(|_| timed);
    known.and_then(|us| i64::try_from(us).ok()).unwrap_or(0)
}

/// The position behind another one.
fn next(last: Option<&Position>, piece: &Piece, kind: BlockKind, head: &Head) -> Position {
    let mut hasher = Hasher::new("cache position");
    match last {
        Some(last) => hasher.field(last.chain.as_bytes()),
        None => hasher.field(head.scope.as_ref().map_or(&[][..], |scope| scope.as_bytes())),
    };
    hasher.number(kind as u64).field(piece.digest.as_bytes());
    if kind == BlockKind::Item
        && let Some(scope) = &head.item_scope
    {
        hasher.field(scope.as_bytes());
    }
    let (tokens, bytes) = last.map_or((0, 0), |last| (last.tokens, last.bytes));
    Position {
        chain: hasher.finish(),
        tokens: tokens + piece.tokens,
        bytes: bytes + piece.bytes,
        own: piece.tokens,
        mark: piece.mark,
        ends: piece.ends_message,
    }
}

/// From counted to reported tokens.
#[derive(Clone, Copy, Debug)]
struct Scale {
    input: u64,
    counted: u64,
}

impl Scale {
    fn of(self, tokens: u64) -> u64 {
        if self.counted == 0 || self.input == 0 {
            return tokens;
        }
        (u128::from(tokens) * u128::from(self.input) / u128::from(self.counted)) as u64
    }
}
