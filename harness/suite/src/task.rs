//! One task on disk, in Harbor's layout with Retake's own table: read, checked, digested. Knows nothing of who
//! runs it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base::toml_file::{self, Diagnostic};
use base::{Digest, FormatVersion, Hasher, TrialId};
use serde::Deserialize;

use crate::error::{SuiteError, read_text};
use crate::harbor::{Artifact, HarborTask, Healthcheck, MinReward, Os, RewardStrategy, StepTable, Vars};
use crate::place;
use crate::recipe::Runnable;
use crate::retake::{DEFAULT_VERIFIER, Defaults, Settings};
use crate::scope::Scope;
use crate::tree;

/// The schema of `task.toml` that this program knows; newer minors are read.
pub const TASK_VERSION: FormatVersion = FormatVersion::new(1, 4);

/// A task that was read and holds together.
#[derive(Clone, Debug)]
pub struct Task {
    /// The name of its folder.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// What Harbor's tables say.
    pub harbor: HarborTask,
    /// What `[retake]` says, with every default filled in.
    pub settings: Settings,
    /// Its steps: exactly one, without a name, unless the task has several.
    pub steps: Vec<Step>,
    /// How the rewards of several steps become one.
    pub strategy: RewardStrategy,
    /// Whether and how it can run on this kind of host.
    pub runnable: Runnable,
    /// The files that its work is about, where the suite says so. It says how a result is looked at and changes no trial, so that it is
    /// in no digest.
    pub scope: Option<Scope>,
    /// What was not understood in tables that aren't ours.
    pub warnings: Vec<Diagnostic>,
}

/// One instruction with its verifier.
#[derive(Clone, Debug)]
pub struct Step {
    /// The name of its folder; none for a task's only step.
    pub name: Option<String>,
    /// What the agent is told.
    pub instruction: String,
    /// Hidden: the folders that become `/tests`, a later one over an earlier one. One of them holds `test.sh`.
    pub tests_dirs: Vec<PathBuf>,
    /// Hidden: the folder of the reference solution, where the task has one.
    pub solution_dir: Option<PathBuf>,
    /// How long the agent may take, where the step says so itself.
    pub agent_timeout: Option<Duration>,
    /// How long the verifier may take.
    pub verifier_timeout: Duration,
    /// The verifier's variables.
    pub verifier_env: Vars,
    /// What has to be reached for the next step to begin.
    pub min_reward: Option<MinReward>,
    /// When the environment is ready.
    pub healthcheck: Option<Healthcheck>,
    /// Files to keep after it.
    pub artifacts: Vec<Artifact>,
}

#[derive(Deserialize)]
struct Versions {
    schema_version: Option<FormatVersion>,
    version: Option<FormatVersion>,
}

impl Task {
    /// Reads and checks the task in a folder.
    pub fn load(dir: &Path, defaults: &Defaults) -> Result<Self, SuiteError> {
        let name = folder_name(dir)?;
        if !TrialId::valid_name(&name) {
            let reason =
                "a task's folder is named with letters, digits, `-`, `_` and `.`, and starts with no `.`";
            return Err(SuiteError::invalid(dir, reason));
        }
        let file = dir.join("task.toml");
        let text = read_text(&file, "the task's description")?;
        check_version(&file, &text)?;
        let (mut harbor, warnings) = toml_file::parse_lenient::<HarborTask>(&file, &text)?;
        let table = harbor.retake.take().unwrap_or_default();
        let settings = table.resolve(defaults, harbor.agent.timeout_sec, &file, &text)?;
        let steps = steps(dir, &harbor, &file, &text)?;
        let runnable = place::runnable(dir, &harbor, settings.needs.is_some())?;
        Ok(Self {
            name,
            dir: dir.to_owned(),
            strategy: harbor.multi_step_reward_strategy.unwrap_or_default(),
            warnings,
            settings,
            steps,
            runnable,
            scope: None,
            harbor,
        })
    }

    /// The folder that the workspace is made of.
    pub fn environment_dir(&self) -> PathBuf {
        self.dir.join("environment")
    }

    /// The patches that must not pass, by name.
    pub fn wrong_patches(&self) -> impl Iterator<Item = (&str, PathBuf)> {
        self.settings.wrong.iter().map(|(name, path)| (name.as_str(), self.dir.join(path)))
    }

    /// Over every file that can affect a trial, and over what the suite adds. Wrong patches, a README and what git
    /// and Python leave behind don't count.
    pub fn digest(&self) -> Result<Digest, SuiteError> {
        let mut hasher = Hasher::new("task");
        let settings = serde_json::to_vec(&self.settings);
        hasher.field(&settings.map_err(|error| SuiteError::invalid(&self.dir, error.to_string()))?);
        tree::hash_files(&mut hasher, &self.dir, |path| self.affects_trials(path))?;
        Ok(hasher.finish())
    }

    fn affects_trials(&self, path: &Path) -> bool {
        let left_behind =
            path.components().any(|c| matches!(c.as_os_str().to_str(), Some(".git" | "__pycache__")));
        let wrong = path.starts_with("wrong") || self.settings.wrong.values().any(|patch| patch == path);
        !left_behind && !wrong && path != Path::new("README.md")
    }
}

/// The name of a folder, also where it was given as `.` or with `..`.
pub(crate) fn folder_name(dir: &Path) -> Result<String, SuiteError> {
    let real = match dir.file_name() {
        Some(_) => dir.to_owned(),
        None => dir.canonicalize().map_err(|error| SuiteError::io(dir, error))?,
    };
    let name = real.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| SuiteError::invalid(dir, "its name is not UTF-8"))
}

fn check_version(file: &Path, text: &str) -> Result<(), SuiteError> {
    let (versions, _) = toml_file::parse_lenient::<Versions>(file, text)?;
    let (key, found) = match (versions.schema_version, versions.version) {
        (Some(found), _) => ("schema_version", found),
        (None, Some(found)) => ("version", found),
        (None, None) => return Ok(()),
    };
    let checked = TASK_VERSION.check(found);
    Ok(checked.map_err(|error| Diagnostic::at_key(file, text, &[key], error.to_string()))?)
}

fn steps(dir: &Path, harbor: &HarborTask, file: &Path, text: &str) -> Result<Vec<Step>, SuiteError> {
    let shared = dir.join("tests");
    let os = harbor.environment.os;
    if harbor.steps.is_empty() {
        let step = Step {
            name: None,
            instruction: read_text(&dir.join("instruction.md"), "the instruction")?,
            tests_dirs: tests_dirs(&[shared], os)?,
            solution_dir: existing(dir.join("solution"))?,
            agent_timeout: harbor.agent.timeout_sec.map(|s| s.0),
            verifier_timeout: harbor.verifier.timeout_sec.map_or(DEFAULT_VERIFIER, |s| s.0),
            verifier_env: harbor.verifier.env.clone(),
            min_reward: None,
            healthcheck: harbor.environment.healthcheck.clone(),
            artifacts: harbor.artifacts.clone(),
        };
        return Ok(vec![step]);
    }
    let mut steps: Vec<Step> = Vec::with_capacity(harbor.steps.len());
    for (index, table) in harbor.steps.iter().enumerate() {
        let twice = steps.iter().any(|step| step.name.as_ref() == Some(&table.name));
        if twice || !TrialId::valid_name(&table.name) {
            let message = format!("a step's name is unique and names a folder: `{}`", table.name);
            let path = ["steps", &index.to_string(), "name"];
            return Err(Diagnostic::at_key(file, text, &path, message).into());
        }
        steps.push(named_step(dir, harbor, table)?);
    }
    Ok(steps)
}

fn named_step(dir: &Path, harbor: &HarborTask, table: &StepTable) -> Result<Step, SuiteError> {
    let own = dir.join("steps").join(&table.name);
    tree::refuse_link(&dir.join("steps"))?;
    tree::refuse_link(&own)?;
    let timeout = table.verifier.timeout_sec.or(harbor.verifier.timeout_sec);
    let mut verifier_env = harbor.verifier.env.clone();
    verifier_env.extend(table.verifier.env.clone());
    let mut artifacts = harbor.artifacts.clone();
    artifacts.extend(table.artifacts.iter().cloned());
    Ok(Step {
        name: Some(table.name.clone()),
        instruction: read_text(&own.join("instruction.md"), "the step's instruction")?,
        tests_dirs: tests_dirs(&[dir.join("tests"), own.join("tests")], harbor.environment.os)?,
        solution_dir: existing(own.join("solution"))?,
        agent_timeout: table.agent.timeout_sec.or(harbor.agent.timeout_sec).map(|s| s.0),
        verifier_timeout: timeout.map_or(DEFAULT_VERIFIER, |s| s.0),
        verifier_env,
        min_reward: table.min_reward.clone(),
        healthcheck: table.healthcheck.clone().or_else(|| harbor.environment.healthcheck.clone()),
        artifacts,
    })
}

/// The folders of tests that are there; the verifier's script must be in one of them.
fn tests_dirs(candidates: &[PathBuf], os: Os) -> Result<Vec<PathBuf>, SuiteError> {
    let script = if os == Os::Windows { "test.bat" } else { "test.sh" };
    if !candidates.iter().any(|dir| dir.join(script).is_file()) {
        let own = candidates.last().cloned().unwrap_or_default();
        return Err(SuiteError::Missing { what: "the verifier", path: own.join(script) });
    }
    let mut found = Vec::new();
    for dir in candidates.iter().filter(|dir| dir.is_dir()) {
        tree::check_contained(dir)?;
        found.push(dir.clone());
    }
    Ok(found)
}

fn existing(dir: PathBuf) -> Result<Option<PathBuf>, SuiteError> {
    tree::check_contained(&dir)?;
    Ok(dir.is_dir().then_some(dir))
}
