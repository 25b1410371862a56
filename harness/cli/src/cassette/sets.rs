//! The sets of recordings of suites, and what lies in their folders. Reads no recording.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use runner::ModelSpec;
use suite::Suite;

use crate::exit::Failure;
use crate::settings::Settings;

/// Where recordings wait that were made again, below the folder of their set.
pub(super) const PENDING: &str = ".new";

/// A folder of recordings.
#[derive(Debug)]
pub(super) struct Set {
    /// Its suite; empty for a folder that belongs to none.
    pub(super) suite: String,
    /// What the suite calls it; none where the suite does not know it.
    pub(super) names: Vec<String>,
    pub(super) folder: PathBuf,
    /// The tasks of the suite.
    tasks: Vec<String>,
}

/// A recording by its name.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) task: String,
    pub(super) number: u32,
    pub(super) path: PathBuf,
}

impl Held {
    /// As people call it: `TASK.NUMBER`.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.task, self.number)
    }
}

impl Set {
    /// A folder that belongs to no suite.
    pub(super) fn alone(folder: PathBuf) -> Self {
        Self { suite: String::new(), names: Vec::new(), folder, tasks: Vec::new() }
    }

    /// As people call a recording of it: `SUITE/TASK.NUMBER`.
    pub(super) fn title(&self, held: &Held) -> String {
        if self.suite.is_empty() { held.name() } else { format!("{}/{}", self.suite, held.name()) }
    }

    /// Its recordings, sorted by task and number.
    pub(super) fn held(&self) -> Result<Vec<Held>, Failure> {
        held(&self.folder)
    }

    /// Those that wait to be accepted.
    pub(super) fn waiting(&self) -> Result<Vec<Held>, Failure> {
        held(&self.folder.join(PENDING))
    }

    /// Whether the suite has a task of this name.
    pub(super) fn has_task(&self, task: &str) -> bool {
        self.tasks.iter().any(|known| known == task)
    }

    /// Whether one of the variants plays it.
    pub(super) fn is_played(&self, settings: &Settings) -> bool {
        let config = &settings.config;
        config.variants.values().any(|variant| match ModelSpec::of(variant, &config.backends) {
            Ok(ModelSpec::Cassette(set)) => self.names.contains(&set),
            _ => false,
        })
    }
}

/// Every set of the suites; and the folders beside them that hold recordings and are in no `suite.toml`.
pub(super) fn sets(settings: &Settings, suites: &[String]) -> Result<Vec<Set>, Failure> {
    let suites = settings.suites(suites)?;
    Ok(suites.iter().flat_map(of_suite).collect())
}

fn of_suite(suite: &Suite) -> Vec<Set> {
    let mut folders: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for (name, folder) in &suite.cassettes {
        folders.entry(folder.clone()).or_default().push(name.clone());
    }
    let parents: Vec<PathBuf> =
        folders.keys().filter_map(|folder| folder.parent().map(Path::to_owned)).collect();
    for parent in parents.iter().filter(|parent| **parent != suite.dir) {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && held(&path).is_ok_and(|held| !held.is_empty()) {
                folders.entry(path).or_default();
            }
        }
    }
    let tasks: Vec<String> = suite.tasks.iter().map(|entry| entry.name().to_owned()).collect();
    let set = |(folder, names)| Set { suite: suite.name.clone(), names, folder, tasks: tasks.clone() };
    folders.into_iter().map(set).collect()
}

fn held(folder: &Path) -> Result<Vec<Held>, Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::input(format!("{}: {error}", folder.display()))),
    };
    let mut found: Vec<Held> = entries.flatten().filter_map(|entry| named(&entry.path())).collect();
    found.sort_by(|a, b| (&a.task, a.number).cmp(&(&b.task, b.number)));
    Ok(found)
}

/// A recording by the name of its file, `TASK.NUMBER.jsonl`.
fn named(path: &Path) -> Option<Held> {
    let (task, number) = path.file_name()?.to_str()?.strip_suffix(".jsonl")?.rsplit_once('.')?;
    Some(Held { task: task.to_owned(), number: number.parse().ok()?, path: path.to_owned() })
}
