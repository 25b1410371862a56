//! The key of request n, given that of request n - 1: must cost the same at n = 10 and at n = 1,000.

#![expect(clippy::unwrap_used, reason = "a bench is no library; what cannot be made ends it")]

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use wire::responses::items;
use wire::{Block, BlockKind, Exact, Prompt, Tracker};

/// Bytes of one tool output: two of them and a call make a step.
const OUTPUT: usize = 2_000;

/// Requests in a row that are measured together, so that growing a list now and then is shared fairly.
const RUN: u32 = 256;

fn item(number: u32) -> Block {
    let output = format!("{number} {}", "a line of output\n".repeat(OUTPUT / 17));
    Block::new(BlockKind::Item, items::output(&format!("call_{number}"), &output))
}

fn request_key(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("keys of requests n to n+255");
    group.throughput(Throughput::Elements(u64::from(RUN)));
    for n in [10, 100, 1_000] {
        let mut prompt = Prompt::default();
        (0..n).for_each(|number| prompt.push(item(number)));
        let mut tracker = Tracker::default();
        tracker.key(&prompt, &Exact).unwrap();
        let next: Vec<Block> = (n..n + RUN).map(item).collect();
        group.bench_function(BenchmarkId::from_parameter(n), |bencher| {
            bencher.iter_batched(
                || (prompt.clone(), tracker.clone(), next.clone()),
                |(mut prompt, mut tracker, next)| {
                    for block in next {
                        prompt.push(block);
                        tracker.key(&prompt, &Exact).unwrap();
                    }
                    // Given back, so that dropping them is not measured.
                    (prompt, tracker)
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, request_key);
criterion_main!(benches);
