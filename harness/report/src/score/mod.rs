//! What a run's trials add up to: pure statistics over what was read. No input or output, no formats.

mod change;
mod cluster;
mod exact;
mod group;
mod paired;
mod rate;
mod sequence;
mod solve;
pub(crate) mod special;
mod spread;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use journal::FigureKind;
use serde::{Serialize, Serializer};

pub use change::{CHANGE_ALPHA, Change, changes};
pub use cluster::{clustered, clustered_error};
pub use exact::{fisher, holm, mcnemar, sign_flip};
pub use group::{Counts, Effort, Faults, Latency, Rate, Repeat, Score, Share};
pub(crate) use group::{in_time, per_token_us, virtual_us};
pub(crate) use paired::SAME;
pub use paired::{
    POWER, Paired, RESAMPLES, bootstrap, detectable, mean_of, percentile_interval, power, ratio_of,
    tasks_for, trials_for,
};
pub use rate::{CONFIDENCE, Interval, pass_all_k, pass_at_k, wilson};
pub use sequence::{FIGURE_ALPHA, GUARD_ALPHA, Sequence, Values, detectable_in_sequence};
pub use solve::{Solve, TimeToSolve};
pub use special::{normal_quantile, t_quantile};
pub use spread::{Percentiles, deviation, mean, percentile, percentile_of};

use crate::{RunData, TrialData};

/// What the intervals are about. They say how far the rate of these very tasks may be off by the luck of the samples;
/// they say nothing of tasks that are not in the suite.
pub const ESTIMAND: &str = "these tasks, as sampled";

/// The scores of a run, in the plan's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Each task under each variant.
    pub tasks: Vec<TaskScore>,
    /// Each suite under each variant.
    pub suites: Vec<SuiteScore>,
    /// Each variant over everything.
    pub variants: Vec<VariantScore>,
    /// All trials.
    pub total: Score,
}

/// The score of one task under one variant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskScore {
    /// The suite's name.
    pub suite: String,
    /// The task's name.
    pub task: String,
    /// The variant's name.
    pub variant: String,
    /// The figures.
    pub score: Score,
}

/// The score of one suite under one variant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SuiteScore {
    /// The suite's name.
    pub suite: String,
    /// The variant's name.
    pub variant: String,
    /// The figures.
    pub score: Score,
}

/// The score of one variant over all suites.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VariantScore {
    /// The variant's name.
    pub variant: String,
    /// The figures.
    pub score: Score,
}

impl Scores {
    /// Adds up a run.
    pub fn of(data: &RunData) -> Self {
        let plan = &data.header.plan;
        let mut by_suite: BTreeMap<(&str, &str), Vec<&TrialData>> = BTreeMap::new();
        let mut by_variant: BTreeMap<&str, Vec<&TrialData>> = BTreeMap::new();
        // Groups keep the plan's order, in which the samples of a task under a variant are neighbours.
        for trial in &data.trials {
            by_suite.entry((&trial.id.suite, &trial.id.variant)).or_default().push(trial);
            by_variant.entry(&trial.id.variant).or_default().push(trial);
        }
        let group = |trials: Option<&Vec<&TrialData>>| {
            Score::of(trials.map_or(&[][..], |t| t.as_slice()), plan.synthetic)
        };
        let pairs = plan.suites.iter().flat_map(|s| plan.variants.iter().map(move |v| (&s.name, &v.name)));
        let suite_score = |(suite, variant): (&String, &String)| SuiteScore {
            suite: suite.clone(),
            variant: variant.clone(),
            score: group(by_suite.get(&(suite.as_str(), variant.as_str()))),
        };
        let variant_score = |name: &String| VariantScore {
            variant: name.clone(),
            score: group(by_variant.get(name.as_str())),
        };
        Self {
            tasks: task_scores(data),
            suites: pairs.map(suite_score).collect(),
            variants: plan.variants.iter().map(|v| variant_score(&v.name)).collect(),
            total: group(Some(&data.trials.iter().collect())),
        }
    }
}

fn task_scores(data: &RunData) -> Vec<TaskScore> {
    let cells = data.trials.chunk_by(same_cell).filter_map(|trials| {
        let id = &trials.first()?.id;
        let score = Score::of(&trials.iter().collect::<Vec<_>>(), data.header.plan.synthetic);
        Some(TaskScore { suite: id.suite.clone(), task: id.task.clone(), variant: id.variant.clone(), score })
    });
    cells.collect()
}

/// Whether two trials are samples of the same task under the same variant.
fn same_cell(a: &TrialData, b: &TrialData) -> bool {
    (&a.id.suite, &a.id.task, &a.id.variant) == (&b.id.suite, &b.id.task, &b.id.variant)
}

/// The kind of a figure that is made of others: the weakest of theirs.
pub fn weakest(kinds: impl IntoIterator<Item = FigureKind>) -> Option<FigureKind> {
    kinds.into_iter().max()
}

/// Six decimals: more than any figure here is good for, few enough that hosts whose last bits differ agree.
pub(crate) fn rounded<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(round(*value))
}

#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
pub(crate) fn rounded_option<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => rounded(value, serializer),
        None => serializer.serialize_none(),
    }
}

/// A value at the six decimals that canonical files carry.
pub(crate) fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
