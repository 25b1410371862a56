//! The key of request n, given that of request n - 1: must cost the same at n = 10 and at n = 1,000.

#![expect(clippy::unwrap_used, reason = "a bench is no library; what cannot be made ends it")]

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use wire::responses::items;
use wire::{Block, BlockKind, Exact, Prompt, Tracker};

/// Bytes of one tool output: two of them and a call make a step.
const OUTPUT: usize = 2_000;

fn item(number: usize) -> Block {
    let output = format!("{number} {}", "a line of output\n".repeat(OUTPUT / 17));
    Block::new(BlockKind::Item, items::output(&format!("call_{number}"), &output))
}

fn request_key(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("key of request n");
    for n in [10, 100, 1_000] {
        let mut prompt = Prompt::default();
        (0..n).for_each(|number| prompt.push(item(number)));
        let mut tracker = Tracker::default();
        tracker.key(&prompt, &Exact).unwrap();
        let next = item(n);
        group.bench_function(BenchmarkId::from_parameter(n), |bencher| {
            bencher.iter_batched_ref(
                || {
                    let mut prompt = prompt.clone();
                    prompt.push(next.clone());
                    (prompt, tracker.clone())
                },
                |(prompt, tracker)| tracker.key(prompt, &Exact).unwrap(),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, request_key);
criterion_main!(benches);
