//! `results.csv`: a row for each task under each variant. Canonical: no run id, path, host, measured time or drift.

use std::collections::BTreeMap;

use base::Digest;

use super::{csv_file, figure, number};
use crate::score::{Percentiles, TaskScore};
use crate::text::cell;
use crate::{Digests, ReportError, RunData, Scores, figures};

const HEADING: [&str; 54] = [
    "suite",
    "task",
    "variant",
    "kind",
    "trials",
    "passed",
    "failed",
    "void",
    "harness_faults",
    "not_runnable",
    "invalid",
    "unfinished",
    "pass_rate",
    "pass_rate_lo",
    "pass_rate_hi",
    "pass_rate_tasks_lo",
    "pass_rate_tasks_hi",
    "goodput",
    "goodput_lo",
    "goodput_hi",
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
    "cache_hit_rate",
    "cost_usd",
    "uncached_usd",
    "usd_per_pass",
    "calls",
    "ttft_p50_us",
    "ttft_p90_us",
    "ttft_p99_us",
    "tpot_p50_us",
    "tpot_p90_us",
    "tpot_p99_us",
    "call_p50_us",
    "call_p90_us",
    "call_p99_us",
    "trial_p50_us",
    "trial_p90_us",
    "trial_p99_us",
    "model_share",
    "tool_share",
    "evaluate_share",
    "tokens_per_pass",
    "failures",
    "task_digest",
];

/// The scores of tasks as CSV; `task_digest` covers the task's trials under all variants.
pub fn results_csv(data: &RunData, scores: &Scores) -> Result<Vec<u8>, ReportError> {
    let digests = Digests::of(data).tasks;
    let digests: BTreeMap<_, _> = digests.iter().map(|t| ((t.suite, t.task), t.digest)).collect();
    let rows = scores.tasks.iter().map(|task| row(task, digests.get(&(&*task.suite, &*task.task)).copied()));
    csv_file("results.csv", HEADING, rows)
}

fn row(task: &TaskScore, digest: Option<Digest>) -> [String; 54] {
    let score = &task.score;
    let (counts, effort, usage) = (&score.counts, &score.effort, &score.effort.usage);
    let rate = score.pass_rate;
    let tasks = rate.and_then(|r| r.interval_tasks);
    let latency = &score.latency;
    let [ttft_p50, ttft_p90, ttft_p99] = percentiles(latency.ttft);
    let [tpot_p50, tpot_p90, tpot_p99] = percentiles(latency.tpot);
    let [call_p50, call_p90, call_p99] = percentiles(latency.call);
    let [trial_p50, trial_p90, trial_p99] = percentiles(latency.trial);
    let failures = score.failures.iter().map(|(mode, n)| format!("{}:{n}", figures::word(mode)));
    [
        cell(&task.suite),
        cell(&task.task),
        cell(&task.variant),
        score.kind.map(|k| figures::word(&k)).unwrap_or_default(),
        counts.trials.to_string(),
        counts.passed.to_string(),
        counts.failed.to_string(),
        counts.void.to_string(),
        counts.harness_faults.to_string(),
        counts.not_runnable.to_string(),
        counts.invalid.to_string(),
        counts.unfinished.to_string(),
        figure(rate.map(|r| r.value)),
        figure(rate.map(|r| r.interval.lo)),
        figure(rate.map(|r| r.interval.hi)),
        figure(tasks.map(|i| i.lo)),
        figure(tasks.map(|i| i.hi)),
        figure(score.goodput.map(|r| r.value)),
        figure(score.goodput.map(|r| r.interval.lo)),
        figure(score.goodput.map(|r| r.interval.hi)),
        effort.steps.to_string(),
        effort.tool_calls.to_string(),
        effort.tool_errors.to_string(),
        effort.denied.to_string(),
        effort.retries.to_string(),
        effort.rounds.to_string(),
        usage.input_tokens.to_string(),
        usage.cached_tokens.to_string(),
        usage.cache_write_tokens.to_string(),
        usage.output_tokens.to_string(),
        usage.reasoning_tokens.to_string(),
        figure(effort.cache_hit_rate),
        figure(effort.cost_usd),
        figure(effort.uncached_usd),
        figure(effort.usd_per_pass),
        latency.call.map_or(0, |p| p.n).to_string(),
        ttft_p50,
        ttft_p90,
        ttft_p99,
        tpot_p50,
        tpot_p90,
        tpot_p99,
        call_p50,
        call_p90,
        call_p99,
        trial_p50,
        trial_p90,
        trial_p99,
        figure(score.share.map(|s| s.model)),
        figure(score.share.map(|s| s.tool)),
        figure(score.share.map(|s| s.evaluate)),
        figure(effort.tokens_per_pass),
        failures.collect::<Vec<_>>().join(" "),
        number(digest),
    ]
}

fn percentiles(of: Option<Percentiles>) -> [String; 3] {
    [number(of.map(|p| p.p50_us)), number(of.map(|p| p.p90_us)), number(of.map(|p| p.p99_us))]
}
