//! The vendors' own Python clients as an agent, in the Python that `RETAKE_PYTHON` names: in each protocol, with streams
//! and without, it solves a task of core through several tool calls, is recorded in its trial and replayed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::place::{Place, contained, repository, skipped};

const TASK: [&str; 3] = ["core", "--task", "backup-spaces"];

/// The folder with the clients, where the system's own python3 can use it; says so where it cannot be had.
fn clients() -> Option<PathBuf> {
    let python = std::env::var("RETAKE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let ask = "import anthropic, openai, os, sys; \
               print(os.path.dirname(os.path.dirname(openai.__file__)), '%d.%d' % sys.version_info[:2])";
    let said = |program: &str, ask: &str| {
        let done =
            Command::new(program).args(["-c", ask]).output().ok().filter(|done| done.status.success())?;
        Some(String::from_utf8(done.stdout).unwrap().trim().to_owned())
    };
    let Some(found) = said(&python, ask) else {
        skipped(
            true,
            &format!("{python} lacks openai or anthropic (fixtures/python); RETAKE_PYTHON names one"),
        );
        return None;
    };
    let (site, version) = found.rsplit_once(' ').unwrap();
    // A trial sees no Python but the system's.
    let system = said("/usr/bin/python3", "import sys; print('%d.%d' % sys.version_info[:2])");
    if system.as_deref() != Some(version) {
        skipped(true, &format!("the clients are for Python {version}, the system's is {system:?}"));
        return None;
    }
    Some(PathBuf::from(site)).filter(|_| contained())
}

/// Core with a toolchain that holds the agent, and a stub that looks, meets a limit, mends and looks again.
fn place(clients: &Path) -> Place {
    let place = Place::with(&["core"]);
    let sdk = place.root().join("sdk");
    fs::create_dir(&sdk).unwrap();
    // With its times, by which Python knows what it has compiled.
    let copied = Command::new("cp").arg("-a").arg(clients).arg(sdk.join("site")).status().unwrap();
    assert!(copied.success());
    fs::copy(repository().join("harness/cli/tests/it/sdk_agent.py"), sdk.join("agent.py")).unwrap();
    let program = sdk.join("bin/sdk-agent");
    fs::create_dir(program.parent().unwrap()).unwrap();
    let start = "PYTHONPATH=/opt/sdk/site exec /usr/bin/python3 /opt/sdk/agent.py \"$@\"";
    fs::write(&program, format!("#!/bin/bash\n{start}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let config = fs::read_to_string(place.tree().join("retake.toml")).unwrap();
    place.write("retake.toml", &format!("{config}\n[toolchain.sdk]\nroot = {sdk:?}\nbin = \"bin\"\n"));

    let patch = place.tree().join("tasks/core/backup-spaces/solution/fix.patch");
    let patch = fs::read_to_string(patch).unwrap();
    let call = |more: &str, command: &str| {
        format!("[[turn]]\n{more}[[turn.call]]\ntool = \"run\"\nargs = {{ cmd = '''\n{command}''' }}\n\n")
    };
    let script = [
        "version = \"1.1\"\nmodel = \"stub-1\"\n\n",
        &call("", "ls -A; cat README.md"),
        &call("error = { status = 429, times = 1 }\n", "bash tests/run.sh"),
        &call("", &format!("cat >/tmp/fix.patch <<'END'\n{patch}END\ngit apply /tmp/fix.patch")),
        &call("", "bash tests/run.sh >/dev/null; cat nothing"),
        "[[turn]]\ntext = \"Done: é.\"\n",
    ];
    place.write("tasks/core/scripts/sdk/backup-spaces.toml", &script.concat());
    place.edit("tasks/core/suite.toml", "[scripts]\n", "[scripts]\nsdk = \"scripts/sdk\"\n");
    place.edit("tasks/core/suite.toml", "[cassettes]\n", "[cassettes]\nsdk = \"cassettes/sdk\"\n");
    place
}

/// The agent in a protocol solves the task, streaming and not; each way is recorded and replayed.
fn solves(protocol: &str) {
    let Some(clients) = clients() else { return };
    let place = place(&clients);
    for way in ["stream", "whole"] {
        let agent = format!("command:sdk-agent {protocol} {{model}} {way}");
        let agent = [TASK.as_slice(), &["--agent", &agent, "--model"]].concat();
        let record = ["script:sdk", "--record", "tasks/core/cassettes/sdk"];
        let recorded = place.run(&[agent.as_slice(), &record].concat(), 0);
        let end = &recorded.ends()["backup-spaces"];
        assert_eq!(
            (&end["outcome"], &end["steps"]),
            (&"passed".into(), &5.into()),
            "{protocol} {way}: {end}"
        );
        let recording = place.tree().join("tasks/core/cassettes/sdk/backup-spaces.1.jsonl");
        let recording = fs::read_to_string(recording).unwrap();
        assert!(recording.contains("\"status\":429"), "the client asked again after a limit");
        assert_eq!(recording.contains("\"frames\":[{"), way == "stream", "{protocol} {way}");
        let replay = place.run(&[agent.as_slice(), &["cassette:sdk"]].concat(), 0);
        let counts = (replay.count("passed"), replay.count("void"), replay.count("drift"));
        assert_eq!(counts, (1, 0, 0), "{protocol} {way}: {:?}", replay.ends());
    }
}

#[test]
fn the_openai_client_solves_a_task_over_responses_and_is_replayed() {
    solves("responses");
}

#[test]
fn the_openai_client_solves_a_task_over_chat_completions_and_is_replayed() {
    solves("chat_completions");
}

#[test]
fn the_anthropic_client_solves_a_task_over_messages_and_is_replayed() {
    solves("messages");
}
