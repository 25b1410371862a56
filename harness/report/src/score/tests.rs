//! The closed forms against values computed with scipy, statsmodels and numpy (fixtures/score/make.py).

use proptest::prelude::*;
use serde_json::Value;

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
            close(percentile(&values, fraction.parse().unwrap()).unwrap(), theirs, &case);
        }
    }
    assert_eq!(percentile(&[], 0.5), None);
    assert_eq!(mean(&[]), None);
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
