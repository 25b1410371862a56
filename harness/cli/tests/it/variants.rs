//! Variants: what each says about prompt, parameters, variables and tier reaches the agent, and nothing else changes.

use std::fs;
use std::process::Command;

use crate::place::{Place, Run, contained};
use crate::work;

const TEST: &str = "#!/bin/bash\nmkdir -p /logs/verifier\n\
                    [[ -z ${MODE:-} && $(cat /app/mode) == eager ]]; echo $((1 - $?)) >/logs/verifier/reward.txt\n";

const CONFIG: &str = r#"version = "1.0"

[suite.work]
path = "tasks/work"

[tier.quick]
rounds = 0
latency_budget_sec = 90

[variant.main]
model = "script"

[variant.eager]
extends = "main"
files = { "AGENTS.md" = "prompts/AGENTS.md" }
append = "prompts/more.md"
env = { MODE = "eager" }
parameters = { temperature = 0.25 }
tools = ["exec_command", "apply_patch"]
tier = "quick"

[variant.before]
extends = "eager"
base = "git:HEAD~1"

[variant.codex]
agent = "codex"
tools = ["exec_command"]
"#;

/// A repository whose prompt file says something else than it did a commit ago.
fn place() -> Place {
    let place = Place::new();
    work::task(&place, "work", "mode", TEST, "echo eager >mode\n");
    place.write(
        "tasks/work/mode/task.toml",
        &(work::task_toml("mode")
            + "\n[[retake.checks]]\nname = \"never\"\nkind = \"tests\"\ncommand = \"false\"\n"),
    );
    place.write(
        "tasks/work/scripts/main/mode.toml",
        &work::script(&["cat AGENTS.md; echo $MODE >mode".to_owned()]),
    );
    work::suite(&place, "work", &["mode"]);
    place.write("retake.toml", CONFIG);
    place.write("prompts/more.md", "Say what you saw.\n");
    place.write("prompts/AGENTS.md", "Use spaces.\n");
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(place.tree()).args(["-c", "user.name=T", "-c", "user.email=t@example.org"]);
        assert!(command.args(arguments).output().unwrap().status.success(), "{arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "spaces"]);
    place.write("prompts/AGENTS.md", "Use tabs.\n");
    git(&["commit", "-qam", "tabs"]);
    place
}

/// The raw text of all that the agent of a variant sent.
fn sent(run: &Run, variant: &str) -> String {
    let kept = run.path.join(format!("trials/work/mode/{variant}.1/attempt-1.cassette.jsonl"));
    fs::read_to_string(kept).unwrap()
}

#[test]
fn a_variant_reaches_prompt_parameters_tools_and_commands_and_not_the_verifier() {
    if !contained() {
        return;
    }
    let place = place();
    let run = place.run(&["--variant", "main", "--variant", "eager", "--variant", "before"], 0);
    assert_eq!((run.count("trials"), run.count("passed")), (3, 2), "{}", run.summary);
    let (main, eager, before) = (sent(&run, "main"), sent(&run, "eager"), sent(&run, "before"));
    assert!(eager.contains("Use tabs.") && !eager.contains("Use spaces."), "{eager}");
    assert!(before.contains("Use spaces.") && !before.contains("Use tabs."), "{before}");
    for word in ["temperature", "Say what you saw.", "AGENTS.md instructions"] {
        assert!(eager.contains(word) && !main.contains(word), "{word}");
    }
    assert!(main.contains(r#""name":"grep""#) && !eager.contains(r#""name":"grep""#));
    let plan: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(run.path.join("run.json")).unwrap()).unwrap();
    let variants = plan["plan"]["variants"].as_array().unwrap();
    assert_eq!(variants[1]["latency_budget_us"], 90_000_000);
    assert!(variants[0]["prompt"].is_null() && variants[1]["prompt"] != variants[2]["prompt"], "{plan}");
    // A tier without rounds gives no feedback; the task's own two do.
    let rounds = |variant: &str| {
        let path = run.path.join(format!("trials/work/mode/{variant}.1/attempt-1.jsonl"));
        let text = fs::read_to_string(path).unwrap();
        serde_json::from_str::<serde_json::Value>(text.lines().last().unwrap()).unwrap()["event"]["rounds"]
            .clone()
    };
    assert_eq!((rounds("main").as_u64() > Some(0), rounds("eager").as_u64()), (true, Some(0)));
}

#[test]
fn two_variants_are_told_apart_with_the_place_in_the_prompt() {
    let place = place();
    let show = place.retake(&["variant", "show", "eager", "--json"]).json();
    assert_eq!(show["variant"]["parameters"]["temperature"], 0.25, "{show}");
    assert_eq!(show["file_bytes"]["AGENTS.md"], 10, "{show}");
    let diff = place.retake(&["variant", "diff", "eager", "before", "--json"]).json();
    assert_eq!(diff["prompt"]["pieces"].to_string(), r#"["AGENTS.md"]"#, "{diff}");
    let (shared, bytes) =
        (diff["prompt"]["shared_bytes"].as_u64().unwrap(), diff["prompt"]["bytes"][0].as_u64());
    assert!(shared > 1000 && Some(shared) < bytes, "{diff}");
    let text = place.retake(&["variant", "diff", "eager", "before"]).stdout;
    assert!(text.contains("-Use tabs.") && text.contains("+Use spaces."), "{text}");
    let one = place.retake(&["variant", "diff", "main", "eager"]).stdout;
    assert!(one.contains("file AGENTS.md\n") && one.contains("  +Use tabs.\n"), "{one}");
    assert!(!one.contains("null\n  + \"Use"), "{one}");
    assert!(one.lines().last().unwrap().contains("then differ: model and parameters, tool "), "{one}");
    let shown = place.retake(&["variant", "show", "eager"]).stdout;
    for line in
        ["eager\n", "  parameters   {\"temperature\":0.25}\n", "  file AGENTS.md 10 bytes\n", "  AGENTS.md\n"]
    {
        assert!(shown.contains(line), "no {line:?} in\n{shown}");
    }
    let same = place.retake(&["variant", "diff", "eager", "eager"]);
    assert_eq!((same.code, same.stdout.as_str()), (Some(0), "the two resolve to the same\n"));
}

#[test]
fn what_an_agent_of_another_maker_cannot_be_told_is_refused_before_the_run() {
    let place = place();
    let refused = place.retake(&["run", "--variant", "codex", "--model", "script"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("`tools` cannot be set for codex"), "{}", refused.stderr);
    place.edit("retake.toml", "git:HEAD~1", "git:nowhere");
    let refused = place.retake(&["run", "--variant", "before"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("nowhere"), "{}", refused.stderr);
}
