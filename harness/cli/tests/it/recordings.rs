//! Recordings: each replays itself, equal ones are equal bytes, and a changed instruction is found and shown.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::place::{Place, Run, contained};

/// Tasks of `core` that need nothing but bash, git and small tools.
const TASKS: [&str; 3] = ["backup-spaces", "next-version", "lost-commit"];

fn record(place: &Place, folder: &str) -> Run {
    let tasks = TASKS.map(|task| format!("--task={task}"));
    let tasks: Vec<&str> = tasks.iter().map(String::as_str).collect();
    place.run(&[&["core", "--model", "script", "--record", folder], tasks.as_slice()].concat(), 0)
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()))
        .collect()
}

/// What each trial came to, by task.
fn verdicts(run: &Run) -> BTreeMap<String, (String, String, String)> {
    let text = |value: &serde_json::Value| value.to_string();
    let of = |end: &serde_json::Value| (text(&end["outcome"]), text(&end["failure"]), text(&end["usage"]));
    run.ends().iter().map(|(task, end)| (task.clone(), of(end))).collect()
}

#[test]
fn a_recording_replays_itself_and_is_the_same_bytes_when_made_again() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core", "failures"]);
    let script = record(&place, "once");
    record(&place, "twice");
    let (once, twice) = (files(&place.tree().join("once")), files(&place.tree().join("twice")));
    assert_eq!(once.len(), TASKS.len());
    for (name, bytes) in &once {
        assert!(Some(bytes) == twice.get(name), "{name} differs when it is recorded again");
    }
    let cassettes = place.tree().join("tasks/core/cassettes/agent-v2");
    for (name, bytes) in once {
        fs::write(cassettes.join(name), bytes).unwrap();
    }
    let tasks = TASKS.map(|task| format!("--task={task}"));
    let tasks: Vec<&str> = tasks.iter().map(String::as_str).collect();
    let replay = place.run(&[&["core"], tasks.as_slice()].concat(), 0);
    assert_eq!((replay.count("drift"), replay.count("void")), (0, 0), "{}", replay.summary);
    assert_eq!(verdicts(&replay), verdicts(&script));
}

#[test]
fn a_recording_of_each_failure_replays_itself() {
    if !contained() {
        return;
    }
    let place = Place::with(&["failures"]);
    let tasks = [
        "wrong-result",
        "budget-steps",
        "budget-tokens",
        "time-out",
        "model-refuses",
        "model-overloaded",
        "tool-loop",
        "policy-stops",
        "policy-denies-once",
        "verifier-nan",
        "bad-tool-calls",
        "hostile-full-workspace",
        "hostile-stubborn",
        "drift",
        "instructions-changed",
    ];
    let tasks = tasks.map(|task| format!("--task={task}"));
    let tasks: Vec<&str> = tasks.iter().map(String::as_str).collect();
    let folder = "tasks/failures/cassettes/main";
    let script =
        place.run(&[&["failures", "--model", "script", "--record", folder], tasks.as_slice()].concat(), 0);
    let replay = place.run(&[&["failures", "--model", "cassette"], tasks.as_slice()].concat(), 0);
    assert_eq!((replay.count("drift"), replay.count("void")), (0, 0), "{}", replay.summary);
    assert_eq!(verdicts(&replay), verdicts(&script));
}

#[test]
fn a_changed_sentence_in_agents_md_voids_the_trial_and_is_shown() {
    if !contained() {
        return;
    }
    let place = Place::with(&["failures"]);
    let run = place.run(&["failures", "--task", "instructions-changed"], 5);
    assert_eq!((run.count("void"), run.count("passed"), run.count("failed")), (1, 0, 0));
    assert!(run.summary["pass_rate"].is_null(), "{}", run.summary);
    let end = &run.ends()["instructions-changed"];
    assert!(end["reason"].as_str().unwrap().contains("instructions_changed"), "{end}");
    let shown = place.retake(&["show", run.path.to_str().unwrap(), "instructions-changed"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    for expected in
        ["instructions_changed", "- - Numbers are written in words.", "+ - Numbers are written in digits."]
    {
        assert!(shown.stdout.contains(expected), "no {expected:?} in\n{}", shown.stdout);
    }
}
