//! What reference solutions leave, and what must not be seen of it: as git would name it, so that it can be looked for in
//! a workspace and its repositories. Knows nothing of verdicts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use base::Digest;
use journal::{Attempt, CheckResult, Event, RunDir};
use report::RunData;
use sandbox::Change;
use serde::Deserialize;
use suite::Suite;

use crate::exit::Failure;
use crate::settings::{self, Settings};

/// Files below this many bytes say nothing: many are alike.
const LEAST: u64 = 64;

/// A suite's name and a task's.
pub(super) type TaskKey = (String, String);

/// Files of reference solutions: whose they are, and their path, by the id of their content.
#[derive(Debug, Default)]
pub(super) struct Files {
    owners: BTreeMap<String, Vec<(TaskKey, String)>>,
    /// Which paths a reference solution leaves otherwise than it found them, as the tampering `hollow` reads it.
    pub(super) paths: String,
}

/// What of a line of a workspace's `changes.json` matters here.
#[derive(Deserialize)]
struct Kept {
    change: Change,
    digest: Option<Digest>,
}

impl Files {
    /// The ids of all of them.
    pub(super) fn ids(&self) -> String {
        self.owners.keys().map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// The path of a file of a task's solution with this content.
    pub(super) fn path(&self, id: &str, task: &TaskKey) -> Option<&str> {
        let own = self.owners.get(id)?.iter().find(|(owner, _)| owner == task)?;
        Some(&own.1)
    }

    fn add(&mut self, content: &Path, task: &TaskKey, path: String) -> Result<(), Failure> {
        if fs::metadata(content).is_ok_and(|meta| meta.is_file() && meta.len() >= LEAST) {
            let name = content.to_string_lossy().into_owned();
            let id = settings::run_git(Path::new("/"), &["hash-object", "--no-filters", &name]);
            let id = String::from_utf8_lossy(&id.map_err(Failure::host)?).trim().to_owned();
            self.owners.entry(id).or_default().push((task.clone(), path));
        }
        Ok(())
    }
}

/// Reads the reference solutions of suites, and what they left in a run.
pub(super) fn files(suites: &[Suite], dir: &RunDir, data: &RunData) -> Result<Files, Failure> {
    let mut files = Files::default();
    for suite in suites {
        for task in suite.ready() {
            let key = (suite.name.clone(), task.name.clone());
            for folder in task.steps.iter().filter_map(|step| step.solution_dir.as_deref()) {
                for path in listed(folder) {
                    let name = path.strip_prefix(folder).unwrap_or(&path);
                    files.add(&path, &key, format!("solution/{}", name.display()))?;
                }
            }
        }
    }
    for trial in data.trials.iter().filter(|trial| trial.id.number == 1) {
        let Some(finish) = &trial.finish else { continue };
        let kept = dir.trial(&trial.id).workspace(finish.attempt);
        let key = (trial.id.suite.clone(), trial.id.task.clone());
        for Kept { change, digest } in changed(&kept) {
            let sign = if matches!(change, Change::Deleted(_)) { '-' } else { '+' };
            // Writing to a String cannot fail.
            let _ = writeln!(files.paths, "{}/{} {sign} {}", key.0, key.1, change.path());
            if let Some(digest) = digest {
                let blob = kept.join("blobs").join(digest.to_string());
                files.add(&blob, &key, change.path().to_owned())?;
            }
        }
    }
    Ok(files)
}

/// Every file below a folder.
fn listed(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(listed(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found.sort();
    found
}

/// What a kept workspace changed outside `.git`.
fn changed(kept: &Path) -> Vec<Kept> {
    let Ok(text) = fs::read(kept.join("changes.json")) else { return Vec::new() };
    let mut changes: Vec<Kept> = serde_json::from_slice(&text).unwrap_or_default();
    changes.retain(|kept| !kept.change.path().starts_with(".git/"));
    changes
}

/// What an agent that looks around said that it could see.
pub(super) fn seen(dir: &RunDir, data: &RunData) -> Result<BTreeMap<TaskKey, Vec<String>>, Failure> {
    let mut seen: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for trial in data.trials.iter().filter(|trial| trial.id.variant == "tamper-looks") {
        let Some(finish) = &trial.finish else { continue };
        let attempt = Attempt::read(&dir.trial(&trial.id).journal(finish.attempt))?;
        let ended = attempt.records.iter().filter(|entry| matches!(entry.event, Event::AgentEnded { .. }));
        let lines = ended.flat_map(|entry| entry.host.log.lines());
        let things = lines.filter_map(|line| line.strip_prefix("can be seen: ")).map(str::to_owned);
        seen.entry((trial.id.suite.clone(), trial.id.task.clone())).or_default().extend(things);
    }
    Ok(seen)
}

/// The visible checks that did not hold for what the reference solutions left.
pub(super) fn complaints(
    dir: &RunDir,
    data: &RunData,
) -> Result<BTreeMap<TaskKey, Vec<CheckResult>>, Failure> {
    let mut complaints: BTreeMap<_, Vec<CheckResult>> = BTreeMap::new();
    for trial in data.trials.iter().filter(|trial| trial.id.number == 1) {
        let Some(finish) = &trial.finish else { continue };
        let attempt = Attempt::read(&dir.trial(&trial.id).journal(finish.attempt))?;
        for record in attempt.records {
            if let Event::Evaluated { checks, .. } = record.event {
                let failed = checks.into_iter().filter(|check| !check.passed);
                complaints.entry((trial.id.suite.clone(), trial.id.task.clone())).or_default().extend(failed);
            }
        }
    }
    Ok(complaints)
}

/// Folders of the host that no trial may see: each suite's own, and what holds the runs of the check.
pub(super) fn hidden(suites: &[Suite], settings: &Settings, out: &Path) -> String {
    let folders = suites.iter().map(|suite| suite.dir.as_path()).chain([settings.config.root.as_path(), out]);
    let plain = folders.filter_map(Path::to_str).filter(|path| !path.contains(char::is_whitespace));
    plain.collect::<Vec<_>>().join(" ")
}
