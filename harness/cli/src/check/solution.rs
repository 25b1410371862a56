//! The files that a reference solution leaves, as git would name them: so that they can be looked for in a workspace's
//! repository. Knows nothing of verdicts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use journal::{Attempt, Event, RunDir};
use report::RunData;
use serde_json::Value;

use crate::exit::Failure;
use crate::settings::{self, Settings};

/// Files below this many bytes say nothing: many are alike.
const LEAST: u64 = 64;

/// The files of the reference solutions: suite, task and path by the id of their content.
#[derive(Debug, Default)]
pub(super) struct Files(BTreeMap<String, Vec<(String, String, String)>>);

impl Files {
    /// The ids of all of them.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The path of a file of a task's solution with this content.
    pub(super) fn path(&self, id: &str, suite: &str, task: &str) -> Option<&str> {
        let owners = self.0.get(id)?;
        let own = owners.iter().find(|(of, name, _)| of == suite && name == task)?;
        Some(&own.2)
    }
}

/// Reads what the reference solutions of a run left.
pub(super) fn files(dir: &RunDir, data: &RunData, settings: &Settings) -> Result<Files, Failure> {
    let mut files = Files::default();
    for trial in data.trials.iter().filter(|trial| trial.id.number == 1) {
        let Some(finish) = &trial.finish else { continue };
        let kept = dir.trial(&trial.id).workspace(finish.attempt);
        for (path, blob) in changed(&kept) {
            let blob = kept.join("blobs").join(blob);
            if fs::metadata(&blob).is_ok_and(|meta| meta.len() >= LEAST) {
                let name = blob.to_string_lossy().into_owned();
                let id = settings::run_git(&settings.directory, &["hash-object", "--no-filters", &name]);
                let id = String::from_utf8_lossy(&id.map_err(Failure::host)?).trim().to_owned();
                let owner = (trial.id.suite.clone(), trial.id.task.clone(), path);
                files.0.entry(id).or_default().push(owner);
            }
        }
    }
    Ok(files)
}

/// Paths that a kept workspace added or changed outside `.git`, with the name of their content.
fn changed(kept: &Path) -> Vec<(String, String)> {
    let Ok(text) = fs::read(kept.join("changes.json")) else { return Vec::new() };
    let Ok(Value::Array(changes)) = serde_json::from_slice(&text) else { return Vec::new() };
    let one = |change: &Value| {
        let path = change["change"].as_object()?.values().next()?.as_str()?.to_owned();
        let blob = change["digest"].as_str()?.to_owned();
        (!path.starts_with(".git/")).then_some((path, blob))
    };
    changes.iter().filter_map(one).collect()
}

/// What an agent that looks around said that it could see, by suite and task.
pub(super) fn seen(dir: &RunDir, data: &RunData) -> Result<BTreeMap<(String, String), Vec<String>>, Failure> {
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
