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
        skipped(false, "RETAKE_AGENTS names no folder with Codex CLI and Claude Code");
    }
    folder.filter(|_| contained())
}

/// A table that shows an agent's program to trials.
fn toolchain(programs: &Path, program: &str) -> String {
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

#[test]
fn codex_solves_a_task_is_recorded_and_replayed() {
    solves_is_recorded_and_replayed("codex@0.169.0", "codex", "gpt-5.5", ["exec_command", "cmd"]);
}

#[test]
fn claude_code_solves_a_task_is_recorded_and_replayed() {
    solves_is_recorded_and_replayed("claude-code@2.1.330", "claude", "claude-opus-5-5", ["Bash", "command"]);
}
