//! What is asked of a live server outside of runs: a recording that stops before its money is spent, and what
//! `doctor --live` says of a server.

use std::path::Path;

use serde_json::{Value, json};

use super::{Backend, retake, summary};

/// An answer of Chat Completions that calls a tool; by the prices below it costs 0.0015 USD.
fn calls(number: usize) -> String {
    let arguments = json!({"cmd": format!("echo {number}")}).to_string();
    let call = json!({"id": format!("call_{number}"), "type": "function", "function": {"name": "run", "arguments": arguments}});
    let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
    let body = json!({
        "id": "c", "object": "chat.completion", "model": "stub",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050},
    });
    let body = body.to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn project(root: &Path, port: u16, price: &str) {
    let backend = format!(
        "version = \"1.0\"\n[backend.chat]\nprotocol = \"chat_completions\"\nbase_url = \"http://127.0.0.1:{port}/v1\"\n\
         limits = {{ output_reserve = 100 }}\n{price}"
    );
    std::fs::write(root.join("retake.toml"), backend).unwrap();
    std::fs::write(root.join("AGENTS.md"), "Answer in few words.\n").unwrap();
}

const PRICE: &str = "[backend.chat.prices.\"stub\"]\ninput = 1.0\noutput = 10.0\n";

#[test]
fn a_recording_stops_before_its_spend_limit_is_passed_and_keeps_what_was_said() {
    let backend = Backend::start(calls);
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    project(root, backend.port, PRICE);
    let agent = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/hosted/agent.py");
    let agent = agent.to_str().unwrap();
    let record = |limit: &str| {
        let words = ["record", "--model", "chat", "--cassette", "run.jsonl", "--max-cost", limit];
        retake(root, &[&words[..], &["--", "python3", agent, "Count."]].concat())
    };
    let done = record("0.004");
    let (report, told) = (summary(&done), String::from_utf8_lossy(&done.stderr).into_owned());
    assert_eq!((&report["exchanges"], backend.requests()), (&json!(2), 2), "{report}\n{told}");
    assert_eq!((&report["cost_usd"], &report["agent_exit"]), (&json!(0.003), &json!(1)), "{report}\n{told}");
    let kept = std::fs::read_to_string(root.join("run.jsonl")).unwrap();
    assert!(kept.lines().last().unwrap().starts_with("{\"end\""), "{kept}");
    // Without a price there is nothing to keep a limit with, and nothing is asked.
    project(root, backend.port, "");
    let done = record("1");
    assert_eq!((&summary(&done)["exchanges"], done.status.code()), (&json!(0), Some(7)));
    assert_eq!(backend.requests(), 2);
}

#[test]
fn doctor_tells_what_a_live_server_speaks_and_what_it_lacks() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    // One word for everything: it streams and counts, but calls no tool and refuses nothing.
    let script = "version = \"1.0\"\nmodel = \"stub-1\"\n\n[[turn]]\nid = \"ready\"\ntext = \"ready\"\n\n[[turn.when]]\ncontains = \"\"\ngoto = \"ready\"\n";
    std::fs::write(root.join("script.toml"), script).unwrap();
    std::fs::create_dir(root.join("project")).unwrap();
    let doctor = format!(
        "{:?} doctor --json --live \"$ANTHROPIC_BASE_URL\" >../seen.json; echo $? >../code; {0:?} doctor --live \"$ANTHROPIC_BASE_URL\" --protocol messages >../seen.txt",
        env!("CARGO_BIN_EXE_retake")
    );
    let words =
        ["record", "--model", "../script.toml", "--cassette", "../run.jsonl", "--", "sh", "-c", &doctor];
    let done = retake(&root.join("project"), &words);
    assert!(summary(&done)["exchanges"].as_u64() > Some(15), "{}", String::from_utf8_lossy(&done.stderr));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let seen: Value = serde_json::from_str(&read("seen.json")).unwrap();
    assert_eq!((read("code").trim(), &seen["models"]), ("0", &json!(["stub-1"])), "{seen}");
    let protocols = seen["protocols"].as_array().unwrap();
    assert_eq!(protocols.len(), 3);
    for told in protocols {
        assert_eq!((&told["speaks"], &told["served"]), (&json!(true), &json!("stub-1")), "{told}");
        let verdict = |check: &str| {
            let found = told["findings"].as_array().unwrap().iter().find(|finding| finding["check"] == check);
            found.unwrap()["verdict"].as_str().unwrap().to_owned()
        };
        let checks = ["stream", "usage", "body", "tool_call", "unknown_model"].map(verdict);
        assert_eq!(checks, ["yes", "yes", "yes", "unclear", "no"], "{told}");
    }
    let shown = read("seen.txt");
    assert!(shown.contains("lists 1 models: stub-1") && shown.contains("messages"), "{shown}");
}
