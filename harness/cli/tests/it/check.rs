//! `retake task check`: sound tasks are said to be sound, and each way of being unsound is named.

use serde_json::Value;

use crate::place::{Place, contained};
use crate::work;

fn checked(place: &Place, arguments: &[&str], code: i32) -> Vec<Value> {
    let done = place.retake(&[&["task", "check", "--json"], arguments].concat());
    assert_eq!(done.code, Some(code), "{}\n{}", done.stdout, done.stderr);
    done.json().as_array().unwrap().clone()
}

fn problems(findings: &[Value], task: &str) -> String {
    let finding = findings.iter().find(|finding| finding["task"] == task).unwrap();
    finding["problems"].to_string()
}

#[test]
fn tasks_of_core_are_sound() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core", "failures"]);
    let findings = checked(&place, &["core", "--task", "backup-spaces", "--task", "lost-commit"], 0);
    assert_eq!(findings.len(), 2);
    for finding in &findings {
        assert_eq!(finding["oracle"].to_string(), "[5,5]", "{finding}");
        assert_eq!(finding["noop_fails"], true, "{finding}");
        assert_eq!(finding["wrong"][0], finding["wrong"][1], "{finding}");
        assert!(finding["wrong"][0].as_u64().unwrap() >= 2, "{finding}");
    }
}

#[test]
fn each_way_of_being_unsound_is_named() {
    if !contained() {
        return;
    }
    let reward =
        |how: &str| format!("#!/bin/bash\nmkdir -p /logs/verifier\n{how} >/logs/verifier/reward.txt\n");
    let place = Place::new();
    work::task(&place, "bad", "always-passes", &reward("echo 1"), "true\n");
    work::task(&place, "bad", "never-passes", &reward("echo 0"), "true\n");
    work::task(&place, "bad", "flaky", &reward("echo $((SRANDOM % 2))"), "true\n");
    work::task(&place, "bad", "lenient", &reward("[[ -e /app/answer ]]; echo $((1 - $?))"), "touch answer\n");
    place.write(
        "tasks/bad/lenient/wrong/empty.patch",
        "diff --git a/answer b/answer\nnew file mode 100644\n--- /dev/null\n+++ b/answer\n@@ -0,0 +1 @@\n+wrong\n",
    );
    let toml = work::task_toml("lenient") + "\n[retake.wrong]\nempty = \"wrong/empty.patch\"\n";
    place.write("tasks/bad/lenient/task.toml", &toml);
    work::suite(&place, "bad", &["always-passes", "never-passes", "flaky", "lenient"]);
    let findings = checked(&place, &["tasks/bad", "--repeat", "20"], 3);
    for (task, expected) in [
        ("always-passes", "doing nothing does not fail"),
        ("never-passes", "the reference solution does not pass: "),
        ("flaky", "the reference solution does not pass every time"),
        ("lenient", "the wrong answer empty is not rejected"),
    ] {
        let problems = problems(&findings, task);
        assert!(problems.contains(expected), "{task}: {problems}");
    }
    let said = place.retake(&["task", "check", "tasks/bad", "--task", "always-passes", "--repeat", "1"]);
    assert_eq!(said.code, Some(3));
    assert!(
        said.stdout.contains("PASSES") && said.stdout.contains("1 tasks, 1 with problems"),
        "{}",
        said.stdout
    );
}
