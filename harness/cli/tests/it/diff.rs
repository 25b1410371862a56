//! `retake diff`: two runs that part, a recording beside itself and beside edited ones, and what cannot be compared.

use std::fs;

use serde_json::Value;

use crate::place::{Done, Place, contained};

const TASK: &str = "backup-spaces";
const CASSETTE: &str = "tasks/core/cassettes/agent-v2/backup-spaces.1.jsonl";

fn diff(place: &Place, arguments: &[&str]) -> Value {
    let done = place.retake(&[&["diff", "--json"], arguments].concat());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    done.json()
}

/// The cassette with one text replaced, as `name`.
fn edited(place: &Place, name: &str, from: &str, to: &str) {
    let text = fs::read_to_string(place.tree().join(CASSETTE)).unwrap();
    assert!(text.contains(from), "{from:?} is not in the cassette");
    place.write(name, &text.replace(from, to));
}

fn count(told: &Value, list: &str) -> usize {
    told[list].as_array().unwrap_or_else(|| panic!("{list} in {told}")).len()
}

#[test]
fn two_runs_part_where_their_scripts_do_and_a_further_look_before_is_listed() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core"]);
    let run = || place.run(&["core", "--task", TASK, "--model", "script"], 0).path;
    let name = |path: std::path::PathBuf| format!("{}:{TASK}", path.file_name().unwrap().to_string_lossy());
    let first = run();
    let script = format!("tasks/core/scripts/agent-v2/{TASK}.1.toml");
    let look = "[[turn]]\n[[turn.call]]\ntool = \"exec_command\"\nargs = { cmd = \"ls -A\" }\n\n";
    let tests = "[[turn]]\n[[turn.call]]\ntool = \"exec_command\"\nargs = { cmd = \"tests/run.sh\" }\n";
    place.edit(&script, tests, &format!("{look}{tests}"));
    place.edit(&script, "# What the scripts share.", "# What both scripts share.");
    let second = run();
    let (a, b) = (name(first), name(second));
    let out = format!("out = {:?}\n", place.out());
    place.edit("retake.toml", "out = \"reports\"\n", &out);
    let told = diff(&place, &[&a, &b]);
    assert_eq!(told["equal"], false);
    let fork = &told["fork"];
    assert_eq!((&fork["a_step"], &fork["b_step"]), (&3.into(), &4.into()), "{fork}");
    assert_eq!((&fork["cause"], &fork["path"]), (&"item_changed".into(), &".arguments.content".into()));
    assert_eq!((count(&told, "inserted"), count(&told, "missing")), (1, 0), "{told}");
    assert_eq!(
        (&told["inserted"][0]["step"], &told["inserted"][0]["after_fork"]),
        (&2.into(), &false.into())
    );
    let shown = place.retake(&["diff", &a, &b]);
    assert!(shown.stdout.contains("FORK at step 3 of A, step 4 of B"), "{}", shown.stdout);
    assert!(shown.stdout.lines().count() <= 24, "{}", shown.stdout);
    let itself = diff(&place, &[&a, &a]);
    assert_eq!((&itself["equal"], &itself["a"]["outcome"]), (&true.into(), &"passed".into()), "{itself}");
}

#[test]
fn a_replayed_trial_equals_the_recording_that_answered_it() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core"]);
    let run = place.run(&["core", "--task", TASK], 0);
    let trial = format!("{}:{TASK}", run.path.display());
    let told = diff(&place, &[&trial, CASSETTE]);
    assert_eq!(told["equal"], true, "{told}");
    assert!(told["same"].as_u64().unwrap() > 10, "{told}");
    let folder = run.path.join(format!("trials/core/{TASK}/main.1"));
    assert_eq!(diff(&place, &[folder.to_str().unwrap(), CASSETTE])["equal"], true);
}

#[test]
fn an_edited_recording_is_told_by_what_was_edited() {
    let place = Place::with(&["core"]);
    assert_eq!(diff(&place, &[CASSETTE, CASSETTE])["equal"], true);
    edited(&place, "b.jsonl", "tests/run.sh restore; tests/run.sh old_runs", "tests/run.sh old_runs; date");
    let told = diff(&place, &[CASSETTE, "b.jsonl"]);
    assert_eq!((&told["equal"], &told["fork"]), (&false.into(), &Value::Null), "{told}");
    assert_eq!(count(&told, "changed"), 1, "{told}");
    let changed = &told["changed"][0];
    assert_eq!((&changed["what"], &changed["path"]), (&"call".into(), &".arguments.cmd".into()));
}

#[test]
fn another_prompt_is_no_fork_and_no_difference_where_it_was_declared() {
    let place = Place::with(&["core"]);
    edited(&place, "b.jsonl", "Look before you change:", "Look twice before you change:");
    let told = diff(&place, &[CASSETTE, "b.jsonl"]);
    assert_eq!((&told["equal"], &told["fork"]), (&false.into(), &Value::Null), "{told}");
    assert_eq!(told["setting"][0]["cause"], "instructions_changed");
    let told = diff(&place, &[CASSETTE, "b.jsonl", "--expect", "instructions_changed"]);
    assert_eq!((&told["equal"], &told["setting"][0]["declared"]), (&true.into(), &true.into()), "{told}");
}

#[test]
fn a_hostile_recording_does_nothing_to_the_terminal() {
    let place = Place::with(&["core"]);
    let hostile = "\\\\u001b]0;owned\\\\u0007\\\\u001b[2J\\\\u202e";
    edited(&place, "b.jsonl", "tests/run.sh restore; tests/run.sh old_runs", hostile);
    let shown = place.retake(&["diff", CASSETTE, "b.jsonl"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.contains("\\x1b]0;owned"), "{}", shown.stdout);
    assert!(!shown.stdout.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'));
}

#[test]
fn what_cannot_be_compared_is_said() {
    let place = Place::with(&["core"]);
    let fails = |arguments: &[&str], code: i32, word: &str| {
        let Done { code: got, stderr, .. } = place.retake(&[&["diff"], arguments].concat());
        assert_eq!(got, Some(code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(word), "{arguments:?}: {stderr}");
    };
    fails(&[CASSETTE, "nothing.jsonl"], 2, "neither a file");
    fails(&[CASSETTE, "tasks"], 3, "no trial's folder");
    fails(&[CASSETTE, CASSETTE, "--expect", "weather"], 2, "instructions_changed");
    fails(&[CASSETTE, "retake.toml"], 3, "retake.toml:1");
    let text = fs::read_to_string(place.tree().join(CASSETTE)).unwrap();
    place.write("cut.jsonl", &text[..text.len() / 2]);
    fails(&[CASSETTE, "cut.jsonl"], 3, "cut.jsonl");
}
