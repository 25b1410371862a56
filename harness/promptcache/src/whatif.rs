//! The same requests once more, otherwise: under another profile, with tools in one order, with what changes moved
//! behind what doesn't, with entries that live for an hour, with breakpoints elsewhere. Knows nothing of files.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;
use serde::Serialize;
use serde_json::json;
use wire::{Block, BlockKind, Fields, Protocol};

use crate::analysis::{Rules, analyse_prepared};
use crate::figures::Figures;
use crate::prepared::Prepared;
use crate::profile::{Profile, Rule};
use crate::session::{Sent, Session};

/// What would be otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nothing: to compare with.
    AsSent,
    /// Another profile, by name.
    Profile(String),
    /// Tools sorted by name, and their keys with them.
    SortedTools,
    /// What changes within instructions and early messages stands at the end.
    VolatileLast,
    /// Every entry lives for an hour.
    AnHour,
    /// Breakpoints on the last tool, the last instruction and the last message, whatever was sent.
    Breakpoints,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AsSent => f.write_str("as sent"),
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::SortedTools => f.write_str("tools sorted"),
            Self::VolatileLast => f.write_str("volatile text last"),
            Self::AnHour => f.write_str("1 h instead of 5 min"),
            Self::Breakpoints => f.write_str("breakpoints on tools, instructions, last message"),
        }
    }
}

/// What one change gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WhatIf {
    /// What would be otherwise.
    pub change: String,
    /// What the rules allow then, by input tokens.
    pub achievable_hit_rate: Option<f64>,
    /// What it would cost then, in USD, over the calls whose model has a price.
    pub cost_usd: f64,
}

/// The changes that make sense for sessions.
pub fn changes(sessions: &[Session], rules: &Rules<'_>, others: &[String]) -> Vec<Change> {
    let known: Vec<&Session> = sessions.iter().filter(|session| session.has_requests()).collect();
    if known.is_empty() {
        return Vec::new();
    }
    let mut found = vec![Change::AsSent, Change::SortedTools, Change::VolatileLast];
    let profiles = || known.iter().filter_map(|session| rules.profile_of(session));
    if profiles().any(|profile| profile.ttl_hour_s.is_some()) {
        found.push(Change::AnHour);
    }
    if profiles().any(|profile| profile.rule == Rule::Explicit) {
        found.push(Change::Breakpoints);
    }
    found.extend(others.iter().cloned().map(Change::Profile));
    found
}

/// What a change gives for one session; its figures where nothing applies are those of the session as it was sent.
pub fn what_if(session: &Session, change: &Change, rules: &Rules<'_>) -> Figures {
    let own = rules.profile_of(session);
    let of = |session: &Session, profile: Option<&Profile>, an_hour: bool| {
        let prepared = Prepared::of(session, rules.tokenizer);
        analyse_prepared(session, &prepared, rules, profile, an_hour).figures
    };
    match change {
        Change::AsSent => of(session, own, false),
        Change::Profile(name) => of(session, rules.profiles.named(name), false),
        Change::SortedTools => of(&sorted_tools(session), own, false),
        Change::VolatileLast => of(&volatile_last(session), own, false),
        Change::AnHour => of(session, own, own.is_some_and(|profile| profile.ttl_hour_s.is_some())),
        Change::Breakpoints if own.is_some_and(|profile| profile.rule == Rule::Explicit) => {
            of(&with_breakpoints(session), own, false)
        }
        Change::Breakpoints => of(session, own, false),
    }
}

/// What each change gives over all sessions whose requests are known.
pub fn what_ifs(sessions: &[Session], changes: &[Change], rules: &Rules<'_>) -> Vec<WhatIf> {
    let known: Vec<&Session> = sessions.iter().filter(|session| session.has_requests()).collect();
    let of = |change: &Change| {
        let each: Vec<Figures> = known.par_iter().map(|session| what_if(session, change, rules)).collect();
        let mut all = Figures::default();
        each.iter().for_each(|figures| all.merge(figures));
        WhatIf {
            change: change.to_string(),
            achievable_hit_rate: all.achievable_hit_rate(),
            cost_usd: crate::figures::round(all.costs.achievable),
        }
    };
    changes.iter().map(of).collect()
}

/// A session whose requests are made again from whole lists of blocks.
fn rewritten(session: &Session, mut rewrite: impl FnMut(&str, &mut Vec<u32>, &mut Vec<Block>)) -> Session {
    let mut new = session.clone();
    let mut blocks = std::mem::take(&mut new.blocks);
    let mut before: HashMap<String, (Vec<u32>, Vec<u32>)> = HashMap::new();
    for call in &mut new.calls {
        let Some(sent) = &mut call.request else { continue };
        let (mut old, mut written) = before.remove(&call.thread).unwrap_or_default();
        old.truncate(sent.keep);
        old.extend_from_slice(&sent.add);
        let mut now = old.clone();
        rewrite(&call.thread, &mut now, &mut blocks);
        let keep = written.iter().zip(&now).take_while(|(a, b)| a == b).count();
        *sent = Sent { keep, add: now[keep..].to_vec(), bytes: sent.bytes };
        written = now;
        before.insert(call.thread.clone(), (old, written));
    }
    new.blocks = blocks;
    new
}

fn sorted_tools(session: &Session) -> Session {
    // One spelling for every order of keys.
    let mut spelled: HashMap<u32, u32> = HashMap::new();
    let mut by_text: HashMap<String, u32> = HashMap::new();
    rewritten(session, |_, ids, blocks| {
        let is_tool = |id: &u32, blocks: &[Block]| blocks[*id as usize].kind == BlockKind::Tool;
        let Some(first) = ids.iter().position(|id| is_tool(id, blocks)) else { return };
        let end = first + ids[first..].iter().take_while(|id| is_tool(id, blocks)).count();
        for id in &mut ids[first..end] {
            *id = *spelled.entry(*id).or_insert_with(|| {
                let text = wire::canonical(&blocks[*id as usize].raw).unwrap_or_default();
                *by_text.entry(text.clone()).or_insert_with(|| {
                    blocks.push(Block::new(BlockKind::Tool, text));
                    u32::try_from(blocks.len() - 1).unwrap_or(u32::MAX)
                })
            });
        }
        ids[first..end].sort_by_cached_key(|id| blocks[*id as usize].raw.clone());
    })
}

/// The slots, by kind and number within it, at which a thread's requests hold one block in place of another while they
/// go on alike behind it.
fn volatile_slots(session: &Session) -> BTreeMap<String, BTreeSet<(BlockKind, usize)>> {
    let mut slots: BTreeMap<String, BTreeSet<(BlockKind, usize)>> = BTreeMap::new();
    let mut before: HashMap<&str, Vec<u32>> = HashMap::new();
    for call in &session.calls {
        let Some(sent) = &call.request else { continue };
        let old = before.remove(call.thread.as_str()).unwrap_or_default();
        let mut now = old[..sent.keep.min(old.len())].to_vec();
        now.extend_from_slice(&sent.add);
        let mut at = sent.keep;
        while at < old.len().min(now.len()) {
            let (a, b) = (&session.blocks[old[at] as usize], &session.blocks[now[at] as usize]);
            let goes_on = old.get(at + 1).is_some_and(|next| now.get(at + 1) == Some(next));
            if old[at] != now[at]
                && a.kind == b.kind
                && goes_on
                && matches!(a.kind, BlockKind::Instructions | BlockKind::Item)
            {
                let number =
                    now[..at].iter().filter(|id| session.blocks[**id as usize].kind == a.kind).count();
                slots.entry(call.thread.clone()).or_default().insert((a.kind, number));
            } else if old[at] != now[at] {
                break;
            }
            at += 1;
        }
        before.insert(&call.thread, now);
    }
    slots
}

/// The first variant of a slot stays where it is; what a later one says otherwise stands at the end, as a message.
fn volatile_last(session: &Session) -> Session {
    let slots = volatile_slots(session);
    let protocol = session.calls.first().map_or(Protocol::default(), |call| call.protocol);
    let mut firsts: HashMap<(String, BlockKind, usize), u32> = HashMap::new();
    let mut moved: HashMap<(u32, u32), u32> = HashMap::new();
    rewritten(session, |thread, ids, blocks| {
        let Some(slots) = slots.get(thread) else { return };
        let mut tail = Vec::new();
        for (kind, number) in slots {
            let mut at = ids.iter().enumerate().filter(|(_, id)| blocks[**id as usize].kind == *kind);
            let Some(at) = at.nth(*number).map(|(at, _)| at) else { continue };
            let first = *firsts.entry((thread.to_owned(), *kind, *number)).or_insert(ids[at]);
            if first != ids[at] {
                tail.push(*moved.entry((first, ids[at])).or_insert_with(|| {
                    let text = changed_text(&blocks[first as usize].raw, &blocks[ids[at] as usize].raw);
                    blocks.push(Block::new(BlockKind::Item, user_message(protocol, &text)));
                    u32::try_from(blocks.len() - 1).unwrap_or(u32::MAX)
                }));
            }
            ids[at] = first;
        }
        ids.extend(tail);
    })
}

/// What a text says where another one says something else.
fn changed_text(old: &str, new: &str) -> String {
    let ahead = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count();
    let behind = old.chars().rev().zip(new.chars().rev()).take_while(|(a, b)| a == b).count();
    let length = new.chars().count();
    new.chars().skip(ahead).take(length.saturating_sub(ahead + behind)).collect()
}

fn user_message(protocol: Protocol, text: &str) -> String {
    match protocol {
        Protocol::Responses => {
            json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]})
                .to_string()
        }
        _ => json!({"role": "user", "content": text}).to_string(),
    }
}

fn with_breakpoints(session: &Session) -> Session {
    let mut marked: HashMap<(u32, bool), u32> = HashMap::new();
    rewritten(session, |_, ids, blocks| {
        let mut wanted = Vec::new();
        for kind in [BlockKind::Tool, BlockKind::Instructions, BlockKind::Item] {
            wanted.extend(ids.iter().rposition(|id| blocks[*id as usize].kind == kind));
        }
        for (at, id) in ids.iter_mut().enumerate() {
            let mark = wanted.contains(&at);
            *id = *marked.entry((*id, mark)).or_insert_with(|| {
                let block = &blocks[*id as usize];
                let raw = set_mark(block, mark);
                blocks.push(Block::new(block.kind, raw));
                u32::try_from(blocks.len() - 1).unwrap_or(u32::MAX)
            });
        }
    })
}

/// A block with a breakpoint behind it, or without any.
fn set_mark(block: &Block, mark: bool) -> String {
    let plain = crate::segment::unmarked(block);
    if !mark {
        return plain;
    }
    let with = |object: &str| {
        object.strip_suffix('}').map(|open| {
            let comma = if open.trim_end().ends_with('{') { "" } else { "," };
            format!(r#"{open}{comma}"cache_control":{{"type":"ephemeral"}}}}"#)
        })
    };
    if block.kind != BlockKind::Item {
        return with(&plain).unwrap_or(plain);
    }
    let Ok(fields) = Fields::parse(&plain) else { return plain };
    let content = fields.get("content").map_or("", |raw| raw.get());
    let part = match content.strip_suffix("}]") {
        Some(open) => format!(r#"{open},"cache_control":{{"type":"ephemeral"}}}}]"#),
        None if content.starts_with('"') => {
            format!(r#"[{{"type":"text","text":{content},"cache_control":{{"type":"ephemeral"}}}}]"#)
        }
        None => return plain,
    };
    plain.replacen(content, &part, 1)
}
