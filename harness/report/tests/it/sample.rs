//! Builds runs in a temporary folder, trial by trial. Owns what the tests report on; asserts nothing.

use std::collections::BTreeMap;

use base::{Digest, Timestamp, TrialId};
use journal::{
    Acted, CallFigures, CheckResult, Drift, DriftGrade, Ended, Event, FailureMode, FigureKind, Finding,
    FindingFigures, Generated, Host, HostEnded, LaneTimes, Mode, ModelSource, Outcome, PatchFigures, Plan,
    PlanStep, PlannedSuite, PlannedTask, PlannedVariant, RunDir, RunHeader, ToolOutcome, TrialWriter,
};
use promptcache::PriceTable;
use report::{Prices, RunData, Scores};
use serde_json::json;
use wire::Usage;

/// A run on disk, gone when it is dropped.
pub(crate) struct Sample {
    _temp: tempfile::TempDir,
    pub(crate) dir: RunDir,
}

impl Sample {
    /// A run without trials yet.
    pub(crate) fn new(plan: Plan) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let start = Timestamp::parse("2026-11-22T09:00:00Z").unwrap();
        let mut header = RunHeader::new(plan, start, Vec::new()).unwrap();
        let dir = RunDir::create(temp.path(), &mut header).unwrap();
        dir.begin(&header).unwrap();
        Self { _temp: temp, dir }
    }

    /// Reads it back and adds it up.
    pub(crate) fn read(&self) -> (RunData, Scores) {
        let prices = Prices { table: PriceTable::built_in().unwrap(), own: BTreeMap::new() };
        let data = RunData::priced(&self.dir, &prices).unwrap().with_cache(&self.dir, &prices).unwrap();
        let scores = Scores::of(&data);
        (data, scores)
    }

    /// A file of the run's folder.
    pub(crate) fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.path.join(name)).unwrap()
    }
}

/// A plan of suites with their tasks.
pub(crate) fn plan(suites: &[(&str, &[&str])], variants: &[&str], trials: u32) -> Plan {
    let task = |name: &&str| PlannedTask {
        name: (*name).to_owned(),
        digest: Digest::of(name.as_bytes()),
        description: format!("About {name}"),
        kind: "regression".to_owned(),
        tags: Vec::new(),
    };
    let suite = |(name, tasks): &(&str, &[&str])| PlannedSuite {
        name: (*name).to_owned(),
        tasks: tasks.iter().map(task).collect(),
    };
    let variant = |name: &&str| PlannedVariant {
        name: (*name).to_owned(),
        agent: "native".to_owned(),
        model: format!("cassette:{name}"),
        digest: Digest::of(name.as_bytes()),
        prompt: None,
        latency_budget_us: None,
    };
    Plan {
        mode: Mode::Replay,
        synthetic: false,
        seed: 7,
        trials,
        suites: suites.iter().map(suite).collect(),
        variants: variants.iter().map(variant).collect(),
        faults: None,
        replaying: Default::default(),
    }
}

/// The recording that the trials of `main` play: its second request has another time in its instructions.
fn recording() -> String {
    let (task, workspace) = (Digest::of(b"task"), Digest::of(b"workspace"));
    let block = |id: u32, kind: &str, tokens: u32, raw: serde_json::Value| json!({ "block": { "id": id, "kind": kind, "tokens": tokens, "raw": raw } });
    let rules = "Work in small steps. ".repeat(12);
    let instructions = |time: &str| json!(format!("{rules}It is {time}. Be brief."));
    let exchange = |step: u32, keep: u32, replace: serde_json::Value, add: &[u32]| {
        let used = usage(u64::from(step));
        let details =
            json!({ "cached_tokens": used.cached_tokens, "cache_write_tokens": used.cache_write_tokens });
        let usage = json!({ "input_tokens": used.input_tokens, "input_tokens_details": details, "output_tokens": used.output_tokens });
        let done = json!({ "type": "response.completed", "response": { "id": "r", "model": "gpt-5.6", "status": "completed", "usage": usage } });
        json!({ "exchange": { "lane": "main", "step": step, "attempt": 1, "status": 200, "keep": keep, "replace": replace,
            "add": add, "frames": [{ "gap_us": 1_200_000, "data": done }] } })
    };
    let call = json!({ "type": "function_call", "name": "shell", "call_id": "call_1", "arguments": "{}" });
    let output = json!({ "type": "function_call_output", "call_id": "call_1", "output": "1 failed\n" });
    let lines = [
        json!({ "cassette": { "version": "1.0", "kind": "live", "agent": "native 0.1.0", "protocol": "responses",
            "model": "gpt-5.6", "clock": "2026-11-01T09:00:00Z", "profile": "native", "task": "core/fix-cache",
            "task_digest": task, "workspace": workspace, "tokenizer": "o200k_base", "toolchain": {} } }),
        block(0, "head", 10, json!({ "model": "gpt-5.6" })),
        block(1, "instructions", 1_610, instructions("09:00")),
        block(2, "item", 8_000, json!({ "type": "message", "role": "user", "content": "Mend it." })),
        exchange(1, 0, json!({}), &[0, 1, 2]),
        block(3, "item", 30, call),
        block(4, "item", 9_000, output),
        block(5, "instructions", 1_610, instructions("09:01")),
        exchange(2, 3, json!({ "1": 5 }), &[3, 4]),
        json!({ "end": { "reason": "", "exchanges": 2 } }),
    ];
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The small run of the snapshots: each outcome at least once. `host` changes only what the host measures.
pub(crate) fn small(host: u64) -> Sample {
    let tasks: &[&str] = &["fix-cache", "add-flag", "needs-podman"];
    let sample = Sample::new(plan(&[("core", tasks), ("edge", &["odd"])], &["main", "terse"], 2));
    let header = sample.dir.header().unwrap();
    let recordings = sample.dir.path.join("cassettes");
    std::fs::create_dir(&recordings).unwrap();
    std::fs::write(recordings.join(format!("{}.jsonl", Digest::of(b"main"))), recording()).unwrap();
    for id in header.plan.trial_ids() {
        match outcome(&id) {
            Some((outcome, failure, reason)) => write_trial(&sample.dir, &id, host, outcome, failure, reason),
            None => unfinished(&sample.dir, &id),
        }
    }
    let facts = serde_json::json!({ "wall_us": 1_500_000 + host, "reused": host });
    sample.dir.write_json("host.json", &facts).unwrap();
    sample
}

type Verdict = (Outcome, Option<FailureMode>, &'static str);

fn outcome(id: &TrialId) -> Option<Verdict> {
    let verdict = match (id.task.as_str(), id.variant.as_str(), id.number) {
        ("needs-podman", ..) => (Outcome::NotRunnable, None, "this host has no podman"),
        ("add-flag", "main", 2) => {
            (Outcome::Failed, Some(FailureMode::WrongResult), "the reward is 0, not 1")
        }
        ("add-flag", "terse", 1) => (Outcome::Failed, Some(FailureMode::Budget), "50 of 50 steps are spent"),
        ("odd", "main", 1) => (Outcome::Void, Some(FailureMode::Void), "the request of step 1 differs"),
        ("odd", "main", 2) => {
            (Outcome::HarnessFault, Some(FailureMode::HarnessFault), "no space left on device")
        }
        ("odd", "terse", 1) => (Outcome::Invalid, Some(FailureMode::InvalidTask), "task.toml:3: unknown key"),
        ("odd", ..) => return None,
        _ => (Outcome::Passed, None, "the reward is 1"),
    };
    Some(verdict)
}

fn unfinished(dir: &RunDir, id: &TrialId) {
    let mut writer = TrialWriter::create(&dir.trial(id), id, 1).unwrap();
    writer.write("main", &started(id), &Host::default()).unwrap();
}

fn started(id: &TrialId) -> Event {
    Event::TrialStarted {
        trial: id.clone(),
        task: Digest::of(id.task.as_bytes()),
        agent: "native 0.1.0".to_owned(),
        model: ModelSource::Cassette { digest: Digest::of(id.variant.as_bytes()), synthetic: false },
    }
}

fn write_trial(
    dir: &RunDir,
    id: &TrialId,
    host: u64,
    outcome: Outcome,
    failure: Option<FailureMode>,
    reason: &str,
) {
    // A host that crashed before shows it in the attempt's number.
    let attempt = if host == 0 { 1 } else { 2 };
    let mut writer = TrialWriter::create(&dir.trial(id), id, attempt).unwrap();
    let ran = matches!(outcome, Outcome::Passed | Outcome::Failed | Outcome::Void);
    let drifted = id.task == "fix-cache" && id.number == 2 && host > 0;
    writer.write("main", &started(id), &Host { at_us: host, ..Host::default() }).unwrap();
    if ran {
        events(&mut writer, host, drifted);
    }
    let reward = match outcome {
        Outcome::Passed => Some(1.0),
        Outcome::Failed => Some(0.0),
        _ => None,
    };
    let facts = HostEnded {
        patch: ran.then(|| patch(id)),
        findings: ran.then(|| findings(id)),
        files_changed: 1,
        wall_us: 40_000 + host * 1_000 * u64::from(id.number),
        setup_us: 5_000,
        tool_us: 20_000,
        verify_us: 8_000,
        drift: if drifted { BTreeMap::from([(DriftGrade::Exit, 1)]) } else { BTreeMap::new() },
        ..HostEnded::default()
    };
    let host = Host { ended: Some(Box::new(facts)), ..Host::default() };
    let ended = if ran {
        ended(outcome, failure, reason, reward, id.number)
    } else {
        empty(outcome, failure, reason)
    };
    writer.end("main", ended, host).unwrap();
}

/// What a trial's changes are like: the second one of `terse` goes too far.
fn patch(id: &TrialId) -> PatchFigures {
    let far = u64::from(id.variant == "terse" && id.number == 2);
    let scope = (id.task == "fix-cache").then_some(2 * far);
    PatchFigures {
        files_changed: 1 + 2 * far,
        lines_added: 12,
        lines_removed: 3,
        tests_added: 1,
        tests_weakened: far,
        files_out_of_scope: scope,
        secrets_added: Some(0),
        licences_added: Some(far),
        ..PatchFigures::default()
    }
}

fn findings(id: &TrialId) -> FindingFigures {
    let found = |lint, tests| BTreeMap::from([("lint".to_owned(), lint), ("tests".to_owned(), tests)]);
    let last = if id.number == 1 { found(1, 0) } else { found(3, 1) };
    FindingFigures { rounds: if id.number == 1 { 2 } else { 1 }, first: found(3, 1), last }
}

/// The loop of one trial, each stage once.
fn events(writer: &mut TrialWriter, host: u64, drifted: bool) {
    let drift =
        drifted.then(|| Drift { grade: DriftGrade::Exit, detail: "exit code 1, recorded 0".to_owned() });
    let step = |step: &str, status: &str| PlanStep { step: step.to_owned(), status: status.to_owned() };
    let finding = Finding {
        file: Some("cache.py".to_owned()),
        line: Some(12),
        rule: Some("F841".to_owned()),
        message: "unused variable".to_owned(),
    };
    let check =
        |passed, findings| CheckResult { name: "ruff".to_owned(), kind: "lint".to_owned(), passed, findings };
    let events = [
        Event::Understood {
            project_docs: vec!["AGENTS.md".to_owned()],
            instruction: Digest::of(b"instruction"),
            date: "2026-11-01".to_owned(),
            prompt: None,
        },
        Event::Generated(generated(1)),
        Event::Said { step: 1, text: "I look at the cache first.\nThen I fix it.".to_owned() },
        Event::Planned {
            steps: vec![step("read", "completed"), step("fix", "in_progress"), step("test", "pending")],
        },
        Event::PolicyDecided {
            call_id: "call_1".to_owned(),
            allowed: true,
            rule: "sed".to_owned(),
            reason: "edits stay inside".to_owned(),
        },
        acted(),
        Event::Evaluated { round: 1, checks: vec![check(false, vec![finding])], duration_us: 30_000 },
        Event::FedBack { round: 1, text: "ruff: cache.py:12 unused variable".to_owned() },
        Event::GenerateFailed { step: 2, attempt: 1, status: Some(529), reason: "overloaded".to_owned() },
        Event::Generated(generated(2)),
        Event::AgentEnded { failure: None, reason: "the agent is done".to_owned() },
    ];
    for event in events {
        let drift = drift.clone().filter(|_| matches!(event, Event::Acted(_)));
        writer.write("main", &event, &Host { at_us: host, drift, ..Host::default() }).unwrap();
    }
    let verified = Event::Verified {
        step: String::new(),
        reward: Some(1.0),
        rewards: BTreeMap::from([("reward".to_owned(), 1.0)]),
        error: String::new(),
    };
    let log = "2 passed in 0.01s\n".to_owned();
    writer.write("main", &verified, &Host { at_us: host, log, ..Host::default() }).unwrap();
}

fn acted() -> Event {
    Event::Acted(Acted {
        step: 1,
        call_id: "call_1".to_owned(),
        tool: "shell".to_owned(),
        arguments: r#"{"command":"sed -i s/a/b/ cache.py\npython -m pytest","timeout_ms":5000}"#.to_owned(),
        outcome: ToolOutcome::Failed,
        exit: Some(1),
        output: Digest::of(b"output"),
        output_bytes: 6,
        preview: "1 failed".to_owned(),
        duration_us: 50_000,
    })
}

fn generated(step: u32) -> Generated {
    Generated {
        step,
        attempt: step,
        request: Some(Digest::of(b"request")),
        blocks: 3,
        served: "gpt-5.6".to_owned(),
        usage: usage(u64::from(step)),
        ttft_us: 200_000,
        total_us: 1_200_000,
    }
}

fn usage(step: u64) -> Usage {
    Usage {
        input_tokens: 10_000 * step,
        cached_tokens: 1_500 * (step - 1),
        cache_write_tokens: 1_000,
        output_tokens: 50,
        reasoning_tokens: 20,
    }
}

/// The end of a trial of two steps.
pub(crate) fn ended(
    outcome: Outcome,
    failure: Option<FailureMode>,
    reason: &str,
    reward: Option<f64>,
    number: u32,
) -> Ended {
    let call = |step: u64| CallFigures {
        ttft_us: 200_000 * step,
        total_us: 1_200_000 * u64::from(number),
        usage: usage(step),
    };
    let mut sum = usage(1);
    sum.add(usage(2));
    Ended {
        outcome,
        failure,
        reason: reason.to_owned(),
        agent: "native 0.1.0".to_owned(),
        served: vec!["gpt-5.6".to_owned()],
        prompt: None,
        reward,
        kind: FigureKind::Recorded,
        steps: 2,
        recorded_steps: 0,
        met: Vec::new(),
        tool_calls: 1,
        tool_errors: 1,
        denied: 0,
        retries: 1,
        rounds: 1,
        usage: sum,
        times: LaneTimes { model_us: 2_400_000 * u64::from(number), tool_us: 50_000, evaluate_us: 30_000 },
        calls: vec![call(1), call(2)],
        faults: None,
    }
}

/// The end of a trial that never called a model.
pub(crate) fn empty(outcome: Outcome, failure: Option<FailureMode>, reason: &str) -> Ended {
    Ended {
        steps: 0,
        tool_calls: 0,
        tool_errors: 0,
        retries: 0,
        rounds: 0,
        usage: Usage::default(),
        times: LaneTimes::default(),
        calls: Vec::new(),
        ..ended(outcome, failure, reason, None, 1)
    }
}
