//! Gates: rules that a run has to keep, and whether it did. Reads nothing; knows nothing of exit codes.

mod figure;
mod judge;
mod parse;
mod quarantine;
mod refuse;
#[cfg(test)]
mod tests;

use journal::DriftGrade;
use serde::{Deserialize, Serialize};

pub use figure::Figure;
pub use judge::{Judged, judge};
pub use parse::RuleError;
pub use quarantine::{Quarantine, QuarantineError, Quarantined};
pub use refuse::{Refusal, refuse, underpowered};

/// One rule with the words that it was written in.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// As it was written.
    pub text: String,
    /// What it says.
    pub rule: Rule,
}

/// What a gate says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// No task that passed all its trials in the baseline fails one.
    NoNewFailures,
    /// No call or check drifts by more than this; by nothing at all where it is none.
    Drift {
        /// The gravest grade that is let through.
        most: Option<DriftGrade>,
    },
    /// A figure keeps to a limit.
    Limit {
        /// Which.
        figure: Figure,
        /// Whether the limit is the least or the most.
        at_least: bool,
        /// The limit.
        bound: Bound,
    },
}

/// A limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// A value, in the figure's unit.
    Value(f64),
    /// The baseline's value times a factor, plus a shift.
    Baseline {
        /// The factor.
        factor: f64,
        /// The shift, in the figure's unit.
        shift: f64,
    },
}

impl Gate {
    /// The gate that holds in every replay unless another on drift is named.
    pub fn default_drift() -> Self {
        Self { text: "drift <= text".to_owned(), rule: Rule::Drift { most: Some(DriftGrade::Text) } }
    }

    /// Whether it needs a baseline.
    pub fn needs_baseline(&self) -> bool {
        match self.rule {
            Rule::NoNewFailures => true,
            Rule::Drift { .. } => false,
            Rule::Limit { bound, .. } => matches!(bound, Bound::Baseline { .. }),
        }
    }
}

/// How a gate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The rule was kept.
    Held,
    /// These trials don't tell.
    Inconclusive,
    /// The rule was broken.
    Broken,
}

impl Standing {
    /// The worst of several; held where there are none.
    pub fn worst(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().max().unwrap_or(Self::Held)
    }
}

/// How a gate stands, in a line.
pub fn text(judged: &Judged) -> String {
    let standing = crate::figures::word(&judged.standing);
    let mark = if judged.kind == Some(journal::FigureKind::Synthetic) { " SYNTHETIC" } else { "" };
    let p = judged.p_value.map(|p| format!(" (p {p:.3})")).unwrap_or_default();
    format!("gate `{}` {standing} for {}: {}{p}{mark}", judged.gate, judged.variant, judged.because)
}
