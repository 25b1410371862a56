//! A recording made through a gateway and served through another: byte for byte, whatever the lanes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base::{Digest, Timestamp};
use cassette::{Cassette, CountTokens, Header, Kind, Player, Writer};
use gateway::{Event, Options};
use model::{CassetteModel, Recorder, SharedWriter};
use serde_json::{Value, json};
use wire::{Cause, Protocol};

use crate::client::{Client, Got};
use crate::fakes::{script, start};

struct Bytes;

impl CountTokens for Bytes {
    fn name(&self) -> &str {
        "bytes"
    }

    fn count(&self, text: &str) -> u32 {
        text.len() as u32
    }
}

fn writer(path: &Path) -> SharedWriter {
    let header = Header {
        version: "1.0".parse().unwrap(),
        kind: Kind::Synthetic,
        agent: "test 1.0".into(),
        protocol: Protocol::Messages,
        model: "stub".into(),
        clock: Timestamp::parse("2026-11-02T09:00:00Z").unwrap(),
        profile: "native".into(),
        task: "core/a".into(),
        task_digest: Digest::of(b"task"),
        workspace: Digest::of(b"workspace"),
        tokenizer: "bytes".into(),
        toolchain: Default::default(),
        start: None,
    };
    Arc::new(Mutex::new(Writer::create(path, header, Arc::new(Bytes)).unwrap()))
}

fn message(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

fn body(messages: &[Value], stream: bool) -> String {
    json!({"model": "m", "stream": stream, "system": "s", "messages": messages}).to_string()
}

const SCRIPT: &str = r#"
    version = "1.0"
    model = "stub"
    [[turn]]
    text = "I look around, with \"quotes\", an é and\nmany lines that no delta holds as one."
    [[turn.call]]
    tool = "bash"
    args = { command = "ls" }
    [[turn]]
    text = "busy"
    error = { status = 529, body = "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}", times = 2 }
    [[turn]]
    text = "Done."
"#;

/// Two conversations, the second in a lane of its own; the second step of each meets two errors.
fn requests() -> Vec<String> {
    let conversation = |name: &str| {
        let items = [message(name), message("b"), message("c")];
        let steps = [(1, true), (2, true), (2, true), (2, true), (3, false)];
        steps.map(|(length, stream)| body(&items[..length], stream))
    };
    [conversation("one"), conversation("two")].concat()
}

fn ask(address: std::net::SocketAddr, body: &str) -> Got {
    let mut got = Client::open(address).post("/v1/messages", body);
    got.headers.retain(|(name, _)| name != "date");
    got
}

fn record(folder: &Path) -> (PathBuf, Vec<Got>) {
    let path = folder.join("cassette.jsonl");
    let writer = writer(&path);
    let model = Recorder::new(script(SCRIPT), Arc::clone(&writer));
    let (gateway, observer) = start(Arc::new(model), Options::default());
    let got = requests().iter().map(|body| ask(gateway.address(), body)).collect();
    gateway.close();
    let lanes: Vec<_> = observer
        .asked()
        .into_iter()
        .map(|(lane, step, attempt)| format!("{lane} {step} {attempt}"))
        .collect();
    let expected = ["main 1 1", "main 2 1", "main 2 2", "main 2 3", "main 3 1"];
    assert_eq!(lanes[..5], expected);
    assert_eq!(lanes[5..], expected.map(|lane| lane.replace("main", "lane-2")));
    let Ok(writer) = Arc::try_unwrap(writer) else { panic!("somebody still records") };
    writer.into_inner().unwrap().end("").unwrap();
    (path, got)
}

fn player(path: &Path) -> Arc<Player> {
    Arc::new(Player::new(Arc::new(Cassette::load(path).unwrap())))
}

#[test]
fn a_recording_is_served_byte_for_byte_in_any_lane_and_each_exchange_once() {
    let folder = tempfile::tempdir().unwrap();
    let (path, recorded) = record(folder.path());
    assert_eq!(recorded[1].status, 529);
    let player = player(&path);
    let model = Arc::new(CassetteModel::any_lane(Arc::clone(&player)));
    let (gateway, observer) = start(model, Options::default());
    let requests = requests();
    // The other conversation first, so that the lanes have each other's names.
    let order = [5, 6, 0, 1, 2, 7, 8, 9, 3, 4];
    for number in order {
        assert_eq!(ask(gateway.address(), &requests[number]), recorded[number], "request {number}");
    }
    let progress = player.progress();
    assert_eq!((progress.served, progress.total, progress.unserved.len()), (10, 10, 0));
    let again = ask(gateway.address(), &requests[0]);
    assert_eq!(again.status, 410);
    assert_eq!(gateway.close().diverged, 1);
    let diverged = observer.all().into_iter().find_map(|event| match event {
        Event::Diverged { miss, .. } => Some(miss.difference.cause),
        _ => None,
    });
    assert_eq!(diverged, Some(Cause::ExtraRequest));
}

#[test]
fn a_divergence_is_explained_in_the_vendors_shape_and_not_to_be_retried() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = record(folder.path());
    let player = player(&path);
    let model = Arc::new(CassetteModel::any_lane(Arc::clone(&player)));
    let (gateway, _) = start(model, Options::default());
    assert_eq!(ask(gateway.address(), &requests()[0]).status, 200);
    let got = ask(gateway.address(), &body(&[message("one"), message("B")], true));
    assert_eq!((got.status, got.header("x-should-retry")), (410, Some("false")));
    let error = got.json()["error"].clone();
    let text = error["message"].as_str().unwrap();
    assert_eq!(error["type"], "invalid_request_error");
    assert!(
        text.contains("item_changed at .messages[1].content[0].text, byte 0") && text.contains("step 2"),
        "{text}"
    );
    assert_eq!(player.progress().unserved.len(), 9);
    assert_eq!(Protocol::Messages, player.cassette().header.protocol);
}

#[test]
fn thousands_of_recorded_conversations_are_served_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.jsonl");
    let writer = writer(&path);
    let one_turn = &SCRIPT[..SCRIPT.find("    [[turn]]\n    text = \"busy").unwrap()];
    let model = Recorder::new(script(one_turn), Arc::clone(&writer));
    let (gateway, _) = start(Arc::new(model), Options::default());
    let mut client = Client::open(gateway.address());
    let asked: Vec<String> = (0..2000).map(|n| body(&[message(&format!("task {n}"))], true)).collect();
    let given: Vec<String> = asked.iter().map(|body| client.post("/v1/messages", body).body).collect();
    assert_eq!(gateway.close().lanes, 2000);
    let Ok(writer) = Arc::try_unwrap(writer) else { panic!("somebody still records") };
    writer.into_inner().unwrap().end("").unwrap();
    let player = player(&path);
    let (gateway, _) = start(Arc::new(CassetteModel::any_lane(Arc::clone(&player))), Options::default());
    let mut client = Client::open(gateway.address());
    for (body, given) in asked.iter().zip(&given).rev() {
        assert_eq!(&client.post("/v1/messages", body).body, given);
    }
    assert_eq!(player.progress().served, 2000);
}
