//! Paired differences that are looked at after every pair, with a level that holds however often that is: bets against "the arms
//! are the same", and the confidence sequence that they give. Knows nothing of trials.

use super::special::normal_quantile;
use super::{Interval, POWER};

/// The level of one figure. Two are looked at, pass rate and cost, so that both together keep 5 %.
pub const FIGURE_ALPHA: f64 = 0.025;
/// The level at which a fall of the pass rate by more than its margin is ruled out. One-sided; needed beside a difference that
/// was shown, it takes nothing from the other levels.
pub const GUARD_ALPHA: f64 = 0.05;
/// The largest share of a stake that is bet where values lie between -1 and 1: whatever mean is tried, a loss leaves something.
const BET_MAX: f64 = 0.49;
/// Standard errors by which things may still turn out better than they look: with fewer a plan would show less than it says.
const HOPE: f64 = 3.0;
/// Halvings of an interval's ends.
const HALVINGS: u32 = 50;

/// What differences may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Between -1 and 1, as those of passes.
    Bounded,
    /// Any number; where the arms are the same, as likely above zero as below it.
    Symmetric,
}

/// Differences, head less base, one a pair, in the order in which the pairs became whole.
///
/// For each direction a stake of 1 is bet on the sign of each next difference: it becomes `∏ (1 + tanh(λ d))`, or `∏ (1 + f d)` of
/// bounded values. Where base's and head's values of a pair could as well have been exchanged, which holds where both arms are the
/// same, either is a martingale, and the mean of both reaches `1/α` at any time whatever with a chance of at most α (J. Ville,
/// 1939). The first is V. de la Peña's for symmetric values, "A general class of exponential inequalities for martingales and
/// ratios" (Ann. Probab. 27, 1999), in the form of A. Ramdas et al., "Admissible anytime-valid sequential inference must rely on
/// nonnegative martingales" (arXiv:2009.03167); the second the bet on a bounded mean of I. Waudby-Smith and A. Ramdas, "Estimating
/// means of bounded random variables by betting" (J. R. Stat. Soc. B 86, 2024). It is the sign flip test, taken pair by pair.
#[derive(Clone, Debug)]
pub struct Sequence {
    kind: Values,
    planned: u64,
    /// λ, or f of bounded values: what is bet.
    bet: f64,
    values: Vec<f64>,
    sum: f64,
    squares: f64,
    /// The logarithms of both stakes.
    stakes: [f64; 2],
    shown: Option<bool>,
}

impl Sequence {
    /// A sequence of at most `planned` pairs whose differences are expected to have the mean square `variance`. What is bet is best
    /// for the smallest difference that so many pairs can show; the level holds whatever they turn out to be.
    pub fn new(kind: Values, planned: u64, variance: f64) -> Self {
        let planned = planned.max(1);
        let best = (2.0 * needed(FIGURE_ALPHA) / (planned as f64 * variance.max(1e-9))).sqrt();
        let bet = match kind {
            Values::Bounded => best.tanh().min(BET_MAX),
            Values::Symmetric => best,
        };
        let (values, stakes) = (Vec::new(), [0.0; 2]);
        Self { kind, planned, bet, values, sum: 0.0, squares: 0.0, stakes, shown: None }
    }

    /// Takes the difference of the next pair.
    pub fn push(&mut self, difference: f64) {
        self.values.push(difference);
        self.sum += difference;
        self.squares += difference * difference;
        let won = self.won(difference);
        self.stakes[0] += won.ln_1p();
        self.stakes[1] += (-won).ln_1p();
        if self.shown.is_none() && self.evidence().ln() >= -FIGURE_ALPHA.ln() {
            self.shown = Some(self.stakes[0] > self.stakes[1]);
        }
    }

    /// What a bet on "above zero" wins or loses of a stake of 1.
    fn won(&self, difference: f64) -> f64 {
        match self.kind {
            Values::Bounded => self.bet * difference,
            Values::Symmetric => (self.bet * difference).tanh(),
        }
    }

    /// Pairs so far.
    pub fn len(&self) -> u64 {
        self.values.len() as u64
    }

    /// Whether there was none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The mean difference; 0 of none.
    pub fn mean(&self) -> f64 {
        if self.is_empty() { 0.0 } else { self.sum / self.values.len() as f64 }
    }

    /// The mean of both stakes: evidence against "the arms are the same". 1 is none.
    pub fn evidence(&self) -> f64 {
        f64::midpoint(self.stakes[0].exp(), self.stakes[1].exp())
    }

    /// Whether a difference was shown at any time so far, and whether head's value is the higher one.
    pub fn shown(&self) -> Option<bool> {
        self.shown
    }

    /// The logarithm of a stake that is bet against "the mean is `mean`", upwards or downwards.
    fn stake(&self, mean: f64, up: bool) -> f64 {
        let sign = if up { 1.0 } else { -1.0 };
        self.values.iter().map(|value| (sign * self.won(value - mean)).ln_1p()).sum()
    }

    fn ruled_out(&self, mean: f64) -> bool {
        let both = f64::midpoint(self.stake(mean, true).exp(), self.stake(mean, false).exp());
        both.ln() >= -FIGURE_ALPHA.ln()
    }

    /// Whether every mean of `margin` or more in either direction is ruled out now.
    pub fn is_within(&self, margin: f64) -> bool {
        self.mean().abs() < margin && self.ruled_out(margin) && self.ruled_out(-margin)
    }

    /// The means that were not ruled out at the level of a figure; all that may be where nothing was. It holds at every time at
    /// once, for means about which differences are symmetric, or of bounded ones any.
    pub fn interval(&self) -> Interval {
        let most = if self.kind == Values::Bounded { 1.0 } else { 2.0 };
        let end = |limit: f64| {
            if !self.ruled_out(limit) {
                return limit;
            }
            let (mut inside, mut outside) = (self.mean(), limit);
            for _ in 0..HALVINGS {
                let middle = f64::midpoint(inside, outside);
                if self.ruled_out(middle) { outside = middle } else { inside = middle }
            }
            outside
        };
        Interval { lo: end(-most), hi: end(most) }
    }

    /// Whether a mean of `-margin` or less is ruled out now.
    pub fn not_below(&self, margin: f64) -> bool {
        self.stake(-margin, true) >= -GUARD_ALPHA.ln()
    }

    /// Whether a mean of `margin` or more is ruled out now.
    pub fn not_above(&self, margin: f64) -> bool {
        self.stake(margin, false) >= -GUARD_ALPHA.ln()
    }

    /// The mean square of the differences.
    pub fn mean_square(&self) -> f64 {
        if self.is_empty() { 0.0 } else { self.squares / self.values.len() as f64 }
    }

    /// Whether the pairs that are left will hardly show a difference: not if the mean were three of its standard errors further
    /// from zero than it is, in either direction. To stop then costs no level, only a little power.
    pub fn is_hopeless(&self) -> bool {
        let reach = |sign: f64| self.ahead(0.0, sign);
        self.shown.is_none() && reach(1.0).max(reach(-1.0)) < needed(FIGURE_ALPHA)
    }

    /// The same of ruling out a mean of `-margin` or less.
    pub fn guard_is_hopeless(&self, margin: f64) -> bool {
        !self.not_below(margin) && self.ahead(-margin, 1.0) < -GUARD_ALPHA.ln()
    }

    /// The same of ruling out a mean of `margin` or more.
    pub fn lid_is_hopeless(&self, margin: f64) -> bool {
        !self.not_above(margin) && self.ahead(margin, -1.0) < -GUARD_ALPHA.ln()
    }

    /// The logarithm of a stake against `mean` at the planned end, if what is to come goes well.
    fn ahead(&self, mean: f64, sign: f64) -> f64 {
        let n = self.values.len() as f64;
        if n == 0.0 {
            return f64::INFINITY;
        }
        let planned = (self.planned as f64).max(n);
        let spread = (self.squares / n - self.mean().powi(2)).max(1e-9);
        let hoped = sign * (self.mean() - mean) + HOPE * (spread / n).sqrt();
        let sum = sign * (self.sum - n * mean) + (planned - n) * hoped;
        let squares = planned * (spread + (self.mean() - mean).powi(2));
        let bet = if self.kind == Values::Bounded { self.bet.atanh() } else { self.bet };
        bet * sum - bet * bet * squares / 2.0
    }
}

/// The logarithm that a stake in one direction has to reach for the mean of both to reach `1/alpha`.
fn needed(alpha: f64) -> f64 {
    (2.0 / alpha).ln()
}

/// The smallest true mean that such a sequence of `pairs` shows four times out of five, where differences have the mean square
/// `variance`: the end of the straight line that bounds the sum of the bets, `√(2 ln(2/α) n σ²)`, and the power's share above it.
pub fn detectable_in_sequence(pairs: u64, variance: f64) -> f64 {
    let pairs = pairs.max(1) as f64;
    ((2.0 * needed(FIGURE_ALPHA)).sqrt() + normal_quantile(POWER)) * (variance / pairs).sqrt()
}
