//! `retake ab` against a real model of a llama.cpp server that somebody has started: `RETAKE_LLAMACPP` names it, as in
//! `http://127.0.0.1:8080/v1`. Such a model solves nothing; what is shown is the way there and back, and its prompt cache.

use std::fs;

use serde_json::Value;

use crate::ab::{live_place, stages};
use crate::place::{contained, skipped};

/// Tokens that any two prompts of one chat template may share, whatever they say.
const TEMPLATE: u64 = 64;

#[test]
fn a_real_model_is_asked_in_every_stage_and_a_cold_trial_finds_nothing_of_another_in_its_cache() {
    let Ok(url) = std::env::var("RETAKE_LLAMACPP") else {
        return skipped(false, "RETAKE_LLAMACPP names no server");
    };
    if !contained() {
        return;
    }
    let place = live_place(&["t1", "t2"], 2);
    let config = format!(
        "version = \"1.0\"\nout = \"runs\"\n[suite.work]\npath = \"tasks/work\"\n[backend.local]\nprotocol = \"responses\"\n\
         base_url = \"{url}\"\nkey_env = \"\"\nlimits = {{ output_reserve = 400, concurrent = 1 }}\n\
         [backend.local.prices]\n\"*\" = {{ input = 1.0, cached = 0.1, output = 4.0 }}\n\
         [variant.a]\nmodel = \"local:any\"\nfiles = {{ \"AGENTS.md\" = \"A.md\" }}\nparameters = {{ max_output_tokens = 96 }}\n\
         [variant.b]\nextends = \"a\"\nfiles = {{ \"AGENTS.md\" = \"B.md\" }}\n"
    );
    place.write("retake.toml", &config);
    let ask =
        ["ab", "a", "b", "--json", "--max-cost", "1", "--trials", "2", "--probes", "2", "--cache", "cold"];
    let done = place.retake(&ask);
    assert!(matches!(done.code, Some(0 | 6)), "{}\n{}", done.stdout, done.stderr);
    let stages = stages(&done);
    let names: Vec<&str> = stages.iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
    assert_eq!(names, ["free", "plan", "probe", "live"]);
    let live = &stages[3];
    assert!(live["spent_usd"].as_f64().is_some_and(|usd| usd > 0.0 && usd <= 1.0), "{live}");
    for first in first_calls(&place.tree().join("runs")) {
        let cached = first["usage"]["cached_tokens"].as_u64().unwrap();
        assert!(cached < TEMPLATE, "{first}");
    }
}

/// The first answer that each trial got.
fn first_calls(runs: &std::path::Path) -> Vec<Value> {
    let journals = walkdir::WalkDir::new(runs).into_iter().flatten();
    let journals = journals.filter(|entry| entry.file_name() == "attempt-1.jsonl");
    let first = |text: String| {
        let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].take());
        events.into_iter().find(|event| event["type"] == "generated")
    };
    let found: Vec<Value> =
        journals.filter_map(|entry| first(fs::read_to_string(entry.path()).unwrap())).collect();
    assert!(!found.is_empty(), "no trial was answered");
    found
}
