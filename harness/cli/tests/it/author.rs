//! Tasks from a project's own work: from a commit, from a session, from nothing; and a repository that is set up. What is
//! written is sound, and nothing that was there is written over.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::place::{Place, contained, skipped};

/// A python project with a test, and a second commit that changes both.
fn project(place: &Place) {
    place.write("adder.py", "def add(a, b):\n    return a + b\n");
    place.write("tests/test_adder.py", &test("self.assertEqual(adder.add(1, 2), 3)"));
    place.write("README.md", "# adder\n");
    place.write("AGENTS.md", "Be brief.\n");
    git(&place.tree(), &["init", "-q", "-b", "main"]);
    commit(place, "Add two numbers");
    place.write("adder.py", "def add(*numbers):\n    return sum(numbers)\n");
    let more = "self.assertEqual(adder.add(1, 2), 3)\n        self.assertEqual(adder.add(1, 2, 3), 6)";
    place.write("tests/test_adder.py", &test(more));
    commit(
        place,
        "Add any number of numbers (#7)\n\nTwo were never enough.\n\nSigned-off-by: T <t@example.org>",
    );
}

fn test(body: &str) -> String {
    format!(
        "import unittest\n\nimport adder\n\n\nclass Adder(unittest.TestCase):\n    def test_add(self):\n        {body}\n"
    )
}

/// Runs git as somebody; gives what it said.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(folder).args(["-c", "user.name=T", "-c", "user.email=t@example.org"]).args(arguments);
    let done = command.output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

fn commit(place: &Place, message: &str) {
    git(&place.tree(), &["add", "-A"]);
    git(&place.tree(), &["commit", "-qm", message]);
}

fn made(place: &Place, arguments: &[&str]) -> Value {
    let done = place.retake(&[&["task", "new", "--json"], arguments].concat());
    assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
    done.json()
}

#[test]
fn a_commit_becomes_a_sound_task_whose_answer_is_nowhere_in_its_workspace() {
    if !contained() {
        return;
    }
    let place = Place::new();
    project(&place);
    let task = made(&place, &["--from-commit", "HEAD"]);
    assert_eq!((&task["sound"], &task["problems"]), (&true.into(), &Value::Array(Vec::new())), "{task}");
    assert_eq!(task["task"], "add-any-number-of-numbers", "{task}");
    let folder = place.tree().join(task["path"].as_str().unwrap());
    let read = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
    assert!(read("environment/app/adder.py").contains("def add(a, b)"));
    assert!(!read("environment/app/tests/test_adder.py").contains("1, 2, 3"));
    assert!(read("tests/files/tests/test_adder.py").contains("1, 2, 3"));
    assert!(
        read("solution/fix.patch").contains("+def add(*numbers)")
            && !read("solution/fix.patch").contains("test_adder")
    );
    let instruction = read("instruction.md");
    assert!(instruction.contains("\nAdd any number of numbers\n\nTwo were never enough.\n"), "{instruction}");
    assert!(
        !instruction.contains("Signed-off-by")
            && task["todo"][0].as_str().unwrap().starts_with("instruction.md:1:")
    );
    // With all that came before it, and nothing of what came after.
    let kept = made(&place, &["kept", "--from-commit", "HEAD", "--history"]);
    assert_eq!(kept["sound"], true, "{kept}");
    let again = place.retake(&["task", "new", "kept", "--from-commit", "HEAD"]);
    assert!(again.code == Some(3) && again.stderr.contains("is there already"), "{}", again.stderr);
    let nothing = place.retake(&["task", "new", "--from-commit", "nowhere"]);
    assert!(nothing.code == Some(3) && nothing.stderr.contains("no commit"), "{}", nothing.stderr);
    place.write("README.md", "# more\n");
    git(&place.tree(), &["commit", "-qm", "Say more", "README.md"]);
    let documents = place.retake(&["task", "new", "--from-commit", "HEAD"]);
    assert!(
        documents.code == Some(3) && documents.stderr.contains("touches no tests"),
        "{}",
        documents.stderr
    );
}

#[test]
fn a_session_becomes_a_draft_with_its_words_its_workspace_and_its_tests() {
    let place = Place::new();
    project(&place);
    let (cwd, head) = (place.tree(), git(&place.tree(), &["rev-parse", "HEAD~1"]));
    let meta = serde_json::json!({"type": "session_meta", "payload": {"id": "s", "cwd": cwd, "timestamp": "2026-06-17T06:49:45Z",
        "git": {"commit_hash": head.trim()}}});
    let said = serde_json::json!({"type": "event_msg", "payload": {"type": "user_message", "message": "Let add take more."}});
    let ran = serde_json::json!({"type": "response_item", "payload": {"type": "function_call", "name": "exec_command",
        "arguments": serde_json::json!({"cmd": format!("cd {} && python3 -m unittest -q tests.test_adder", cwd.display())}).to_string()}});
    fs::write(place.root().join("rollout.jsonl"), format!("{meta}\n{said}\n{ran}\n")).unwrap();
    let rollout = place.root().join("rollout.jsonl");
    let task = made(&place, &["--from-session", rollout.to_str().unwrap(), "--no-check"]);
    let folder = place.tree().join(task["path"].as_str().unwrap());
    let read = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
    assert_eq!(task["task"], "let-add-take-more");
    assert!(
        read("instruction.md").ends_with("\nLet add take more.\n")
            && read("environment/app/adder.py").contains("(a, b)")
    );
    assert!(
        read("task.toml").contains("command = \"python3 -m unittest -q tests.test_adder\""),
        "{}",
        read("task.toml")
    );
    assert!(task["todo"].to_string().contains("solution/solve.sh:2"), "{task}");
    place.write("notes.txt", "no session\n");
    let other = place.retake(&["task", "new", "--from-session", "notes.txt"]);
    assert!(other.code == Some(3) && other.stderr.contains("neither a rollout"), "{}", other.stderr);
}

#[test]
fn a_session_of_claude_code_becomes_a_draft_on_the_newest_commit_before_it_began() {
    let place = Place::new();
    project(&place);
    // The second commit is made after the session.
    let later = Command::new("git")
        .current_dir(place.tree())
        .env("GIT_COMMITTER_DATE", "2099-01-01T00:00:00Z")
        .args(["-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "--amend", "--no-edit"])
        .status();
    assert!(later.unwrap().success());
    let first = git(&place.tree(), &["rev-parse", "HEAD~1"]);
    let cwd = place.tree();
    let line = |kind: &str, more: Value| {
        let mut line = serde_json::json!({"parentUuid": null, "isSidechain": false, "userType": "external", "cwd": cwd,
            "sessionId": "8897bd54", "version": "2.1.330", "gitBranch": "main", "type": kind,
            "timestamp": "2098-02-12T14:06:30.078Z"});
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line.to_string()
    };
    let said = |text: &str| serde_json::json!({"message": {"role": "user", "content": text}});
    let ran = |command: &str| {
        let call =
            serde_json::json!({"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": command}});
        serde_json::json!({"message": {"id": "m", "role": "assistant", "content": [{"type": "text", "text": "Now."}, call]}})
    };
    let mut aside = said("You are a helper: look for callers.");
    aside["isSidechain"] = true.into();
    let tests = format!("cd {} && python3 -m unittest -q tests.test_adder", cwd.display());
    let lines = [
        serde_json::json!({"type": "file-history-snapshot", "messageId": "1", "snapshot": {}}).to_string(),
        line("progress", serde_json::json!({"data": {"type": "hook_progress"}})),
        line("user", aside),
        line("user", said("<command-name>/clear</command-name>")),
        line("user", said("Let add take more.")),
        line("assistant", ran("ls")),
        line(
            "user",
            serde_json::json!({"message": {"role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t", "content": "adder.py"}]}}),
        ),
        line("assistant", ran(&tests)),
        line("assistant", ran(&tests)),
        line("user", said("Thanks, now the README.")),
    ];
    let session = place.root().join("8897bd54.jsonl");
    fs::write(&session, lines.join("\n")).unwrap();
    let task = made(&place, &["--from-session", session.to_str().unwrap(), "--no-check"]);
    let folder = place.tree().join(task["path"].as_str().unwrap());
    let read = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
    assert_eq!(task["task"], "let-add-take-more");
    assert!(read("instruction.md").ends_with("\nLet add take more.\n"), "{}", read("instruction.md"));
    assert!(read("environment/app/adder.py").contains("(a, b)"));
    let toml = read("task.toml");
    assert_eq!(toml.matches("command = \"python3 -m unittest -q tests.test_adder\"").count(), 1, "{toml}");
    let notes = task["todo"].to_string();
    let told = format!("the session names no commit: the workspace is {}", first.trim());
    assert!(notes.contains(&told), "{task}");
}

#[test]
fn a_task_from_nothing_is_sound_but_for_its_marks() {
    if !contained() {
        return;
    }
    let place = Place::new();
    let task = made(&place, &["mine", "--suite", "tasks/mine"]);
    assert_eq!((&task["sound"], task["todo"].as_array().unwrap().len()), (&true.into(), 4), "{task}");
    assert_eq!(made(&place, &["other", "--suite", "tasks/mine"])["sound"], true);
    let listed = place.retake(&["task", "list", "tasks/mine", "--json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(place.retake(&["task", "new"]).code, Some(2));
}

#[test]
fn a_repository_is_set_up_without_writing_over_anything() {
    if !contained() {
        return;
    }
    let place = Place::new();
    project(&place);
    let first = place.retake(&["init", "--json"]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let first = first.json();
    assert_eq!(
        (&first["instructions"], &first["task"]["sound"]),
        (&"AGENTS.md".into(), &true.into()),
        "{first}"
    );
    assert!(first["tests"].as_str().unwrap().contains("unittest discover"), "{first}");
    let oracle = place.run(&["--agent", "oracle"], 0);
    assert_eq!((oracle.count("trials"), oracle.count("passed")), (1, 1), "{}", oracle.summary);
    let shown = place.retake(&["variant", "diff", "main", "example"]);
    assert!(shown.code == Some(0) && shown.stdout.contains("AGENTS.md"), "{}{}", shown.stdout, shown.stderr);
    let files = [".gitignore", "retake.toml", ".github/workflows/retake.yml", "tasks/own/suite.toml"];
    let read = || files.map(|path| fs::read_to_string(place.tree().join(path)).unwrap());
    assert!(read()[0].ends_with(".retake/\n"));
    place.write("retake.toml", &format!("{}# mine\n", read()[1]));
    let before = read();
    let second = place.retake(&["init", "--json"]).json();
    assert_eq!(read(), before);
    assert_eq!((second["written"].to_string(), &second["task"]), ("[]".to_owned(), &Value::Null), "{second}");
}

/// Of each repository the newest commit is the step from one release to the next.
#[test]
fn real_repositories_from_the_registries_are_set_up_with_a_sound_task_and_a_priced_plan() {
    let Some(folder) = std::env::var_os("RETAKE_REPOSITORIES") else {
        return skipped(true, "RETAKE_REPOSITORIES names no folder (see fixtures/repositories/fetch.sh)");
    };
    if !contained() {
        return;
    }
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap().flatten().filter(|entry| entry.path().join(".git").is_dir()) {
        let place = Place::new();
        crate::place::copy(&entry.path(), &place.tree());
        let answer = place.retake(&["init", "--json"]);
        assert_eq!(answer.code, Some(0), "{}", answer.stderr);
        let answer = answer.json();
        assert_eq!(answer["task"]["sound"], true, "{}: {answer}", entry.path().display());
        let plan = place.retake(&["ab", "main", "example", "--dry-run", "--json"]);
        assert_eq!(plan.code, Some(0), "{}", plan.stderr);
        let plan: Value = serde_json::from_str(plan.stdout.lines().last().unwrap()).unwrap();
        assert_eq!((&plan["stage"], &plan["tasks"]), (&"plan".into(), &1.into()), "{plan}");
        assert!(plan["cost_usd"]["value"].as_f64().is_some_and(|usd| usd > 0.0), "{plan}");
        let task = made(&place, &["kept", "--from-commit", "HEAD", "--history"]);
        assert_eq!(task["sound"], true, "{}: {task}", entry.path().display());
        count += 1;
    }
    assert_eq!(count, 3, "three repositories");
}
