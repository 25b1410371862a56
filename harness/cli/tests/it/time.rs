//! Recorded time: it stands in the reports to the microsecond however fast the replay is, and passes for real where
//! somebody asks for it.

use serde_json::Value;

use crate::place::{Place, Run, attempts, contained};

/// The task's model calls: virtual time to the first token and to the end, and real time, in microseconds.
fn calls(run: &Run) -> Vec<[u64; 3]> {
    let events = attempts(&run.path).into_iter().flat_map(|attempt| attempt.events());
    let generated = events.filter(|line| line["event"]["type"] == "generated");
    let of = |line: &Value| {
        let (event, host) = (&line["event"], &line["host"]);
        [&event["ttft_us"], &event["total_us"], &host["duration_us"]].map(|n| n.as_u64().unwrap())
    };
    generated.map(|line| of(&line)).collect()
}

#[test]
fn a_replay_reports_the_recorded_times_exactly_at_any_pace_and_waits_only_where_asked() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core"]);
    let arguments = ["core", "--task", "next-version"];
    let instant = place.run(&arguments, 0);
    let paced = place.run(&[arguments.as_slice(), &["--pace", "scaled=0.05"]].concat(), 0);
    assert_eq!(instant.canonical(), paced.canonical());
    assert_eq!(instant.digest(), paced.digest());
    let (fast, slow) = (calls(&instant), calls(&paced));
    assert!(!fast.is_empty());
    let recorded =
        std::fs::read_to_string(place.tree().join("tasks/core/cassettes/agent-v2/next-version.1.jsonl"));
    let exchanges: Vec<u64> = recorded
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|line| line["exchange"]["frames"].as_array().cloned())
        .map(|frames| frames.iter().map(|frame| frame["gap_us"].as_u64().unwrap()).sum())
        .collect();
    assert_eq!(fast.iter().map(|call| call[1]).collect::<Vec<_>>(), exchanges);
    for ([ttft, total, quick], [ttft_too, total_too, real]) in fast.iter().zip(&slow) {
        assert_eq!((ttft, total), (ttft_too, total_too));
        assert!(*real >= total / 20, "{real} us for {total} us at a twentieth");
        assert!(quick < total, "{quick} us for {total} us at once");
    }
    let host = std::fs::read_to_string(paced.path.join("host.json")).unwrap();
    assert!(host.contains("\"pace\": \"scaled=0.05\""), "{host}");
}

#[test]
fn a_pace_that_is_none_is_refused_with_what_is() {
    let done = Place::new().retake(&["run", "--pace", "scaled=-1"]);
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("scaled=FACTOR"), "{}", done.stderr);
}
