//! Each place where a prefix did not extend, or was not read although it did: why, where, and what it cost in tokens.
//! Knows nothing of prices.

use std::fmt;

use serde::{Serialize, Serializer};
use wire::{Block, BlockKind, Cause, Difference, Exact, Protocol, difference};

use crate::prepared::Prepared;
use crate::profile::Rule;
use crate::segment::rendered;
use crate::session::{Call, Session, Trigger};
use crate::simulate::{Lapse, Simulation, Step};

/// How far behind a change the blocks are looked at to name it.
const WINDOW: usize = 40;
/// A miss smaller than this share of what was predicted is the tokenizer's or the provider's rounding.
const SLACK: f64 = 0.05;
/// And this many tokens.
const SLACK_TOKENS: u64 = 256;

/// Why a prefix broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BreakCause {
    /// The requests differ, and how.
    Content(Cause),
    /// Only the order of keys within JSON differs.
    KeyOrder,
    /// `prompt_cache_key` differs.
    KeyChanged,
    /// Nothing was sent for longer than an entry lives.
    Expired,
    /// The prefix is too short to be cached.
    BelowMinimum,
    /// Nothing readable was there: not written, not ready, or no breakpoint near enough.
    Cold,
    /// It had to make room.
    Evicted,
    /// By its rules the provider should have read it, and did not.
    ProviderMiss,
}

impl fmt::Display for BreakCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Content(cause) => return cause.fmt(f),
            Self::KeyOrder => "key_order",
            Self::KeyChanged => "key_changed",
            Self::Expired => "expired",
            Self::BelowMinimum => "below_minimum",
            Self::Cold => "cold",
            Self::Evicted => "evicted",
            Self::ProviderMiss => "provider_miss",
        })
    }
}

impl Serialize for BreakCause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl BreakCause {
    /// What to do about it.
    pub fn suggestion(self) -> &'static str {
        match self {
            Self::Content(Cause::ModelChanged) => {
                "keep one model in a thread, or start a new thread for the other"
            }
            Self::Content(Cause::ToolsChanged) => {
                "send the same tools in the same order for the whole thread"
            }
            Self::Content(Cause::InstructionsChanged) => {
                "move what changes (dates, ids, state) out of the instructions, behind the history"
            }
            Self::Content(Cause::ParametersChanged) => "set such parameters once for the whole thread",
            Self::Content(_) => "append to the history; don't edit, drop or insert what was sent",
            Self::KeyOrder => "serialise JSON with one order of keys",
            Self::KeyChanged => "use one prompt_cache_key for the whole thread",
            Self::Expired => "ask for a longer lifetime, or send something before the entry expires",
            Self::BelowMinimum => "nothing to do until the prompt is longer",
            Self::Cold => {
                "let the first answer begin before others follow; set a breakpoint at least every 20 blocks"
            }
            Self::Evicted => "give the cache more room",
            Self::ProviderMiss => {
                "keep prompt_cache_key stable and requests below the provider's rate per key"
            }
        }
    }
}

/// One break.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Break {
    /// The call, from 1 in its session.
    pub call: usize,
    /// Its thread.
    pub thread: String,
    /// Why.
    pub cause: BreakCause,
    /// JSON path of the first changed segment, where something changed.
    pub path: String,
    /// Bytes from the beginning of the text at `path` to the first difference.
    pub offset: u64,
    /// Bytes of the rendered prompt before the changed segment.
    pub prompt_offset: u64,
    /// Tokens of the prompt before the changed segment.
    pub token_offset: u64,
    /// The two texts around it, or what happened in words.
    pub diff: String,
    /// Tokens that had to be computed again.
    pub tokens: u64,
    /// What that cost, in USD; nothing where the model has no price.
    pub cost_usd: Option<f64>,
    /// Whether it belongs to a compaction: these are counted apart.
    pub compaction: bool,
}

/// What the breaks of one call are made from.
pub(crate) struct Seen<'a> {
    pub(crate) session: &'a Session,
    pub(crate) prepared: &'a Prepared,
    pub(crate) simulation: &'a Simulation<'a>,
    pub(crate) rule: Rule,
    pub(crate) number: usize,
    /// The call before of the same thread.
    pub(crate) before: Option<&'a Call>,
}

impl Seen<'_> {
    /// The breaks of a call: at most one of the prefix, and one of the provider.
    pub(crate) fn breaks(&self, step: &Step) -> Vec<Break> {
        let mut found = Vec::new();
        let lost = step.expected.saturating_sub(step.predicted.cached);
        let changed =
            !step.first && (step.common < step.before || step.scope_changed || step.item_scope_changed);
        if changed {
            found.extend(self.changed(step, lost));
        } else if let Some(lapse) = step.lapse.filter(|_| lost > 0 || step.first) {
            found.extend(self.lapsed(step, lapse, lost));
        } else if let Some(lapse @ (Lapse::BelowMinimum | Lapse::NotWritten)) = step.lapse {
            let lost = step.predicted.perfect.saturating_sub(step.predicted.cached);
            found.extend(self.lapsed(step, lapse, lost));
        }
        found.extend(self.missed(step));
        found
    }

    fn call(&self) -> &Call {
        &self.session.calls[self.number]
    }

    fn start(&self, step: &Step, cause: BreakCause, tokens: u64) -> Break {
        let before = self.before.is_some_and(|call| call.trigger == Trigger::Compaction);
        Break {
            call: self.number + 1,
            thread: self.call().thread.clone(),
            cause,
            path: String::new(),
            offset: 0,
            prompt_offset: step.common_bytes,
            token_offset: step.common_tokens,
            diff: String::new(),
            tokens,
            cost_usd: None,
            compaction: before || self.call().trigger == Trigger::Compaction,
        }
    }

    /// A break by what was sent.
    fn changed(&self, step: &Step, lost: u64) -> Option<Break> {
        if (step.scope_changed || step.item_scope_changed)
            && let Some((path, old, new)) = self.simulation.changed_member(&self.call().thread)
        {
            let cause = match path {
                "model" => BreakCause::Content(Cause::ModelChanged),
                "prompt_cache_key" => BreakCause::KeyChanged,
                _ => BreakCause::Content(Cause::ParametersChanged),
            };
            let none = |text: &str| if text.is_empty() { "(none)".to_owned() } else { cut(text) };
            let diff = format!("- {}\n+ {}", none(old), none(new));
            return Some(Break { path: format!(".{path}"), diff, ..self.start(step, cause, lost) });
        }
        let (cause, found) = self.difference()?;
        let Place { path, offset, diff } = found;
        Some(Break { path, offset, diff, ..self.start(step, cause, lost) })
    }

    /// The first difference of the two requests, as they are rendered.
    fn difference(&self) -> Option<(BreakCause, Place)> {
        let thread = &self.call().thread;
        let (old, new) = (&self.simulation.blocks_before(thread)[..], self.simulation.blocks(thread));
        let same = |(a, b): &(&u32, &u32)| a == b || self.alike(**a, **b);
        let first = old.iter().zip(new).take_while(same).count();
        let protocol = self.call().protocol;
        // What only follows the request before is no change.
        let ahead = &new[..new.len().min(old.len().max(first + 1))];
        let sides = [old, ahead].map(|blocks| self.slim(blocks, first));
        if let Some(found) = key_order(protocol, &sides[0], &sides[1], first) {
            return Some((BreakCause::KeyOrder, found));
        }
        let found = difference(protocol, &sides[0], &sides[1], &Exact).ok().flatten()?;
        let Difference { cause, path, offset, diff, .. } = found;
        Some((BreakCause::Content(cause), Place { path, offset, diff }))
    }

    /// Whether two blocks render alike.
    fn alike(&self, a: u32, b: u32) -> bool {
        let pieces = |id: u32| &self.prepared.pieces[id as usize];
        let kind = |id: u32| self.session.blocks[id as usize].kind;
        kind(a) == kind(b)
            && (kind(a) == BlockKind::Head
                || pieces(a).len() == pieces(b).len()
                    && pieces(a).iter().zip(pieces(b)).all(|(a, b)| a.digest == b.digest))
    }

    /// The blocks of a request as far as they are needed to name a change: of equal items before it only that they are
    /// there, of those behind it a window.
    fn slim(&self, blocks: &[u32], first: usize) -> Vec<Block> {
        let all = blocks.iter().take(first + WINDOW).enumerate();
        all.map(|(at, id)| {
            let block = &self.session.blocks[*id as usize];
            match block.kind {
                // What changed of it was said already.
                BlockKind::Head => Block::new(BlockKind::Head, "{}"),
                BlockKind::Item if at < first => Block::new(BlockKind::Item, "{}"),
                kind => Block::new(kind, rendered(block)),
            }
        })
        .collect()
    }

    /// A break although nothing changed.
    fn lapsed(&self, step: &Step, lapse: Lapse, lost: u64) -> Option<Break> {
        let idle = step.idle_us.map_or(0, |us| us / 1_000_000);
        let (cause, words) = match lapse {
            Lapse::Expired => (BreakCause::Expired, format!("{idle} s since the request before")),
            Lapse::Evicted => (BreakCause::Evicted, "it had to make room for other requests".to_owned()),
            Lapse::Unready => {
                (BreakCause::Cold, "the answer to the request that wrote it had not begun".to_owned())
            }
            // Rounding: every prefix can be reached.
            Lapse::OutOfReach if self.rule == Rule::Prefix => return None,
            Lapse::OutOfReach => {
                (BreakCause::Cold, "no breakpoint of this request reaches what was written".to_owned())
            }
            Lapse::NotWritten if self.rule == Rule::Explicit => {
                (BreakCause::Cold, "the request before set no breakpoint".to_owned())
            }
            Lapse::NotWritten => (BreakCause::Cold, "nothing was written".to_owned()),
            Lapse::BelowMinimum => {
                (BreakCause::BelowMinimum, "the prefix is too short to be cached".to_owned())
            }
        };
        // A first call has nothing to read, unless somebody else has just written it.
        let tokens = match (step.first, lapse) {
            (true, Lapse::Unready | Lapse::Expired | Lapse::Evicted) => {
                step.predicted.perfect.saturating_sub(step.predicted.cached)
            }
            (true, _) => 0,
            (false, _) => lost,
        };
        (tokens > 0).then(|| Break { diff: words, ..self.start(step, cause, tokens) })
    }

    /// A break that the provider made.
    fn missed(&self, step: &Step) -> Option<Break> {
        let reported = self.call().usage.filter(|_| !self.session.synthetic)?.cached_tokens;
        let predicted = step.predicted.cached;
        let lost = predicted.saturating_sub(reported);
        if lost <= SLACK_TOKENS || (lost as f64) <= predicted as f64 * SLACK {
            return None;
        }
        let diff = format!("{predicted} tokens could have been read, {reported} were reported");
        Some(Break { diff, ..self.start(step, BreakCause::ProviderMiss, lost) })
    }
}

/// Where two requests differ first, and the two texts there.
struct Place {
    path: String,
    offset: u64,
    diff: String,
}

/// Where only the order of keys differs between two blocks of the same value.
fn key_order(protocol: Protocol, old: &[Block], new: &[Block], index: usize) -> Option<Place> {
    let (a, b) = (old.get(index)?, new.get(index)?);
    let one_value = wire::canonical(&a.raw).ok()? == wire::canonical(&b.raw).ok()?;
    if !one_value || a.kind == BlockKind::Head {
        return None;
    }
    let ordered = |block: &Block| serde_json::from_str::<Ordered>(&block.raw).ok();
    let place = place(protocol, old, index);
    let (path, diff) = ordered(a)?.order(&ordered(b)?, place.clone()).unwrap_or((place, String::new()));
    Some(Place { path, offset: 0, diff })
}

/// Where the block at an index stands in its request.
fn place(protocol: Protocol, blocks: &[Block], index: usize) -> String {
    let kind = blocks.get(index).map_or(BlockKind::Item, |block| block.kind);
    let number = blocks.iter().take(index).filter(|block| block.kind == kind).count();
    let key = match (kind, protocol) {
        (BlockKind::Head, _) => return String::new(),
        (BlockKind::Tool, _) => "tools",
        (BlockKind::Instructions, Protocol::Messages) => "system",
        (BlockKind::Instructions, _) => "instructions",
        (BlockKind::Item, Protocol::Responses) => "input",
        (BlockKind::Item, _) => "messages",
    };
    format!(".{key}[{number}]")
}

fn cut(text: &str) -> String {
    let short: String = text.chars().take(160).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

/// JSON that knows the order of its keys.
#[derive(Debug)]
enum Ordered {
    Object(Vec<(String, Ordered)>),
    Array(Vec<Ordered>),
    Other,
}

impl<'de> serde::Deserialize<'de> for Ordered {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Ordered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Ordered::Object(members))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Ordered, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(Ordered::Array(values))
            }

            fn visit_str<E>(self, _: &str) -> Result<Ordered, E> {
                Ok(Ordered::Other)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Ordered, E> {
                Ok(Ordered::Other)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Ordered, E> {
                Ok(Ordered::Other)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Ordered, E> {
                Ok(Ordered::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Ordered, E> {
                Ok(Ordered::Other)
            }

            fn visit_unit<E>(self) -> Result<Ordered, E> {
                Ok(Ordered::Other)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl Ordered {
    /// The first object whose keys stand in another order: its path, and the two orders.
    fn order(&self, other: &Self, path: String) -> Option<(String, String)> {
        match (self, other) {
            (Self::Object(a), Self::Object(b)) => {
                let keys = |members: &[(String, Self)]| -> Vec<String> {
                    members.iter().map(|(key, _)| key.clone()).collect()
                };
                let (old, new) = (keys(a), keys(b));
                if old != new {
                    return Some((path, format!("- {}\n+ {}", old.join(", "), new.join(", "))));
                }
                let members = a.iter().zip(b);
                members.into_iter().find_map(|((key, a), (_, b))| a.order(b, format!("{path}.{key}")))
            }
            (Self::Array(a), Self::Array(b)) => {
                let values = a.iter().zip(b).enumerate();
                values.into_iter().find_map(|(index, (a, b))| a.order(b, format!("{path}[{index}]")))
            }
            _ => None,
        }
    }
}
