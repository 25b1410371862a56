//! No secret reaches a recording, wherever it was said and however it came; what was recorded without it replays
//! itself; and what only looks like one stays as it is.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail there and then")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Digest, Timestamp};
use cassette::{
    Cassette, CountTokens, Header, Kind, Player, RecordedFile, Redactor, Renames, Response, Snapshot, Writer,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use wire::{Answer, Authored, AuthoredCall, BlockKind, Frame, Prompt, Protocol, Tracker};

struct Bytes;

impl CountTokens for Bytes {
    fn name(&self) -> &str {
        "bytes"
    }

    fn count(&self, text: &str) -> u32 {
        text.len() as u32
    }
}

fn writer(path: &Path, protocol: Protocol) -> Writer {
    let header = Header {
        version: cassette::VERSION,
        kind: Kind::Synthetic,
        agent: "an agent 1.0".into(),
        protocol,
        model: "stub".into(),
        clock: Timestamp::parse("2026-11-02T09:00:00Z").unwrap(),
        profile: "generic".into(),
        task: "core/a".into(),
        task_digest: Digest::of(b"task"),
        workspace: Digest::of(b"workspace"),
        tokenizer: "bytes".into(),
        toolchain: Default::default(),
        start: None,
    };
    Writer::create(path, header, Arc::new(Bytes)).unwrap()
}

/// A conversation in which a secret is in the prompt, in a tool's output, and in everything that the model says.
fn requests(protocol: Protocol, said: &[String]) -> Vec<String> {
    let [prompt, output, argument, _] = said else { panic!("four texts") };
    let arguments = json!({"command": argument}).to_string();
    let (call, result) = match protocol {
        Protocol::Responses => (
            json!({"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "run", "arguments": arguments}),
            json!({"type": "function_call_output", "call_id": "call_1", "output": output}),
        ),
        Protocol::ChatCompletions => (
            json!({"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "run", "arguments": arguments}}]}),
            json!({"role": "tool", "tool_call_id": "call_1", "content": output}),
        ),
        Protocol::Messages => (
            json!({"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "run", "input": {"command": argument}}]}),
            json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": output}]}),
        ),
    };
    let list = if protocol == Protocol::Responses { "input" } else { "messages" };
    let first = json!({"role": "user", "content": prompt});
    let body = |items: Value| json!({"model": "m", "stream": true, list: items}).to_string();
    vec![body(json!([first])), body(json!([first, call, result]))]
}

fn walk(protocol: Protocol, requests: &[String], mut ask: impl FnMut(u32, &Prompt)) {
    let mut prompt = Prompt::default();
    for (number, body) in requests.iter().enumerate() {
        let (head, mut pieces) = protocol.pieces(body).unwrap();
        pieces.insert(0, (BlockKind::Head, &head));
        prompt.follow(&pieces);
        ask(number as u32 + 1, &prompt);
    }
}

fn answer(protocol: Protocol, said: &[String]) -> Vec<Frame> {
    let authored = Authored {
        model: "stub".into(),
        number: 1,
        reasoning: Some(said[3].clone()),
        text: Some(said[3].clone()),
        calls: vec![AuthoredCall::function("run", json!({"command": said[2]}).to_string())],
        ..Authored::default()
    };
    authored.frames(protocol).unwrap()
}

fn decoded(protocol: Protocol, frames: &[Frame]) -> Answer {
    let mut decoder = protocol.decoder();
    frames.iter().for_each(|frame| drop(decoder.feed(frame)));
    decoder.finish()
}

fn record(path: &Path, protocol: Protocol, said: &[String]) {
    let mut writer = writer(path, protocol);
    walk(protocol, &requests(protocol, said), |step, prompt| {
        let asked = writer.ask(protocol, ("main", step, 1), prompt).unwrap();
        writer.exchange(asked, Response::Stream(answer(protocol, said))).unwrap();
    });
    // A body in one piece, and a file of the workspace.
    let body = json!({"error": {"message": said[3]}}).to_string();
    walk(protocol, &requests(protocol, said)[..1], |_, prompt| {
        let asked = writer.ask(protocol, ("main", 3, 1), prompt).unwrap();
        let response = Response::Body { status: 500, body: body.clone(), total_us: 1, retry_after_ms: None };
        writer.exchange(asked, response).unwrap();
    });
    let files = [("a".to_owned(), RecordedFile::Text(said[1].clone()))].into_iter().collect();
    writer.snapshot(Snapshot { step: 3, digest: Digest::of(b"end"), files }).unwrap();
    writer.end(&said[3]).unwrap();
}

/// What may follow the prefix of a token.
const ONE: &str = "q7Jf02mZxP91vLk3TnR8aB4cD5eF6gH0iKsU";
const TWO: &str = "Zy8Xw6Vu4Ts2Rq0Po9Nm7Lk5Ji3Hg1FeDcBa";

fn token(r: &str) -> String {
    format!("gh{}{r}", "p_")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_secret_reaches_the_file_and_the_recording_replays_itself(
        r in Just(ONE.chars().collect::<Vec<_>>()).prop_shuffle().prop_map(|chars| chars.into_iter().collect::<String>()),
        before in "[a-zA-Z é\n\"]{0,120}[ \n\"=]",
        after in "[ \n\",][a-z é\n]{0,60}",
    ) {
        let secret = token(&r);
        let other = token(&r.chars().rev().collect::<String>());
        let said: Vec<String> = [&secret, &secret, &other, &other].map(|s| format!("{before}{s}{after}")).to_vec();
        let temp = tempfile::tempdir().unwrap();
        for protocol in Protocol::ALL {
            let path = temp.path().join(protocol.name());
            record(&path, protocol, &said);
            let text = std::fs::read_to_string(&path).unwrap();
            prop_assert!(!text.contains(&secret[4..]) && !text.contains(&other[4..]), "{}", text);
            let cassette = Arc::new(Cassette::load(&path).unwrap());
            // In the answers both, in the prompt one.
            let marked = answer(protocol, &said.iter().map(|s| s.replace(&secret, "__redacted:github-token:1__").replace(&other, "__redacted:github-token:2__")).collect::<Vec<_>>());
            let kept = decoded(protocol, &cassette.exchanges[0].frames);
            prop_assert_eq!(kept.items, decoded(protocol, &marked).items);
            let player = Player::new(Arc::clone(&cassette));
            walk(protocol, &requests(protocol, &said), |_, prompt| {
                player.serve_any("lane", 1, prompt).unwrap();
            });
            // Another secret at the same places is the same request; one secret where there were two is not.
            let changed = |new: &str, other_new: &str| -> Vec<String> {
                said.iter().map(|s| s.replace(&secret, new).replace(&other, other_new)).collect()
            };
            let (new, newer) = (token(ONE), token(TWO));
            let player = Player::new(Arc::clone(&cassette));
            walk(protocol, &requests(protocol, &changed(&new, &newer)), |_, prompt| {
                player.serve_any("lane", 1, prompt).unwrap();
            });
            let player = Player::new(Arc::clone(&cassette));
            let mut misses = 0;
            walk(protocol, &requests(protocol, &changed(&new, &new)), |_, prompt| {
                misses += u32::from(player.serve_any("lane", 1, prompt).is_err());
            });
            prop_assert_eq!(misses, 1);
        }
    }
}

#[test]
fn what_the_run_told_the_model_comes_back_as_this_runs_secret() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("c");
    let (recorded, now) = (token(ONE), token(TWO));
    let said = |secret: &str| vec![format!("use {secret}"); 4];
    record(&path, Protocol::Responses, &said(&recorded));
    let cassette = Cassette::load(&path).unwrap();
    let chain = |bodies: &[String]| {
        let mut tracker = Tracker::default();
        walk(Protocol::Responses, bodies, |_, prompt| {
            tracker.key(prompt, &cassette.profile).unwrap();
        });
        tracker.chain().clone()
    };
    let mut follower = cassette::Recorded::default();
    let old = follower.request(&cassette, 0).unwrap();
    let new = chain(&requests(Protocol::Responses, &said(&now))[..1]);
    let renames = Renames::new(&cassette.profile, old, &new);
    let frames = renames.frames(Protocol::Responses, &cassette.exchanges[0].frames);
    let items = decoded(Protocol::Responses, &frames).items;
    let (thoughts, aloud): (Vec<_>, Vec<_>) = items.iter().partition(|item| item.contains("reasoning"));
    assert!(aloud.iter().all(|item| item.contains(&now)), "{aloud:?}");
    // Thoughts are signed: nothing in them is made up again.
    assert!(thoughts.iter().all(|item| !item.contains(&now)), "{thoughts:?}");
}

/// Everything below `../shared/data` that agents and vendors wrote, line by line: their secrets were scrubbed.
#[test]
fn real_requests_streams_and_sessions_hold_hardly_anything_that_looks_like_a_secret() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !data.is_dir() {
        eprintln!("SKIPPED: {} is not there", data.display());
        return;
    }
    let mut bytes = 0;
    let mut total = 0;
    for folder in ["sse", "claude", "codex"] {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(data.join(folder)).unwrap().map(|e| e.unwrap().path()).collect();
        paths.sort();
        for path in paths.iter().filter(|path| path.extension().is_none_or(|e| e != "gz")) {
            let text = std::fs::read_to_string(path).unwrap();
            bytes += text.len();
            let mut redactor = Redactor::default();
            for line in text.lines() {
                let new = redactor.json(line).or_else(|| redactor.text(line));
                if let (Some(new), true) = (new, std::env::var_os("RETAKE_SHOW_SECRETS").is_some()) {
                    for (at, _) in new.match_indices("__redacted:") {
                        let from = new.floor_char_boundary(at.saturating_sub(60));
                        let to = new.floor_char_boundary((at + 60).min(new.len()));
                        println!("    {}", &new[from..to]);
                    }
                }
            }
            let mut counts: Vec<_> = redactor.counts().iter().collect();
            counts.sort();
            if !counts.is_empty() {
                println!("{}: {counts:?}", path.file_name().unwrap().display());
            }
            total += counts.iter().map(|(_, count)| **count).sum::<u32>();
        }
    }
    println!("{total} distinct findings in {bytes} bytes");
}
