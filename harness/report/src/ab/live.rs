//! Live pairs, one after the other: when to stop, and what they say. Cost and effort come first, the pass rate is the guardrail.
//! Starts nothing.

use journal::Terms;
use serde::Serialize;

use crate::compare::{Comparison, Metric, Test, Verdict};
use crate::score::{Interval, Sequence, Values, rounded, rounded_option};

/// Pairs before which nothing is called hopeless, and the share of the planned ones.
const LEAST: u64 = 20;
const LEAST_SHARE: f64 = 0.2;

/// Why no further pair is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The pass rates differ.
    PassRate,
    /// The costs differ, and the pass rate has not moved by more than the guard against them.
    Cost,
    /// Both are the same within their margins.
    Equivalent,
    /// The pairs that are left would hardly decide it.
    Hopeless,
    /// Another model answered than before.
    ModelChanged,
    /// Trial after trial the model gave no answer at all.
    NoAnswer,
    /// The spend limit.
    MaxCost,
    /// Somebody stopped it.
    Cancelled,
}

/// The pairs so far.
#[derive(Clone, Debug)]
pub struct Decider {
    terms: Terms,
    pass: Sequence,
    cost: Sequence,
}

/// A pair's relative difference of cost, head less base by the mean of both: where the arms are exchanged, its sign is.
pub fn relative_difference(base: f64, head: f64) -> f64 {
    if base + head > 0.0 { 2.0 * (head - base) / (base + head) } else { 0.0 }
}

impl Decider {
    /// No pair yet.
    pub fn new(terms: Terms) -> Self {
        let Terms { planned, pass_variance, cost_variance, .. } = terms;
        Self {
            terms,
            pass: Sequence::new(Values::Bounded, planned, pass_variance),
            cost: Sequence::new(Values::Symmetric, planned, cost_variance),
        }
    }

    /// Takes a whole pair: head's pass less base's, and the relative difference of cost.
    pub fn push(&mut self, pass: f64, cost: f64) {
        self.pass.push(pass);
        self.cost.push(cost);
    }

    /// Pairs so far.
    pub fn pairs(&self) -> u64 {
        self.pass.len()
    }

    /// Whether a fall of the pass rate by more than the guard is ruled out.
    pub fn guard_held(&self) -> bool {
        self.pass.not_below(self.terms.guard)
    }

    /// Whether it is enough.
    pub fn stop(&self) -> Option<Stop> {
        if self.pass.shown().is_some() {
            return Some(Stop::PassRate);
        }
        let guard = self.terms.guard;
        let against = match self.cost.shown() {
            Some(false) if self.guard_held() => return Some(Stop::Cost),
            Some(true) if self.pass.not_above(guard) => return Some(Stop::Cost),
            Some(false) => self.pass.guard_is_hopeless(guard),
            Some(true) => self.pass.lid_is_hopeless(guard),
            None => self.cost.is_hopeless(),
        };
        // It costs a look at all pairs, and so it is looked at now and then.
        let now_and_then = self.pairs().is_multiple_of((self.terms.planned / 50).max(1));
        if now_and_then && self.equivalent() {
            return Some(Stop::Equivalent);
        }
        let least = LEAST.max((LEAST_SHARE * self.terms.planned as f64) as u64);
        (self.pairs() >= least && against && self.pass.is_hopeless()).then_some(Stop::Hopeless)
    }

    fn equivalent(&self) -> bool {
        self.pass.is_within(self.terms.margin) && self.cost.is_within(self.terms.relative_margin)
    }

    /// What the pairs say.
    pub fn verdict(&self) -> Verdict {
        match (self.pass.shown(), self.cost.shown()) {
            (Some(true), _) => Verdict::Better,
            (Some(false), _) => Verdict::Worse,
            (None, Some(false)) if self.guard_held() => Verdict::Better,
            (None, Some(true)) if self.pass.not_above(self.terms.guard) => Verdict::Worse,
            (None, None) if self.equivalent() => Verdict::Equivalent,
            _ => Verdict::Inconclusive,
        }
    }

    /// The sequence of passes, for people.
    pub fn pass(&self) -> Told {
        Told::of(&self.pass)
    }

    /// The sequence of costs.
    pub fn cost(&self) -> Told {
        Told::of(&self.cost)
    }

    /// The mean squares of the pairs' differences, of passes and of costs: what the next plan reckons with.
    pub fn variances(&self) -> (f64, f64) {
        (self.pass.mean_square(), self.cost.mean_square())
    }
}

/// What a sequence says.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Told {
    /// The mean difference over the pairs.
    #[serde(serialize_with = "rounded")]
    pub mean: f64,
    /// What was not ruled out, at 97.5 %, at whatever time it is looked at.
    pub interval: Interval,
    /// Evidence against equal arms: at least 40 with a chance of at most 1 in 40, however often it is looked at.
    #[serde(serialize_with = "rounded")]
    pub evidence: f64,
    /// Whether a difference was shown.
    pub shown: bool,
}

impl Told {
    fn of(sequence: &Sequence) -> Self {
        Self {
            mean: sequence.mean(),
            interval: sequence.interval(),
            evidence: sequence.evidence().min(1e12),
            shown: sequence.shown().is_some(),
        }
    }
}

/// What live trials came to.
#[derive(Clone, Debug, Serialize)]
pub struct LiveResult {
    /// The comparison of the pairs. Its own figures are those of a look at the end; the pass rate's interval, p-value and verdict and
    /// the cost's verdict are those of the sequence.
    #[serde(flatten)]
    pub comparison: Comparison,
    /// The run.
    pub out: String,
    /// Pairs that were judged: whole ones, up to the first in the plan's order that isn't.
    pub pairs: u64,
    /// Pairs at most.
    pub planned_pairs: u64,
    /// Pairs that lost a trial to a fault.
    pub lost_pairs: u64,
    /// Why it ended; nothing where all planned pairs were made.
    pub stopped: Option<Stop>,
    /// The passes.
    pub pass_sequence: Told,
    /// The costs, or tokens where there is no price: relative differences.
    pub cost_sequence: Told,
    /// Whether `cost_sequence` is about money.
    pub has_price: bool,
    /// How far the pass rate may fall.
    #[serde(serialize_with = "rounded")]
    pub guard: f64,
    /// Whether that is ruled out.
    pub guard_held: bool,
    /// USD spent on live models in all, probing included.
    #[serde(serialize_with = "rounded_option")]
    pub spent_usd: Option<f64>,
    /// USD that might be spent.
    pub max_cost_usd: Option<f64>,
    /// Whose prompt cache trials met: `warm`, `cold`, or [`OWN_CACHE`].
    pub cache: String,
    /// Whether it was an arm against itself.
    pub same: bool,
}

/// The word for caches of agents of other makers, who make their requests themselves: their arms may share entries.
pub const OWN_CACHE: &str = "own";

/// Puts what the sequences say into a comparison, where it decides.
pub fn decide(comparison: &mut Comparison, decider: &Decider, verdict: Verdict) {
    let (pass, cost) = (decider.pass(), decider.cost());
    let chance = |told: Told| (1.0 / told.evidence.max(1.0)).min(1.0);
    let rate = &mut comparison.rate;
    (rate.test, rate.p_value, rate.interval) = (Test::Sequence, chance(pass), Some(pass.interval));
    let own = match decider.pass.shown() {
        Some(true) => Verdict::Better,
        Some(false) => Verdict::Worse,
        None => Verdict::Inconclusive,
    };
    rate.verdict = own;
    for metric in &mut comparison.metrics {
        match metric.metric {
            Metric::PassRate => *metric = comparison.rate.clone(),
            Metric::CostUsd => {
                (metric.test, metric.p_value) = (Test::Sequence, chance(cost));
                metric.verdict = match decider.cost.shown() {
                    Some(false) => Verdict::Better,
                    Some(true) => Verdict::Worse,
                    None => Verdict::Inconclusive,
                };
            }
            _ => {}
        }
    }
    comparison.rate.verdict = verdict;
}
