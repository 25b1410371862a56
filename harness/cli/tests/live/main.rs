//! `retake run --model BACKEND:MODEL` through the binary, against a backend on loopback that fails first: the trial
//! is solved, told and recorded, the recording replays without the backend, and the key is nowhere.

#![cfg(feature = "live")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod host;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

const KEY: &str = "sk-local-0123456789abcdef";
/// Tokens that each whole answer says it took.
const USAGE: (u64, u64) = (1000, 50);

/// A comment after which nothing comes for longer than a backend may be silent.
const SILENCE: &str = ": silence\n\n";

/// A backend that answers request n as `answer(n)` says; n is from 0.
struct Backend {
    port: u16,
    requests: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Backend {
    fn start(answer: fn(usize) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (requests, heads) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (count, kept) = (Arc::clone(&requests), Arc::clone(&heads));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                kept.lock().unwrap().push(receive(&mut stream));
                let text = answer(count.fetch_add(1, Ordering::SeqCst));
                stream.write_all(text.as_bytes()).unwrap();
                if text.contains(SILENCE) {
                    std::thread::sleep(std::time::Duration::from_millis(800));
                }
            }
        });
        Self { port, requests, heads }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Reads a request whole; gives its head.
fn receive(stream: &mut TcpStream) -> String {
    let (mut bytes, mut piece) = (Vec::new(), [0; 16_384]);
    loop {
        let n = stream.read(&mut piece).unwrap();
        bytes.extend_from_slice(&piece[..n]);
        let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..at]).into_owned();
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if bytes.len() >= at + 4 + length.expect("a length") {
            return head;
        }
    }
}

fn stream(events: &[Value]) -> String {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    let events =
        events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()));
    format!("{head}{}", events.collect::<String>())
}

fn created() -> Value {
    json!({"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}})
}

fn whole(item: &Value) -> String {
    let usage = json!({"input_tokens": USAGE.0, "output_tokens": USAGE.1});
    let done = json!({"id": "resp_1", "model": "stub-2026-11-01", "status": "completed", "output": [item], "usage": usage});
    stream(&[
        created(),
        json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
        json!({"type": "response.completed", "response": done}),
    ])
}

fn call(number: usize, command: &str) -> Value {
    let arguments = json!({"cmd": command}).to_string();
    json!({"type": "function_call", "id": format!("fc_{number}"), "call_id": format!("call_{number}"), "name": "exec_command", "arguments": arguments})
}

fn message(text: &str) -> Value {
    json!({"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": text, "annotations": []}]})
}

fn refusal(status: u16, headers: &str) -> String {
    let body = json!({"error": {"message": format!("not now, {KEY}"), "code": null}}).to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Status\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
    )
}

/// A repository with one tiny task and a backend.
fn repository(root: &Path, port: u16) {
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let config = format!(
        "version = \"1.0\"\n[suite.tiny]\npath = \"tasks/tiny\"\n[variant.main]\nagent = \"native\"\nmodel = \"cassette:live\"\n\
         [backend.local]\nprotocol = \"responses\"\nbase_url = \"http://127.0.0.1:{port}/v1\"\nkey_env = \"LOCAL_KEY\"\n\
         model = \"stub\"\nretry = {{ base = 0.01 }}\ntimeouts = {{ idle = 0.3 }}\nlimits = {{ output_reserve = 100 }}\n\
         [backend.local.prices.\"stub\"]\ninput = 1.0\noutput = 10.0\n"
    );
    write("retake.toml", &config);
    write(
        "tasks/tiny/suite.toml",
        "version = \"1.0\"\ntasks = [\"greet\"]\n[cassettes]\nlive = \"cassettes/live\"\n",
    );
    write("tasks/tiny/greet/task.toml", "schema_version = \"1.4\"\n[task]\nname = \"tiny/greet\"\n");
    write("tasks/tiny/greet/instruction.md", "Write `hello` to greeting.txt.\n");
    write("tasks/tiny/greet/environment/Dockerfile", "FROM scratch\nWORKDIR /app\nCOPY app/ /app/\n");
    write("tasks/tiny/greet/environment/app/README.md", "Nothing yet.\n");
    write(
        "tasks/tiny/greet/tests/test.sh",
        "#!/bin/bash\nmkdir -p /logs/verifier\ngrep -qx hello /app/greeting.txt && echo 1 >/logs/verifier/reward.txt || echo 0 >/logs/verifier/reward.txt\n",
    );
}

fn retake(root: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_retake"));
    command.arg("-C").arg(root).arg("--json").args(arguments).env("LOCAL_KEY", KEY).output().unwrap()
}

#[track_caller]
fn summary(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)))
}

/// Every file below a folder that can be read as text.
fn texts(root: &Path) -> Vec<(String, String)> {
    let files = walkdir::WalkDir::new(root)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file());
    let text = |entry: walkdir::DirEntry| {
        let text = String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned();
        (entry.path().strip_prefix(root).unwrap().display().to_string(), text)
    };
    files.map(text).collect()
}

#[test]
fn a_live_trial_is_solved_told_recorded_and_replayed() {
    let backend = Backend::start(|n| match n {
        0 => refusal(429, "retry-after-ms: 30\r\n"),
        1 => refusal(529, ""),
        2 => stream(&[created()]),
        3 => whole(&call(1, "printf 'hello\\n' >greeting.txt")),
        _ => whole(&message("Done.")),
    });
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    repository(root, backend.port);
    let recordings = "tasks/tiny/cassettes/live";
    let live = retake(root, &["run", "tiny", "--model", "local:stub", "--record", recordings]);
    let told = summary(&live);
    assert_eq!((&told["passed"], &told["harness_faults"]), (&json!(1), &json!(0)), "{told}");
    assert_eq!((live.status.code(), backend.requests()), (Some(0), 5));
    let heads = backend.heads.lock().unwrap().clone();
    assert!(
        heads[0].starts_with("POST /v1/responses ") && heads[0].contains(&format!("Bearer {KEY}")),
        "{heads:?}"
    );

    let files = texts(&root.join(".retake"));
    let journal = files.iter().find(|(name, _)| {
        name.ends_with("journal.jsonl") || name.contains("greet") && name.ends_with(".jsonl")
    });
    let names: Vec<&String> = files.iter().map(|(name, _)| name).collect();
    let (_, journal) = journal.unwrap_or_else(|| panic!("{names:?}"));
    let failed: Vec<Value> =
        all(&files).filter(|record| record["event"]["type"] == "generate_failed").collect();
    let reasons: Vec<&str> = failed.iter().filter_map(|record| record["event"]["reason"].as_str()).collect();
    assert_eq!(failed.len(), 3, "{journal}");
    assert!(reasons[0].starts_with("status 429") && reasons[1].starts_with("status 529"), "{reasons:?}");
    assert!(reasons[2].starts_with("stream cut"), "{reasons:?}");
    let times: Vec<u64> = failed.iter().filter_map(|record| record["host"]["at_us"].as_u64()).collect();
    assert!(times[1] - times[0] >= 30_000, "the wait was real: {times:?}");
    let generated = all(&files).find(|record| record["event"]["type"] == "generated").unwrap();
    assert_eq!(generated["event"]["served"], "stub-2026-11-01");

    let recorded = std::fs::read_to_string(root.join(recordings).join("greet.1.jsonl")).unwrap();
    let header: Value = serde_json::from_str(recorded.lines().next().unwrap()).unwrap();
    assert_eq!(header["cassette"]["kind"], "live");
    for (name, text) in texts(root) {
        assert!(!text.contains(KEY), "{name} holds the key");
    }
    for text in [&live.stdout, &live.stderr] {
        assert!(!String::from_utf8_lossy(text).contains(KEY));
    }

    let again = retake(root, &["run", "tiny"]);
    let told = summary(&again);
    assert_eq!((&told["passed"], &told["void"]), (&json!(1), &json!(0)), "{told}");
    assert_eq!((again.status.code(), backend.requests()), (Some(0), 5), "a replay asks nobody");
}

fn all(files: &[(String, String)]) -> impl Iterator<Item = Value> + '_ {
    let lines = files.iter().filter(|(name, _)| name.ends_with(".jsonl")).flat_map(|(_, text)| text.lines());
    lines.filter_map(|line| serde_json::from_str(line).ok())
}

#[test]
fn what_a_backend_does_wrong_is_tried_again_and_told_one_by_one() {
    let backend = Backend::start(|n| match n {
        0 => refusal(500, ""),
        1 => stream(&[created()]) + "data: {no event\n\n",
        2 => stream(&[created()]) + SILENCE,
        3 => whole(&call(1, "printf 'hello\\n' >greeting.txt")),
        _ => whole(&message("Done.")),
    });
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    repository(root, backend.port);
    let live = retake(root, &["run", "tiny", "--model", "local:stub"]);
    let told = summary(&live);
    assert_eq!((&told["passed"], live.status.code(), backend.requests()), (&json!(1), Some(0), 5), "{told}");
    let files = texts(&root.join(".retake"));
    let failed = all(&files).filter(|record| record["event"]["type"] == "generate_failed");
    let failed: Vec<(u64, String)> = failed
        .map(|record| (record["event"]["attempt"].as_u64().unwrap(), record["event"]["reason"].to_string()))
        .collect();
    assert_eq!(failed.iter().map(|(attempt, _)| *attempt).collect::<Vec<_>>(), [1, 2, 3], "{failed:?}");
    for ((_, reason), expected) in failed.iter().zip(["status 500", "malformed event", "stream idle"]) {
        assert!(reason.contains(expected), "{expected}: {reason}");
    }
}

#[test]
fn a_backend_that_never_answers_well_is_a_model_error_and_a_bad_request_is_not_tried_again() {
    for (status, requests) in [(500, 6), (400, 1)] {
        let backend = match status {
            500 => Backend::start(|_| refusal(500, "")),
            _ => Backend::start(|_| refusal(400, "")),
        };
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        repository(root, backend.port);
        let live = retake(root, &["run", "tiny", "--model", "local:stub"]);
        let told = summary(&live);
        assert_eq!((&told["failed"], &told["harness_faults"]), (&json!(1), &json!(0)), "{told}");
        assert_eq!(backend.requests(), requests, "{status}");
        let files = texts(&root.join(".retake"));
        let ended = all(&files).find(|record| record["event"]["type"] == "trial_ended").unwrap();
        assert_eq!(ended["event"]["failure"], "model_error", "{ended}");
    }
}

#[test]
fn a_run_stops_before_its_spend_limit_is_passed_and_goes_on_with_more() {
    // A call takes 0.0015 USD.
    let backend = Backend::start(|n| match n {
        0 | 2 => whole(&call(n, "printf 'hello\\n' >greeting.txt")),
        _ => whole(&message("Done.")),
    });
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    repository(root, backend.port);
    let short = retake(
        root,
        &["run", "tiny", "--model", "local", "--max-cost", "0.004", "--trials", "2", "--live-jobs", "1"],
    );
    let told = String::from_utf8_lossy(&short.stderr).into_owned();
    assert_eq!(short.status.code(), Some(130), "{told}");
    assert!(told.contains("the spend limit would be passed") && told.contains("of 0.0040 USD"), "{told}");
    let before = backend.requests();
    assert!((1..=2).contains(&before), "{before}");
    let more = retake(root, &["run", "--resume", "latest", "--max-cost", "1"]);
    let summed = summary(&more);
    assert_eq!((&summed["trials"], more.status.code()), (&json!(2), Some(0)), "{summed}");
    let unpriced = retake(root, &["run", "tiny", "--model", "local:other", "--max-cost", "1"]);
    let told = String::from_utf8_lossy(&unpriced.stderr).into_owned();
    assert!(unpriced.status.code() == Some(2) && told.contains("has no price"), "{told}");
}
