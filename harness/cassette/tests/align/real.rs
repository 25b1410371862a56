//! The same with real sessions of Codex CLI and Claude Code: one goes on as another does, after what is benign about real
//! agents. Where they are not there the test says so.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use base::Seed;
use cassette::align::{Did, Outcome, Output, Session};
use cassette::{Effect, Profile};
use journal::ToolOutcome;
use serde_json::Value;
use wire::{Item, Protocol};

use crate::author::Dice;
use crate::{SESSIONS, compared, seed};

/// What a command begins with that only looks.
const LOOKS: [&str; 10] =
    ["ls", "cat ", "sed -n", "rg ", "grep ", "find ", "git status", "git diff", "git log", "nl "];

fn folder() -> PathBuf {
    let shared = std::env::var_os("RETAKE_SHARED").map(PathBuf::from);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    shared.unwrap_or_else(|| workspace.join("../shared")).join("data")
}

/// An action with what came of it.
#[derive(Clone)]
struct Piece {
    did: Did,
    outcome: Outcome,
}

impl Piece {
    fn looks(&self) -> bool {
        let Did::Called { tool, arguments } = &self.did else { return false };
        let arguments: Value = serde_json::from_str(arguments).unwrap_or_default();
        let command = ["cmd", "command"].iter().find_map(|key| arguments[*key].as_str()).unwrap_or_default();
        ["Read", "Grep", "Glob"].contains(&tool.as_str())
            || (LOOKS.iter().any(|look| command.starts_with(look)) && !command.contains('>'))
    }
}

/// The calls of a session's log, with their outputs.
fn pieces(path: &Path, protocol: Protocol) -> Vec<Piece> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let raw = lines.filter_map(|line| match protocol {
        Protocol::Responses => (line["type"] == "response_item").then(|| line["payload"].to_string()),
        _ => line["message"]["role"].is_string().then(|| line["message"].to_string()),
    });
    let (mut calls, mut outputs) = (Vec::new(), HashMap::new());
    for item in raw.flat_map(|raw| protocol.items(&raw)) {
        match item {
            Item::Call { call_id, name, arguments, .. } => {
                calls.push((call_id, Did::Called { tool: name, arguments }));
            }
            Item::Output { call_id, output, is_error, .. } => {
                outputs.entry(call_id).or_insert((output, is_error));
            }
            _ => {}
        }
    }
    let pieces = calls.into_iter().map(|(id, did)| {
        let (text, is_error) = outputs.remove(&id).unwrap_or_default();
        let outcome = is_error.then_some(ToolOutcome::Failed);
        let output = Output::Text(text);
        Piece { did, outcome: Outcome { outcome, exit: None, output, effect: Effect::default() } }
    });
    pieces.collect()
}

/// Every session of at least ten calls, with the number of its agent.
fn sessions() -> Vec<(usize, Vec<Piece>)> {
    let mut found = Vec::new();
    for (agent, (name, protocol)) in
        [("codex", Protocol::Responses), ("claude", Protocol::Messages)].into_iter().enumerate()
    {
        let listed = std::fs::read_dir(folder().join(name)).into_iter().flatten();
        let mut paths: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        paths.sort();
        let all = paths.iter().map(|path| (agent, pieces(path, protocol)));
        found.extend(all.filter(|(_, pieces)| pieces.len() >= 10));
    }
    found
}

fn noisy(dice: &mut Dice, pieces: &[Piece], looks: &[Piece]) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        let next = pieces.get(at + 1).filter(|next| next.looks() && piece.looks());
        if let (Some(next), true) = (next, dice.happens(0.1)) {
            out.extend([next.clone(), piece.clone()]);
            at += 2;
            continue;
        }
        if !looks.is_empty() && dice.happens(0.05) {
            out.push(looks[dice.below(looks.len())].clone());
        }
        if !(piece.looks() && dice.happens(0.04)) {
            out.push(piece.clone());
        }
        if piece.looks() && dice.happens(0.05) {
            out.push(piece.clone());
        }
        at += 1;
    }
    out
}

fn session(pieces: &[Piece]) -> Session {
    let mut session = Session::new(Protocol::Responses, Vec::new(), &Profile::built_in("native").unwrap());
    for (step, piece) in (1..).zip(pieces) {
        session.push("main", step, piece.did.clone(), piece.outcome.clone());
    }
    let answer = Did::Answered { text: "Done.".to_owned() };
    session.push("main", pieces.len() as u32 + 1, answer, Outcome::default());
    session
}

#[test]
fn a_fork_between_real_sessions_is_found_within_one_step() {
    let sessions = sessions();
    if sessions.is_empty() {
        // Past the test runner, which keeps what passing tests print to itself.
        let told = b"SKIPPED: no sessions of real agents (RETAKE_SHARED names their folder)\n";
        std::io::stderr().write_all(told).unwrap();
        return;
    }
    let looks: Vec<Piece> = sessions
        .iter()
        .flat_map(|(_, pieces)| pieces.iter().filter(|piece| piece.looks()).cloned())
        .collect();
    let (mut found, mut exact, mut forked) = (0, 0, 0);
    for number in 0..SESSIONS {
        let seed: Seed = seed().derive(&format!("real {number}"));
        let mut dice = Dice::new(seed);
        let (agent, a) = &sessions[number % sessions.len()];
        let others: Vec<_> =
            sessions.iter().filter(|(other, b)| other == agent && !std::ptr::eq(a, b)).collect();
        let other = &others[dice.below(others.len())].1;
        let at = 2 + dice.below(a.len() - 4);
        let mut b = noisy(&mut dice, &a[..at], &looks);
        let b_at = b.len();
        let from = dice.below(other.len() - 4);
        b.extend(other[from..].iter().cloned());
        let expected = (at as u32 + 1, b_at as u32 + 1);
        let fork = compared(&session(a), &session(&b)).fork;
        let off = fork.map(|fork| (fork.a_step.abs_diff(expected.0), fork.b_step.abs_diff(expected.1)));
        found += usize::from(off.is_some_and(|(a, b)| a <= 1 && b <= 1));
        exact += usize::from(off == Some((0, 0)));
        if !off.is_some_and(|(a, b)| a <= 1 && b <= 1) {
            println!("{number}: fork at {expected:?} of {}, off by {off:?}", a.len());
        }
        let benign = noisy(&mut dice, a, &looks);
        let none = compared(&session(a), &session(&benign)).fork;
        if let Some(fork) = none {
            println!("{number}: no fork, {} calls, found {fork:?}", a.len());
            forked += 1;
        }
    }
    println!(
        "real sessions ({}): {found} of {SESSIONS} forks within one step (exactly there: {exact}); without a fork \
         {forked} of {SESSIONS} were said to have one",
        sessions.len()
    );
    assert!(found * 100 >= SESSIONS * 95, "{found} of {SESSIONS}");
    assert!(forked * 100 <= SESSIONS * 5, "{forked} of {SESSIONS}");
}
