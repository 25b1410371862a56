//! Tasks whose verifier was caught giving one workspace two verdicts, and until when gates leave them out. Knows nothing of how
//! verifiers are run. A task where only the agent is stochastic never comes here: its workspaces differ.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base::{Digest, FormatVersion, RunId, Timestamp, VersionError};
use serde::{Deserialize, Serialize};

use crate::compare::Arm;

/// The name of the file in the folder where runs land.
const FILE_NAME: &str = "quarantine.json";
/// The version of the file; a field that is added changes the minor part.
const VERSION: FormatVersion = FormatVersion::new(1, 0);
/// How long a task stays in quarantine after its verifier was last caught.
const LASTS: Duration = Duration::from_secs(30 * 24 * 3600);

/// The track record of verifiers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quarantine {
    /// Version of the file.
    pub version: FormatVersion,
    /// The tasks, by suite and name.
    pub tasks: Vec<Quarantined>,
}

/// A task and how its verifier did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The suite's name.
    pub suite: String,
    /// The task's name.
    pub task: String,
    /// Digest of its files: a task that is mended starts anew.
    pub digest: Digest,
    /// Workspaces that were verified more than once.
    pub workspaces: u64,
    /// Those of them that got two verdicts.
    pub caught: u64,
    /// The run in which it was last caught.
    pub last: Option<RunId>,
    /// Until when gates leave it out; nothing where it was never caught.
    pub until: Option<Timestamp>,
}

/// A quarantine that cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum QuarantineError {
    /// The file system failed.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is none.
    #[error("{}:{}:{}: not a quarantine: {error}", path.display(), error.line(), error.column())]
    Content {
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

impl Quarantine {
    /// Reads the track record of a folder where runs land; an empty one where there is none.
    pub fn read(out: &Path) -> Result<Self, QuarantineError> {
        let path = out.join(FILE_NAME);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { version: VERSION, tasks: Vec::new() });
            }
            Err(error) => return Err(QuarantineError::Io { path, error }),
        };
        let read: Self = serde_json::from_slice(&text)
            .map_err(|error| QuarantineError::Content { path: path.clone(), error })?;
        VERSION.check(read.version).map_err(|error| QuarantineError::Version { path, error })?;
        Ok(read)
    }

    /// Writes it whole: beside its place first.
    pub fn write(&self, out: &Path) -> Result<(), QuarantineError> {
        let path = out.join(FILE_NAME);
        let partial = out.join(format!(".{FILE_NAME}.partial"));
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|error| QuarantineError::Content { path: path.clone(), error })?;
        text.push(b'\n');
        let put = || fs::write(&partial, &text).and_then(|()| fs::rename(&partial, &path));
        put().map_err(|error| QuarantineError::Io { path: path.clone(), error })
    }

    /// Notes that a workspace of a task was verified more than once.
    pub fn note(
        &mut self,
        (suite, task): (&str, &str),
        digest: Digest,
        caught: bool,
        run: &RunId,
        now: Timestamp,
    ) {
        self.tasks.retain(|entry| {
            (entry.suite.as_str(), entry.task.as_str()) != (suite, task) || entry.digest == digest
        });
        let known =
            self.tasks.iter().position(|entry| (entry.suite.as_str(), entry.task.as_str()) == (suite, task));
        let at = known.unwrap_or_else(|| {
            let (suite, task) = (suite.to_owned(), task.to_owned());
            self.tasks.push(Quarantined {
                suite,
                task,
                digest,
                workspaces: 0,
                caught: 0,
                last: None,
                until: None,
            });
            self.tasks.len() - 1
        });
        let entry = &mut self.tasks[at];
        entry.workspaces += 1;
        if caught {
            entry.caught += 1;
            (entry.last, entry.until) = (Some(run.clone()), Some(now.plus(LASTS)));
        }
        self.tasks.sort_by(|a, b| (&a.suite, &a.task).cmp(&(&b.suite, &b.task)));
    }

    /// The tasks that gates leave out now.
    pub fn holds(&self, now: Timestamp) -> impl Iterator<Item = &Quarantined> {
        self.tasks.iter().filter(move |entry| entry.until.is_some_and(|until| now < until))
    }

    /// An arm without the tasks that are left out.
    pub fn without(&self, mut arm: Arm, now: Timestamp) -> Arm {
        let held: Vec<&Quarantined> = self.holds(now).collect();
        let out = |task: &crate::compare::ArmTask| {
            held.iter().any(|entry| {
                (&entry.suite, &entry.task, entry.digest) == (&task.suite, &task.task, task.digest)
            })
        };
        arm.tasks.retain(|task| !out(task));
        arm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_held_until_its_time_is_up_or_its_files_change() {
        let now = Timestamp::parse("2026-11-25T22:00:00Z").unwrap();
        let later = now.plus(LASTS + Duration::from_secs(1));
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        let run = RunId::from_text("run");
        let mut quarantine = Quarantine { version: VERSION, tasks: Vec::new() };
        quarantine.note(("core", "a"), one, false, &run, now);
        assert_eq!(quarantine.holds(now).count(), 0);
        quarantine.note(("core", "a"), one, true, &run, now);
        assert_eq!((quarantine.tasks[0].workspaces, quarantine.tasks[0].caught), (2, 1));
        assert_eq!((quarantine.holds(now).count(), quarantine.holds(later).count()), (1, 0));
        quarantine.note(("core", "a"), two, false, &run, now);
        assert_eq!((quarantine.tasks.len(), quarantine.holds(now).count()), (1, 0));
        let temp = tempfile::tempdir().unwrap();
        quarantine.write(temp.path()).unwrap();
        assert_eq!(Quarantine::read(temp.path()).unwrap(), quarantine);
    }
}
