//! What a reader must see first: trials that did not pass, what this host lacks, the slowest. Knows no layout.

use std::collections::BTreeMap;

use journal::Event;

use crate::text::sentence;
use crate::{RunData, Scores, TrialData, TrialState, figures};

/// Above this many rows of tasks a report for people shows suites only.
pub(crate) const MOST_ROWS: usize = 40;

/// Whether the suites' rows would only repeat those of the variants.
pub(crate) fn one_suite(scores: &Scores) -> bool {
    scores.suites.len() <= scores.variants.len()
}

/// Trials that did not pass though they could have run, in the plan's order.
pub(crate) fn not_passed(data: &RunData) -> Vec<&TrialData> {
    let quiet = [TrialState::Passed, TrialState::NotRunnable];
    data.trials.iter().filter(|t| !quiet.contains(&t.state())).collect()
}

/// The same trials by their verdict, as `2 failed: budget, 1 void`.
pub(crate) fn verdicts(trials: &[&TrialData]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for trial in trials {
        *counts.entry(verdict(trial)).or_default() += 1;
    }
    let shown = counts.iter().map(|(verdict, n)| format!("{n} {verdict}"));
    shown.collect::<Vec<_>>().join(", ")
}

/// How a trial stands, with the mode of a failed one, as `failed: wrong_result`.
pub(crate) fn verdict(trial: &TrialData) -> String {
    let state = figures::word(&trial.state());
    match trial.finish.as_ref().and_then(|f| f.ended.failure) {
        Some(mode) if trial.state() == TrialState::Failed => format!("{state}: {}", figures::word(&mode)),
        _ => state,
    }
}

/// Why trials cannot run here, each reason once, with how many trials it keeps from running.
pub(crate) fn missing(data: &RunData) -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::new();
    for trial in data.trials.iter().filter(|t| t.state() == TrialState::NotRunnable) {
        *reasons.entry(sentence(trial.reason())).or_default() += 1;
    }
    reasons
}

/// The trials of the longest measured wall, longest first, with it in microseconds.
pub(crate) fn slowest(data: &RunData, most: usize) -> Vec<(&TrialData, u64)> {
    let walls = data.trials.iter().filter_map(|t| Some((t, t.finish.as_ref()?.host.wall_us)));
    let mut walls: Vec<_> = walls.filter(|(_, us)| *us > 0).collect();
    // The sort is stable: equal walls stay in the plan's order.
    walls.sort_by_key(|(_, us)| std::cmp::Reverse(*us));
    walls.truncate(most);
    walls
}

/// Drift as `2 exit, 5 text`, the gravest first; empty where there is none.
pub(crate) fn drift(data: &RunData) -> String {
    let counts = data.drift();
    let shown = counts.iter().rev().map(|(grade, n)| format!("{n} {}", figures::word(grade)));
    shown.collect::<Vec<_>>().join(", ")
}

/// What an event that can drift is, as `step 3: exec_command call_1`.
pub(crate) fn what(event: &Event) -> String {
    match event {
        Event::Acted(acted) => format!("step {}: {} {}", acted.step, acted.tool, acted.call_id),
        Event::Evaluated { round, .. } => format!("checks of round {round}"),
        Event::Verified { step, .. } => format!("verifier {step}"),
        _ => "event".to_owned(),
    }
}
