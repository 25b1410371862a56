//! Runs of the same plan one after the other: trends, where they changed, and what changed there. Knows nothing of formats.

use std::collections::{BTreeMap, BTreeSet};

use base::{FormatVersion, RunId, Timestamp};
use journal::{FailureMode, Mode};
use serde::{Deserialize, Serialize};

use super::flaky::{Flaky, flaky};
use super::{HistoryLine, VariantLine};
use crate::figures::word;
use crate::score::{CHANGE_ALPHA, CONFIDENCE, Interval, changes, rounded, wilson};

/// Version of the object; a field that is added changes the minor part.
const VERSION: FormatVersion = FormatVersion::new(1, 0);

/// Everything that the lines of a history tell together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Version of this object.
    pub version: FormatVersion,
    /// Runs read.
    pub runs: u64,
    /// Runs of the same tasks, variant, mode and number of trials.
    pub series: Vec<Series>,
    /// Questions that live trials answered, by run, oldest first.
    #[serde(default)]
    pub questions: Vec<(base::RunId, super::QuestionLine)>,
    /// Tasks whose verdicts changed although nothing was sampled anew.
    pub flaky: Vec<Flaky>,
}

/// Runs of the same tasks under the same variant, in the same mode, with as many trials and the same faults, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// The variant's name.
    pub variant: String,
    /// What the runs may claim.
    pub mode: Mode,
    /// Whether answers come from authored stubs.
    pub synthetic: bool,
    /// The suites' names.
    pub suites: Vec<String>,
    /// Tasks.
    pub tasks: u64,
    /// Samples of each.
    pub trials: u32,
    /// Its runs.
    pub points: Vec<Point>,
    /// Its figures over them.
    pub trends: Vec<Trend>,
}

/// A run of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The run.
    pub run_id: RunId,
    /// When it began.
    pub created: Timestamp,
    /// The commit, shortened.
    pub commit: Option<String>,
    /// Passes and scored trials.
    pub passed: (u64, u64),
    /// The pass rate's Wilson interval at 95 %.
    pub interval: Option<Interval>,
    /// Why trials did not pass.
    pub failures: BTreeMap<FailureMode, u64>,
}

/// A figure with a trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrendMetric {
    /// The share of scored trials that passed.
    PassRate,
    /// USD a scored trial.
    CostUsd,
    /// Tokens a scored trial.
    Tokens,
    /// Model calls a scored trial.
    Steps,
    /// Cached tokens by prompt tokens.
    CacheHit,
    /// The median of the trials' virtual time, in seconds.
    TrialP50S,
}

/// A figure over the runs of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// Which.
    pub metric: TrendMetric,
    /// Its value in each run; nothing where it had none.
    pub values: Vec<Option<f64>>,
    /// Where it changed.
    pub changes: Vec<SeriesChange>,
}

/// A place where a trend changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesChange {
    /// The first run after it.
    pub run_id: RunId,
    /// Its place among the points, from 0.
    pub point: usize,
    /// The mean before.
    #[serde(serialize_with = "rounded")]
    pub before: f64,
    /// The mean after.
    #[serde(serialize_with = "rounded")]
    pub after: f64,
    /// Of Student's t over the stretches to both sides.
    pub p_value: f64,
    /// What was not the same in that run and the one before it.
    pub changed: Vec<Difference>,
}

/// Something that changed between two runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What, by name: `commit`, `model_served`, `agent_version`, `prompt`, `recordings`, `tasks`, `retake`, `host`, `jobs`.
    pub what: String,
    /// Before.
    pub before: String,
    /// After.
    pub after: String,
}

impl TrendMetric {
    /// What people call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::PassRate => "pass rate",
            Self::CostUsd => "cost of a trial",
            Self::Tokens => "tokens of a trial",
            Self::Steps => "steps of a trial",
            Self::CacheHit => "cache hit",
            Self::TrialP50S => "time of the median trial",
        }
    }

    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::PassRate, Self::CostUsd, Self::Tokens, Self::Steps, Self::CacheHit, Self::TrialP50S];

    fn value(self, variant: &VariantLine) -> Option<f64> {
        let scored = variant.counts.scored();
        let each = |sum: u64| (scored > 0).then(|| sum as f64 / scored as f64);
        match self {
            Self::PassRate => each(variant.counts.passed),
            Self::CostUsd => variant.cost_usd.filter(|_| scored > 0).map(|usd| usd / scored as f64),
            Self::Tokens => each(variant.tokens),
            Self::Steps => each(variant.steps),
            Self::CacheHit => {
                (variant.input_tokens > 0).then(|| variant.cached_tokens as f64 / variant.input_tokens as f64)
            }
            Self::TrialP50S => variant.trial_p50_us.map(|us| us as f64 / 1e6),
        }
    }
}

/// What the runs of one series have in common.
type Key = (String, Mode, bool, Vec<String>, u32, String);

/// A run with one of its variants.
type Run<'a> = (&'a HistoryLine, &'a VariantLine);

impl History {
    /// Puts the lines, oldest first, together.
    pub fn of(lines: &[HistoryLine]) -> Self {
        let mut groups: Vec<(Key, Vec<Run<'_>>)> = Vec::new();
        // A question stops when it is answered: its trials are no night like the others.
        for line in lines.iter().filter(|line| line.question.is_none()) {
            for variant in &line.variants {
                let tasks = variant.tasks.keys().cloned().collect();
                let faults = variant.faults.clone();
                let key = (variant.name.clone(), line.mode, line.synthetic, tasks, line.trials, faults);
                match groups.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, runs)) => runs.push((line, variant)),
                    None => groups.push((key, vec![(line, variant)])),
                }
            }
        }
        Self {
            version: VERSION,
            runs: lines.len() as u64,
            questions: lines
                .iter()
                .filter_map(|line| Some((line.run_id.clone(), line.question.clone()?)))
                .collect(),
            series: groups.into_iter().map(|(key, runs)| series(key, &runs)).collect(),
            flaky: flaky(lines),
        }
    }
}

fn series((variant, mode, synthetic, tasks, trials, _): Key, runs: &[Run<'_>]) -> Series {
    let suites: BTreeSet<&str> = tasks.iter().filter_map(|task| task.split('/').next()).collect();
    let trends = TrendMetric::ALL.into_iter().map(|metric| trend(metric, runs));
    Series {
        variant,
        mode,
        synthetic,
        suites: suites.into_iter().map(str::to_owned).collect(),
        tasks: tasks.len() as u64,
        trials,
        points: runs.iter().map(point).collect(),
        trends: trends.filter(|trend| trend.values.iter().any(Option::is_some)).collect(),
    }
}

fn point((line, variant): &Run<'_>) -> Point {
    let passed = (variant.counts.passed, variant.counts.scored());
    Point {
        run_id: line.run_id.clone(),
        created: line.created,
        commit: line.git.as_ref().map(commit),
        passed,
        interval: wilson(passed.0, passed.1, CONFIDENCE),
        failures: variant.failures.clone(),
    }
}

/// A commit, shortened, with a mark where files differed from it.
fn commit(git: &journal::GitState) -> String {
    let short: String = git.commit.chars().take(12).collect();
    if git.dirty { format!("{short}+") } else { short }
}

fn trend(metric: TrendMetric, runs: &[Run<'_>]) -> Trend {
    let values: Vec<Option<f64>> = runs.iter().map(|(_, variant)| metric.value(variant)).collect();
    // A run without a value says nothing: the series goes on without it.
    let known: Vec<(usize, f64)> =
        values.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?))).collect();
    let series: Vec<f64> = known.iter().map(|(_, value)| *value).collect();
    let found = changes(&series, CHANGE_ALPHA).into_iter().filter_map(|change| {
        let (at, _) = *known.get(change.index)?;
        let (before, _) = *known.get(change.index.checked_sub(1)?)?;
        Some(SeriesChange {
            run_id: runs[at].0.run_id.clone(),
            point: at,
            before: change.before,
            after: change.after,
            p_value: change.p_value,
            changed: differences(&runs[before], &runs[at]),
        })
    });
    let changes = found.collect();
    Trend { metric, values: values.into_iter().map(|v| v.map(crate::score::round)).collect(), changes }
}

fn differences((a, was): &Run<'_>, (b, is): &Run<'_>) -> Vec<Difference> {
    let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
    let digests =
        |set: &BTreeSet<base::Digest>| set.iter().map(base::Digest::short).collect::<Vec<_>>().join(", ");
    let git = |line: &HistoryLine| line.git.as_ref().map_or("none".to_owned(), commit);
    let suites = |line: &HistoryLine| {
        line.suites
            .iter()
            .map(|(name, digest)| format!("{name} {}", digest.short()))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let number = |n: Option<u64>| n.map_or("unknown".to_owned(), |n| n.to_string());
    let host = |line: &HistoryLine| line.host.clone().unwrap_or_else(|| "unknown".to_owned());
    let pairs = [
        ("commit", git(a), git(b)),
        ("model_served", list(&was.served), list(&is.served)),
        ("agent_version", list(&was.agents), list(&is.agents)),
        ("prompt", digests(&was.prompts), digests(&is.prompts)),
        ("recordings", was.digest.short(), is.digest.short()),
        ("tasks", suites(a), suites(b)),
        ("retake", a.retake.clone(), b.retake.clone()),
        ("host", host(a), host(b)),
        ("jobs", number(a.jobs), number(b.jobs)),
    ];
    let differ = pairs.into_iter().filter(|(_, before, after)| before != after);
    differ.map(|(what, before, after)| Difference { what: what.to_owned(), before, after }).collect()
}

impl Series {
    /// What the series is of, in a line.
    pub fn title(&self) -> String {
        let suites = self.suites.join(", ");
        let mark = if self.synthetic { ", SYNTHETIC" } else { "" };
        format!(
            "{} on {suites}: {} tasks x {}, {}{mark}",
            self.variant,
            self.tasks,
            self.trials,
            word(&self.mode)
        )
    }
}
