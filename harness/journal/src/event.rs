//! The events of a trial. Each has a canonical part, equal wherever and whenever the trial is repeated, and a host
//! part for what this machine measured. Knows nothing of files.

use std::collections::BTreeMap;

use base::{Digest, TrialId};
use serde::{Deserialize, Serialize};
use wire::Usage;

use crate::{Host, MetCount};

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Which of the trial's parallel lanes; `main` for the agent's own thread.
    pub lane: String,
    /// The event's number in its lane, from 1.
    pub n: u64,
    /// What happened, the same on every host.
    pub event: Event,
    /// What this host measured about it.
    #[serde(default, skip_serializing_if = "Host::is_empty")]
    pub host: Host,
}

/// What happened, in the words of the loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The trial begins.
    TrialStarted {
        /// Which trial.
        trial: TrialId,
        /// Digest of the task's files.
        task: Digest,
        /// The agent's name and version, as `native 0.1.0`.
        agent: String,
        /// What answers its requests.
        model: ModelSource,
    },
    /// Understand: the first items of the conversation are fixed.
    Understood {
        /// The project's own instruction files that were honoured, by path inside.
        project_docs: Vec<String>,
        /// Digest of the instruction as it was given.
        instruction: Digest,
        /// Date of the virtual clock, as the agent was told.
        date: String,
        /// Digest of what of the prompt is the same in every task: tools and instructions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prompt: Option<Digest>,
    },
    /// Plan: the agent stated or changed its plan.
    Planned {
        /// Its steps in order.
        steps: Vec<PlanStep>,
    },
    /// Generate: one successful model call.
    Generated(Generated),
    /// A model call that failed; the loop retries it or gives up.
    GenerateFailed {
        /// The step it belongs to, from 1.
        step: u32,
        /// The try, from 1.
        attempt: u32,
        /// HTTP status, where there was one.
        status: Option<u16>,
        /// The model's or the transport's word.
        reason: String,
    },
    /// A fault was put in the way of a model call, on purpose.
    FaultInjected {
        /// The conversation's lane; `main` for the agent's own thread.
        lane: String,
        /// The step it belongs to, from 1.
        step: u32,
        /// The try, from 1.
        attempt: u32,
        /// The rule of the faults profile, as the report calls it.
        rule: String,
        /// Virtual time that was lost with it, in microseconds.
        lost_us: u64,
    },
    /// A request held something that no provider would take. The model was asked all the same.
    Warned {
        /// The step it was asked in.
        step: u32,
        /// What is wrong, in a sentence.
        text: String,
    },
    /// The agent said something to the user.
    Said {
        /// The step it was said in.
        step: u32,
        /// Its words.
        text: String,
    },
    /// Guardrail: the policy decided about an action.
    PolicyDecided {
        /// The call it is about.
        call_id: String,
        /// Whether the action may go on.
        allowed: bool,
        /// The rule's prefix, as written in the policy.
        rule: String,
        /// The reason that the model is shown.
        reason: String,
    },
    /// Act: one tool call is done and its output is part of the conversation.
    Acted(Acted),
    /// A request differed from the recorded one: the replay ends there, unless it was let pass.
    Diverged {
        /// The recorded step that was due.
        step: u32,
        /// The cause by name, for example `instructions_changed`.
        cause: String,
        /// JSON path of the first difference in the request.
        path: String,
        /// Byte offset of the first difference within the value at `path`.
        offset: u64,
        /// A short diff of the two values.
        diff: String,
        /// Which block of the request, from 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        block: Option<u32>,
        /// The call whose output it is, or the output before it that differs too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        led_by: Option<String>,
        /// Why it was let pass: `declared`, `warned` or `in_sequence`; nothing where it was not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        allowed: Option<String>,
    },
    /// Evaluate: the task's visible checks ran.
    Evaluated {
        /// The round, from 1.
        round: u32,
        /// Each check's result, in the task's order.
        checks: Vec<CheckResult>,
        /// Virtual time they took together, in microseconds.
        duration_us: u64,
    },
    /// Feedback: the findings went back to the model.
    FedBack {
        /// The round, from 1.
        round: u32,
        /// The text the model was shown.
        text: String,
    },
    /// The agent's part is over.
    AgentEnded {
        /// Why: nothing where it simply finished, else what stopped it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<FailureMode>,
        /// In a sentence.
        reason: String,
    },
    /// The hidden checks gave their verdict.
    Verified {
        /// Name of the task's step; empty for a task of one step.
        step: String,
        /// The reward that counts; nothing where the verifier erred.
        reward: Option<f64>,
        /// Every reward it wrote.
        rewards: BTreeMap<String, f64>,
        /// What was wrong with the verifier; empty where nothing was.
        error: String,
    },
    /// The trial is over; carries every scalar that a report needs.
    TrialEnded(Box<Ended>),
}

/// One step of an agent's plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStep {
    /// What is to be done.
    pub step: String,
    /// `pending`, `in_progress` or `completed`.
    pub status: String,
}

/// What answers a trial's requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ModelSource {
    /// Nothing: the agent needs no model.
    None,
    /// An authored stub.
    Script {
        /// Digest of the script file.
        digest: Digest,
    },
    /// A recording.
    Cassette {
        /// Digest of the cassette file.
        digest: Digest,
        /// Whether what was recorded was itself a stub.
        synthetic: bool,
    },
    /// A recording up to a step, then something else.
    Fork {
        /// Digest of the cassette file.
        digest: Digest,
        /// The last step that it answers.
        step: u32,
        /// What answers from there on.
        rest: Box<ModelSource>,
    },
    /// A live backend.
    Live {
        /// The model that was asked for.
        model: String,
    },
}

/// One successful model call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generated {
    /// The step, from 1.
    pub step: u32,
    /// The try that succeeded, from 1.
    pub attempt: u32,
    /// Key of the request; nothing where the agent is not ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Digest>,
    /// Number of blocks in the request.
    pub blocks: u32,
    /// The model that says it answered.
    pub served: String,
    /// Tokens, as the model reported them.
    pub usage: Usage,
    /// Virtual time to the first token, in microseconds.
    pub ttft_us: u64,
    /// Virtual time to the end of the answer, in microseconds.
    pub total_us: u64,
}

/// One tool call that is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Acted {
    /// The step whose answer held the call.
    pub step: u32,
    /// The call's id.
    pub call_id: String,
    /// The tool's name.
    pub tool: String,
    /// Its arguments as the model wrote them.
    pub arguments: String,
    /// How it went.
    pub outcome: ToolOutcome,
    /// Exit code of a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// Digest of the output the model was shown.
    pub output: Digest,
    /// Its length in bytes.
    pub output_bytes: u64,
    /// Its first line, cut to 160 characters.
    pub preview: String,
    /// Virtual time it took, in microseconds.
    pub duration_us: u64,
}

/// How a tool call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolOutcome {
    /// It did what it was asked to.
    Ok,
    /// It ran and failed (a non-zero exit code, a missing file, a patch that does not apply).
    Failed,
    /// It could not be run at all (unknown tool, arguments that cannot be read).
    Rejected,
    /// The policy denied it.
    Denied,
    /// It was killed at its time limit.
    TimedOut,
}

/// One visible check's result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The check's name.
    pub name: String,
    /// tests, types, lint, security or performance.
    pub kind: String,
    /// Whether it held.
    pub passed: bool,
    /// What it found.
    pub findings: Vec<Finding>,
}

/// One finding of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The file, as the check named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in it, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The rule, test or error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// The result of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The reward reached 1.
    Passed,
    /// It did not, for a reason that is the agent's, the model's or the verifier's.
    Failed,
    /// A request diverged without being declared: neither pass nor fail.
    Void,
    /// The harness or the host failed: never counted against the agent.
    HarnessFault,
    /// This host lacks something that the task needs.
    NotRunnable,
    /// The task itself cannot be read.
    Invalid,
}

/// Why a trial did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureMode {
    /// The agent finished and the hidden checks said no.
    WrongResult,
    /// A budget of steps or tokens was spent.
    Budget,
    /// The time budget was spent.
    TimeOut,
    /// The agent program crashed.
    AgentCrash,
    /// The model failed for good.
    ModelError,
    /// The agent repeated itself without any effect.
    ToolLoop,
    /// The policy stopped the trial.
    Policy,
    /// The verifier gave no usable reward.
    VerifierError,
    /// The task cannot be read.
    InvalidTask,
    /// The harness or the host failed.
    HarnessFault,
    /// A request diverged from the recording.
    Void,
}

/// What a figure is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureKind {
    /// Taken here and now, from something real.
    Measured,
    /// Measured when the recording was made.
    Recorded,
    /// Computed from rules.
    Predicted,
    /// Made up by an authored stub: says nothing about any model.
    Synthetic,
}

/// Everything that a report needs to know of a finished trial, the same on every host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// The result.
    pub outcome: Outcome,
    /// Why it did not pass; also set beside `Failed`, `Void`, `HarnessFault` and `Invalid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureMode>,
    /// In a sentence, for people.
    pub reason: String,
    /// The agent's name and version, as `native 0.1.0`; empty where none began.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub agent: String,
    /// The models that said they answered, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub served: Vec<String>,
    /// Digest of what of the prompt is the same in every task, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Digest>,
    /// The reward that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward: Option<f64>,
    /// What its tokens and virtual times are worth.
    pub kind: FigureKind,
    /// Successful model calls; those of a fork's history are not among them, nor are their tokens, calls and times.
    pub steps: u32,
    /// Model calls of a fork's history.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub recorded_steps: u32,
    /// Differences from the recording that were let pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub met: Vec<MetCount>,
    /// Tool calls made.
    pub tool_calls: u32,
    /// Those that failed, were rejected or timed out.
    pub tool_errors: u32,
    /// Those that the policy denied.
    pub denied: u32,
    /// Model calls that were tried again.
    pub retries: u32,
    /// Rounds of feedback given.
    pub rounds: u32,
    /// Tokens of all calls.
    pub usage: Usage,
    /// Virtual time by stage.
    pub times: LaneTimes,
    /// Each model call, in order.
    pub calls: Vec<CallFigures>,
    /// What faults were put in its way and what became of it; only where the run has a faults profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<FaultFigures>,
}

/// The faults of a trial.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultFigures {
    /// How often each rule happened, by what the report calls it.
    pub injected: BTreeMap<String, u64>,
    /// Virtual time that was lost with them, in microseconds.
    pub lost_us: u64,
    /// Virtual time that the agent waited before it tried again, in microseconds; 0 where it is not ours to know.
    pub waited_us: u64,
    /// What became of the trial; nothing where it was neither passed nor failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
}

/// What became of a trial with faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recovery {
    /// None of the faults happened.
    Untouched,
    /// The agent came to its end, and the hidden checks held.
    Recovered,
    /// Something stopped the agent, whatever it had done by then: no answer, a budget, a crash.
    GaveUp,
    /// The agent came to its end, and the hidden checks said no.
    EndedWrong,
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// Virtual time of a trial by stage, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneTimes {
    /// Waiting for the model.
    pub model_us: u64,
    /// Running tools.
    pub tool_us: u64,
    /// Running visible checks.
    pub evaluate_us: u64,
}

impl LaneTimes {
    /// All stages together: the trial's virtual length.
    pub fn total_us(&self) -> u64 {
        self.model_us.saturating_add(self.tool_us).saturating_add(self.evaluate_us)
    }
}

/// The figures of one model call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFigures {
    /// Virtual time to the first token, in microseconds.
    pub ttft_us: u64,
    /// Virtual time to the end, in microseconds.
    pub total_us: u64,
    /// Its tokens.
    pub usage: Usage,
}
