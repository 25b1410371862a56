//! What is typed wrongly, what is printed and for whom.

use std::fs;
use std::process::Stdio;

use crate::place::{Place, contained};

/// What `run --json` and `report --json` answer with.
const FIELDS: [&str; 13] = [
    "run_id",
    "digest",
    "out",
    "trials",
    "passed",
    "failed",
    "void",
    "harness_faults",
    "not_runnable",
    "reused",
    "drift",
    "pass_rate",
    "interval",
];

#[test]
fn what_is_typed_wrongly_is_exit_2_with_a_word_of_help() {
    let place = Place::with(&["core", "failures"]);
    for (arguments, expected) in [
        (&["run", "cord"][..], "there is no suite \"cord\": neither in retake.toml (core, failures, long)"),
        (&["run", "--task", "nope"], "there is no task \"nope\"; there are courier-restart, "),
        (
            &["run", "--variant", "nope"],
            "there is no variant \"nope\"; there are agent-v1, agent-v2, agent-v2-badcache, claude-code, codex, main",
        ),
        (&["run", "--profile", "nope"], "there is no profile \"nope\""),
        (&["run", "--agent", "nope"], "command:PROGRAM ARGS; ours are native, oracle and noop"),
        (
            &["run", "--model", "nope"],
            "there is no model named \"nope\": use cassette[:SET], script[:SET] or BACKEND:MODEL",
        ),
        (
            &["run", "--model", "script:nope"],
            "has no set of scripts named \"nope\"; it has: agent-v1, agent-v2, claude-code, codex, main",
        ),
        (&["run", "--trials", "4"], "ask for fewer trials (copies of a recording are not samples)"),
        (&["run", "--trials", "0"], "'--trials <N>'"),
        (&["run", "--jobs", "0"], "'--jobs <N>'"),
        (&["run", "--resume", "nope"], "there are no runs"),
        (&["show", "nope", "x"], "there are no runs"),
        (&["report", "nope"], "there are no runs"),
        (&["task", "check", "nope"], "there is no suite \"nope\""),
        (&["task", "list", "nope"], "there is no suite \"nope\""),
        (&["run", "--bogus"], "--bogus"),
        (&["dance"], "dance"),
        (&[], "Usage"),
    ] {
        let done = place.retake(arguments);
        assert_eq!(done.code, Some(2), "{arguments:?}: {}\n{}", done.stdout, done.stderr);
        assert!(done.stderr.contains(expected), "{arguments:?}: no {expected:?} in\n{}", done.stderr);
        assert_eq!(done.stdout, "", "{arguments:?}");
    }
    assert!(fs::read_dir(place.out()).unwrap().next().is_none(), "a run was begun");
    assert!(!place.tree().join("reports").exists(), "a run was begun");
}

#[test]
fn a_file_that_cannot_be_used_is_exit_3_with_its_place() {
    let place = Place::new();
    place.write("retake.toml", "version = \"1.0\"\n\n[suite.core]\npaht = \"tasks/core\"\n");
    let done = place.retake(&["run"]);
    assert_eq!(done.code, Some(3), "{}", done.stderr);
    for expected in ["retake.toml:4:1", "paht", "path"] {
        assert!(done.stderr.contains(expected), "no {expected:?} in\n{}", done.stderr);
    }
    place.write("retake.toml", "version = \"2.0\"\n");
    let done = place.retake(&["run"]);
    assert_eq!(done.code, Some(3), "{}", done.stderr);
    assert!(done.stderr.contains("2.0"), "{}", done.stderr);
}

#[test]
fn a_missing_script_is_the_users_to_mend() {
    let place = Place::with(&["failures"]);
    fs::remove_file(place.tree().join("tasks/failures/scripts/main/drift.toml")).unwrap();
    let done = place.retake(&["run", "failures", "--model", "script", "--task", "drift"]);
    assert_eq!(done.code, Some(2), "{}", done.stderr);
    assert!(done.stderr.contains("scripts/main/drift.toml"), "{}", done.stderr);
}

#[test]
fn one_object_with_the_documented_fields_is_printed_and_no_colours_into_a_pipe() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core", "failures"]);
    let run = place.run(&["failures", "--model", "script", "--task", "wrong-result", "--task", "drift"], 0);
    for field in FIELDS {
        assert!(run.summary.get(field).is_some(), "no {field} in {}", run.summary);
    }
    assert!(run.summary["wall_s"].as_f64().unwrap() > 0.0, "{}", run.summary);
    let path = run.path.to_str().unwrap();
    let again = place.retake(&["report", path, "--json"]).json();
    assert_eq!(again["digest"], run.summary["digest"]);
    for arguments in [&["report", path][..], &["show", path, "drift"], &["doctor"], &["task", "list"]] {
        let done = place.retake(arguments);
        assert!(!done.stdout.is_empty(), "{arguments:?}: {}", done.stderr);
        assert!(!(done.stdout + &done.stderr).contains('\u{1b}'), "{arguments:?} prints escape codes");
    }
    for arguments in [&["show", path, "drift"][..], &["doctor"], &["task", "list"]] {
        place.retake(&[arguments, &["--json"]].concat()).json();
    }
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let place = Place::with(&["core", "failures"]);
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    drop(reader);
    let mut command = place.command(&["task", "list"]);
    let output = command.stdout(Stdio::from(writer)).stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn help_and_version_are_printed_on_standard_output() {
    let place = Place::new();
    for argument in ["--version", "--help"] {
        let done = place.retake(&[argument]);
        assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
        assert!(done.stdout.contains("retake") || done.stdout.contains("Replays"), "{}", done.stdout);
    }
}
