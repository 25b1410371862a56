//! Recordings: each replays itself, equal ones are equal bytes, and a changed instruction is found and shown.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::place::{Place, Run, contained};
use crate::work::script;

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

/// Bytes of the distinct blocks of a recording's requests, and of its answers as they went over the wire.
fn said(recording: &str) -> usize {
    let mut blocks = HashSet::new();
    let mut bytes = 0;
    for line in recording.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let block = &line["block"];
        let raw = block["text"].as_str().map_or_else(|| block["raw"].to_string(), str::to_owned);
        bytes += if block.is_object() && blocks.insert(raw.clone()) { raw.len() } else { 0 };
        for frame in line["exchange"]["frames"].as_array().into_iter().flatten() {
            let event = frame["event"].as_str().map_or(0, |event| "event: \n".len() + event.len());
            bytes += event + "data: \n\n".len() + frame["data"].to_string().len();
        }
    }
    bytes
}

#[test]
fn two_hundred_steps_in_a_real_workspace_take_little_more_than_what_was_said() {
    const STEPS: usize = 200;
    if !contained() {
        return;
    }
    let place = Place::with(&["core"]);
    let look = |step: usize| {
        let (from, to) = (step % 40 + 1, step % 40 + 40);
        match step % 3 {
            0 => format!("sed -n '{from},{to}p' README.md bin/* lib/*; echo {step}"),
            1 => {
                let letter = (b'a' + (step % 20) as u8) as char;
                format!("grep -rn '[{letter}-z]' lib bin | head -{to}; echo {step}")
            }
            _ => format!("echo '# look {step}' >>notes.txt; tail -{to} notes.txt; git status --short"),
        }
    };
    let commands: Vec<String> = (1..STEPS).map(look).collect();
    place.write("tasks/core/scripts/long/next-version.toml", &script(&commands));
    place.edit("tasks/core/suite.toml", "[scripts]\n", "[scripts]\nlong = \"scripts/long\"\n");
    place.edit("tasks/core/suite.toml", "[cassettes]\n", "[cassettes]\nlong = \"cassettes/long\"\n");
    let budget = "steps = 1000\ntokens = 400000000\nwall_sec = 90000\nrounds = 0";
    place.edit(
        "tasks/core/next-version/task.toml",
        "steps = 40\ntokens = 400000\nwall_sec = 900\nrounds = 2",
        budget,
    );
    let task = ["core", "--task", "next-version", "--model"];
    let record = ["script:long", "--record", "tasks/core/cassettes/long"];
    let recorded = place.run(&[task.as_slice(), &record].concat(), 0);
    assert_eq!(recorded.ends()["next-version"]["steps"], STEPS, "{:?}", recorded.ends());
    let path = place.tree().join("tasks/core/cassettes/long/next-version.1.jsonl");
    let recording = fs::read_to_string(path).unwrap();
    let ratio = recording.len() as f64 / said(&recording) as f64;
    eprintln!("{STEPS} steps in {} bytes, {ratio:.3} of what was said", recording.len());
    assert!(ratio <= 1.3, "{ratio}");
    let replay = place.run(&[task.as_slice(), &["cassette:long"]].concat(), 0);
    assert_eq!((replay.count("void"), replay.count("drift")), (0, 0), "{}", replay.summary);
    assert_eq!(replay.ends()["next-version"]["steps"], STEPS);
}
