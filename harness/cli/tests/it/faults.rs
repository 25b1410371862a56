//! Faults on purpose: the same seed gives the same run, a cassette still fits under them, the reports say what
//! happened, and a profile that makes no sense is refused where it is wrong.

use std::fs;

use serde_json::Value;

use crate::place::{Place, Run, attempts, contained};

/// Overloads by chance, and a stream that breaks now and then.
const FLAKY: &str = r#"
version = "1.0"

[[fault]]
kind = "status"
status = 529
attempt = [1, 2]
probability = 0.4
retry_after_ms = 700

[[fault]]
kind = "cut"
byte = 300
every = 4

[[fault]]
kind = "reset"
step = 999
"#;

const TASKS: [&str; 4] = ["--task", "next-version", "--task", "backup-spaces"];

fn run(place: &Place, arguments: &[&str]) -> Run {
    place.run(&[&["core"], TASKS.as_slice(), arguments].concat(), 0)
}

fn results(run: &Run) -> Value {
    serde_json::from_str(&fs::read_to_string(run.path.join("results.json")).unwrap()).unwrap()
}

#[test]
fn a_replay_under_faults_fits_its_cassettes_and_the_same_seed_gives_the_same_bytes() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core"]);
    place.write("flaky.toml", FLAKY);
    let clean = run(&place, &[]);
    let one = run(&place, &["--faults", "flaky.toml", "--seed", "5"]);
    let two = run(&place, &["--faults", "flaky.toml", "--seed", "5", "--jobs", "1"]);
    let other = run(&place, &["--faults", "flaky.toml", "--seed", "6"]);
    assert_eq!(one.canonical(), two.canonical());
    assert_eq!(one.digest(), two.digest());
    for faulted in [&one, &other] {
        assert_eq!((faulted.count("void"), faulted.count("passed")), (0, clean.count("passed")));
        assert_ne!(faulted.digest(), clean.digest());
    }
    let (faults, plain) = (results(&one), results(&clean));
    assert_ne!(faults["plan"]["digest"], plain["plan"]["digest"]);
    assert_eq!(faults["plan"]["faults"]["name"], "flaky");
    assert!(plain["plan"].get("faults").is_none() && plain["total"].get("faults").is_none());
    let total = &faults["total"]["faults"];
    assert!(total["injected"]["#1 status 529"].as_u64().unwrap() > 0, "{total}");
    assert!(total["injected"]["#2 cut at byte 300"].as_u64().unwrap() > 0, "{total}");
    assert_ne!(total, &results(&other)["total"]["faults"], "another seed gives other faults");
    let injected: u64 = total["injected"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!((total["retries"].as_u64(), total["recovered"].as_u64()), (Some(injected), Some(2)));
    let events = attempts(&one.path).into_iter().flat_map(|attempt| attempt.events());
    let journaled = events.filter(|line| line["event"]["type"] == "fault_injected").count();
    assert_eq!(journaled as u64, injected);
}

#[test]
fn a_report_says_how_each_trial_came_through_and_which_rules_never_happened() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core"]);
    place.write("flaky.toml", FLAKY);
    let run = run(&place, &["--faults", "flaky.toml", "--seed", "5"]);
    let shown = place.retake(&["report", run.path.to_str().unwrap()]).stdout;
    for expected in [
        "FAULTS: profile flaky (seed 5)",
        "core/next-version@main#1  recovered  #",
        "2 recovered, 0 gave up",
        "never happened: #3 reset",
    ] {
        assert!(shown.contains(expected), "no {expected:?} in\n{shown}");
    }
    let summary = fs::read_to_string(run.path.join("summary.md")).unwrap();
    assert!(summary.contains("## Faults") && summary.contains("| recovered |"), "{summary}");
    let trials = fs::read_to_string(run.path.join("trials.csv")).unwrap();
    assert!(trials.lines().next().unwrap().ends_with("faults,fault_rules,lost_us,waited_us,recovery"));
    let show = place.retake(&["show", run.path.to_str().unwrap(), "next-version"]).stdout;
    assert!(show.contains("fault on purpose at try 1: #"), "{show}");
}

#[test]
fn a_profile_that_cannot_be_used_is_refused_where_it_is_wrong() {
    let place = Place::with(&["core"]);
    place.write("typo.toml", "version = \"1.0\"\n[[fault]]\nkind = \"status\"\nstaus = 429\n");
    place.write("empty.toml", "version = \"1.0\"\n[[fault]]\nkind = \"empty\"\n");
    for (arguments, code, expected) in [
        (&["core", "--faults", "typo.toml"][..], 3, "typo.toml:4:1"),
        (&["core", "--faults", "none.toml"], 3, "none.toml"),
        (&["core", "--faults", "empty.toml"], 2, "#1 empty answer"),
        (&["core", "--faults", "empty.toml", "--agent", "oracle"], 2, "no variant asks a model"),
        (&["core", "--faults", "empty.toml", "--record", "x"], 2, "--record"),
    ] {
        let done = place.retake(&[&["run"], arguments].concat());
        assert_eq!(done.code, Some(code), "{arguments:?}: {}", done.stderr);
        assert!(done.stderr.contains(expected), "{arguments:?}: {}", done.stderr);
    }
}
