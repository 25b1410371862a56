//! More than two arms: every pair of them, with one claim over all. Knows nothing of formats.

use base::FormatVersion;
use serde::{Deserialize, Serialize};

use super::{Arm, ArmName, CompareError, Comparison, Options, VERSION, Verdict};
use crate::score::{CONFIDENCE, holm};

/// Every arm against every one before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Matrix {
    /// Version of this object.
    pub version: FormatVersion,
    /// The arms, in order.
    pub arms: Vec<ArmName>,
    /// Each pair: the earlier arm is base.
    pub comparisons: Vec<Comparison>,
    /// The pass rates' p-values as they count among so many (Holm), in the same order.
    pub p_adjusted: Vec<f64>,
}

impl Matrix {
    /// Compares all pairs. A verdict that Holm's adjustment doesn't leave is inconclusive.
    pub fn of(arms: &[Arm], options: &Options) -> Result<Self, CompareError> {
        let mut comparisons = Vec::new();
        for (at, head) in arms.iter().enumerate() {
            for base in &arms[..at] {
                comparisons.push(Comparison::of(base, head, options)?);
            }
        }
        let p_values: Vec<f64> = comparisons.iter().map(|c| c.rate.p_value).collect();
        let p_adjusted: Vec<f64> = holm(&p_values).into_iter().map(crate::score::round).collect();
        for (comparison, p) in comparisons.iter_mut().zip(&p_adjusted) {
            let tells = matches!(comparison.rate.verdict, Verdict::Better | Verdict::Worse);
            if tells && *p > 1.0 - CONFIDENCE {
                comparison.rate.verdict = Verdict::Inconclusive;
                for metric in comparison.metrics.iter_mut().filter(|m| m.metric == comparison.rate.metric) {
                    metric.verdict = Verdict::Inconclusive;
                }
            }
        }
        Ok(Self { version: VERSION, arms: arms.iter().map(ArmName::from).collect(), comparisons, p_adjusted })
    }

    /// The pair of two arms by their places.
    pub fn pair(&self, base: usize, head: usize) -> Option<&Comparison> {
        let before = head * head.saturating_sub(1) / 2;
        (base < head).then(|| self.comparisons.get(before + base))?
    }
}
