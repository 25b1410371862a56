//! The analysis of a session's prompt cache: 1,000 steps cost at most 2.2 times 500; bytes are those of all requests, the
//! history sent with each of them included.

#![expect(clippy::unwrap_used, reason = "a bench is no library; what cannot be made ends it")]

use std::collections::BTreeMap;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use promptcache::{Accounting, Call, O200k, PriceTable, Profiles, Rules, Session, SessionBuilder, analyse};
use wire::responses::items;
use wire::{BlockKind, Protocol};

/// Bytes of one tool output.
const OUTPUT: usize = 2_000;

fn session(steps: u32) -> Session {
    let mut builder = SessionBuilder::new("bench", "bench", "capture", Accounting::OpenAi);
    let mut texts = vec![(BlockKind::Head, r#"{"model":"gpt-5.4"}"#.to_owned())];
    texts.push((BlockKind::Instructions, serde_json::Value::from("Be brief. ".repeat(800)).to_string()));
    for step in 0..steps {
        let output = format!("{step} {}", "a line of output\n".repeat(OUTPUT / 17));
        texts.push((BlockKind::Item, items::output(&format!("call_{step}"), &output)));
        let pieces: Vec<(BlockKind, &str)> =
            texts.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
        let call = Call {
            thread: "main".to_owned(),
            model: "gpt-5.4".to_owned(),
            protocol: Protocol::Responses,
            at_us: Some(i64::from(step) * 10_000_000),
            ..Call::default()
        };
        builder.pieces(call, &pieces);
    }
    builder.finish()
}

fn cache_analysis(criterion: &mut Criterion) {
    let (profiles, prices) = (Profiles::built_in().unwrap(), PriceTable::built_in().unwrap());
    let own = BTreeMap::new();
    let rules =
        Rules { profiles: &profiles, forced: None, prices: &prices, own_prices: &own, tokenizer: &O200k };
    let mut group = criterion.benchmark_group("analysis of a session, in steps");
    group.sample_size(10);
    for steps in [500, 1_000] {
        let session = session(steps);
        let bytes = session.calls.iter().flat_map(|call| &call.request).map(|sent| sent.bytes).sum();
        group.throughput(Throughput::Bytes(bytes));
        group.bench_function(BenchmarkId::from_parameter(steps), |bencher| {
            bencher.iter(|| analyse(&session, &rules));
        });
    }
    group.finish();
}

criterion_group!(benches, cache_analysis);
criterion_main!(benches);
