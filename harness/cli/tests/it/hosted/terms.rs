//! What a replay of the small agent lets pass and tells, and how it goes on where the recording ends.

use std::fs;

use serde_json::{Value, json};

use super::said;
use super::small::{commands, recorded, replay};
use crate::place::Place;

/// The recorded place, and beside it the same project with another sentence in its AGENTS.md.
fn changed() -> Place {
    let (place, _) = recorded();
    place.write("other/AGENTS.md", "Answer in many words.\n");
    place.write("other/notes.txt", "old\n");
    place
}

fn counts(report: &Value) -> Vec<(String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |met: &Value| (text(&met["cause"]), text(&met["allowed"]), met["count"].as_u64().unwrap());
    report["differences"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn a_declared_difference_passes_and_one_that_follows_from_it_is_told_with_its_call() {
    let place = changed();
    let other = ["--workspace", "../other", "--expect", "instructions_changed"];
    // The agent reads the file too: what it read differs, which nobody declared.
    let void = said(&mut replay(&place, &other, &[]), 5);
    let first = &void["first_divergence"];
    assert_eq!((&first["step"], &first["cause"]), (&json!(2), &json!("item_changed")), "{void}");
    assert!(first["led_by"].as_str().unwrap().contains("cat AGENTS.md"), "{void}");
    assert_eq!(void["served"], 1);
    // With both declared it comes to its end; its workspace has another AGENTS.md, which is drift.
    let both = said(&mut replay(&place, &[&other[..], &["--expect", "item_changed"]].concat(), &[]), 1);
    assert_eq!((&both["served"], &both["divergences"], &both["drift"]), (&json!(3), &json!(0), &json!(1)));
    let declared = |cause: &str, count| (cause.to_owned(), "declared".to_owned(), count);
    assert_eq!(counts(&both), [declared("instructions_changed", 1), declared("item_changed", 1)].to_vec());
}

#[test]
fn a_warning_serves_what_was_due_and_counts_what_a_tool_gave_as_drift() {
    let place = changed();
    let warned = said(&mut replay(&place, &["--workspace", "../other", "--matching", "warn"], &[]), 1);
    assert_eq!((&warned["served"], &warned["divergences"]), (&json!(3), &json!(0)), "{warned}");
    let of = |cause: &str, allowed: &str| (cause.to_owned(), allowed.to_owned(), 1);
    let expected = [of("instructions_changed", "warned"), of("item_changed", "drift")];
    assert_eq!(counts(&warned), expected.to_vec());
    assert_eq!(warned["drift"], 2, "an output and the workspace: {warned}");
    let early = said(&mut replay(&place, &["--expect", "thread_ended_early"], &["--stop", "2"]), 1);
    assert_eq!(counts(&early), [of("thread_ended_early", "declared")].to_vec());
}

#[test]
fn after_the_cursor_another_model_answers_the_same_history() {
    let (place, _) = recorded();
    place.write("rest.toml", &commands(&["echo other >greeting"]));
    let arguments = ["--from", "2", "--model", "../rest.toml", "--into", "../copy"];
    let report = said(&mut replay(&place, &arguments, &[]), 0);
    assert_eq!(
        (&report["exchanges"], &report["served"], &report["agent_exit"]),
        (&json!(2), &json!(2), &json!(0))
    );
    assert_eq!((&report["divergences"], &report["drift"]), (&json!(0), &json!(0)), "{report}");
    let copy = place.tree().join("copy");
    assert_eq!(fs::read_to_string(copy.join("greeting")).unwrap(), "other\n");
    assert!(!copy.join("notes.txt").exists(), "the recorded calls ran");
    let beyond = replay(&place, &["--from", "9", "--model", "../rest.toml"], &[]).output().unwrap();
    assert_eq!(beyond.status.code(), Some(2), "{}", String::from_utf8_lossy(&beyond.stderr));
}

#[test]
fn the_rules_that_covered_something_are_listed_with_what_they_covered() {
    let (place, _) = recorded();
    let report = said(&mut replay(&place, &["--explain"], &[]), 0);
    let rules = report["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 1, "{report}");
    assert_eq!((&rules[0]["class"], &rules[0]["needed"]), (&json!("call"), &json!(0)), "{report}");
    assert!(rules[0]["count"].as_u64().unwrap() >= 4, "each call and each output: {report}");
    assert!(said(&mut replay(&place, &[], &[]), 0).get("rules").is_none());
}
