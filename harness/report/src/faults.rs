//! What faults were put in the way of a run's trials, and how the agents came through: rows for people. Knows no layout.

use journal::Recovery;

use crate::score::Faults;
use crate::text::sentence;
use crate::{RunData, Scores, TrialData, figures};

/// What a reader must know before any figure of a run with faults; nothing of a run without.
pub(crate) fn warning(data: &RunData) -> Option<String> {
    let plan = &data.header.plan;
    let faults = plan.faults.as_ref()?;
    Some(format!(
        "FAULTS: profile {} (seed {}) was put in the way of every model; no figure compares with a run without",
        sentence(&faults.name),
        plan.seed
    ))
}

/// Headings of [`rows`].
pub(crate) const COLUMNS: [&str; 6] = ["trial", "faults", "retries", "lost", "waited", "outcome"];

/// Trials that faults were put in the way of, in the plan's order.
pub(crate) fn rows(data: &RunData) -> Vec<[String; 6]> {
    data.trials.iter().filter_map(row).collect()
}

fn row(trial: &TrialData) -> Option<[String; 6]> {
    let ended = &trial.finish.as_ref()?.ended;
    let faults = ended.faults.as_ref().filter(|faults| !faults.injected.is_empty())?;
    let injected = faults.injected.iter().map(|(rule, times)| match times {
        1 => sentence(rule),
        times => format!("{} ({times} times)", sentence(rule)),
    });
    Some([
        trial.id.to_string(),
        injected.collect::<Vec<_>>().join(", "),
        ended.retries.to_string(),
        figures::duration(faults.lost_us),
        figures::duration(faults.waited_us),
        faults.recovery.map_or_else(|| figures::word(&trial.state()), recovery),
    ])
}

fn recovery(recovery: Recovery) -> String {
    figures::word(&recovery).replace('_', " ")
}

/// All trials in a sentence.
pub(crate) fn total(scores: &Scores) -> Option<String> {
    let faults: &Faults = scores.total.faults.as_ref()?;
    let injected: u64 = faults.injected.values().sum();
    Some(format!(
        "{injected} faults, {} retries, {} lost, {} waited; trials: {} recovered, {} gave up, {} ended wrong, \
         {} untouched",
        faults.retries,
        figures::duration(faults.lost_us),
        figures::duration(faults.waited_us),
        faults.recovered,
        faults.gave_up,
        faults.ended_wrong,
        faults.untouched,
    ))
}

/// Rules that happened in no trial.
pub(crate) fn idle(data: &RunData, scores: &Scores) -> Vec<String> {
    let happened = scores.total.faults.as_ref().map(|faults| &faults.injected);
    let rules = data.header.plan.faults.iter().flat_map(|faults| &faults.rules);
    let idle = rules.filter(|rule| happened.is_none_or(|happened| !happened.contains_key(*rule)));
    idle.map(|rule| sentence(rule)).collect()
}
