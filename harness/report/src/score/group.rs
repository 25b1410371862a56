//! The figures of one group of trials: a task under a variant, a suite, a variant. No input or output.

use std::collections::BTreeMap;

use journal::{CallFigures, Ended, FailureMode, FigureKind, Recovery};
use serde::{Deserialize, Serialize};
use wire::Usage;

use super::{
    CONFIDENCE, Interval, Percentiles, clustered, mean, pass_all_k, pass_at_k, rounded, rounded_option,
    same_cell, wilson,
};
use crate::{Cost, TrialData, TrialState};

/// The figures of a group of trials.
///
/// Effort, latency and shares are those of the scored trials (passed or failed): a void trial's belong to no one
/// conversation, and a harness fault's are not the agent's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// How its trials stand.
    pub counts: Counts,
    /// Passed of passed and failed; nothing where none is either.
    pub pass_rate: Option<Rate>,
    /// Passed within the latency budget of the variant's tier, of passed and failed: goodput. Only over trials whose tier
    /// has such a budget, and only where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goodput: Option<Rate>,
    /// What repeating gives; empty where each task was sampled once.
    pub repeats: Vec<Repeat>,
    /// Why trials did not pass.
    pub failures: BTreeMap<FailureMode, u64>,
    /// What the scored trials did and used, added up.
    pub effort: Effort,
    /// How long they took.
    pub latency: Latency,
    /// Where their time went; nothing where they took none.
    pub share: Option<Share>,
    /// What tokens and times are worth: the weakest of the scored trials; nothing where there are none.
    pub kind: Option<FigureKind>,
    /// What faults were put in the way of its trials and what became of them; only in a run with a faults profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faults: Option<Faults>,
}

/// The faults of a group of trials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Faults {
    /// How often each rule happened, by what the report calls it.
    pub injected: BTreeMap<String, u64>,
    /// Model calls that were tried again.
    pub retries: u64,
    /// Virtual time that was lost with faults, in microseconds.
    pub lost_us: u64,
    /// Virtual time that agents waited before they tried again, in microseconds.
    pub waited_us: u64,
    /// Trials in whose way there was none.
    pub untouched: u64,
    /// Trials whose agent came to its end with a right result.
    pub recovered: u64,
    /// Trials whose agent was stopped.
    pub gave_up: u64,
    /// Trials whose agent came to its end with a wrong result.
    pub ended_wrong: u64,
}

impl Faults {
    /// Adds up the trials of a group; nothing where none has a faults profile.
    fn of(trials: &[&TrialData]) -> Option<Self> {
        let mut sums: Option<Self> = None;
        for ended in trials.iter().filter_map(|trial| Some(&trial.finish.as_ref()?.ended)) {
            let Some(figures) = &ended.faults else { continue };
            let sums = sums.get_or_insert_with(Self::default);
            for (rule, times) in &figures.injected {
                let sum = sums.injected.entry(rule.clone()).or_default();
                *sum = sum.saturating_add(*times);
            }
            sums.retries += u64::from(ended.retries);
            sums.lost_us = sums.lost_us.saturating_add(figures.lost_us);
            sums.waited_us = sums.waited_us.saturating_add(figures.waited_us);
            match figures.recovery {
                Some(Recovery::Untouched) => sums.untouched += 1,
                Some(Recovery::Recovered) => sums.recovered += 1,
                Some(Recovery::GaveUp) => sums.gave_up += 1,
                Some(Recovery::EndedWrong) => sums.ended_wrong += 1,
                None => {}
            }
        }
        sums
    }
}

/// Trials by how they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All planned.
    pub trials: u64,
    /// The reward reached 1.
    pub passed: u64,
    /// It did not.
    pub failed: u64,
    /// A request diverged without being declared.
    pub void: u64,
    /// The harness or the host failed.
    pub harness_faults: u64,
    /// This host lacks something.
    pub not_runnable: u64,
    /// The task cannot be read.
    pub invalid: u64,
    /// Not at their end.
    pub unfinished: u64,
}

impl Counts {
    /// The samples of the pass rate.
    pub fn scored(&self) -> u64 {
        self.passed + self.failed
    }
}

/// A pass rate with what it was computed from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// Trials that passed.
    pub passed: u64,
    /// Trials that passed or failed.
    pub of: u64,
    /// The one by the other, 0 to 1.
    #[serde(serialize_with = "rounded")]
    pub value: f64,
    /// The Wilson interval at 95 %. Over several tasks it treats all trials alike, which is never too narrow for
    /// these tasks sampled equally often.
    pub interval: Interval,
    /// The interval for tasks like these, samples clustered by task; nothing for fewer than two tasks.
    pub interval_tasks: Option<Interval>,
}

/// pass@k and pass^k for one k: the mean over the tasks (of each variant) that have at least k scored trials.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Repeat {
    /// How often a task is tried.
    pub k: u64,
    /// How many tasks have enough trials.
    pub tasks: u64,
    /// At least one try passes: pass@k, unbiased.
    #[serde(serialize_with = "rounded")]
    pub pass_at_k: f64,
    /// Every try passes: pass^k, unbiased.
    #[serde(serialize_with = "rounded")]
    pub pass_all_k: f64,
}

/// What the scored trials did and used, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Effort {
    /// Successful model calls.
    pub steps: u64,
    /// Tool calls.
    pub tool_calls: u64,
    /// Those that failed, were rejected or timed out.
    pub tool_errors: u64,
    /// Those that the policy denied.
    pub denied: u64,
    /// Model calls that were tried again.
    pub retries: u64,
    /// Rounds of feedback.
    pub rounds: u64,
    /// Tokens.
    pub usage: Usage,
    /// Steps of a trial, on average.
    #[serde(serialize_with = "rounded_option")]
    pub steps_mean: Option<f64>,
    /// Tokens of prompt and answer for each trial that passed, those of the failed ones included.
    #[serde(serialize_with = "rounded_option")]
    pub tokens_per_pass: Option<f64>,
    /// The cache hit rate as the model reported it, token-weighted: cached tokens by input tokens.
    #[serde(serialize_with = "rounded_option")]
    pub cache_hit_rate: Option<f64>,
    /// What the scored trials cost, in USD; nothing where one of them has no price.
    #[serde(serialize_with = "rounded_option")]
    pub cost_usd: Option<f64>,
    /// What they had cost without a cache, in USD.
    #[serde(serialize_with = "rounded_option")]
    pub uncached_usd: Option<f64>,
    /// USD for each trial that passed, the failed ones included.
    #[serde(serialize_with = "rounded_option")]
    pub usd_per_pass: Option<f64>,
}

/// How long calls and trials took, in virtual time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// From a request to the first token of its answer.
    pub ttft: Option<Percentiles>,
    /// From one token of an answer to the next: the time after the first one by the tokens after it.
    pub tpot: Option<Percentiles>,
    /// From a request to the end of its answer.
    pub call: Option<Percentiles>,
    /// A whole trial: model, tools and visible checks.
    pub trial: Option<Percentiles>,
}

/// The parts of virtual time, 0 to 1 each, together 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// Waiting for the model.
    #[serde(serialize_with = "rounded")]
    pub model: f64,
    /// Running tools.
    #[serde(serialize_with = "rounded")]
    pub tool: f64,
    /// Running visible checks.
    #[serde(serialize_with = "rounded")]
    pub evaluate: f64,
}

impl Score {
    /// Adds up a group. `trials` stand in the plan's order for each variant, so that the samples of a task are
    /// neighbours; `synthetic` is the plan's word that the answers come from a stub.
    pub(super) fn of(trials: &[&TrialData], synthetic: bool) -> Self {
        let scored: Vec<&Ended> = trials.iter().filter_map(|t| t.scored()).collect();
        let counts = count(trials);
        let worst = super::weakest(scored.iter().map(|e| e.kind));
        let mut failures = BTreeMap::new();
        for mode in trials.iter().filter_map(|t| t.finish.as_ref()?.ended.failure) {
            *failures.entry(mode).or_default() += 1;
        }
        Self {
            counts,
            pass_rate: rate(trials.iter().copied(), |_| true),
            goodput: rate(trials.iter().copied().filter(|t| t.latency_budget_us.is_some()), in_time),
            repeats: repeats(trials),
            failures,
            effort: priced(effort(&scored, counts.passed), trials, counts.passed),
            latency: latency(&scored),
            share: share(&scored),
            kind: worst.map(|kind| if synthetic { FigureKind::Synthetic } else { kind }),
            faults: Faults::of(trials),
        }
    }
}

fn count(trials: &[&TrialData]) -> Counts {
    let mut counts = Counts { trials: trials.len() as u64, ..Counts::default() };
    for trial in trials {
        let slot = match trial.state() {
            TrialState::Passed => &mut counts.passed,
            TrialState::Failed => &mut counts.failed,
            TrialState::Void => &mut counts.void,
            TrialState::HarnessFault => &mut counts.harness_faults,
            TrialState::NotRunnable => &mut counts.not_runnable,
            TrialState::Invalid => &mut counts.invalid,
            TrialState::Unfinished => &mut counts.unfinished,
        };
        *slot += 1;
    }
    counts
}

/// The share of scored trials that passed and do `also`.
fn rate<'a>(trials: impl Iterator<Item = &'a TrialData>, also: fn(&TrialData) -> bool) -> Option<Rate> {
    // A task is a cluster whatever the variant: its samples go together.
    let mut tasks: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
    for trial in trials.filter(|trial| trial.state().scored()) {
        let cell = tasks.entry((&trial.id.suite, &trial.id.task)).or_default();
        let good = trial.state() == TrialState::Passed && also(trial);
        *cell = (cell.0 + u64::from(good), cell.1 + 1);
    }
    let (passed, of) = tasks.values().fold((0, 0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
    let interval = wilson(passed, of, CONFIDENCE)?;
    let interval_tasks = clustered(&tasks.into_values().collect::<Vec<_>>(), CONFIDENCE);
    Some(Rate { passed, of, value: passed as f64 / of as f64, interval, interval_tasks })
}

/// Whether a trial's virtual time is within its latency budget.
pub(crate) fn in_time(trial: &TrialData) -> bool {
    let took = trial.scored().map(virtual_us);
    trial.latency_budget_us.zip(took).is_some_and(|(budget, took)| took <= budget)
}

/// The same effort with what it cost.
fn priced(effort: Effort, trials: &[&TrialData], passed: u64) -> Effort {
    let scored = || trials.iter().filter(|trial| trial.state().scored());
    let sum = |of: fn(&Cost) -> f64| -> Option<f64> {
        // Not of no trial at all: that is unknown, not free.
        scored().next()?;
        scored().map(|trial| trial.cost.as_ref().map(of)).sum()
    };
    let cost_usd = sum(|cost| cost.usd);
    let usd_per_pass = cost_usd.filter(|_| passed > 0).map(|usd| usd / passed as f64);
    Effort { cost_usd, uncached_usd: sum(|cost| cost.uncached_usd), usd_per_pass, ..effort }
}

/// For k of 1, 2, 4 and so on up to the most samples that any task has, and that number itself.
fn repeats(trials: &[&TrialData]) -> Vec<Repeat> {
    let cells: Vec<Counts> = trials.chunk_by(|a, b| same_cell(a, b)).map(count).collect();
    let most = cells.iter().map(Counts::scored).max().unwrap_or(0);
    if most < 2 {
        return Vec::new();
    }
    let doubled = std::iter::successors(Some(1_u64), |k| k.checked_mul(2)).take_while(|k| *k < most);
    let repeat = |k| {
        let each = |estimate: fn(u64, u64, u64) -> Option<f64>| -> Vec<f64> {
            cells.iter().filter_map(|c| estimate(c.passed, c.scored(), k)).collect()
        };
        let at_least_one = each(pass_at_k);
        let all = each(pass_all_k);
        let tasks = at_least_one.len() as u64;
        Some(Repeat { k, tasks, pass_at_k: mean(&at_least_one)?, pass_all_k: mean(&all)? })
    };
    doubled.chain([most]).filter_map(repeat).collect()
}

fn effort(scored: &[&Ended], passed: u64) -> Effort {
    let total = |of: fn(&Ended) -> u32| scored.iter().map(|e| u64::from(of(e))).sum::<u64>();
    let steps: Vec<f64> = scored.iter().map(|e| f64::from(e.steps)).collect();
    let usage = scored.iter().fold(Usage::default(), |sum, e| add(sum, e.usage));
    let ratio = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    Effort {
        steps: total(|e| e.steps),
        tool_calls: total(|e| e.tool_calls),
        tool_errors: total(|e| e.tool_errors),
        denied: total(|e| e.denied),
        retries: total(|e| e.retries),
        rounds: total(|e| e.rounds),
        usage,
        steps_mean: mean(&steps),
        tokens_per_pass: ratio(usage.input_tokens.saturating_add(usage.output_tokens), passed),
        cache_hit_rate: ratio(usage.cached_tokens, usage.input_tokens),
        cost_usd: None,
        uncached_usd: None,
        usd_per_pass: None,
    }
}

/// A model may report any number at all, so that sums stop at the largest one.
fn add(a: Usage, b: Usage) -> Usage {
    Usage {
        input_tokens: a.input_tokens.saturating_add(b.input_tokens),
        cached_tokens: a.cached_tokens.saturating_add(b.cached_tokens),
        cache_write_tokens: a.cache_write_tokens.saturating_add(b.cache_write_tokens),
        output_tokens: a.output_tokens.saturating_add(b.output_tokens),
        reasoning_tokens: a.reasoning_tokens.saturating_add(b.reasoning_tokens),
    }
}

/// Virtual length of a trial in microseconds.
pub(crate) fn virtual_us(ended: &Ended) -> u64 {
    let times = ended.times;
    times.model_us.saturating_add(times.tool_us).saturating_add(times.evaluate_us)
}

/// Time per output token of a call in microseconds, `(total - ttft) / (output - 1)`, as load generators for served models have it
/// (vLLM's `benchmark_serving`, NVIDIA's GenAI-Perf); nothing of an answer of fewer than two tokens.
pub(crate) fn per_token_us(call: &CallFigures) -> Option<u64> {
    let after_first = call.usage.output_tokens.checked_sub(1).filter(|tokens| *tokens > 0)?;
    Some((call.total_us.saturating_sub(call.ttft_us) as f64 / after_first as f64).round() as u64)
}

fn latency(scored: &[&Ended]) -> Latency {
    let calls = || scored.iter().flat_map(|e| &e.calls);
    Latency {
        ttft: Percentiles::of(calls().map(|c| c.ttft_us).collect()),
        tpot: Percentiles::of(calls().filter_map(per_token_us).collect()),
        call: Percentiles::of(calls().map(|c| c.total_us).collect()),
        trial: Percentiles::of(scored.iter().map(|e| virtual_us(e)).collect()),
    }
}

fn share(scored: &[&Ended]) -> Option<Share> {
    let total = |of: fn(&Ended) -> u64| scored.iter().map(|e| of(e) as f64).sum::<f64>();
    let (model, tool) = (total(|e| e.times.model_us), total(|e| e.times.tool_us));
    let evaluate = total(|e| e.times.evaluate_us);
    let all = model + tool + evaluate;
    (all > 0.0).then(|| Share { model: model / all, tool: tool / all, evaluate: evaluate / all })
}
