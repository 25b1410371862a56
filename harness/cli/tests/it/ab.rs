//! `retake ab`: what is said before anything is spent is what real requests come to.

use serde_json::Value;

use crate::place::{Done, Place, Run, contained};
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
fn stages(done: &Done) -> Vec<Value> {
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
    std::fs::remove_dir_all(&run.path).unwrap();
    place
}

/// The keys of the requests that a trial made, its prompt tokens, and those read from a cache.
fn made(run: &Run, trial: &str) -> (Vec<Value>, u64, u64) {
    let text =
        std::fs::read_to_string(run.path.join(format!("trials/work/{trial}.1/attempt-1.jsonl"))).unwrap();
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
        let name = trial["task"].as_str().unwrap().replace("work/", "") + "/head";
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
