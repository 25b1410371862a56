//! Verdicts that changed although nothing was sampled anew: verifiers, or tools below them, that can't be trusted. Knows nothing of
//! trends.

use std::collections::BTreeMap;

use base::Digest;
use journal::Mode;
use serde::{Deserialize, Serialize};

use super::HistoryLine;

/// A task whose verdict changed while task, recordings and agent were the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flaky {
    /// Suite and task.
    pub task: String,
    /// The variant.
    pub variant: String,
    /// Runs that agree with most.
    pub usual: u64,
    /// Runs that don't.
    pub odd: u64,
    /// The last run that didn't.
    pub last: base::RunId,
}

/// The tasks whose verdicts changed over runs that replay, ask a script or run the reference solution. A live agent may pass and fail
/// by chance, so live runs say nothing here.
pub(super) fn flaky(lines: &[HistoryLine]) -> Vec<Flaky> {
    // What has to be the same: suite digest (all its tasks), variant digest, program.
    type Key<'a> = (&'a str, &'a str, Digest, Option<Digest>, &'a str, u32);
    /// A run with its passes and samples.
    type Run<'a> = (&'a base::RunId, (u64, u64));
    let mut seen: BTreeMap<Key<'_>, Vec<Run<'_>>> = BTreeMap::new();
    for line in lines.iter().filter(|line| !matches!(line.mode, Mode::Live | Mode::Fork)) {
        for variant in &line.variants {
            for (task, passes) in variant.tasks.iter().filter(|(_, (_, of))| *of > 0) {
                let suite = task.split('/').next().and_then(|suite| line.suites.get(suite)).copied();
                let key = (
                    task.as_str(),
                    variant.name.as_str(),
                    variant.digest,
                    suite,
                    line.retake.as_str(),
                    line.trials,
                );
                seen.entry(key).or_default().push((&line.run_id, *passes));
            }
        }
    }
    let mut found = Vec::new();
    for ((task, variant, ..), runs) in seen {
        // Runs with trials that were lost have fewer samples: a rate is what can be compared.
        let rate = |(passed, of): (u64, u64)| passed as f64 / of as f64;
        let mut counts: Vec<(f64, u64)> = Vec::new();
        for (_, passes) in &runs {
            match counts.iter_mut().find(|(value, _)| *value == rate(*passes)) {
                Some((_, n)) => *n += 1,
                None => counts.push((rate(*passes), 1)),
            }
        }
        let Some((usual, n)) = counts.iter().copied().max_by_key(|(_, n)| *n) else { continue };
        if let Some((last, _)) = runs.iter().rev().find(|(_, passes)| rate(*passes) != usual) {
            found.push(Flaky {
                task: task.to_owned(),
                variant: variant.to_owned(),
                usual: n,
                odd: runs.len() as u64 - n,
                last: (*last).clone(),
            });
        }
    }
    found
}
