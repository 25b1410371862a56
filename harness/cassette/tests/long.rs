//! Long recordings of agents whose requests change near their start every time, in the shape of Codex's and of Claude
//! Code's: their size, and what is served from them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail there and then")]

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use base::{Digest, Timestamp};
use cassette::{Cassette, CountTokens, Header, Kind, Player, Recorded, Response, Served, Writer};
use serde_json::{Value, json};
use wire::{Authored, AuthoredCall, BlockKind, Frame, Prompt, Protocol};

struct Bytes;

impl CountTokens for Bytes {
    fn name(&self) -> &str {
        "bytes"
    }

    fn count(&self, text: &str) -> u32 {
        text.len() as u32
    }
}

fn header(protocol: Protocol, profile: &str) -> Header {
    Header {
        version: cassette::VERSION,
        kind: Kind::Synthetic,
        agent: "an agent 1.0".into(),
        protocol,
        model: "stub".into(),
        clock: Timestamp::parse("2026-11-02T09:00:00Z").unwrap(),
        profile: profile.into(),
        task: "core/a".into(),
        task_digest: Digest::of(b"task"),
        workspace: Digest::of(b"workspace"),
        tokenizer: "bytes".into(),
        toolchain: Default::default(),
        start: None,
    }
}

fn text(number: usize, bytes: usize) -> String {
    let line = format!("{number} a line of text\n");
    let mut text = line.repeat(bytes / line.len() + 1);
    text.truncate(bytes);
    text
}

fn uuid(number: usize) -> String {
    format!("01a202eb-0000-7b23-9e4f-{number:012x}")
}

/// The request of a step of Codex: the parameters tell of the client, otherwise in every request.
fn codex(step: usize) -> Value {
    let message = |number: usize, role: &str, bytes: usize| {
        let content = json!([{"type": "input_text", "text": text(number, bytes)}]);
        json!({"type": "message", "id": format!("msg_{}", uuid(number)), "role": role, "content": content})
    };
    let mut input = vec![message(1, "developer", 4_000), message(2, "user", 900), message(3, "user", 300)];
    for n in 1..step {
        let call = format!("call_{n}");
        let output = format!(
            "Chunk ID: {n:06x}\nWall time: 0.0{n} seconds\nProcess exited with code 0\nOriginal token count: 4\nOutput:\n{}",
            text(n, 500)
        );
        input.extend([
            json!({"type": "reasoning", "id": format!("rs_{n}"), "summary": [], "encrypted_content": text(n, 400)}),
            json!({"type": "function_call", "id": format!("fc_{n}"), "name": "exec_command", "arguments": json!({"cmd": text(n, 60)}).to_string(), "call_id": call}),
            json!({"type": "function_call_output", "id": format!("fco_{}", uuid(9000 + n)), "call_id": call, "output": output}),
        ]);
    }
    let turn =
        json!({"turn_id": uuid(5), "sandbox": "none", "turn_started_at_unix_ms": 1_795_345_349_662_u64});
    let client = json!({"session_id": uuid(4), "thread_id": uuid(4), "turn_id": uuid(5), "request": step, "x-codex-turn-metadata": turn.to_string()});
    let tool =
        |n: usize| json!({"type": "function", "name": format!("tool_{n}"), "description": text(n, 800)});
    let tools: Vec<Value> = (0..6).map(tool).collect();
    json!({"model": "gpt-5.5", "tools": tools, "input": input, "prompt_cache_key": uuid(4), "client_metadata": client, "stream": true})
}

/// The request of a step of Claude Code: the last message alone bears a breakpoint and is a list for that time.
fn claude(step: usize) -> Value {
    let marked = |text: &str| json!([{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]);
    let mut messages = vec![json!({"role": "user", "content": text(0, 1_500)})];
    for n in 1..step {
        let id = format!("toolu_{n}");
        let call = json!({"type": "tool_use", "id": id, "name": "Bash", "input": {"command": text(n, 60)}});
        let result = json!({"type": "tool_result", "tool_use_id": id, "content": text(n, 500)});
        messages.push(json!({"role": "assistant", "content": [{"type": "text", "text": text(n, 80)}, call]}));
        messages.push(json!({"role": "user", "content": [result]}));
        messages.push(json!({"role": "system", "content": format!("Turn {n}.")}));
    }
    if let Some(Value::String(last)) = messages.last().map(|last| last["content"].clone()) {
        let at = messages.len() - 1;
        messages[at]["content"] = marked(&last);
    }
    let user = json!({"device_id": "d", "session_id": uuid(1), "request": step}).to_string();
    let tools: Vec<Value> =
        (0..8).map(|n| json!({"name": format!("Tool{n}"), "description": text(n, 900)})).collect();
    json!({"model": "claude-opus-5-5", "system": [{"type": "text", "text": text(1, 4_000)}], "tools": tools, "messages": messages, "metadata": {"user_id": user}, "stream": true})
}

fn answer(protocol: Protocol, step: usize) -> Vec<Frame> {
    let arguments = json!({"cmd": text(step, 60)}).to_string();
    let authored = Authored {
        model: "stub".into(),
        number: step as u32,
        text: Some(text(step, 80)),
        calls: vec![AuthoredCall::function("exec_command", arguments)],
        ..Authored::default()
    };
    authored.frames(protocol).unwrap()
}

fn raw(frames: &[Frame]) -> Vec<u8> {
    let mut out = Vec::new();
    frames.iter().for_each(|frame| frame.write(&mut out));
    out
}

/// What went over the wire: every request and the text of its answer.
struct Wire {
    protocol: Protocol,
    requests: Vec<String>,
}

impl Wire {
    fn of(protocol: Protocol, make: Make, steps: usize) -> Self {
        Self { protocol, requests: (1..=steps).map(|step| make(step).to_string()).collect() }
    }

    fn walk(&self, mut ask: impl FnMut(usize, &Prompt)) {
        let mut prompt = Prompt::default();
        for (number, body) in self.requests.iter().enumerate() {
            let (head, mut pieces) = self.protocol.pieces(body).unwrap();
            pieces.insert(0, (BlockKind::Head, &head));
            prompt.follow(&pieces);
            ask(number + 1, &prompt);
        }
    }

    fn record(&self, path: &Path, profile: &str) -> u64 {
        let mut writer = Writer::create(path, header(self.protocol, profile), Arc::new(Bytes)).unwrap();
        self.walk(|step, prompt| {
            let asked = writer.ask(self.protocol, ("main", step as u32, 1), prompt).unwrap();
            writer.exchange(asked, Response::Stream(answer(self.protocol, step))).unwrap();
        });
        writer.end("").unwrap();
        std::fs::metadata(path).unwrap().len()
    }

    /// Bytes of distinct blocks of its requests, and of its answers.
    fn said(&self) -> u64 {
        let (mut blocks, mut stamps) = (HashSet::new(), HashSet::new());
        let mut bytes = 0;
        self.walk(|step, prompt| {
            bytes += raw(&answer(self.protocol, step)).len();
            for (block, stamp) in prompt.blocks().iter().zip(prompt.stamps()) {
                let new = stamps.insert(*stamp) && blocks.insert(block.raw.clone());
                bytes += if new { block.raw.len() } else { 0 };
            }
        });
        bytes as u64
    }
}

/// Makes the request of a step.
type Make = fn(usize) -> Value;

const SHAPES: [(&str, Protocol, Make); 2] =
    [("codex", Protocol::Responses, codex), ("claude-code", Protocol::Messages, claude)];

#[test]
fn two_hundred_steps_take_little_more_than_what_was_said_and_the_same_for_each() {
    let temp = tempfile::tempdir().unwrap();
    for (profile, protocol, make) in SHAPES {
        let measure = |steps: usize| {
            let wire = Wire::of(protocol, make, steps);
            let size = wire.record(&temp.path().join(format!("{profile}-{steps}.jsonl")), profile);
            (size as f64, size as f64 / wire.said() as f64)
        };
        let (small, _) = measure(100);
        let (large, ratio) = measure(200);
        println!("{profile}: 200 steps in {large} bytes, {ratio:.3} of what was said");
        assert!(ratio < 1.3, "{profile}: {ratio}");
        assert!(large / small < 2.05, "{profile}: {small} {large}");
    }
}

#[test]
fn two_hundred_steps_replay_themselves_byte_for_byte() {
    let temp = tempfile::tempdir().unwrap();
    for (profile, protocol, make) in SHAPES {
        let wire = Wire::of(protocol, make, 200);
        let path = temp.path().join(profile);
        wire.record(&path, profile);
        let cassette = Arc::new(Cassette::load(&path).unwrap());
        let player = Player::new(Arc::clone(&cassette));
        let mut recorded = Recorded::default();
        wire.walk(|step, prompt| {
            let Served { exchange, key, .. } = player.serve_any("other", 1, prompt).unwrap();
            assert_eq!(raw(&exchange.frames), raw(&answer(protocol, step)));
            assert_eq!(cassette.request(step - 1), prompt.blocks());
            // Every third request alone: what lies between is followed all the same.
            if step % 3 == 0 {
                assert_eq!(recorded.request(&cassette, step - 1).unwrap().key(), Some(key));
            }
        });
        assert_eq!(player.progress().served, 200);
    }
}

#[test]
fn a_file_of_the_first_version_is_read_and_an_exchange_that_replaces_what_is_not_there_refused() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("c.jsonl");
    let wire = Wire::of(Protocol::Messages, claude, 2);
    wire.record(&path, "claude-code");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("{\"cassette\":{\"version\":\"2.2\""), "{}", &text[..60]);
    let load = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        Cassette::load(&path)
    };
    let replaced = "\"replace\":{\"0\":";
    assert!(load("\"version\":\"2.2\"", "\"version\":\"3.0\"").is_err());
    assert!(load("\"version\":\"2.2\"", "\"version\":\"1.0\"").is_ok());
    let error = load(replaced, "\"replace\":{\"199\":").unwrap_err();
    assert!(error.to_string().contains("replaces a block that it does not keep"), "{error}");
}
