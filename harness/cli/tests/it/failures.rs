//! Every failure mode, through the binary: `tasks/failures` and what it must come to.

use std::fs;

use serde_json::{Map, Value};

use crate::place::{Done, Place, contained};

fn expected() -> Vec<Value> {
    let path = crate::place::repository().join("tasks/failures/results.expected.json");
    let value: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    value["runs"].as_array().unwrap().clone()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// Whether a value is what is expected; of an object only the members that are named.
fn holds(expected: &Value, found: &Value) -> bool {
    match expected {
        Value::Object(members) => members.iter().all(|(key, value)| holds(value, &found[key])),
        _ => expected == found,
    }
}

/// What is not as it should be in one trial.
fn differences(task: &str, expected: &Map<String, Value>, end: Option<&Value>) -> Vec<String> {
    let Some(end) = end else { return vec![format!("{task}: it has no end")] };
    let mut wrong: Vec<String> = expected
        .iter()
        .filter(|(key, value)| !holds(value, &end[key.as_str()]))
        .map(|(key, value)| format!("{task}: {key} must be {value}, is {}; {}", end[key], end["reason"]))
        .collect();
    if !expected.contains_key("failure") && !end["failure"].is_null() {
        wrong.push(format!("{task}: must have no failure mode, has {}", end["failure"]));
    }
    wrong
}

#[test]
fn every_failure_mode_gets_its_result_and_the_other_trials_complete() {
    if !contained() {
        return;
    }
    let place = Place::with(&["failures"]);
    for expected in expected() {
        let arguments = [&["tasks/failures"], strings(&expected["arguments"]).as_slice()].concat();
        let run = place.run(&arguments, i32::try_from(expected["exit"].as_i64().unwrap()).unwrap());
        let ends = run.ends();
        let trials = expected["trials"].as_object().unwrap();
        assert_eq!(run.count("trials"), trials.len() as u64, "{}", expected["about"]);
        let wrong: Vec<String> = trials
            .iter()
            .flat_map(|(task, wanted)| differences(task, wanted.as_object().unwrap(), ends.get(task)))
            .collect();
        assert!(wrong.is_empty(), "{}:\n{}", expected["about"], wrong.join("\n"));
    }
}

#[test]
fn failures_are_the_same_in_another_folder_down_to_the_byte() {
    if !contained() {
        return;
    }
    let tasks = ["invalid-toml", "invalid-no-verifier", "invalid-build", "cassette-cut", "cassette-stale"];
    let tasks = tasks.map(|task| format!("--task={task}"));
    let arguments: Vec<&str> = tasks.iter().map(String::as_str).chain(["--model=cassette"]).collect();
    let cut = |place: &Place| {
        // A build that fails needs no recording to fail.
        let cassettes = place.tree().join("tasks/failures/cassettes/main");
        fs::copy(cassettes.join("drift.1.jsonl"), cassettes.join("invalid-build.1.jsonl")).unwrap();
        place.run(&[&["tasks/failures"], arguments.as_slice()].concat(), 3)
    };
    let (here, there) = (Place::with(&["failures"]), Place::with(&["failures"]));
    let (a, b) = (cut(&here), cut(&there));
    assert_eq!(a.canonical(), b.canonical());
    for (name, text) in a.canonical() {
        let path = here.root().to_str().unwrap();
        assert!(!text.contains(path), "{name} holds a path of the host:\n{text}");
    }
}

#[test]
fn a_failed_trial_names_the_command_that_shows_its_journal() {
    if !contained() {
        return;
    }
    let place = Place::with(&["failures"]);
    let out = place.out();
    let arguments =
        ["run", "failures", "--model", "script", "--task", "wrong-result", "--out", out.to_str().unwrap()];
    let done = place.retake(&arguments);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let line = done.stdout.lines().find(|line| line.trim().starts_with("retake show ")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    let run = out.join(words[2]);
    let shown: Done = place.retake(&["show", run.to_str().unwrap(), words[3]]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    for expected in ["failures/wrong-result@main#1", "echo 41 >answer.txt", "41 it is.", "wrong_result"] {
        assert!(shown.stdout.contains(expected), "no {expected:?} in\n{}", shown.stdout);
    }
}

#[test]
fn a_bad_tool_call_goes_back_to_the_model_in_words() {
    if !contained() {
        return;
    }
    let place = Place::with(&["failures"]);
    let run = place.run(&["failures", "--model", "script", "--task", "bad-tool-calls"], 0);
    let kept =
        fs::read_to_string(run.path.join("trials/failures/bad-tool-calls/main.1/attempt-1.cassette.jsonl"))
            .unwrap();
    for expected in [
        "there is no tool named launch_rocket",
        "failed to parse the arguments of exec_command",
        "failed to parse the arguments of write_file",
    ] {
        assert!(kept.contains(expected), "no {expected:?}");
    }
}
