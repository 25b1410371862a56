//! One run as a line of the history: what it was, what it came to, and what may have changed it. Knows nothing of other runs.

use std::collections::{BTreeMap, BTreeSet};

use base::{Digest, FormatVersion, Hasher, RunId, Timestamp};
use journal::{DriftGrade, FailureMode, FigureKind, GitState, Mode};
use serde::{Deserialize, Serialize};

use crate::compare::Arm;
use crate::score::{Counts, rounded_option};
use crate::{Digests, RunData, Scores};

/// The version of a line; a field that is added changes the minor part.
const VERSION: FormatVersion = FormatVersion::new(1, 1);

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// Version of the line.
    pub version: FormatVersion,
    /// The run's name.
    pub run_id: RunId,
    /// When it began.
    pub created: Timestamp,
    /// What it may claim.
    pub mode: Mode,
    /// Whether answers come from an authored stub.
    pub synthetic: bool,
    /// The repository.
    #[serde(default)]
    pub git: Option<GitState>,
    /// The program's version.
    pub retake: String,
    /// The host's name.
    #[serde(default)]
    pub host: Option<String>,
    /// Trials at a time.
    #[serde(default)]
    pub jobs: Option<u64>,
    /// Digest of the plan.
    pub plan: Digest,
    /// Digest of the run; nothing where no trial ran.
    #[serde(default)]
    pub digest: Option<Digest>,
    /// Samples of each task.
    pub trials: u32,
    /// Digest of each suite's tasks, by name.
    pub suites: BTreeMap<String, Digest>,
    /// Calls and checks that drifted, by grade.
    #[serde(default)]
    pub drift: BTreeMap<DriftGrade, u64>,
    /// Real time, in microseconds.
    #[serde(default)]
    pub wall_us: Option<u64>,
    /// Its variants.
    pub variants: Vec<VariantLine>,
    /// The question that its live trials answered, where they did: then the run is no night of a series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<QuestionLine>,
}

/// What kind of question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// Head against base.
    Ab,
    /// An arm against itself: how far apart equal arms come out.
    Aa,
}

/// A question and what it came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuestionLine {
    /// What kind.
    pub kind: QuestionKind,
    /// The arm that was compared with.
    pub base: String,
    /// The arm that was compared.
    pub head: String,
    /// Pairs of trials.
    pub pairs: u64,
    /// The mean square of a pair's difference of passes.
    pub pass_variance: f64,
    /// The mean square of a pair's relative difference of cost, or of tokens where there is no price.
    pub cost_variance: f64,
    /// What it amounts to.
    pub verdict: crate::compare::Verdict,
}

/// A variant of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VariantLine {
    /// Its name.
    pub name: String,
    /// The agent, as the variant names it.
    pub agent: String,
    /// Agents as they named themselves.
    #[serde(default)]
    pub agents: BTreeSet<String>,
    /// The model, as the variant names it.
    pub model: String,
    /// Models that said they answered.
    #[serde(default)]
    pub served: BTreeSet<String>,
    /// Digests of what of the prompt is the same in every task.
    #[serde(default)]
    pub prompts: BTreeSet<Digest>,
    /// Digest of everything it resolves to: recordings, scripts, policy.
    pub digest: Digest,
    /// What its figures are worth.
    #[serde(default)]
    pub kind: Option<FigureKind>,
    /// What was put in the way of its models; empty where nothing was.
    #[serde(default)]
    pub faults: String,
    /// How its trials stand.
    pub counts: Counts,
    /// Passes and scored trials of each task, by suite and name.
    pub tasks: BTreeMap<String, (u64, u64)>,
    /// Why trials did not pass.
    #[serde(default)]
    pub failures: BTreeMap<FailureMode, u64>,
    /// Tokens of the scored trials.
    pub tokens: u64,
    /// Those of prompts.
    pub input_tokens: u64,
    /// Those read from the provider's cache.
    pub cached_tokens: u64,
    /// Model calls of the scored trials.
    pub steps: u64,
    /// What they cost, in USD.
    #[serde(default, serialize_with = "rounded_option")]
    pub cost_usd: Option<f64>,
    /// The median of the trials' virtual time, in microseconds.
    #[serde(default)]
    pub trial_p50_us: Option<u64>,
}

impl HistoryLine {
    /// Whether another line of the same run says that its trials came to the same.
    pub(super) fn says(&self, other: &Self) -> bool {
        let came_to = |line: &Self| -> Vec<_> {
            line.variants.iter().map(|variant| (variant.counts, variant.tasks.clone())).collect()
        };
        self.digest == other.digest && came_to(self) == came_to(other)
    }

    /// The line of a finished run.
    pub fn of(data: &RunData, scores: &Scores) -> Result<Self, serde_json::Error> {
        let header = &data.header;
        let plan = &header.plan;
        let suite = |suite: &journal::PlannedSuite| {
            let mut hasher = Hasher::new("suite");
            for task in &suite.tasks {
                hasher.field(task.name.as_bytes()).field(task.digest.as_bytes());
            }
            (suite.name.clone(), hasher.finish())
        };
        let variants = plan.variants.iter().filter_map(|v| VariantLine::of(data, scores, &v.name));
        Ok(Self {
            version: VERSION,
            run_id: header.run_id.clone(),
            created: header.created,
            mode: plan.mode,
            synthetic: plan.synthetic,
            git: header.git.clone(),
            retake: header.retake.clone(),
            host: data.host_name(),
            jobs: data.host_number("jobs"),
            plan: plan.digest()?,
            digest: Digests::of(data).run,
            trials: plan.trials,
            suites: plan.suites.iter().map(suite).collect(),
            drift: data.drift(),
            wall_us: data.wall_us(),
            variants: variants.collect(),
            question: None,
        })
    }

    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        let line: Self = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        VERSION.check(line.version).map_err(|error| error.to_string())?;
        Ok(line)
    }
}

impl VariantLine {
    fn of(data: &RunData, scores: &Scores, name: &str) -> Option<Self> {
        let arm = Arm::of(data, name)?;
        let score = &scores.variants.iter().find(|v| v.variant == name)?.score;
        let effort = &score.effort;
        Some(Self {
            name: name.to_owned(),
            counts: score.counts,
            tasks: arm
                .tasks
                .iter()
                .map(|task| (format!("{}/{}", task.suite, task.task), task.passes()))
                .collect(),
            failures: score.failures.clone(),
            tokens: effort.usage.total(),
            input_tokens: effort.usage.input_tokens,
            cached_tokens: effort.usage.cached_tokens,
            steps: effort.steps,
            cost_usd: effort.cost_usd,
            trial_p50_us: score.latency.trial.map(|p| p.p50_us),
            faults: arm.facts.faults,
            agent: arm.facts.agent,
            agents: arm.facts.agents,
            model: arm.facts.model,
            served: arm.facts.served,
            prompts: arm.facts.prompts,
            digest: arm.facts.digest,
            kind: arm.facts.kind,
        })
    }
}
