//! One figure compared over the tasks that both arms have: its pairs, the tests, and what they amount to. Knows nothing of how it
//! is shown.

use base::Seed;
use journal::FigureKind;
use serde::{Deserialize, Serialize};

use super::arm::{Arm, ArmTask};
use crate::score::{
    CONFIDENCE, Interval, POWER, Paired, RESAMPLES, SAME, bootstrap, deviation, mcnemar, mean, mean_of,
    percentile_interval, ratio_of, round, rounded, rounded_option, sign_flip, tasks_for, trials_for,
};

/// A figure that arms are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The share of trials that passed.
    PassRate,
    /// USD a trial.
    CostUsd,
    /// Tokens of prompts and answers a trial.
    Tokens,
    /// Successful model calls a trial.
    Steps,
    /// Cached tokens by prompt tokens, as the model reported them.
    CacheHit,
    /// Virtual seconds of a trial, over tasks where both arms passed and their passes only.
    TimeS,
    /// Virtual seconds until it is solved; a trial that doesn't solve its task counts as long as the longest of both arms.
    SolveS,
    /// Files a trial changed that its task is not about, over tasks that say which they are about.
    FilesOutOfScope,
    /// What the visible checks found in their last round.
    FindingsLeft,
}

/// What a comparison says of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Head is better, and it isn't chance.
    Better,
    /// Head is worse, and it isn't chance.
    Worse,
    /// If they differ, then by less than the margin.
    Equivalent,
    /// These trials don't tell.
    Inconclusive,
}

/// How the p-value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// McNemar's, exact: every task has one trial in each arm.
    Mcnemar,
    /// Signs of the tasks' differences flipped.
    SignFlip,
    /// The signs of the pairs' differences bet on, pair by pair: it holds however often it is looked at.
    Sequence,
}

/// One figure under both arms. Values are means over the paired tasks of each task's mean, so that every task weighs the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricComparison {
    /// The figure.
    pub metric: Metric,
    /// Base's value.
    #[serde(serialize_with = "rounded")]
    pub base: f64,
    /// Head's value.
    #[serde(serialize_with = "rounded")]
    pub head: f64,
    /// Head less base.
    #[serde(serialize_with = "rounded")]
    pub difference: f64,
    /// The difference's interval at 95 %, by Student's t over tasks; where no task differs, by what that many tasks can hide.
    pub interval: Option<Interval>,
    /// The same by a paired bootstrap over tasks.
    pub bootstrap: Option<Interval>,
    /// Head by base, of sums.
    #[serde(serialize_with = "rounded_option")]
    pub ratio: Option<f64>,
    /// The ratio's interval at 95 %, by the same bootstrap.
    pub ratio_interval: Option<Interval>,
    /// The chance of a difference this large if the arms were the same.
    #[serde(serialize_with = "rounded")]
    pub p_value: f64,
    /// How that was found.
    pub test: Test,
    /// Tasks paired.
    pub tasks: u64,
    /// Tasks with a higher value under head.
    pub gained: u64,
    /// Tasks with a lower one.
    pub lost: u64,
    /// The smallest difference that such trials would show four times out of five.
    #[serde(serialize_with = "rounded_option")]
    pub detectable: Option<f64>,
    /// The margin within which arms count as equivalent, in the figure's unit.
    #[serde(serialize_with = "rounded")]
    pub margin: f64,
    /// What the figure is worth.
    pub kind: Option<FigureKind>,
    /// What it amounts to.
    pub verdict: Verdict,
    /// Tasks that would tell a difference of the margin, with as many trials of each; only where inconclusive.
    pub tasks_needed: Option<u64>,
    /// Trials of each of these tasks that would tell it; nothing where no number would.
    pub trials_needed: Option<u64>,
}

/// The pair of one task: base's value, head's value.
pub(super) type Pair = (f64, f64);

impl Metric {
    /// All of them, pass rate first.
    pub const ALL: [Self; 9] = [
        Self::PassRate,
        Self::CostUsd,
        Self::Tokens,
        Self::Steps,
        Self::CacheHit,
        Self::TimeS,
        Self::SolveS,
        Self::FilesOutOfScope,
        Self::FindingsLeft,
    ];

    /// What people call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::PassRate => "pass rate",
            Self::CostUsd => "cost",
            Self::Tokens => "tokens",
            Self::Steps => "steps",
            Self::CacheHit => "cache hit",
            Self::TimeS => "time of a pass",
            Self::SolveS => "time to solve",
            Self::FilesOutOfScope => "files out of scope",
            Self::FindingsLeft => "findings left",
        }
    }

    /// Whether the host that ran the trials measured it, so that no canonical file may hold it.
    pub(crate) fn is_of_host(self) -> bool {
        matches!(self, Self::FilesOutOfScope | Self::FindingsLeft)
    }

    /// Whether more of it is better.
    pub fn more_is_better(self) -> bool {
        matches!(self, Self::PassRate | Self::CacheHit)
    }

    /// Whether it is a share of 0 to 1.
    pub fn is_share(self) -> bool {
        matches!(self, Self::PassRate | Self::CacheHit)
    }

    /// The task's pair, where both arms have a value.
    fn pair(self, base: &ArmTask, head: &ArmTask, horizon_us: u64) -> Option<Pair> {
        let value = |task: &ArmTask| -> Option<f64> {
            let of =
                |f: fn(&super::Sample) -> Option<f64>| mean(&task.scored().filter_map(f).collect::<Vec<_>>());
            match self {
                Self::PassRate => task.pass_rate(),
                Self::CostUsd => of(|s| s.cost_usd),
                Self::Tokens => of(|s| Some(s.input_tokens.saturating_add(s.output_tokens) as f64)),
                Self::Steps => of(|s| Some(f64::from(s.steps))),
                Self::CacheHit => {
                    let (cached, input) = task.scored().fold((0_u64, 0_u64), |(c, i), s| {
                        (c.saturating_add(s.cached_tokens), i.saturating_add(s.input_tokens))
                    });
                    (input > 0).then(|| cached as f64 / input as f64)
                }
                Self::TimeS => of(|s| s.passed().then_some(s.time_us as f64 / 1e6)),
                Self::FilesOutOfScope => of(|s| Some(s.patch?.files_out_of_scope? as f64)),
                Self::FindingsLeft => of(|s| Some(s.findings_left? as f64)),
                Self::SolveS => {
                    let until = |s: &super::Sample| if s.passed() { s.time_us } else { horizon_us };
                    mean(&task.scored().map(|s| until(s) as f64 / 1e6).collect::<Vec<_>>())
                }
            }
        };
        Some((value(base)?, value(head)?))
    }

    /// The pairs of all tasks.
    pub(super) fn pairs(self, tasks: &[(&ArmTask, &ArmTask)]) -> Vec<Pair> {
        let times =
            tasks.iter().flat_map(|(base, head)| base.scored().chain(head.scored())).map(|s| s.time_us);
        let horizon_us = times.max().unwrap_or(0);
        tasks.iter().filter_map(|(base, head)| self.pair(base, head, horizon_us)).collect()
    }
}

/// How to compare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Pass rates this far apart count as equivalent.
    pub margin: f64,
    /// Other figures this far apart, relative to base, count as equivalent.
    pub relative_margin: f64,
    /// Seed of resampling.
    pub seed: Seed,
    /// Resamples of the bootstrap; 0 leaves it out.
    pub resamples: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { margin: 0.02, relative_margin: 0.05, seed: Seed::new(1), resamples: RESAMPLES }
    }
}

/// Compares one figure over pairs; nothing where there are none.
pub(super) fn compare(
    metric: Metric,
    pairs: &[Pair],
    single: bool,
    kind: Option<FigureKind>,
    options: &Options,
) -> Option<MetricComparison> {
    let [base, head]: [Vec<f64>; 2] =
        [pairs.iter().map(|p| p.0).collect(), pairs.iter().map(|p| p.1).collect()];
    let d: Vec<f64> = pairs.iter().map(|(base, head)| head - base).collect();
    let paired = Paired::of(&d, CONFIDENCE)?;
    let base = mean(&base)?;
    let (gained, lost) =
        (d.iter().filter(|d| **d > 0.0).count() as u64, d.iter().filter(|d| **d < 0.0).count() as u64);
    let test = if metric == Metric::PassRate && single { Test::Mcnemar } else { Test::SignFlip };
    let p_value = match test {
        Test::Mcnemar => mcnemar(gained, lost),
        Test::SignFlip | Test::Sequence => sign_flip(&d, options.seed),
    };
    let same = paired.error.is_some_and(|error| error <= SAME);
    let margin = if metric.is_share() { options.margin } else { options.relative_margin * base.abs() };
    let interval = if same && metric.is_share() { hidden(paired.mean, d.len()) } else { paired.interval };
    let ratios = (base > 0.0 && !metric.is_share())
        .then(|| bootstrap(pairs, options.seed, options.resamples, ratio_of));
    let resampled = (!same).then(|| bootstrap(&d, options.seed, options.resamples, mean_of));
    let verdict = verdict(metric, paired.mean, p_value, interval.as_ref(), margin);
    Some(MetricComparison {
        metric,
        base,
        head: mean(&head)?,
        difference: paired.mean,
        interval,
        bootstrap: resampled.and_then(|values| percentile_interval(&values, CONFIDENCE)),
        ratio: (base > 0.0 && !metric.is_share()).then(|| ratio_of(&mut pairs.iter().copied())),
        ratio_interval: ratios.and_then(|values| percentile_interval(&values, CONFIDENCE)),
        p_value,
        test,
        tasks: paired.n,
        gained,
        lost,
        detectable: paired.detectable,
        margin,
        kind,
        verdict,
        tasks_needed: needed_tasks(verdict, margin, &d),
        trials_needed: None,
    })
}

/// Where no task of `n` differs from another, what may still hide: were a task to differ from the rest with a chance above
/// `1 - (α/2)^(1/n)`, one of them would have (J. Hanley and A. Lippman-Hand, "If nothing goes wrong, is everything all right?",
/// JAMA 249, 1983, with the exact bound in place of 3/n).
fn hidden(mean: f64, n: usize) -> Option<Interval> {
    let most = 1.0 - ((1.0 - CONFIDENCE) / 2.0).powf(1.0 / n as f64);
    (n > 0).then(|| Interval { lo: (mean - most).max(-1.0), hi: (mean + most).min(1.0) })
}

/// Within the margin is equivalent, whatever the test says: such a difference doesn't matter.
fn verdict(
    metric: Metric,
    difference: f64,
    p_value: f64,
    interval: Option<&Interval>,
    margin: f64,
) -> Verdict {
    let Some(interval) = interval else { return Verdict::Inconclusive };
    if -margin <= interval.lo && interval.hi <= margin {
        return Verdict::Equivalent;
    }
    if p_value > 1.0 - CONFIDENCE {
        return Verdict::Inconclusive;
    }
    if (difference > 0.0) == metric.more_is_better() { Verdict::Better } else { Verdict::Worse }
}

fn needed_tasks(verdict: Verdict, margin: f64, differences: &[f64]) -> Option<u64> {
    let spread = deviation(differences).filter(|s| *s > 0.0)?;
    (verdict == Verdict::Inconclusive).then(|| tasks_for(margin, spread, 1.0 - CONFIDENCE, POWER))?
}

/// How many trials of each task would tell pass rates apart by the margin: what repeats can't take away is the tasks' own.
pub(super) fn needed_trials(tasks: &[(&ArmTask, &ArmTask)], rate: &MetricComparison) -> Option<u64> {
    let mut within = Vec::new();
    let mut counts = Vec::new();
    for (base, head) in tasks {
        let mut sum = 0.0;
        for (passed, of) in [base.passes(), head.passes()] {
            // The unbiased variance of one trial takes two trials.
            let p = (of > 1).then(|| passed as f64 / of as f64)?;
            sum += p * (1.0 - p) * of as f64 / (of - 1) as f64;
            counts.push(of as f64);
        }
        within.push(sum);
    }
    let pairs = Metric::PassRate.pairs(tasks);
    let spread = deviation(&pairs.iter().map(|(b, h)| h - b).collect::<Vec<_>>())?;
    let trials = mean(&counts)?;
    let inconclusive = rate.verdict == Verdict::Inconclusive;
    inconclusive
        .then(|| trials_for(rate.margin, spread, mean(&within)?, trials, rate.tasks, 1.0 - CONFIDENCE))?
}

/// What the two arms cost together, in USD; nothing where no trial has a price.
pub(super) fn spent(base: &Arm, head: &Arm) -> Option<f64> {
    let costs: Vec<f64> = base.samples().chain(head.samples()).filter_map(|s| s.cost_usd).collect();
    (!costs.is_empty()).then(|| round(costs.iter().sum()))
}
