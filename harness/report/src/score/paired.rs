//! Two arms on the same tasks: the mean of the paired differences, its error, what it could show, what it would take. Knows
//! nothing of trials.

use base::Seed;
use rand_pcg::rand_core::Rng;
use serde::{Deserialize, Serialize};

use super::Interval;
use super::special::{t_cdf, t_quantile};
use super::{deviation, mean};

/// Resamples of a bootstrap.
pub const RESAMPLES: usize = 10_000;
/// Errors up to this are those of rounding: the differences are all the same.
pub(crate) const SAME: f64 = 1e-12;
/// The chance of seeing a difference of the detectable size.
pub const POWER: f64 = 0.8;

/// The mean of paired differences with what surrounds it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// Pairs: tasks.
    pub n: u64,
    /// The mean difference.
    pub mean: f64,
    /// Its standard error, `s / √n`; nothing of fewer than two pairs.
    pub error: Option<f64>,
    /// Student's interval with n - 1 degrees of freedom; nothing of fewer than two pairs.
    pub interval: Option<Interval>,
    /// The smallest difference that such data would show four times out of five; nothing where none was seen to vary.
    pub detectable: Option<f64>,
}

impl Paired {
    /// Of the differences of each task, head less base. Repeats of a task are averaged before: a pair is a task, and the
    /// error between tasks holds the error within them (E. Miller, "Adding error bars to evals", arXiv:2411.00640, 4.2).
    pub fn of(differences: &[f64], confidence: f64) -> Option<Self> {
        let n = differences.len();
        let mean = mean(differences)?;
        let error = deviation(differences).map(|s| s / (n as f64).sqrt());
        let df = n as f64 - 1.0;
        let interval = error.map(|error| {
            let half = t_quantile(f64::midpoint(1.0, confidence), df) * error;
            Interval { lo: mean - half, hi: mean + half }
        });
        let detectable = error.filter(|e| *e > SAME).map(|e| detectable(e, df, 1.0 - confidence, POWER));
        Some(Self { n: n as u64, mean, error, interval, detectable })
    }
}

/// The smallest true difference that a two-sided test at `alpha` finds with probability `power`, from the standard error of the
/// difference: `(t(1-α/2) + t(power)) · error`. H. Bloom, Evaluation Review 19 (1995).
pub fn detectable(error: f64, df: f64, alpha: f64, power: f64) -> f64 {
    (t_quantile(1.0 - alpha / 2.0, df) + t_quantile(power, df)) * error
}

/// The probability that a two-sided test at `alpha` finds a true difference, from the standard error of the difference: the
/// same formula the other way round. The other tail is left out.
pub fn power(difference: f64, error: f64, df: f64, alpha: f64) -> f64 {
    t_cdf(difference.abs() / error - t_quantile(1.0 - alpha / 2.0, df), df)
}

/// How many tasks would show a difference of `margin`, with as many trials of each as now: `((z(1-α/2) + z(power)) s / margin)²`,
/// rounded up, where `deviation` is that of the tasks' differences. E. Miller, arXiv:2411.00640, 5.
pub fn tasks_for(margin: f64, deviation: f64, alpha: f64, power: f64) -> Option<u64> {
    let z = t_quantile(1.0 - alpha / 2.0, f64::INFINITY) + t_quantile(power, f64::INFINITY);
    let tasks = (z * deviation / margin).powi(2).ceil();
    (margin > 0.0 && tasks.is_finite() && tasks < 1e9).then_some((tasks as u64).max(2))
}

/// How many trials of each of these `n` tasks in each arm would show a difference of `margin`; nothing where no number would, for
/// the tasks themselves differ too much. `within` is the mean over tasks of the two arms' variances of one trial, added up; the
/// tasks' own part is what is left of the variance of the differences.
pub fn trials_for(margin: f64, deviation: f64, within: f64, trials: f64, n: u64, alpha: f64) -> Option<u64> {
    let z = t_quantile(1.0 - alpha / 2.0, f64::INFINITY) + t_quantile(POWER, f64::INFINITY);
    let between = (deviation.powi(2) - within / trials).max(0.0);
    let allowed = n as f64 * (margin / z).powi(2) - between;
    let needed = (within / allowed).ceil();
    (allowed > 0.0 && margin > 0.0 && needed < 1e6).then_some((needed as u64).max(1))
}

/// Resamples pairs with replacement and gives the sorted statistics of each resample. Tasks are drawn, with all their trials: the
/// cluster bootstrap. B. Efron and R. Tibshirani, "An introduction to the bootstrap" (1993), 8 and 13.
pub fn bootstrap<T: Copy>(
    pairs: &[T],
    seed: Seed,
    resamples: usize,
    statistic: impl Fn(&mut dyn Iterator<Item = T>) -> f64,
) -> Vec<f64> {
    let mut generator = seed.derive("bootstrap").generator();
    let n = pairs.len() as u64;
    let mut values: Vec<f64> = (0..resamples)
        .map(|_| {
            // The high half of a 64-bit product is uniform in 0..n to one part in 2^64 / n.
            let mut drawn = pairs.iter().filter_map(|_| {
                let at = (u128::from(generator.next_u64()) * u128::from(n)) >> 64;
                pairs.get(at as usize).copied()
            });
            statistic(&mut drawn)
        })
        .filter(|value| value.is_finite())
        .collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The percentile interval of sorted bootstrap statistics; nothing of fewer than 100.
pub fn percentile_interval(sorted: &[f64], confidence: f64) -> Option<Interval> {
    let at = |fraction: f64| {
        let position = (sorted.len() - 1) as f64 * fraction;
        let (below, part) = (position.floor() as usize, position.fract());
        let next = sorted.get(below + 1).unwrap_or(&sorted[below]);
        sorted[below] + (next - sorted[below]) * part
    };
    let tail = (1.0 - confidence) / 2.0;
    (sorted.len() >= 100).then(|| Interval { lo: at(tail), hi: at(1.0 - tail) })
}

/// A mean of paired differences for [`bootstrap`].
pub fn mean_of(values: &mut dyn Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0_u32), |(sum, n), x| (sum + x, n + 1));
    sum / f64::from(n)
}

/// Head's sum by base's of (base, head) pairs for [`bootstrap`].
pub fn ratio_of(pairs: &mut dyn Iterator<Item = (f64, f64)>) -> f64 {
    let (base, head) = pairs.fold((0.0, 0.0), |(base, head), (b, h)| (base + b, head + h));
    head / base
}
