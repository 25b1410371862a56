//! What verdicts, gates and change points do on made-up nights whose truth is known: how often they are wrong, and how often they see
//! what is there. Everything is seeded; each test prints its table.

use base::Seed;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;
use report::compare::{Arm, Comparison, Options, Verdict};
use report::score::{CHANGE_ALPHA, changes, clustered_error, mean, power};

use crate::compare::arm;

pub(crate) struct Dice(Pcg64Mcg);

impl Dice {
    pub(crate) fn new(name: &str) -> Self {
        Self(Seed::new(20_261_125).derive(name).generator())
    }

    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A chance to pass from Beta(1/2, 1/2), the arcsine law: most tasks nearly always pass or nearly never do.
    pub(crate) fn chance(&mut self) -> f64 {
        (std::f64::consts::FRAC_PI_2 * self.unit()).sin().powi(2)
    }

    fn passes(&mut self, chance: f64, trials: u32) -> u32 {
        (0..trials).map(|_| u32::from(self.unit() < chance)).sum()
    }

    /// A run of tasks with these chances.
    fn run(&mut self, variant: &str, chances: &[f64], trials: u32) -> Arm {
        let cells: Vec<(u32, u32)> =
            chances.iter().map(|chance| (self.passes(*chance, trials), trials)).collect();
        arm(variant, &cells)
    }
}

/// Chances that are lower by `drop` on average: every task loses the same share of what it passes.
fn lowered(chances: &[f64], drop: f64) -> Vec<f64> {
    let rate = mean(chances).unwrap();
    chances.iter().map(|chance| (chance * (1.0 - drop / rate)).clamp(0.0, 1.0)).collect()
}

fn verdict(base: &Arm, head: &Arm) -> Comparison {
    Comparison::of(base, head, &Options { resamples: 0, ..Options::default() }).unwrap()
}

fn tells(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Better | Verdict::Worse)
}

#[test]
fn of_1_000_pairs_of_equal_agents_at_most_one_in_twenty_is_told_apart() {
    for (tasks, trials) in [(30, 3), (100, 3), (30, 1)] {
        let mut dice = Dice::new(&format!("equal {tasks}x{trials}"));
        let mut wrong = 0;
        for _ in 0..1_000 {
            let chances: Vec<f64> = (0..tasks).map(|_| dice.chance()).collect();
            let (base, head) = (dice.run("a", &chances, trials), dice.run("b", &chances, trials));
            wrong += u32::from(tells(verdict(&base, &head).rate.verdict));
        }
        println!(
            "equal agents, {tasks} tasks x {trials}: {wrong} of 1000 verdicts are false; stated: at most 50"
        );
        // Three standard deviations above 5 %: what chance alone allows of 1,000.
        assert!(wrong <= 50 + 21, "{tasks} x {trials}: {wrong}");
    }
}

/// Drops that the closed form finds, as often as its own formula predicts, within what chance allows of so many pairs. The verdict rests
/// on the exact test: it knows only whole flips, so that with few tasks it sees less, by as much as is stated here and in METHODOLOGY.md.
#[test]
fn the_power_is_the_predicted_one_and_the_exact_test_sees_little_less() {
    const PAIRS: u32 = 1_000;
    println!("power to tell a drop of the pass rate ({PAIRS} pairs each)");
    for (tasks, trials, less) in [(30, 3, 0.10), (100, 3, 0.05)] {
        for points in [5.0, 10.0, 20.0] {
            let mut dice = Dice::new(&format!("power {tasks}x{trials} {points}"));
            let (mut verdicts, mut intervals, mut squares) = (0, 0, Vec::new());
            let df = f64::from(tasks) - 1.0;
            // The error behind a detectable difference is what it was made of.
            let per_error = report::score::detectable(1.0, df, 0.05, report::score::POWER);
            for _ in 0..PAIRS {
                let chances: Vec<f64> = (0..tasks).map(|_| dice.chance()).collect();
                let base = dice.run("a", &chances, trials);
                let head = dice.run("b", &lowered(&chances, points / 100.0), trials);
                let rate = verdict(&base, &head).rate;
                verdicts += u32::from(rate.verdict == Verdict::Worse);
                intervals += u32::from(rate.interval.is_some_and(|interval| interval.hi < 0.0));
                squares.push((rate.detectable.unwrap_or(0.0) / per_error).powi(2));
            }
            let error = mean(&squares).unwrap().sqrt();
            let predicted = power(points / 100.0, error, df, 0.05);
            let [seen, closed] = [verdicts, intervals].map(|n| f64::from(n) / f64::from(PAIRS));
            println!(
                "  {tasks} x {trials}, {points} points: verdicts {seen:.3}, closed form {closed:.3}, predicted {predicted:.3}"
            );
            // Three standard deviations of a share of so many pairs.
            let chance = 3.0 * (predicted * (1.0 - predicted) / f64::from(PAIRS)).sqrt().max(0.002);
            assert!(
                (closed - predicted).abs() <= chance + 0.02,
                "{tasks} x {trials}, {points}: {closed}, {predicted}"
            );
            assert!(
                seen <= predicted + chance && seen >= predicted - chance - less,
                "{seen} against {predicted}"
            );
        }
    }
}

/// Pass rates of nights over 30 tasks x 3, with a drop from night `at` on.
fn nights(dice: &mut Dice, nights: usize, drop: Option<(usize, f64)>) -> Vec<f64> {
    let chances: Vec<f64> = (0..30).map(|_| dice.chance()).collect();
    // The error that stands beside a night's pass rate: for tasks like these.
    let night = |dice: &mut Dice, chances: &[f64]| -> Vec<(u64, u64)> {
        chances.iter().map(|chance| (u64::from(dice.passes(*chance, 3)), 3)).collect()
    };
    let error = clustered_error(&night(dice, &chances)).unwrap();
    let low = drop.map(|(at, errors)| (at, lowered(&chances, errors * error)));
    let rate = |cells: Vec<(u64, u64)>| {
        let (passed, of) = cells.iter().fold((0, 0), |(p, n), (passed, of)| (p + passed, n + of));
        passed as f64 / of as f64
    };
    (0..nights)
        .map(|number| match &low {
            Some((at, low)) if number >= *at => rate(night(dice, low)),
            _ => rate(night(dice, &chances)),
        })
        .collect()
}

#[test]
fn a_drop_of_one_and_a_half_errors_is_named_to_the_night() {
    let (mut named, mut missed) = (0, 0);
    for seed in 0..100 {
        let mut dice = Dice::new(&format!("drop {seed}"));
        let at = 20 + seed % 21;
        let series = nights(&mut dice, 60, Some((at, 1.5)));
        let found = changes(&series, CHANGE_ALPHA);
        named += usize::from(found.iter().any(|change| change.index.abs_diff(at) <= 1));
        missed += usize::from(found.is_empty());
    }
    println!(
        "60 nights of 30 x 3, a drop of 1.5 of a night's clustered error: named within one in {named} of 100, missed in {missed}"
    );
    assert!(named >= 90, "{named}");
}

#[test]
fn flat_nights_raise_as_few_alarms_as_stated() {
    let mut alarms = 0;
    for seed in 0..300 {
        let mut dice = Dice::new(&format!("flat {seed}"));
        alarms += changes(&nights(&mut dice, 60, None), CHANGE_ALPHA).len();
    }
    let a_month = alarms as f64 / 300.0 / 2.0;
    println!("flat nights: {alarms} alarms in 300 x 60 nights, {a_month:.3} a month; stated: at most 0.1");
    assert!(a_month <= 0.1, "{a_month}");
}

#[test]
fn a_nightly_gate_between_equal_agents_raises_as_few_alarms_as_stated() {
    use report::gate::{Gate, Standing, judge};
    let gates: Vec<Gate> = vec!["pass_rate >= baseline".parse().unwrap()];
    let mut alarms = 0;
    let runs = 1_500;
    for number in 0..runs {
        let mut dice = Dice::new(&format!("gate {number}"));
        let chances: Vec<f64> = (0..30).map(|_| dice.chance()).collect();
        let (base, head) = (dice.run("a", &chances, 3), dice.run("a", &chances, 3));
        let judged = judge(&gates, &[head], &[base], &Default::default(), Seed::new(1));
        alarms += u32::from(judged[0].standing == Standing::Broken);
    }
    let a_month = f64::from(alarms) / f64::from(runs) * 30.0;
    println!(
        "pass_rate >= baseline between equal agents, 30 x 3: {a_month:.2} alarms in 30 nights; stated: at most 0.75"
    );
    assert!(a_month <= 0.75, "{a_month}");
}
