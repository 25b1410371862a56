//! `retake compare`, gates, baselines and the history, over real runs.

use std::fs;

use serde_json::Value;

use crate::place::{Place, contained};
use crate::work;

/// A run's id.
fn id(run: &crate::place::Run) -> String {
    run.summary["run_id"].as_str().unwrap().to_owned()
}

/// Ten tasks of core that take no compiler; the stub ends two of them with a wrong answer.
const TASKS: [&str; 10] = [
    "--task=courier-restart",
    "--task=static-traversal",
    "--task=flaky-invoices",
    "--task=digest-queries",
    "--task=backup-spaces",
    "--task=next-version",
    "--task=lost-commit",
    "--task=access-report",
    "--task=parcel-tests",
    "--task=leaked-token",
];

#[test]
fn two_runs_of_core_that_differ_are_compared_gated_and_kept_in_the_history() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core"]);
    place.edit("retake.toml", "out = \"reports\"", &format!("out = {:?}", place.out()));
    let tasks = |more: &[&'static str]| [&["core"], more, TASKS.as_slice()].concat();
    let oracle = place.run(&tasks(&["--agent", "oracle"]), 0);
    let main = place.run(&tasks(&[]), 0);
    let lost = oracle.count("passed") - main.count("passed");
    assert_eq!(lost, 2, "two stubs of core end with a wrong answer");
    let (base, head) = (id(&oracle), id(&main));

    let done = place.retake(&["compare", &base, &head, "--json"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let c = done.json();
    assert_eq!(
        (&c["metric"], &c["kind"], &c["test"]),
        (&"pass_rate".into(), &"synthetic".into(), &"mcnemar".into())
    );
    // Two of two discordant pairs: 2 · (1/2)².
    assert_eq!((&c["p_value"], &c["lost"], &c["gained"]), (&Value::from(0.5), &2.into(), &0.into()));
    assert_eq!(c["verdict"], "inconclusive");
    assert!(c["detectable"].as_f64().unwrap() > 0.1 && c["tasks_needed"].as_u64().unwrap() > 10, "{c}");
    let interval = &c["interval"];
    assert!(interval["lo"].as_f64().unwrap() < c["difference"].as_f64().unwrap(), "{c}");
    assert_eq!(c["lost_tasks"].as_array().unwrap().len(), 2);
    assert!(c["mismatches"].as_array().unwrap().iter().any(|m| m["what"] == "agent"), "{c}");
    assert_eq!(place.retake(&["compare", &base, &head, "--json"]).stdout, done.stdout, "the same bytes");
    let text = place.retake(&["compare", &base, &head]).stdout;
    assert!(
        text.contains("SYNTHETIC")
            && text.contains("lost (2)")
            && text.contains("cost and effort come first"),
        "{text}"
    );

    let broken = place.retake(&["compare", &base, &head, "--gate", "pass_rate >= baseline"]);
    assert_eq!(broken.code, Some(1), "{}", broken.stderr);
    assert_eq!(
        place.retake(&["compare", &base, &head, "--gate", "pass_rate >= baseline - 30pp"]).code,
        Some(0)
    );
    assert_eq!(place.retake(&["baseline", "show"]).code, Some(2));
    assert_eq!(place.retake(&["baseline", "set", &base]).code, Some(0));
    let gated = place.run(&tasks(&["--gate", "no_new_failures"]), 1);
    let gates: Value =
        serde_json::from_str(&fs::read_to_string(gated.path.join("gates.json")).unwrap()).unwrap();
    assert_eq!((&gates[0]["standing"], &gates[0]["value"]), (&"broken".into(), &Value::from(2.0)), "{gates}");
    assert_eq!(gated.summary["gates"][0]["standing"], "broken");

    let history = place.retake(&["history", "--json"]).json();
    assert_eq!((&history["runs"], history["series"].as_array().unwrap().len()), (&3.into(), 2), "{history}");
    let lines = fs::read_to_string(place.out().join("history.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 3);
    // A merge may leave lines twice and in any order; what it can't read it names.
    let mixed: String = lines.lines().rev().chain(lines.lines()).map(|line| format!("{line}\n")).collect();
    fs::write(place.out().join("history.jsonl"), format!("{mixed}nonsense\n")).unwrap();
    let again = place.retake(&["history", "--json"]);
    assert_eq!((again.code, again.json()), (Some(3), history));
    assert!(again.stderr.contains("history.jsonl:7"), "{}", again.stderr);
}

#[test]
fn a_gate_is_refused_with_its_place_or_its_reason_before_anything_runs() {
    let place = work::place(1, "retake-gates");
    let toml = "version = \"1.0\"\n\n[suite.work]\npath = \"tasks/work\"\n\n[profile.default]\ngates = [\"drift <= text\", \"pass_rat >= 1\"]\n";
    place.write("retake.toml", toml);
    let done = place.retake(&["run"]);
    assert_eq!(done.code, Some(3), "{}", done.stderr);
    assert!(
        done.stderr.contains("retake.toml:7:") && done.stderr.contains("did you mean `pass_rate`?"),
        "{}",
        done.stderr
    );
    let refused = |gate: &str| {
        let done = place.retake(&["run", "tasks/work", "--model", "script", "--gate", gate]);
        assert_eq!(done.code, Some(2), "{gate}: {}", done.stderr);
        done.stderr
    };
    assert!(refused("drift <= text").contains("cannot fail"));
    assert!(refused("pass_rate >= baseline").contains("retake baseline set"));
    assert!(refused("void <= 0").contains("only a replay"));
    assert!(refused("pass_rate => 1").contains("--gate:1:"));
    assert!(!place.out().join("history.jsonl").exists());
}

#[test]
fn kept_workspaces_are_verified_again_and_a_verifier_that_wavers_is_left_out_of_gates() {
    if !contained() {
        return;
    }
    let place = work::place(3, "retake-regrade");
    place.write("retake.toml", &format!("version = \"1.0\"\nout = {:?}\n", place.out()));
    let run = place.run(&["tasks/work", "--model", "script"], 0);
    let regrade = |times: &str| {
        let done = place.retake(&["regrade", &id(&run), "--times", times, "--json"]);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        done.json()
    };
    let same = regrade("1");
    assert_eq!(
        (&same["trials"], &same["changed"], &same["left"]),
        (&3.into(), &0.into(), &0.into()),
        "{same}"
    );
    // One verifier tosses a coin, another one is now stricter.
    let toss = "#!/bin/bash\nmkdir -p /logs/verifier\necho $((RANDOM % 2)) >/logs/verifier/reward.txt\n";
    place.write("tasks/work/task-01/tests/test.sh", toss);
    let strict = "#!/bin/bash\nmkdir -p /logs/verifier\necho 0 >/logs/verifier/reward.txt\n";
    place.write("tasks/work/task-02/tests/test.sh", strict);
    let again = regrade("20");
    assert_eq!((&again["flaky"], &again["trials"]), (&1.into(), &3.into()), "{again}");
    assert_eq!(again["each"][1]["verdicts"][0], false);
    let quarantine: Value =
        serde_json::from_str(&fs::read_to_string(place.out().join("quarantine.json")).unwrap()).unwrap();
    let held: Vec<&Value> =
        quarantine["tasks"].as_array().unwrap().iter().filter(|t| !t["until"].is_null()).collect();
    assert!(held.len() == 1 && held[0]["task"] == "task-01", "{quarantine}");
    let gated = place.retake(&["run", "tasks/work", "--model", "script", "--gate", "pass_rate >= 1"]);
    assert!(
        gated.stderr.contains("in quarantine until") && gated.stderr.contains("work/task-01"),
        "{}",
        gated.stderr
    );
    // task-02 fails, task-03 passes: one of the two that count.
    assert!(gated.stderr.contains("50.0 % against at least 100.0 %"), "{}", gated.stderr);
    assert_eq!(gated.code, Some(1));
}
