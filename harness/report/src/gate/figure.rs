//! The figures that a gate may be on: their names, their units, and their values over an arm's tasks. Knows nothing of limits.

use serde::{Deserialize, Serialize};

use crate::TrialState;
use crate::compare::{ArmTask, Sample};
use crate::score::{mean, per_token_us, percentile_of};

/// A figure with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// The share of scored trials that passed.
    PassRate,
    /// The share of scored trials that passed within the latency budget of their tier.
    Goodput,
    /// Scored trials that did not pass.
    Failures,
    /// USD a scored trial.
    Cost,
    /// USD for each trial that passed.
    CostPerPass,
    /// Tokens a scored trial.
    Tokens,
    /// Tokens of prompts a scored trial.
    InputTokens,
    /// Tokens of answers a scored trial.
    OutputTokens,
    /// Model calls a scored trial.
    Steps,
    /// Tool calls a scored trial that failed, were rejected or timed out.
    ToolErrors,
    /// Tool calls a scored trial that the policy denied.
    Denied,
    /// Model calls a scored trial that were tried again.
    Retries,
    /// Cached tokens by prompt tokens, as the model reported them.
    CacheHit,
    /// The median of the trials' virtual time.
    TrialP50,
    /// What 90 % of the trials' virtual times are at most.
    TrialP90,
    /// What 99 % of the trials' virtual times are at most.
    TrialP99,
    /// The median of the times to the first token of calls.
    TtftP50,
    /// What 90 % of the times to the first token of calls are at most.
    TtftP90,
    /// What 99 % of the times to the first token of calls are at most.
    TtftP99,
    /// The median of the times per output token of calls.
    TpotP50,
    /// What 90 % of the times per output token of calls are at most.
    TpotP90,
    /// What 99 % of the times per output token of calls are at most.
    TpotP99,
    /// The median of the times of whole calls.
    CallP50,
    /// What 90 % of the times of whole calls are at most.
    CallP90,
    /// What 99 % of the times of whole calls are at most.
    CallP99,
    /// Trials whose requests diverged.
    Void,
    /// Trials that the harness or the host failed.
    HarnessFaults,
    /// Lines added and removed a trial.
    LinesChanged,
    /// Files a trial that its task is not about, over tasks that say which they are about.
    FilesOutOfScope,
    /// Test cases removed a trial.
    TestsRemoved,
    /// Test files weakened a trial.
    TestsWeakened,
    /// Secrets added a trial.
    SecretsAdded,
    /// Licence texts added a trial.
    LicencesAdded,
    /// What the visible checks found in their last round, a trial.
    FindingsLeft,
}

/// What of a trial takes its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
    FirstToken,
    OutputToken,
    Call,
    Trial,
}

impl Span {
    /// Its virtual times in a trial, in microseconds.
    fn of(self, sample: &Sample) -> Vec<u64> {
        let calls = sample.calls.iter();
        match self {
            Self::FirstToken => calls.map(|call| call.ttft_us).collect(),
            Self::OutputToken => calls.filter_map(per_token_us).collect(),
            Self::Call => calls.map(|call| call.total_us).collect(),
            Self::Trial => vec![sample.time_us],
        }
    }
}

/// How a figure is gated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// It is counted: what was counted decides.
    Count,
    /// It is a rate of passes: samples of a chance.
    Rate,
    /// It is a time.
    Time,
}

/// What a number behind a figure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// A share: `0.9`, `90%`; differences in `pp`.
    Share,
    /// A plain number: `12`, `1.5k`, `2M`.
    Number,
    /// Money: `0.2usd`.
    Usd,
    /// A time: `90s`, `2min`, `500ms`.
    Time,
}

impl Figure {
    /// All of them.
    pub const ALL: [Self; 34] = [
        Self::PassRate,
        Self::Goodput,
        Self::Failures,
        Self::Cost,
        Self::CostPerPass,
        Self::Tokens,
        Self::InputTokens,
        Self::OutputTokens,
        Self::Steps,
        Self::ToolErrors,
        Self::Denied,
        Self::Retries,
        Self::CacheHit,
        Self::TrialP50,
        Self::TrialP90,
        Self::TrialP99,
        Self::TtftP50,
        Self::TtftP90,
        Self::TtftP99,
        Self::TpotP50,
        Self::TpotP90,
        Self::TpotP99,
        Self::CallP50,
        Self::CallP90,
        Self::CallP99,
        Self::Void,
        Self::HarnessFaults,
        Self::LinesChanged,
        Self::FilesOutOfScope,
        Self::TestsRemoved,
        Self::TestsWeakened,
        Self::SecretsAdded,
        Self::LicencesAdded,
        Self::FindingsLeft,
    ];

    /// Its name in rules.
    pub fn name(self) -> String {
        crate::figures::word(&self)
    }

    /// Of a time: what takes it, and which percentile of it, from 0 to 1.
    fn span(self) -> Option<(Span, f64)> {
        Some(match self {
            Self::TtftP50 => (Span::FirstToken, 0.5),
            Self::TtftP90 => (Span::FirstToken, 0.9),
            Self::TtftP99 => (Span::FirstToken, 0.99),
            Self::TpotP50 => (Span::OutputToken, 0.5),
            Self::TpotP90 => (Span::OutputToken, 0.9),
            Self::TpotP99 => (Span::OutputToken, 0.99),
            Self::CallP50 => (Span::Call, 0.5),
            Self::CallP90 => (Span::Call, 0.9),
            Self::CallP99 => (Span::Call, 0.99),
            Self::TrialP50 => (Span::Trial, 0.5),
            Self::TrialP90 => (Span::Trial, 0.9),
            Self::TrialP99 => (Span::Trial, 0.99),
            _ => return None,
        })
    }

    pub(super) fn nature(self) -> Nature {
        match self {
            Self::PassRate | Self::Goodput => Nature::Rate,
            _ if self.span().is_some() => Nature::Time,
            _ => Nature::Count,
        }
    }

    pub(super) fn unit(self) -> Unit {
        match self {
            Self::PassRate | Self::Goodput | Self::CacheHit => Unit::Share,
            Self::Cost | Self::CostPerPass => Unit::Usd,
            _ if self.span().is_some() => Unit::Time,
            _ => Unit::Number,
        }
    }

    /// Whether a replay only repeats what was recorded of it.
    pub(super) fn is_recorded(self) -> bool {
        !matches!(
            self,
            Self::PassRate
                | Self::Goodput
                | Self::Failures
                | Self::Void
                | Self::HarnessFaults
                | Self::LinesChanged
                | Self::FilesOutOfScope
                | Self::TestsRemoved
                | Self::TestsWeakened
                | Self::SecretsAdded
                | Self::LicencesAdded
        )
    }

    /// Of a rate: the trials of a task that count for it, and those that it is of.
    pub(super) fn hits(self, task: &ArmTask) -> (u64, u64) {
        let hit = |sample: &Sample| match self {
            Self::Goodput => sample.in_time,
            _ => Some(sample.passed()),
        };
        let hits = task.scored().filter_map(hit);
        hits.fold((0, 0), |(hits, of), hit| (hits + u64::from(hit), of + 1))
    }

    /// The share of a task's trials that count for a rate.
    pub(super) fn share(self, task: &ArmTask) -> Option<f64> {
        let (hits, of) = self.hits(task);
        (of > 0).then(|| hits as f64 / of as f64)
    }

    /// Its value over some tasks; nothing where it has none.
    pub(super) fn value(self, tasks: &[&ArmTask]) -> Option<f64> {
        let scored = || tasks.iter().flat_map(|task| task.scored());
        let n = scored().count() as f64;
        let passed = scored().filter(|s| s.passed()).count() as f64;
        let each = |of: fn(&Sample) -> u64| (n > 0.0).then(|| scored().map(of).sum::<u64>() as f64 / n);
        // Of the trials in which somebody looked.
        let looked = |of: fn(&Sample) -> Option<u64>| {
            let seen: Vec<f64> = scored().filter_map(of).map(|n| n as f64).collect();
            mean(&seen)
        };
        let usd = || scored().map(|s| s.cost_usd).sum::<Option<f64>>().filter(|_| n > 0.0);
        let count = |state: TrialState| {
            Some(tasks.iter().flat_map(|task| &task.samples).filter(|s| s.state == state).count() as f64)
        };
        if let Some((span, fraction)) = self.span() {
            let mut times: Vec<u64> = scored().flat_map(|sample| span.of(sample)).collect();
            return Some(percentile_of(&mut times, fraction)? / 1e6);
        }
        match self {
            Self::PassRate | Self::Goodput => {
                let cells = tasks.iter().map(|task| self.hits(task));
                let (hits, of) = cells.fold((0, 0), |sum, (hits, of)| (sum.0 + hits, sum.1 + of));
                (of > 0).then(|| hits as f64 / of as f64)
            }
            Self::Failures => (n > 0.0).then_some(n - passed),
            Self::Cost => usd().map(|usd| usd / n),
            Self::CostPerPass => usd().filter(|_| passed > 0.0).map(|usd| usd / passed),
            Self::Tokens => each(|s| s.input_tokens.saturating_add(s.output_tokens)),
            Self::InputTokens => each(|s| s.input_tokens),
            Self::OutputTokens => each(|s| s.output_tokens),
            Self::Steps => each(|s| u64::from(s.steps)),
            Self::ToolErrors => each(|s| u64::from(s.tool_errors)),
            Self::Denied => each(|s| u64::from(s.denied)),
            Self::Retries => each(|s| u64::from(s.retries)),
            Self::CacheHit => {
                let input: u64 = scored().map(|s| s.input_tokens).sum();
                (input > 0).then(|| scored().map(|s| s.cached_tokens).sum::<u64>() as f64 / input as f64)
            }
            Self::Void => count(TrialState::Void),
            Self::HarnessFaults => count(TrialState::HarnessFault),
            Self::LinesChanged => looked(Sample::lines_changed),
            Self::FilesOutOfScope => looked(|s| s.patch?.files_out_of_scope),
            Self::TestsRemoved => looked(|s| Some(s.patch?.tests_removed)),
            Self::TestsWeakened => looked(|s| Some(s.patch?.tests_weakened)),
            Self::SecretsAdded => looked(|s| s.patch?.secrets_added),
            Self::LicencesAdded => looked(|s| s.patch?.licences_added),
            Self::FindingsLeft => looked(|s| s.findings_left),
            _ => None,
        }
    }

    /// A value in its unit.
    pub(super) fn show(self, value: f64) -> String {
        match self.unit() {
            Unit::Share => format!("{:.1} %", value * 100.0),
            Unit::Usd => format!("{value:.4} USD"),
            Unit::Time => crate::figures::duration((value.max(0.0) * 1e6) as u64),
            Unit::Number if value.fract() == 0.0 => format!("{value}"),
            Unit::Number => format!("{value:.1}"),
        }
    }
}
