//! One arm of a comparison: a variant of a run, as the statistics need it, and small enough to be kept as a baseline. Knows
//! nothing of what it is compared with.

use std::collections::BTreeSet;

use base::{Digest, RunId, Timestamp, TrialId};
use journal::{CallFigures, Ended, FailureMode, FigureKind, FindingFigures, Mode, PatchFigures};
use serde::{Deserialize, Serialize};

use crate::score::{Solve, in_time, virtual_us, weakest};
use crate::{RunData, TrialData, TrialState};

/// A variant of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// The run.
    pub run_id: RunId,
    /// When it began.
    pub created: Timestamp,
    /// The variant's name.
    pub variant: String,
    /// What may matter beside the results.
    pub facts: ArmFacts,
    /// Its tasks, in the plan's order.
    pub tasks: Vec<ArmTask>,
}

/// What of an arm may matter beside its results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmFacts {
    /// What the run may claim.
    pub mode: Mode,
    /// Whether answers come from an authored stub.
    pub synthetic: bool,
    /// What its figures are worth.
    pub kind: Option<FigureKind>,
    /// The agent, as the variant names it.
    pub agent: String,
    /// Agents as they named themselves, with versions.
    #[serde(default)]
    pub agents: BTreeSet<String>,
    /// The model, as the variant names it.
    pub model: String,
    /// Models that said they answered.
    #[serde(default)]
    pub served: BTreeSet<String>,
    /// Digest of everything that the variant resolves to.
    pub digest: Digest,
    /// Digests of the parts of the prompt that are the same in every task.
    #[serde(default)]
    pub prompts: BTreeSet<Digest>,
    /// Seed of the run.
    pub seed: u64,
    /// The faults profile that was put in the way of its models, and its digest; empty where there was none.
    #[serde(default)]
    pub faults: String,
    /// Samples of each task.
    pub trials: u32,
    /// The program's version.
    pub retake: String,
    /// Trials at a time.
    #[serde(default)]
    pub jobs: Option<u64>,
    /// The host.
    #[serde(default)]
    pub host: Option<String>,
    /// The date of the prices.
    #[serde(default)]
    pub prices: Option<String>,
    /// Trials whose first call already found something in the provider's cache.
    #[serde(default)]
    pub warm: u64,
}

/// A task of an arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmTask {
    /// The suite's name.
    pub suite: String,
    /// The task's name.
    pub task: String,
    /// Digest of its files, its verifier and limits included.
    pub digest: Digest,
    /// Its trials, by number.
    pub samples: Vec<Sample>,
}

/// One trial of an arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Which sample, from 1.
    pub number: u32,
    /// How it stands.
    pub state: TrialState,
    /// Why it did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureMode>,
    /// Successful model calls.
    pub steps: u32,
    /// Tool calls that failed, were rejected or timed out.
    pub tool_errors: u32,
    /// Those that the policy denied.
    pub denied: u32,
    /// Model calls that were tried again.
    pub retries: u32,
    /// Tokens of prompts.
    pub input_tokens: u64,
    /// Those read from the provider's cache.
    pub cached_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
    /// What they cost, where there is a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Virtual time, in microseconds.
    pub time_us: u64,
    /// Times and tokens of its model calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallFigures>,
    /// Whether it passed within the latency budget of its variant's tier, where that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_time: Option<bool>,
    /// What its changes are like, where the host that ran it looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<PatchFigures>,
    /// What the visible checks found in their last round, where any ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings_left: Option<u64>,
    /// Digest of its canonical events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

impl Sample {
    fn of(trial: &TrialData) -> Self {
        let ended = trial.finish.as_ref().map(|finish| &finish.ended);
        let usage = ended.map(|e| e.usage).unwrap_or_default();
        let host = trial.finish.as_ref().map(|finish| &finish.host);
        Self {
            number: trial.id.number,
            state: trial.state(),
            failure: ended.and_then(|e| e.failure),
            steps: ended.map_or(0, |e| e.steps),
            tool_errors: ended.map_or(0, |e| e.tool_errors),
            denied: ended.map_or(0, |e| e.denied),
            retries: ended.map_or(0, |e| e.retries),
            input_tokens: usage.input_tokens,
            cached_tokens: usage.cached_tokens,
            output_tokens: usage.output_tokens,
            cost_usd: trial.cost.as_ref().map(|cost| cost.usd),
            time_us: ended.map_or(0, virtual_us),
            calls: ended.map(|e| e.calls.clone()).unwrap_or_default(),
            in_time: trial.latency_budget_us.map(|_| trial.state() == TrialState::Passed && in_time(trial)),
            patch: host.and_then(|host| host.patch),
            findings_left: host.and_then(|host| host.findings.as_ref()).map(FindingFigures::at_last),
            digest: trial.digest(),
        }
    }

    /// Lines that it added and removed.
    pub fn lines_changed(&self) -> Option<u64> {
        self.patch.map(|patch| patch.lines_added.saturating_add(patch.lines_removed))
    }

    /// Whether it counts.
    pub fn scored(&self) -> bool {
        self.state.scored()
    }

    /// Whether it passed.
    pub fn passed(&self) -> bool {
        self.state == TrialState::Passed
    }

    /// Whether the harness's or the host's trouble, and not the agent, left it without a verdict.
    pub fn lost(&self) -> bool {
        matches!(self.state, TrialState::HarnessFault | TrialState::Void | TrialState::Unfinished)
    }

    /// How it ended as an attempt at solving the task.
    pub fn solve(&self) -> Solve {
        match (self.state, self.failure) {
            (TrialState::Passed, _) => Solve::Solved(self.time_us),
            (_, Some(FailureMode::Budget | FailureMode::TimeOut)) => Solve::Cut(self.time_us),
            _ => Solve::Missed(self.time_us),
        }
    }
}

impl ArmTask {
    /// Its samples that count.
    pub fn scored(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(|sample| sample.scored())
    }

    /// Passes and samples that count.
    pub fn passes(&self) -> (u64, u64) {
        self.scored().fold((0, 0), |(passed, of), sample| (passed + u64::from(sample.passed()), of + 1))
    }

    /// The share of its scored trials that passed.
    pub fn pass_rate(&self) -> Option<f64> {
        let (passed, of) = self.passes();
        (of > 0).then(|| passed as f64 / of as f64)
    }

    /// The name of one of its trials.
    pub fn trial(&self, variant: &str, number: u32) -> TrialId {
        TrialId { suite: self.suite.clone(), task: self.task.clone(), variant: variant.to_owned(), number }
    }
}

impl Arm {
    /// The arm of a variant; nothing where the run has none of that name.
    pub fn of(data: &RunData, variant: &str) -> Option<Self> {
        let header = &data.header;
        let plan = &header.plan;
        let planned = plan.variants.iter().find(|v| v.name == variant)?;
        let mut tasks = Vec::new();
        let own: Vec<&TrialData> = data.trials.iter().filter(|t| t.id.variant == variant).collect();
        let of_task = |a: &&TrialData, b: &&TrialData| (&a.id.suite, &a.id.task) == (&b.id.suite, &b.id.task);
        for trials in own.chunk_by(of_task) {
            let id = &trials.first()?.id;
            let suite = plan.suites.iter().find(|s| s.name == id.suite)?;
            let digest = suite.tasks.iter().find(|t| t.name == id.task)?.digest;
            let samples = trials.iter().map(|trial| Sample::of(trial)).collect();
            tasks.push(ArmTask { suite: id.suite.clone(), task: id.task.clone(), digest, samples });
        }
        let ends: Vec<&Ended> = own.iter().filter_map(|t| t.finish.as_ref()).map(|f| &f.ended).collect();
        let kind = weakest(own.iter().filter_map(|t| t.scored()).map(|e| e.kind));
        let warm = ends.iter().filter(|e| e.calls.first().is_some_and(|call| call.usage.cached_tokens > 0));
        let facts = ArmFacts {
            mode: plan.mode,
            synthetic: plan.synthetic,
            kind: kind.map(|kind| if plan.synthetic { FigureKind::Synthetic } else { kind }),
            agent: planned.agent.clone(),
            agents: ends.iter().map(|e| e.agent.clone()).filter(|agent| !agent.is_empty()).collect(),
            model: planned.model.clone(),
            served: ends.iter().flat_map(|e| e.served.iter().cloned()).collect(),
            digest: planned.digest,
            prompts: ends.iter().filter_map(|e| e.prompt).collect(),
            seed: plan.seed,
            faults: plan
                .faults
                .as_ref()
                .map_or_else(String::new, |f| format!("{} {}", f.name, f.digest.short())),
            trials: plan.trials,
            retake: header.retake.clone(),
            jobs: data.host_number("jobs"),
            host: data.host_name(),
            prices: own.iter().filter_map(|t| t.cost.as_ref()).map(|c| c.date.clone()).max(),
            warm: warm.count() as u64,
        };
        let (run_id, created) = (header.run_id.clone(), header.created);
        Some(Self { run_id, created, variant: variant.to_owned(), facts, tasks })
    }

    /// How the arm is called in texts: its variant, with the run where that alone would not tell the arms apart.
    pub fn name(&self, with_run: bool) -> String {
        if with_run { format!("{} of {}", self.variant, self.run_id) } else { self.variant.clone() }
    }

    /// All its samples.
    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.tasks.iter().flat_map(|task| &task.samples)
    }
}
