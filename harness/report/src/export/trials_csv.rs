//! `trials.csv`: a row for each planned trial. Canonical: no run id, path, host, measured time or drift.

use super::{csv_file, figure, number};
use crate::text::cell;
use crate::{ReportError, RunData, Scores, TrialData, figures};

const HEADING: [&str; 28] = [
    "trial",
    "suite",
    "task",
    "variant",
    "number",
    "outcome",
    "failure",
    "reason",
    "reward",
    "kind",
    "steps",
    "tool_calls",
    "tool_errors",
    "denied",
    "retries",
    "rounds",
    "input_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_usd",
    "agent",
    "served",
    "model_us",
    "tool_us",
    "evaluate_us",
    "digest",
];

/// What a run with a faults profile says beside.
const FAULTS_HEADING: [&str; 5] = ["faults", "fault_rules", "lost_us", "waited_us", "recovery"];

/// The trials as CSV, in the plan's order; times are virtual.
pub fn trials_csv(data: &RunData, _scores: &Scores) -> Result<Vec<u8>, ReportError> {
    if data.header.plan.faults.is_none() {
        return csv_file("trials.csv", HEADING, data.trials.iter().map(row));
    }
    let heading: Vec<&'static str> = HEADING.into_iter().chain(FAULTS_HEADING).collect();
    let whole = |trial| -> Vec<String> { row(trial).into_iter().chain(faults_of(trial)).collect() };
    csv_file("trials.csv", heading, data.trials.iter().map(whole))
}

fn faults_of(trial: &TrialData) -> [String; 5] {
    let faults = trial.finish.as_ref().and_then(|f| f.ended.faults.as_ref());
    let rules = faults.map(|f| f.injected.keys().cloned().collect::<Vec<_>>().join("; "));
    [
        number(faults.map(|f| f.injected.values().sum::<u64>())),
        cell(&rules.unwrap_or_default()),
        number(faults.map(|f| f.lost_us)),
        number(faults.map(|f| f.waited_us)),
        faults.and_then(|f| f.recovery).map(|r| figures::word(&r)).unwrap_or_default(),
    ]
}

fn row(trial: &TrialData) -> [String; 28] {
    let ended = trial.finish.as_ref().map(|f| &f.ended);
    let usage = ended.map(|e| e.usage);
    let times = ended.map(|e| e.times);
    [
        cell(&trial.id.to_string()),
        cell(&trial.id.suite),
        cell(&trial.id.task),
        cell(&trial.id.variant),
        trial.id.number.to_string(),
        figures::word(&trial.state()),
        ended.and_then(|e| e.failure).map(|f| figures::word(&f)).unwrap_or_default(),
        cell(trial.reason()),
        figure(ended.and_then(|e| e.reward)),
        ended.map(|e| figures::word(&e.kind)).unwrap_or_default(),
        number(ended.map(|e| e.steps)),
        number(ended.map(|e| e.tool_calls)),
        number(ended.map(|e| e.tool_errors)),
        number(ended.map(|e| e.denied)),
        number(ended.map(|e| e.retries)),
        number(ended.map(|e| e.rounds)),
        number(usage.map(|u| u.input_tokens)),
        number(usage.map(|u| u.cached_tokens)),
        number(usage.map(|u| u.cache_write_tokens)),
        number(usage.map(|u| u.output_tokens)),
        number(usage.map(|u| u.reasoning_tokens)),
        figure(trial.cost.as_ref().map(|cost| cost.usd)),
        cell(ended.map_or("", |e| &e.agent)),
        cell(&ended.map(|e| e.served.join(" ")).unwrap_or_default()),
        number(times.map(|t| t.model_us)),
        number(times.map(|t| t.tool_us)),
        number(times.map(|t| t.evaluate_us)),
        number(trial.digest()),
    ]
}
