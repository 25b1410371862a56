//! One event on its way to the disk.

#![expect(clippy::unwrap_used, reason = "a bench is no library; what cannot be made ends it")]

use base::Digest;
use criterion::{Criterion, criterion_group, criterion_main};
use journal::{Acted, Event, Host, ToolOutcome, TrialDir, TrialWriter};

fn journal_write(criterion: &mut Criterion) {
    let temp = tempfile::tempdir().unwrap();
    let dir = TrialDir { path: temp.path().join("trial") };
    let trial = "core/task@main#1".parse().unwrap();
    let mut writer = TrialWriter::create(&dir, &trial, 1).unwrap();
    let event = Event::Acted(Acted {
        step: 7,
        call_id: "call_7_1".to_owned(),
        tool: "exec_command".to_owned(),
        arguments: r#"{"cmd":"python3 -m unittest -q 2>&1 | tail -n 20"}"#.to_owned(),
        outcome: ToolOutcome::Failed,
        exit: Some(1),
        output: Digest::of(b"output"),
        output_bytes: 1_800,
        preview: "FAILED (failures=1)".to_owned(),
        duration_us: 312_000,
    });
    let host = Host { at_us: 1_000_000, duration_us: Some(300_000), ..Host::default() };
    criterion.bench_function("journal event", |bencher| {
        bencher.iter(|| writer.write("main", &event, &host).unwrap());
    });
}

criterion_group!(benches, journal_write);
criterion_main!(benches);
