//! A recorded tool loop behind the gateway, asked by a real HTTP client that changes the third request in one way at a
//! time: every real change is told by cause, path and byte; what is none passes.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use base::{Digest, Timestamp};
use cassette::{Cassette, Header, Kind, Player, Writer};
use gateway::{Event, Options};
use model::{CassetteModel, O200k, Recorder, SharedWriter};
use wire::{Difference, Protocol, Spelling};

use crate::fakes::{script, start};

const SCRIPT: &str = r#"
    version = "1.0"
    model = "stub"
    [[turn]]
    [[turn.call]]
    tool = "shell"
    args = { cmd = "ls src" }
    [[turn]]
    [[turn.call]]
    tool = "shell"
    args = { cmd = "cat src/a.rs" }
    [[turn]]
    text = "FINAL answer"
"#;

fn writer(path: &Path) -> SharedWriter {
    let header = Header {
        version: cassette::VERSION,
        kind: Kind::Synthetic,
        agent: "client 1.0".into(),
        protocol: Protocol::ChatCompletions,
        model: "gpt-4o".into(),
        clock: Timestamp::parse("2026-11-02T09:00:00Z").unwrap(),
        profile: "generic".into(),
        task: String::new(),
        task_digest: Digest::of(b"task"),
        workspace: Digest::of(b"workspace"),
        tokenizer: "o200k_base".into(),
        toolchain: Default::default(),
        start: None,
    };
    Arc::new(Mutex::new(Writer::create(path, header, Arc::new(O200k)).unwrap()))
}

/// What the client got, by the name of the change: status and text.
fn client(address: std::net::SocketAddr, what: &str) -> Option<BTreeMap<String, (u16, String)>> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mutations.py");
    let output = Command::new("python3").arg(program).arg(address.port().to_string()).arg(what).output();
    let Ok(output) = output else {
        eprintln!("SKIPPED: no python3");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let value: serde_json::Value = serde_json::from_str(&lines).unwrap();
    let of = |(name, got): (&String, &serde_json::Value)| {
        (name.clone(), (got[0].as_u64().unwrap() as u16, got[1].as_str().unwrap().to_owned()))
    };
    Some(value.as_object().unwrap().iter().map(of).collect())
}

#[test]
fn every_real_change_of_a_request_is_told_and_what_is_none_passes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cassette.jsonl");
    let kept = writer(&path);
    let (gateway, _) = start(Arc::new(Recorder::new(script(SCRIPT), Arc::clone(&kept))), Options::default());
    let Some(recorded) = client(gateway.address(), "record") else { return };
    gateway.close();
    kept.lock().unwrap().end("").unwrap();
    let player = Arc::new(Player::for_many(Arc::new(Cassette::load(&path).unwrap())));
    let model = Arc::new(CassetteModel::any_lane(Arc::clone(&player)));
    let (gateway, observer) = start(model, Options::default());
    for _ in 0..3 {
        assert_eq!(client(gateway.address(), "record").unwrap(), recorded, "it replays itself");
    }
    let got = client(gateway.address(), "mutate").unwrap();
    gateway.close();
    let told: Vec<Difference> = observer
        .all()
        .into_iter()
        .filter_map(
            |event| if let Event::Diverged { miss, .. } = event { Some(miss.difference) } else { None },
        )
        .collect();
    let expected = [
        ("system prompt edited", "instructions_changed", ".messages[0].content", 27),
        ("timestamp in system prompt", "instructions_changed", ".messages[0].content", 33),
        ("tool schema changed", "tools_changed", ".tools[0].function.parameters.properties.cwd", 0),
        ("tools reordered", "tools_changed", ".tools[0]", 0),
        ("last tool result changed", "item_changed", ".messages[5].content", 16),
        ("earlier tool result changed", "item_changed", ".messages[3].content", 4),
        (
            "assistant tool arguments changed",
            "item_changed",
            ".messages[4].tool_calls[0].function.arguments",
            9,
        ),
        ("temperature changed", "parameters_changed", ".temperature", 0),
        ("user message extended", "item_changed", ".messages[1].content", 32),
        ("user message shortened", "item_changed", ".messages[1].content", 20),
        ("one turn dropped from history", "item_missing", ".messages[2]", 0),
    ];
    let mut table = String::new();
    for ((name, cause, path, byte), difference) in expected.iter().zip(&told) {
        let (status, body) = &got[*name];
        table += &format!("{name:34} {status} {}\n", difference.told());
        assert_eq!(*status, 400, "{name} was served");
        let found = (difference.cause.name(), difference.path.as_str(), difference.offset);
        assert_eq!(found, (*cause, *path, *byte), "{name}\n{table}");
        assert!(body.contains(&difference.told()), "{name}: the client is told {body}");
    }
    assert_eq!(told.len(), expected.len(), "{table}");
    eprintln!("{table}11 of 11 changes told");
    for name in ["new tool-call ids only", "JSON key order only"] {
        assert_eq!((got[name].0, got[name].1.contains("FINAL")), (200, true), "{name}: {:?}", got[name]);
    }
    let findings: Vec<Spelling> = player.findings().into_iter().map(|finding| finding.spelling).collect();
    assert!(!findings.is_empty() && findings.iter().all(|s| *s == Spelling::KeyOrder), "{findings:?}");
}
