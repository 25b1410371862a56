//! Comparisons of arms made here: verdicts, flips, mismatches, what lost trials could hide, and the same bytes again.

use base::{Digest, RunId, Seed, Timestamp};
use journal::{FailureMode, FigureKind, Mode};
use report::compare::{
    Arm, ArmFacts, ArmTask, CompareError, Comparison, Matrix, Metric, Options, Sample, Test, Verdict, Weight,
    comparison_text, matrix_text,
};
use report::{TerminalOptions, TrialState};

/// A live arm of tasks with so many passes of so many trials.
pub(crate) fn arm(variant: &str, tasks: &[(u32, u32)]) -> Arm {
    let task = |(index, (passed, of)): (usize, &(u32, u32))| ArmTask {
        suite: "core".to_owned(),
        task: format!("task-{index:03}"),
        digest: Digest::of(format!("{index}").as_bytes()),
        samples: (1..=*of).map(|number| sample(variant, number, number <= *passed)).collect(),
    };
    Arm {
        run_id: RunId::from_text(format!("20261125T220000-{variant}")),
        created: Timestamp::parse("2026-11-25T22:00:00Z").unwrap(),
        variant: variant.to_owned(),
        facts: ArmFacts {
            mode: Mode::Live,
            synthetic: false,
            kind: Some(FigureKind::Measured),
            agent: "native".to_owned(),
            agents: ["native 0.1.0".to_owned()].into(),
            model: "openai:gpt-5.6".to_owned(),
            served: ["gpt-5.6".to_owned()].into(),
            digest: Digest::of(variant.as_bytes()),
            prompts: [Digest::of(b"prompt")].into(),
            seed: 1,
            faults: String::new(),
            trials: 3,
            retake: "0.1.0".to_owned(),
            jobs: Some(2),
            host: Some("here".to_owned()),
            prices: Some("2026-11-22".to_owned()),
            warm: 0,
        },
        tasks: tasks.iter().enumerate().map(task).collect(),
    }
}

fn sample(variant: &str, number: u32, passed: bool) -> Sample {
    Sample {
        number,
        state: if passed { TrialState::Passed } else { TrialState::Failed },
        failure: (!passed).then_some(FailureMode::WrongResult),
        steps: 10,
        tool_errors: 1,
        denied: 0,
        retries: 0,
        input_tokens: 20_000,
        cached_tokens: 15_000,
        output_tokens: 1_000,
        cost_usd: Some(0.02),
        time_us: 30_000_000,
        calls: Vec::new(),
        in_time: None,
        patch: None,
        findings_left: None,
        digest: Some(Digest::of(format!("{variant} {number} {passed}").as_bytes())),
    }
}

fn options() -> Options {
    Options { resamples: 500, ..Options::default() }
}

fn compare(base: &Arm, head: &Arm) -> Comparison {
    Comparison::of(base, head, &options()).unwrap()
}

#[test]
fn what_is_plain_is_better_or_worse_and_its_tasks_are_named() {
    let base = arm("main", &[(0, 3); 20]);
    let head = arm("terse", &[(3, 3); 20]);
    let up = compare(&base, &head);
    assert_eq!((up.rate.verdict, up.rate.gained, up.rate.lost), (Verdict::Better, 20, 0));
    assert!(up.rate.p_value < 1e-5 && up.rate.difference == 1.0);
    assert_eq!(
        up.gained_tasks[0].trials.clone().map(|id| id.to_string()),
        ["core/task-000@main#1", "core/task-000@terse#1"]
    );
    assert_eq!(up.metrics[0].metric, Metric::PassRate);
    let down = compare(&head, &base);
    assert_eq!((down.rate.verdict, down.lost_tasks.len()), (Verdict::Worse, 20));
}

#[test]
fn single_trials_are_tested_by_mcnemar_and_repeats_by_flipped_signs() {
    let tasks = [(1, 1), (0, 1), (0, 1), (1, 1), (0, 1), (0, 1), (0, 1), (1, 1)];
    let single = compare(&arm("a", &tasks), &arm("b", &[(1, 1); 8]));
    assert_eq!(single.rate.test, Test::Mcnemar);
    // Five gained of five: 2 · (1/2)^5.
    assert!((single.rate.p_value - 0.0625).abs() < 1e-12);
    let repeated = compare(&arm("a", &[(1, 2), (0, 2)]), &arm("b", &[(2, 2), (2, 2)]));
    assert_eq!(repeated.rate.test, Test::SignFlip);
}

#[test]
fn what_cannot_be_told_apart_says_what_it_would_take_and_puts_cost_first() {
    let tasks: Vec<(u32, u32)> = (0..10).map(|n| (n % 4, 3)).collect();
    let other: Vec<(u32, u32)> = (0..10).map(|n| ((n + 1) % 4, 3)).collect();
    let c = compare(&arm("a", &tasks), &arm("b", &other));
    assert_eq!(c.rate.verdict, Verdict::Inconclusive);
    assert!(c.rate.tasks_needed.unwrap() > 10 && c.rate.detectable.unwrap() > 0.1);
    assert_eq!(c.metrics[0].metric, Metric::CostUsd);
    assert_eq!(c.metrics.last().unwrap().metric, Metric::PassRate);
    let text = comparison_text(&c, &TerminalOptions::default());
    assert!(
        text.contains("inconclusive")
            && text.contains("would be decided by")
            && text.contains("cost and effort come first"),
        "{text}"
    );
}

#[test]
fn no_difference_in_few_tasks_is_not_called_equivalence() {
    let same = [(3, 3); 10];
    let c = compare(&arm("a", &same), &arm("b", &same));
    assert_eq!((c.rate.verdict, c.identical), (Verdict::Inconclusive, false));
    let interval = c.rate.interval.unwrap();
    assert!(interval.hi > 0.25 && interval.lo < -0.25, "{interval:?}");
    let many = [(3, 3); 400];
    assert_eq!(compare(&arm("a", &many), &arm("b", &many)).rate.verdict, Verdict::Equivalent);
    let base = arm("a", &same);
    let again = compare(&base, &Arm { run_id: RunId::from_text("again"), ..base.clone() });
    assert!(again.identical && again.rate.verdict == Verdict::Equivalent);
}

#[test]
fn tasks_that_changed_are_left_out_and_what_differs_is_said_with_its_weight() {
    let base = arm("a", &[(3, 3), (1, 3), (0, 3)]);
    let mut head = arm("b", &[(3, 3), (1, 3), (0, 3)]);
    head.tasks[1].digest = Digest::of(b"another");
    head.facts.jobs = Some(8);
    head.facts.served = ["gpt-5.7".to_owned()].into();
    head.facts.trials = 2;
    let c = compare(&base, &head);
    assert_eq!(c.rate.tasks, 2);
    let of = |what: &str| c.mismatches.iter().find(|m| m.what == what).map(|m| m.weight);
    assert_eq!(of("task"), Some(Weight::Grave));
    assert_eq!(of("trials"), Some(Weight::Grave));
    assert_eq!(of("jobs"), Some(Weight::Circumstance));
    assert_eq!(of("model_served"), Some(Weight::Subject));
    assert_eq!(of("host"), None);
    assert!(c.mismatches.iter().any(|m| m.what.starts_with("order")));
    for task in &mut head.tasks {
        task.digest = Digest::of(b"another");
    }
    assert!(matches!(Comparison::of(&base, &head, &options()), Err(CompareError::NothingInCommon { .. })));
}

#[test]
fn lost_trials_are_tested_and_their_worst_case_is_shown() {
    let base = arm("a", &[(2, 3); 10]);
    let mut head = arm("b", &[(2, 3); 10]);
    for task in &mut head.tasks {
        task.samples[2].state = TrialState::HarnessFault;
    }
    let c = compare(&base, &head);
    assert_eq!((c.faults.base, c.faults.head), ([0, 30], [10, 30]));
    assert!(c.faults.p_value < 0.01);
    let worst = c.faults.worst_case;
    assert!(worst.lo.abs() < 1e-12 && (worst.hi - 1.0 / 3.0).abs() < 1e-12, "{worst:?}");
}

#[test]
fn times_are_those_of_pairs_that_both_passed_and_budgets_are_censored() {
    let base = arm("a", &[(3, 3), (3, 3), (0, 3)]);
    let mut head = arm("b", &[(3, 3), (0, 3), (3, 3)]);
    for sample in head.tasks.iter_mut().flat_map(|task| &mut task.samples) {
        sample.time_us = 60_000_000;
    }
    let c = compare(&base, &head);
    let time = c.metric(Metric::TimeS).unwrap();
    assert_eq!((time.tasks, time.base, time.head), (1, 30.0, 60.0));
    let solve = c.metric(Metric::SolveS).unwrap();
    assert_eq!((solve.tasks, solve.base), (3, 40.0));
    assert_eq!(c.time_to_solve.base.unwrap().p50_us, Some(30_000_000));
}

#[test]
fn synthetic_arms_say_so_beside_every_figure() {
    let base = arm("a", &[(3, 3), (1, 3), (0, 3)]);
    let mut head = arm("b", &[(3, 3), (2, 3), (0, 3)]);
    head.facts.synthetic = true;
    let c = compare(&base, &head);
    assert!(c.metrics.iter().all(|m| m.kind == Some(FigureKind::Synthetic)));
    let text = comparison_text(&c, &TerminalOptions::default());
    let rows = text.lines().filter(|line| line.contains("inconclusive") || line.contains("equivalent"));
    assert!(rows.clone().count() >= 7 && rows.clone().all(|row| row.contains("SYNTHETIC")), "{text}");
}

#[test]
fn more_than_two_variants_make_a_matrix_with_one_claim() {
    let arms = [arm("a", &[(0, 3); 12]), arm("b", &[(3, 3); 12]), arm("c", &[(3, 3); 12])];
    let matrix = Matrix::of(&arms, &options()).unwrap();
    assert_eq!(matrix.comparisons.len(), 3);
    assert_eq!(matrix.pair(0, 2).unwrap().arms.head.variant, "c");
    assert_eq!(matrix.pair(0, 1).unwrap().rate.verdict, Verdict::Better);
    assert!(matrix.p_adjusted[0] > matrix.comparisons[0].rate.p_value);
    let text = matrix_text(&matrix, &TerminalOptions::default());
    assert_eq!(text.lines().filter(|line| line.contains(" against ")).count(), 3);
}

#[test]
fn the_same_arms_give_the_same_bytes_and_read_back() {
    let base = arm("a", &[(3, 3), (1, 3), (0, 3), (2, 3)]);
    let head = arm("b", &[(3, 3), (2, 3), (1, 3), (3, 3)]);
    let options = Options { seed: Seed::new(9), ..options() };
    let text = || serde_json::to_string(&Comparison::of(&base, &head, &options).unwrap()).unwrap();
    assert_eq!(text(), text());
    let value: serde_json::Value = serde_json::from_str(&text()).unwrap();
    let fields = [
        "metric",
        "base",
        "head",
        "difference",
        "interval",
        "p_value",
        "test",
        "gained",
        "lost",
        "detectable",
        "kind",
        "verdict",
        "cost_usd",
    ];
    for field in fields {
        assert!(value.get(field).is_some(), "{field}");
    }
    let back: Comparison = serde_json::from_str(&text()).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), text());
    let kept: Arm = serde_json::from_str(&serde_json::to_string(&base).unwrap()).unwrap();
    assert_eq!(kept, base);
}
