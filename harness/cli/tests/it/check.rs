//! `retake task check`: sound tasks are said to be sound, and each way of being unsound is named.

use serde_json::Value;

use crate::place::{Done, Place, contained};
use crate::stops::processes;
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
        assert_eq!(finding["elsewhere"].to_string(), "[2,2]", "{finding}");
        assert_eq!(finding["tamper"].to_string(), "[6,6]", "{finding}");
    }
}

/// A task that is wrong in its own way, and what has to be said of it.
#[derive(Default)]
struct Bad {
    name: &'static str,
    /// What decides: prints the reward in `/app`.
    judge: &'static str,
    solve: &'static str,
    /// More of its `task.toml`.
    toml: &'static str,
    /// Files of the workspace.
    app: &'static [(&'static str, &'static str)],
    /// What its Dockerfile runs.
    run: &'static str,
    /// A named wrong answer.
    wrong: &'static str,
    says: &'static str,
}

const ANSWER: &str = "grep -q forty answer 2>/dev/null; echo $((1 - ($? > 0)))";
const SOLVE: &str =
    "echo 'forty-two, and enough words that no other file of the task looks like this one' >answer\n";
const HISTORY: &str = "git init -q && git config user.name a && git config user.email a@b && \
    git commit -q --allow-empty -m a && \
    echo 'forty-two, and enough words that no other file of the task looks like this one' >answer && \
    git add -A && git commit -qm b && git reset -q --hard HEAD~1";

fn by_verifiers() -> Vec<Bad> {
    let bad = |name, judge, solve, says| Bad { name, judge, solve, says, ..Bad::default() };
    let mut all = vec![
        bad("always-passes", "echo 1", "true\n", "doing nothing does not fail: the verifier passes what it is given"),
        bad("solves-nothing", "echo 0", "true\n", "the reference solution does not pass: "),
        bad("by-chance", "echo $((SRANDOM % 2))", "true\n", "does not pass every time: the verdict is a matter of luck"),
        bad("silent", "[[ -s answer ]] && echo 1 || exit 1", SOLVE, "the verifier gives no reward where the work is not done"),
        bad("never-fails", "[[ -f answer ]]; echo $((1 - $?))", SOLVE, "the hidden tests never fail"),
        bad(
            "by-order",
            "of='print(list({\"a\", \"b\", \"c\", \"d\", \"e\", \"f\"}))'
             [[ -s answer && $(python3 -c \"$of\") == \"$(PYTHONHASHSEED=0 python3 -c \"$of\")\" ]]; echo $((1 - $?))",
            SOLVE,
            "the verdict depends on the hash seed, by the order of a set or a dictionary",
        ),
        bad(
            "of-one-place",
            "[[ -s answer && $TZ == UTC ]]; echo $((1 - $?))",
            SOLVE,
            "the verdict depends on the time zone: ",
        ),
        bad(
            "trusts-the-path",
            "export PATH=/app/bin:$PATH; grep -q 42 answer 2>/dev/null; echo $((1 - ($? > 0)))",
            "echo 42 >answer\n",
            "programs, start-up files or modules of the agent's own",
        ),
    ];
    all.push(Bad {
        app: &[("tests/own.sh", "grep -q 42 /app/answer\n")],
        ..bad(
            "trusts-own-tests",
            "bash tests/own.sh 2>/dev/null; echo $((1 - ($? > 0)))",
            "echo 42 >answer\n",
            "the workspace's own tests, rewritten, decide",
        )
    });
    all.push(Bad {
        app: &[("prog.py", "import sys\nsys.exit(1)\n")],
        ..bad(
            "trusts-exit-codes",
            "python3 prog.py >/dev/null; echo $((1 - ($? > 0)))",
            "echo 'print(1)' >prog.py\n",
            "code that ends with 0 before it is judged",
        )
    });
    all
}

fn by_what_can_be_seen() -> Vec<Bad> {
    let sound = |name, says| Bad { name, judge: ANSWER, solve: SOLVE, says, ..Bad::default() };
    let copy = "forty-two, and enough words that no other file of the task looks like this one\n";
    let app: &'static [_] = Box::leak(Box::new([(".cache/answer.orig", copy)]));
    vec![
        Bad {
            run: HISTORY,
            ..sound("in-git", "the solution is left in git: an object of the workspace holds its answer")
        },
        Bad { app, ..sound("lies-about", "the solution lies in the workspace: a file there is its answer") },
        Bad {
            toml: "[retake.wrong]\nloose = \"wrong/loose.patch\"\n",
            wrong: "diff --git a/answer b/answer\nnew file mode 100644\n--- /dev/null\n+++ b/answer\n@@ -0,0 +1 @@\n+forty-one\n",
            ..sound("lenient", "the wrong answer loose is not rejected")
        },
        Bad {
            toml: "[[retake.checks]]\nname = \"style\"\nkind = \"lint\"\ncommand = \"echo too short; false\"\n",
            ..sound("sends-back", "the visible check \\\"style\\\" does not hold for the reference solution")
        },
        Bad { toml: "bogus = [\n", ..sound("unreadable", "the task cannot be read: ") },
    ]
}

fn write(place: &Place, bad: &Bad) {
    let test = format!(
        "#!/bin/bash\nmkdir -p /logs/verifier\ncd /app\nreward=$({}) || exit\necho $reward >/logs/verifier/reward.txt\n",
        bad.judge
    );
    let folder = work::task(place, "bad", bad.name, &test, bad.solve);
    place.write(&format!("{folder}/task.toml"), &(work::task_toml(bad.name) + "\n" + bad.toml));
    for (path, content) in bad.app {
        place.write(&format!("{folder}/environment/app/{path}"), content);
    }
    let copy = if bad.app.is_empty() { "" } else { "COPY app/ /app/\n" };
    let run = if bad.run.is_empty() { String::new() } else { format!("RUN {}\n", bad.run) };
    let recipe = format!("FROM debian:bookworm\nWORKDIR /app\n{copy}{run}");
    place.write(&format!("{folder}/environment/Dockerfile"), &recipe);
    if !bad.wrong.is_empty() {
        place.write(&format!("{folder}/wrong/loose.patch"), bad.wrong);
    }
}

#[test]
fn each_way_of_being_unsound_is_named() {
    if !contained() {
        return;
    }
    let place = Place::new();
    let all: Vec<Bad> = by_verifiers().into_iter().chain(by_what_can_be_seen()).collect();
    all.iter().for_each(|bad| write(&place, bad));
    work::suite(&place, "bad", &all.iter().map(|bad| bad.name).collect::<Vec<_>>());
    let findings = checked(&place, &["tasks/bad", "--repeat", "12"], 3);
    for bad in &all {
        let problems = problems(&findings, bad.name);
        assert!(problems.contains(bad.says), "{}: {problems}", bad.name);
    }
    let said = place.retake(&["task", "check", "tasks/bad", "--task", "always-passes", "--repeat", "1"]);
    assert_eq!(said.code, Some(3));
    assert!(
        said.stdout.contains("PASSES") && said.stdout.contains("1 tasks, 1 with problems"),
        "{}",
        said.stdout
    );
}

#[test]
fn a_check_leaves_nothing_behind_and_a_task_that_cannot_run_here_is_no_unsound_one() {
    if !contained() {
        return;
    }
    let place = Place::new();
    let mark = format!("left-behind-{}", std::process::id());
    let solve = format!("(exec -a {mark} sleep 1000 >/dev/null 2>&1 &)\n{SOLVE}");
    let test = format!(
        "#!/bin/bash\n(exec -a {mark} sleep 1000 >/dev/null 2>&1 &)\nmkdir -p /logs/verifier\ncd /app\n({ANSWER}) >/logs/verifier/reward.txt\n"
    );
    work::task(&place, "odd", "starts-things", &test, &solve);
    let folder = work::task(&place, "odd", "not-here", &test, &solve);
    let toml = work::task_toml("not-here").replace("needs = []", "needs = [\"no-such-program\"]");
    place.write(&format!("{folder}/task.toml"), &toml);
    work::suite(&place, "odd", &["starts-things", "not-here"]);
    let temp = place.out().join("temp");
    std::fs::create_dir_all(&temp).unwrap();
    let mut command = place.command(&["task", "check", "--json", "tasks/odd"]);
    let done = Done::of(command.env("TMPDIR", &temp).output().unwrap());
    assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
    let findings = done.json();
    assert_eq!(findings[0]["tamper"].to_string(), "[6,6]", "{findings}");
    let why = findings[1]["not_runnable"].as_str().unwrap();
    assert!(why.contains("no-such-program"), "{why}");
    assert_eq!(std::fs::read_dir(&temp).unwrap().count(), 0, "something is left in {}", temp.display());
    assert_eq!(processes(&place.binary(), &mark), Vec::<String>::new());
    let only = place.retake(&["task", "check", "tasks/odd", "--task", "not-here"]);
    assert_eq!(only.code, Some(7), "{}", only.stdout);
}
