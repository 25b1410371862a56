//! A replayed step: the recorded answer is found for a request that has grown by 20 kB, read, taken into the
//! conversation, and journaled. Must cost the same at step 10 and at step 1,000. The tool that would run is left out.
//! Measured is the thread's own time: how busy the host is otherwise is not in it.

#![expect(clippy::unwrap_used, reason = "a bench is no library; what cannot be made ends it")]

use std::sync::Arc;
use std::time::Duration;

use base::{Digest, Timestamp, TrialId};
use cassette::{Cassette, CountTokens, Header, Kind, Player, Response, Writer};
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use journal::{Acted, Event, Generated, Host, ToolOutcome, TrialDir, TrialWriter};
use model::{Call, CassetteModel, Model, Reply};
use rustix::time::{ClockId, clock_gettime};
use wire::responses::items;
use wire::{Authored, AuthoredCall, Block, BlockKind, Exact, Prompt, Protocol, Tracker, Usage};

/// Bytes of a tool output.
const OUTPUT: usize = 20_000;

/// Steps in a row that are measured together.
const RUN: u32 = 32;

/// Time in which this thread had a processor.
struct CpuTime;

impl CpuTime {
    fn now() -> Duration {
        clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
    }
}

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        Self::now()
    }

    fn end(&self, start: Duration) -> Duration {
        Self::now() - start
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

struct NoTokens;

impl CountTokens for NoTokens {
    fn name(&self) -> &str {
        "none"
    }

    fn count(&self, _: &str) -> u32 {
        0
    }
}

fn output(step: u32) -> String {
    format!("{step} {}", "a line of output with some words in it\n".repeat(OUTPUT / 39))
}

fn authored(step: u32) -> Authored {
    Authored {
        model: "stub".to_owned(),
        number: step,
        text: Some("I look at the next file.".to_owned()),
        calls: vec![AuthoredCall::function("exec_command", format!("{{\"cmd\":\"sed -n {step}p file\"}}"))],
        usage: Usage { input_tokens: 1000, output_tokens: 30, ..Usage::default() },
        ttft_us: 400_000,
        rest_us: 600_000,
        ..Authored::default()
    }
}

/// Takes an answer's items and the output of its call into the conversation.
fn grow(prompt: &mut Prompt, answer: impl Iterator<Item = Box<str>>, step: u32, output: &str) {
    answer.for_each(|raw| prompt.push(Block::new(BlockKind::Item, raw)));
    prompt.push(Block::new(BlockKind::Item, items::output(&format!("call_{step}_1"), output)));
}

fn record(folder: &std::path::Path, steps: u32) -> Arc<Cassette> {
    let header = Header {
        version: cassette::VERSION,
        kind: Kind::Synthetic,
        agent: "bench".to_owned(),
        protocol: Protocol::Responses,
        model: "stub".to_owned(),
        clock: Timestamp::parse("2026-11-02T09:00:00Z").unwrap(),
        profile: "native".to_owned(),
        task: "bench/bench".to_owned(),
        task_digest: Digest::of(b""),
        workspace: Digest::of(b""),
        tokenizer: "none".to_owned(),
        toolchain: std::collections::BTreeMap::new(),
        start: None,
    };
    let path = folder.join("bench.jsonl");
    let mut writer = Writer::create(&path, header, Arc::new(NoTokens)).unwrap();
    let mut prompt = Prompt::default();
    prompt.push(Block::new(BlockKind::Item, items::message("user", "go")));
    for step in 1..=steps {
        let asked = writer.ask(Protocol::Responses, ("main", step, 1), &prompt).unwrap();
        writer.exchange(asked, Response::Stream(authored(step).native_frames().unwrap())).unwrap();
        let items = authored(step).items().into_iter().map(|item| item.to_string().into());
        grow(&mut prompt, items, step, &output(step));
    }
    writer.end("").unwrap();
    Arc::new(Cassette::load(&path).unwrap())
}

/// A replay that has come so far.
struct Replay {
    model: CassetteModel,
    prompt: Prompt,
    tracker: Tracker,
    writer: TrialWriter,
    _folder: tempfile::TempDir,
}

impl Replay {
    fn at(cassette: &Arc<Cassette>, steps: u32, outputs: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let id = TrialId { suite: "s".into(), task: "t".into(), variant: "v".into(), number: 1 };
        let dir = TrialDir { path: folder.path().join("trial") };
        let writer = TrialWriter::create(&dir, &id, 1).unwrap();
        let model = CassetteModel::new(Arc::new(Player::new(Arc::clone(cassette))));
        let mut prompt = Prompt::default();
        prompt.push(Block::new(BlockKind::Item, items::message("user", "go")));
        let mut replay = Self { model, prompt, tracker: Tracker::default(), writer, _folder: folder };
        (1..steps).for_each(|step| replay.step(step, &outputs[step as usize]));
        replay
    }

    fn step(&mut self, step: u32, output: &str) {
        let protocol = Protocol::Responses;
        let call = Call { protocol, lane: "main", step, attempt: 1, prompt: &self.prompt, sent: None };
        let Ok(Reply::Stream(frames)) = self.model.answer(&call) else { panic!("no answer at step {step}") };
        let mut decoder = protocol.decoder();
        frames.for_each(|frame| decoder.feed(&frame.unwrap()).unwrap());
        let answer = decoder.finish();
        let key = self.tracker.key(&self.prompt, &Exact).unwrap();
        let generated = Event::Generated(Generated {
            step,
            attempt: 1,
            request: Some(key),
            blocks: u32::try_from(self.prompt.blocks().len()).unwrap(),
            served: answer.served.clone(),
            usage: answer.usage.unwrap_or_default(),
            ttft_us: answer.ttft_us,
            total_us: answer.total_us,
        });
        self.writer.write("main", &generated, &Host::default()).unwrap();
        let acted = Event::Acted(Acted {
            step,
            call_id: format!("call_{step}_1"),
            tool: "exec_command".to_owned(),
            arguments: "{}".to_owned(),
            outcome: ToolOutcome::Ok,
            exit: Some(0),
            output: Digest::of(output.as_bytes()),
            output_bytes: output.len() as u64,
            preview: output.lines().next().unwrap_or_default().chars().take(160).collect(),
            duration_us: 5000,
        });
        self.writer.write("main", &acted, &Host::default()).unwrap();
        grow(&mut self.prompt, answer.items.into_iter(), step, output);
    }
}

fn replayed_step(criterion: &mut Criterion<CpuTime>) {
    let most = 1000 + RUN;
    let folder = tempfile::tempdir().unwrap();
    let cassette = record(folder.path(), most);
    let outputs: Vec<String> = (0..=most).map(output).collect();
    let mut group = criterion.benchmark_group("replayed steps n to n+31, 20 kB each");
    group.throughput(Throughput::Elements(u64::from(RUN))).sample_size(10);
    for n in [10, 100, 1_000] {
        group.bench_function(BenchmarkId::from_parameter(n), |bencher| {
            bencher.iter_batched(
                || Replay::at(&cassette, n, &outputs),
                |mut replay| {
                    (n..n + RUN).for_each(|step| replay.step(step, &outputs[step as usize]));
                    // Given back, so that dropping it is not measured.
                    replay
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = replayed_step
}
criterion_main!(benches);
