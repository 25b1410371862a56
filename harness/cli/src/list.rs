//! `retake task list`: the tasks of suites, good and bad.

use std::fmt::Write as _;

use serde::Serialize;
use suite::{Runnable, TaskEntry};

use crate::args::{Common, ListArgs};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::Settings;

#[derive(Serialize)]
struct Row {
    suite: String,
    task: String,
    kind: String,
    description: String,
    needs: Vec<String>,
    /// Why it cannot be used; empty where it can.
    problem: String,
}

/// Carries the verb out.
pub(crate) fn list(args: &ListArgs, common: &Common) -> Result<Exit, Failure> {
    let mut rows = Vec::new();
    for suite in Settings::read(common)?.suites(&args.suites)? {
        rows.extend(suite.tasks.iter().map(|entry| row(&suite.name, entry)));
    }
    if common.json {
        output::json(&rows)?;
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    for row in &rows {
        let about = if row.problem.is_empty() {
            row.description.clone()
        } else {
            format!("INVALID: {}", row.problem)
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}/{}  [{}]  {about}", row.suite, row.task, row.kind);
    }
    output::text(&text)?;
    Ok(Exit::Done)
}

fn row(suite: &str, entry: &TaskEntry) -> Row {
    let mut row = Row {
        suite: suite.to_owned(),
        task: entry.name().to_owned(),
        kind: String::new(),
        description: String::new(),
        needs: Vec::new(),
        problem: String::new(),
    };
    match entry {
        TaskEntry::Ready(task) => {
            row.kind = task.settings.kind.name().to_owned();
            row.description =
                task.harbor.task.as_ref().map(|about| about.description.clone()).unwrap_or_default();
            row.needs = task.settings.needs.clone().unwrap_or_default();
            if let Runnable::No { reason } = &task.runnable {
                row.problem = format!("not runnable here: {reason}");
            }
        }
        TaskEntry::Invalid { error, .. } => row.problem = error.to_string(),
    }
    row
}
