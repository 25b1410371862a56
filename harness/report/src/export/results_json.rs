//! `results.json`: every score with its interval and kind. Canonical: no run id, path, host, measured time or drift.

use std::collections::BTreeMap;

use base::{Digest, FormatVersion};
use journal::{MetCount, Mode, Plan, PlannedFaults, Replaying};
use serde::Serialize;

use super::{VERSION, json_file};
use crate::cache::RunCache;
use crate::score::{CONFIDENCE, ESTIMAND, Score, SuiteScore, TaskScore, VariantScore};
use crate::text::sentence;
use crate::{Digests, ReportError, RunData, Scores, TrialState, figures};

const NAME: &str = "results.json";

#[derive(Serialize)]
struct Results<'a> {
    version: FormatVersion,
    digest: Option<Digest>,
    claim: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<MetCount>,
    estimand: &'static str,
    confidence: f64,
    plan: PlanFacts<'a>,
    total: &'a Score,
    variants: &'a [VariantScore],
    suites: &'a [SuiteScore],
    tasks: &'a [TaskScore],
    task_digests: BTreeMap<String, Digest>,
    left_out: Vec<LeftOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<&'a RunCache>,
}

#[derive(Serialize)]
struct PlanFacts<'a> {
    digest: Digest,
    mode: Mode,
    synthetic: bool,
    seed: u64,
    trials: u32,
    #[serde(skip_serializing_if = "Replaying::is_default")]
    replaying: &'a Replaying,
    suites: Vec<SuiteFacts<'a>>,
    variants: Vec<VariantFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    faults: Option<&'a PlannedFaults>,
}

#[derive(Serialize)]
struct SuiteFacts<'a> {
    name: &'a str,
    tasks: Vec<TaskFacts<'a>>,
}

#[derive(Serialize)]
struct TaskFacts<'a> {
    name: &'a str,
    kind: String,
    digest: Digest,
}

#[derive(Serialize)]
struct VariantFacts {
    name: String,
    agent: String,
    model: String,
    digest: Digest,
}

/// A trial that is not part of the run's digest.
#[derive(Serialize)]
struct LeftOut {
    trial: String,
    outcome: TrialState,
    reason: String,
}

/// The scores as indented JSON.
pub fn results_json(data: &RunData, scores: &Scores) -> Result<Vec<u8>, ReportError> {
    let plan = &data.header.plan;
    let digests = Digests::of(data);
    let left_out = digests.left_out.iter().map(|trial| LeftOut {
        trial: trial.id.to_string(),
        outcome: trial.state(),
        reason: sentence(trial.reason()),
    });
    let results = Results {
        version: VERSION,
        digest: digests.run,
        claim: figures::claim(plan.mode, plan.synthetic),
        differences: data.met(),
        estimand: ESTIMAND,
        confidence: CONFIDENCE,
        plan: plan_facts(plan)?,
        total: &scores.total,
        variants: &scores.variants,
        suites: &scores.suites,
        tasks: &scores.tasks,
        task_digests: digests.tasks.iter().map(|t| (format!("{}/{}", t.suite, t.task), t.digest)).collect(),
        left_out: left_out.collect(),
        cache: data.cache.as_ref(),
    };
    json_file(NAME, &results)
}

fn plan_facts(plan: &Plan) -> Result<PlanFacts<'_>, ReportError> {
    let suites = plan.suites.iter().map(|suite| SuiteFacts {
        name: &suite.name,
        tasks: suite
            .tasks
            .iter()
            .map(|task| TaskFacts { name: &task.name, kind: sentence(&task.kind), digest: task.digest })
            .collect(),
    });
    let variants = plan.variants.iter().map(|variant| VariantFacts {
        name: variant.name.clone(),
        agent: sentence(&variant.agent),
        model: sentence(&variant.model),
        digest: variant.digest,
    });
    Ok(PlanFacts {
        digest: plan.digest().map_err(ReportError::encode(NAME))?,
        mode: plan.mode,
        synthetic: plan.synthetic,
        seed: plan.seed,
        trials: plan.trials,
        replaying: &plan.replaying,
        suites: suites.collect(),
        variants: variants.collect(),
        faults: plan.faults.as_ref(),
    })
}
