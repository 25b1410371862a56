//! `retake ab`: what is said before anything is spent is what real requests come to.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::author::git;
use crate::place::{Done, Place, Run, contained, repository, wait_until};
use crate::work;

const TEST: &str = "#!/bin/bash\nmkdir -p /logs/verifier\n\
                    [[ -e /app/done ]]; echo $((1 - $?)) >/logs/verifier/reward.txt\n";

const CONFIG: &str = r#"version = "1.0"

[suite.work]
path = "tasks/work"

[variant.main]
model = "cassette"

[variant.head]
extends = "main"
files = { "AGENTS.md" = "new.md" }
tools = ["exec_command", "apply_patch"]
"#;

/// The stages' lines.
pub(crate) fn stages(done: &Done) -> Vec<Value> {
    done.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A suite of two tasks with its recordings, and another prompt and fewer tools for it.
fn place() -> Place {
    let place = Place::new();
    for name in ["first", "second"] {
        work::task(&place, "work", name, TEST, "touch done\n");
        let commands: Vec<String> = (0..5).map(|n| format!("seq {n}00; touch done")).collect();
        place.write(&format!("tasks/work/scripts/main/{name}.toml"), &work::script(&commands));
    }
    work::suite(&place, "work", &["first", "second"]);
    place.write("retake.toml", CONFIG);
    place.write("new.md", &"Read before you write; keep every change small and say why.\n".repeat(120));
    let run = place.run(&["--model", "script", "--record", "tasks/work/cassettes/main"], 0);
    fs::remove_dir_all(&run.path).unwrap();
    place
}

/// The keys of the requests that a trial made, its prompt tokens, and those read from a cache.
pub(crate) fn made(run: &Run, trial: &str) -> (Vec<Value>, u64, u64) {
    let text = fs::read_to_string(run.path.join(format!("trials/{trial}/attempt-1.jsonl"))).unwrap();
    let (mut keys, mut input, mut cached) = (Vec::new(), 0, 0);
    for line in text.lines() {
        let event = serde_json::from_str::<Value>(line).unwrap()["event"].take();
        if event["type"] == "generated" {
            keys.push(event["request"].clone());
            input += event["usage"]["input_tokens"].as_u64().unwrap();
            cached += event["usage"]["cached_tokens"].as_u64().unwrap();
        }
    }
    (keys, input, cached)
}

#[test]
fn rewritten_requests_are_those_that_head_makes_and_have_its_tokens_and_its_prefix() {
    if !contained() {
        return;
    }
    let place = place();
    let done = place.retake(&["ab", "main", "head", "--json", "--dry-run"]);
    assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
    let stages = stages(&done);
    let free = &stages[0];
    assert_eq!(
        (&free["stage"], &free["recordings"], &free["as_recorded"]),
        (&"free".into(), &2.into(), &2.into())
    );
    let causes: Vec<&str> =
        free["causes"].as_array().unwrap().iter().map(|cause| cause["cause"].as_str().unwrap()).collect();
    assert_eq!(causes, ["tools_changed", "instructions_changed"]);
    assert!(free["causes"].as_array().unwrap().iter().all(|cause| cause["declared"] == true), "{free}");
    assert_eq!(free["requests"], free["differing"]);
    // The same answers, asked for by a real agent with head's prompt and tools.
    let replayed = place.run(&["--variant", "head", "--matching", "sequence"], 0);
    let asked = place.run(&["--variant", "head", "--model", "script"], 0);
    for trial in free["trials"].as_array().unwrap() {
        let name = trial["task"].as_str().unwrap().to_owned() + "/head.1";
        let said = (trial["head"]["input_tokens"].as_u64(), trial["head"]["achievable_tokens"].as_u64());
        let (keys, input, cached) = made(&asked, &name);
        assert_eq!(trial["head_keys"].as_array(), Some(&keys), "{name}");
        assert_eq!(said, (Some(input), Some(cached)), "{name}");
        assert_eq!(trial["head_keys"].as_array(), Some(&made(&replayed, &name).0), "{name}");
    }
    assert_eq!(stages[1]["stage"], "plan");
    assert_eq!((&stages[1]["pairs"], &stages[1]["cost_usd"]), (&10.into(), &Value::Null));
}

#[test]
fn arms_are_variants_files_or_revisions_and_nothing_is_spent_without_a_word() {
    if !contained() {
        return;
    }
    let place = place();
    place.write("other.md", "Be brief.\n");
    let file = place.retake(&["ab", "main", "other.md", "--json"]);
    assert_eq!((file.code, stages(&file).len()), (Some(0), 2), "{}", file.stderr);
    let itself = place.retake(&["ab", "head", "head", "--stage", "free", "--json"]);
    let free = &stages(&itself)[0];
    assert_eq!((&free["differing"], &free["arms"]["head"]), (&0.into(), &"head.again".into()), "{free}");
    let unknown = place.retake(&["ab", "main", "nothing-like-this"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("neither a variant"), "{}", unknown.stderr);
    let asked = place.retake(&["ab", "main", "head", "--stage", "live"]);
    assert_eq!(asked.code, Some(2), "{}", asked.stdout);
    let seen = place.retake(&["ab", "main", "head", "--detect", "5pp"]);
    assert_eq!(seen.code, Some(6), "{}", seen.stderr);
}

#[test]
fn a_revision_is_an_arm_with_the_prompt_file_as_it_was_then() {
    if !contained() {
        return;
    }
    let place = place();
    git(&place.tree(), &["init", "-q", "-b", "main"]);
    for (words, message) in [("Work as you like.\n", "One"), ("Read before you write.\n", "Two")] {
        place.write("AGENTS.md", words);
        git(&place.tree(), &["add", "-A"]);
        git(&place.tree(), &["commit", "-qm", message]);
    }
    let done = place.retake(&["ab", "HEAD~1", "git:HEAD", "--stage", "free", "--json"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let free = stages(&done).remove(0);
    assert_eq!((&free["arms"]["base"], &free["recordings"]), (&"HEAD_1".into(), &2.into()), "{free}");
    let cause = &free["causes"][0];
    assert_eq!((&cause["cause"], &cause["declared"]), (&"instructions_changed".into(), &true.into()));
    let diff = cause["diff"].as_str().unwrap();
    assert!(diff.contains("- Work as you like.") && diff.contains("+ Read before you write."), "{diff}");
    let plain = place.retake(&["ab", "HEAD", "HEAD~2", "--stage", "free"]);
    assert!(plain.code == Some(2) && plain.stderr.contains("nor a git revision"), "{}", plain.stderr);
}

/// A model on loopback of two known qualities; it ends with the test.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: String,
}

impl Server {
    pub(crate) fn start(place: &Place, arguments: &[&str]) -> Self {
        let folder = place.root().join("model");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        let mut command = Command::new("python3");
        command.arg(repository().join("fixtures/ab/model.py")).arg(&folder).arg("7").args(arguments);
        let child = command.stdin(Stdio::piped()).spawn().unwrap();
        wait_until("the model listens", Duration::from_secs(60), || folder.join("port").is_file());
        Self { child, port: fs::read_to_string(folder.join("port")).unwrap() }
    }

    /// What its answers cost: each with the cache key it was asked with.
    pub(crate) fn ledger(place: &Place) -> Vec<(String, f64)> {
        let text = fs::read_to_string(place.root().join("model/ledger.jsonl")).unwrap_or_default();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|line| (line["key"].as_str().unwrap().to_owned(), line["usd"].as_f64().unwrap())).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const ANSWER: &str = "#!/bin/bash\nmkdir -p /logs/verifier\n\
                      [[ $(cat /app/answer) == good ]]; echo $((1 - $?)) >/logs/verifier/reward.txt\n";

/// Tasks that the model of two qualities can solve, with recordings of `looks` commands each.
pub(crate) fn live_place(tasks: &[&str], looks: usize) -> Place {
    let place = Place::new();
    for name in tasks {
        work::task(&place, "work", name, ANSWER, "echo good >answer\n");
        let mut commands: Vec<String> = (0..looks).map(|n| format!("seq {n}00")).collect();
        commands.push("echo good >answer".to_owned());
        place.write(&format!("tasks/work/scripts/main/{name}.toml"), &work::script(&commands));
    }
    work::suite(&place, "work", tasks);
    place.write("A.md", "Work as you like.\n");
    place.write("B.md", "QUALITY-B: read before you write.\n");
    place.write("retake.toml", "version = \"1.0\"\nout = \"runs\"\n[suite.work]\npath = \"tasks/work\"\n");
    let run = place.run(&["--model", "script", "--record", "tasks/work/cassettes/main"], 0);
    fs::remove_dir_all(&run.path).unwrap();
    place
}

pub(crate) fn point_to(place: &Place, server: &Server) {
    let config = format!(
        "version = \"1.0\"\nout = \"runs\"\n[suite.work]\npath = \"tasks/work\"\n[backend.stub]\nprotocol = \"responses\"\n\
         base_url = \"http://127.0.0.1:{}/v1\"\nkey_env = \"\"\nlimits = {{ output_reserve = 400 }}\n\
         [backend.stub.prices]\n\"two-qualities*\" = {{ input = 10.0, cached = 1.0, output = 40.0 }}\n",
        server.port
    );
    place.write("retake.toml", &config);
}

pub(crate) const TASKS: [&str; 6] = ["t1", "t2", "t3", "t4", "t5", "t6"];
pub(crate) const MODEL: [&str; 3] = ["--json", "--model", "stub:two-qualities"];

fn ask(place: &Place, arguments: &[&str]) -> Done {
    place.retake(&[&["ab"], arguments, &MODEL].concat())
}

#[test]
fn a_better_prompt_is_found_out_and_no_more_is_spent_than_was_said() {
    if !contained() {
        return;
    }
    let place = live_place(&TASKS, 4);
    let server = Server::start(&place, &[]);
    point_to(&place, &server);
    let done = ask(&place, &["A.md", "B.md", "--max-cost", "20", "--trials", "12", "--probes", "12"]);
    assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
    let stages = stages(&done);
    let names: Vec<&str> = stages.iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
    assert_eq!(names, ["free", "plan", "probe", "live"]);
    let (probe, live) = (&stages[2], &stages[3]);
    assert_eq!(probe["steps"], 12, "{probe}");
    assert_eq!(live["verdict"], "better", "{live}");
    assert!(live["pairs"].as_u64().unwrap() < 72 && !live["stopped"].is_null(), "{live}");
    let ledger = Server::ledger(&place);
    let spent: f64 = ledger.iter().map(|(_, usd)| usd).sum();
    assert!((spent - live["spent_usd"].as_f64().unwrap()).abs() < 1e-4 && spent < 20.0, "{spent} {live}");
    // Trials of the arms have cache keys of their own.
    let keys = |arm: &str| ledger.iter().filter(|(key, _)| key.contains(arm)).count();
    assert!(keys(" A.md ") > 0 && keys(" B.md ") > 0, "{ledger:?}");
    let history = place.retake(&["history", "--json"]);
    assert!(history.stdout.contains(r#""kind":"ab""#), "{}", history.stdout);
    // The text names the tasks that moved and where their trials began to differ.
    let compared = live["gained_tasks"].as_array().unwrap();
    assert!(compared.iter().any(|flip| !flip["fork"].is_null()), "{live}");
}

#[test]
fn the_spend_limit_is_never_passed_and_another_model_that_answers_is_noticed() {
    if !contained() {
        return;
    }
    // The recordings are shorter than what the model does: the plan is too cheap.
    let place = live_place(&TASKS[..3], 0);
    let server = Server::start(&place, &[]);
    point_to(&place, &server);
    let limit = 1.6;
    let done = ask(&place, &["A.md", "A.md", "--max-cost", "1.6", "--trials", "8", "--probes", "0"]);
    assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
    let live = stages(&done).pop().unwrap();
    let spent: f64 = Server::ledger(&place).iter().map(|(_, usd)| usd).sum();
    assert!(spent <= limit && live["stopped"] == "max_cost", "{spent} {live}");
    let plan = ask(&place, &["A.md", "B.md", "--dry-run"]);
    let noise = stages(&plan)[1]["noise"]["source"].to_string();
    assert!(noise.contains("history"), "{}", plan.stdout);
    drop(server);
    let server = Server::start(&place, &["--swap-after", "20"]);
    point_to(&place, &server);
    let done = ask(
        &place,
        &["A.md", "B.md", "--max-cost", "20", "--trials", "8", "--probes", "0", "--cache", "cold"],
    );
    let live = stages(&done).pop().unwrap();
    assert_eq!(
        (done.code, &live["stopped"], &live["verdict"]),
        (Some(6), &"model_changed".into(), &"inconclusive".into()),
        "{}",
        done.stderr
    );
}
