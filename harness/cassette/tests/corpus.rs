//! Cassettes made from everything that holds whole requests: committed ones, other tools' recordings of real providers,
//! and traces of agents. Each replays itself, three times of three. What is not there is said to be so.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail there and then")]

#[path = "../../wire/tests/corpus/extract.rs"]
mod extract;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Digest, Timestamp};
use cassette::{Cassette, CountTokens, Header, Kind, Player, Response, VERSION, Writer};
use extract::exchanges;
use serde_json::{Value, json};
use wire::{Frame, Prompt, Protocol, sse};

/// Says something that a passing test shows too.
macro_rules! tell {
    ($($words:tt)*) => {
        std::io::stderr().write_all((format!($($words)*) + "\n").as_bytes()).unwrap()
    };
}

struct Bytes;

impl CountTokens for Bytes {
    fn name(&self) -> &str {
        "bytes"
    }

    fn count(&self, text: &str) -> u32 {
        text.len() as u32
    }
}

/// A request and what answered it.
struct Asked {
    protocol: Protocol,
    body: String,
    response: Response,
}

fn record(path: &Path, asked: &[Asked]) {
    let header = Header {
        version: VERSION,
        kind: Kind::Live,
        agent: "other 1.0".into(),
        protocol: asked[0].protocol,
        model: "other".into(),
        clock: Timestamp::parse("2026-11-02T09:00:00Z").unwrap(),
        profile: "generic".into(),
        task: String::new(),
        task_digest: Digest::of(b"task"),
        workspace: Digest::of(b"workspace"),
        tokenizer: "bytes".into(),
        toolchain: Default::default(),
        start: None,
    };
    let mut writer = Writer::create(path, header, Arc::new(Bytes)).unwrap();
    let mut prompt = Prompt::default();
    for (number, one) in asked.iter().enumerate() {
        follow(&mut prompt, one);
        let at = ("main", number as u32 + 1, 1);
        let taken = writer.ask(one.protocol, at, &prompt).unwrap();
        writer.exchange(taken, one.response.clone()).unwrap();
    }
    writer.end("").unwrap();
}

fn follow(prompt: &mut Prompt, asked: &Asked) {
    let blocks = asked.protocol.split(&asked.body).unwrap();
    let pieces: Vec<_> = blocks.iter().map(|block| (block.kind, &*block.raw)).collect();
    prompt.follow(&pieces);
}

/// Serves a recording to its own requests, by lane and by the whole request alone.
fn replays_itself(path: &Path, asked: &[Asked]) {
    let cassette = Arc::new(Cassette::load(path).unwrap());
    for pass in 1..=3 {
        for any in [false, true] {
            let player = Player::new(Arc::clone(&cassette));
            let mut prompt = Prompt::default();
            for (number, one) in asked.iter().enumerate() {
                follow(&mut prompt, one);
                let step = match any {
                    true => player.serve_any("main", 1, &prompt).map(|served| served.exchange.step),
                    false => player.serve("main", 1, &prompt).map(|(exchange, _)| exchange.step),
                };
                assert_eq!(step.unwrap(), number as u32 + 1, "{} pass {pass}", path.display());
            }
            assert_eq!(player.progress().unserved, [], "{} pass {pass}", path.display());
            assert_eq!(player.findings(), []);
        }
    }
}

fn shared() -> PathBuf {
    let shared = std::env::var_os("RETAKE_SHARED").map(PathBuf::from);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    shared.unwrap_or_else(|| workspace.join("../shared")).join("data")
}

fn files(folder: &Path, test: fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(listed) = std::fs::read_dir(folder) else {
        tell!("SKIPPED: no {} (RETAKE_SHARED names the folder of such data)", folder.display());
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| test(&path.file_name().unwrap().to_string_lossy()));
    files.sort();
    files
}

fn response(protocol: Protocol, found: &extract::Response) -> Response {
    let whole =
        |body: &str| Response::Body { status: 200, body: body.to_owned(), total_us: 1, retry_after_ms: None };
    let frames = |events: Vec<sse::Event>| {
        Response::Stream(events.iter().map(|event| Frame::from_event(1, event).unwrap()).collect())
    };
    let _ = protocol;
    match found {
        extract::Response::Whole(body) => whole(body),
        extract::Response::Events(events) => {
            frames(events.iter().map(|text| sse::Event::data(text.as_str())).collect())
        }
        extract::Response::Stream(text) => {
            let mut parser = sse::Parser::default();
            let mut events = Vec::new();
            parser.feed(text.as_bytes(), &mut events).unwrap();
            events.extend(parser.finish());
            frames(events)
        }
    }
}

#[test]
fn other_tools_recordings_become_cassettes_that_replay_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let (mut cassettes, mut requests) = (0, 0);
    for file in files(&shared().join("sse"), |name| name.ends_with(".yaml")) {
        let (found, _) = exchanges(&file);
        let asked: Vec<Asked> = found
            .into_iter()
            .filter_map(|exchange| {
                let response = response(exchange.protocol, &exchange.response);
                Some(Asked { protocol: exchange.protocol, body: exchange.request?, response })
            })
            .collect();
        // A cassette speaks one protocol.
        let first = asked.first().map(|one| one.protocol);
        let asked: Vec<Asked> = asked.into_iter().filter(|one| Some(one.protocol) == first).collect();
        if asked.is_empty() {
            continue;
        }
        let path = folder.path().join(format!("{cassettes}.jsonl"));
        record(&path, &asked);
        replays_itself(&path, &asked);
        cassettes += 1;
        requests += asked.len();
    }
    tell!("{cassettes} cassettes of other tools' recordings replay themselves 3/3: {requests} requests");
}

#[test]
fn traces_of_agents_become_cassettes_that_replay_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let (mut cassettes, mut requests) = (0, 0);
    for file in files(&shared().join("traj"), |name| name.starts_with("lmcache")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let asked: Vec<Asked> = text
            .lines()
            .map(|line| {
                let line: Value = serde_json::from_str(line).unwrap();
                // The whole prompt as it was sent, and the whole answer.
                let messages = json!([{"role": "user", "content": line["input"]}]);
                let answer = json!({"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": line["output"]}}]});
                let response =
                    Response::Body { status: 200, body: answer.to_string(), total_us: 1, retry_after_ms: None };
                let body = json!({"model": "m", "messages": messages}).to_string();
                Asked { protocol: Protocol::ChatCompletions, body, response }
            })
            .collect();
        let path = folder.path().join(format!("{cassettes}.jsonl"));
        record(&path, &asked);
        replays_itself(&path, &asked);
        cassettes += 1;
        requests += asked.len();
    }
    tell!("{cassettes} cassettes of agents' traces replay themselves 3/3: {requests} requests");
}

#[test]
fn every_committed_cassette_replays_itself() {
    let tasks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tasks");
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut folders = vec![tasks.join("core/cassettes"), tasks.join("failures/cassettes")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|end| end == "jsonl") => paths.push(path),
                false => {}
            }
        }
    }
    let mut requests = 0;
    for path in &paths {
        // One of them is cut on purpose.
        let Ok(cassette) = Cassette::load(path) else { continue };
        let cassette = Arc::new(cassette);
        for _ in 0..3 {
            let player = Player::new(Arc::clone(&cassette));
            let mut prompts: std::collections::HashMap<&str, Prompt> = Default::default();
            for (number, exchange) in cassette.exchanges.iter().enumerate() {
                let prompt = prompts.entry(&exchange.lane).or_default();
                let blocks = cassette.request(number);
                let pieces: Vec<_> = blocks.iter().map(|block| (block.kind, &*block.raw)).collect();
                prompt.follow(&pieces);
                let served = player.serve(&exchange.lane, exchange.attempt, prompt);
                assert_eq!(served.unwrap().0.step, exchange.step, "{}", path.display());
                requests += 1;
            }
            assert_eq!(player.progress().unserved, [], "{}", path.display());
        }
    }
    assert!(paths.len() > 10);
    tell!("{} committed cassettes replay themselves 3/3: {} requests", paths.len(), requests / 3);
}
