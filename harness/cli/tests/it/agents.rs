//! Real agents, where `RETAKE_AGENTS` names a folder that `fixtures/agents/install.sh` has filled: each solves a task
//! with answers from a stub, is recorded in its trial, and replayed.

use std::path::{Path, PathBuf};

use crate::place::{Place, contained, skipped};
use crate::work;

const TEST: &str =
    "#!/bin/bash\n[[ $(cat /app/greeting) == hello ]]; echo $((1 - $?)) >/logs/verifier/reward.txt\n";

/// The folder with the agents' programs; says so where there is none.
pub(crate) fn programs() -> Option<PathBuf> {
    let folder = std::env::var_os("RETAKE_AGENTS").map(|folder| PathBuf::from(folder).join("bin"));
    if folder.is_none() {
        skipped(true, "RETAKE_AGENTS names no folder with Codex CLI and Claude Code");
    }
    folder.filter(|_| contained())
}

/// A table that shows an agent's program to trials.
pub(crate) fn toolchain(programs: &Path, program: &str) -> String {
    let real = programs.join(program).canonicalize().unwrap();
    format!("\n[toolchain.{program}]\nroot = {:?}\nbin = \".\"\n", real.parent().unwrap())
}

/// A suite of one task, and a stub that looks, errs and mends with the agent's own tool.
fn place(programs: &Path, program: &str, model: &str, tool: [&str; 2]) -> Place {
    let place = Place::new();
    let folder = work::task(&place, "agents", "greet", TEST, "echo hello >greeting\n");
    place.write(&format!("{folder}/environment/app/AGENTS.md"), "Answer in few words.\n");
    place.write(
        &format!("{folder}/environment/Dockerfile"),
        "FROM debian:bookworm\nWORKDIR /app\nCOPY app/ /app/\n",
    );
    work::suite(&place, "agents", &["greet"]);
    let [name, argument] = tool;
    let call = |command: &str| {
        format!("[[turn]]\n[[turn.call]]\ntool = \"{name}\"\nargs = {{ {argument} = '''{command}''' }}\n\n")
    };
    let turns =
        ["ls -A; cat AGENTS.md", "echo hullo >greeting; cat nothing", "echo hello >greeting"].map(call);
    let script =
        format!("version = \"1.0\"\nmodel = \"{model}\"\n\n{}[[turn]]\ntext = \"Done.\"\n", turns.concat());
    place.write("tasks/agents/scripts/main/greet.toml", &script);
    let config = format!(
        "version = \"1.0\"\n\n[suite.agents]\npath = \"tasks/agents\"\n{}",
        toolchain(programs, program)
    );
    place.write("retake.toml", &config);
    place
}

fn solves_is_recorded_and_replayed(agent: &str, program: &str, model: &str, tool: [&str; 2]) {
    let Some(programs) = programs() else { return };
    let place = place(&programs, program, model, tool);
    let cassettes = "tasks/agents/cassettes/main";
    let first = place.run(&["agents", "--agent", agent, "--model", "script", "--record", cassettes], 0);
    assert_eq!((first.count("passed"), first.ends()["greet"]["steps"].as_u64()), (1, Some(4)));
    let replay = place.run(&["agents", "--agent", agent, "--model", "cassette"], 0);
    assert_eq!((replay.count("passed"), replay.count("void")), (1, 0));
    let again = place.run(&["agents", "--agent", agent, "--model", "cassette"], 0);
    assert_eq!((again.digest(), again.canonical()), (replay.digest(), replay.canonical()));
    // What was recorded spoke of other instructions: the request that is made now is not the recorded one.
    place.edit(&format!("{cassettes}/greet.1.jsonl"), "in few words", "in many words");
    let void = place.run(&["agents", "--agent", agent, "--model", "cassette"], 5);
    let reason = void.ends()["greet"]["reason"].to_string();
    assert!(reason.contains("instructions_changed"), "{reason}");
}

/// Tasks of core that both have recordings of, made on an earlier day in another folder and home.
const TASKS: [&str; 5] =
    ["courier-restart", "static-traversal", "digest-queries", "backup-spaces", "next-version"];

#[test]
fn both_agents_replay_their_committed_recordings_of_core_in_one_run() {
    let Some(programs) = programs() else { return };
    let place = Place::with(&["core"]);
    let config = std::fs::read_to_string(place.tree().join("retake.toml")).unwrap();
    let shown = ["codex", "claude"].map(|program| toolchain(&programs, program)).concat();
    place.write("retake.toml", &(config + &shown));
    let tasks = TASKS.iter().flat_map(|task| ["--task", task]);
    let arguments: Vec<&str> =
        ["core", "--variant", "codex", "--variant", "claude-code"].into_iter().chain(tasks).collect();
    let run = place.run(&arguments, 0);
    assert_eq!((run.count("trials"), run.count("passed"), run.count("void")), (10, 10, 0), "{}", run.summary);
    let results = std::fs::read_to_string(run.path.join("results.json")).unwrap();
    let results: serde_json::Value = serde_json::from_str(&results).unwrap();
    for variant in ["codex", "claude-code"] {
        let all = results["variants"].as_array().unwrap().iter().find(|v| v["variant"] == variant).unwrap();
        let score = &all["score"];
        assert_eq!(score["pass_rate"]["value"], 1.0, "{score}");
        for time in ["ttft", "call"] {
            assert!(score["latency"][time]["n"].as_u64() > Some(40), "{score}");
            assert!(score["latency"][time]["p50_us"].as_u64() > Some(0), "{score}");
        }
        assert!(score["effort"]["usage"]["input_tokens"].as_u64() > Some(100_000), "{score}");
    }
}

#[test]
fn what_no_provider_would_take_is_journaled() {
    if !contained() {
        return;
    }
    let place = Place::new();
    let folder = work::task(&place, "agents", "greet", TEST, "echo hello >greeting\n");
    let dockerfile = "FROM debian:bookworm\nWORKDIR /app\nCOPY app/ /app/\n";
    place.write(&format!("{folder}/environment/Dockerfile"), dockerfile);
    let agent = r#"import json, os
from urllib.request import Request, urlopen
messages = [{"role": "user", "content": "hi"}, {"role": "tool", "tool_call_id": "nobody", "content": "x"}]
body = json.dumps({"model": "m", "messages": messages}).encode()
urlopen(Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", body, {"content-type": "application/json"}))
"#;
    place.write(&format!("{folder}/environment/app/agent.py"), agent);
    work::suite(&place, "agents", &["greet"]);
    place.write("tasks/agents/scripts/main/greet.toml", &work::script(&[]));
    let run = place.run(&["tasks/agents", "--agent", "command:python3 agent.py", "--model", "script"], 0);
    let events = crate::place::attempts(&run.path)[0].events();
    let warned: Vec<_> = events.iter().filter(|event| event["event"]["type"] == "warned").collect();
    assert_eq!((warned.len(), warned[0]["event"]["step"].as_u64()), (1, Some(1)), "{events:?}");
    assert!(warned[0]["event"]["text"].as_str().unwrap().contains("without its call: nobody"), "{warned:?}");
}

#[test]
fn codex_solves_a_task_is_recorded_and_replayed() {
    solves_is_recorded_and_replayed("codex@0.169.0", "codex", "gpt-5.5", ["exec_command", "cmd"]);
}

#[test]
fn claude_code_solves_a_task_is_recorded_and_replayed() {
    solves_is_recorded_and_replayed("claude-code@2.1.330", "claude", "claude-opus-5-5", ["Bash", "command"]);
}
