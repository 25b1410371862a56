//! Verifies again what finished trials left: the kept workspace is put up anew, and the hidden checks judge it as they are now. No
//! agent runs, and no journal is touched.

use std::path::Path;

use base::{Digest, TrialId};
use journal::{Attempt, CheckResult, Event, Finding, Outcome, RunDir};
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
use crate::{Planned, Prompts, keep};

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

/// What a visible check came to again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recheck {
    /// The check.
    pub name: String,
    /// Whether it held in the trial's last round; nothing where it was not run then.
    pub then: Option<bool>,
    /// Whether it holds now.
    pub now: bool,
    /// What it finds now.
    pub findings: Vec<Finding>,
}

/// The visible checks of one trial's workspace, again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rechecked {
    /// The trial.
    pub trial: TrialId,
    /// Each check of the task as it is now, in its order.
    pub checks: Vec<Recheck>,
    /// Whether the agent went on after its last round: then that round saw another workspace.
    pub went_on: bool,
    /// Why they could not be run again; empty where they could.
    pub left: String,
}

impl Rechecked {
    /// Whether a check stands otherwise now.
    pub fn changed(&self) -> bool {
        self.checks.iter().any(|check| check.then.is_some_and(|then| then != check.now))
    }
}

/// A trial that is looked at again.
struct Wanted<'p> {
    trial: &'p TrialPlan,
    attempt: u32,
    passed: bool,
    workspace: Option<Digest>,
}

/// The trials of a run whose workspace was judged.
fn wanted<'p>(dir: &RunDir, planned: &'p Planned) -> Result<Vec<Wanted<'p>>, RunError> {
    let mut wanted = Vec::new();
    for trial in &planned.trials {
        if let Some((attempt, ended, host)) = dir.trial(&trial.id).ended()?
            && matches!(ended.outcome, Outcome::Passed | Outcome::Failed)
        {
            let passed = ended.outcome == Outcome::Passed;
            wanted.push(Wanted { trial, attempt, passed, workspace: host.workspace });
        }
    }
    Ok(wanted)
}

/// Does something with each trial that is looked at again, on as many workers as there are jobs.
fn with_each<T: Send>(
    dir: &RunDir,
    planned: &Planned,
    options: &Options<'_>,
    one: impl Fn(&Engine<'_>, &Templates, &Wanted<'_>) -> T + Sync,
) -> Result<Vec<T>, RunError> {
    let engine = Engine::new(planned, options)?;
    let scratch = dir.path.join(SCRATCH);
    std::fs::create_dir_all(&scratch).map_err(|error| RunError::Io { path: scratch.clone(), error })?;
    let templates = Templates::new(scratch.clone());
    let wanted = wanted(dir, planned)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs).build();
    let pool = pool.map_err(|e| RunError::Usage(format!("cannot start {} workers: {e}", options.jobs)))?;
    let done = pool.install(|| {
        wanted.par_iter().with_max_len(1).map(|wanted| one(&engine, &templates, wanted)).collect()
    });
    let _ = std::fs::remove_dir_all(&scratch);
    Ok(done)
}

/// Runs the visible checks, as they are now, on the kept workspace of every judged trial of a run.
pub fn recheck(dir: &RunDir, planned: &Planned, options: &Options<'_>) -> Result<Vec<Rechecked>, RunError> {
    with_each(dir, planned, options, |engine, templates, wanted| {
        let id = &wanted.trial.id;
        let mut rechecked =
            Rechecked { trial: id.clone(), checks: Vec::new(), went_on: false, left: String::new() };
        let done = last_round(dir, wanted).and_then(|(then, went_on)| {
            rechecked.went_on = went_on;
            let folder = dir.trial(id).workspace(wanted.attempt);
            check(engine, templates, (planned, wanted), &folder, &then)
        });
        match done {
            Ok(checks) => rechecked.checks = checks,
            Err(why) => rechecked.left = why,
        }
        rechecked
    })
}

/// What the checks came to in the last round of a trial, and whether its agent went on after it.
fn last_round(dir: &RunDir, wanted: &Wanted<'_>) -> Result<(Vec<CheckResult>, bool), String> {
    let path = dir.trial(&wanted.trial.id).journal(wanted.attempt);
    let attempt = Attempt::read(&path).map_err(|error| error.to_string())?;
    let (mut last, mut went_on) = (Vec::new(), false);
    for record in attempt.records {
        match record.event {
            Event::Evaluated { checks, .. } => (last, went_on) = (checks, false),
            Event::Acted(_) => went_on = true,
            _ => {}
        }
    }
    let went_on = went_on && !last.is_empty();
    Ok((last, went_on))
}

/// The checks of a task on a workspace that is put up from what was kept.
fn check(
    engine: &Engine<'_>,
    templates: &Templates,
    (planned, wanted): (&Planned, &Wanted<'_>),
    folder: &Path,
    then: &[CheckResult],
) -> Result<Vec<Recheck>, String> {
    let TaskEntry::Ready(task) = planned.task(wanted.trial) else {
        return Err("its task cannot be read".to_owned());
    };
    if task.settings.checks.is_empty() {
        return Err("the task has no visible checks".to_owned());
    }
    let template = templates.get((wanted.trial.suite, wanted.trial.task), task, &engine.sandbox);
    let template = template.map_err(|unbuilt| said(unbuilt.into()))?;
    let variant = &planned.selection.variants[wanted.trial.variant];
    let world = World::new(&engine.sandbox, &engine.options.around, task, &template, &variant.env)
        .map_err(|e| e.to_string())?;
    put_up(&world, task, &planned.prompts[wanted.trial.variant], folder, wanted.workspace)?;
    let container = world.agent(None).map_err(|e| e.to_string())?;
    let results = evaluate::run_checks(&container, &task.settings.checks, &engine.options.cancel);
    let results = results.map_err(|e| e.to_string())?;
    container.close().map_err(|e| e.to_string())?;
    if engine.options.cancel.is_cancelled() {
        return Err("stopped".to_owned());
    }
    let one = |result: evaluate::CheckResult| Recheck {
        then: then.iter().find(|old| old.name == result.name).map(|old| old.passed),
        now: result.passed,
        findings: result.findings.into_iter().map(finding).collect(),
        name: result.name,
    };
    Ok(results.into_iter().map(one).collect())
}

fn finding(found: evaluate::Finding) -> Finding {
    let evaluate::Finding { file, line, rule, message, .. } = found;
    Finding { file, line, rule, message }
}

/// Verifies every scored trial of a run again, `times` times each. `planned` is the run's plan as it would be made now. Trials that have no end, or no verdict, are left out.
pub fn regrade(
    dir: &RunDir,
    planned: &Planned,
    options: &Options<'_>,
    times: u32,
) -> Result<Vec<Regraded>, RunError> {
    with_each(dir, planned, options, |engine, templates, wanted| {
        let Wanted { trial, attempt, passed, workspace } = *wanted;
        let folder = dir.trial(&trial.id).workspace(attempt);
        let key = (trial.id.suite.clone(), trial.id.task.clone());
        let mut regraded = Regraded {
            trial: trial.id.clone(),
            task: planned.digests.get(&key).copied().unwrap_or_else(|| Digest::of(b"invalid")),
            passed,
            verdicts: Vec::new(),
            left: String::new(),
        };
        for _ in 0..times {
            match verify(engine, templates, planned, trial, &folder, workspace) {
                Ok(verdict) => regraded.verdicts.push(verdict),
                Err(why) => {
                    regraded.left = why;
                    break;
                }
            }
        }
        regraded
    })
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
    let own = &planned.selection.variants[trial.variant].env;
    let world = World::new(&engine.sandbox, &engine.options.around, task, &template, own)
        .map_err(|e| e.to_string())?;
    put_up(&world, task, &planned.prompts[trial.variant], folder, workspace)?;
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
fn put_up(
    world: &World<'_>,
    task: &Task,
    prompts: &Prompts,
    folder: &Path,
    workspace: Option<Digest>,
) -> Result<(), String> {
    let container = world.agent(None).map_err(|e| e.to_string())?;
    // What differs is kept from where the trial began: with its variant's files over the task's own.
    prompts.lay(&container).map_err(|e| e.to_string())?;
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

pub(crate) fn said(fault: Fault) -> String {
    match fault {
        Fault::Harness(why) | Fault::Invalid(why) | Fault::NotRunnable(why) => why,
        Fault::Cut(_) => "stopped".to_owned(),
    }
}
