//! Rates over several tasks where the samples of a task go together. Knows nothing of trials.

use super::rate::{Interval, score_interval};
use super::special::t_quantile;

/// The interval of a pass rate as an estimate for tasks like these: tasks are the sample, and the repeats of a task only say
/// the same thing again. `tasks` holds passes and samples of each; nothing for fewer than two tasks.
///
/// The variance of the pooled rate is the cluster-robust one, `G/(G-1) Σ (y_g - p n_g)² / N²` (K.-Y. Liang and S. Zeger,
/// Biometrika 73, 1986; E. Miller, "Adding error bars to evals", arXiv:2411.00640). The samples are worth as many independent
/// ones as would have that variance, and the interval is Wilson's for so many, with Student's t at G-1 degrees of freedom: it
/// stays within 0 and 1 and holds near the edges (C. Franco et al., J. Surv. Stat. Methodol. 7, 2019). Where all passed or all
/// failed nothing is seen of the variance, and each task counts once.
pub fn clustered(tasks: &[(u64, u64)], confidence: f64) -> Option<Interval> {
    let tasks: Vec<(f64, f64)> =
        tasks.iter().filter(|(_, n)| *n > 0).map(|(passed, n)| (*passed as f64, *n as f64)).collect();
    if tasks.len() < 2 || !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let (passed, n) = tasks.iter().fold((0.0, 0.0), |(p, n), (passed, of)| (p + passed, n + of));
    let rate = passed / n;
    let groups = tasks.len() as f64;
    let variance = clustered_variance(&tasks, rate, n);
    let worth = if variance > 0.0 { (rate * (1.0 - rate) / variance).min(n) } else { groups };
    let t = t_quantile(f64::midpoint(1.0, confidence), groups - 1.0);
    Some(score_interval(rate, worth, t))
}

/// The cluster-robust standard error of the pooled rate of `tasks` (passes and samples of each).
pub fn clustered_error(tasks: &[(u64, u64)]) -> Option<f64> {
    let tasks: Vec<(f64, f64)> =
        tasks.iter().filter(|(_, n)| *n > 0).map(|(p, n)| (*p as f64, *n as f64)).collect();
    let (passed, n) = tasks.iter().fold((0.0, 0.0), |(p, n), (passed, of)| (p + passed, n + of));
    (tasks.len() > 1).then(|| clustered_variance(&tasks, passed / n, n).sqrt())
}

fn clustered_variance(tasks: &[(f64, f64)], rate: f64, n: f64) -> f64 {
    let groups = tasks.len() as f64;
    let squares: f64 = tasks.iter().map(|(passed, of)| (passed - rate * of).powi(2)).sum();
    groups / (groups - 1.0) * squares / (n * n)
}
