//! What two arms do not have in common, beside what is compared. Knows no statistics.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::arm::{Arm, ArmTask};

/// How much a difference between arms matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// It may be what is compared.
    Subject,
    /// It may shift times or costs.
    Circumstance,
    /// The results may be due to it.
    Grave,
}

/// Something that is not the same in both arms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// What, by name: `task`, `trials`, `model_served`, ...
    pub what: String,
    /// How much it matters.
    pub weight: Weight,
    /// In base.
    pub base: String,
    /// In head.
    pub head: String,
}

/// Tasks of both arms with equal files, in base's order; the others are mismatches.
pub(super) fn pair_tasks<'a>(
    base: &'a Arm,
    head: &'a Arm,
    found: &mut Vec<Mismatch>,
) -> Vec<(&'a ArmTask, &'a ArmTask)> {
    let mut pairs = Vec::new();
    let name = |task: &ArmTask| format!("{}/{}", task.suite, task.task);
    let mut note = |base: String, head: String| {
        found.push(Mismatch { what: "task".to_owned(), weight: Weight::Grave, base, head });
    };
    let twin = |arm: &'a Arm, task: &ArmTask| {
        arm.tasks.iter().find(|t| (&t.suite, &t.task) == (&task.suite, &task.task))
    };
    for task in &base.tasks {
        match twin(head, task) {
            Some(other) if other.digest == task.digest => pairs.push((task, other)),
            Some(other) => {
                let version = |task: &ArmTask| format!("{} {}", name(task), task.digest.short());
                note(version(task), version(other));
            }
            None => note(name(task), "-".to_owned()),
        }
    }
    for task in head.tasks.iter().filter(|task| twin(base, task).is_none()) {
        note("-".to_owned(), name(task));
    }
    pairs
}

/// Everything else that differs, the gravest first.
pub(super) fn mismatches(
    base: &Arm,
    head: &Arm,
    pairs: &[(&ArmTask, &ArmTask)],
    mut found: Vec<Mismatch>,
) -> Vec<Mismatch> {
    let (b, h) = (&base.facts, &head.facts);
    let mut differ = |what: &str, weight: Weight, base: String, head: String| {
        if base != head {
            found.push(Mismatch { what: what.to_owned(), weight, base, head });
        }
    };
    let word = crate::figures::word::<journal::Mode>;
    let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
    let option = |value: Option<String>| value.unwrap_or_else(|| "unknown".to_owned());
    differ("mode", Weight::Grave, word(&b.mode), word(&h.mode));
    differ("synthetic", Weight::Grave, b.synthetic.to_string(), h.synthetic.to_string());
    let faults = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    differ("faults", Weight::Grave, faults(&b.faults), faults(&h.faults));
    differ("trials", Weight::Grave, b.trials.to_string(), h.trials.to_string());
    let scored = |side: fn(&(&ArmTask, &ArmTask)) -> u64| pairs.iter().map(side).sum::<u64>().to_string();
    differ("scored_trials", Weight::Grave, scored(|p| p.0.passes().1), scored(|p| p.1.passes().1));
    differ(
        "jobs",
        Weight::Circumstance,
        option(b.jobs.map(|n| n.to_string())),
        option(h.jobs.map(|n| n.to_string())),
    );
    differ("host", Weight::Circumstance, option(b.host.clone()), option(h.host.clone()));
    differ("price_date", Weight::Circumstance, option(b.prices.clone()), option(h.prices.clone()));
    let warm = |warm: u64| {
        if warm > 0 { format!("{warm} trials began with a warm cache") } else { "cold".to_owned() }
    };
    differ("cache_at_start", Weight::Circumstance, warm(b.warm), warm(h.warm));
    differ("retake", Weight::Circumstance, b.retake.clone(), h.retake.clone());
    differ("seed", Weight::Circumstance, b.seed.to_string(), h.seed.to_string());
    differ("agent", Weight::Subject, b.agent.clone(), h.agent.clone());
    differ("agent_version", Weight::Subject, list(&b.agents), list(&h.agents));
    differ("model", Weight::Subject, b.model.clone(), h.model.clone());
    differ("model_served", Weight::Subject, list(&b.served), list(&h.served));
    let short =
        |set: &BTreeSet<base::Digest>| set.iter().map(base::Digest::short).collect::<Vec<_>>().join(", ");
    differ("prompt", Weight::Subject, short(&b.prompts), short(&h.prompts));
    if b.mode == journal::Mode::Live && h.mode == journal::Mode::Live && base.run_id != head.run_id {
        let first = if base.created <= head.created { "base first" } else { "head first" };
        let (base, head) = (base.created.to_string(), head.created.to_string());
        let what = format!("order: {first}, not side by side");
        found.push(Mismatch { what, weight: Weight::Circumstance, base, head });
    }
    found.sort_by_key(|mismatch| std::cmp::Reverse(mismatch.weight));
    found
}
