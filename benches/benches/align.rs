//! Two sessions of 1,000 and of 10,000 steps side by side: must take less than 50 ms and less than 1 s, and memory that
//! grows with the number of steps. The memory is printed first.

#![expect(clippy::unwrap_used, reason = "a bench is no library; what cannot be made ends it")]
#![expect(clippy::print_stdout, reason = "what criterion does not measure")]

// Sessions are made up in one place.
#[path = "../../harness/cassette/tests/align/author.rs"]
mod author;

use std::fs;

use author::{Act, Dice, noisy, session, way};
use base::Seed;
use cassette::align::{Comparison, Session, compare};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Where the sessions part, as a share of their length.
const FORK: f64 = 0.6;

/// How two sessions differ.
#[derive(Clone, Copy)]
enum Kind {
    /// Benign differences up to a fork, then another way.
    Forked,
    /// Benign differences to the end.
    Noisy,
    /// Two agents of which neither does what the other does.
    Strangers,
}

impl Kind {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Forked, "forked"), (Self::Noisy, "noisy"), (Self::Strangers, "strangers")];

    fn pair(self, steps: usize) -> (Session, Session) {
        let mut dice = Dice::new(Seed::new(steps as u64));
        let acts = way(&mut dice, steps + steps / 5);
        let at = (acts.len() as f64 * FORK) as usize;
        let theirs = |acts: Vec<(Option<usize>, Act)>| acts.into_iter().map(|(_, act)| act);
        let other: Vec<Act> = match self {
            Self::Forked => {
                let rest = way(&mut dice, acts.len() - at);
                theirs(noisy(&mut dice, &acts[..at])).chain(rest.into_iter().skip(2)).collect()
            }
            Self::Noisy => theirs(noisy(&mut dice, &acts)).collect(),
            Self::Strangers => way(&mut dice, acts.len()),
        };
        (session(&mut dice, &acts, true).0, session(&mut dice, &other, true).0)
    }
}

fn compared(pair: &(Session, Session)) -> Comparison {
    compare(&pair.0, &pair.1, None, &[])
}

/// Kilobytes of memory that this process has had at most since it was asked to forget.
fn peak_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn memory() {
    for steps in [1_000, 10_000] {
        let pair = Kind::Forked.pair(steps);
        fs::write("/proc/self/clear_refs", "5").unwrap();
        let before = peak_kb();
        let comparison = compared(&pair);
        let grown = peak_kb() - before;
        println!("{steps} steps: {grown} kB more at the peak; fork {}", comparison.fork.is_some());
    }
}

fn align(criterion: &mut Criterion) {
    memory();
    let mut group = criterion.benchmark_group("two sessions side by side");
    group.sample_size(20);
    for (kind, name) in Kind::ALL {
        for steps in [1_000, 10_000] {
            let pair = kind.pair(steps);
            group.throughput(Throughput::Elements(u64::from(pair.0.steps())));
            group.bench_function(BenchmarkId::new(name, steps), |bencher| {
                bencher.iter(|| compared(&pair));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, align);
criterion_main!(benches);
