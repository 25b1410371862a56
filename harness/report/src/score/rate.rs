//! Rates of yes-or-no samples: their intervals, and what repeating a task gives. Knows nothing of trials.

use serde::{Deserialize, Serialize};

use super::special::normal_quantile;

/// Two-sided confidence of the intervals in reports.
pub const CONFIDENCE: f64 = 0.95;

/// A range that a figure lies in, in the figure's unit; for rates both ends are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    #[serde(serialize_with = "super::rounded")]
    pub lo: f64,
    /// The upper end.
    #[serde(serialize_with = "super::rounded")]
    pub hi: f64,
}

/// The Wilson score interval of `passes` out of `n`; nothing for no samples or a confidence that isn't between 0 and 1.
///
/// With `z` the standard normal quantile at `(1 + confidence) / 2` and `p = passes / n`, its ends are
/// `(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)`. E. B. Wilson, "Probable inference, the law of succession, and
/// statistical inference", JASA 22 (1927). It holds its confidence near 0 and 1, where the textbook interval does not.
pub fn wilson(passes: u64, n: u64, confidence: f64) -> Option<Interval> {
    if n == 0 || passes > n || !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let z = normal_quantile(f64::midpoint(1.0, confidence));
    Some(score_interval(passes as f64 / n as f64, n as f64, z))
}

/// Wilson's interval of a rate `p` of `n` samples, which need not be a whole number, `z` standard errors to each side.
pub(super) fn score_interval(p: f64, n: f64, z: f64) -> Interval {
    let z2 = z * z;
    let centre = p + z2 / (2.0 * n);
    let half = (z2 * (p * (1.0 - p) / n + z2 / (4.0 * n * n))).sqrt();
    let scale = 1.0 + z2 / n;
    // At the edges the closed form is exactly 0 and 1; rounding must not say otherwise.
    let lo = if p <= 0.0 { 0.0 } else { (centre - half) / scale };
    let hi = if p >= 1.0 { 1.0 } else { (centre + half) / scale };
    Interval { lo, hi }
}

/// The unbiased estimate of pass@k, that at least one of `k` samples passes, from `passes` out of `n`; nothing for
/// `k` of 0 or above `n`.
///
/// `1 - C(n-c, k) / C(n, k)`, as the product `1 - Π (1 - k/i)` over `i` from `n-c+1` to `n`. M. Chen et al.,
/// "Evaluating large language models trained on code", arXiv:2107.03374 (2021).
pub fn pass_at_k(passes: u64, n: u64, k: u64) -> Option<f64> {
    if k == 0 || k > n || passes > n {
        return None;
    }
    if n - passes < k {
        return Some(1.0);
    }
    let none = (n - passes + 1..=n).fold(1.0, |all, i| all * (1.0 - k as f64 / i as f64));
    Some(1.0 - none)
}

/// The unbiased estimate of pass^k, that all of `k` samples pass, from `passes` out of `n`; nothing for `k` of 0 or
/// above `n`.
///
/// `C(c, k) / C(n, k)`, as the product of `(c-i) / (n-i)` over `i` from 0 to `k-1`. S. Yao et al., "tau-bench",
/// arXiv:2406.12045 (2024).
pub fn pass_all_k(passes: u64, n: u64, k: u64) -> Option<f64> {
    if k == 0 || k > n || passes > n {
        return None;
    }
    if passes < k {
        return Some(0.0);
    }
    Some((0..k).fold(1.0, |all, i| all * ((passes - i) as f64 / (n - i) as f64)))
}
