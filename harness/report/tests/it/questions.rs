//! Made-up questions whose answer is known, decided pair by pair: how often the verdict is wrong, how often it sees what is there, and
//! how many trials stopping early saves. Everything is seeded; the test prints its table.

use std::collections::BTreeMap;

use journal::Terms;
use report::ab::{Decider, relative_difference};
use report::compare::Verdict;
use report::score::{FIGURE_ALPHA, detectable_in_sequence, mean};

use crate::simulated::Dice;

const TASKS: usize = 40;
const TRIALS: usize = 10;
const PAIRS: u64 = (TASKS * TRIALS) as u64;
/// The relative deviation of a task's cost from trial to trial.
const CV: f64 = 0.4;

const TERMS: Terms = Terms {
    guard: 0.10,
    margin: 0.02,
    relative_margin: 0.05,
    planned: PAIRS,
    // Twice the mean of p (1 - p) over U-shaped chances to pass.
    pass_variance: 0.25,
    cost_variance: 2.0 * CV * CV,
};

/// Head passes more often by `gain` on average, every task by the same share of what it fails; its cost is `cost` times base's.
fn question(dice: &mut Dice, gain: f64, cost: f64) -> (Verdict, u64) {
    let chances: Vec<f64> = (0..TASKS).map(|_| dice.chance()).collect();
    let failed = 1.0 - mean(&chances).unwrap();
    let raised: Vec<f64> = chances.iter().map(|p| p + (1.0 - p) * (gain / failed).min(1.0)).collect();
    let mut decider = Decider::new(TERMS);
    for _ in 0..TRIALS {
        for (was, is) in chances.iter().zip(&raised) {
            let passed = |dice: &mut Dice, chance: f64| f64::from(u8::from(dice.unit() < chance));
            let pass = passed(dice, *is) - passed(dice, *was);
            // The sum of four uniform numbers is nearly normal.
            let spread = |dice: &mut Dice| ((0..4).map(|_| dice.unit()).sum::<f64>() - 2.0) * 3.0_f64.sqrt();
            let usd = |dice: &mut Dice, times: f64| times * (CV * spread(dice)).exp();
            let (base, head) = (usd(dice, 1.0), usd(dice, cost));
            decider.push(pass, relative_difference(base, head));
            if decider.stop().is_some() {
                return (decider.verdict(), decider.pairs());
            }
        }
    }
    (decider.verdict(), decider.pairs())
}

fn ask(name: &str, questions: u32, gain: f64, cost: f64) -> (BTreeMap<&'static str, u32>, f64) {
    let mut dice = Dice::new(name);
    let (mut verdicts, mut pairs) = (BTreeMap::new(), 0);
    for _ in 0..questions {
        let (verdict, took) = question(&mut dice, gain, cost);
        let word = match verdict {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Equivalent => "equivalent",
            Verdict::Inconclusive => "inconclusive",
        };
        *verdicts.entry(word).or_insert(0) += 1;
        pairs += took;
    }
    (verdicts, 1.0 - pairs as f64 / (f64::from(questions) * PAIRS as f64))
}

#[test]
fn of_300_questions_the_verdicts_are_wrong_no_more_often_than_stated_and_trials_are_saved() {
    let stated = 2.0 * FIGURE_ALPHA;
    println!(
        "{TASKS} tasks x {TRIALS} trials: {PAIRS} pairs at most; can show {:.1} points or {:.1} % of cost; wrong at most {:.1} %",
        100.0 * detectable_in_sequence(PAIRS, TERMS.pass_variance),
        100.0 * detectable_in_sequence(PAIRS, TERMS.cost_variance),
        100.0 * stated
    );
    println!("truth            better  worse  equivalent  inconclusive  trials saved");
    let mut told = Vec::new();
    for (name, gain, cost) in
        [("no difference", 0.0, 1.0), ("+10 points", 0.10, 1.0), ("-20 % cost", 0.0, 0.8)]
    {
        let (verdicts, saved) = ask(name, 100, gain, cost);
        let of = |word: &str| verdicts.get(word).copied().unwrap_or(0);
        println!(
            "{name:<15}  {:>6}  {:>5}  {:>10}  {:>12}  {:>10.0} %",
            of("better"),
            of("worse"),
            of("equivalent"),
            of("inconclusive"),
            100.0 * saved
        );
        told.push([of("better"), of("worse"), (100.0 * saved) as u32]);
    }
    let [none, points, cost] = [told[0], told[1], told[2]];
    // Were it 5 of 100 in the long run, more than 11 would be seen once in 200 such hundreds.
    assert!(none[0] + none[1] <= 11, "{none:?}");
    assert!(points[0] >= 60 && points[1] <= 2, "{points:?}");
    assert!(cost[0] >= 80 && cost[1] <= 2, "{cost:?}");
    assert!(cost[2] >= 20 && none[2] >= 20, "{told:?}");
}

#[test]
fn of_2_000_questions_between_equal_arms_at_most_one_in_twenty_is_decided_however_often_it_is_looked_at() {
    let (verdicts, _) = ask("equal arms, more of them", 2_000, 0.0, 1.0);
    let wrong: u32 = ["better", "worse"].iter().filter_map(|word| verdicts.get(word)).sum();
    println!("equal arms told apart: {wrong} of 2,000; stated: at most 100");
    assert!(wrong <= 100, "{verdicts:?}");
}
