//! A project's repository, as far as a task is made of it: commits, what they change, trees and patches. It is read and never
//! changed: what git has to write it writes into a clone of its own.

use std::path::{Path, PathBuf};

use runner::Git;

/// A repository, asked by a function that is passed in.
pub(crate) struct Repo<'g> {
    /// Its top folder.
    pub(crate) dir: PathBuf,
    git: Git<'g>,
}

/// A commit with what it changes.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    /// The author's date, as git takes it.
    pub(crate) date: String,
    pub(crate) changes: Vec<Change>,
}

/// One changed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) path: String,
    pub(crate) deleted: bool,
}

/// A commit by its name, and the files that it changes.
#[derive(Clone, Debug)]
pub(crate) struct Brief {
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) paths: Vec<String>,
}

impl<'g> Repo<'g> {
    /// The repository that a folder belongs to.
    pub(crate) fn open(folder: &Path, git: Git<'g>) -> Result<Self, String> {
        let top = git(folder, &["rev-parse", "--show-toplevel"])?;
        Ok(Self { dir: PathBuf::from(line(&top)), git })
    }

    fn git(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        (self.git)(&self.dir, arguments)
    }

    /// One commit against its first parent.
    pub(crate) fn commit(&self, revision: &str) -> Result<Commit, String> {
        let id = line(
            &self
                .git(&["rev-parse", "--verify", "-q", &format!("{revision}^{{commit}}")])
                .map_err(|_| format!("{}: there is no commit {revision:?}", self.dir.display()))?,
        );
        let parent = self.git(&["rev-parse", "--verify", "-q", &format!("{id}^")]).map_err(|_| {
            format!("{revision} has no parent here: nothing stood before it, or the history is shallow")
        })?;
        let parent = line(&parent);
        let said = text(&self.git(&["show", "-s", "--format=%aI%n%s%n%b", &id])?);
        let (date, rest) = said.split_once('\n').unwrap_or((&said, ""));
        let (subject, body) = rest.split_once('\n').unwrap_or((rest, ""));
        let listed = self.git(&["diff", "--no-renames", "--name-status", "-z", &parent, &id])?;
        let listed = text(&listed);
        let mut words = listed.split('\0').filter(|word| !word.is_empty());
        let mut changes = Vec::new();
        while let (Some(status), Some(path)) = (words.next(), words.next()) {
            changes.push(Change { path: path.to_owned(), deleted: status.starts_with('D') });
        }
        let (subject, body, date) = (subject.to_owned(), body.trim().to_owned(), date.to_owned());
        Ok(Commit { id, parent, subject, body, date, changes })
    }

    /// The newest commits of the current branch that are no merges, with what they change.
    pub(crate) fn recent(&self, most: usize) -> Result<Vec<Brief>, String> {
        let most = format!("-n{most}");
        let format = "--format=%x01%H%x02%s";
        let listed = self.git(&["log", "--no-merges", &most, "--name-only", "--no-renames", format])?;
        let listed = text(&listed);
        let brief = |part: &str| {
            let (head, paths) = part.split_once('\n').unwrap_or((part, ""));
            let (id, subject) = head.split_once('\u{2}')?;
            let paths = paths.lines().filter(|path| !path.is_empty()).map(str::to_owned).collect();
            Some(Brief { id: id.to_owned(), subject: subject.to_owned(), paths })
        };
        Ok(listed.split('\u{1}').filter_map(brief).collect())
    }

    /// The newest commit of the current branch at a moment.
    pub(crate) fn before(&self, moment: &str) -> Result<String, String> {
        let found = line(&self.git(&["rev-list", "-n1", &format!("--before={moment}"), "HEAD"])?);
        if found.is_empty() { Err(format!("no commit is older than {moment}")) } else { Ok(found) }
    }

    /// The files of a revision.
    pub(crate) fn files(&self, revision: &str) -> Result<Vec<String>, String> {
        let listed = self.git(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", revision])?;
        Ok(text(&listed).split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
    }

    /// The content of a file.
    pub(crate) fn show(&self, revision: &str, path: &str) -> Result<Vec<u8>, String> {
        self.git(&["show", &format!("{revision}:{path}")])
    }

    /// What changes between two revisions in some files.
    pub(crate) fn patch(&self, from: &str, to: &str, paths: &[&str]) -> Result<Vec<u8>, String> {
        let fixed = ["diff", "--binary", "--no-renames", "--no-ext-diff", "--no-color", from, to, "--"];
        self.git(&[&fixed[..], paths].concat())
    }

    /// The id of a file's content; nothing where the revision has no such file.
    pub(crate) fn blob(&self, revision: &str, path: &str) -> Option<String> {
        let found = self.git(&["rev-parse", "--verify", "-q", &format!("{revision}:{path}")]).ok()?;
        Some(line(&found))
    }

    /// Every object that a revision can reach.
    pub(crate) fn objects(&self, revision: &str) -> Result<Vec<String>, String> {
        let listed = self.git(&["rev-list", "--objects", revision])?;
        Ok(text(&listed).lines().filter_map(|row| row.split(' ').next().map(str::to_owned)).collect())
    }

    /// Lays the files of a revision into a folder; with `bundle` also its history, and nothing but its history, as one
    /// file.
    pub(crate) fn export(&self, revision: &str, to: &Path, bundle: Option<&Path>) -> Result<(), String> {
        let temp = tempfile::tempdir().map_err(|error| format!("cannot make a folder: {error}"))?;
        let clone = temp.path().join("clone");
        let (from, into) = (self.dir.display().to_string(), clone.display().to_string());
        (self.git)(temp.path(), &["clone", "-q", "--shared", "--no-checkout", &from, &into])?;
        std::fs::create_dir_all(to).map_err(|error| format!("{}: {error}", to.display()))?;
        let prefix = format!("--prefix={}/", to.display());
        (self.git)(&clone, &["read-tree", revision])?;
        (self.git)(&clone, &["checkout-index", "-a", "-f", &prefix])?;
        if let Some(bundle) = bundle {
            (self.git)(&clone, &["update-ref", "refs/heads/start", revision])?;
            let file = bundle.display().to_string();
            (self.git)(&clone, &["bundle", "create", "-q", &file, "refs/heads/start"])?;
        }
        Ok(())
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn line(bytes: &[u8]) -> String {
    text(bytes).lines().next().unwrap_or_default().trim().to_owned()
}
