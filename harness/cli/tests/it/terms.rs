//! What a replay lets pass: strict by default, declared differences and no others, warnings that are counted; tools that
//! run, go on live, or don't run at all; and a fork that goes on from a recorded history.

use std::fs;

use serde_json::Value;

use crate::place::{Place, Run, attempts, contained};

/// A place in which `wrong-result` has a recording of its own.
fn recorded() -> Place {
    let place = Place::with(&["failures"]);
    let folder = "tasks/failures/cassettes/main";
    place.run(&["failures", "--model", "script", "--task", "wrong-result", "--record", folder], 0);
    place
}

const CASSETTE: &str = "tasks/failures/cassettes/main/wrong-result.1.jsonl";
const TASK: [&str; 3] = ["failures", "--task", "wrong-result"];

fn replay(place: &Place, arguments: &[&str], code: i32) -> Run {
    place.run(&[TASK.as_slice(), &["--model", "cassette"], arguments].concat(), code)
}

/// The divergences of the only trial.
fn diverged(run: &Run) -> Vec<Value> {
    let events = attempts(&run.path).into_iter().flat_map(|attempt| attempt.events());
    events.map(|line| line["event"].clone()).filter(|event| event["type"] == "diverged").collect()
}

fn variant(place: &Place, lines: &str) {
    let config = fs::read_to_string(place.tree().join("retake.toml")).unwrap();
    place.write("retake.toml", &format!("{config}\n{lines}\n"));
}

#[test]
fn each_change_of_a_request_voids_the_trial_under_its_own_name() {
    if !contained() {
        return;
    }
    let place = recorded();
    replay(&place, &[], 0);
    variant(
        &place,
        r#"[variant.moved]
model = "cassette"
tools = ["apply_patch", "exec_command", "read_file", "write_file", "list_dir", "grep", "update_plan"]
[variant.fewer]
model = "cassette"
tools = ["exec_command", "apply_patch", "read_file", "write_file", "list_dir", "update_plan"]"#,
    );
    let text = fs::read_to_string(place.tree().join(CASSETTE)).unwrap();
    let told = |arguments: &[&str], cause: &str, words: &str| {
        let run = place.run(&[TASK.as_slice(), arguments].concat(), 5);
        let found = diverged(&run);
        assert_eq!((found.len(), run.count("void")), (1, 1), "{found:?}");
        assert_eq!(found[0]["cause"], cause, "{found:?}");
        assert!(found[0]["diff"].as_str().unwrap().contains(words), "{words:?} is not in {found:?}");
        assert!(run.ends()["wrong-result"]["reason"].as_str().unwrap().contains(cause));
        found[0].clone()
    };
    told(&["--variant", "moved"], "tools_changed", "reordered: exec_command, apply_patch");
    let fewer = told(&["--variant", "fewer"], "tools_changed", "removed grep");
    assert_eq!(fewer["path"], ".tools[5]");
    let cassette = ["--model", "cassette"];
    // The model that is asked for stands in the header.
    place.write(CASSETTE, &text.replacen("\"model\":\"stub-1\"", "\"model\":\"stub-2\"", 1));
    assert_eq!(told(&cassette, "model_changed", "+ stub-2")["path"], ".model");
    // A step more than was recorded.
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().rposition(|line| line.starts_with("{\"exchange\"")).unwrap();
    lines.remove(last);
    place.write(CASSETTE, &(lines.join("\n") + "\n"));
    told(&cassette, "extra_request", "no further request");
    place.write(CASSETTE, &text);
    replay(&place, &[], 0);
}

#[test]
fn a_declared_difference_passes_and_no_other_does() {
    if !contained() {
        return;
    }
    let place = Place::with(&["failures"]);
    let task = ["failures", "--task", "instructions-changed"];
    let run = |more: &[&str], code: i32| place.run(&[task.as_slice(), more].concat(), code);
    let strict = run(&[], 5);
    assert!(strict.summary.get("differences").is_none(), "{}", strict.summary);
    let declared = run(&["--expect", "instructions_changed"], 0);
    assert_eq!(declared.count("void"), 0);
    let met = |run: &Run| {
        let met = run.summary["differences"].as_array().unwrap().clone();
        assert_eq!(met.len(), 1, "{met:?}");
        (met[0]["cause"].clone(), met[0]["allowed"].clone(), met[0]["count"].clone())
    };
    let of = |allowed: &str| (Value::from("instructions_changed"), Value::from(allowed), Value::from(1));
    assert_eq!(met(&declared), of("declared"));
    assert_eq!(diverged(&declared)[0]["allowed"], "declared");
    run(&["--expect", "item_changed", "--expect", "tools_changed"], 5);
    assert_eq!(met(&run(&["--matching", "warn"], 0)), of("warned"));
    assert_eq!(met(&run(&["--matching", "sequence"], 0)), of("in_sequence"));
    let summary = fs::read_to_string(run(&["--matching", "warn"], 0).path.join("summary.md")).unwrap();
    assert!(summary.contains("this run claims no integrity"), "{summary}");
    // Declared is not enough where something else differs too.
    variant(&place, "[variant.fewer]\nmodel = \"cassette\"\ntools = [\"exec_command\"]");
    let both = run(&["--variant", "fewer", "--expect", "instructions_changed"], 5);
    assert_eq!(diverged(&both)[0]["cause"], "tools_changed");
    run(&["--variant", "fewer", "--expect", "instructions_changed", "--expect", "tools_changed"], 0);
    let refused = place.retake(&["run", "failures", "--model", "cassette", "--expect", "extra_request"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    let refused = place.retake(&["run", "failures", "--model", "cassette", "--expect", "something"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("instructions_changed"), "{}", refused.stderr);
}

#[test]
fn tools_run_or_go_on_live_or_do_not_run_with_the_same_digest() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core"]);
    let run = |mode: &str| place.run(&["core", "--task", "next-version", "--tools", mode], 0);
    let (ran, live, recorded) = (run("run"), run("live"), run("recorded"));
    for other in [&live, &recorded] {
        assert_eq!(other.digest(), ran.digest());
        assert_eq!((other.count("drift"), other.count("void")), (0, 0), "{}", other.summary);
    }
    let workspace = |run: &Run| {
        let events = attempts(&run.path).remove(0).events();
        events.last().unwrap()["host"]["ended"]["workspace"].clone()
    };
    assert_eq!(workspace(&recorded), workspace(&ran), "the snapshot is what the calls make");
    let real = |run: &Run| {
        attempts(&run.path).remove(0).events().last().unwrap()["host"]["ended"]["tool_us"].as_u64()
    };
    assert_eq!(real(&recorded), Some(0), "nothing was run");
    assert!(real(&ran) > Some(0));
}

#[test]
fn going_on_with_a_real_output_that_differs_diverges_at_it_and_names_its_call() {
    if !contained() {
        return;
    }
    let place = Place::with(&["failures"]);
    let task = ["failures", "--task", "drift"];
    let cassette = "tasks/failures/cassettes/main/drift.1.jsonl";
    place.edit(cassette, "\"output\":\"answer.txt\\n", "\"output\":\"answer.text\\n");
    let run = place.run(&[task.as_slice(), &["--tools", "live"]].concat(), 5);
    let found = diverged(&run);
    assert_eq!((found.len(), &found[0]["cause"]), (1, &Value::from("item_changed")), "{found:?}");
    assert!(found[0]["path"].as_str().unwrap().ends_with(".output"), "{found:?}");
    assert!(found[0]["led_by"].as_str().unwrap().starts_with("exec_command "), "{found:?}");
    let shown = place.retake(&["show", run.path.to_str().unwrap(), "drift"]);
    assert!(shown.stdout.contains("  after exec_command "), "{}", shown.stdout);
    place.run(&[task.as_slice(), &["--tools", "live", "--expect", "item_changed"]].concat(), 1);
}

#[test]
fn a_fork_goes_on_from_a_recorded_history_and_counts_only_what_is_new() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core"]);
    let task = ["core", "--task", "next-version"];
    let whole = place.run(&task, 0);
    let steps = whole.ends()["next-version"]["steps"].as_u64().unwrap();
    variant(&place, "[variant.other]\nmodel = \"script:other\"\n[variant.same]\nmodel = \"cassette\"");
    place.write("tasks/core/scripts/other/next-version.toml", "version = \"1.0\"\nmodel = \"stub-2\"\nseed = 3\n[[turn]]\n[[turn.call]]\ntool = \"exec_command\"\nargs = { cmd = \"git status --short | wc -l\" }\n[[turn]]\ntext = \"I leave it at that.\"\n");
    place.edit("tasks/core/suite.toml", "[scripts]\n", "[scripts]\nother = \"scripts/other\"\n");
    let fork = format!("{}:next-version@2", whole.path.display());
    let forked = place.run(&["--fork", &fork, "--variant", "other", "--trials", "2"], 0);
    let header: Value =
        serde_json::from_str(&fs::read_to_string(forked.path.join("run.json")).unwrap()).unwrap();
    assert_eq!(header["plan"]["mode"], "fork");
    assert_eq!(header["plan"]["replaying"]["fork"]["step"], 2);
    for end in forked.ends().values() {
        assert_eq!((end["steps"].as_u64(), end["recorded_steps"].as_u64()), (Some(2), Some(2)), "{end}");
        assert_eq!(end["calls"].as_array().unwrap().len(), 2);
        assert_eq!(end["met"][0]["cause"], "model_changed", "another model is what a fork is for: {end}");
        assert!(end["reason"].as_str().unwrap().contains("hidden checks"), "{end}");
    }
    // With the recording itself as the other model it comes to the same end.
    let same = place.run(&["--fork", &fork, "--variant", "same"], 0);
    let end = &same.ends()["next-version"];
    assert_eq!(end["steps"].as_u64().unwrap() + end["recorded_steps"].as_u64().unwrap(), steps, "{end}");
    assert_eq!(end["outcome"], "passed", "{end}");
    for (fork, code) in [("next-version@2", 2), ("latest:next-version@0", 2), ("latest:next-version@x", 2)] {
        let done = place.retake(&["run", "--fork", fork, "--variant", "other"]);
        assert_eq!(done.code, Some(code), "{fork}: {}", done.stderr);
    }
    let beyond = format!("{}:next-version@{}", whole.path.display(), steps + 1);
    let done = place.retake(&["run", "--fork", &beyond, "--variant", "other"]);
    assert_eq!(done.code, Some(2), "{}", done.stderr);
    assert!(done.stderr.contains(&format!("1 to {steps}")), "{}", done.stderr);
}
