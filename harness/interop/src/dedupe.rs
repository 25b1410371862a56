//! Each call once: a session that was given twice, a resumed one that repeats what came before it, a forked one that
//! repeats its parent. Knows nothing of files.

use std::collections::{HashMap, HashSet};

use promptcache::{Call, Session};
use wire::Usage;

/// So many equal calls at the beginning of two sessions are no chance.
const SAME_BEGINNING: usize = 3;

/// Calls that were left out of one source because another one holds them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Duplicate {
    pub(crate) left: String,
    pub(crate) kept: String,
    pub(crate) calls: u64,
}

/// What is left, and what was left out.
pub(crate) fn dedupe(sessions: Vec<Session>) -> (Vec<Session>, Vec<Duplicate>) {
    let mut duplicates = Vec::new();
    let sessions = by_id(sessions, &mut duplicates);
    let sessions = by_message(sessions, &mut duplicates);
    (by_beginning(sessions, &mut duplicates), duplicates)
}

/// Of several with one id, the one with the most calls.
fn by_id(sessions: Vec<Session>, duplicates: &mut Vec<Duplicate>) -> Vec<Session> {
    let mut best: HashMap<(String, String), usize> = HashMap::new();
    // A trace of Codex CLI and its rollout are one session; the trace has the requests.
    let family = |session: &Session| session.format.split('_').next().unwrap_or_default().to_owned();
    let key = |session: &Session| (family(session), session.id.clone());
    let worth = |session: &Session| (session.calls.len(), session.has_requests());
    for (at, session) in sessions.iter().enumerate() {
        let other = *best.entry(key(session)).or_insert(at);
        if worth(session) > worth(&sessions[other]) {
            best.insert(key(session), at);
        }
    }
    let sources: Vec<String> = sessions.iter().map(|session| session.source.clone()).collect();
    let keep = |(at, session): (usize, Session)| {
        let kept = best.get(&key(&session)).copied().unwrap_or(at);
        if kept == at || is_part(&session) {
            return Some(session);
        }
        let calls = session.calls.len() as u64;
        duplicates.push(Duplicate { left: session.source, kept: sources[kept].clone(), calls });
        None
    };
    sessions.into_iter().enumerate().filter_map(keep).collect()
}

/// Whether several files of one id are parts of a session rather than copies: agents of an agent of Claude Code write
/// their own, under the session's id. Their messages tell them apart.
fn is_part(session: &Session) -> bool {
    session.format == "claude_transcript"
}

/// Of Claude Code's messages each once, in the session that began first.
fn by_message(mut sessions: Vec<Session>, duplicates: &mut Vec<Duplicate>) -> Vec<Session> {
    let mut order: Vec<usize> = (0..sessions.len()).filter(|at| is_part(&sessions[*at])).collect();
    order.sort_by_key(|at| sessions[*at].calls.iter().filter_map(|call| call.at_us).min());
    let mut seen: HashMap<String, String> = HashMap::new();
    for at in order {
        let session = &mut sessions[at];
        let mut left: HashMap<String, u64> = HashMap::new();
        let again: HashSet<usize> = (0..session.calls.len())
            .filter(|number| {
                let Some(id) = &session.calls[*number].id else { return false };
                match seen.get(id) {
                    Some(source) if *source != session.source => {
                        *left.entry(source.clone()).or_default() += 1;
                        true
                    }
                    Some(_) => false,
                    None => {
                        seen.insert(id.clone(), session.source.clone());
                        false
                    }
                }
            })
            .collect();
        drop_calls(session, &again);
        let mut left: Vec<(String, u64)> = left.into_iter().collect();
        left.sort();
        let source = session.source.clone();
        duplicates.extend(left.into_iter().map(|(kept, calls)| Duplicate {
            left: source.clone(),
            kept,
            calls,
        }));
    }
    sessions.retain(|session| !session.calls.is_empty());
    sessions
}

/// Takes calls out. Where requests are known, they stay as what later ones go on from, so that only whole sessions of
/// reported figures are cut.
fn drop_calls(session: &mut Session, again: &HashSet<usize>) {
    if again.is_empty() || session.has_requests() && again.len() < session.calls.len() {
        return;
    }
    let calls = std::mem::take(&mut session.calls);
    session.calls =
        calls.into_iter().enumerate().filter(|(at, _)| !again.contains(at)).map(|(_, call)| call).collect();
}

/// A forked session begins with its parent's calls, counted by count.
fn by_beginning(mut sessions: Vec<Session>, duplicates: &mut Vec<Duplicate>) -> Vec<Session> {
    let counts = |calls: &[Call]| -> Vec<Usage> { calls.iter().filter_map(|call| call.usage).collect() };
    let codex: Vec<usize> =
        (0..sessions.len()).filter(|at| sessions[*at].format == "codex_rollout").collect();
    // Parents before their children; else the one that began first.
    let ids: HashMap<String, usize> = codex.iter().map(|at| (sessions[*at].id.clone(), *at)).collect();
    let depth = |mut at: usize| {
        let mut depth = 0;
        while let Some(parent) = sessions[at].parent.as_ref().and_then(|id| ids.get(id)) {
            depth += 1;
            at = *parent;
            if depth > sessions.len() {
                break;
            }
        }
        depth
    };
    let mut order: Vec<(usize, Option<i64>, usize)> = codex
        .iter()
        .map(|at| (depth(*at), sessions[*at].calls.iter().filter_map(|call| call.at_us).min(), *at))
        .collect();
    order.sort();
    let whole: HashMap<usize, Vec<Usage>> =
        codex.iter().map(|at| (*at, counts(&sessions[*at].calls))).collect();
    let mut firsts: HashMap<Usage3, Vec<usize>> = HashMap::new();
    for (_, _, at) in order {
        let own = &whole[&at];
        let Some(first) = own.first().map(key) else { continue };
        let parent =
            sessions[at].parent.as_ref().and_then(|id| ids.get(id)).copied().filter(|parent| *parent != at);
        let mut best: Option<(usize, usize)> = None;
        for other in firsts.get(&first).into_iter().flatten().copied().chain(parent) {
            let common = own.iter().zip(&whole[&other]).take_while(|(a, b)| a == b).count();
            let linked = Some(other) == parent;
            if common >= if linked { 1 } else { SAME_BEGINNING } && best.is_none_or(|(most, _)| common > most)
            {
                best = Some((common, other));
            }
        }
        if let Some((common, other)) = best {
            let (left, kept) = (sessions[at].source.clone(), sessions[other].source.clone());
            duplicates.push(Duplicate { left, kept, calls: common as u64 });
            sessions[at].calls.drain(..common);
        }
        firsts.entry(first).or_default().push(at);
    }
    sessions.retain(|session| !session.calls.is_empty());
    sessions
}

type Usage3 = (u64, u64, u64);

fn key(usage: &Usage) -> Usage3 {
    (usage.input_tokens, usage.cached_tokens, usage.output_tokens)
}
