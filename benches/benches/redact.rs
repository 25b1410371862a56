//! Scanning a block for secrets before it is recorded: must cost the same for each byte, whatever the length.

use cassette::Redactor;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// A tool's output as an agent sends it: code and prose, with the words that secrets are called by.
fn block(bytes: usize) -> String {
    let line = "def load(path, token=None):  # the token is read from the environment, https://example.com/x\\n    \
                return parse(open(path).read(), key=lambda item: item.priority)\\n";
    let text: String = line.chars().cycle().take(bytes).collect();
    let text = text.trim_end_matches('\\');
    format!("{{\"type\":\"function_call_output\",\"call_id\":\"call_1\",\"output\":\"{text}\"}}")
}

fn redact(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a block scanned for secrets");
    for bytes in [2_000, 20_000, 200_000] {
        let plain = block(bytes);
        let secret = format!("{}{}{}", "gh", "p_", "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX");
        let found = plain.replacen("return parse", &format!("return {secret}"), 1);
        group.throughput(Throughput::Bytes(bytes as u64));
        for (name, text) in [("nothing found", &plain), ("one found", &found)] {
            let mut redactor = Redactor::default();
            group.bench_function(BenchmarkId::new(name, bytes), |bencher| {
                bencher.iter(|| redactor.json(text).is_some());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, redact);
criterion_main!(benches);
