//! Gates that can't be asked: those that cannot fail in a run's mode, and those that its trials cannot decide. Knows nothing of how
//! rules are written.

use base::Digest;
use journal::Mode;

use super::figure::{Figure, Nature, Unit};
use super::judge::ALARM;
use super::{Bound, Gate, Rule};
use crate::compare::{Arm, ArmTask};
use crate::score::{POWER, mean, normal_quantile};

/// Why a gate is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("gate `{gate}`: {why}")]
pub struct Refusal {
    /// The rule, as it was written.
    pub gate: String,
    /// Why, in a sentence.
    pub why: String,
}

/// What is known of a variant before it runs: its name and the digest of what it resolves to.
type Planned<'a> = (&'a str, Digest);

/// Refuses a gate that would hold whatever the agent did, or that blames it for chance.
pub fn refuse(
    gate: &Gate,
    mode: Mode,
    variants: &[Planned<'_>],
    baseline: Option<&[Arm]>,
) -> Result<(), Refusal> {
    let no = |why: &str| Err(Refusal { gate: gate.text.clone(), why: why.to_owned() });
    if gate.needs_baseline() && baseline.is_none() {
        return no("there is no baseline: set one with `retake baseline set RUN`");
    }
    match gate.rule {
        Rule::Drift { .. } if !matches!(mode, Mode::Replay | Mode::Fork) => {
            no("only a replay has something to drift from: in this mode it cannot fail")
        }
        Rule::NoNewFailures if matches!(mode, Mode::Live | Mode::Fork) => no(
            "a live task that passed may fail by chance, so this gate blames the agent for luck: use `pass_rate >= baseline - 2pp`",
        ),
        Rule::Limit { figure, at_least, bound } => {
            if let Some(why) = cannot_fail(figure, at_least, bound) {
                return no(why);
            }
            match mode {
                Mode::Replay if figure.is_recorded() && !recorded_anew(bound, variants, baseline) => no(
                    "a replay repeats what was recorded of this figure, so it cannot fail; gate the run that is recorded, or a replay of \
                     other recordings than the baseline's",
                ),
                Mode::Reference if figure.is_recorded() => {
                    no("no model is asked here, so this figure cannot fail")
                }
                Mode::Live | Mode::Script | Mode::Reference if figure == Figure::Void => {
                    no("only a replay can diverge: in this mode it cannot fail")
                }
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Limits that every value keeps to.
fn cannot_fail(figure: Figure, at_least: bool, bound: Bound) -> Option<&'static str> {
    let share = figure.unit() == Unit::Share;
    match (bound, at_least) {
        (Bound::Value(limit), true) if limit <= 0.0 => Some("every value is at least 0: it cannot fail"),
        (Bound::Value(limit), false) if share && limit >= 1.0 => {
            Some("every share is at most 1: it cannot fail")
        }
        (Bound::Baseline { factor, shift }, true) if factor <= 0.0 || share && shift <= -1.0 => {
            Some("the margin is as wide as the figure: it cannot fail")
        }
        _ => None,
    }
}

/// Whether the recordings are others than the baseline's.
fn recorded_anew(bound: Bound, variants: &[Planned<'_>], baseline: Option<&[Arm]>) -> bool {
    let Bound::Baseline { .. } = bound else { return false };
    let of = |name: &str| baseline.unwrap_or_default().iter().find(|arm| arm.variant == name);
    variants.iter().any(|(name, digest)| of(name).is_none_or(|arm| arm.facts.digest != *digest))
}

/// What to say before a live run whose trials can hardly decide a gate on its pass rate: the fall that they would show four times out
/// of five, where that is more than the margin. The baseline's own spread is taken for the run's.
pub fn underpowered(
    gate: &Gate,
    tasks: u64,
    trials: u64,
    variants: &[Planned<'_>],
    baseline: Option<&[Arm]>,
) -> Option<String> {
    let Rule::Limit { figure, bound, .. } = gate.rule else { return None };
    if figure.nature() != Nature::Rate || tasks == 0 || trials == 0 {
        return None;
    }
    let z = normal_quantile(1.0 - ALARM) + normal_quantile(POWER);
    let (error, margin) = match bound {
        Bound::Value(limit) => {
            // As far as a perfect run is from the limit.
            ((limit * (1.0 - limit) / (tasks * trials) as f64).sqrt(), 1.0 - limit)
        }
        Bound::Baseline { factor, shift } => {
            let arms = baseline?;
            let named = variants.iter().filter_map(|(name, _)| arms.iter().find(|arm| arm.variant == *name));
            let base = named.chain(arms.first()).next()?;
            let margin = -shift + (1.0 - factor) * base_rate(base)?;
            (paired_error(base, tasks, trials)?, margin)
        }
    };
    let shows = z * error;
    (shows > margin.max(0.0)).then(|| {
        format!(
            "gate `{}` is underpowered: {tasks} tasks x {trials} trials show a change of {:.1} pp four times out of five, and its margin is \
             {:.1} pp; expect `inconclusive`",
            gate.text,
            shows * 100.0,
            margin * 100.0
        )
    })
}

fn base_rate(arm: &Arm) -> Option<f64> {
    mean(&arm.tasks.iter().filter_map(ArmTask::pass_rate).collect::<Vec<_>>())
}

/// The error of the difference of two runs of these tasks, if each has the chances that the baseline shows: of a task with one trial
/// nothing is seen, and the spread of all tasks stands for it.
fn paired_error(base: &Arm, tasks: u64, trials: u64) -> Option<f64> {
    let overall = base_rate(base)?;
    let spread = |(passed, of): (u64, u64)| {
        let p = passed as f64 / of as f64;
        if of > 1 { p * (1.0 - p) * of as f64 / (of - 1) as f64 } else { overall * (1.0 - overall) }
    };
    let within: Vec<f64> =
        base.tasks.iter().map(ArmTask::passes).filter(|(_, of)| *of > 0).map(spread).collect();
    let counts: Vec<f64> =
        base.tasks.iter().map(|task| task.passes().1 as f64).filter(|n| *n > 0.0).collect();
    let (within, counts) = (mean(&within)?, mean(&counts)?);
    Some((within * (1.0 / trials as f64 + 1.0 / counts) / tasks as f64).sqrt())
}
