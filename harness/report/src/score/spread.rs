//! How a list of numbers is spread: mean, deviation, percentiles. Knows nothing of what they measure.

use serde::Serialize;

/// Three percentiles of some durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// How many durations there were; a p99 of fewer than 100 is their maximum, or close to it.
    pub n: u64,
    /// The median, in microseconds.
    pub p50_us: u64,
    /// 90 % are at most this, in microseconds.
    pub p90_us: u64,
    /// 99 % are at most this, in microseconds.
    pub p99_us: u64,
}

impl Percentiles {
    /// Of durations in microseconds, in any order; nothing of none. Each is rounded to a whole microsecond.
    pub fn of(mut durations_us: Vec<u64>) -> Option<Self> {
        durations_us.sort_unstable();
        let at = |fraction| percentile(&durations_us, fraction).map(|us| us.round() as u64);
        Some(Self { n: durations_us.len() as u64, p50_us: at(0.5)?, p90_us: at(0.9)?, p99_us: at(0.99)? })
    }
}

/// The percentile at `fraction` (0 to 1) of sorted values; nothing of none.
///
/// Linear interpolation between the two nearest ranks, at position `(n - 1) · fraction` counted from 0: definition 7
/// of R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", Am. Stat. 50 (1996), the default of R,
/// NumPy and the usual load generators. Not the nearest rank.
pub fn percentile(sorted: &[u64], fraction: f64) -> Option<f64> {
    let (below, part) = position(sorted.len(), fraction)?;
    let low = *sorted.get(below)?;
    Some(between(low, sorted.get(below + 1), part))
}

/// [`percentile`] of values in any order, which it moves; in time linear in them.
pub fn percentile_of(values: &mut [u64], fraction: f64) -> Option<f64> {
    let (below, part) = position(values.len(), fraction)?;
    let (_, low, above) = values.select_nth_unstable(below);
    Some(between(*low, above.iter().min(), part))
}

/// The rank below the percentile, from 0, and how far it is from there to the next; nothing of no values.
fn position(values: usize, fraction: f64) -> Option<(usize, f64)> {
    let position = values.checked_sub(1)? as f64 * fraction.clamp(0.0, 1.0);
    Some((position.floor() as usize, position.fract()))
}

fn between(low: u64, next: Option<&u64>, part: f64) -> f64 {
    let low = low as f64;
    low + next.map_or(0.0, |next| *next as f64 - low) * part
}

/// The arithmetic mean; nothing of no values.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The sample standard deviation, `√(Σ (x - mean)² / (n - 1))`; nothing of fewer than two values.
pub fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}
