//! Two arms compared task by task: what differs, whether it is chance, and what it would take to know. Reads nothing and knows
//! nothing of formats.

mod arm;
mod baseline;
mod matching;
mod matrix;
mod metric;
pub(crate) mod text;

use base::FormatVersion;
use cassette::align::Fork;
use journal::FigureKind;
use serde::{Deserialize, Serialize};

pub use arm::{Arm, ArmFacts, ArmTask, Sample};
pub use baseline::{Baseline, BaselineError};
pub use matching::{Mismatch, Weight};
pub use matrix::Matrix;
pub use metric::{Metric, MetricComparison, Options, Test, Verdict};
pub use text::{comparison_text, matrix_text};

use crate::score::{CONFIDENCE, Interval, TimeToSolve, fisher, rounded, rounded_option};

/// Version of the object; a field that is added changes the minor part.
const VERSION: FormatVersion = FormatVersion::new(1, 0);

/// What the intervals of a comparison are about.
pub const ESTIMAND: &str = "tasks like these";

/// Arms that cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// No task is the same in both.
    #[error("{base} and {head} have no task in common whose files are equal: {why}")]
    NothingInCommon {
        /// Base's name.
        base: String,
        /// Head's name.
        head: String,
        /// What they have.
        why: String,
    },
    /// Nothing was scored on both sides.
    #[error("{base} and {head}: no task has a scored trial in both")]
    NothingScored {
        /// Base's name.
        base: String,
        /// Head's name.
        head: String,
    },
}

/// Head against base.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Version of this object.
    pub version: FormatVersion,
    /// The arms.
    pub arms: Arms,
    /// The pass rate's comparison: its fields stand in this object itself.
    #[serde(flatten)]
    pub rate: MetricComparison,
    /// What both arms cost together, in USD; nothing where no trial has a price.
    #[serde(serialize_with = "rounded_option")]
    pub cost_usd: Option<f64>,
    /// Whether answers of either arm come from an authored stub: then no statistic says anything about a model.
    pub synthetic: bool,
    /// Whether the arms hold the same trials, byte for byte: nothing was sampled anew.
    pub identical: bool,
    /// What the intervals are about.
    pub estimand: String,
    /// Their two-sided confidence.
    pub confidence: f64,
    /// Every figure, the one that decides first: the pass rate where it tells the arms apart, else cost and effort.
    pub metrics: Vec<MetricComparison>,
    /// Tasks that pass more often under head.
    pub gained_tasks: Vec<Flip>,
    /// Tasks that pass less often under head.
    pub lost_tasks: Vec<Flip>,
    /// How soon each arm solves the paired tasks.
    pub time_to_solve: Solves,
    /// Trials that the harness, the host or a divergence took away.
    pub faults: Faults,
    /// What is not the same in both arms.
    pub mismatches: Vec<Mismatch>,
}

/// The names of both arms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arms {
    /// What is compared with.
    pub base: ArmName,
    /// What is compared.
    pub head: ArmName,
}

/// The name of an arm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArmName {
    /// Its run.
    pub run_id: base::RunId,
    /// Its variant.
    pub variant: String,
}

/// A task whose pass rate differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flip {
    /// The suite's name.
    pub suite: String,
    /// The task's name.
    pub task: String,
    /// Base's pass rate.
    #[serde(serialize_with = "rounded")]
    pub base: f64,
    /// Head's pass rate.
    #[serde(serialize_with = "rounded")]
    pub head: f64,
    /// A trial of base and one of head that ended differently.
    pub trials: [base::TrialId; 2],
    /// Where the two began to act differently, once somebody has looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<Fork>,
}

/// How soon each arm solves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Solves {
    /// Base.
    pub base: Option<TimeToSolve>,
    /// Head.
    pub head: Option<TimeToSolve>,
}

/// Trials without a verdict through no doing of the agent's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Faults {
    /// Of base's trials of paired tasks, those with a harness fault, void or unfinished, and all.
    pub base: [u64; 2],
    /// The same of head.
    pub head: [u64; 2],
    /// Fisher's exact p-value of "both lose trials alike".
    #[serde(serialize_with = "rounded")]
    pub p_value: f64,
    /// The difference of pass rates if every lost trial had gone against head, and if every one had gone for it.
    pub worst_case: Interval,
}

impl Comparison {
    /// Compares head with base over the tasks whose files are equal.
    pub fn of(base: &Arm, head: &Arm, options: &Options) -> Result<Self, CompareError> {
        let with_run = base.run_id != head.run_id;
        let names = || (base.name(with_run), head.name(with_run));
        let mut found = Vec::new();
        let pairs = matching::pair_tasks(base, head, &mut found);
        if pairs.is_empty() {
            let ((base, head), why) = (names(), uncommon(&found));
            return Err(CompareError::NothingInCommon { base, head, why });
        }
        let kind = [base.facts.kind, head.facts.kind].into_iter().flatten().max();
        let synthetic = base.facts.synthetic || head.facts.synthetic;
        let kind = kind.map(|kind| if synthetic { FigureKind::Synthetic } else { kind });
        let single = pairs.iter().all(|(b, h)| b.passes().1 <= 1 && h.passes().1 <= 1);
        let compared = |metric: Metric| metric::compare(metric, &metric.pairs(&pairs), single, kind, options);
        let nothing = || {
            let (base, head) = names();
            CompareError::NothingScored { base, head }
        };
        let mut rate = compared(Metric::PassRate).ok_or_else(nothing)?;
        rate.trials_needed = metric::needed_trials(&pairs, &rate);
        let identical = identical(&pairs);
        if identical {
            (rate.verdict, rate.tasks_needed, rate.trials_needed) = (Verdict::Equivalent, None, None);
            rate.interval = Some(Interval { lo: 0.0, hi: 0.0 });
        }
        let mut metrics = vec![rate.clone()];
        metrics.extend(Metric::ALL[1..].iter().filter_map(|metric| compared(*metric)));
        order(&mut metrics);
        let (gained_tasks, lost_tasks) = flips(base, head, &pairs);
        Ok(Self {
            version: VERSION,
            arms: Arms { base: base.into(), head: head.into() },
            cost_usd: metric::spent(base, head),
            synthetic,
            identical,
            estimand: ESTIMAND.to_owned(),
            confidence: CONFIDENCE,
            rate,
            metrics,
            gained_tasks,
            lost_tasks,
            time_to_solve: solves(&pairs),
            faults: faults(&pairs),
            mismatches: matching::mismatches(base, head, &pairs, found),
        })
    }

    /// The comparison of one figure.
    pub fn metric(&self, metric: Metric) -> Option<&MetricComparison> {
        self.metrics.iter().find(|m| m.metric == metric)
    }
}

impl From<&Arm> for ArmName {
    fn from(arm: &Arm) -> Self {
        Self { run_id: arm.run_id.clone(), variant: arm.variant.clone() }
    }
}

/// What there is instead of common tasks.
fn uncommon(found: &[Mismatch]) -> String {
    let shown = found.iter().take(3).map(|m| format!("{} against {}", m.base, m.head));
    let mut shown: Vec<String> = shown.collect();
    if found.len() > shown.len() {
        shown.push("...".to_owned());
    }
    shown.join("; ")
}

/// Whether every trial of every pair has the same digest in both arms.
fn identical(pairs: &[(&ArmTask, &ArmTask)]) -> bool {
    pairs.iter().all(|(base, head)| {
        let digests = |task: &ArmTask| task.samples.iter().map(|s| s.digest).collect::<Vec<_>>();
        let own = digests(base);
        own.iter().all(Option::is_some) && own == digests(head)
    })
}

/// Where pass rates don't tell the arms apart, cost and effort come first.
fn order(metrics: &mut [MetricComparison]) {
    let tells = |m: &MetricComparison| matches!(m.verdict, Verdict::Better | Verdict::Worse);
    if metrics.first().is_some_and(|rate| !tells(rate)) {
        metrics.sort_by_key(|m| (m.metric == Metric::PassRate, m.metric));
    }
}

fn flips(base: &Arm, head: &Arm, pairs: &[(&ArmTask, &ArmTask)]) -> (Vec<Flip>, Vec<Flip>) {
    let (mut gained, mut lost) = (Vec::new(), Vec::new());
    for (b, h) in pairs {
        let (Some(was), Some(is)) = (b.pass_rate(), h.pass_rate()) else { continue };
        if was == is {
            continue;
        }
        let rose = is > was;
        // Of the arm that passes more often a trial that passed, of the other one that did not.
        let of =
            |task: &ArmTask, passed: bool| task.scored().find(|s| s.passed() == passed).map(|s| s.number);
        let numbers = (of(b, !rose), of(h, rose));
        let (Some(base_number), Some(head_number)) = numbers else { continue };
        let trials = [b.trial(&base.variant, base_number), h.trial(&head.variant, head_number)];
        let (suite, task) = (b.suite.clone(), b.task.clone());
        let flip = Flip { suite, task, base: was, head: is, trials, fork: None };
        if rose { gained.push(flip) } else { lost.push(flip) }
    }
    (gained, lost)
}

fn solves(pairs: &[(&ArmTask, &ArmTask)]) -> Solves {
    let of = |side: fn(&(&ArmTask, &ArmTask)) -> Vec<crate::score::Solve>| {
        TimeToSolve::of(pairs.iter().flat_map(side).collect())
    };
    Solves {
        base: of(|p| p.0.scored().map(Sample::solve).collect()),
        head: of(|p| p.1.scored().map(Sample::solve).collect()),
    }
}

fn faults(pairs: &[(&ArmTask, &ArmTask)]) -> Faults {
    let count = |tasks: Vec<&ArmTask>| {
        let samples = tasks.iter().flat_map(|task| &task.samples);
        samples.fold([0, 0], |[lost, all], sample| [lost + u64::from(sample.lost()), all + 1])
    };
    let base = count(pairs.iter().map(|p| p.0).collect());
    let head = count(pairs.iter().map(|p| p.1).collect());
    // A task's pass rate with its lost trials counted as they are told to.
    let filled = |task: &ArmTask, passed: bool| -> Option<f64> {
        let (passes, of) = task.passes();
        let lost = task.samples.iter().filter(|s| s.lost()).count() as u64;
        let all = of + lost;
        (all > 0).then(|| (passes + if passed { lost } else { 0 }) as f64 / all as f64)
    };
    let bound = |for_head: bool| {
        let d = pairs.iter().filter_map(|(b, h)| Some(filled(h, for_head)? - filled(b, !for_head)?));
        crate::score::mean(&d.collect::<Vec<_>>()).unwrap_or(0.0)
    };
    let rest = |[lost, all]: [u64; 2]| [lost, all - lost];
    Faults {
        base,
        head,
        p_value: fisher([rest(base), rest(head)]),
        worst_case: Interval { lo: bound(false), hi: bound(true) },
    }
}
