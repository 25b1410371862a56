//! What `retake run --json` and `retake report --json` answer with: one object about the whole run.

use std::path::Path;

use base::{Digest, RunId};
use journal::MetCount;
use serde::{Deserialize, Serialize};

use crate::{Digests, RunData, Scores};

/// A run in one object. Rates are over passed and failed trials of all variants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The run's name.
    pub run_id: RunId,
    /// Its digest; nothing where no trial ran.
    pub digest: Option<Digest>,
    /// Its folder.
    pub out: String,
    /// Trials planned.
    pub trials: u64,
    /// Those that passed.
    pub passed: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those whose requests diverged.
    pub void: u64,
    /// Those that the harness or the host failed.
    pub harness_faults: u64,
    /// Those that this host cannot run.
    pub not_runnable: u64,
    /// Those whose task cannot be read.
    pub invalid: u64,
    /// Those that are not at their end.
    pub unfinished: u64,
    /// Those that were taken from an earlier run (`reused` of `host.json`).
    pub reused: u64,
    /// Calls and checks whose output drifted, of any grade.
    pub drift: u64,
    /// Differences from the recordings that were let pass, by cause and reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<MetCount>,
    /// Passed by passed and failed, 0 to 1; nothing where none is either.
    pub pass_rate: Option<f64>,
    /// Its Wilson interval at 95 %.
    pub interval: Option<[f64; 2]>,
    /// Real time of the run in seconds (`wall_us` of `host.json`), where it is known.
    pub wall_s: Option<f64>,
}

impl RunSummary {
    /// The summary of a run that lies in `out`.
    pub fn of(data: &RunData, scores: &Scores, out: &Path) -> Self {
        let counts = &scores.total.counts;
        let rate = scores.total.pass_rate;
        Self {
            run_id: data.header.run_id.clone(),
            digest: Digests::of(data).run,
            out: out.display().to_string(),
            trials: counts.trials,
            passed: counts.passed,
            failed: counts.failed,
            void: counts.void,
            harness_faults: counts.harness_faults,
            not_runnable: counts.not_runnable,
            invalid: counts.invalid,
            unfinished: counts.unfinished,
            reused: data.reused(),
            drift: data.drift().values().sum(),
            differences: data.met(),
            pass_rate: rate.map(|r| crate::score::round(r.value)),
            interval: rate.map(|r| [r.interval.lo, r.interval.hi].map(crate::score::round)),
            wall_s: data.wall_us().map(|us| us as f64 / 1e6),
        }
    }
}
