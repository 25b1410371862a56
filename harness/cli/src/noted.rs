//! What a replay noted of its requests, as JSON and for people: differences that were let pass, blocks that are only
//! spelt differently, rules of the volatility profile that were needed.

use std::collections::BTreeMap;

use cassette::{Finding, RuleUse};
use runner::hosted::Noted;
use serde::Serialize;

use crate::output;

/// Characters of a value that are shown.
const VALUE_MAX: usize = 80;

/// The same for `--json`.
#[derive(Serialize)]
pub(crate) struct NotedReport {
    differences: Vec<Difference>,
    findings: Vec<Finding>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Difference {
    cause: String,
    allowed: &'static str,
    count: u64,
}

#[derive(Serialize)]
struct Rule {
    block: wire::BlockKind,
    places: Vec<String>,
    class: String,
    reason: String,
    count: u64,
    needed: u64,
    examples: Vec<Example>,
}

#[derive(Serialize)]
struct Example {
    path: String,
    recorded: String,
    now: String,
}

impl NotedReport {
    pub(crate) fn of(noted: &Noted) -> Self {
        Self {
            differences: differences(noted),
            findings: noted.findings.clone(),
            rules: noted.rules.iter().map(Rule::of).collect(),
        }
    }
}

impl Rule {
    fn of(used: &RuleUse) -> Self {
        let RuleUse { rule, count, needed, examples } = used.clone();
        let example = |(path, recorded, now): (String, String, String)| Example {
            path,
            recorded: shown(&recorded),
            now: shown(&now),
        };
        Self {
            block: rule.block,
            places: rule.places,
            class: rule.class,
            reason: rule.reason,
            count,
            needed,
            examples: examples.into_iter().map(example).collect(),
        }
    }
}

fn differences(noted: &Noted) -> Vec<Difference> {
    let mut counts: BTreeMap<(String, &'static str), u64> = BTreeMap::new();
    for met in &noted.met {
        *counts.entry((met.difference.cause.to_string(), met.allowed.name())).or_default() += 1;
    }
    counts.into_iter().map(|((cause, allowed), count)| Difference { cause, allowed, count }).collect()
}

fn shown(value: &str) -> String {
    let cut: String = value.chars().take(VALUE_MAX).collect();
    if cut.len() < value.len() { format!("{cut}…") } else { cut }
}

/// Tells it on standard error.
pub(crate) fn tell(noted: &Noted) {
    for Difference { cause, allowed, count } in differences(noted) {
        output::note(&format!("let pass: {count} {cause} ({allowed})"));
    }
    let mut spelt: BTreeMap<String, u64> = BTreeMap::new();
    for finding in &noted.findings {
        *spelt.entry(format!("{:?}", finding.spelling)).or_default() += 1;
    }
    for (spelling, count) in spelt {
        output::note(&format!(
            "{count} blocks are the recorded ones to a reader and others to a cache: {spelling}"
        ));
    }
    for used in &noted.rules {
        let RuleUse { rule, count, needed, examples } = used;
        let places = rule.places.join(", ");
        output::note(&format!(
            "rule {} at {places}: {needed} of {count} values differ. {}",
            rule.class, rule.reason
        ));
        for (path, recorded, now) in examples {
            let (recorded, now) =
                (shown(recorded).escape_debug().to_string(), shown(now).escape_debug().to_string());
            output::note(&format!("  {path}: {recorded} -> {now}"));
        }
    }
}
