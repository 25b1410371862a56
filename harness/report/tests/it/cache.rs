//! The prompt caches of a run in its reports: figures, breaks and what they are worth.

use report::{TerminalOptions, results_json, terminal};
use serde_json::Value;

use crate::sample::small;

fn results(host: u64) -> Value {
    let (data, scores) = small(host).read();
    serde_json::from_slice(&results_json(&data, &scores).unwrap()).unwrap()
}

#[test]
fn results_hold_what_caches_gave_and_could_have_given_by_variant_and_trial() {
    let results = results(0);
    let cache = &results["cache"];
    let main = &cache["variants"][0];
    assert_eq!((&main["variant"], &main["reported_kind"]), (&"main".into(), &"recorded".into()));
    assert_eq!(main["achievable_kind"], "predicted");
    // Two of the four trials of main that ran to a verdict are shown by their sum, each two calls.
    assert_eq!(main["calls"], 8);
    assert_eq!(main["reported_hit_rate"], 0.05);
    let achievable = main["achievable_hit_rate"].as_f64().unwrap();
    assert_eq!(main["gap"].as_f64().unwrap(), ((achievable - 0.05) * 1e6).round() / 1e6);
    let cost = &main["cost_usd"];
    assert!(cost["without_cache"].as_f64() > cost["reported"].as_f64().map(|usd| usd * 0.9));
    assert_eq!(cache["trials"].as_array().unwrap().len(), 4);
    assert_eq!(cache["trials"][0]["profile"], "openai-5.6");
    assert_eq!(cache["trials_without_requests"], 4);
}

#[test]
fn a_break_is_counted_priced_and_shown_where_it_happened() {
    let sample = small(0);
    let (data, scores) = sample.read();
    let results: Value = serde_json::from_slice(&results_json(&data, &scores).unwrap()).unwrap();
    let first = &results["cache"]["total"]["breaks"][0];
    assert_eq!((&first["cause"], &first["count"]), (&"instructions_changed".into(), &4.into()));
    assert!(first["tokens"].as_u64().unwrap() > 0 && first["cost_usd"].as_f64().unwrap() > 0.0);
    let text = terminal(&data, &scores, &TerminalOptions::default());
    assert!(
        text.contains("prompt cache (reported: recorded; achievable, gap and cost: predicted)"),
        "{text}"
    );
    assert!(text.contains("break instructions_changed: 4 x"), "{text}");
    report::write_html(&sample.dir, &data, &scores).unwrap();
    let page = sample.file("report.html");
    assert!(page.contains("Input tokens by call") && page.contains("newly written"));
    assert!(page.contains("It is 09:00") && page.contains("It is 09:01"));
}

#[test]
fn the_caches_are_the_same_on_every_host() {
    assert_eq!(results(0)["cache"], results(9)["cache"]);
}
