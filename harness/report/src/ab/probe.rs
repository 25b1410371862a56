//! What a model did next at recorded steps under base, under base again and under head: how often head's action is another beyond
//! base's own noise. A difference in behaviour, never a verdict.

use std::collections::{BTreeMap, BTreeSet};

use cassette::align::Glimpse;
use serde::Serialize;

use crate::score::{CONFIDENCE, Interval, Paired, mean, rounded, rounded_option};

/// One step with its three answers.
#[derive(Clone, Debug)]
pub struct ProbedStep {
    /// The suite and the task.
    pub task: String,
    /// Which recording of it.
    pub number: u32,
    /// The step, from 1.
    pub step: u32,
    /// The actions under base, base again and head: equal texts for equal actions, and what is shown of them.
    pub actions: [(String, Glimpse); 3],
}

/// What was heard.
#[derive(Clone, Debug, Default)]
pub struct ProbeInput {
    /// Steps with all three answers.
    pub steps: Vec<ProbedStep>,
    /// Steps that were to be asked.
    pub planned: u64,
    /// Steps that got no answer, with the reason.
    pub failed: Vec<String>,
    /// Models that said they answered, as base and as head.
    pub served: [BTreeSet<String>; 2],
    /// What it cost, in USD.
    pub cost_usd: Option<f64>,
    /// Why it ended early.
    pub stopped: Option<String>,
}

/// What it came to.
#[derive(Clone, Debug, Serialize)]
pub struct ProbeResult {
    /// Steps with all three answers.
    pub steps: u64,
    /// Steps that were to be asked.
    pub planned: u64,
    /// Tasks of those steps.
    pub tasks: u64,
    /// The share of steps at which base's two actions differ.
    #[serde(serialize_with = "rounded")]
    pub noise: f64,
    /// The share at which head's action differs from base's, the mean over both of base's.
    #[serde(serialize_with = "rounded")]
    pub changed: f64,
    /// The second less the first: what head changes beyond base's noise. 0 is expected of equal arms.
    #[serde(serialize_with = "rounded")]
    pub beyond_noise: f64,
    /// Its 95 % interval, over tasks; nothing for fewer than two.
    pub interval: Option<Interval>,
    /// Steps at which base did the same twice and head something else.
    pub changed_steps: Vec<ChangedStep>,
    /// Steps that got no answer, with the reason.
    pub failed: Vec<String>,
    /// Models that said they answered, as base.
    pub served_base: BTreeSet<String>,
    /// The same, as head.
    pub served_head: BTreeSet<String>,
    /// What it cost, in USD.
    #[serde(serialize_with = "rounded_option")]
    pub cost_usd: Option<f64>,
    /// Why it ended early.
    pub stopped: Option<String>,
}

/// A step at which head acts otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct ChangedStep {
    /// The suite and the task.
    pub task: String,
    /// Which recording of it.
    pub number: u32,
    /// The step, from 1.
    pub step: u32,
    /// What base did, twice.
    pub base: Glimpse,
    /// What head did.
    pub head: Glimpse,
}

impl ProbeInput {
    /// Counts the differences. The three answers of a step can stand for each other where both arms are the same, so that
    /// `([head ≠ base] + [head ≠ again]) / 2 - [base ≠ again]` is 0 in the mean; tasks are the sample, for steps of a task go together.
    pub fn count(self) -> ProbeResult {
        let mut by_task: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        let (mut noise, mut changed, mut changed_steps) = (0.0, 0.0, Vec::new());
        for step in &self.steps {
            let [base, again, head] = &step.actions;
            let differ = |a: &(String, Glimpse), b: &(String, Glimpse)| f64::from(u8::from(a.0 != b.0));
            let own = differ(base, again);
            let other = f64::midpoint(differ(base, head), differ(again, head));
            noise += own;
            changed += other;
            by_task.entry(&step.task).or_default().push(other - own);
            if own == 0.0 && other > 0.0 {
                changed_steps.push(ChangedStep {
                    task: step.task.clone(),
                    number: step.number,
                    step: step.step,
                    base: base.1.clone(),
                    head: head.1.clone(),
                });
            }
        }
        let means: Vec<f64> = by_task.values().filter_map(|of| mean(of)).collect();
        let n = (self.steps.len() as f64).max(1.0);
        let [served_base, served_head] = self.served;
        ProbeResult {
            steps: self.steps.len() as u64,
            planned: self.planned,
            tasks: means.len() as u64,
            noise: noise / n,
            changed: changed / n,
            beyond_noise: mean(&means).unwrap_or(0.0),
            interval: Paired::of(&means, CONFIDENCE).and_then(|paired| paired.interval),
            changed_steps,
            failed: self.failed,
            served_base,
            served_head,
            cost_usd: self.cost_usd,
            stopped: self.stopped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(task: &str, actions: [&str; 3]) -> ProbedStep {
        let actions = actions.map(|text| (text.to_owned(), Glimpse::told(1, "exec_command", text)));
        ProbedStep { task: task.to_owned(), number: 1, step: 1, actions }
    }

    #[test]
    fn what_changes_is_what_goes_beyond_the_noise_of_base() {
        let steps = vec![
            step("a", ["ls", "ls", "ls"]),
            step("a", ["ls", "ls", "cat x"]),
            step("b", ["ls", "pwd", "ls"]),
            step("b", ["ls", "ls", "id"]),
        ];
        let told = ProbeInput { steps, planned: 4, ..ProbeInput::default() }.count();
        assert!((told.noise - 0.25).abs() < 1e-9 && (told.changed - 0.625).abs() < 1e-9, "{told:?}");
        assert!((told.beyond_noise - 0.375).abs() < 1e-9 && told.interval.is_some(), "{told:?}");
        assert_eq!(
            told.changed_steps.iter().map(|step| &*step.head.text).collect::<Vec<_>>(),
            ["cat x", "id"]
        );
        let nothing = ProbeInput::default().count();
        assert_eq!((nothing.steps, nothing.interval), (0, None));
    }
}
