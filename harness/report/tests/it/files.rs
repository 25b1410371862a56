//! Each exported file of the small run, as a snapshot.

use insta::assert_snapshot;
use report::{drift_json, junit_xml, results_csv, results_json, summary_md, timings_csv, trials_csv};

use crate::sample::small;

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn canonical_files_of_the_small_run_are_as_snapshotted() {
    let sample = small(0);
    let (data, scores) = sample.read();
    assert_snapshot!("results.json", text(results_json(&data, &scores).unwrap()));
    assert_snapshot!("results.csv", text(results_csv(&data, &scores).unwrap()));
    assert_snapshot!("trials.csv", text(trials_csv(&data, &scores).unwrap()));
    assert_snapshot!("junit.xml", text(junit_xml(&sample.dir, &data).unwrap()));
}

#[test]
fn host_files_of_the_small_run_are_as_snapshotted() {
    let sample = small(3);
    let (data, scores) = sample.read();
    assert_snapshot!("summary.md", text(summary_md(&data, &scores).unwrap()));
    assert_snapshot!("timings.csv", text(timings_csv(&data, &scores).unwrap()));
    assert_snapshot!("drift.json", text(drift_json(&sample.dir, &data).unwrap()));
}
