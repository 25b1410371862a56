//! Verifies again what finished trials left: the kept workspace is put up anew, and the hidden checks judge it as they are now. No
//! agent runs, and no journal is touched.

use std::path::Path;

use base::{Digest, TrialId};
use journal::{Outcome, RunDir};
use rayon::prelude::*;
use sandbox::{Change, EntryKind, Environment};
use serde::{Deserialize, Serialize};
use suite::{Task, TaskEntry};

use crate::attempt::Fault;
use crate::part::verifier_plan;
use crate::plan::TrialPlan;
use crate::run::{Engine, Options, RunError};
use crate::template::Templates;
use crate::world::World;
use crate::{Planned, keep};

/// Where templates are made while workspaces are verified.
const SCRATCH: &str = ".regrade";

/// What verifying a trial's workspace again came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regraded {
    /// The trial.
    pub trial: TrialId,
    /// Digest of its task's files as they are now.
    pub task: Digest,
    /// Whether it passed when it ran.
    pub passed: bool,
    /// Whether each verification now passes; nothing where the verifier gave no reward.
    pub verdicts: Vec<Option<bool>>,
    /// Why it could not be verified again; empty where it could.
    pub left: String,
}

impl Regraded {
    /// Whether the same workspace got two verdicts here: the verifier can't be trusted.
    pub fn flaky(&self) -> bool {
        self.verdicts.windows(2).any(|pair| pair[0] != pair[1])
    }

    /// Whether it stands otherwise now than when it ran.
    pub fn changed(&self) -> bool {
        !self.verdicts.is_empty()
            && self.verdicts.iter().any(|verdict| verdict.unwrap_or(false) != self.passed)
    }
}

/// A line of `changes.json`.
#[derive(Deserialize)]
struct Kept {
    change: Change,
    executable: bool,
    kind: Option<EntryKind>,
    digest: Option<Digest>,
    kept: bool,
}

/// Verifies every scored trial of a run again, `times` times each, on as many workers as there are jobs. `planned` is the run's plan
/// as it would be made now. Trials that have no end, or no verdict, are left out.
pub fn regrade(
    dir: &RunDir,
    planned: &Planned,
    options: &Options<'_>,
    times: u32,
) -> Result<Vec<Regraded>, RunError> {
    let engine = Engine::new(planned, options)?;
    let scratch = dir.path.join(SCRATCH);
    std::fs::create_dir_all(&scratch).map_err(|error| RunError::Io { path: scratch.clone(), error })?;
    let templates = Templates::new(scratch.clone());
    let mut wanted = Vec::new();
    for trial in &planned.trials {
        if let Some((attempt, ended, host)) = dir.trial(&trial.id).ended()?
            && matches!(ended.outcome, Outcome::Passed | Outcome::Failed)
        {
            wanted.push((trial, attempt, ended.outcome == Outcome::Passed, host.workspace));
        }
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs).build();
    let pool = pool.map_err(|e| RunError::Usage(format!("cannot start {} workers: {e}", options.jobs)))?;
    let one = |(trial, attempt, passed, workspace): &(&TrialPlan, u32, bool, Option<Digest>)| {
        let folder = dir.trial(&trial.id).workspace(*attempt);
        let key = (trial.id.suite.clone(), trial.id.task.clone());
        let mut regraded = Regraded {
            trial: trial.id.clone(),
            task: planned.digests.get(&key).copied().unwrap_or_else(|| Digest::of(b"invalid")),
            passed: *passed,
            verdicts: Vec::new(),
            left: String::new(),
        };
        for _ in 0..times {
            match verify(&engine, &templates, planned, trial, &folder, *workspace) {
                Ok(verdict) => regraded.verdicts.push(verdict),
                Err(why) => {
                    regraded.left = why;
                    break;
                }
            }
        }
        regraded
    };
    let regraded = pool.install(|| wanted.par_iter().with_max_len(1).map(one).collect());
    let _ = std::fs::remove_dir_all(&scratch);
    Ok(regraded)
}

/// One verification of a workspace that is put up from what was kept.
fn verify(
    engine: &Engine<'_>,
    templates: &Templates,
    planned: &Planned,
    trial: &TrialPlan,
    folder: &Path,
    workspace: Option<Digest>,
) -> Result<Option<bool>, String> {
    if engine.options.cancel.is_cancelled() {
        return Err("stopped".to_owned());
    }
    let task = match planned.task(trial) {
        TaskEntry::Ready(task) => task,
        TaskEntry::Invalid { error, .. } => return Err(error.to_string()),
    };
    let [step] = task.steps.as_slice() else {
        return Err("a task of several steps keeps only its last workspace".to_owned());
    };
    let template = templates.get((trial.suite, trial.task), task, &engine.sandbox);
    let template = template.map_err(|unbuilt| said(unbuilt.into()))?;
    let world = World::new(&engine.sandbox, task, &template, &planned.selection.variants[trial.variant].env)
        .map_err(|e| e.to_string())?;
    put_up(&world, task, folder, workspace)?;
    let container = world.verifier(step).map_err(|e| e.to_string())?;
    let verification = evaluate::verify(&container, &verifier_plan(task, step), &engine.options.cancel);
    let outcome = verification.map_err(|e| e.to_string())?.outcome;
    container.close().map_err(|e| e.to_string())?;
    Ok(match outcome {
        evaluate::Outcome::Rewarded { reward, .. } => Some(reward >= 1.0),
        evaluate::Outcome::Failed(_) => None,
    })
}

/// Brings a fresh workspace to the state that was kept, and checks that it is that.
fn put_up(world: &World<'_>, task: &Task, folder: &Path, workspace: Option<Digest>) -> Result<(), String> {
    let container = world.agent(None).map_err(|e| e.to_string())?;
    for kept in kept(folder)? {
        let path = format!("/app/{}", kept.change.path());
        let done = match (&kept.change, kept.kind, kept.digest) {
            (Change::Deleted(_), ..) => container.remove(&path),
            (_, Some(EntryKind::File), Some(digest)) if kept.kept => {
                let blob = folder.join("blobs").join(digest.to_string());
                let content = std::fs::read(&blob).map_err(|e| format!("{}: {e}", blob.display()))?;
                container.write(&path, &content, Some(kept.executable))
            }
            _ => return Err(format!("{path} was not kept: it is no file, or too large")),
        };
        done.map_err(|e| e.to_string())?;
    }
    let manifest = container.manifest("/app", &task.settings.exclude).map_err(|e| e.to_string())?;
    let digest = keep::digest(&container, &keep::without_git(&manifest)).map_err(|e| e.to_string())?;
    container.close().map_err(|e| e.to_string())?;
    if workspace.is_some_and(|recorded| recorded != digest) {
        return Err("the workspace could not be put up as it was: its digest differs".to_owned());
    }
    Ok(())
}

/// The changes that were kept of a workspace; none where nothing had changed.
fn kept(folder: &Path) -> Result<Vec<Kept>, String> {
    let path = folder.join("changes.json");
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn said(fault: Fault) -> String {
    match fault {
        Fault::Harness(why) | Fault::Invalid(why) | Fault::NotRunnable(why) => why,
        Fault::Cut(_) => "stopped".to_owned(),
    }
}
