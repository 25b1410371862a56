//! Everything that differs between two requests, block by block: heads by member, tools by name, the rest aligned, so
//! that one entry more is one difference. Two conversations that only grow are compared at the price of what is new.
//! Knows nothing of recordings.

use std::collections::HashMap;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::chain::is_measured;
use crate::difference::{Cause, Difference, head_cause, is_instructions, item_cause};
use crate::leaf::{Leaf, leaves};
use crate::responses::names_of;
use crate::short::cut;
use crate::{Block, BlockKind, Capture, Item, Normalise, Prompt, Protocol, Template, Thread, Tracker};

/// Differences that are kept of one conversation; more are counted as one.
const FOUND_MAX: usize = 1024;
/// Characters of a call that are shown.
const CALL_MAX: usize = 160;

/// A request whose blocks are normalised.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// Its blocks.
    pub prompt: &'a Prompt,
    /// What has just made its key.
    pub tracker: &'a Tracker,
}

impl<'a> Side<'a> {
    fn blocks(&self) -> &'a [Block] {
        self.prompt.blocks()
    }

    fn template(&self, at: usize) -> Option<&'a Template> {
        self.tracker.template(at)
    }

    fn count(&self, kind: BlockKind) -> usize {
        self.blocks().iter().take_while(|block| block.kind == kind).count()
    }
}

/// Which volatile value of one conversation stands for which of the other: "the same id twice" still means the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pairing {
    /// With the blocks in which they were paired.
    forth: HashMap<Capture, (Capture, At)>,
    back: HashMap<Capture, Capture>,
}

/// A recorded block, and the one that it is compared with.
type At = (usize, usize);

impl Pairing {
    /// Whether two values may stand for each other.
    pub(crate) fn are_paired(&self, old: &Capture, new: &Capture) -> bool {
        if old.class != new.class {
            return false;
        }
        match (self.forth.get(old), self.back.get(new)) {
            _ if is_measured(old) => true,
            (Some((known, _)), _) => known == new,
            (None, Some(_)) => false,
            (None, None) => true,
        }
    }

    /// Pairs two values where they can be; else the blocks that are at fault.
    fn pair(&mut self, old: &Capture, new: &Capture, at: At) -> Option<At> {
        if self.are_paired(old, new) {
            if !self.forth.contains_key(old) {
                self.forth.insert(old.clone(), (new.clone(), at));
                self.back.insert(new.clone(), old.clone());
            }
            return None;
        }
        // Of two places that had one value and have two now, the one that has the recorded one is as it was.
        let other = self.forth.get(old).filter(|(known, _)| known.value != old.value && new == old).cloned();
        let Some((known, there)) = other else { return Some(at) };
        self.back.remove(&known);
        self.forth.insert(old.clone(), (new.clone(), at));
        self.back.insert(new.clone(), old.clone());
        Some(there)
    }

    /// Pairs the values of two blocks as far as they can be; gives the blocks that are at fault where one cannot.
    fn pair_all(&mut self, old: &Template, new: &Template, at: At) -> Option<At> {
        let mut fault = Some(at).filter(|_| old.captures.len() != new.captures.len());
        for (old, new) in old.captures.iter().zip(&new.captures) {
            fault = fault.or(self.pair(old, new, at));
        }
        fault
    }
}

/// Two conversations side by side, and what was found to differ so far.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    pairing: Pairing,
    threads: Option<(Thread, Thread)>,
    old: Vec<u32>,
    new: Vec<u32>,
    found: Vec<Difference>,
}

impl Comparison {
    /// Everything that differs between a recorded request and another, the first first.
    pub fn follow(
        &mut self,
        protocol: Protocol,
        recorded: Side<'_>,
        now: Side<'_>,
        normalise: &dyn Normalise,
    ) -> &[Difference] {
        let grew =
            recorded.prompt.stamps().starts_with(&self.old) && now.prompt.stamps().starts_with(&self.new);
        let threads = (recorded.prompt.thread().clone(), now.prompt.thread().clone());
        if !grew || self.threads.as_ref() != Some(&threads) {
            *self = Self { threads: Some(threads), ..Self::default() };
        }
        let from = (self.old.len(), self.new.len());
        self.old.extend_from_slice(&recorded.prompt.stamps()[from.0..]);
        self.new.extend_from_slice(&now.prompt.stamps()[from.1..]);
        let before = self.found.len();
        let mut work = Work { protocol, old: recorded, new: now, normalise, all: self };
        work.compare(from);
        self.found[before..].sort_by_key(|difference| difference.block);
        &self.found
    }

    /// What stands now for each volatile value of the recording.
    pub fn pairs(&self) -> impl Iterator<Item = (&Capture, &Capture)> {
        self.pairing.forth.iter().map(|(old, (new, _))| (old, new))
    }
}

struct Work<'a, 'c> {
    protocol: Protocol,
    old: Side<'a>,
    new: Side<'a>,
    normalise: &'a dyn Normalise,
    all: &'c mut Comparison,
}

impl Work<'_, '_> {
    fn compare(&mut self, from: (usize, usize)) {
        let (mut i, mut j) = from;
        if from == (0, 0) {
            (i, j) = (self.old.count(BlockKind::Head), self.new.count(BlockKind::Head));
            self.heads(i, j);
            let tools = |side: &Side<'_>, at: usize| {
                side.blocks()[at..].iter().take_while(|block| block.kind == BlockKind::Tool).count()
            };
            let ends = (i + tools(&self.old, i), j + tools(&self.new, j));
            self.tools((i, ends.0), (j, ends.1));
            (i, j) = ends;
        }
        while i < self.old.blocks().len() && j < self.new.blocks().len() && self.are_alike(i, j) {
            self.same(i, j);
            (i, j) = (i + 1, j + 1);
        }
        self.rest(i, j);
    }

    /// Whether two blocks are equal but for volatile values.
    fn are_alike(&self, i: usize, j: usize) -> bool {
        let kinds = self.old.blocks()[i].kind == self.new.blocks()[j].kind;
        kinds && self.old.template(i).map(|t| t.digest) == self.new.template(j).map(|t| t.digest)
    }

    /// Two blocks that are alike: their volatile values too must have been paired, or be new.
    fn same(&mut self, i: usize, j: usize) {
        let (Some(old), Some(new)) = (self.old.template(i), self.new.template(j)) else { return };
        if let Some((i, j)) = self.all.pairing.pair_all(old, new, (i, j)) {
            self.changed(i, j);
        }
    }

    fn rest(&mut self, from_old: usize, from_new: usize) {
        // Equal blocks get equal numbers.
        let mut numbers = HashMap::new();
        let mut ids = |side: &Side<'_>, from: usize| -> Vec<u32> {
            let blocks = side.blocks().iter().enumerate().skip(from);
            let id = blocks.map(|(at, block)| {
                let next = numbers.len() as u32;
                *numbers.entry((block.kind, side.template(at).map(|t| t.digest))).or_insert(next)
            });
            id.collect()
        };
        let (a, b) = (ids(&self.old, from_old), ids(&self.new, from_new));
        for op in capture_diff_slices(Algorithm::Myers, &a, &b) {
            match op {
                DiffOp::Equal { old_index, new_index, len } => {
                    (0..len).for_each(|k| self.same(from_old + old_index + k, from_new + new_index + k));
                }
                DiffOp::Delete { old_index, old_len, .. } => {
                    (0..old_len).for_each(|k| self.missing(from_old + old_index + k));
                }
                DiffOp::Insert { new_index, new_len, .. } => {
                    (0..new_len).for_each(|k| self.inserted(from_new + new_index + k));
                }
                DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                    let both = old_len.min(new_len);
                    (0..both).for_each(|k| self.changed(from_old + old_index + k, from_new + new_index + k));
                    (both..old_len).for_each(|k| self.missing(from_old + old_index + k));
                    (both..new_len).for_each(|k| self.inserted(from_new + new_index + k));
                }
            }
        }
    }

    fn push(&mut self, difference: Difference) {
        if self.all.found.len() < FOUND_MAX {
            self.all.found.push(difference);
        }
    }

    fn heads(&mut self, old: usize, new: usize) {
        for at in 0..old.min(new) {
            let alike = self.are_alike(at, at);
            let (Some(a), Some(b)) = (self.old.template(at), self.new.template(at)) else { continue };
            if self.all.pairing.pair_all(a, b, (at, at)).is_none() && alike {
                continue;
            }
            for Leaf { path, offset, diff, .. } in self.leaves(at, at) {
                let cause = head_cause(&path);
                self.push(Difference { cause, block: at, path, offset, diff, ..Difference::default() });
            }
        }
        (new..old).for_each(|at| self.missing(at));
        (old..new).for_each(|at| self.inserted(at));
    }

    /// The values of two blocks of one place, and where they differ.
    fn leaves(&self, i: usize, j: usize) -> Vec<Leaf> {
        let value = |side: &Side<'_>, at: usize| -> serde_json::Value {
            let block = side.blocks().get(at);
            let known = side.tracker.chain().followed_before(at);
            let text = block.and_then(|b| self.normalise.text(b.kind, &b.raw, known).ok());
            text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
        };
        leaves(&value(&self.old, i), &value(&self.new, j), &self.all.pairing)
    }

    fn changed(&mut self, i: usize, j: usize) {
        if let (Some(old), Some(new)) = (self.old.template(i), self.new.template(j)) {
            self.all.pairing.pair_all(old, new, (i, j));
        }
        let (old, new) = (&self.old.blocks()[i], &self.new.blocks()[j]);
        let mut found = self.leaves(i, j);
        if found.is_empty() {
            // What is the same to a reader and another block all the same: its kind.
            let diff = format!("- {}\n+ {}", cut(&old.raw, 0), cut(&new.raw, 0));
            found.push(Leaf {
                path: String::new(),
                offset: 0,
                diff,
                recorded: String::new(),
                now: String::new(),
            });
        }
        let place = place(self.protocol, self.new.blocks(), j);
        for Leaf { path, offset, diff, recorded, now } in found {
            let cause = match old.kind {
                BlockKind::Head => head_cause(&path),
                BlockKind::Tool => Cause::ToolsChanged,
                BlockKind::Instructions | BlockKind::Item => {
                    item_cause(self.protocol, old, new, [&recorded, &now])
                }
            };
            let in_output = in_output(self.protocol, &new.raw, &path);
            let led_by = if in_output { self.call_of(j, &path) } else { self.output_before() };
            let path = place.clone() + &path;
            self.push(Difference { cause, block: j, path, offset, diff, in_output, led_by });
        }
    }

    fn missing(&mut self, at: usize) {
        let block = &self.old.blocks()[at];
        let cause = if is_instructions(self.protocol, block) {
            Cause::InstructionsChanged
        } else {
            Cause::ItemMissing
        };
        self.whole(cause, self.old, at, '-');
    }

    fn inserted(&mut self, at: usize) {
        let block = &self.new.blocks()[at];
        let cause = if is_instructions(self.protocol, block) {
            Cause::InstructionsChanged
        } else {
            Cause::ItemInserted
        };
        self.whole(cause, self.new, at, '+');
    }

    fn whole(&mut self, cause: Cause, side: Side<'_>, at: usize, sign: char) {
        let diff = format!("{sign} {}", cut(&side.blocks()[at].raw, 0));
        let path = place(self.protocol, side.blocks(), at);
        let led_by = self.output_before();
        self.push(Difference { cause, block: at, path, diff, led_by, ..Difference::default() });
    }

    /// The output that differs before what differs now, where there is one: it is likely to have led to it.
    fn output_before(&self) -> Option<String> {
        let output = self.all.found.iter().rev().find(|difference| difference.in_output)?;
        let call = output.led_by.as_deref().unwrap_or("a tool");
        Some(format!("the output of {call}, which differs at {}", output.path))
    }

    /// The call whose output stands in a block, as `exec_command {"cmd":"ls"}`.
    fn call_of(&self, at: usize, path: &str) -> Option<String> {
        let blocks = self.new.blocks();
        let outputs = self.protocol.items(&blocks[at].raw).into_iter();
        let ids: Vec<String> = outputs
            .filter_map(|item| if let Item::Output { call_id, .. } = item { Some(call_id) } else { None })
            .collect();
        let number =
            path.strip_prefix(".content[").and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
        let wanted = number.and_then(|number| ids.get(number)).or_else(|| ids.first())?;
        let calls = blocks[..at].iter().rev().flat_map(|block| self.protocol.items(&block.raw));
        calls.into_iter().find_map(|item| match item {
            Item::Call { call_id, name, arguments, .. } if call_id == *wanted => {
                let arguments: String = arguments.chars().take(CALL_MAX).collect();
                Some(format!("{name} {}", arguments.escape_debug()))
            }
            _ => None,
        })
    }

    fn tools(&mut self, old: (usize, usize), new: (usize, usize)) {
        let same = old.1 - old.0 == new.1 - new.0
            && (0..old.1 - old.0).all(|k| {
                let (Some(a), Some(b)) = (self.old.template(old.0 + k), self.new.template(new.0 + k)) else {
                    return false;
                };
                let at = (old.0 + k, new.0 + k);
                self.are_alike(at.0, at.1) && self.all.pairing.pair_all(a, b, at).is_none()
            });
        if same {
            return;
        }
        let difference = self.tools_changed(old, new);
        self.push(difference);
    }

    fn tools_changed(&self, old: (usize, usize), new: (usize, usize)) -> Difference {
        let named = |side: &Side<'_>, (from, to): (usize, usize)| -> Vec<(String, usize)> {
            (from..to).map(|at| (names_of(&side.blocks()[at].raw).join(", "), at)).collect()
        };
        let (before, after) = (named(&self.old, old), named(&self.new, new));
        let at =
            |list: &[(String, usize)], name: &str| list.iter().find(|(n, _)| n == name).map(|(_, at)| *at);
        let without = |list: &[(String, usize)], other: &[(String, usize)]| -> Vec<(String, usize)> {
            list.iter().filter(|(name, _)| at(other, name).is_none()).cloned().collect()
        };
        let (removed, added) = (without(&before, &after), without(&after, &before));
        let stay = |list: &[(String, usize)], other: &[(String, usize)]| -> Vec<String> {
            list.iter().filter(|(name, _)| at(other, name).is_some()).map(|(name, _)| name.clone()).collect()
        };
        let (kept, order) = (stay(&before, &after), stay(&after, &before));
        let edited: Vec<(String, usize, usize)> = before
            .iter()
            .filter_map(|(name, i)| Some((name.clone(), *i, at(&after, name)?)))
            .filter(|(_, i, j)| !self.are_alike(*i, *j))
            .collect();
        let names =
            |list: &[(String, usize)]| list.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>().join(", ");
        let mut words = Vec::new();
        if !added.is_empty() {
            words.push(format!("added {}", names(&added)));
        }
        if !removed.is_empty() {
            words.push(format!("removed {}", names(&removed)));
        }
        if kept != order {
            words.push(format!("reordered: {} -> {}", kept.join(", "), order.join(", ")));
        }
        if !edited.is_empty() {
            let edited: Vec<&str> = edited.iter().map(|(name, ..)| name.as_str()).collect();
            words.push(format!("edited {}", edited.join(", ")));
        }
        let only_edited = words.len() == 1 && !edited.is_empty();
        let first = (0..).find(|k| {
            let (i, j) = (old.0 + k, new.0 + k);
            i >= old.1 || j >= new.1 || !self.are_alike(i, j)
        });
        let block = new.0 + first.unwrap_or_default();
        let (side, shown) =
            if block < new.1 { (self.new, block) } else { (self.old, old.0 + first.unwrap_or_default()) };
        let mut difference = Difference {
            cause: Cause::ToolsChanged,
            block,
            path: place(self.protocol, side.blocks(), shown),
            ..Difference::default()
        };
        if let Some((_, i, j)) = edited.first()
            && let Some(leaf) = self.leaves(*i, *j).into_iter().next()
        {
            words.push(leaf.diff);
            if only_edited {
                difference.path = place(self.protocol, self.new.blocks(), *j) + &leaf.path;
                difference.offset = leaf.offset;
                difference.block = *j;
            }
            let diff = words.pop().unwrap_or_default();
            return Difference { diff: format!("{}\n{diff}", words.join("; ")), ..difference };
        }
        Difference { diff: words.join("; "), ..difference }
    }
}

/// Where the path of a block starts: `.input[3]`.
fn place(protocol: Protocol, blocks: &[Block], index: usize) -> String {
    let kind = blocks.get(index).map_or(BlockKind::Item, |block| block.kind);
    let number = blocks.iter().take(index).filter(|block| block.kind == kind).count();
    let key = protocol.key_of(kind).unwrap_or_default();
    match kind {
        BlockKind::Head => String::new(),
        BlockKind::Instructions if protocol == Protocol::Responses => format!(".{key}"),
        _ => format!(".{key}[{number}]"),
    }
}

/// Whether a place in an item lies in what a tool answered.
fn in_output(protocol: Protocol, raw: &str, path: &str) -> bool {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(raw) else { return false };
    match protocol {
        Protocol::Responses => {
            path.starts_with(".output")
                && value["type"].as_str().is_some_and(|kind| kind.ends_with("_output"))
        }
        Protocol::ChatCompletions => value["role"] == "tool" && path.starts_with(".content"),
        Protocol::Messages => {
            let Some((number, rest)) = path.strip_prefix(".content[").and_then(|rest| rest.split_once(']'))
            else {
                return false;
            };
            let part = number.parse::<usize>().ok().and_then(|number| value["content"].get(number));
            part.is_some_and(|part| part["type"] == "tool_result")
                && (rest.starts_with(".content") || rest == ".is_error")
        }
    }
}
