//! `drift.json`: each tool or check whose real output differed from the recorded one. Never part of a digest.

use std::collections::BTreeMap;

use base::FormatVersion;
use journal::{Attempt, DriftGrade, Record, RunDir};
use serde::Serialize;

use super::{VERSION, json_file};
use crate::text::{line, sentence};
use crate::{ReportError, RunData, TrialData, highlights};

/// Characters of a difference that are shown.
const DETAIL: usize = 2_000;

#[derive(Serialize)]
struct Drifts {
    version: FormatVersion,
    counts: BTreeMap<DriftGrade, u64>,
    trials: Vec<TrialDrift>,
}

#[derive(Serialize)]
struct TrialDrift {
    trial: String,
    attempt: u32,
    drift: Vec<CallDrift>,
}

#[derive(Serialize)]
struct CallDrift {
    lane: String,
    n: u64,
    what: String,
    grade: DriftGrade,
    detail: String,
}

/// Every drift as indented JSON. Reads whole journals, but only of trials that drifted.
pub fn drift_json(dir: &RunDir, data: &RunData) -> Result<Vec<u8>, ReportError> {
    let drifted = data.trials.iter().filter_map(|trial| {
        let finish = trial.finish.as_ref().filter(|f| !f.host.drift.is_empty())?;
        Some(trial_drift(dir, trial, finish.attempt))
    });
    let trials = drifted.collect::<Result<_, _>>()?;
    json_file("drift.json", &Drifts { version: VERSION, counts: data.drift(), trials })
}

fn trial_drift(dir: &RunDir, trial: &TrialData, number: u32) -> Result<TrialDrift, ReportError> {
    let attempt = Attempt::read(&dir.trial(&trial.id).journal(number))?;
    let drift = attempt.records.iter().filter_map(call_drift).collect();
    Ok(TrialDrift { trial: trial.id.to_string(), attempt: number, drift })
}

fn call_drift(record: &Record) -> Option<CallDrift> {
    let drift = record.host.drift.as_ref()?;
    Some(CallDrift {
        lane: sentence(&record.lane),
        n: record.n,
        what: sentence(highlights::what(&record.event).trim_end()),
        grade: drift.grade,
        detail: line(&drift.detail, DETAIL),
    })
}
