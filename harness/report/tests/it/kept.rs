//! The sample report that is kept in the repository is what the small run gives today.

use std::path::Path;

use report::{Format, write};

use crate::sample::small;

const FILES: [&str; 9] = [
    "report.html",
    "host.html",
    "results.json",
    "results.csv",
    "trials.csv",
    "junit.xml",
    "summary.md",
    "timings.csv",
    "drift.json",
];

#[test]
fn the_kept_sample_is_what_the_small_run_gives() {
    let sample = small(3);
    let (data, scores) = sample.read();
    write(&sample.dir, &data, &scores, &Format::ALL).unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/sample");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::create_dir_all(&kept).unwrap();
        FILES.iter().for_each(|name| std::fs::write(kept.join(name), sample.file(name)).unwrap());
    }
    let stale = |name: &&&str| std::fs::read_to_string(kept.join(name)).ok() != Some(sample.file(name));
    let stale: Vec<&&str> = FILES.iter().filter(stale).collect();
    assert!(
        stale.is_empty(),
        "reports/sample is stale: {stale:?}. Look at the change, then INSTA_UPDATE=always cargo test -p report kept"
    );
    let bytes: usize = FILES.iter().map(|name| sample.file(name).len()).sum();
    assert!(bytes < 300_000, "{bytes} bytes are too many to keep");
}
