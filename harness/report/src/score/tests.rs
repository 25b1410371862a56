//! The closed forms against values computed with scipy, statsmodels and numpy (fixtures/score/make.py).

use base::Seed;
use journal::CallFigures;
use proptest::prelude::*;
use serde_json::Value;
use wire::Usage;

use super::*;

fn reference(part: &str) -> Vec<Value> {
    let text = include_str!("../../../../fixtures/score/closed_forms.json");
    let all: Value = serde_json::from_str(text).unwrap();
    all[part].as_array().unwrap().clone()
}

fn close(ours: f64, theirs: &Value, context: &Value) {
    let theirs = theirs.as_f64().unwrap();
    let scale = theirs.abs().max(1.0);
    assert!((ours - theirs).abs() <= 1e-12 * scale, "{ours} against {theirs} in {context}");
}

#[test]
fn the_wilson_interval_is_that_of_statsmodels() {
    for case in reference("wilson") {
        let (passes, n) = (case["passes"].as_u64().unwrap(), case["n"].as_u64().unwrap());
        let interval = wilson(passes, n, case["confidence"].as_f64().unwrap()).unwrap();
        close(interval.lo, &case["lo"], &case);
        close(interval.hi, &case["hi"], &case);
    }
}

#[test]
fn an_interval_of_nothing_or_of_nonsense_is_none() {
    assert_eq!(wilson(0, 0, 0.95), None);
    assert_eq!(wilson(2, 1, 0.95), None);
    assert_eq!(wilson(1, 2, 1.0), None);
    assert_eq!(wilson(1, 2, f64::NAN), None);
    let sure = wilson(3, 3, 0.95).unwrap();
    assert!(sure.hi == 1.0 && sure.lo > 0.4);
}

#[test]
fn pass_at_k_and_pass_all_k_are_the_ratios_of_binomials() {
    for case in reference("repeats") {
        let [passes, n, k] = ["passes", "n", "k"].map(|key| case[key].as_u64().unwrap());
        close(pass_at_k(passes, n, k).unwrap(), &case["at_k"], &case);
        close(pass_all_k(passes, n, k).unwrap(), &case["all_k"], &case);
    }
    assert_eq!(pass_at_k(1, 2, 3), None);
    assert_eq!(pass_all_k(1, 2, 0), None);
}

#[test]
fn mean_deviation_and_percentiles_are_those_of_numpy() {
    for case in reference("spreads") {
        let mut values: Vec<u64> =
            case["values"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect();
        values.sort_unstable();
        let floats: Vec<f64> = values.iter().map(|v| *v as f64).collect();
        close(mean(&floats).unwrap(), &case["mean"], &case);
        match deviation(&floats) {
            Some(ours) => close(ours, &case["deviation"], &case),
            None => assert!(case["deviation"].is_null()),
        }
        for (fraction, theirs) in case["percentiles"].as_object().unwrap() {
            let fraction = fraction.parse().unwrap();
            close(percentile(&values, fraction).unwrap(), theirs, &case);
            let mut reversed: Vec<u64> = values.iter().rev().copied().collect();
            assert_eq!(percentile_of(&mut reversed, fraction), percentile(&values, fraction), "{case}");
        }
    }
    assert_eq!(percentile(&[], 0.5), None);
    assert_eq!(mean(&[]), None);
}

/// Passes and samples of each task of one arm.
fn arm(case: &Value, name: &str) -> Vec<(u64, u64)> {
    let cells = case[name].as_array().unwrap().iter();
    cells.map(|cell| (cell[0].as_u64().unwrap(), cell[1].as_u64().unwrap())).collect()
}

fn differences(case: &Value) -> Vec<f64> {
    let (base, head) = (arm(case, "base"), arm(case, "head"));
    let share = |(passed, n): (u64, u64)| passed as f64 / n as f64;
    base.into_iter().zip(head).map(|(b, h)| share(h) - share(b)).collect()
}

#[test]
fn paired_differences_over_24_tables_are_those_of_scipy_and_statsmodels() {
    let tables = reference("tables");
    assert!(tables.len() >= 20);
    for case in tables {
        let d = differences(&case);
        let paired = Paired::of(&d, CONFIDENCE).unwrap();
        close(paired.mean, &case["mean"], &case);
        if let Some(theirs) = case["paired"].as_object() {
            close(paired.error.unwrap(), &theirs["error"], &case);
            let interval = paired.interval.unwrap();
            close(interval.lo, &theirs["lo"], &case);
            close(interval.hi, &theirs["hi"], &case);
            close(paired.detectable.unwrap(), &theirs["detectable"], &case);
        }
        close(sign_flip(&d, Seed::new(1)), &case["sign_flip"], &case);
        let [gained, lost] = ["gained", "lost"].map(|key| case[key].as_u64().unwrap());
        close(mcnemar(gained, lost), &case["mcnemar"], &case);
        let cell = |row: usize, column: usize| case["total"][row][column].as_u64().unwrap();
        close(fisher([[cell(0, 0), cell(0, 1)], [cell(1, 0), cell(1, 1)]]), &case["fisher"], &case);
    }
}

#[test]
fn the_clustered_error_is_that_of_a_regression_with_clusters() {
    for case in reference("tables") {
        let tasks = arm(&case, "base");
        close(clustered_error(&tasks).unwrap(), &case["error"], &case);
        let interval = clustered(&tasks, CONFIDENCE).unwrap();
        let rate = case["rate"].as_f64().unwrap();
        assert!(0.0 <= interval.lo && interval.lo <= rate && rate <= interval.hi && interval.hi <= 1.0);
    }
    assert_eq!(clustered(&[(3, 4)], CONFIDENCE), None);
    // Ten trials of one task each are ten samples; ten trials of two tasks that always agree are two.
    let apart =
        clustered(&[(1, 1), (0, 1), (1, 1), (0, 1), (1, 1), (0, 1), (1, 1), (0, 1), (1, 1), (0, 1)], 0.95)
            .unwrap();
    let together = clustered(&[(5, 5), (0, 5)], 0.95).unwrap();
    assert!(together.hi - together.lo > apart.hi - apart.lo);
}

#[test]
fn distributions_are_those_of_scipy() {
    let all = reference("distributions").remove(0);
    let each = |name: &str, ours: &dyn Fn(&Value) -> f64, key: &str| {
        for case in all[name].as_array().unwrap() {
            close(ours(case), &case[key], case);
        }
    };
    let at = |case: &Value, key: &str| case[key].as_f64().unwrap();
    each("normal", &|c| special::normal_cdf(at(c, "x")), "p");
    each("normal_quantile", &|c| normal_quantile(at(c, "p")), "x");
    each("t", &|c| special::t_cdf(at(c, "t"), at(c, "df")), "p");
    each("t", &|c| special::t_two_sided(at(c, "t"), at(c, "df")), "two_sided");
    each("t_quantile", &|c| t_quantile(at(c, "p"), at(c, "df")), "t");
}

#[test]
fn holm_is_that_of_statsmodels() {
    for case in reference("holm") {
        let list = |key: &str| -> Vec<f64> { serde_json::from_value(case[key].clone()).unwrap() };
        for (ours, theirs) in holm(&list("p")).iter().zip(list("adjusted")) {
            assert!((ours - theirs).abs() < 1e-12, "{case}");
        }
    }
}

#[test]
fn a_sign_flip_is_the_same_counted_tried_and_nearly_the_same_drawn() {
    let on_a_grid = [0.5, 0.25, -0.25, 1.0, 0.0, 0.5, -0.5, 0.75, 0.25];
    let off_it: Vec<f64> = on_a_grid.iter().map(|d| d * std::f64::consts::PI).collect();
    let counted = sign_flip(&on_a_grid, Seed::new(1));
    assert!((counted - sign_flip(&off_it, Seed::new(1))).abs() < 1e-12);
    let many: Vec<f64> = (0..30).map(|i| f64::from(i % 7) - 2.0).collect();
    let odd: Vec<f64> = many.iter().map(|d| d * std::f64::consts::E).collect();
    let (exact, drawn) = (sign_flip(&many, Seed::new(1)), sign_flip(&odd, Seed::new(1)));
    assert!((exact - drawn).abs() < 0.01, "{exact} {drawn}");
    assert_eq!(drawn.to_bits(), sign_flip(&odd, Seed::new(1)).to_bits());
    assert_eq!(sign_flip(&[0.0, 0.0], Seed::new(1)), 1.0);
}

/// 2,000 resamples of a mean of 40 have a percentile interval within 8 % of the normal one's width at each end.
#[test]
fn a_seeded_bootstrap_repeats_and_is_near_the_closed_form() {
    let d: Vec<f64> = (0..40).map(|i| Seed::new(i).unit() - 0.3).collect();
    let closed = Paired::of(&d, CONFIDENCE).unwrap();
    let drawn =
        |seed| percentile_interval(&bootstrap(&d, Seed::new(seed), 2_000, mean_of), CONFIDENCE).unwrap();
    let (one, two) = (drawn(1), drawn(2));
    assert_eq!(one, drawn(1));
    assert_ne!(one, two);
    let half = 1.959_964 * closed.error.unwrap() * (39.0_f64 / 40.0).sqrt();
    for interval in [one, two] {
        assert!((interval.lo - (closed.mean - half)).abs() < 0.16 * half, "{interval:?} {closed:?}");
        assert!((interval.hi - (closed.mean + half)).abs() < 0.16 * half, "{interval:?} {closed:?}");
    }
}

#[test]
fn what_it_takes_is_what_the_formulas_say() {
    // 1,000 questions show 3 points at 80 % where questions differ as in Miller's example: (1.96 + 0.84)² · (1/9) / 0.03².
    assert_eq!(tasks_for(0.03, 1.0 / 3.0, 0.05, POWER), Some(969));
    assert_eq!(tasks_for(0.0, 0.3, 0.05, POWER), None);
    // Tasks that differ by themselves are not told apart by more trials of each.
    assert_eq!(trials_for(0.02, 0.5, 0.01, 3.0, 30, 0.05), None);
    let trials = trials_for(0.1, 0.4, 0.4, 3.0, 100, 0.05).unwrap();
    assert!(trials > 3, "{trials}");
    let error = 0.05;
    let size = detectable(error, 29.0, 0.05, POWER);
    assert!((power(size, error, 29.0, 0.05) - POWER).abs() < 1e-12);
}

#[test]
fn change_points_are_those_of_apache_otava() {
    let text = include_str!("../../../../fixtures/score/changes.json");
    let cases: Vec<Value> = serde_json::from_str(text).unwrap();
    assert!(cases.len() >= 20);
    let mut as_it_is = 0;
    for case in &cases {
        let series: Vec<f64> = serde_json::from_value(case["series"].clone()).unwrap();
        let ours = changes(&series, case["alpha"].as_f64().unwrap());
        let places = |key: &str| -> Vec<u64> {
            case[key].as_array().unwrap().iter().map(|p| p["index"].as_u64().unwrap()).collect()
        };
        let found: Vec<u64> = ours.iter().map(|c| c.index as u64).collect();
        assert_eq!(found, places("mended"), "{case}");
        as_it_is += usize::from(found == places("otava"));
        for (ours, theirs) in ours.iter().zip(case["mended"].as_array().unwrap()) {
            close(ours.before, &theirs["before"], theirs);
            close(ours.after, &theirs["after"], theirs);
            assert!((ours.p_value - theirs["p"].as_f64().unwrap()).abs() < 1e-9);
        }
    }
    assert!(as_it_is + 5 >= cases.len(), "{as_it_is} of {}", cases.len());
    assert!(changes(&[], CHANGE_ALPHA).is_empty() && changes(&[1.0], CHANGE_ALPHA).is_empty());
}

#[test]
fn time_to_solve_counts_who_never_will_and_not_who_was_stopped() {
    use Solve::{Cut, Missed, Solved};
    assert_eq!(TimeToSolve::of(Vec::new()), None);
    let all = TimeToSolve::of(vec![Solved(30), Solved(10), Solved(20), Solved(40)]).unwrap();
    assert_eq!((all.p50_us, all.solved), (Some(20), 1.0));
    let half_missed =
        TimeToSolve::of(vec![Solved(10), Solved(20), Solved(30), Missed(5), Missed(50)]).unwrap();
    assert_eq!(half_missed.p50_us, Some(30));
    assert!((half_missed.solved - 0.6).abs() < 1e-12);
    // One that was stopped early says nothing of those that went on.
    let cut = TimeToSolve::of(vec![Cut(5), Solved(10), Solved(20)]).unwrap();
    assert_eq!((cut.p50_us, cut.solved), (Some(10), 1.0));
    assert_eq!(TimeToSolve::of(vec![Missed(1), Missed(2), Solved(3)]).unwrap().p50_us, None);
}

#[test]
fn a_figure_is_worth_no_more_than_its_weakest_part() {
    use FigureKind::{Measured, Recorded, Synthetic};
    assert_eq!(weakest([Measured, Synthetic, Recorded]), Some(Synthetic));
    assert_eq!(weakest([Measured, Recorded]), Some(Recorded));
    assert_eq!(weakest([]), None);
}

proptest! {
    #[test]
    fn an_interval_holds_its_rate_and_shrinks_with_more_samples(n in 1_u64..5_000, share in 0.0..=1.0_f64) {
        let passes = (n as f64 * share) as u64;
        let rate = passes as f64 / n as f64;
        let few = wilson(passes, n, CONFIDENCE).unwrap();
        let many = wilson(passes * 10, n * 10, CONFIDENCE).unwrap();
        prop_assert!(0.0 <= few.lo && few.lo <= rate && rate <= few.hi && few.hi <= 1.0);
        prop_assert!(many.hi - many.lo < few.hi - few.lo);
    }

    #[test]
    fn one_of_k_is_at_least_as_likely_as_all_of_k(n in 1_u64..300, share in 0.0..=1.0_f64, part in 0.0..1.0_f64) {
        let passes = (n as f64 * share) as u64;
        let k = 1 + (n as f64 * part) as u64;
        let rate = passes as f64 / n as f64;
        let (one, all) = (pass_at_k(passes, n, k).unwrap(), pass_all_k(passes, n, k).unwrap());
        prop_assert!(all <= rate + 1e-12 && rate <= one + 1e-12, "{all} {rate} {one}");
    }
}

#[test]
fn the_time_of_an_output_token_is_that_after_the_first_one() {
    let call = |ttft_us, total_us, output_tokens| CallFigures {
        ttft_us,
        total_us,
        usage: Usage { output_tokens, ..Usage::default() },
    };
    assert_eq!(per_token_us(&call(200_000, 1_200_000, 51)), Some(20_000));
    assert_eq!(per_token_us(&call(200_000, 200_005, 3)), Some(3));
    assert_eq!(per_token_us(&call(200_000, 1_200_000, 1)), None);
    assert_eq!(per_token_us(&call(5, 3, 10)), Some(0));
}
