//! The life of recordings: a change makes exactly those void that it touches, and names why; they are made again beside the
//! old ones, looked at and accepted; what nothing plays any more is found.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::place::{Place, contained};
use crate::work;

const TASKS: [&str; 3] = ["one", "two", "three"];
const TEST: &str = "#!/bin/bash\nmkdir -p /logs/verifier\n\
                    [[ $(cat /app/said) == yes ]]; echo $((1 - $?)) >/logs/verifier/reward.txt\n";
const CONFIG: &str = r#"version = "1.0"

[suite.work]
path = "tasks/work"

[variant.main]
agent = "native"
model = "cassette"
files = { "AGENTS.md" = "prompts/AGENTS.md" }
"#;
const SET: &str = "tasks/work/cassettes/main";
const RECORD: [&str; 5] = ["work", "--model", "script", "--record", SET];

/// Three tasks with a recording of each.
fn place() -> Place {
    let place = Place::new();
    for name in TASKS {
        work::task(&place, "work", name, TEST, "echo yes >said\n");
        let script = work::script(&["cat AGENTS.md".to_owned(), "echo yes >said".to_owned()]);
        place.write(&format!("tasks/work/scripts/main/{name}.toml"), &script);
    }
    work::suite(&place, "work", &TASKS);
    place.write("retake.toml", CONFIG);
    place.write("prompts/AGENTS.md", "# Notes\n\nBe brief.\nUse spaces.\n");
    assert_eq!(place.run(&RECORD, 0).count("passed"), 3);
    place
}

/// The recording of a task.
fn recording(place: &Place, task: &str) -> String {
    fs::read_to_string(place.tree().join(SET).join(format!("{task}.1.jsonl"))).unwrap()
}

/// The void recordings by name, each with its causes.
fn stale(place: &Place, code: i32) -> BTreeMap<String, Vec<String>> {
    let done = place.retake(&["cassette", "stale", "--json"]);
    assert_eq!(done.code, Some(code), "{}\n{}", done.stdout, done.stderr);
    let answer = done.json();
    let cause = |void: &Value| void["cause"].as_str().unwrap().to_owned();
    let each = answer["each"].as_array().unwrap().iter().map(|one| {
        let name = format!("{}.{}", one["task"].as_str().unwrap(), one["number"]);
        (name, one["causes"].as_array().unwrap().iter().map(cause).collect())
    });
    each.collect()
}

fn only(name: &str, cause: &str) -> BTreeMap<String, Vec<String>> {
    BTreeMap::from([(name.to_owned(), vec![cause.to_owned()])])
}

#[test]
fn a_change_makes_exactly_those_recordings_void_that_it_touches_and_names_the_cause() {
    if !contained() {
        return;
    }
    let place = place();
    assert_eq!(stale(&place, 0), BTreeMap::new());
    place.edit("tasks/work/one/instruction.md", "has to be", "must be");
    assert_eq!(stale(&place, 5), only("one.1", "item_changed"));
    let shown = place.retake(&["cassette", "stale"]).stdout;
    for line in ["work/one.1", "- Do what has to be done.", "+ Do what must be done."] {
        assert!(shown.contains(line), "no {line:?} in\n{shown}");
    }
    place.edit("tasks/work/one/instruction.md", "must be", "has to be");
    place.edit("tasks/work/two/tests/test.sh", "== yes", "= yes");
    assert_eq!(stale(&place, 5), only("two.1", "task_changed"));
    place.edit("tasks/work/two/tests/test.sh", "= yes", "== yes");
    place.write(
        "tasks/work/three/environment/Dockerfile",
        "FROM debian:bookworm\nWORKDIR /app\nRUN echo a >new\n",
    );
    assert_eq!(stale(&place, 5), only("three.1", "workspace_changed"));
    place.write("tasks/work/three/environment/Dockerfile", "FROM debian:bookworm\nWORKDIR /app\n");
    place.edit(
        "retake.toml",
        "model = \"cassette\"",
        "model = \"cassette\"\nparameters = { temperature = 0.5 }",
    );
    let all = |cause: &str| -> BTreeMap<String, Vec<String>> {
        TASKS.iter().map(|task| (format!("{task}.1"), vec![cause.to_owned()])).collect()
    };
    assert_eq!(stale(&place, 5), all("parameters_changed"));
    place.edit("retake.toml", "\nparameters = { temperature = 0.5 }", "");
    place.edit("prompts/AGENTS.md", "spaces", "tabs");
    assert_eq!(stale(&place, 5), all("instructions_changed"));
}

#[test]
fn stale_recordings_are_made_again_beside_the_old_ones_and_replay_once_accepted() {
    if !contained() {
        return;
    }
    let place = place();
    let read = |task: &str| recording(&place, task);
    let before = TASKS.map(read);
    place.edit("tasks/work/one/instruction.md", "has to be", "must be");
    let run = place.run(&[RECORD.as_slice(), &["--stale"]].concat(), 0);
    assert_eq!((run.count("trials"), run.count("passed")), (1, 1));
    assert_eq!(TASKS.map(read), before, "nothing is replaced before it is accepted");
    let unasked = place.retake(&["cassette", "accept"]);
    assert_eq!(unasked.code, Some(2), "{}", unasked.stderr);
    assert!(unasked.stderr.contains("--all") && unasked.stderr.contains("work/one.1"), "{}", unasked.stderr);
    let accepted = place.retake(&["cassette", "accept", "one", "--json"]).json();
    assert_eq!(accepted.as_array().unwrap().len(), 1, "{accepted}");
    assert_eq!(accepted[0]["old"]["outcome"], "passed", "{accepted}");
    assert_eq!(accepted[0]["comparison"]["setting"][0]["cause"], "item_changed", "{accepted}");
    assert!(accepted[0]["comparison"]["fork"].is_null() && accepted[0]["accepted"] == true, "{accepted}");
    let after = TASKS.map(read);
    assert_eq!(after[1..], before[1..]);
    // What a pull request shows: the digest of the task, the sentence, and no more than its token count.
    let changed: Vec<(&str, &str)> =
        before[0].lines().zip(after[0].lines()).filter(|(old, new)| old != new).collect();
    assert_eq!(before[0].lines().count(), after[0].lines().count());
    assert!(changed.len() <= 2 + before[0].matches("\"exchange\":").count(), "{changed:?}");
    assert_eq!(stale(&place, 0), BTreeMap::new());
    let replay = place.run(&["work"], 0);
    assert_eq!((replay.count("passed"), replay.count("drift"), replay.count("void")), (3, 0, 0));
    assert_eq!(place.retake(&["cassette", "accept", "--all"]).code, Some(7), "nothing waits");
    let again = place.retake(&[&["run", "--json"], RECORD.as_slice(), &["--stale"]].concat());
    assert_eq!((again.code, again.json()["trials"].as_u64()), (Some(0), Some(0)), "{}", again.stderr);
    // A change that nobody declared.
    place.edit("prompts/AGENTS.md", "Be brief.", "Be long.");
    let void = place.run(&["work"], 5);
    assert_eq!((void.count("void"), void.count("passed")), (3, 0));
}

#[test]
fn recordings_are_listed_and_those_of_what_is_gone_are_removed_only_when_told() {
    if !contained() {
        return;
    }
    let place = place();
    place.run(&["work", "--task", "one"], 0);
    // Runs land where `out` says, so that their copies tell what was used.
    place.edit("retake.toml", "version = \"1.0\"", "version = \"1.0\"\nout = \"../out\"");
    let rows = place.retake(&["cassette", "list", "--json"]).json();
    assert_eq!(rows.as_array().unwrap().len(), 3, "{rows}");
    let row = rows.as_array().unwrap().iter().find(|row| row["task"] == "one").unwrap();
    assert_eq!(
        (row["kind"].as_str(), row["model"].as_str(), row["reward"].as_f64()),
        (Some("synthetic"), Some("stub-1"), Some(1.0))
    );
    assert!(row["last_used"].is_string() && rows[1]["last_used"].is_null(), "{rows}");
    work::suite(&place, "work", &["one", "two"]);
    let named = place.retake(&["cassette", "gc", "--json"]).json();
    assert_eq!(named["orphans"][0]["path"], format!("{SET}/three.1.jsonl"), "{named}");
    assert_eq!(
        (named["orphans"].as_array().unwrap().len(), &named["orphans"][0]["why"]),
        (1, &"task_gone".into())
    );
    assert!(place.tree().join(SET).join("three.1.jsonl").exists());
    let small = place.retake(&["cassette", "gc", "--max-mb", "0", "--json"]).json();
    assert_eq!(small["orphans"].as_array().unwrap().len(), 3, "{small}");
    assert_eq!(place.retake(&["cassette", "gc", "--delete"]).code, Some(0));
    assert!(
        !place.tree().join(SET).join("three.1.jsonl").exists()
            && place.tree().join(SET).join("two.1.jsonl").exists()
    );
}

/// Runs the program at a terminal, somebody there answering each question; gives what was shown, and how it ended.
const TERMINAL: &str = r#"
import os, pty, sys
answers, command = sys.argv[1], sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execv(command[0], command)
shown = b""
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    while answers and shown.count(b"[a/r/s/q]") > len(sys.argv[1]) - len(answers):
        os.write(terminal, answers[0].encode() + b"\n")
        answers = answers[1:]
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

#[test]
fn somebody_at_a_terminal_accepts_rejects_or_skips_each_recording_that_waits() {
    if !contained() {
        return;
    }
    let place = place();
    let read = |task: &str| recording(&place, task);
    let before = TASKS.map(read);
    for task in TASKS {
        place.edit(&format!("tasks/work/{task}/instruction.md"), "has to be", "must be");
    }
    place.run(&[RECORD.as_slice(), &["--stale"]].concat(), 0);
    let at_terminal = |answers: &str| {
        let command = place.command(&["cassette", "accept"]);
        let mut python = std::process::Command::new("python3");
        python.args(["-c", TERMINAL, answers]).arg(command.get_program()).args(command.get_args());
        let done = python.env("HOME", place.root().join("home")).output().unwrap();
        let shown = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{shown}\n{}", String::from_utf8_lossy(&done.stderr));
        shown
    };
    // Sets are read in the order of their names: one, three, two. A word that means nothing is asked for again.
    let shown = at_terminal("xsra");
    assert!(shown.matches("work/one.1: accept").count() == 2, "{shown}");
    let places =
        ["work/one.1: accept", "work/three.1: accept", "work/two.1: accept"].map(|ask| shown.find(ask));
    assert!(places.is_sorted() && places[0].is_some(), "{shown}");
    assert!(
        shown.contains("+ Do what must be done.") && shown.contains("1 of 3 recordings accepted"),
        "{shown}"
    );
    let after = TASKS.map(read);
    assert_eq!([0, 1, 2].map(|at| after[at] == before[at]), [true, false, true]);
    assert!(after[1].contains("must be done"));
    // What was skipped waits, what was rejected does not; whoever stops changes nothing.
    let shown = at_terminal("q");
    assert!(shown.contains("work/one.1: accept") && !shown.contains("work/three.1"), "{shown}");
    assert!(shown.contains("0 of 1 recordings accepted"), "{shown}");
    assert_eq!(TASKS.map(read), after);
    at_terminal("a");
    assert!(read("one").contains("must be done"));
    assert_eq!(place.retake(&["cassette", "accept", "--all"]).code, Some(7), "nothing waits");
    assert_eq!(stale(&place, 5), only("three.1", "item_changed"));
}
