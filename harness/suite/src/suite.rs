//! A folder of tasks: `suite.toml`, which tasks there are, what holds for all of them. Knows nothing of what a
//! single task says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use base::toml_file::{self, Diagnostic};
use base::{Digest, FormatVersion, Hasher, TrialId};
use serde::Deserialize;

use crate::error::{SuiteError, read_text};
use crate::policy::PolicyTable;
use crate::retake::{BudgetTable, Defaults, is_inside, is_plain_name};
use crate::scope::Scope;
use crate::task::{Task, folder_name};

/// The version of `suite.toml` that this program writes.
pub const SUITE_VERSION: FormatVersion = FormatVersion::new(1, 1);

/// A suite with its tasks, good and bad.
#[derive(Debug)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// For people.
    pub description: Option<String>,
    /// Whether its tasks are meant to be sound; those of a suite that tests a harness need not be.
    pub sound: bool,
    /// Its tasks: in the order of `suite.toml`, else sorted by name.
    pub tasks: Vec<TaskEntry>,
    /// Folders of recordings by the name of their set; they need not be there yet.
    pub cassettes: BTreeMap<String, PathBuf>,
    /// Folders of authored answers by the name of their set.
    pub scripts: BTreeMap<String, PathBuf>,
    /// What holds for tasks that don't say otherwise.
    pub defaults: Defaults,
}

/// A task of a suite, or why it is none; the others run all the same.
#[derive(Debug)]
pub enum TaskEntry {
    /// It can be used.
    Ready(Box<Task>),
    /// It cannot.
    Invalid {
        /// The name of its folder.
        name: String,
        /// What is wrong with it.
        error: SuiteError,
    },
}

impl TaskEntry {
    /// The name of the task.
    pub fn name(&self) -> &str {
        match self {
            Self::Ready(task) => &task.name,
            Self::Invalid { name, .. } => name,
        }
    }

    /// The task, where it can be used.
    pub fn ready(&self) -> Option<&Task> {
        match self {
            Self::Ready(task) => Some(task),
            Self::Invalid { .. } => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SuiteFile {
    version: FormatVersion,
    name: Option<String>,
    description: Option<String>,
    #[serde(default = "yes")]
    sound: bool,
    tasks: Option<Vec<String>>,
    #[serde(default)]
    defaults: DefaultsTable,
    #[serde(default)]
    cassettes: BTreeMap<String, PathBuf>,
    #[serde(default)]
    scripts: BTreeMap<String, PathBuf>,
    #[serde(default)]
    scope: BTreeMap<String, Vec<String>>,
    policy: Option<PolicyTable>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DefaultsTable {
    budget: BudgetTable,
    policy: Option<PolicyTable>,
    exclude: Vec<String>,
}

fn yes() -> bool {
    true
}

/// What is read of a `suite.toml` before its other keys are trusted.
#[derive(Deserialize)]
struct VersionOnly {
    version: Option<FormatVersion>,
}

impl Suite {
    /// Reads a suite: a folder with a `suite.toml`, or any folder that holds folders of tasks.
    pub fn load(dir: &Path) -> Result<Self, SuiteError> {
        let file = dir.join("suite.toml");
        if !dir.is_dir() {
            return Err(SuiteError::Missing { what: "the suite's folder", path: dir.to_owned() });
        }
        if file.exists() { Self::described(dir, &file) } else { Self::plain(dir) }
    }

    fn described(dir: &Path, file: &Path) -> Result<Self, SuiteError> {
        let text = read_text(file, "the suite's description")?;
        let fault = |path: &[&str], message: String| Diagnostic::at_key(file, &text, path, message);
        if let Some(version) = toml_file::parse_lenient::<VersionOnly>(file, &text)?.0.version {
            SUITE_VERSION.check(version).map_err(|error| fault(&["version"], error.to_string()))?;
        }
        let table: SuiteFile = toml_file::parse(file, &text)?;
        SUITE_VERSION.check(table.version).map_err(|error| fault(&["version"], error.to_string()))?;
        let name = match table.name {
            Some(name) => name,
            None => folder_name(dir)?,
        };
        if !TrialId::valid_name(&name) {
            let message = format!("a suite is named with letters, digits, `-`, `_` and `.`: `{name}`");
            return Err(fault(&["name"], message).into());
        }
        let mut seen = BTreeSet::new();
        for (index, task) in table.tasks.iter().flatten().enumerate() {
            if !TrialId::valid_name(task) || !seen.insert(task) {
                let message = format!("a task is named once, by its folder: `{task}`");
                return Err(fault(&["tasks", &index.to_string()], message).into());
            }
        }
        for (key, sets) in [("cassettes", &table.cassettes), ("scripts", &table.scripts)] {
            if let Some((set, path)) = sets.iter().find(|(_, path)| !is_inside(path)) {
                let message = format!("`{}` leaves the suite's folder", path.display());
                return Err(fault(&[key, set], message).into());
            }
        }
        if let Some(name) = table.defaults.exclude.iter().find(|name| !is_plain_name(name)) {
            let message = format!("`{name}` is a path or empty: name one file or folder");
            return Err(fault(&["defaults", "exclude"], message).into());
        }
        let policy = match (table.policy, table.defaults.policy) {
            (Some(_), Some(_)) => {
                return Err(fault(
                    &["policy"],
                    "[policy] and [defaults.policy] are the same: keep one".into(),
                )
                .into());
            }
            (Some(policy), None) => Some(policy.resolve(file, &text, &["policy"])?),
            (None, Some(policy)) => Some(policy.resolve(file, &text, &["defaults", "policy"])?),
            (None, None) => None,
        };
        let defaults = Defaults { budget: table.defaults.budget, policy, exclude: table.defaults.exclude };
        let below =
            |sets: BTreeMap<String, PathBuf>| sets.into_iter().map(|(k, v)| (k, dir.join(v))).collect();
        let tasks = match table.tasks {
            Some(names) => names,
            None => task_names(dir)?,
        };
        let scopes = scopes(table.scope, &tasks).map_err(|(path, message)| {
            fault(&path.iter().map(String::as_str).collect::<Vec<_>>(), message)
        })?;
        Ok(Self {
            name,
            dir: dir.to_owned(),
            description: table.description,
            sound: table.sound,
            tasks: load_tasks(dir, tasks, &defaults, scopes),
            cassettes: below(table.cassettes),
            scripts: below(table.scripts),
            defaults,
        })
    }

    fn plain(dir: &Path) -> Result<Self, SuiteError> {
        let names = task_names(dir)?;
        if names.is_empty() {
            if dir.join("task.toml").exists() {
                return Err(SuiteError::invalid(dir, "is a task, not a suite: name the folder around it"));
            }
            return Err(SuiteError::Missing {
                what: "the suite's description",
                path: dir.join("suite.toml"),
            });
        }
        let name = folder_name(dir)?;
        if !TrialId::valid_name(&name) {
            let reason = "its name cannot be a suite's: add a suite.toml with a name";
            return Err(SuiteError::invalid(dir, reason));
        }
        let defaults = Defaults::default();
        Ok(Self {
            name,
            dir: dir.to_owned(),
            description: None,
            sound: true,
            tasks: load_tasks(dir, names, &defaults, BTreeMap::new()),
            cassettes: BTreeMap::new(),
            scripts: BTreeMap::new(),
            defaults,
        })
    }

    /// The tasks that can be used.
    pub fn ready(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter_map(TaskEntry::ready)
    }

    /// One task by its name.
    pub fn task(&self, name: &str) -> Option<&TaskEntry> {
        self.tasks.iter().find(|entry| entry.name() == name)
    }

    /// Over the names and digests of its tasks, in order; a broken task counts by its name alone.
    pub fn digest(&self) -> Result<Digest, SuiteError> {
        let mut hasher = Hasher::new("suite");
        hasher.field(self.name.as_bytes());
        for entry in &self.tasks {
            hasher.field(entry.name().as_bytes());
            match entry {
                TaskEntry::Ready(task) => hasher.field(task.digest()?.as_bytes()),
                TaskEntry::Invalid { .. } => hasher.field(b"invalid"),
            };
        }
        Ok(hasher.finish())
    }
}

/// The scopes of tasks; the error is the path of a key and what is wrong there.
fn scopes(
    table: BTreeMap<String, Vec<String>>,
    tasks: &[String],
) -> Result<BTreeMap<String, Scope>, (Vec<String>, String)> {
    let known: Vec<&str> = tasks.iter().map(String::as_str).collect();
    let scope = |(task, patterns): (String, Vec<String>)| {
        let path = vec!["scope".to_owned(), task.clone()];
        if !tasks.contains(&task) {
            let meant = toml_file::nearest(&task, &known);
            let meant = meant.map(|meant| format!(": did you mean `{meant}`?")).unwrap_or_default();
            return Err((path, format!("`{task}` is no task of this suite{meant}")));
        }
        match Scope::of(patterns) {
            Ok(scope) => Ok((task, scope)),
            Err(wrong) => {
                let path = path.into_iter().chain([wrong.to_string()]).collect();
                Err((path, "a pattern of a scope is a path within the workspace, as `src/**`".to_owned()))
            }
        }
    };
    table.into_iter().map(scope).collect()
}

fn load_tasks(
    dir: &Path,
    names: Vec<String>,
    defaults: &Defaults,
    mut scopes: BTreeMap<String, Scope>,
) -> Vec<TaskEntry> {
    let load = |name: String| match Task::load(&dir.join(&name), defaults) {
        Ok(task) => TaskEntry::Ready(Box::new(Task { scope: scopes.remove(&name), ..task })),
        Err(error) => TaskEntry::Invalid { name, error },
    };
    names.into_iter().map(load).collect()
}

/// The folders below `dir` that hold a `task.toml`, sorted.
fn task_names(dir: &Path) -> Result<Vec<String>, SuiteError> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|error| SuiteError::io(dir, error))? {
        let entry = entry.map_err(|error| SuiteError::io(dir, error))?;
        if entry.path().join("task.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
