//! The small agent of these tests, `agent.py`: what is recorded, what a replay finds, and how everything ends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{cassette, command, project, said};
use crate::place::{Done, Place, repository, wait_until};
use crate::work::script;

const PATIENCE: Duration = Duration::from_secs(30);

fn agent() -> [String; 2] {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/hosted/agent.py");
    ["python3".to_owned(), program.to_str().unwrap().to_owned()]
}

fn verb(place: &Place, folder: &str, verb: &str, arguments: &[&str], more: &[&str]) -> Command {
    let mut command = command(place, folder, verb, arguments);
    command.arg("--").args(agent()).arg("Greet.").args(more);
    command
}

fn record(place: &Place, arguments: &[&str]) -> Command {
    let common = ["--cassette", "../run.jsonl", "--model", "../script.toml"];
    verb(place, "project", "record", &[&common, arguments].concat(), &[])
}

pub(super) fn replay(place: &Place, arguments: &[&str], more: &[&str]) -> Command {
    place.write("elsewhere/keep", "");
    verb(place, "elsewhere", "replay", &[&["../run.jsonl"], arguments].concat(), more)
}

pub(super) fn commands(list: &[&str]) -> String {
    script(&list.iter().map(|command| (*command).to_owned()).collect::<Vec<_>>())
}

/// Three answers: it looks, writes, and says that it is done.
pub(super) fn recorded() -> (Place, Value) {
    let place =
        project(&commands(&["ls -A; cat AGENTS.md", "echo hello >greeting; rm notes.txt; cat nothing"]));
    let report = said(&mut record(&place, &[]), 0);
    (place, report)
}

fn processes(mark: &str) -> usize {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(mark)).count()
}

#[test]
fn what_was_recorded_is_replayed_in_another_folder_with_the_same_workspace() {
    let (place, report) = recorded();
    assert_eq!(
        (&report["exchanges"], &report["threads"], &report["agent_exit"]),
        (&3.into(), &1.into(), &0.into())
    );
    assert_eq!(report["bytes"].as_u64().unwrap(), fs::metadata(cassette(&place)).unwrap().len());
    assert!(place.tree().join("project/greeting").exists(), "the agent works in the folder itself");
    let again = said(&mut replay(&place, &["--into", "../copy"], &[]), 0);
    assert_eq!(
        (&again["exchanges"], &again["served"], &again["divergences"]),
        (&3.into(), &3.into(), &0.into())
    );
    assert_eq!(again["first_divergence"], Value::Null);
    assert_eq!((&again["workspace_digest"], &again["drift"]), (&report["workspace_digest"], &0.into()));
    assert_eq!(fs::read_to_string(place.tree().join("copy/greeting")).unwrap(), "hello\n");
    assert!(!place.tree().join("copy/notes.txt").exists());
}

#[test]
fn a_changed_sentence_and_an_early_end_are_divergences_by_name() {
    let (place, _) = recorded();
    place.write("other/AGENTS.md", "Answer in many words.\n");
    place.write("other/notes.txt", "old\n");
    let void = said(&mut replay(&place, &["--workspace", "../other"], &[]), 5);
    let first = &void["first_divergence"];
    assert_eq!((&first["step"], &first["cause"]), (&1.into(), &"instructions_changed".into()), "{void}");
    assert!(first["diff"].as_str().unwrap().contains("many"), "{void}");
    assert_eq!(void["served"], 0);
    let early = said(&mut replay(&place, &[], &["--stop", "2"]), 5);
    assert_eq!((&early["served"], &early["divergences"]), (&2.into(), &1.into()));
    let first = &early["first_divergence"];
    assert_eq!((&first["step"], &first["cause"]), (&3.into(), &"thread_ended_early".into()), "{early}");
}

#[test]
fn a_workspace_that_ends_otherwise_is_drift() {
    let place = project(&commands(&["date +%N >stamp"]));
    said(&mut record(&place, &[]), 0);
    let replayed = said(&mut replay(&place, &[], &[]), 1);
    assert_eq!((&replayed["divergences"], &replayed["drift"]), (&0.into(), &1.into()), "{replayed}");
}

#[test]
fn a_recording_inside_the_folder_is_no_part_of_the_workspace() {
    let place = project(&commands(&["ls"]));
    let arguments = ["--cassette", "kept/run.jsonl", "--model", "../script.toml"];
    fs::create_dir(place.tree().join("project/kept")).unwrap();
    let report = said(&mut verb(&place, "project", "record", &arguments, &[]), 0);
    let again = said(&mut verb(&place, "project", "replay", &["kept/run.jsonl"], &[]), 0);
    assert_eq!(again["workspace_digest"], report["workspace_digest"]);
    // Where none is named it lands in a folder that no workspace is made of.
    let report = said(&mut verb(&place, "project", "record", &["--model", "../script.toml"], &[]), 0);
    let path = report["cassette"].as_str().unwrap();
    assert!(path.contains("/project/.retake/recordings/command-"), "{path}");
    let again = said(&mut verb(&place, "project", "replay", &[path], &[]), 0);
    assert_eq!(again["workspace_digest"], report["workspace_digest"]);
}

#[test]
fn what_no_provider_would_take_is_a_warning() {
    let place = project(&commands(&[]));
    let arguments = ["--cassette", "../run.jsonl", "--model", "../script.toml"];
    let report = said(&mut verb(&place, "project", "record", &arguments, &["--orphan"]), 0);
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("a tool output without its call: call_nobody"), "{warnings}");
}

#[test]
fn an_agent_that_asks_nothing_is_no_recording() {
    let place = project(&commands(&[]));
    let mut command = command(&place, "project", "record", &["--model", "../script.toml", "--", "true"]);
    assert_eq!(said(&mut command, 7)["exchanges"], 0);
    for (arguments, code) in [
        (["--model", "../script.toml", "--", "no-such-program"].as_slice(), 2),
        (&["--", "true"], 2),
        (&["--model", "nobody:x", "--", "true"], 2),
        (&["--model", "nothing.toml", "--", "true"], 3),
    ] {
        let mut command = super::command(&place, "project", "record", arguments);
        assert_eq!(command.output().unwrap().status.code(), Some(code), "{arguments:?}");
    }
}

/// Starts a recording of an agent that hangs in its second step, with processes that carry `mark`.
fn hanging(mark: &str, arguments: &[&str]) -> (Place, Child) {
    let hang =
        format!("(setsid bash -c 'exec -a {mark} sleep 1000' &); touch hangs; exec -a {mark} sleep 1000");
    let place = project(&commands(&["ls", &hang]));
    let mut command = record(&place, arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    (place, child)
}

fn hangs(place: &Place, mark: &str) {
    wait_until("the agent hangs", PATIENCE, || {
        place.tree().join("project/hangs").exists() && processes(mark) >= 2
    });
}

fn gone(mark: &str) {
    wait_until("all that the agent started is gone", PATIENCE, || processes(mark) == 0);
}

#[test]
fn an_agent_that_takes_too_long_is_killed_whole_and_reported() {
    let mark = &format!("retake-it-limit-{}", std::process::id());
    let (place, child) = hanging(mark, &["--limit", "4"]);
    let done = Done::of(child.wait_with_output().unwrap());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(processes(mark), 0);
    let report = done.json();
    assert_eq!((&report["exchanges"], &report["agent_exit"]), (&2.into(), &Value::Null), "{report}");
    assert!(report["agent_end"].as_str().unwrap().contains("too long"), "{report}");
    assert!(place.tree().join("project/hangs").exists());
}

#[test]
fn a_recording_that_is_stopped_ends_its_agent_and_is_whole() {
    let mark = &format!("retake-it-stop-{}", std::process::id());
    let (place, child) = hanging(mark, &[]);
    hangs(&place, mark);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let done = Done::of(child.wait_with_output().unwrap());
    assert_eq!(done.code, Some(130), "{}", done.stderr);
    assert_eq!((processes(mark), &done.json()["exchanges"]), (0, &2.into()));
    assert!(fs::read_to_string(cassette(&place)).unwrap().lines().last().unwrap().starts_with("{\"end\""));
}

#[test]
fn a_recording_that_is_killed_is_valid_up_to_its_last_whole_exchange() {
    let mark = &format!("retake-it-kill-{}", std::process::id());
    let (place, mut child) = hanging(mark, &[]);
    hangs(&place, mark);
    child.kill().unwrap();
    child.wait().unwrap();
    gone(mark);
    // Its last line is torn too.
    let text = fs::read_to_string(cassette(&place)).unwrap();
    fs::write(cassette(&place), format!("{text}{{\"exchange\":{{\"lane\"")).unwrap();
    let done = Done::of(replay(&place, &[], &["--stop", "2"]).output().unwrap());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let report = done.json();
    assert_eq!((&report["exchanges"], &report["served"]), (&2.into(), &2.into()), "{report}");
    assert!(done.stderr.contains("the recording was cut"), "{}", done.stderr);
}

#[test]
fn an_agent_that_is_killed_leaves_a_whole_recording() {
    let mark = &format!("retake-it-agent-killed-{}", std::process::id());
    let (place, child) = hanging(mark, &[]);
    hangs(&place, mark);
    // Not the leash that holds it.
    let is_agent = |path: &Path| {
        let line = fs::read(path.join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains("agent.py")
            && fs::read_link(path.join("exe")).is_ok_and(|program| program != place.binary())
            && fs::read_link(path.join("cwd")).is_ok_and(|cwd| cwd == place.tree().join("project"))
    };
    let found =
        fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path()).find(|path| is_agent(path));
    let pid: i32 = found.unwrap().file_name().unwrap().to_str().unwrap().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    let done = Done::of(child.wait_with_output().unwrap());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!((processes(mark), &done.json()["agent_exit"]), (0, &137.into()));
}

/// A recording that is served to whoever asks.
struct Serving {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    first: Value,
}

impl Serving {
    fn of(place: &Place, path: &str) -> Self {
        let mut command = command(place, "", "replay", &[path]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        Self { child, lines, first }
    }

    /// Ctrl-C.
    fn end(mut self, code: i32) -> Value {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        let last = serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(code));
        last
    }
}

#[test]
fn a_recording_is_served_to_many_clients_at_once_each_from_its_beginning() {
    const CLIENTS: usize = 6;
    let (place, _) = recorded();
    let serving = Serving::of(&place, "run.jsonl");
    assert_eq!(serving.first["exchanges"], 3);
    let client = |number: usize| {
        let folder = format!("client-{number}");
        place.write(&format!("{folder}/AGENTS.md"), "Answer in few words.\n");
        place.write(&format!("{folder}/notes.txt"), "old\n");
        let base = format!("{}/v1", serving.first["address"].as_str().unwrap());
        let [python, program] = agent();
        let mut command = Command::new(python);
        command.arg(program).arg("Greet.").env("OPENAI_BASE_URL", base).env("NO_PROXY", "*");
        command
            .current_dir(place.tree().join(folder))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    for round in 0..2 {
        let clients: Vec<Child> = (0..CLIENTS).map(|number| client(round * CLIENTS + number)).collect();
        for client in clients {
            let done = Done::of(client.wait_with_output().unwrap());
            assert_eq!((done.code, done.stdout.as_str()), (Some(0), "Done.\n"), "{}", done.stderr);
        }
    }
    let end = serving.end(0);
    assert_eq!((&end["clients"], &end["complete"]), (&(2 * CLIENTS).into(), &(2 * CLIENTS).into()), "{end}");
    assert_eq!((&end["answered"], &end["divergences"]), (&(6 * CLIENTS).into(), &0.into()));
}

#[test]
fn a_cassette_of_a_trial_is_served_too() {
    let place = Place::new();
    let path = repository().join("tasks/core/cassettes/agent-v2/gauge-two.1.jsonl");
    let start = Instant::now();
    let serving = Serving::of(&place, path.to_str().unwrap());
    assert!(serving.first["exchanges"].as_u64().unwrap() > 2, "{}", serving.first);
    assert!(start.elapsed() < PATIENCE);
    assert_eq!(serving.end(0)["clients"], 0);
}

#[test]
fn a_replay_takes_its_recorded_time_and_meets_faults_where_asked() {
    let (place, _) = recorded();
    place.write(
        "counts.toml",
        "version = \"1.0\"\n[[fault]]\nkind = \"usage\"\ntokens = \"absent\"\ntimes = 2\n",
    );
    place.write("empty.toml", "version = \"1.0\"\n[[fault]]\nkind = \"empty\"\n");
    let begun = Instant::now();
    let again = said(&mut replay(&place, &["--pace", "scaled=0.2", "--faults", "../counts.toml"], &[]), 0);
    let took = begun.elapsed();
    assert_eq!((&again["served"], &again["divergences"], &again["drift"]), (&3.into(), &0.into(), &0.into()));
    assert_eq!(again["faults"], serde_json::json!({"#1 usage absent": 2}));
    let recorded = fs::read_to_string(cassette(&place)).unwrap();
    let exchanges = recorded.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let total_us: u64 = exchanges.filter_map(|line| line["exchange"]["total_us"].as_u64()).sum();
    assert!(
        total_us > 0 && took >= Duration::from_micros(total_us / 5),
        "{took:?} for {total_us} us at a fifth"
    );
    let done = Done::of(replay(&place, &["--faults", "../empty.toml"], &[]).output().unwrap());
    assert_eq!(done.code, Some(2), "{}", done.stderr);
    assert!(done.stderr.contains("#1 empty answer"), "{}", done.stderr);
}
