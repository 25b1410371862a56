//! Time to solve where not every trial solves. Knows nothing of trials.

use serde::{Deserialize, Serialize};

use super::rounded;

/// How one attempt at solving ended, and after how many microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Solve {
    /// It solved it.
    Solved(u64),
    /// It gave up or was wrong: it never will.
    Missed(u64),
    /// A budget stopped it: nobody knows whether it would have.
    Cut(u64),
}

impl Solve {
    /// When it ended, in microseconds.
    pub fn at_us(self) -> u64 {
        match self {
            Self::Solved(at) | Self::Missed(at) | Self::Cut(at) => at,
        }
    }
}

/// How soon attempts solve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeToSolve {
    /// Attempts.
    pub n: u64,
    /// The time by which half of them have solved it, in microseconds; nothing where half never do.
    pub p50_us: Option<u64>,
    /// The share that has solved it by the end of the longest attempt.
    #[serde(serialize_with = "rounded")]
    pub solved: f64,
}

impl TimeToSolve {
    /// The cumulative incidence of solving, with missing as a competing end and a spent budget as censoring: at each time of an
    /// end `Σ S(before) · solved / at risk`, `S` the share that has neither solved nor missed. O. Aalen and S. Johansen, Scand. J.
    /// Stat. 5 (1978). With nothing cut it is the plain share that has solved it by then. Nothing of no attempts.
    pub fn of(mut attempts: Vec<Solve>) -> Option<Self> {
        attempts.sort_unstable_by_key(|attempt| attempt.at_us());
        let n = attempts.len() as u64;
        let (mut left, mut solved, mut p50_us) = (1.0, 0.0, None);
        let mut at_risk = n;
        for same in attempts.chunk_by(|a, b| a.at_us() == b.at_us()) {
            let count = |test: fn(&&Solve) -> bool| same.iter().filter(test).count() as f64;
            let ends = count(|a| matches!(a, Solve::Solved(_)));
            let misses = count(|a| matches!(a, Solve::Missed(_)));
            solved += left * ends / at_risk as f64;
            left *= 1.0 - (ends + misses) / at_risk as f64;
            at_risk -= same.len() as u64;
            // A half that is off by rounding is a half.
            if p50_us.is_none() && solved >= 0.5 - 1e-12 {
                p50_us = same.first().map(|attempt| attempt.at_us());
            }
        }
        (n > 0).then_some(Self { n, p50_us, solved })
    }
}
