//! Recordings of Codex CLI and Claude Code that were committed on an earlier day, made on a host in another folder and
//! home (`fixtures/recordings`): each replays today, and the rules that it needed are listed; and what happens with a
//! real agent when something differs, at a fork and under faults.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::real::{CLAUDE_CODE, CODEX, Real, able};
use super::said;
use crate::agents::programs;
use crate::place::{Place, repository};

fn recording(name: &str) -> String {
    repository().join("fixtures/recordings").join(name).to_str().unwrap().to_owned()
}

/// Replays a committed recording elsewhere; nothing where there is no agent.
fn replayed(real: &Real, name: &str, more: &[&str], code: i32) -> Option<(Place, Value)> {
    let programs: PathBuf = programs().filter(|_| able())?;
    let place = Place::new();
    for file in ["AGENTS.md", "CLAUDE.md"] {
        place.write(&format!("changed/{file}"), "Answer in many words.\n");
    }
    place.write("changed/notes.txt", "old\n");
    place.write(
        "rest.toml",
        "version = \"1.0\"\nmodel = \"gpt-5.5\"\n\n[[turn]]\n[[turn.call]]\ntool = \"exec_command\"\nargs = { cmd = 'echo other >greeting' }\n\n[[turn]]\ntext = \"Other.\"\n",
    );
    place.write(
        "flaky.toml",
        "version = \"1.0\"\n[[fault]]\nkind = \"status\"\nstatus = 529\nstep = [1, 3]\nattempt = 1\n[[fault]]\nkind = \"cut\"\nbyte = 300\nstep = 2\ntimes = 1\n",
    );
    let path = recording(name);
    let words = [&["replay", path.as_str()], more].concat();
    let report = said(&mut real.verb(&place, &programs, ("elsewhere/today", "my-home"), &words), code);
    Some((place, report))
}

/// It replays whole, and rules of these classes were needed.
fn replays_today(real: &Real, name: &str, classes: &[&str]) {
    let Some((_place, report)) = replayed(real, name, &["--explain"], 0) else { return };
    assert_eq!((&report["divergences"], &report["drift"]), (&json!(0), &json!(0)), "{report}");
    assert_eq!((&report["served"], &report["differences"]), (&report["exchanges"], &json!([])), "{report}");
    assert_eq!(report["workspace_digest"], report["recorded_workspace_digest"]);
    let mut needed: BTreeMap<&str, u64> = BTreeMap::new();
    let mut told = format!("\n{name}: rules that were needed\n");
    for rule in report["rules"].as_array().unwrap().iter().filter(|rule| rule["needed"] != 0) {
        *needed.entry(rule["class"].as_str().unwrap()).or_default() += rule["needed"].as_u64().unwrap();
        told += &format!("{:>6} x {} {}: {}\n", rule["needed"], rule["block"], rule["class"], rule["reason"]);
        assert!(!rule["examples"].as_array().unwrap().is_empty(), "{rule}");
    }
    std::io::stderr().write_all(told.as_bytes()).unwrap();
    assert!(classes.iter().all(|class| needed.contains_key(class)), "{needed:?}");
}

#[test]
fn a_committed_recording_of_codex_replays_today_and_its_rules_are_listed() {
    replays_today(&CODEX, "codex.jsonl", &["uuid", "path", "json"]);
}

#[test]
fn a_committed_recording_of_claude_code_replays_today_and_its_rules_are_listed() {
    replays_today(&CLAUDE_CODE, "claude-code.jsonl", &["uuid", "hex", "path", "slug"]);
}

#[test]
fn with_a_real_agent_each_policy_lets_pass_what_it_says() {
    let changed = ["--workspace", "../../changed"];
    let run = |more: &[&str], code| replayed(&CODEX, "codex.jsonl", &[&changed, more].concat(), code);
    let Some((_, warned)) = run(&["--matching", "warn"], 1) else { return };
    let met = |report: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let all = report["differences"].as_array().unwrap().iter();
        all.map(|met| (text(&met["cause"]), text(&met["allowed"]))).collect()
    };
    let of = |cause: &str, allowed: &str| (cause.to_owned(), allowed.to_owned());
    assert_eq!((&warned["served"], &warned["drift"]), (&json!(4), &json!(2)), "{warned}");
    assert_eq!(met(&warned), [of("instructions_changed", "warned"), of("item_changed", "drift")]);
    let (_, sequence) = run(&["--matching", "sequence"], 1).unwrap();
    assert_eq!((&sequence["served"], met(&sequence).len()), (&json!(4), 2), "{sequence}");
    assert!(met(&sequence).iter().all(|(_, allowed)| allowed == "in_sequence"), "{sequence}");
    // What it reads of the file was not declared.
    let (_, declared) = run(&["--expect", "instructions_changed"], 5).unwrap();
    let first = &declared["first_divergence"];
    assert_eq!((&first["step"], &first["cause"]), (&json!(2), &json!("item_changed")), "{declared}");
    assert!(first["led_by"].as_str().unwrap().contains("cat AGENTS.md"), "{declared}");
}

#[test]
fn a_real_agent_goes_on_with_another_model_after_the_cursor_also_under_faults() {
    let fork = ["--from", "2", "--model", "../../rest.toml", "--into", "../../copy"];
    let injected = json!({"#1 status 529": 2, "#2 cut at byte 300": 1});
    for faults in [&[][..], &["--faults", "../../flaky.toml"]] {
        let Some((place, report)) = replayed(&CODEX, "codex.jsonl", &[&fork, faults].concat(), 0) else {
            return;
        };
        let counts = ["exchanges", "served", "divergences", "agent_exit"].map(|name| report[name].clone());
        assert_eq!(counts, [2, 2, 0, 0].map(Value::from), "{report}");
        let greeting = std::fs::read_to_string(place.tree().join("copy/greeting")).unwrap();
        assert_eq!(greeting, "other\n", "the other model's call, after the recorded ones");
        assert_eq!(report.get("faults"), (!faults.is_empty()).then_some(&injected), "{report}");
    }
    let (_, whole) = replayed(&CODEX, "codex.jsonl", &["--faults", "../../flaky.toml"], 0).unwrap();
    assert_eq!((&whole["served"], &whole["faults"]), (&json!(4), &injected), "{whole}");
    assert_eq!(whole["workspace_digest"], whole["recorded_workspace_digest"]);
}
