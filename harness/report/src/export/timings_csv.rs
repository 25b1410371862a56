//! `timings.csv`: what this host measured of each finished trial. Never part of a digest.

use journal::{Mode, PatchFigures};

use super::{csv_file, figure, number};
use crate::text::cell;
use crate::{Finish, ReportError, RunData, Scores, figures};

const HEADING: [&str; 18] = [
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
];

/// Measured times, and what became of the workspace, as CSV, in the plan's order. The harness's own time is what is left of the wall after setup, tools,
/// checks and verifier, and after the model's time where the model is live.
pub fn timings_csv(data: &RunData, _scores: &Scores) -> Result<Vec<u8>, ReportError> {
    let mode = data.header.plan.mode;
    let rows = data.trials.iter().filter_map(|trial| {
        let finish = trial.finish.as_ref()?;
        let host = &finish.host;
        let harness_us = harness_us(finish, mode);
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
        ])
    });
    csv_file("timings.csv", HEADING, rows)
}

fn harness_us(finish: &Finish, mode: Mode) -> u64 {
    let host = &finish.host;
    let model_us = if mode == Mode::Live { finish.ended.times.model_us } else { 0 };
    let others = [host.setup_us, host.tool_us, host.evaluate_us, host.verify_us, model_us];
    others.iter().fold(host.wall_us, |left, part| left.saturating_sub(*part))
}
