//! A run's folder: its header `run.json` and where its trials lie. Knows nothing of how they are carried out.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use base::{Digest, FormatVersion, Hasher, RunId, Timestamp, TrialId, VersionError};
use serde::{Deserialize, Serialize};

use crate::{Replaying, TrialDir};

/// The version of run.json.
const VERSION: FormatVersion = FormatVersion::new(1, 2);

/// The name of a run's header.
const HEADER: &str = "run.json";
/// Where a run's trials lie.
const TRIALS: &str = "trials";

/// A run's folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The file system failed.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// run.json is not what it should be.
    #[error("{}:{}:{}: not a run header: {error}", path.display(), error.line(), error.column())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: serde_json::Error,
    },
    /// A version that cannot be read here.
    #[error("{}: {error}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: VersionError,
    },
}

/// What a run may claim (see METHODOLOGY.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Answers come from cassettes.
    Replay,
    /// Answers come from authored stubs.
    Script,
    /// Answers come from a cassette up to a step, then from elsewhere.
    Fork,
    /// Answers come from a live model.
    Live,
    /// No model: the reference solution, or nothing at all.
    Reference,
}

/// What a run will do: the same on every host, so that its digest names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What it may claim.
    pub mode: Mode,
    /// Whether what it replays or asks is an authored stub.
    pub synthetic: bool,
    /// Seed of everything random.
    pub seed: u64,
    /// Samples of each task under each variant.
    pub trials: u32,
    /// Its suites, in order.
    pub suites: Vec<PlannedSuite>,
    /// Its variants, in order.
    pub variants: Vec<PlannedVariant>,
    /// How its recordings are played.
    #[serde(default, skip_serializing_if = "Replaying::is_default")]
    pub replaying: Replaying,
    /// The faults that are put in the way of its models; nothing where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<PlannedFaults>,
}

/// The faults of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFaults {
    /// The profile's name.
    pub name: String,
    /// Digest of its file.
    pub digest: Digest,
    /// What the report calls its rules, in order.
    pub rules: Vec<String>,
}

/// One suite of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSuite {
    /// Its name.
    pub name: String,
    /// Its tasks, in order.
    pub tasks: Vec<PlannedTask>,
}

/// One task of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedTask {
    /// Its name.
    pub name: String,
    /// Digest of its files.
    pub digest: Digest,
    /// One line about it.
    pub description: String,
    /// `regression` or `capability`.
    pub kind: String,
    /// Difficulty and key words.
    pub tags: Vec<String>,
}

/// One variant of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedVariant {
    /// Its name.
    pub name: String,
    /// The agent, as `native`.
    pub agent: String,
    /// The model, as `cassette:main`.
    pub model: String,
    /// Digest of everything it resolves to: scripts, cassettes, prompt files, policy.
    pub digest: Digest,
    /// Digest of what it puts into the prompt beside the task's own; nothing where it puts nothing there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Digest>,
    /// A pass within this virtual time is in time, in microseconds; nothing where the tier sets no such limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_budget_us: Option<u64>,
}

impl Plan {
    /// The digest that names the plan.
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        Ok(Hasher::new("plan").field(&serde_json::to_vec(self)?).finish())
    }

    /// Every trial, in the order of the report: suite, task, variant, number.
    pub fn trial_ids(&self) -> impl Iterator<Item = TrialId> + '_ {
        self.suites.iter().flat_map(move |suite| {
            suite.tasks.iter().flat_map(move |task| {
                self.variants.iter().flat_map(move |variant| {
                    (1..=self.trials).map(move |number| TrialId {
                        suite: suite.name.clone(),
                        task: task.name.clone(),
                        variant: variant.name.clone(),
                        number,
                    })
                })
            })
        })
    }
}

/// By what a question is decided: chosen before its first trial, and the same however often its run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// How far the pass rate may fall where head saves.
    pub guard: f64,
    /// Pass rates this far apart count as equivalent.
    pub margin: f64,
    /// Costs this far apart, relative, count as equivalent.
    pub relative_margin: f64,
    /// Pairs at most.
    pub planned: u64,
    /// The expected mean square of a pair's difference of passes.
    pub pass_variance: f64,
    /// The same of its relative difference of cost.
    pub cost_variance: f64,
}

/// `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunHeader {
    /// Version of this file.
    pub version: FormatVersion,
    /// The run's name.
    pub run_id: RunId,
    /// When it began.
    pub created: Timestamp,
    /// The program's version.
    pub retake: String,
    /// What it does.
    pub plan: Plan,
    /// The command that goes on with it.
    pub arguments: Vec<String>,
    /// The repository it was started in, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<GitState>,
    /// By what its question is decided, where its trials are to answer one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
}

/// The state of a git repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitState {
    /// The commit.
    pub commit: String,
    /// The branch; empty where none is checked out.
    #[serde(default)]
    pub branch: String,
    /// Whether files differed from the commit.
    pub dirty: bool,
}

impl RunHeader {
    /// A header for a new run.
    pub fn new(plan: Plan, created: Timestamp, arguments: Vec<String>) -> Result<Self, serde_json::Error> {
        let run_id = RunId::new(created, plan.digest()?);
        let retake = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Self { version: VERSION, run_id, created, retake, plan, arguments, git: None, terms: None })
    }
}

/// The folder of one run.
#[derive(Clone, Debug)]
pub struct RunDir {
    /// Where it is.
    pub path: PathBuf,
}

impl RunDir {
    /// Makes the folder of a new run below `out`; it is a run once it has its header. A second run that begins in the same
    /// second with the same plan gets a suffix.
    pub fn create(out: &Path, header: &mut RunHeader) -> Result<Self, RunError> {
        let io = |path: &Path, error| RunError::Io { path: path.to_owned(), error };
        fs::create_dir_all(out).map_err(|e| io(out, e))?;
        let first = header.run_id.clone();
        let mut suffix = 1_u32;
        loop {
            let path = out.join(header.run_id.as_str());
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                    suffix += 1;
                    header.run_id = RunId::from_text(format!("{first}-{suffix}"));
                }
                Err(error) => return Err(io(&path, error)),
            }
        }
    }

    /// Writes the header. What the run has to know of what came before it must stand in its folder by then.
    pub fn begin(&self, header: &RunHeader) -> Result<(), RunError> {
        self.write_json(HEADER, header)
    }

    /// Reads the header.
    pub fn header(&self) -> Result<RunHeader, RunError> {
        let path = self.path.join(HEADER);
        let text = fs::read(&path).map_err(|error| RunError::Io { path: path.clone(), error })?;
        let header: RunHeader =
            serde_json::from_slice(&text).map_err(|error| RunError::Header { path: path.clone(), error })?;
        VERSION.check(header.version).map_err(|error| RunError::Version { path, error })?;
        Ok(header)
    }

    /// The folder of one trial.
    pub fn trial(&self, id: &TrialId) -> TrialDir {
        let leaf = format!("{}.{}", id.variant, id.number);
        TrialDir { path: self.path.join(TRIALS).join(&id.suite).join(&id.task).join(leaf) }
    }

    /// Whether any trial has begun.
    pub fn has_trials(&self) -> bool {
        self.path.join(TRIALS).exists()
    }

    /// Writes a file whole: beside it first, then renamed over it.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), RunError> {
        let path = self.path.join(name);
        let partial = self.path.join(format!(".{name}.partial"));
        let put = || {
            let mut file = fs::File::create(&partial)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&partial, &path)
        };
        put().map_err(|error| RunError::Io { path: path.clone(), error })
    }

    /// Writes a value as indented JSON.
    pub fn write_json<T: Serialize>(&self, name: &str, value: &T) -> Result<(), RunError> {
        let path = self.path.join(name);
        let mut text = serde_json::to_vec_pretty(value).map_err(|error| RunError::Header { path, error })?;
        text.push(b'\n');
        self.write(name, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let task = |name: &str| PlannedTask {
            name: name.to_owned(),
            digest: Digest::of(name.as_bytes()),
            description: String::new(),
            kind: "regression".to_owned(),
            tags: Vec::new(),
        };
        Plan {
            mode: Mode::Replay,
            synthetic: true,
            seed: 1,
            trials: 2,
            suites: vec![PlannedSuite { name: "core".to_owned(), tasks: vec![task("a"), task("b")] }],
            variants: vec![PlannedVariant {
                name: "main".to_owned(),
                agent: "native".to_owned(),
                model: "cassette:main".to_owned(),
                digest: Digest::of(b""),
                prompt: None,
                latency_budget_us: None,
            }],
            faults: None,
            replaying: Replaying::default(),
        }
    }

    #[test]
    fn runs_that_begin_in_the_same_second_get_folders_of_their_own() {
        let temp = tempfile::tempdir().unwrap();
        let start = Timestamp::parse("2026-11-22T09:00:00Z").unwrap();
        let mut first = RunHeader::new(plan(), start, Vec::new()).unwrap();
        let mut second = first.clone();
        let a = RunDir::create(temp.path(), &mut first).unwrap();
        let b = RunDir::create(temp.path(), &mut second).unwrap();
        assert_ne!(a.path, b.path);
        b.begin(&second).unwrap();
        assert_eq!(b.header().unwrap(), second);
    }

    #[test]
    fn a_plan_lists_its_trials_task_by_task() {
        let ids: Vec<String> = plan().trial_ids().map(|id| id.to_string()).collect();
        assert_eq!(ids, ["core/a@main#1", "core/a@main#2", "core/b@main#1", "core/b@main#2"]);
    }
}
