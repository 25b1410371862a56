//! Digests of tasks and of the run: what must be equal wherever and whenever a run is repeated. Knows nothing of
//! files or formats.

use std::collections::BTreeMap;

use base::{Digest, Hasher};

use crate::{RunData, TrialData};

/// The digests of a run.
///
/// A trial enters them where it ran (it passed, failed or is void) with the digest of its canonical events. Trials
/// that could not run here, whose task cannot be read, that met a harness fault or are unfinished stay out, since
/// they say nothing of the agent; they are listed instead.
#[derive(Clone, Debug)]
pub struct Digests<'a> {
    /// Over the tasks that ran, sorted by suite and task: `"run"`, then suite, task and task digest of each. Nothing
    /// where no trial ran.
    pub run: Option<Digest>,
    /// Each task that ran, sorted by suite and task.
    pub tasks: Vec<TaskDigest<'a>>,
    /// The trials that stay out, in the plan's order.
    pub left_out: Vec<&'a TrialData>,
}

/// Variant, number and digest of one trial.
type Sample<'a> = (&'a str, u32, Digest);

/// The digest of one task over its trials under all variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskDigest<'a> {
    /// The suite's name.
    pub suite: &'a str,
    /// The task's name.
    pub task: &'a str,
    /// `"task"`, suite and task, then variant, number and digest of each trial that ran, sorted.
    pub digest: Digest,
}

impl<'a> Digests<'a> {
    /// The digests of a run that was read.
    pub fn of(data: &'a RunData) -> Self {
        let mut left_out = Vec::new();
        let mut ran: BTreeMap<_, Vec<Sample>> = BTreeMap::new();
        for trial in &data.trials {
            let id = &trial.id;
            match trial.digest() {
                Some(digest) => {
                    let sample = (id.variant.as_str(), id.number, digest);
                    ran.entry((id.suite.as_str(), id.task.as_str())).or_default().push(sample);
                }
                None => left_out.push(trial),
            }
        }
        let tasks: Vec<_> =
            ran.into_iter().map(|((suite, task), trials)| task_digest(suite, task, trials)).collect();
        let mut run = Hasher::new("run");
        for task in &tasks {
            run.field(task.suite.as_bytes()).field(task.task.as_bytes()).field(task.digest.as_bytes());
        }
        Self { run: (!tasks.is_empty()).then(|| run.finish()), tasks, left_out }
    }
}

fn task_digest<'a>(suite: &'a str, task: &'a str, mut trials: Vec<Sample>) -> TaskDigest<'a> {
    trials.sort_unstable();
    let mut hasher = Hasher::new("task");
    hasher.field(suite.as_bytes()).field(task.as_bytes());
    for (variant, number, digest) in trials {
        hasher.field(variant.as_bytes()).number(u64::from(number)).field(digest.as_bytes());
    }
    TaskDigest { suite, task, digest: hasher.finish() }
}
