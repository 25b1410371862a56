//! The house rules that manifests, sources and documents can show, each with what to do where one is broken.
//! CONTRIBUTING.md has them in words; clippy and rustfmt see to the rest.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where its own files are wrong")]

mod crates;
mod documents;
mod source;
mod sources;

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// Folders that hold no part of the repository.
const FOREIGN: [&str; 4] = [".git", ".retake", "__pycache__", "target"];

/// The repository's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every file of the repository, relative to its root and sorted; runs that landed in reports/ are none.
fn files() -> Vec<PathBuf> {
    let root = root();
    let walk = WalkDir::new(&root).sort_by_file_name().into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_string_lossy();
        let below_reports = entry.path().parent() == Some(&root.join("reports"));
        let run = below_reports && !matches!(&*name, "README.md" | "sample");
        entry.depth() == 0 || !(FOREIGN.contains(&&*name) || run)
    });
    let files = walk.map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    files.map(|entry| entry.path().strip_prefix(&root).unwrap().to_owned()).collect()
}

/// The text of a file of the repository.
fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Ends a test that found faults, with all of them and what to do.
#[track_caller]
fn none(faults: &[String], what_to_do: &str) {
    assert!(faults.is_empty(), "\n{}\n\n{what_to_do}\n", faults.join("\n"));
}
