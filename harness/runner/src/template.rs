//! A task's workspace before the first step: made once a run by following the task's recipe, then shared read-only
//! by all of its trials. Every file gets the same time and one of two modes, so that it is the same on every host.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use sandbox::{
    Cancel, ContainerSpec, Environment, Exec, ExecEnd, OutputLimit, Sandbox, TrialSpec, WorkspaceSource,
};
use suite::{Recipe, RecipeStep, Runnable, Task};

/// The time of every file of a template: 2026-01-01T00:00:00Z.
const FILE_TIME: Duration = Duration::from_secs(1_767_225_600);
/// How long one build step may take.
const STEP_LIMIT: Duration = Duration::from_secs(600);
/// Bytes of a failed build step's output that are shown.
const OUTPUT_KEPT: usize = 2048;

/// Why a task has no workspace.
#[derive(Clone, Debug)]
pub(crate) enum Unbuilt {
    /// The task's own fault.
    Invalid(String),
    /// This host lacks something.
    NotRunnable(String),
    /// The harness or the host failed.
    Fault(String),
}

/// A workspace that is ready to be shared.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    /// Its folder on the host.
    pub(crate) path: PathBuf,
    /// Variables that the recipe sets, for every command of the trial.
    pub(crate) env: Vec<(String, String)>,
}

type Made = OnceLock<Result<Template, Unbuilt>>;

/// The templates of a run, each made when the first trial asks for it.
pub(crate) struct Templates {
    root: PathBuf,
    made: Mutex<HashMap<(usize, usize), Arc<Made>>>,
}

impl Templates {
    /// Templates below a folder of their own.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, made: Mutex::new(HashMap::new()) }
    }

    /// The template of a task; `key` is the task's place in the plan.
    pub(crate) fn get(
        &self,
        key: (usize, usize),
        task: &Task,
        sandbox: &Sandbox,
    ) -> Result<Template, Unbuilt> {
        let cell = {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(made.entry(key).or_default())
        };
        let path = self.root.join(format!("{}-{}", key.0, key.1));
        cell.get_or_init(|| make(task, path, sandbox)).clone()
    }
}

fn make(task: &Task, path: PathBuf, sandbox: &Sandbox) -> Result<Template, Unbuilt> {
    let recipe = match &task.runnable {
        Runnable::Here(recipe) => recipe,
        Runnable::No { reason } => return Err(Unbuilt::NotRunnable(reason.clone())),
    };
    if recipe.workdir != "/app" && recipe.workdir != "/" {
        let reason = format!("its working folder is {}, and only /app can be made here", recipe.workdir);
        return Err(Unbuilt::NotRunnable(reason));
    }
    let fault = |error: io::Error| Unbuilt::Fault(format!("cannot make the workspace: {error}"));
    fs::create_dir_all(&path).map_err(fault)?;
    let env = follow(task, recipe, &path, sandbox)?;
    settle(&path).map_err(fault)?;
    sandbox.adopt(&path).map_err(|e| Unbuilt::Fault(e.to_string()))?;
    Ok(Template { path, env })
}

fn follow(
    task: &Task,
    recipe: &Recipe,
    path: &Path,
    sandbox: &Sandbox,
) -> Result<Vec<(String, String)>, Unbuilt> {
    let mut env: Vec<(String, String)> = Vec::new();
    let mut cwd = "/app".to_owned();
    for step in &recipe.steps {
        match step {
            RecipeStep::Env { name, value } => {
                env.retain(|(other, _)| other != name);
                env.push((name.clone(), value.clone()));
            }
            RecipeStep::Workdir(folder) => {
                let inside = place(path, folder)?;
                fs::create_dir_all(inside)
                    .map_err(|e| Unbuilt::Fault(format!("cannot make {folder}: {e}")))?;
                cwd.clone_from(folder);
            }
            RecipeStep::Copy { from, to, mode } => {
                copy(&task.environment_dir().join(from), &place(path, to)?, *mode)?;
            }
            RecipeStep::Run { argv, env: own } => {
                let env: Vec<(String, String)> = env.iter().chain(own).cloned().collect();
                build(argv, &cwd, &env, path, sandbox)?;
            }
        }
    }
    // The PATH is the sandbox's own.
    env.retain(|(name, _)| name != "PATH");
    Ok(env)
}

/// Where a path of the recipe lies in the template: only /app can be made here.
fn place(template: &Path, path: &str) -> Result<PathBuf, Unbuilt> {
    let inside = path.strip_prefix("/app").filter(|rest| rest.is_empty() || rest.starts_with('/'));
    inside.map(|rest| template.join(rest.trim_start_matches('/'))).ok_or_else(|| {
        Unbuilt::NotRunnable(format!(
            "its environment puts files at {path}: outside /app that needs podman or docker"
        ))
    })
}

fn copy(from: &Path, to: &Path, mode: Option<u32>) -> Result<(), Unbuilt> {
    let fault = |error: io::Error| Unbuilt::Invalid(format!("cannot copy {}: {error}", from.display()));
    let metadata = from.symlink_metadata().map_err(fault)?;
    if metadata.is_dir() {
        fs::create_dir_all(to).map_err(fault)?;
        for entry in fs::read_dir(from).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            copy(&entry.path(), &to.join(entry.file_name()), mode)?;
        }
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(fault)?;
    }
    if metadata.is_symlink() {
        let target = fs::read_link(from).map_err(fault)?;
        return std::os::unix::fs::symlink(target, to).map_err(fault);
    }
    fs::copy(from, to).map_err(fault)?;
    match mode {
        Some(mode) => fs::set_permissions(to, fs::Permissions::from_mode(mode | 0o600)).map_err(fault),
        None => Ok(()),
    }
}

/// Runs one build step in the sandbox, on the template itself.
fn build(
    argv: &[String],
    cwd: &str,
    env: &[(String, String)],
    path: &Path,
    sandbox: &Sandbox,
) -> Result<(), Unbuilt> {
    let fault =
        |error: &dyn std::fmt::Display| Unbuilt::Fault(format!("cannot build the workspace: {error}"));
    let spec = TrialSpec { workspace: WorkspaceSource::Bind(path.to_owned()), ..TrialSpec::on(path) };
    let trial = sandbox.trial(&spec).map_err(|e| fault(&e))?;
    let container = trial.container(&ContainerSpec::default()).map_err(|e| fault(&e))?;
    let output = OutputLimit { head: 0, tail: OUTPUT_KEPT };
    let exec = Exec { argv, cwd, env, stdin: &[], limit: STEP_LIMIT, output };
    let done = container.exec(&exec, &Cancel::default()).map_err(|e| fault(&e))?;
    container.close().map_err(|e| fault(&e))?;
    if done.end == ExecEnd::Exited(0) {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.tail).into_owned();
    Err(Unbuilt::Invalid(format!("a build step failed ({:?}): {}\n{said}", done.end, argv.join(" "))))
}

/// Gives every file the same time, and mode 644 or 755.
fn settle(path: &Path) -> io::Result<()> {
    let metadata = path.symlink_metadata()?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let executable = metadata.is_dir() || metadata.permissions().mode() & 0o100 != 0;
    let mode = if executable { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            settle(&entry?.path())?;
        }
    }
    let time = SystemTime::UNIX_EPOCH + FILE_TIME;
    fs::File::open(path)?.set_times(fs::FileTimes::new().set_accessed(time).set_modified(time))
}
