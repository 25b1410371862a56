//! A task from a commit: its parent is the start, the tests that it touches are hidden, the rest of its change is the
//! solution, its message a draft of the instruction.

use std::collections::BTreeSet;
use std::path::Path;

use super::detect::{Kind, Project, Tree};
use super::draft::{Draft, Start, below, slug};
use super::paths::{is_document, is_runnable_test, is_settings, is_test};
use super::repo::{Commit, Repo};

/// Marks the instruction as a draft.
pub(super) const DRAFTED: &str = "<!-- TODO: this was drafted from @WHAT@. Say what is wanted and why, not how it was done; name what the hidden tests \
                       name and nobody could guess; then remove this line. -->";

/// Whether the workspace's repository holds what came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum History {
    /// One commit: the start.
    Squashed,
    /// All that the start can reach.
    Kept,
}

/// Drafts the task of a commit.
pub(crate) fn of_commit(
    repo: &Repo<'_>,
    revision: &str,
    history: History,
    without: Vec<String>,
) -> Result<Draft, String> {
    let commit = repo.commit(revision)?;
    let (tests, code): (Vec<_>, Vec<_>) =
        commit.changes.iter().partition(|change| is_test(&change.path) || is_settings(&change.path));
    if !tests.iter().any(|change| !change.deleted && is_test(&change.path)) {
        return Err(format!(
            "{revision} touches no tests: a task needs tests that tell its answer from others"
        ));
    }
    if code.iter().all(|change| is_document(&change.path)) {
        return Err(format!("{revision} changes nothing but tests and documents: there is nothing to do"));
    }
    let files = repo.files(&commit.id)?;
    let read = |path: &str| Some(String::from_utf8_lossy(&repo.show(&commit.id, path).ok()?).into_owned());
    let project = Project::of(&Tree { files: &files, read: &read });
    let mut draft = Draft {
        name: slug(subject(&commit)),
        description: subject(&commit).to_owned(),
        keywords: project.language().map(str::to_owned).into_iter().collect(),
        checks: Vec::new(),
        files: Default::default(),
        notes: project.notes.clone(),
        start: Some(Start { revision: commit.parent.clone(), history, without }),
        project,
    };
    if !draft.project.command.is_empty() {
        draft.checks.push(("tests".to_owned(), draft.project.command.clone()));
    }
    draft.put("instruction.md", instruction(&commit));
    hidden(repo, &commit, &mut draft)?;
    let paths: Vec<&str> = code.iter().map(|change| change.path.as_str()).collect();
    draft.put("solution/fix.patch", repo.patch(&commit.parent, &commit.id, &paths)?);
    draft.put("solution/solve.sh", include_str!("../../templates/task/solve.sh"));
    draft.begin(&commit.date);
    notes(repo, &commit, &paths, history, &mut draft)?;
    Ok(draft)
}

/// What the commit's message begins with, without the number of its pull request.
fn subject(commit: &Commit) -> &str {
    let subject = commit.subject.trim();
    match subject.rsplit_once(" (#") {
        Some((before, number)) if number.trim_end_matches(')').chars().all(|c| c.is_ascii_digit()) => before,
        _ => subject,
    }
}

fn instruction(commit: &Commit) -> String {
    let subject = subject(commit);
    let trailer = |line: &&str| {
        let word = line.split_once(": ").map_or("", |(word, _)| word);
        let known = word.ends_with("-by") || ["Change-Id", "Fixes", "Closes", "Refs"].contains(&word);
        !known && !line.starts_with("(cherry picked from")
    };
    let body: Vec<&str> = commit.body.lines().filter(trailer).collect();
    let drafted =
        DRAFTED.replace("@WHAT@", &format!("the message of {}", &commit.id[..commit.id.len().min(12)]));
    let text = format!("{drafted}\n{subject}\n\n{}", body.join("\n").trim());
    text.trim_end().to_owned() + "\n"
}

/// The tests as the commit left them, and whatever they are made of; the verifier runs those that it touched.
fn hidden(repo: &Repo<'_>, commit: &Commit, draft: &mut Draft) -> Result<(), String> {
    let temp = tempfile::tempdir().map_err(|error| format!("cannot make a folder: {error}"))?;
    let tree = temp.path().join("tree");
    repo.export(&commit.id, &tree, None)?;
    let mut all: Vec<String> = below(&tree);
    all.retain(|path| is_test(path) || is_settings(path));
    for path in &all {
        let content = std::fs::read(tree.join(path));
        // A link to nowhere is nothing that a test needs.
        if let Ok(content) = content {
            draft.put(&format!("tests/files/{path}"), content);
        }
    }
    let before = repo.files(&commit.parent)?;
    let replaced: BTreeSet<String> = all
        .iter()
        .chain(before.iter().filter(|path| is_test(path) || is_settings(path)))
        .map(|p| root(p))
        .collect();
    let replaced: Vec<String> = replaced.into_iter().collect();
    let fits = |path: &&str| match draft.project.kind {
        Kind::Unittest | Kind::Pytest => path.ends_with(".py"),
        Kind::Node => [".js", ".mjs", ".cjs"].iter().any(|end| path.ends_with(end)),
        Kind::Go => path.ends_with("_test.go"),
        _ => true,
    };
    let touched = commit.changes.iter().filter(|change| !change.deleted).map(|change| change.path.as_str());
    let mut tests: Vec<&str> =
        touched.filter(|path| is_test(path) && is_runnable_test(path)).filter(fits).collect();
    if tests.is_empty() {
        // The commit touches what tests need: then all of them are meant.
        tests = all.iter().map(String::as_str).filter(|path| is_runnable_test(path)).filter(fits).collect();
    }
    let tests: Vec<String> = tests.into_iter().map(str::to_owned).collect();
    let tests: Vec<&str> = tests.iter().map(String::as_str).collect();
    draft.verify_with(&tests, &replaced);
    Ok(())
}

/// The topmost folder of tests that a path lies in, else the path.
fn root(path: &str) -> String {
    let ends = path.match_indices('/').map(|(at, _)| &path[..at]);
    let folder = ends.into_iter().find(|folder| is_test(&format!("{folder}/x")));
    folder.unwrap_or(path).to_owned()
}

/// What cannot be known here, and a person has to look after.
fn notes(
    repo: &Repo<'_>,
    commit: &Commit,
    code: &[&str],
    history: History,
    draft: &mut Draft,
) -> Result<(), String> {
    for path in code.iter().filter(|path| path.ends_with(".rs")) {
        let text = repo.show(&commit.id, path).unwrap_or_default();
        if String::from_utf8_lossy(&text).contains("#[cfg(test)]") {
            draft.notes.push(format!(
                "{path} holds tests of its own: they stand in the solution and are not hidden"
            ));
        }
    }
    if history == History::Kept {
        let reached: BTreeSet<String> = repo.objects(&commit.parent)?.into_iter().collect();
        for path in code {
            if repo.blob(&commit.id, path).is_some_and(|blob| reached.contains(&blob)) {
                draft.notes.push(format!(
                    "{path} stood in the history before as the solution leaves it: leave out --history"
                ));
            }
        }
    }
    Ok(())
}

/// Whether a commit that touches these files may make a task, and not too large a one.
pub(crate) fn is_suitable(paths: &[String], below: &Path) -> bool {
    let ours = |path: &String| Path::new(path).starts_with(below);
    let code = paths.iter().filter(|path| !is_test(path) && !is_settings(path) && !is_document(path));
    let tests = paths.iter().filter(|path| is_test(path) && is_runnable_test(path));
    paths.len() <= 40 && tests.count() > 0 && (1..=20).contains(&code.count()) && !paths.iter().any(ours)
}
