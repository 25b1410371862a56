//! Whether a run kept its gates: counts as they were counted, rates and times by what their samples can say. Knows nothing of how
//! rules are written.

use std::collections::BTreeMap;

use base::Seed;
use journal::{DriftGrade, FigureKind, Mode};
use serde::{Deserialize, Serialize};

use super::figure::{Figure, Nature};
use super::{Bound, Gate, Rule, Standing};
use crate::compare::{Arm, ArmTask};
use crate::figures::word;
use crate::score::{Paired, SAME, bootstrap, clustered_error, holm, rounded_option, sign_flip, special};

/// The chance of a false alarm of all gates of a run together.
pub(super) const ALARM: f64 = 0.025;
/// The chance of letting through what stands at the limit.
const LET_THROUGH: f64 = 0.05;
/// Resamples behind a time.
const RESAMPLES: usize = 4_000;

/// How one gate stands for one variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The rule, as it was written.
    pub gate: String,
    /// The variant.
    pub variant: String,
    /// How it stands.
    pub standing: Standing,
    /// The figure's value.
    #[serde(serialize_with = "rounded_option")]
    pub value: Option<f64>,
    /// The limit that it is held against.
    #[serde(serialize_with = "rounded_option")]
    pub limit: Option<f64>,
    /// The chance of a value this far beyond the limit if the rule were kept, adjusted after Holm over the run's gates; nothing where
    /// what was counted decides.
    #[serde(serialize_with = "rounded_option")]
    pub p_value: Option<f64>,
    /// What the figure is worth.
    pub kind: Option<FigureKind>,
    /// In a sentence.
    pub because: String,
}

/// What is known before the verdict over all gates.
struct Raw {
    judged: Judged,
    /// The chances of what was seen if the rule is just kept, and if it is just broken; nothing where counting decides.
    chances: Option<(f64, f64)>,
}

/// Judges every gate for every variant. `baseline` holds the arms that limits refer to, by variant; `drift` is the run's.
pub fn judge(
    gates: &[Gate],
    arms: &[Arm],
    baseline: &[Arm],
    drift: &BTreeMap<DriftGrade, u64>,
    seed: Seed,
) -> Vec<Judged> {
    let mut all: Vec<Raw> = Vec::new();
    for gate in gates {
        if let Rule::Drift { most } = gate.rule {
            all.push(counted_drift(gate, most, drift, arms));
            continue;
        }
        for arm in arms {
            all.push(one(gate, arm, twin(arm, baseline), seed));
        }
    }
    let alarms: Vec<f64> = all.iter().filter_map(|raw| raw.chances.map(|c| c.0)).collect();
    let mut adjusted = holm(&alarms).into_iter();
    let settle = |mut raw: Raw| {
        if let Some((_, let_through)) = raw.chances {
            let alarm = adjusted.next().unwrap_or(1.0);
            raw.judged.p_value = Some(alarm);
            raw.judged.standing = match (alarm <= ALARM, let_through <= LET_THROUGH) {
                (true, _) => Standing::Broken,
                (false, true) => Standing::Held,
                (false, false) => Standing::Inconclusive,
            };
        }
        raw.judged
    };
    all.into_iter().map(settle).collect()
}

/// The baseline's arm for a variant: of its name, else its only one.
fn twin<'a>(arm: &Arm, baseline: &'a [Arm]) -> Option<&'a Arm> {
    let named = baseline.iter().find(|base| base.variant == arm.variant);
    named.or_else(|| baseline.first().filter(|_| baseline.len() == 1))
}

fn counted_drift(
    gate: &Gate,
    most: Option<DriftGrade>,
    drift: &BTreeMap<DriftGrade, u64>,
    arms: &[Arm],
) -> Raw {
    let beyond: u64 = drift.iter().filter(|(grade, _)| Some(**grade) > most).map(|(_, n)| n).sum();
    let kinds = arms.iter().filter_map(|arm| arm.facts.kind).max();
    let shown: Vec<String> =
        drift.iter().rev().filter(|(_, n)| **n > 0).map(|(g, n)| format!("{n} {}", word(g))).collect();
    let because =
        if shown.is_empty() { "nothing drifted".to_owned() } else { format!("drift: {}", shown.join(", ")) };
    let standing = if beyond > 0 { Standing::Broken } else { Standing::Held };
    let variant = arms.iter().map(|arm| arm.variant.as_str()).collect::<Vec<_>>().join(", ");
    let judged = Judged {
        gate: gate.text.clone(),
        variant,
        standing,
        value: Some(beyond as f64),
        limit: Some(0.0),
        p_value: None,
        // Drift is measured here, whatever the answers are worth.
        kind: kinds.map(|_| FigureKind::Measured),
        because,
    };
    Raw { judged, chances: None }
}

fn one(gate: &Gate, arm: &Arm, base: Option<&Arm>, seed: Seed) -> Raw {
    let mut judged = Judged {
        gate: gate.text.clone(),
        variant: arm.variant.clone(),
        standing: Standing::Inconclusive,
        value: None,
        limit: None,
        p_value: None,
        kind: arm.facts.kind,
        because: String::new(),
    };
    if gate.needs_baseline() && base.is_none() {
        judged.because = format!("the baseline has no variant {:?}", arm.variant);
        return Raw { judged, chances: None };
    }
    match gate.rule {
        Rule::NoNewFailures => {
            new_failures(&mut judged, arm, base);
            Raw { judged, chances: None }
        }
        Rule::Limit { figure, at_least, bound } => limit(judged, figure, at_least, bound, arm, base, seed),
        Rule::Drift { .. } => Raw { judged, chances: None },
    }
}

/// Tasks that both have with equal files, else all of head's where nothing is compared.
fn pairs<'a>(arm: &'a Arm, base: Option<&'a Arm>) -> Vec<(Option<&'a ArmTask>, &'a ArmTask)> {
    let Some(base) = base else { return arm.tasks.iter().map(|task| (None, task)).collect() };
    let same = |a: &ArmTask, b: &ArmTask| (&a.suite, &a.task, a.digest) == (&b.suite, &b.task, b.digest);
    let pair = |task: &'a ArmTask| Some((Some(base.tasks.iter().find(|other| same(other, task))?), task));
    arm.tasks.iter().filter_map(pair).collect()
}

fn new_failures(judged: &mut Judged, arm: &Arm, base: Option<&Arm>) {
    let pairs = pairs(arm, base);
    let failed = pairs.iter().filter(|(was, is)| {
        let (was, is) = (was.map(ArmTask::passes).unwrap_or_default(), is.passes());
        was.1 > 0 && was.0 == was.1 && is.0 < is.1
    });
    let names: Vec<String> = failed.map(|(_, task)| format!("{}/{}", task.suite, task.task)).collect();
    (judged.value, judged.limit) = (Some(names.len() as f64), Some(0.0));
    judged.standing = match (pairs.is_empty(), names.is_empty()) {
        (true, _) => Standing::Inconclusive,
        (_, true) => Standing::Held,
        _ => Standing::Broken,
    };
    judged.because = match (pairs.is_empty(), names.as_slice()) {
        (true, _) => "no task is the same in the baseline".to_owned(),
        (_, []) => format!("none of {} tasks that passed before fails", pairs.len()),
        (_, names) => format!(
            "passed before and failed now: {}",
            names.iter().take(5).cloned().collect::<Vec<_>>().join(", ")
        ),
    };
}

fn limit(
    mut judged: Judged,
    figure: Figure,
    at_least: bool,
    bound: Bound,
    arm: &Arm,
    base: Option<&Arm>,
    seed: Seed,
) -> Raw {
    let base = base.filter(|_| matches!(bound, Bound::Baseline { .. }));
    let pairs = pairs(arm, base);
    let head: Vec<&ArmTask> = pairs.iter().map(|pair| pair.1).collect();
    let before: Vec<&ArmTask> = pairs.iter().filter_map(|pair| pair.0).collect();
    let at = |before: &[&ArmTask]| match bound {
        Bound::Value(value) => Some(value),
        Bound::Baseline { factor, shift } => Some(figure.value(before)? * factor + shift),
    };
    (judged.value, judged.limit) = (figure.value(&head), at(&before));
    let (Some(value), Some(limit)) = (judged.value, judged.limit) else {
        let whose = if judged.value.is_none() { "the run" } else { "the baseline" };
        let why = match figure {
            Figure::Cost | Figure::CostPerPass => "there is no price",
            Figure::FilesOutOfScope => "no task says which files it is about ([scope] of suite.toml)",
            Figure::FindingsLeft => "no visible check ran",
            Figure::Goodput => "no tier has a latency budget",
            _ if figure.nature() == Nature::Time => "no call's time was kept",
            _ => "nobody looked for it",
        };
        judged.because = format!("{whose} has no {}: nothing was scored, or {why}", figure.name());
        return Raw { judged, chances: None };
    };
    let sampled = matches!(arm.facts.mode, Mode::Live | Mode::Fork);
    let kept = if at_least { value >= limit } else { value <= limit };
    let against = if at_least { "at least" } else { "at most" };
    judged.because = format!("{} against {against} {}", figure.show(value), figure.show(limit));
    if !sampled || figure.nature() == Nature::Count {
        judged.standing = if kept { Standing::Held } else { Standing::Broken };
        return Raw { judged, chances: None };
    }
    let (alarm, let_through) = match (figure.nature(), base) {
        (Nature::Rate, None) => rate_chances(figure, &head, limit),
        (Nature::Rate, Some(_)) => paired_chances(figure, &before, &head, bound, seed),
        _ => time_chances(figure, &pairs, &at, seed),
    };
    let chances = if at_least { (alarm, let_through) } else { (let_through, alarm) };
    Raw { judged, chances: Some(chances) }
}

/// The chances of a rate as low as this one, and as high, if it were at the limit: the score test, for as many trials as the
/// clustered ones are worth.
fn rate_chances(figure: Figure, tasks: &[&ArmTask], limit: f64) -> (f64, f64) {
    let cells: Vec<(u64, u64)> = tasks.iter().map(|task| figure.hits(task)).filter(|(_, n)| *n > 0).collect();
    let (passed, n) =
        cells.iter().fold((0.0, 0.0), |(p, n), (passed, of)| (p + *passed as f64, n + *of as f64));
    let rate = passed / n;
    let error = clustered_error(&cells).filter(|error| *error > 0.0);
    let worth = error.map_or(cells.len() as f64, |error| (rate * (1.0 - rate) / error.powi(2)).min(n));
    let spread = (limit * (1.0 - limit) / worth).sqrt();
    let t = if spread > 0.0 { (rate - limit) / spread } else { f64::INFINITY.copysign(rate - limit) };
    let df = if cells.len() > 1 { cells.len() as f64 - 1.0 } else { f64::INFINITY };
    let low = special::t_cdf(t, df);
    (low, 1.0 - low)
}

/// The same of the difference to the baseline, task by task.
fn paired_chances(
    figure: Figure,
    before: &[&ArmTask],
    head: &[&ArmTask],
    bound: Bound,
    seed: Seed,
) -> (f64, f64) {
    let Bound::Baseline { factor, shift } = bound else { return (1.0, 1.0) };
    let pairs = before.iter().zip(head);
    let pairs = pairs.filter_map(|(b, h)| Some(figure.share(h)? - factor * figure.share(b)?));
    let differences: Vec<f64> = pairs.collect();
    let Some(paired) = Paired::of(&differences, 1.0 - 2.0 * ALARM) else { return (1.0, 1.0) };
    let beyond = paired.mean - shift;
    match paired.error {
        Some(error) if error > SAME => {
            let low = special::t_cdf(beyond / error, paired.n as f64 - 1.0);
            // One side of the exact test; the weaker of both counts, for t is near and not exact where few tasks differ.
            let shifted: Vec<f64> = differences.iter().map(|d| d - shift).collect();
            let flipped = sign_flip(&shifted, seed) / 2.0;
            if beyond < 0.0 { (low.max(flipped), 1.0 - low) } else { (low, (1.0 - low).max(flipped)) }
        }
        // No task differs from another: what so many of them could hide.
        _ => {
            let hidden = (1.0 - beyond.abs().min(1.0)).powf(paired.n as f64);
            if beyond < 0.0 { (hidden, 1.0) } else { (1.0, hidden) }
        }
    }
}

/// The same of a time, by resampling tasks.
fn time_chances(
    figure: Figure,
    pairs: &[(Option<&ArmTask>, &ArmTask)],
    at: &dyn Fn(&[&ArmTask]) -> Option<f64>,
    seed: Seed,
) -> (f64, f64) {
    let beyond = bootstrap(pairs, seed, RESAMPLES, |drawn| {
        let (before, head): (Vec<_>, Vec<_>) = drawn.unzip();
        let before: Vec<&ArmTask> = before.into_iter().flatten().collect();
        figure.value(&head).zip(at(&before)).map_or(f64::NAN, |(value, limit)| value - limit)
    });
    let share = |test: &dyn Fn(f64) -> bool| {
        let as_far = beyond.iter().filter(|b| test(**b)).count();
        (as_far + 1) as f64 / (beyond.len() + 1) as f64
    };
    // That the figure is low speaks against "at least" where hardly a resample reaches the limit.
    (share(&|b| b >= 0.0), share(&|b| b <= 0.0))
}
