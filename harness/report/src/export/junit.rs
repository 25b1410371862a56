//! `junit.xml`: what CI systems show of a run. Canonical: its times are virtual, and it names no run, host or moment.

use std::time::Duration;

use journal::{Attempt, Event, RunDir};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestRerun, TestSuite};

use crate::score::virtual_us;
use crate::text::sentence;
use crate::{ReportError, RunData, TrialData, TrialState, figures};

/// Calls of one trial that are shown as tried again.
const MOST_RERUNS: usize = 20;

/// A test suite for each suite and a test case for each trial. A failed trial is a failure; a void, faulty, invalid
/// or unfinished one an error, since a gate must not take it for a pass; one that cannot run here is skipped. Model calls that failed and were tried
/// again are reruns: flaky errors of a trial that passed, rerun errors of one that did not.
///
/// Reads whole journals, but only of trials whose model was asked again.
pub fn junit_xml(dir: &RunDir, data: &RunData) -> Result<Vec<u8>, ReportError> {
    let plan = &data.header.plan;
    let mut report = Report::new("retake");
    for trials in data.trials.chunk_by(|a, b| a.id.suite == b.id.suite) {
        let Some(first) = trials.first() else { continue };
        let mut suite = TestSuite::new(first.id.suite.as_str());
        suite.add_property(Property::new("mode", figures::word(&plan.mode)));
        suite.add_property(Property::new("claim", figures::claim(plan.mode, plan.synthetic)));
        for trial in trials {
            suite.add_test_case(case(trial, reruns(dir, trial)?));
        }
        suite.set_time(total(trials));
        report.add_test_suite(suite);
    }
    report.set_time(total(&data.trials));
    let mut text = Vec::new();
    report.serialize(&mut text).map_err(ReportError::encode("junit.xml"))?;
    Ok(text)
}

/// Virtual time of trials together.
fn total(trials: &[TrialData]) -> Duration {
    let ends = trials.iter().filter_map(|t| t.finish.as_ref());
    Duration::from_micros(ends.fold(0, |sum: u64, f| sum.saturating_add(virtual_us(&f.ended))))
}

/// The model calls of a trial that failed, in order. A trial whose last call failed for good shows that one too.
fn reruns(dir: &RunDir, trial: &TrialData) -> Result<Vec<TestRerun>, ReportError> {
    let Some(finish) = trial.finish.as_ref().filter(|f| f.ended.retries > 0) else { return Ok(Vec::new()) };
    let attempt = Attempt::read(&dir.trial(&trial.id).journal(finish.attempt))?;
    let failed = attempt.records.iter().filter_map(|record| match &record.event {
        Event::GenerateFailed { step, attempt, status, reason } => {
            let status = status.map(|status| format!(" ({status})")).unwrap_or_default();
            let mut rerun = TestRerun::new(NonSuccessKind::Error);
            rerun.set_type("model_error");
            rerun.set_message(sentence(&format!("call {attempt} of step {step} failed{status}: {reason}")));
            Some(rerun)
        }
        _ => None,
    });
    Ok(failed.take(MOST_RERUNS).collect())
}

fn case(trial: &TrialData, reruns: Vec<TestRerun>) -> TestCase {
    let mut status = status(trial);
    if !matches!(status, TestCaseStatus::Skipped { .. }) {
        status.add_reruns(reruns);
    }
    let mut case = TestCase::new(trial.id.to_string(), status);
    case.set_classname(format!("{}.{}", trial.id.suite, trial.id.task));
    let Some(finish) = &trial.finish else { return case };
    let ended = &finish.ended;
    case.set_time(Duration::from_micros(virtual_us(ended)));
    case.add_property(Property::new("kind", figures::word(&ended.kind)));
    if let Some(reward) = ended.reward {
        case.add_property(Property::new("reward", crate::score::round(reward).to_string()));
    }
    let usage = &ended.usage;
    let counts = [
        ("steps", u64::from(ended.steps)),
        ("tool_calls", u64::from(ended.tool_calls)),
        ("retries", u64::from(ended.retries)),
        ("input_tokens", usage.input_tokens),
        ("cached_tokens", usage.cached_tokens),
        ("output_tokens", usage.output_tokens),
    ];
    case.add_properties(counts.map(|(name, value)| Property::new(name, value.to_string())));
    if let Some(digest) = trial.digest() {
        case.add_property(Property::new("digest", digest.to_string()));
    }
    case
}

fn status(trial: &TrialData) -> TestCaseStatus {
    let state = trial.state();
    let mut status = match state {
        TrialState::Passed => return TestCaseStatus::success(),
        TrialState::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        TrialState::NotRunnable => TestCaseStatus::skipped(),
        TrialState::Void | TrialState::HarnessFault | TrialState::Invalid | TrialState::Unfinished => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
    };
    let mode = trial.finish.as_ref().and_then(|f| f.ended.failure);
    status.set_type(mode.map_or_else(|| figures::word(&state), |m| figures::word(&m)));
    let reason = if state == TrialState::Unfinished { "the trial is unfinished" } else { trial.reason() };
    status.set_message(sentence(reason));
    status
}
