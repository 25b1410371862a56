//! The distributions that tests and intervals need: normal, Student's t, binomial, hypergeometric. Knows nothing of what is
//! tested with them.

use std::f64::consts::{PI, TAU};

/// Coefficients of Lanczos' approximation with g = 7 and nine terms, as W. H. Press et al. and most libraries use it.
const LANCZOS: [f64; 9] = [
    0.999_999_999_999_809_9,
    676.520_368_121_885_1,
    -1_259.139_216_722_402_8,
    771.323_428_777_653_1,
    -176.615_029_162_140_6,
    12.507_343_278_686_905,
    -0.138_571_095_265_720_12,
    9.984_369_578_019_572e-6,
    1.505_632_735_149_311_6e-7,
];

/// The natural logarithm of the gamma function of `x` above 0. C. Lanczos, "A precision approximation of the gamma
/// function", SIAM J. Numer. Anal. 1 (1964).
pub(super) fn ln_gamma(x: f64) -> f64 {
    if x < 0.5 {
        return (PI / (PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let t = x + 7.5;
    let sum = LANCZOS[1..].iter().zip(1..).fold(LANCZOS[0], |sum, (c, i)| sum + c / (x + f64::from(i)));
    0.5 * TAU.ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// The natural logarithm of "n choose k".
pub(super) fn ln_choose(n: u64, k: u64) -> f64 {
    let [n, k] = [n, k.min(n)].map(|v| v as f64);
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
}

/// The regularised incomplete beta function `I_x(a, b)`, by the continued fraction of DLMF 8.17.22, evaluated as
/// W. J. Lentz does (Appl. Optics 15, 1976).
pub(super) fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp() / a;
    let tiny = f64::MIN_POSITIVE / f64::EPSILON;
    let away = |v: f64| if v.abs() < tiny { tiny } else { v };
    let (mut fraction, mut c, mut d) = (1.0, 1.0, 0.0);
    for step in 0..2_000 {
        let m = f64::from(step / 2);
        let term = match step {
            0 => 1.0,
            s if s % 2 == 0 => m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            _ => -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        };
        d = 1.0 / away(1.0 + term * d);
        c = away(1.0 + term / c);
        fraction *= c * d;
        if (1.0 - c * d).abs() < 1e-15 {
            break;
        }
    }
    front * (fraction - 1.0)
}

/// The probability that a standard normal value is at most `x`.
///
/// By its series `1/2 + φ(x) (x + x³/3 + x⁵/(3·5) + …)` up to 6: G. Marsaglia, "Evaluating the normal distribution",
/// J. Stat. Software 11 (2004); beyond, by Laplace's continued fraction of the tail.
pub(super) fn normal_cdf(x: f64) -> f64 {
    let density = (-0.5 * x * x).exp() / TAU.sqrt();
    if x.abs() > 6.0 {
        let fraction = (1..=30).rev().fold(x.abs(), |below, k| x.abs() + f64::from(k) / below);
        let tail = density / fraction;
        return if x < 0.0 { tail } else { 1.0 - tail };
    }
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term.abs() > sum.abs() * f64::EPSILON / 4.0 {
        odd += 2.0;
        term *= x * x / odd;
        sum += term;
    }
    0.5 + density * sum
}

/// The standard normal quantile of `p` between 0 and 1: the root of [`normal_cdf`] by Newton's method. It starts at 0,
/// where the distribution is steepest: on either side each step falls short of the root and none passes it.
pub fn normal_quantile(p: f64) -> f64 {
    if p < 0.5 {
        return -normal_quantile(1.0 - p);
    }
    let mut x = 0.0_f64;
    for _ in 0..60 {
        let density = (-0.5 * x * x).exp() / TAU.sqrt();
        let step = (p - normal_cdf(x)) / density;
        x += step;
        if step.abs() < 1e-15 {
            break;
        }
    }
    x
}

/// The probability that Student's t with `df` degrees of freedom is at most `t`; the normal one's for infinitely many.
/// M. Abramowitz and I. Stegun, 26.7.1.
pub(crate) fn t_cdf(t: f64, df: f64) -> f64 {
    if !df.is_finite() {
        return normal_cdf(t);
    }
    let tail = 0.5 * incomplete_beta(0.5 * df, 0.5, df / (df + t * t));
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// The two-sided p-value of `t` under Student's t with `df` degrees of freedom.
pub(super) fn t_two_sided(t: f64, df: f64) -> f64 {
    if !df.is_finite() {
        return 2.0 * normal_cdf(-t.abs());
    }
    if t.is_infinite() { 0.0 } else { incomplete_beta(0.5 * df, 0.5, df / (df + t * t)) }
}

/// The quantile at `p` (0 to 1) of Student's t with `df` degrees of freedom, by halving: to the last bits.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    if !df.is_finite() {
        return normal_quantile(p);
    }
    if p < 0.5 {
        return -t_quantile(1.0 - p, df);
    }
    let (mut lo, mut hi) = (0.0, 1.0);
    while t_cdf(hi, df) < p && hi < 1e300 {
        lo = hi;
        hi *= 2.0;
    }
    for _ in 0..200 {
        let middle = f64::midpoint(lo, hi);
        if middle <= lo || middle >= hi {
            break;
        }
        if t_cdf(middle, df) < p { lo = middle } else { hi = middle }
    }
    f64::midpoint(lo, hi)
}

/// The probability of at most `k` successes in `n` trials of probability 1/2 each.
pub(super) fn fair_binomial_cdf(k: u64, n: u64) -> f64 {
    let all = n as f64 * std::f64::consts::LN_2;
    (0..=k.min(n)).map(|i| (ln_choose(n, i) - all).exp()).sum::<f64>().min(1.0)
}
