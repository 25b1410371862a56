//! `timings.csv`: what this host measured of each finished trial. Never part of a digest.

use journal::{FindingFigures, PatchFigures};

use super::{csv_file, figure, number};
use crate::text::cell;
use crate::{ReportError, RunData, Scores, figures, quality};

const HEADING: [&str; 25] = [
    "trial",
    "attempt",
    "outcome",
    "wall_us",
    "setup_us",
    "tool_us",
    "evaluate_us",
    "verify_us",
    "harness_us",
    "harness_share",
    "files_changed",
    "files_added",
    "files_deleted",
    "lines_added",
    "lines_removed",
    "tests_added",
    "tests_removed",
    "tests_weakened",
    "files_out_of_scope",
    "secrets_added",
    "licences_added",
    "check_rounds",
    "findings_first",
    "findings_last",
    "findings_by_kind",
];

/// Measured times, what became of the workspace and what the visible checks found, as CSV, in the plan's order.
pub fn timings_csv(data: &RunData, _scores: &Scores) -> Result<Vec<u8>, ReportError> {
    let mode = data.header.plan.mode;
    let rows = data.trials.iter().filter_map(|trial| {
        let finish = trial.finish.as_ref()?;
        let host = &finish.host;
        let harness_us = finish.harness_us(mode);
        let patch = |of: fn(&PatchFigures) -> u64| number(host.patch.as_ref().map(of));
        Some([
            cell(&trial.id.to_string()),
            finish.attempt.to_string(),
            figures::word(&trial.state()),
            host.wall_us.to_string(),
            host.setup_us.to_string(),
            host.tool_us.to_string(),
            host.evaluate_us.to_string(),
            host.verify_us.to_string(),
            harness_us.to_string(),
            figure((host.wall_us > 0).then(|| harness_us as f64 / host.wall_us as f64)),
            host.files_changed.to_string(),
            patch(|p| p.files_added),
            patch(|p| p.files_deleted),
            patch(|p| p.lines_added),
            patch(|p| p.lines_removed),
            patch(|p| p.tests_added),
            patch(|p| p.tests_removed),
            patch(|p| p.tests_weakened),
            number(host.patch.and_then(|p| p.files_out_of_scope)),
            number(host.patch.and_then(|p| p.secrets_added)),
            number(host.patch.and_then(|p| p.licences_added)),
            number(host.findings.as_ref().map(|f| f.rounds)),
            number(host.findings.as_ref().map(FindingFigures::at_first)),
            number(host.findings.as_ref().map(FindingFigures::at_last)),
            cell(&host.findings.as_ref().map(by_kind).unwrap_or_default()),
        ])
    });
    csv_file("timings.csv", HEADING, rows)
}

/// As `lint:3>1 tests:2>0`: findings of the first and of the last round.
fn by_kind(found: &FindingFigures) -> String {
    let kinds = quality::by_kind(found).into_iter();
    kinds.map(|(kind, (first, last))| format!("{kind}:{first}>{last}")).collect::<Vec<_>>().join(" ")
}
