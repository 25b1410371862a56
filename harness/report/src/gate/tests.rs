//! How rules are read, which are refused, and how they stand.

use std::collections::BTreeMap;

use base::{Digest, RunId, Seed, Timestamp};
use journal::{CallFigures, DriftGrade, FigureKind, Mode, PatchFigures};
use wire::Usage;

use super::*;
use crate::TrialState;
use crate::compare::{Arm, ArmFacts, ArmTask, Sample};

fn gate(rule: &str) -> Gate {
    rule.parse().unwrap_or_else(|error| panic!("{rule}: {error}"))
}

fn bound(rule: &str) -> Bound {
    match gate(rule).rule {
        Rule::Limit { bound, .. } => bound,
        other => panic!("{other:?}"),
    }
}

fn arm(mode: Mode, tasks: &[(u32, u32)]) -> Arm {
    let sample = |number, passed| Sample {
        number,
        state: if passed { TrialState::Passed } else { TrialState::Failed },
        failure: None,
        steps: 10,
        tool_errors: 1,
        denied: 0,
        retries: 0,
        input_tokens: 10_000,
        cached_tokens: 9_000,
        output_tokens: 500,
        cost_usd: Some(0.1),
        time_us: 10_000_000 + u64::from(number) * 1_000_000,
        calls: Vec::new(),
        in_time: None,
        patch: None,
        findings_left: None,
        digest: None,
    };
    let task = |(index, (passed, of)): (usize, &(u32, u32))| ArmTask {
        suite: "core".to_owned(),
        task: format!("t{index}"),
        digest: Digest::of(format!("{index}").as_bytes()),
        samples: (1..=*of).map(|number| sample(number, number <= *passed)).collect(),
    };
    Arm {
        run_id: RunId::from_text("run"),
        created: Timestamp::parse("2026-11-25T22:00:00Z").unwrap(),
        variant: "main".to_owned(),
        facts: ArmFacts {
            mode,
            synthetic: false,
            kind: Some(FigureKind::Measured),
            agent: "native".to_owned(),
            agents: Default::default(),
            model: "openai:gpt-5.6".to_owned(),
            served: Default::default(),
            digest: Digest::of(b"main"),
            prompts: Default::default(),
            seed: 1,
            trials: 3,
            retake: "0.1.0".to_owned(),
            jobs: None,
            host: None,
            prices: None,
            warm: 0,
            faults: String::new(),
        },
        tasks: tasks.iter().enumerate().map(task).collect(),
    }
}

fn stand(rule: &str, arm: &Arm, baseline: &[Arm]) -> (Standing, String) {
    let judged = judge(&[gate(rule)], std::slice::from_ref(arm), baseline, &BTreeMap::new(), Seed::new(1));
    (judged[0].standing, judged[0].because.clone())
}

#[test]
fn rules_are_read_in_the_units_of_their_figures() {
    assert_eq!(bound("pass_rate >= baseline - 2pp"), Bound::Baseline { factor: 1.0, shift: -0.02 });
    assert_eq!(bound("cost <= 1.1x"), Bound::Baseline { factor: 1.1, shift: 0.0 });
    assert_eq!(bound("tokens<=baseline+10%"), Bound::Baseline { factor: 1.1, shift: 0.0 });
    assert_eq!(bound("cache_hit >= 0.9"), Bound::Value(0.9));
    assert_eq!(bound("pass_rate >= 90%"), Bound::Value(0.9));
    assert_eq!(bound("trial_p90 <= 2min"), Bound::Value(120.0));
    assert_eq!(bound("trial_p50 <= 500ms"), Bound::Value(0.5));
    assert_eq!(bound("cost <= $0.2"), Bound::Value(0.2));
    assert_eq!(bound("tokens <= 1.5M"), Bound::Value(1_500_000.0));
    assert_eq!(
        gate("drift <= text"),
        Gate { text: "drift <= text".to_owned(), rule: Gate::default_drift().rule }
    );
    assert_eq!(gate(" no_new_failures ").rule, Rule::NoNewFailures);
    assert!(matches!(gate("void <= 0").rule, Rule::Limit { figure: Figure::Void, .. }));
}

#[test]
fn what_is_wrong_with_a_rule_is_said_with_its_place() {
    let wrong = |rule: &str| rule.parse::<Gate>().unwrap_err();
    let error = wrong("pass_rat >= 0.9");
    assert_eq!((error.span.clone(), error.help.as_str()), (0..8, "did you mean `pass_rate`?"));
    assert_eq!(wrong("pass_rate = 0.9").span, 10..11);
    assert_eq!(wrong("pass_rate >=").message, "the limit is missing");
    assert_eq!(wrong("pass_rate >= baseline - 2%x").span, 24..27);
    assert!(wrong("pass_rate >= baseline - 2").help.contains("2pp"));
    assert!(wrong("pass_rate >= 90").help.contains("at most 1"));
    assert!(wrong("trial_p90 <= 120").help.contains("90s"));
    assert!(wrong("drift <= exit").message.contains("cannot break"));
    assert!(wrong("drift <= slightly").message.contains("graded"));
    assert!(wrong("fast enough").help.contains("no_new_failures"));
    for rule in ["", ">=", "x", "≥ 1", "pass_rate ≥ 1", "cost <= -x", "cost <= NaN", "tokens >= baseline * 2"]
    {
        assert!(rule.parse::<Gate>().is_err(), "{rule}");
    }
}

#[test]
fn a_gate_that_cannot_fail_is_refused_with_the_reason() {
    let variants = [("main", Digest::of(b"main"))];
    let base = [arm(Mode::Replay, &[(1, 1)])];
    let why = |rule: &str, mode: Mode| refuse(&gate(rule), mode, &variants, Some(&base)).err().map(|r| r.why);
    assert!(why("drift <= text", Mode::Live).unwrap().contains("cannot fail"));
    assert!(why("drift <= text", Mode::Replay).is_none());
    assert!(why("cost <= 1usd", Mode::Replay).unwrap().contains("repeats what was recorded"));
    assert!(why("cost <= 1.1x", Mode::Replay).unwrap().contains("repeats what was recorded"));
    assert!(why("tokens <= 1k", Mode::Reference).unwrap().contains("no model"));
    assert!(why("pass_rate >= 0", Mode::Live).unwrap().contains("cannot fail"));
    assert!(why("cache_hit <= 1", Mode::Live).unwrap().contains("cannot fail"));
    assert!(why("no_new_failures", Mode::Live).unwrap().contains("by chance"));
    assert!(why("no_new_failures", Mode::Replay).is_none());
    assert!(why("pass_rate >= 0.9", Mode::Replay).is_none());
    assert!(why("void <= 0", Mode::Script).unwrap().contains("diverge"));
    let other = [("main", Digest::of(b"recorded anew"))];
    assert!(refuse(&gate("cost <= 1.1x"), Mode::Replay, &other, Some(&base)).is_ok());
    let none = refuse(&gate("cost <= 1.1x"), Mode::Live, &variants, None).unwrap_err();
    assert!(none.to_string().contains("retake baseline set"), "{none}");
}

#[test]
fn counts_decide_as_they_were_counted() {
    let live = arm(Mode::Live, &[(2, 3), (3, 3)]);
    assert_eq!(stand("cache_hit >= 0.9", &live, &[]).0, Standing::Held);
    assert_eq!(stand("cache_hit >= 0.91", &live, &[]).0, Standing::Broken);
    assert_eq!(stand("tokens <= 10.5k", &live, &[]).0, Standing::Held);
    assert_eq!(stand("cost <= 1.1x", &live, std::slice::from_ref(&live)).0, Standing::Held);
    assert_eq!(stand("failures <= 0", &live, &[]).0, Standing::Broken);
    let mut dearer = live.clone();
    dearer.tasks[0].samples[0].cost_usd = Some(0.2);
    assert_eq!(stand("cost <= 1.1x", &dearer, std::slice::from_ref(&live)).0, Standing::Broken);
    dearer.tasks[0].samples[0].cost_usd = None;
    let (standing, because) = stand("cost <= 1.1x", &dearer, std::slice::from_ref(&live));
    assert!(standing == Standing::Inconclusive && because.contains("no price"), "{because}");
}

#[test]
fn a_replay_samples_nothing_so_its_rates_decide_as_they_are() {
    let replay = arm(Mode::Replay, &[(1, 1), (0, 1), (1, 1)]);
    assert_eq!(stand("pass_rate >= 60%", &replay, &[]).0, Standing::Held);
    assert_eq!(stand("pass_rate >= 70%", &replay, &[]).0, Standing::Broken);
    let before = arm(Mode::Replay, &[(1, 1), (1, 1), (1, 1)]);
    let (standing, because) = stand("no_new_failures", &replay, &[before]);
    assert!(standing == Standing::Broken && because.contains("core/t1"), "{because}");
    assert_eq!(stand("no_new_failures", &replay, std::slice::from_ref(&replay)).0, Standing::Held);
}

#[test]
fn live_rates_are_held_broken_or_left_open_by_what_their_samples_say() {
    let few = arm(Mode::Live, &[(3, 3), (2, 3), (3, 3), (3, 3)]);
    assert_eq!(stand("pass_rate >= 90%", &few, &[]).0, Standing::Inconclusive);
    assert_eq!(stand("pass_rate >= 20%", &few, &[]).0, Standing::Held);
    let many: Vec<(u32, u32)> = (0..100).map(|n| (2 + n % 2, 3)).collect();
    let base = arm(Mode::Live, &many);
    let worse: Vec<(u32, u32)> = many.iter().map(|(passed, of)| (passed - 1, *of)).collect();
    assert_eq!(
        stand("pass_rate >= baseline - 2pp", &base, std::slice::from_ref(&base)).0,
        Standing::Inconclusive
    );
    assert_eq!(stand("pass_rate >= baseline - 10pp", &base, std::slice::from_ref(&base)).0, Standing::Held);
    assert_eq!(
        stand("pass_rate >= baseline - 2pp", &arm(Mode::Live, &worse), std::slice::from_ref(&base)).0,
        Standing::Broken
    );
    let slow = {
        let mut slow = base.clone();
        slow.tasks.iter_mut().flat_map(|task| &mut task.samples).for_each(|s| s.time_us *= 2);
        slow
    };
    assert_eq!(stand("trial_p50 <= 1.2x", &slow, std::slice::from_ref(&base)).0, Standing::Broken);
    assert_eq!(stand("trial_p50 <= 2.5x", &slow, std::slice::from_ref(&base)).0, Standing::Held);
}

#[test]
fn times_of_calls_are_gated_over_all_calls_together() {
    let tasks: Vec<(u32, u32)> = (0..20).map(|_| (1, 1)).collect();
    let mut live = arm(Mode::Live, &tasks);
    for (number, sample) in (0..).zip(live.tasks.iter_mut().flat_map(|task| &mut task.samples)) {
        let call = |more: u64| CallFigures {
            ttft_us: 400_000 + number * 1_000 + more,
            total_us: 2_400_000 + number * 1_000 + more,
            usage: Usage { output_tokens: 101, ..Usage::default() },
        };
        sample.calls = vec![call(0), call(100_000)];
    }
    let (standing, because) = stand("ttft_p50 <= 700ms", &live, &[]);
    assert!(standing == Standing::Held && because.starts_with("459.5 ms"), "{because}");
    assert_eq!(stand("ttft_p99 <= 420ms", &live, &[]).0, Standing::Broken);
    let (standing, because) = stand("tpot_p90 <= 25ms", &live, &[]);
    assert!(standing == Standing::Held && because.starts_with("20.0 ms"), "{because}");
    assert_eq!(stand("call_p90 <= 1.05x", &live, std::slice::from_ref(&live)).0, Standing::Held);
    let (standing, because) = stand("ttft_p50 <= 1.1x", &live, &[arm(Mode::Live, &tasks)]);
    assert!(standing == Standing::Inconclusive && because.contains("no call's time"), "{because}");
}

#[test]
fn several_gates_share_one_chance_of_a_false_alarm() {
    let tasks: Vec<(u32, u32)> = (0..40).map(|n| if n % 5 == 0 { (0, 1) } else { (1, 1) }).collect();
    let live = arm(Mode::Live, &tasks);
    let alone =
        judge(&[gate("pass_rate >= 93%")], std::slice::from_ref(&live), &[], &BTreeMap::new(), Seed::new(1));
    let rules: Vec<Gate> = std::iter::repeat_n(gate("pass_rate >= 93%"), 5).collect();
    let five = judge(&rules, &[live], &[], &BTreeMap::new(), Seed::new(1));
    assert!(five[0].p_value > alone[0].p_value, "{five:?}");
}

#[test]
fn goodput_is_gated_as_a_rate_of_its_own() {
    let live = |in_time: fn(u32) -> Option<bool>| {
        let mut live = arm(Mode::Live, &[(3, 3); 40]);
        for (n, task) in live.tasks.iter_mut().enumerate() {
            task.samples.iter_mut().for_each(|sample| sample.in_time = in_time(n as u32));
        }
        live
    };
    let (standing, because) = stand("goodput >= 60%", &live(|_| None), &[]);
    assert_eq!(standing, Standing::Inconclusive);
    assert!(because.contains("latency budget"), "{because}");
    let base = live(|n| Some(n % 5 > 0));
    assert_eq!(stand("goodput >= 60%", &base, &[]).0, Standing::Held);
    let slower = live(|n| Some(n % 5 > 2));
    assert_eq!(stand("goodput >= 60%", &slower, &[]).0, Standing::Broken);
    assert_eq!(stand("goodput >= baseline - 10pp", &slower, std::slice::from_ref(&base)).0, Standing::Broken);
    assert_eq!(stand("pass_rate >= baseline - 10pp", &slower, std::slice::from_ref(&base)).0, Standing::Held);
}

#[test]
fn what_trials_leave_is_gated_as_it_was_counted() {
    let mut run = arm(Mode::Replay, &[(2, 2), (1, 1)]);
    let (standing, because) = stand("files_out_of_scope <= 0", &run, &[]);
    assert_eq!(standing, Standing::Inconclusive);
    assert!(because.contains("suite.toml"), "{because}");
    let patch =
        PatchFigures { lines_added: 8, lines_removed: 2, tests_weakened: 1, ..PatchFigures::default() };
    for sample in run.tasks.iter_mut().flat_map(|task| &mut task.samples) {
        sample.patch = Some(patch);
    }
    // Only one of the two tasks says which files it is about.
    run.tasks[1].samples[0].patch = Some(PatchFigures { files_out_of_scope: Some(3), ..patch });
    assert_eq!(stand("files_out_of_scope <= 3", &run, &[]).0, Standing::Held);
    assert_eq!(stand("files_out_of_scope <= 2", &run, &[]).0, Standing::Broken);
    assert_eq!(stand("lines_changed <= 10", &run, &[]).0, Standing::Held);
    assert_eq!(stand("tests_weakened <= 0", &run, &[]).0, Standing::Broken);
    let replay = |rule: &str| refuse(&gate(rule), Mode::Replay, &[], None);
    assert!(replay("tests_weakened <= 0").is_ok(), "tools really run in a replay");
    assert!(replay("findings_left <= 0").is_err(), "a replay goes on with the recorded findings");
}

#[test]
fn drift_beyond_its_grade_breaks() {
    let replay = arm(Mode::Replay, &[(1, 1)]);
    let stand = |rule: &str, drift: &[(DriftGrade, u64)]| {
        judge(
            &[gate(rule)],
            std::slice::from_ref(&replay),
            &[],
            &drift.iter().copied().collect(),
            Seed::new(1),
        )[0]
        .standing
    };
    assert_eq!(stand("drift <= text", &[(DriftGrade::Text, 3)]), Standing::Held);
    assert_eq!(stand("drift <= none", &[(DriftGrade::Text, 3)]), Standing::Broken);
    assert_eq!(stand("drift <= text", &[(DriftGrade::Exit, 1)]), Standing::Broken);
    assert_eq!(stand("drift <= files", &[(DriftGrade::Files, 1)]), Standing::Held);
}

#[test]
fn a_gate_that_its_trials_can_hardly_decide_says_so_before_the_run() {
    let base = [arm(Mode::Live, &[(2, 3), (1, 3), (3, 3), (0, 3)])];
    let variants = [("main", Digest::of(b"main"))];
    let warn = |rule: &str, tasks, trials| underpowered(&gate(rule), tasks, trials, &variants, Some(&base));
    assert!(warn("pass_rate >= baseline - 2pp", 4, 3).unwrap().contains("underpowered"));
    assert!(warn("pass_rate >= baseline - 60pp", 4, 3).is_none());
    assert!(warn("pass_rate >= 90%", 5, 1).is_some());
    assert!(warn("pass_rate >= 90%", 200, 3).is_none());
    assert!(warn("cost <= 1.1x", 4, 1).is_none());
}
