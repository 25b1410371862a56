//! Where a series changed: E-divisive means with Student's t, as Apache Otava finds change points. Knows nothing of what the
//! series measures.

use serde::{Deserialize, Serialize};

use super::special::t_two_sided;

/// Values that a window holds.
const WINDOW: usize = 50;
/// The p-value up to which a change counts.
pub const CHANGE_ALPHA: f64 = 0.001;
/// How much weaker a change may be before weak ones are merged.
const WEAK: f64 = 10.0;

/// A place where a series changed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The first value after it, counted from 0.
    pub index: usize,
    /// Of Student's t over the stretches to both sides.
    pub p_value: f64,
    /// The mean of the stretch before.
    pub before: f64,
    /// The mean of the stretch after.
    pub after: f64,
}

/// The change points of a series, in order.
///
/// D. Matteson and N. James, "A nonparametric approach for multiple change point analysis of multivariate data", JASA 109 (2014),
/// split a series where the energy distance between its parts is largest. M. Fleming et al., "Hunter: using change point
/// detection to hunt for performance regressions", ICPE 2023, put Student's t in place of permutations, slide a window, keep
/// changes that are weak at first (ten times the p-value) and then merge the weakest away until all that is left is significant.
/// This is Apache Otava 0.8's method, its deviations over n instead of n - 1 included, but that whenever a point goes, the points
/// to both sides of it are computed anew (fixtures/score/changes.py).
pub fn changes(series: &[f64], alpha: f64) -> Vec<Change> {
    let mut found: Vec<usize> = Vec::new();
    let mut start = 0;
    while start < series.len() {
        let end = (start + WINDOW).min(series.len());
        let inside = divide(&series[start..end], alpha * WEAK);
        let last = inside.last().map_or(0, |index| start + index);
        found.extend(inside.into_iter().map(|index| start + index));
        start = last.max(start + WINDOW / 2);
    }
    found.sort_unstable();
    found.dedup();
    merge(found, series, alpha)
}

/// Splits one window until no further split is significant.
fn divide(series: &[f64], alpha: f64) -> Vec<usize> {
    let distances = Distances::of(series);
    let mut found: Vec<usize> = Vec::new();
    loop {
        let pieces = pieces(&found, series.len());
        let candidates = pieces.iter().filter_map(|(from, to)| distances.split(*from, *to));
        // Of equal ones the first.
        let best = candidates.reduce(|best, next| if next.1 > best.1 { next } else { best });
        let Some((index, _)) = best else { return found };
        let around = pieces.iter().find(|(from, to)| *from < index && index < *to);
        let p_value =
            around.map_or(1.0, |(from, to)| test(&series[*from..index], &series[index..*to]).p_value);
        if p_value > alpha {
            return found;
        }
        found.push(index);
        found.sort_unstable();
    }
}

/// The stretches between change points.
fn pieces(points: &[usize], length: usize) -> Vec<(usize, usize)> {
    let ends = points.iter().copied().chain([length]);
    let mut from = 0;
    let mut pieces = Vec::with_capacity(points.len() + 1);
    for to in ends {
        if to > from {
            pieces.push((from, to));
        }
        from = to;
    }
    pieces
}

/// Sums of distances between the values of a window.
struct Distances {
    /// `[j][i]`: the distances of value `j` to the first `i` values, added up.
    to_first: Vec<Vec<f64>>,
}

impl Distances {
    fn of(series: &[f64]) -> Self {
        let row = |x: &f64| {
            let mut sum = 0.0;
            let sums = series.iter().map(|y| {
                sum += (x - y).abs();
                sum
            });
            std::iter::once(0.0).chain(sums).collect()
        };
        Self { to_first: series.iter().map(row).collect() }
    }

    /// The distances of a value to those from `from` to before `to`.
    fn between(&self, value: usize, from: usize, to: usize) -> f64 {
        self.to_first[value][to] - self.to_first[value][from]
    }

    /// The split of `from..to` (and of what of it is looked at) with the largest statistic `q` of Matteson and James, with it.
    fn split(&self, from: usize, to: usize) -> Option<(usize, f64)> {
        let mut best: Option<(usize, f64)> = None;
        let mut left = 0.0;
        for at in from + 1..to {
            left += self.between(at - 1, from, at - 1);
            let n = (at - from) as f64;
            let (mut across, mut right) = (0.0, 0.0);
            for end in at + 1..=to {
                let m = (end - at) as f64;
                across += self.between(end - 1, from, at);
                right += self.between(end - 1, at, end - 1);
                let inner_left = if n > 1.0 { 2.0 * m / ((m + n) * (n - 1.0)) * left } else { 0.0 };
                let inner_right = if m > 1.0 { 2.0 * n / ((m + n) * (m - 1.0)) * right } else { 0.0 };
                let q = 2.0 / (m + n) * across - inner_left - inner_right;
                if best.is_none_or(|(_, most)| q > most) {
                    best = Some((at, q));
                }
            }
        }
        best
    }
}

/// What Student's t says of two stretches.
struct Tested {
    p_value: f64,
    before: f64,
    after: f64,
}

fn test(before: &[f64], after: &[f64]) -> Tested {
    let moments = |values: &[f64]| {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        (n, mean, if values.len() > 1 { squares / n } else { 0.0 })
    };
    let ((n1, m1, v1), (n2, m2, v2)) = (moments(before), moments(after));
    let df = n1 + n2 - 2.0;
    let p_value = if df < 1.0 || m1 == m2 {
        1.0
    } else {
        let pooled = ((n1 - 1.0) * v1 + (n2 - 1.0) * v2) / df;
        t_two_sided((m1 - m2) / (pooled * (1.0 / n1 + 1.0 / n2)).sqrt(), df)
    };
    Tested { p_value, before: m1, after: m2 }
}

/// Takes the weakest point away until every one is significant beside its neighbours.
fn merge(mut points: Vec<usize>, series: &[f64], alpha: f64) -> Vec<Change> {
    let tested = |points: &[usize]| -> Vec<Change> {
        let stretches = pieces(points, series.len());
        let neighbours = stretches.windows(2).map(|pair| {
            let [(from, at), (_, to)] = [pair[0], pair[1]];
            let Tested { p_value, before, after } = test(&series[from..at], &series[at..to]);
            Change { index: at, p_value, before, after }
        });
        neighbours.collect()
    };
    loop {
        let changes = tested(&points);
        let weakest = changes.iter().enumerate().reduce(|a, b| if b.1.p_value > a.1.p_value { b } else { a });
        match weakest {
            Some((at, change)) if change.p_value >= alpha => {
                points.remove(at);
            }
            _ => return changes,
        }
    }
}
