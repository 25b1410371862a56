//! What two sessions have in common and what not, as others read it: programs as JSON, people as a page. Knows nothing of
//! how it is shown.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wire::{Block, BlockKind, Cause, Exact, Normalise};

use super::fork::{self, Found, Pair};
use super::glimpse::{self, Glimpse};
use super::matching::{Op, align};
use super::{Action, Lane, Session};
use crate::Profile;

/// How many actions before a fork an output may have led to it.
const LED_MAX: usize = 8;
/// The agent's own lane.
const MAIN: &str = "main";

/// Two sessions side by side. The fields are those of `retake diff --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Whether both did the same with the same outcomes, in the same setting but for what was declared.
    pub equal: bool,
    /// Steps of the first session, by its longest lane.
    pub a_steps: u32,
    /// Steps of the second session.
    pub b_steps: u32,
    /// Actions that both did, whatever came of them.
    pub same: u32,
    /// How the openings differ: model, tools, instructions, first items. Never a fork.
    pub setting: Vec<SettingDifference>,
    /// The first place from which they went different ways.
    pub fork: Option<Fork>,
    /// Actions of the second session alone.
    pub inserted: Vec<Extra>,
    /// Actions of the first session alone.
    pub missing: Vec<Extra>,
    /// Actions of both that are not the same, or came to something else.
    pub changed: Vec<Changed>,
    /// Looks that both did, in another order.
    pub moved: Vec<Moved>,
}

/// One difference of two openings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingDifference {
    /// Why.
    pub cause: Cause,
    /// JSON path in the request.
    pub path: String,
    /// The two texts around it.
    pub diff: String,
    /// Whether it was declared.
    pub declared: bool,
}

/// Where two sessions went different ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// The lane.
    pub lane: String,
    /// The step of the first session; one more than it has where it had ended.
    pub a_step: u32,
    /// The step of the second session, likewise.
    pub b_step: u32,
    /// Why, in the words of a divergence: `item_changed` (another action), `item_inserted`, `item_missing`,
    /// `thread_ended_early` (the second stopped), `extra_request` (the first did).
    pub cause: Cause,
    /// What differs first about the two actions: `.name`, or a path such as `.arguments.cmd`.
    pub path: String,
    /// What the first session did.
    pub a: Option<Glimpse>,
    /// What the second session did.
    pub b: Option<Glimpse>,
    /// The output that led to it: the last one before it that differed; nothing where none did.
    pub led_by: Option<LedBy>,
}

/// Two outputs of one action, of which something followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedBy {
    /// The step in the first session.
    pub a_step: u32,
    /// The step in the second session.
    pub b_step: u32,
    /// The action.
    pub action: Glimpse,
    /// What differs about its outcomes.
    pub what: WhatChanged,
    /// The first output, from a little before the difference.
    pub a: String,
    /// The second output.
    pub b: String,
}

/// An action of one session alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extra {
    /// The lane.
    pub lane: String,
    /// The step whose answer held it.
    pub step: u32,
    /// The action.
    pub action: Glimpse,
    /// Whether its session had just done the same.
    pub repeated: bool,
    /// Whether it stands after the fork.
    pub after_fork: bool,
}

/// An action of both sessions that is not the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The lane.
    pub lane: String,
    /// The step in the first session.
    pub a_step: u32,
    /// The step in the second session.
    pub b_step: u32,
    /// What about it.
    pub what: WhatChanged,
    /// Where: a path in the call; empty for an outcome.
    pub path: String,
    /// The first session's action.
    pub a: Glimpse,
    /// The second session's.
    pub b: Glimpse,
    /// Whether it stands after the fork.
    pub after_fork: bool,
}

/// A look that one session did earlier than the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The lane.
    pub lane: String,
    /// The step in the first session.
    pub a_step: u32,
    /// The step in the second session.
    pub b_step: u32,
    /// The action.
    pub action: Glimpse,
    /// Whether it stands after the fork.
    pub after_fork: bool,
}

/// What about an action differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhatChanged {
    /// The call itself.
    Call,
    /// How it went: exit code or outcome.
    Exit,
    /// What it did to files.
    Files,
    /// The text that came back.
    Output,
}

/// Compares two sessions. The openings are compared with `profile`, else to the letter; a difference whose cause is in
/// `declared` was to be expected. Costs time and memory in proportion to the number of actions, and to the differences between them.
pub fn compare(a: &Session, b: &Session, profile: Option<&Profile>, declared: &[Cause]) -> Comparison {
    let normalise = profile.map_or(&Exact as &dyn Normalise, |profile| profile);
    let mut comparison = Comparison {
        equal: false,
        a_steps: a.steps(),
        b_steps: b.steps(),
        same: 0,
        setting: setting(a, b, normalise, declared),
        fork: None,
        inserted: Vec::new(),
        missing: Vec::new(),
        changed: Vec::new(),
        moved: Vec::new(),
    };
    let mut names: Vec<&str> = Vec::new();
    let mut seen = BTreeSet::new();
    for Lane { name, .. } in a.lanes.iter().chain(&b.lanes) {
        if seen.insert(name.as_str()) {
            names.push(name);
        }
    }
    for name in names {
        comparison.lane(name, Pair { sessions: (a, b), a: a.lane(name), b: b.lane(name) });
    }
    comparison.equal = comparison.setting.iter().all(|difference| difference.declared)
        && comparison.fork.is_none()
        && comparison.inserted.is_empty()
        && comparison.missing.is_empty()
        && comparison.changed.is_empty()
        && comparison.moved.is_empty();
    comparison
}

/// The first difference of each part of the two openings.
fn setting(
    a: &Session,
    b: &Session,
    normalise: &dyn Normalise,
    declared: &[Cause],
) -> Vec<SettingDifference> {
    if a.protocol != b.protocol || a.opening.is_empty() || b.opening.is_empty() {
        return Vec::new();
    }
    let part = |blocks: &[Block], kind: BlockKind| -> Vec<Block> {
        blocks.iter().filter(|block| block.kind == kind).cloned().collect()
    };
    let kinds = [BlockKind::Head, BlockKind::Tool, BlockKind::Instructions, BlockKind::Item];
    let found = kinds.into_iter().filter_map(|kind| {
        let (old, new) = (part(&a.opening, kind), part(&b.opening, kind));
        wire::difference(a.protocol, &old, &new, normalise).ok().flatten()
    });
    let found = found.map(|wire::Difference { cause, path, diff, .. }| SettingDifference {
        declared: declared.contains(&cause),
        cause,
        path,
        diff,
    });
    found.collect()
}

/// One lane of two sessions, aligned.
struct Aligned<'s> {
    lane: &'s str,
    pair: Pair<'s>,
    ops: Vec<Op>,
    found: Found,
}

impl Comparison {
    fn lane(&mut self, lane: &str, pair: Pair<'_>) {
        let ops = align(pair.a, pair.b);
        let found = fork::find(pair, &ops);
        let aligned = Aligned { lane, pair, ops, found };
        for at in 0..aligned.ops.len() {
            self.take(&aligned, at);
        }
        if let Some(at) = aligned.found.fork
            && (self.fork.is_none() || lane == MAIN)
        {
            self.fork = Some(aligned.fork(at));
        }
    }

    /// Takes one place of an alignment.
    fn take(&mut self, aligned: &Aligned<'_>, at: usize) {
        let (a, b) = (aligned.pair.a, aligned.pair.b);
        match (aligned.ops[at], aligned.found.moved[at]) {
            (Op::Same(i, j), _) => {
                self.same += 1;
                let changed = aligned.found.differs[at];
                self.changed.extend(changed.map(|what| aligned.changed(at, (i, j), what, String::new())));
            }
            (Op::Alike(i, j), _) => {
                let path = glimpse::first_difference(&a[i], &b[j]);
                self.changed.push(aligned.changed(at, (i, j), WhatChanged::Call, path));
            }
            (Op::OnlyA(i), None) => self.missing.push(aligned.extra(at, a, i)),
            (Op::OnlyB(j), None) => self.inserted.push(aligned.extra(at, b, j)),
            // A look that moved is told where its second half stands.
            (Op::OnlyA(i), Some(other)) if other < at => self.moved.extend(aligned.moved(at, i, other)),
            (Op::OnlyB(_), Some(other)) if other < at => {
                if let Op::OnlyA(i) = aligned.ops[other] {
                    self.moved.extend(aligned.moved(at, i, at));
                }
            }
            (Op::OnlyA(_) | Op::OnlyB(_), Some(_)) => {}
        }
    }
}

impl Aligned<'_> {
    fn after_fork(&self, at: usize) -> bool {
        self.found.fork.is_some_and(|fork| at >= fork)
    }

    fn changed(&self, at: usize, (i, j): (usize, usize), what: WhatChanged, path: String) -> Changed {
        let (a, b) = (&self.pair.a[i], &self.pair.b[j]);
        Changed {
            lane: self.lane.to_owned(),
            a_step: a.step,
            b_step: b.step,
            what,
            path,
            a: Glimpse::of(a),
            b: Glimpse::of(b),
            after_fork: self.after_fork(at),
        }
    }

    fn extra(&self, at: usize, side: &[Action], number: usize) -> Extra {
        Extra {
            lane: self.lane.to_owned(),
            step: side[number].step,
            action: Glimpse::of(&side[number]),
            repeated: fork::is_repeat(side, number),
            after_fork: self.after_fork(at),
        }
    }

    /// Action `i` of the first session, of which the second one's half stands at `other`.
    fn moved(&self, at: usize, i: usize, other: usize) -> Option<Moved> {
        let Op::OnlyB(j) = self.ops[other] else { return None };
        let (a, b) = (&self.pair.a[i], &self.pair.b[j]);
        let (lane, action) = (self.lane.to_owned(), Glimpse::of(a));
        Some(Moved { lane, a_step: a.step, b_step: b.step, action, after_fork: self.after_fork(at) })
    }

    fn fork(&self, at: usize) -> Fork {
        let (a, b) = (self.pair.a, self.pair.b);
        let rest = &self.ops[at..];
        let next_a = rest.iter().find_map(|op| match op {
            Op::Same(i, _) | Op::Alike(i, _) | Op::OnlyA(i) => a.get(*i),
            Op::OnlyB(_) => None,
        });
        let next_b = rest.iter().find_map(|op| match op {
            Op::Same(_, j) | Op::Alike(_, j) | Op::OnlyB(j) => b.get(*j),
            Op::OnlyA(_) => None,
        });
        let (cause, path) = self.cause(rest, next_a, next_b);
        let step = |next: Option<&Action>, side: &[Action]| {
            next.or(side.last()).map_or(1, |action| action.step + u32::from(next.is_none()))
        };
        Fork {
            lane: self.lane.to_owned(),
            a_step: step(next_a, a),
            b_step: step(next_b, b),
            cause,
            path,
            a: next_a.map(Glimpse::of),
            b: next_b.map(Glimpse::of),
            led_by: self.led_by(at),
        }
    }

    fn cause(&self, rest: &[Op], a: Option<&Action>, b: Option<&Action>) -> (Cause, String) {
        // An answer in the midst, after which checks send the agent back, is no end.
        let ends = |action: Option<&Action>, side: &[Action]| {
            let last = side.last().map(|last| last.step);
            action.is_none_or(|action| action.tool().is_none() && Some(action.step) == last)
        };
        let (a_ends, b_ends) = (ends(a, self.pair.a), ends(b, self.pair.b));
        // Whether the other side did something in its place, before the two meet again.
        let apart = rest.iter().take_while(|op| !matches!(op, Op::Same(..)));
        let (mut of_a, mut of_b) = (false, false);
        for op in apart {
            of_a |= !matches!(op, Op::OnlyB(_));
            of_b |= !matches!(op, Op::OnlyA(_));
        }
        match (a, b) {
            _ if of_a && b_ends && !a_ends => (Cause::ThreadEndedEarly, String::new()),
            _ if of_b && a_ends && !b_ends => (Cause::ExtraRequest, String::new()),
            (Some(a), Some(b)) if of_a && of_b => (Cause::ItemChanged, glimpse::first_difference(a, b)),
            _ if of_a => (Cause::ItemMissing, String::new()),
            _ => (Cause::ItemInserted, String::new()),
        }
    }

    /// The last output before a fork that was not the same.
    fn led_by(&self, at: usize) -> Option<LedBy> {
        let before = self.ops[..at].iter().zip(&self.found.differs).rev().take(LED_MAX);
        let mut found = before.filter_map(|(op, differs)| match (op, differs) {
            (Op::Same(i, j), Some(what)) => Some((&self.pair.a[*i], &self.pair.b[*j], *what)),
            _ => None,
        });
        let (a, b, what) = found.next()?;
        let (old, new) = glimpse::excerpts(a.outcome.output.shown(), b.outcome.output.shown());
        let action = Glimpse::of(a);
        Some(LedBy { a_step: a.step, b_step: b.step, action, what, a: old, b: new })
    }
}
