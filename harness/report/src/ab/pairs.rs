//! The pairs of a question while its trials end. Whichever ends first, the pairs are judged in the order of the plan: so what they say
//! depends neither on which trials are fast, nor on how many run at a time, nor on where the run was cut. Starts nothing.

use std::collections::BTreeMap;

use base::TrialId;
use journal::Terms;

use super::{Decider, Stop, relative_difference};
use crate::compare::Arm;

/// What one trial of a pair came to.
#[derive(Clone, Copy, Debug)]
pub struct Half {
    /// Whether it passed; nothing where it has no verdict.
    pub passed: Option<bool>,
    /// What it cost, in USD; nothing where its model has no price.
    pub usd: Option<f64>,
    /// Its tokens.
    pub tokens: f64,
}

/// A pair: suite, task, and the number of its two trials.
type Key = (String, String, u32);

/// The pairs of a question.
pub struct Pairs {
    decider: Decider,
    to_the_end: bool,
    /// Which of the plan's pairs each is, from 0.
    places: BTreeMap<Key, usize>,
    /// Base and head of each, where they have ended.
    halves: Vec<[Option<Half>; 2]>,
    judged: usize,
    lost: u64,
    has_price: bool,
    stop: Option<Stop>,
}

impl Pairs {
    /// Pairs of which no trial has ended. `trials`: both arms', in the order of the plan. `to_the_end`: they go on where a verdict
    /// stands.
    pub fn new<'t>(terms: Terms, to_the_end: bool, trials: impl IntoIterator<Item = &'t TrialId>) -> Self {
        let mut places = BTreeMap::new();
        for trial in trials {
            let next = places.len();
            places.entry(key(trial)).or_insert(next);
        }
        Self {
            decider: Decider::new(terms),
            to_the_end,
            halves: vec![[None; 2]; places.len()],
            places,
            judged: 0,
            lost: 0,
            has_price: true,
            stop: None,
        }
    }

    /// Takes a trial that has ended, and judges the pairs whose turn it is. Once it is enough, none is.
    pub fn take(&mut self, trial: &TrialId, is_head: bool, half: Half) {
        let Some(place) = self.places.get(&key(trial)) else { return };
        self.halves[*place][usize::from(is_head)] = Some(half);
        while self.stop.is_none()
            && let Some([Some(base), Some(head)]) = self.halves.get(self.judged).copied()
        {
            self.judged += 1;
            self.judge(base, head);
        }
    }

    fn judge(&mut self, base: Half, head: Half) {
        let (Some(was), Some(is)) = (base.passed, head.passed) else {
            self.lost += 1;
            return;
        };
        let money = base.usd.zip(head.usd);
        self.has_price &= money.is_some();
        let (a, b) = money.unwrap_or((base.tokens, head.tokens));
        let pass = f64::from(u8::from(is)) - f64::from(u8::from(was));
        self.decider.push(pass, relative_difference(a, b));
        if !self.to_the_end {
            self.stop = self.decider.stop();
        }
    }

    /// What those that were judged say.
    pub fn decider(&self) -> &Decider {
        &self.decider
    }

    /// Why they are enough, where they are.
    pub fn stop(&self) -> Option<Stop> {
        self.stop
    }

    /// Pairs that lost a trial to a fault, of those whose turn it was.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Whether all that were judged have a price.
    pub fn has_price(&self) -> bool {
        self.has_price
    }

    /// Leaves the trials of an arm whose pair had its turn.
    pub fn keep_judged(&self, arm: &mut Arm) {
        self.keep(arm, |place| place < self.judged);
    }

    /// Leaves the trials of an arm whose pair is whole, whether or not it had its turn: for arms that can't be compared, to look at.
    pub fn keep_whole(&self, arm: &mut Arm) {
        self.keep(arm, |place| self.halves[place].iter().all(Option::is_some));
    }

    fn keep(&self, arm: &mut Arm, wanted: impl Fn(usize) -> bool) {
        for task in &mut arm.tasks {
            let (suite, name) = (&task.suite, &task.task);
            let place = |number: u32| self.places.get(&(suite.clone(), name.clone(), number));
            task.samples.retain(|sample| place(sample.number).is_some_and(|place| wanted(*place)));
        }
        arm.tasks.retain(|task| !task.samples.is_empty());
    }
}

fn key(trial: &TrialId) -> Key {
    (trial.suite.clone(), trial.task.clone(), trial.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIRS: u32 = 400;

    fn trial(variant: &str, number: u32) -> TrialId {
        TrialId { suite: "s".to_owned(), task: "t".to_owned(), variant: variant.to_owned(), number }
    }

    fn terms() -> Terms {
        Terms {
            guard: 0.05,
            margin: 0.02,
            relative_margin: 0.05,
            planned: u64::from(PAIRS),
            pass_variance: 0.5,
            cost_variance: 0.1,
        }
    }

    /// Head passes more often, by halves that are as if drawn.
    fn half(is_head: bool, number: u32) -> Half {
        let unit = base::Seed::new(3).derive(&format!("{is_head} {number}")).unit();
        let passed = (number != 7).then_some(unit < if is_head { 0.9 } else { 0.4 });
        Half { passed, usd: Some(1.0 + unit), tokens: 1.0 }
    }

    /// What pairs say whose trials end in this order.
    fn said(ends: impl Iterator<Item = (bool, u32)>) -> (Option<Stop>, u64, u64, String, usize) {
        let plan: Vec<TrialId> = (1..=PAIRS).flat_map(|n| [trial("a", n), trial("b", n)]).collect();
        let mut pairs = Pairs::new(terms(), false, &plan);
        for (is_head, number) in ends {
            pairs.take(&trial(if is_head { "b" } else { "a" }, number), is_head, half(is_head, number));
        }
        let decider = pairs.decider();
        let told = format!("{:?} {:?} {:?}", decider.verdict(), decider.pass(), decider.cost());
        (pairs.stop(), decider.pairs(), pairs.lost(), told, pairs.judged)
    }

    #[test]
    fn whichever_trial_ends_first_the_pairs_say_what_they_say_in_the_order_of_the_plan() {
        let in_order = said((1..=PAIRS).flat_map(|n| [(false, n), (true, n)]));
        assert!(in_order.0.is_some() && in_order.1 < u64::from(PAIRS) && in_order.2 == 1, "{in_order:?}");
        assert_eq!(said((1..=PAIRS).rev().flat_map(|n| [(true, n), (false, n)])), in_order);
        let arms = [false, true].into_iter().flat_map(|arm| (1..=PAIRS).map(move |n| (arm, n)));
        assert_eq!(said(arms), in_order);
    }

    #[test]
    fn a_pair_behind_one_that_is_not_whole_is_not_judged() {
        let whole = |n: u32| [(false, n), (true, n)];
        let (stop, pairs, lost, _, judged) =
            said([1, 2, 4, 5].into_iter().flat_map(whole).chain([(false, 3)]));
        assert_eq!((stop, pairs, lost, judged), (None, 2, 0, 2));
    }
}
