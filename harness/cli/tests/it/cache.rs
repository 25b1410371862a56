//! `retake cache`: the fields of its JSON, its rows, its exit codes.

use std::fs;

use serde_json::{Value, json};

use crate::place::Place;

/// A capture of a session in which the tools change their order once.
fn capture(place: &Place, name: &str, swap: bool) -> String {
    let tool = |name: &str| json!({"name": name, "description": "d".repeat(3000), "input_schema": {"type": "object"}});
    let mut messages = vec![json!({"role": "user", "content": "go"})];
    let mut lines = Vec::new();
    for step in 0..4 {
        let names = if swap && step >= 2 { ["b", "a"] } else { ["a", "b"] };
        let mut sent = messages.clone();
        sent.last_mut().unwrap()["content"] = json!([{"type": "text", "text": messages.last().unwrap()["content"], "cache_control": {"type": "ephemeral"}}]);
        let request = json!({"model": "claude-sonnet-4-6", "max_tokens": 9, "system": "be brief", "tools": names.map(tool), "messages": sent});
        let cached = if step == 0 { 0 } else { 1700 };
        let response = json!({"type": "message", "role": "assistant", "model": "claude-sonnet-4-6", "content": [{"type": "text", "text": "ok"}], "stop_reason": "end_turn",
            "usage": {"input_tokens": 3, "cache_read_input_tokens": cached, "cache_creation_input_tokens": 1750 - cached, "output_tokens": 2}});
        lines.push(json!({"url": "/v1/messages", "request": request, "response": response}).to_string());
        messages.push(json!({"role": "assistant", "content": "ok"}));
        messages.push(json!({"role": "user", "content": format!("more {step}")}));
    }
    let path = place.root().join(name);
    fs::write(&path, lines.join("\n")).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn cache_prints_the_documented_fields_and_each_break_with_its_price() {
    let place = Place::new();
    let path = capture(&place, "capture.jsonl", true);
    let done = place.retake(&["cache", "--json", &path]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let summary: Value = serde_json::from_str(&done.stdout).unwrap();
    for field in [
        "sessions",
        "calls",
        "input_tokens",
        "cached_tokens",
        "cache_write_tokens",
        "output_tokens",
        "reported_hit_rate",
        "achievable_hit_rate",
        "prefill_amplification",
        "breaks",
        "unreadable",
    ] {
        assert!(summary.get(field).is_some(), "{field}: {summary}");
    }
    assert_eq!(
        (&summary["calls"], &summary["input_tokens"], &summary["cached_tokens"]),
        (&json!(4), &json!(7012), &json!(5100))
    );
    let causes: Vec<&str> =
        summary["breaks"].as_array().unwrap().iter().filter_map(|one| one["cause"].as_str()).collect();
    assert_eq!(causes, ["tools_changed"]);
    let first = &summary["breaks"][0];
    assert!(
        first["count"] == 1
            && first["tokens"].as_u64().unwrap() > 1000
            && first["cost_usd"].as_f64().unwrap() > 0.0
    );
    let rows = place.retake(&["cache", "--csv", &path]).stdout;
    assert_eq!(rows.lines().count(), 5, "{rows}");
    let text = place.retake(&["cache", &path]).stdout;
    for words in ["achievable hit rate", "tools_changed", "what if", "####"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_finding_of_the_lint_ends_with_one_and_what_cannot_be_read_with_three() {
    let place = Place::new();
    let (broken, sound) = (capture(&place, "broken.jsonl", true), capture(&place, "sound.jsonl", false));
    let found = place.retake(&["cache", "lint", &broken]);
    assert_eq!(found.code, Some(1), "{}{}", found.stdout, found.stderr);
    assert!(found.stdout.contains("[tool_order]"), "{}", found.stdout);
    let fine = place.retake(&["cache", "lint", &sound]);
    assert_eq!(fine.code, Some(0), "{}{}", fine.stdout, fine.stderr);
    let odd = place.root().join("odd.json");
    fs::write(&odd, "{}").unwrap();
    assert_eq!(place.retake(&["cache", "lint", &odd.to_string_lossy()]).code, Some(3));
    assert_eq!(place.retake(&["cache", &odd.to_string_lossy()]).code, Some(3));
    assert_eq!(place.retake(&["cache", "nowhere.jsonl"]).code, Some(3));
    assert_eq!(place.retake(&["cache"]).code, Some(2));
}
