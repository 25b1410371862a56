//! The real Codex CLI and Claude Code, started as their presets say, in a network namespace with loopback alone and
//! as an ordinary user: twice, in different folders and homes, they send the same requests. Needs root (for the
//! namespace and the other user) and `RETAKE_AGENTS`, the folder that `fixtures/agents/install.sh` filled; skipped
//! otherwise.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests, and what they found out")]

mod server;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use agent::external::{ExternalAgent, LaunchPlan};
use cassette::Profile;
use server::{Server, Turn};
use wire::{AuthoredCall, Block, Chain, Exact, Normalise, difference};

/// The folder with `bin/codex` and `bin/claude`.
const AGENTS: &str = "RETAKE_AGENTS";
/// Set within the network namespace.
const INSIDE: &str = "RETAKE_AGENTS_INSIDE";
/// Brings loopback up, then becomes the program that follows.
const LOOPBACK: &str = "import fcntl, os, socket, struct, sys
fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sH14x', b'lo', 1))
os.execvp(sys.argv[1], sys.argv[1:])";
/// Whom the agent runs as.
const NOBODY: u32 = 65534;

#[test]
fn codex_sends_the_same_requests_from_another_folder() {
    in_a_namespace("codex_sends_the_same_requests_from_another_folder", || {
        let turns = |_: &Path| {
            let exec = |command: &str| {
                AuthoredCall::function("exec_command", serde_json::json!({"cmd": command}).to_string())
            };
            let patch = "*** Begin Patch\n*** Update File: notes.txt\n@@\n-old\n+new\n*** Add File: made.txt\n+made\n*** End Patch\n";
            vec![
                Turn::Calls(vec![exec("cat notes.txt")]),
                Turn::Calls(vec![exec("echo one"), exec("sleep 0.2; pwd")]),
                Turn::Fails(500),
                Turn::Calls(vec![AuthoredCall::custom("apply_patch", patch)]),
                Turn::Says("All done."),
            ]
        };
        same_requests(&ExternalAgent::Codex, "gpt-5.5", &turns);
    });
}

#[test]
fn claude_code_sends_the_same_requests_from_another_folder() {
    in_a_namespace("claude_code_sends_the_same_requests_from_another_folder", || {
        let turns = |cwd: &Path| {
            let bash = |command: &str| {
                let input = serde_json::json!({"command": command, "description": "does it"});
                AuthoredCall::function("Bash", input.to_string())
            };
            let file = |name: &str, more: &str| {
                let path = cwd.join(name);
                format!("{{\"file_path\":\"{}\"{more}}}", path.display())
            };
            let edit = file("notes.txt", ",\"old_string\":\"old\",\"new_string\":\"new\"");
            let write = file("made.txt", ",\"content\":\"made\\n\"");
            vec![
                Turn::Calls(vec![bash("cat notes.txt")]),
                // Not both in one: what is shown of a large output is cut at a number of bytes, the folder's counted.
                Turn::Calls(vec![bash("seq 1 20000"), bash("sleep 0.2; pwd")]),
                Turn::Fails(500),
                Turn::Calls(vec![AuthoredCall::function("Read", file("notes.txt", ""))]),
                Turn::Calls(vec![AuthoredCall::function("Edit", edit)]),
                Turn::Calls(vec![AuthoredCall::function("Write", write)]),
                Turn::Says("All done."),
            ]
        };
        same_requests(&ExternalAgent::ClaudeCode, "claude-opus-5-5", &turns);
    });
}

/// Runs a test of this file again in a network namespace of its own, and `test` once it is there.
fn in_a_namespace(name: &str, test: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return test();
    }
    let Some(agents) = std::env::var_os(AGENTS) else {
        println!("SKIPPED: {name}: {AGENTS} names no folder; fill one with fixtures/agents/install.sh");
        return;
    };
    let able =
        Command::new("unshare").args(["-n", "python3", "-c", LOOPBACK, "setpriv", "--version"]).output();
    let root = fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0);
    if !root || !able.is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: {name}: needs root, unshare, python3 and setpriv");
        return;
    }
    let this = std::env::current_exe().unwrap();
    let mut command = Command::new("unshare");
    command.args(["-n", "python3", "-c", LOOPBACK]).arg(this).args(["--exact", name, "--nocapture"]);
    let status = command.env(INSIDE, "1").env(AGENTS, agents).status().unwrap();
    assert!(status.success(), "{name} failed within the namespace");
}

/// What one run of an agent left behind.
struct Run {
    requests: Vec<String>,
    files: BTreeMap<String, String>,
    message: String,
}

fn same_requests(agent: &ExternalAgent, model: &str, turns: &dyn Fn(&Path) -> Vec<Turn>) {
    let temp = tempfile::Builder::new().prefix("real-agents").tempdir().unwrap();
    fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let protocol = agent.protocol().unwrap();
    let profile = || Profile::built_in(agent.profile()).unwrap().speaking(protocol);
    let recorded_in = temp.path().join("a");
    // Every run is given the answers of the first one: they name its folder.
    let run = |place: &str, rules: &str, recorded: Option<&Run>| {
        let recorded = recorded.map(|run| (profile(), run.requests.clone()));
        let server = Server::start(protocol, turns(&recorded_in.join("work")), recorded);
        drive(agent, model, &temp.path().join(place), rules, &server)
    };
    let first = run("a", "# Rules\n\nKeep it short.\n", None);
    let second = run("another/place", "# Rules\n\nKeep it short.\n", Some(&first));
    let other = run("third", "# Rules\n\nKeep it long.\n", Some(&first));

    assert_eq!(first.message, "All done.");
    assert_eq!(first.files, second.files);
    assert_eq!((first.files["notes.txt"].as_str(), first.files["made.txt"].as_str()), ("new\n", "made\n"));

    let profile = profile();
    let split = |run: &Run| -> Vec<Vec<Block>> {
        run.requests.iter().map(|body| protocol.split(body).unwrap()).collect()
    };
    let (one, two, three) = (split(&first), split(&second), split(&other));
    assert_eq!((one.len(), two.len()), (turns(Path::new("/")).len(), one.len()));
    for (number, (a, b)) in one.iter().zip(&two).enumerate() {
        assert_eq!(difference(protocol, a, b, &profile).unwrap(), None, "request {number}");
        assert_eq!(key(a, &profile), key(b, &profile));
        assert_ne!(key(a, &Exact), key(b, &Exact), "without the profile request {number} is another one");
    }
    let changed = difference(protocol, &one[0], &three[0], &profile).unwrap().unwrap();
    assert!(changed.diff.contains("Keep it"), "{changed:?}");
    println!("{}: a changed sentence of AGENTS.md: {} at {}", agent.name(), changed.cause, changed.path);
    explain(agent.name(), &profile, two.last().unwrap(), second.requests.last().unwrap().len());
}

fn key(blocks: &[Block], normalise: &dyn Normalise) -> base::Digest {
    let mut chain = Chain::default();
    blocks.iter().for_each(|block| chain.add(block, normalise).unwrap());
    chain.key().unwrap()
}

/// Prints which rules covered what in the last request.
fn explain(name: &str, profile: &Profile, request: &[Block], bytes: usize) {
    let covered = profile.covered(request).unwrap();
    let share = covered.iter().map(|c| c.value.len()).sum::<usize>() as f64 / bytes as f64;
    println!("{name}: {} spans covered, {:.2} % of {bytes} bytes", covered.len(), share * 100.0);
    for (number, rule) in profile.rules().into_iter().enumerate() {
        let mine: Vec<_> = covered.iter().filter(|c| c.rule == number).collect();
        let values: std::collections::BTreeSet<&str> = mine.iter().map(|c| c.value.as_str()).collect();
        let shown: Vec<String> = values.iter().take(3).map(|v| v.chars().take(48).collect()).collect();
        println!("  {:2} x {:8} {} | {}", mine.len(), rule.class, shown.join(", "), rule.reason);
    }
}

/// Starts the agent as its preset says, in a workspace and a home below `place`, where the server answers it.
fn drive(agent: &ExternalAgent, model: &str, place: &Path, rules: &str, server: &Server) -> Run {
    let (cwd, home) = (place.join("work"), place.join("home"));
    for folder in [&cwd, &home] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::write(cwd.join("notes.txt"), "old\n").unwrap();
    fs::write(cwd.join("AGENTS.md"), rules).unwrap();
    let base_url = server.base_url();
    let launch = agent.launch(&LaunchPlan {
        base_url: &base_url,
        model,
        instruction: "- Fix the notes.",
        cwd: cwd.to_str().unwrap(),
        home: home.to_str().unwrap(),
        unattended: true,
        append: None,
    });
    for (path, content) in &launch.files {
        fs::create_dir_all(Path::new(path).parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    give_away(&cwd);
    give_away(&home);
    let agents = PathBuf::from(std::env::var_os(AGENTS).unwrap());
    let output = start(&launch, &cwd, &agents);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let log = agent.read_log(&stdout);
    assert_eq!(log.finished, Some(true), "{stdout}\n{}", String::from_utf8_lossy(&output.stderr));
    let files = fs::read_dir(&cwd).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let files = files.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect();
    Run { requests: server.requests(), files, message: log.message }
}

fn start(launch: &agent::external::Launch, cwd: &Path, agents: &Path) -> std::process::Output {
    let ids = NOBODY.to_string();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &ids, "--regid", &ids, "--clear-groups", "timeout", "-k", "5", "90"]);
    command.args(&launch.argv).current_dir(cwd).env_clear();
    command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", agents.join("bin").display()));
    command.env("LANG", "C.UTF-8").envs(launch.env.iter().map(|(key, value)| (key, value)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), launch.stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Makes a folder and all that is in it the other user's.
fn give_away(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| give_away(&entry.unwrap().path()));
    }
}
