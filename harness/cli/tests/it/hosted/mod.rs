//! `retake record` and `retake replay` with agents that run on the host.

mod committed;
mod real;
mod small;
mod terms;

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::place::{Done, Place};

/// A place whose tree holds a project, and a stub's answers beside it.
pub(crate) fn project(script: &str) -> Place {
    let place = Place::new();
    place.write("project/AGENTS.md", "Answer in few words.\n");
    place.write("project/notes.txt", "old\n");
    place.write("script.toml", script);
    place
}

/// `retake VERB --json` in a folder of a place's tree.
pub(crate) fn command(place: &Place, folder: &str, verb: &str, arguments: &[&str]) -> Command {
    let folder = place.tree().join(folder);
    let mut command = place.command(&[verb, "--json"]);
    // The last of two counts.
    command.arg("-C").arg(&folder).args(arguments).current_dir(folder);
    command
}

/// What a verb said, with its exit code checked.
pub(crate) fn said(command: &mut Command, code: i32) -> Value {
    let done = Done::of(command.output().unwrap());
    assert_eq!(done.code, Some(code), "{}\n{}", done.stdout, done.stderr);
    done.json()
}

/// Where the recording of a place is.
pub(crate) fn cassette(place: &Place) -> PathBuf {
    place.tree().join("run.jsonl")
}
