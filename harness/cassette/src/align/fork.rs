//! From which action on two sessions went different ways. Two witnesses are heard: the actions, of which a repeated,
//! inserted or reordered one counts little and a common rest counts against a fork; and the files, which from some action
//! on are never the same again. Knows nothing of how the two were aligned.

use std::collections::{BTreeSet, HashMap};

use super::matching::{ALIKE, Op};
use super::session::Target;
use super::{Action, Session, WhatChanged};

/// What one aligned place says for a fork before it (above 0) or against one, as a logarithm of odds. The figures were
/// chosen by hand; METHODOLOGY.md tells how well they find forks that were put there.
mod weight {
    /// Equal actions with equal outcomes, each done once by either side.
    pub(super) const SAME: f32 = -1.8;
    /// Of that, what is left where one side did it two or three times, or more often.
    pub(super) const SOME_TIMES: f32 = 0.6;
    pub(super) const OFTEN: f32 = 0.5;
    /// Of that, what is left where the outcome differs.
    pub(super) const OTHER_OUTCOME: f32 = 0.4;
    /// Both answered: every session ends like that.
    pub(super) const BOTH_ANSWERED: f32 = -0.3;
    /// Alike calls that only look, and ones that change files.
    pub(super) const ALIKE_LOOK: f32 = 0.2;
    pub(super) const ALIKE_WRITE: f32 = 3.0;
    /// A call of one side alone: again what it has just done, in vain, a look, a change of files.
    pub(super) const REPEAT: f32 = 0.2;
    pub(super) const IN_VAIN: f32 = 0.4;
    pub(super) const LOOK: f32 = 0.5;
    pub(super) const WRITE: f32 = 1.5;
    /// A call in the place of another.
    pub(super) const INSTEAD: f32 = 1.5;
    /// An answer of one side alone.
    pub(super) const ANSWER: f32 = 1.0;
    /// By how much more a place has to say where the two did the same once more after it.
    pub(super) const BEFORE_A_MEETING: f32 = 0.5;
    /// What the places after a fork have to say together.
    pub(super) const FORK: f32 = 2.0;
}

/// How many places apart a look may have moved.
const MOVED_MAX: usize = 12;
/// How many actions back the same one makes a repetition.
const REPEAT_MAX: usize = 4;

/// What was found about an alignment.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// For each place, whether it is a look that the other side did a little earlier or later, and at which place.
    pub(super) moved: Vec<Option<usize>>,
    /// For each pair of equal actions, what about their outcomes differs.
    pub(super) differs: Vec<Option<WhatChanged>>,
    /// The place of the fork.
    pub(super) fork: Option<usize>,
}

/// One lane of two sessions.
#[derive(Clone, Copy)]
pub(super) struct Pair<'s> {
    pub(super) sessions: (&'s Session, &'s Session),
    pub(super) a: &'s [Action],
    pub(super) b: &'s [Action],
}

/// Looks at an alignment.
pub(super) fn find(pair: Pair<'_>, ops: &[Op]) -> Found {
    let differs = ops.iter().map(|op| match op {
        Op::Same(i, j) => pair.a[*i].outcome.differs(&pair.b[*j].outcome, pair.sessions.0, pair.sessions.1),
        _ => None,
    });
    let mut found = Found { differs: differs.collect(), moved: moved(pair, ops), fork: None };
    found.fork = [by_files(pair, ops), by_actions(pair, ops, &found)].into_iter().flatten().min();
    found
}

/// Looks that both sides did, one a little earlier than the other.
fn moved(pair: Pair<'_>, ops: &[Op]) -> Vec<Option<usize>> {
    let mut moved = vec![None; ops.len()];
    let mut open: HashMap<(bool, u64), Vec<usize>> = HashMap::new();
    for (at, op) in ops.iter().enumerate() {
        let (first, action) = match op {
            Op::OnlyA(i) => (true, &pair.a[*i]),
            Op::OnlyB(j) => (false, &pair.b[*j]),
            _ => continue,
        };
        if action.writes || action.tool().is_none() {
            continue;
        }
        match open.get_mut(&(!first, action.key)).and_then(Vec::pop).filter(|other| at - other <= MOVED_MAX) {
            Some(other) => (moved[at], moved[other]) = (Some(other), Some(at)),
            None => open.entry((first, action.key)).or_default().push(at),
        }
    }
    moved
}

/// The first action after which the files were never the same again; what a common action left differently counts for
/// nothing.
fn by_files(pair: Pair<'_>, ops: &[Op]) -> Option<usize> {
    let known = pair.sessions.0.effects && pair.sessions.1.effects;
    let (mut files, mut fork) = (Files { known, ..Files::default() }, None);
    for (at, op) in ops.iter().enumerate() {
        let mut touched = Vec::new();
        match op {
            Op::Same(i, j) | Op::Alike(i, j) => {
                files.act(0, &pair.a[*i], &mut touched);
                files.act(1, &pair.b[*j], &mut touched);
            }
            Op::OnlyA(i) if !is_retry(pair.a, *i) => files.act(0, &pair.a[*i], &mut touched),
            Op::OnlyB(j) if !is_retry(pair.b, *j) => files.act(1, &pair.b[*j], &mut touched),
            Op::OnlyA(_) | Op::OnlyB(_) => {}
        }
        files.compare(&touched, matches!(op, Op::Same(..)));
        fork = if files.differ.is_empty() { None } else { fork.or(Some(at)) };
    }
    fork
}

/// Whether a change of files whose outcome is not known was tried again at once.
fn is_retry(side: &[Action], at: usize) -> bool {
    let (action, next) = (&side[at], side.get(at + 1));
    !action.targets.is_empty()
        && next.is_some_and(|next| next.targets == action.targets && next.likeness(action) >= ALIKE)
}

/// The files of both sessions, as far as their actions touched them.
#[derive(Default)]
struct Files<'s> {
    /// Whether both sessions know what their actions did to files; else it is taken from the calls.
    known: bool,
    /// What each side's file holds, as a number; nothing where it was not touched.
    states: HashMap<&'s str, [Option<u64>; 2]>,
    differ: BTreeSet<&'s str>,
    ignored: BTreeSet<&'s str>,
}

impl<'s> Files<'s> {
    fn act(&mut self, side: usize, action: &'s Action, touched: &mut Vec<&'s str>) {
        if self.known {
            for (path, state) in &action.outcome.effect.0 {
                self.states.entry(path).or_default()[side] = Some(number(state.as_str(), 0));
                touched.push(path);
            }
            return;
        }
        for Target { path, replaced } in &action.targets {
            let state = &mut self.states.entry(path).or_default()[side];
            let before = state.filter(|_| !*replaced).unwrap_or(0);
            *state = Some(number(path, before.rotate_left(7) ^ action.key));
            touched.push(path);
        }
    }

    fn compare(&mut self, touched: &[&'s str], is_same: bool) {
        for path in touched {
            // A commit's time is in its digest.
            if path.starts_with(".git/") || path.contains("/.git/") || self.ignored.contains(path) {
                continue;
            }
            let equal = self.states.get(path).is_none_or(|[a, b]| a == b);
            if equal {
                self.differ.remove(path);
            } else if is_same && self.known && !self.differ.contains(path) {
                self.ignored.insert(path);
            } else {
                self.differ.insert(path);
            }
        }
    }
}

/// FNV-1a.
fn number(text: &str, seed: u64) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, |number, byte| {
        (number ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The place after which the actions say most that the sessions had parted: of all sums from a place to the end, the
/// greatest, if it is great enough. (A change of the model behind the places, found by likelihood: Page 1954.)
fn by_actions(pair: Pair<'_>, ops: &[Op], found: &Found) -> Option<usize> {
    let often = often(pair);
    let (mut sum, mut best, mut met) = (0.0_f32, (weight::FORK, None), false);
    for at in (0..ops.len()).rev() {
        let says = says(pair, ops, at, found, &often);
        sum += says;
        met |= matches!(ops[at], Op::Same(..));
        let enough = best.0 + if met && best.1.is_some() { weight::BEFORE_A_MEETING } else { 0.0 };
        if says > 0.0 && sum >= enough {
            (best, met) = ((sum, Some(at)), false);
        }
    }
    best.1
}

/// How often each action was done by the side that did it more often.
fn often(pair: Pair<'_>) -> HashMap<u64, u32> {
    let mut often: HashMap<u64, u32> = HashMap::new();
    for side in [pair.a, pair.b] {
        let mut counts: HashMap<u64, u32> = HashMap::new();
        side.iter().for_each(|action| *counts.entry(action.key).or_default() += 1);
        for (key, count) in counts {
            let most = often.entry(key).or_default();
            *most = count.max(*most);
        }
    }
    often
}

fn says(pair: Pair<'_>, ops: &[Op], at: usize, found: &Found, often: &HashMap<u64, u32>) -> f32 {
    if found.moved[at].is_some() {
        return 0.0;
    }
    match ops[at] {
        Op::Same(i, _) if pair.a[i].tool().is_none() => weight::BOTH_ANSWERED,
        Op::Same(i, _) => {
            let rare = match often.get(&pair.a[i].key) {
                Some(0 | 1) | None => 1.0,
                Some(2 | 3) => weight::SOME_TIMES,
                Some(_) => weight::OFTEN,
            };
            weight::SAME * rare * if found.differs[at].is_some() { weight::OTHER_OUTCOME } else { 1.0 }
        }
        Op::Alike(i, j) if pair.a[i].writes || pair.b[j].writes => weight::ALIKE_WRITE,
        Op::Alike(..) => weight::ALIKE_LOOK,
        Op::OnlyA(i) => alone(pair.a, i, instead(ops, at, found)),
        Op::OnlyB(j) => alone(pair.b, j, instead(ops, at, found)),
    }
}

/// Whether beside this action of one side stands one of the other that has nothing to do with it.
fn instead(ops: &[Op], at: usize, found: &Found) -> bool {
    let other = |op: &Op| match ops[at] {
        Op::OnlyA(_) => matches!(op, Op::OnlyB(_)),
        _ => matches!(op, Op::OnlyA(_)),
    };
    let single =
        |near: usize| matches!(ops[near], Op::OnlyA(_) | Op::OnlyB(_)) && found.moved[near].is_none();
    let after = (at + 1..ops.len()).take_while(|near| single(*near)).take(MOVED_MAX);
    let before = (0..at).rev().take_while(|near| single(*near)).take(MOVED_MAX);
    after.chain(before).any(|near| other(&ops[near]))
}

fn alone(side: &[Action], at: usize, instead: bool) -> f32 {
    let action = &side[at];
    let same = |other: &Action| other.key == action.key;
    let repeat = is_repeat(side, at) || side.get(at + 1).is_some_and(same);
    match action.tool() {
        None => weight::ANSWER,
        Some(_) if repeat && !action.writes => weight::REPEAT,
        Some(_) if !action.writes && action.outcome.failed() => weight::IN_VAIN,
        Some(_) if instead => weight::INSTEAD,
        Some(_) if action.writes => weight::WRITE,
        Some(_) => weight::LOOK,
    }
}

/// Whether an action is one that its side has just done.
pub(super) fn is_repeat(side: &[Action], at: usize) -> bool {
    let before = side[..at].iter().rev().take(REPEAT_MAX);
    side[at].tool().is_some() && before.into_iter().any(|other| other.key == side[at].key)
}
