//! What an agent's part of a trial adds up to, how it ends, and who is told of it on the way.

use std::collections::BTreeMap;

use cassette::{Allowed, Met};
use journal::{CallFigures, DriftGrade, Event, FailureMode, Host, LaneTimes, MetCount, ToolOutcome};
use model::Injected;
use sandbox::EnvError;
use wire::{Difference, Usage};

/// How the agent's part ended, where the harness did its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentEnd {
    /// What stopped it; nothing where it simply finished.
    pub failure: Option<FailureMode>,
    /// In a sentence.
    pub reason: String,
}

impl AgentEnd {
    /// It finished by itself.
    pub fn finished(reason: impl Into<String>) -> Self {
        Self { failure: None, reason: reason.into() }
    }

    /// Something stopped it.
    pub fn stopped(failure: FailureMode, reason: impl Into<String>) -> Self {
        Self { failure: Some(failure), reason: reason.into() }
    }
}

/// Why the harness could not carry the agent's part out. Never the agent's fault.
#[derive(Debug, thiserror::Error)]
pub enum AgentFault {
    /// The sandbox broke.
    #[error(transparent)]
    Environment(#[from] EnvError),
    /// The journal or the recording could not be written.
    #[error("{0}")]
    Keeping(String),
    /// The next model call could cost more than is left to spend; the trial can be started again with more.
    #[error("the spend limit would be passed: {0}")]
    Spent(String),
    /// A person or the host stopped it; the trial can be started again.
    #[error("cancelled")]
    Cancelled,
}

/// Is told of every event of a trial.
pub trait Observer {
    /// Keeps one event; the error says why it could not.
    fn event(&mut self, event: Event, host: Host) -> Result<(), AgentFault>;
}

/// Counts and times of the agent's part.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Successful model calls.
    pub steps: u32,
    /// Those of a fork's history, which are not among them.
    pub recorded_steps: u32,
    /// Differences from the recording that were let pass.
    pub met: Vec<MetCount>,
    /// Tool calls.
    pub tool_calls: u32,
    /// Those that failed, were rejected or timed out.
    pub tool_errors: u32,
    /// Those that the policy denied.
    pub denied: u32,
    /// Model calls that were tried again.
    pub retries: u32,
    /// Rounds of feedback.
    pub rounds: u32,
    /// Tokens of all calls.
    pub usage: Usage,
    /// Virtual time by stage.
    pub times: LaneTimes,
    /// Each model call.
    pub calls: Vec<CallFigures>,
    /// Faults that were put in the way of calls, by rule.
    pub faults: BTreeMap<String, u64>,
    /// Virtual time that was lost with them, in microseconds.
    pub lost_us: u64,
    /// Virtual time that was waited before calls were tried again, in microseconds.
    pub waited_us: u64,
    /// Outputs that differ from the recorded ones.
    pub drift: BTreeMap<DriftGrade, u32>,
    /// Real time waiting for the model, in microseconds.
    pub real_model_us: u64,
    /// Real time in tools, in microseconds.
    pub real_tool_us: u64,
    /// Real time in checks, in microseconds.
    pub real_evaluate_us: u64,
}

/// The event of a difference from the recording; `allowed`: why it was let pass.
pub fn diverged(step: u32, difference: &Difference, allowed: Option<Allowed>) -> Event {
    Event::Diverged {
        step,
        cause: difference.cause.to_string(),
        path: difference.path.clone(),
        offset: difference.offset,
        diff: difference.diff.clone(),
        block: u32::try_from(difference.block).ok(),
        led_by: difference.led_by.clone(),
        allowed: allowed.map(|allowed| allowed.name().to_owned()),
    }
}

impl Tally {
    /// Counts a fault that was put in the way of a call; gives its event.
    pub fn fault(&mut self, injected: Injected) -> Event {
        let Injected { lane, step, attempt, rule, lost_us } = injected;
        *self.faults.entry(rule.clone()).or_default() += 1;
        self.lost_us = self.lost_us.saturating_add(lost_us);
        Event::FaultInjected { lane, step, attempt, rule, lost_us }
    }

    /// Ends a fork's history: what was counted so far was not the model's that goes on. What this host did stays.
    pub(crate) fn go_on(&mut self) {
        *self = Self {
            recorded_steps: self.recorded_steps + self.steps,
            met: std::mem::take(&mut self.met),
            drift: std::mem::take(&mut self.drift),
            real_model_us: self.real_model_us,
            real_tool_us: self.real_tool_us,
            real_evaluate_us: self.real_evaluate_us,
            ..Self::default()
        };
    }

    /// Counts a difference that was let pass.
    pub fn met(&mut self, met: &Met) {
        let (cause, allowed) = (met.difference.cause.to_string(), met.allowed.name().to_owned());
        match self.met.iter_mut().find(|known| known.cause == cause && known.allowed == allowed) {
            Some(known) => known.count += 1,
            None => self.met.push(MetCount { cause, allowed, count: 1 }),
        }
    }

    /// Counts one tool call.
    pub fn tool(&mut self, outcome: ToolOutcome) {
        self.tool_calls += 1;
        match outcome {
            ToolOutcome::Ok => {}
            ToolOutcome::Denied => self.denied += 1,
            ToolOutcome::Failed | ToolOutcome::Rejected | ToolOutcome::TimedOut => self.tool_errors += 1,
        }
    }
}
