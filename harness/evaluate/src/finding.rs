//! What a check or a verifier run leaves behind, as data. Knows nothing of how it came to be.

use std::time::Duration;

use sandbox::{ExecEnd, ExecOutput};
use serde::{Deserialize, Serialize};
use suite::CheckKind;

/// One thing that a check complains about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The file, relative to the workspace where it lies in it.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The test, lint or error code.
    pub rule: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The check that says so.
    pub check: String,
}

/// How a command of a check or a verifier ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// With this exit code.
    Exited(i32),
    /// By this signal.
    Signaled(i32),
    /// Killed at its time limit.
    TimedOut,
    /// Killed because the trial was cancelled.
    Cancelled,
    /// It could not be started, for a reason that lies inside the environment.
    NotStarted,
}

impl From<ExecEnd> for Ending {
    fn from(end: ExecEnd) -> Self {
        match end {
            ExecEnd::Exited(code) => Self::Exited(code),
            ExecEnd::Signaled(signal) => Self::Signaled(signal),
            ExecEnd::TimedOut => Self::TimedOut,
            ExecEnd::Cancelled => Self::Cancelled,
        }
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exit code {code}"),
            Self::Signaled(signal) => write!(f, "killed by signal {signal}"),
            Self::TimedOut => f.write_str("timed out"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::NotStarted => f.write_str("could not be started"),
        }
    }
}

/// The kept part of an output, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Its start.
    pub head: String,
    /// Its end, where `head` is not all of it.
    pub tail: String,
    /// Bytes between the two that were dropped.
    pub omitted: u64,
}

impl Output {
    /// What a command wrote, as lossy UTF-8.
    pub(crate) fn of(output: &ExecOutput) -> Self {
        let mut head = output.head.clone();
        if output.omitted == 0 {
            head.extend_from_slice(&output.tail);
            return Self { head: lossy(&head), tail: String::new(), omitted: 0 };
        }
        Self { head: lossy(&head), tail: lossy(&output.tail), omitted: output.omitted }
    }

    /// All that was kept, in one text.
    pub fn text(&self) -> String {
        if self.tail.is_empty() { self.head.clone() } else { format!("{}\n{}", self.head, self.tail) }
    }

    /// At most `head` bytes of the start and `tail` bytes of the end, cut at characters.
    #[must_use]
    pub fn shortened(self, head: usize, tail: usize) -> Self {
        if self.omitted == 0 && self.head.len() <= head + tail {
            return self;
        }
        let end = if self.omitted == 0 { &self.head } else { &self.tail };
        let end = &end[ceil_boundary(end, end.len().saturating_sub(tail))..];
        let start = &self.head[..floor_boundary(&self.head, head)];
        let kept = self.head.len() + self.tail.len();
        let dropped = u64::try_from(kept.saturating_sub(start.len() + end.len())).unwrap_or(u64::MAX);
        let omitted = self.omitted.saturating_add(dropped);
        Self { head: start.to_owned(), tail: end.to_owned(), omitted }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The nearest start of a character at or before `at`.
pub(crate) fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

/// The nearest start of a character at or after `at`.
pub(crate) fn ceil_boundary(text: &str, at: usize) -> usize {
    (at..text.len()).find(|i| text.is_char_boundary(*i)).unwrap_or(text.len())
}

/// One check's verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The check's name.
    pub name: String,
    /// What it looks at.
    pub kind: CheckKind,
    /// Whether its command ended with exit code 0.
    pub passed: bool,
    /// How it ended.
    pub end: Ending,
    /// What it complains about; also of a check that passed, such as warnings.
    pub findings: Vec<Finding>,
    /// What it wrote.
    pub output: Output,
    /// Real time it took: a fact about the host.
    pub duration: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_cut_at_characters_and_counts_what_it_lost() {
        let whole = Output { head: "äöü".repeat(10), tail: String::new(), omitted: 0 };
        assert_eq!(whole.clone().shortened(60, 0), whole);
        let cut = whole.shortened(5, 3);
        assert_eq!((cut.head.as_str(), cut.tail.as_str(), cut.omitted), ("äö", "ü", 54));
        let cut = cut.shortened(2, 2);
        assert_eq!((cut.head.as_str(), cut.tail.as_str(), cut.omitted), ("ä", "ü", 56));
    }
}
