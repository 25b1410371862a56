//! Tests whose p-values are counted, not approximated: McNemar's, the sign flip of paired differences, Fisher's; and what
//! several of them at once are worth. Knows nothing of trials.

use base::Seed;
use rand_pcg::rand_core::Rng;

use super::special::{fair_binomial_cdf, ln_choose};

/// Sign flips that are drawn where all of them are too many.
const FLIPS: u32 = 20_000;
/// Differences of which all sign flips are tried: 2^18 sums.
const ALL_FLIPS: usize = 18;
/// The finest grid on which the distribution of a sum of flipped differences is laid out.
const GRID: u64 = 400_000;
/// How far two sums may differ and still count as equal, of the sum of all absolute values.
const TIE: f64 = 1e-9;

/// The exact two-sided p-value of McNemar's test of `gained` against `lost` pairs: `min(1, 2 P(X <= min(gained, lost)))`
/// with X binomial over both and 1/2. Q. McNemar, Psychometrika 12 (1947).
pub fn mcnemar(gained: u64, lost: u64) -> f64 {
    (2.0 * fair_binomial_cdf(gained.min(lost), gained + lost)).min(1.0)
}

/// Fisher's exact two-sided p-value of a table of two rows: the probability of all tables with the same margins that are no
/// likelier than this one (within a millionth). R. A. Fisher, "Statistical methods for research workers" (1934).
pub fn fisher([[a, b], [c, d]]: [[u64; 2]; 2]) -> f64 {
    let (row, column, all) = (a + b, a + c, a + b + c + d);
    let weight = |x: u64| ln_choose(column, x) + ln_choose(all - column, row - x) - ln_choose(all, row);
    let seen = weight(a) + 1e-7;
    let (least, most) = (row.saturating_sub(all - column), row.min(column));
    let no_likelier = (least..=most).map(weight).filter(|w| *w <= seen);
    no_likelier.map(f64::exp).sum::<f64>().min(1.0)
}

/// The two-sided p-value of paired differences whose signs were tossed: the share of all sign flips whose sum is as far from
/// zero as theirs. Exact under "either arm's value may stand on either side of its pair", which holds where both arms are the
/// same. R. A. Fisher, "The design of experiments" (1935), section 21.
///
/// Counted over the exact distribution where the differences are multiples of a common step (differences of pass rates are),
/// over all flips of up to 18 differences; else over 20,000 drawn ones, the observed one included: B. Phipson and G. Smyth,
/// Stat. Appl. Genet. Mol. Biol. 9 (2010).
pub fn sign_flip(differences: &[f64], seed: Seed) -> f64 {
    let sizes: Vec<f64> = differences.iter().map(|d| d.abs()).filter(|d| *d > 0.0).collect();
    let observed = differences.iter().sum::<f64>().abs();
    if sizes.is_empty() {
        return 1.0;
    }
    if let Some((steps, target)) = on_grid(&sizes, observed) {
        return tail_on_grid(&steps, target);
    }
    let least = observed - TIE * sizes.iter().sum::<f64>();
    if sizes.len() <= ALL_FLIPS {
        return tail_of_all(&sizes, least);
    }
    let mut generator = seed.derive("sign flip").generator();
    let mut as_far = 1_u32;
    for _ in 1..FLIPS {
        let (mut sum, mut bits) = (0.0, 0_u64);
        for (at, size) in sizes.iter().enumerate() {
            if at % 64 == 0 {
                bits = generator.next_u64();
            }
            sum += if bits & 1 == 0 { *size } else { -size };
            bits >>= 1;
        }
        as_far += u32::from(sum.abs() >= least);
    }
    f64::from(as_far) / f64::from(FLIPS)
}

/// Sizes and the observed sum as whole multiples of a common step, where there is a coarse enough one.
fn on_grid(sizes: &[f64], observed: f64) -> Option<(Vec<u64>, u64)> {
    let whole = |x: f64| (x - x.round()).abs() <= 1e-6;
    let total: f64 = sizes.iter().sum();
    (1..=5_040_u64).find_map(|step| {
        let scale = step as f64;
        if total * scale > GRID as f64 {
            return None;
        }
        // A size that is none of the grid's steps must not vanish in its first one.
        let fits = sizes.iter().all(|size| size * scale >= 0.5 && whole(size * scale));
        fits.then(|| {
            let steps = sizes.iter().map(|size| (size * scale).round() as u64).collect();
            (steps, (observed * scale).round() as u64)
        })
    })
}

/// The distribution of the sum of flipped steps, laid out step by step.
fn tail_on_grid(steps: &[u64], target: u64) -> f64 {
    // A flipped sum is the total less twice the steps that were turned: the number turned decides it.
    let total: u64 = steps.iter().sum();
    let mut turned = vec![0.0_f64; total as usize + 1];
    turned[0] = 1.0;
    let mut reach = 0;
    for step in steps.iter().map(|step| *step as usize) {
        reach += step;
        for at in (0..=reach).rev() {
            let with = if at >= step { turned[at - step] } else { 0.0 };
            turned[at] = 0.5 * (turned[at] + with);
        }
    }
    let as_far = turned.iter().enumerate().filter(|(at, _)| total.abs_diff(2 * *at as u64) >= target);
    as_far.map(|(_, share)| share).sum::<f64>().min(1.0)
}

fn tail_of_all(sizes: &[f64], least: f64) -> f64 {
    let all = 1_u32 << sizes.len();
    let sum = |flips: u32| -> f64 {
        sizes.iter().enumerate().map(|(at, size)| if flips >> at & 1 == 0 { *size } else { -size }).sum()
    };
    let as_far = (0..all).filter(|flips| sum(*flips).abs() >= least).count();
    as_far as f64 / f64::from(all)
}

/// Holm's adjustment: p-values as they count where any false alarm among all of them is one too many, in their own order.
/// S. Holm, Scand. J. Stat. 6 (1979).
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least = 0.0_f64;
    for (rank, at) in order.into_iter().enumerate() {
        least = least.max((p_values.len() - rank) as f64 * p_values[at]).min(1.0);
        adjusted[at] = least;
    }
    adjusted
}
