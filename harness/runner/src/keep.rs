//! What is kept of a finished trial's workspace: the files that differ from its start, as a patch for people and as
//! blobs for machines; and the same as a recording's snapshot.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use base::{Digest, Hasher};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use cassette::{RecordedFile, Snapshot};
use journal::PatchFigures;
use sandbox::{
    Cancel, Change, EntryKind, EnvError, Environment, Exec, ExecEnd, FileFault, Manifest, OutputLimit,
};
use serde::Serialize;
use similar::TextDiff;

use crate::git_index;
use crate::quality::Quality;

/// Bytes of the largest file that is kept.
const FILE_MAX: u64 = 1024 * 1024;
/// Bytes of all kept files of a trial.
const TOTAL_MAX: u64 = 32 * 1024 * 1024;
/// Bytes of the largest listing of a repository's references.
const GIT_MAX: usize = 1024 * 1024;

/// The final state of a workspace, as what differs from its start.
#[derive(Debug)]
pub(crate) struct Final {
    /// Digest of the whole.
    pub(crate) digest: Digest,
    /// What differs, sorted by path.
    pub(crate) changes: Vec<KeptChange>,
}

/// One difference.
#[derive(Debug, Serialize)]
pub(crate) struct KeptChange {
    change: Change,
    executable: bool,
    kind: Option<EntryKind>,
    digest: Option<Digest>,
    /// The content where it was small enough.
    #[serde(skip)]
    content: Option<Vec<u8>>,
    kept: bool,
}

/// Digest of a workspace: its files but for `.git` and what the task excludes, and its repository as references
/// with the trees that they lead to (commit dates do not count).
pub(crate) fn digest(env: &dyn Environment, manifest: &Manifest) -> Result<Digest, EnvError> {
    let files = manifest.digest();
    if !matches!(env.list("/app/.git", 1, 1), Ok(entries) if !entries.is_empty()) {
        return Ok(files);
    }
    let script = "cd /app && git symbolic-ref -q HEAD; git rev-parse -q --verify 'HEAD^{tree}'; \
                  git for-each-ref --format='%(refname) %(objecttype) %(tree)'";
    let argv = ["bash".to_owned(), "-c".to_owned(), script.to_owned()];
    let limit = std::time::Duration::from_secs(60);
    let output = OutputLimit { head: GIT_MAX, tail: 0 };
    let env_vars = [("GIT_CONFIG_GLOBAL".to_owned(), "/dev/null".to_owned())];
    let exec = Exec { argv: &argv, cwd: "/app", env: &env_vars, stdin: &[], limit, output };
    let listing = match env.exec(&exec, &Cancel::default()) {
        Ok(done) if matches!(done.end, ExecEnd::Exited(_)) => done.head,
        // A repository that cannot be listed counts as none.
        Ok(_) | Err(EnvError::Start { .. }) => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(Hasher::new("workspace with repository").field(files.as_bytes()).field(&listing).finish())
}

/// Looks at the final workspace from inside a container in which nothing of the agent runs any more.
pub(crate) fn look(env: &dyn Environment, start: &Manifest, exclude: &[String]) -> Result<Final, EnvError> {
    let manifest = env.manifest("/app", exclude)?;
    let read = |path: &str| match env.read(&format!("/app/{path}"), FILE_MAX) {
        Ok(bytes) => Ok(Some(bytes)),
        // A file that its own user may not read is not kept.
        Err(EnvError::File { .. }) => Ok(None),
        Err(error) => Err(error),
    };
    let changes = kept(start, &manifest, read)?;
    Ok(Final { digest: digest(env, &without_git(&manifest))?, changes })
}

/// What differs between two states of a workspace, with the content of files that are small enough.
pub(crate) fn kept<E>(
    start: &Manifest,
    last: &Manifest,
    mut read: impl FnMut(&str) -> Result<Option<Vec<u8>>, E>,
) -> Result<Vec<KeptChange>, E> {
    let mut total = 0;
    let mut changes = Vec::new();
    for change in start.changes(last) {
        let entry = last.0.get(change.path());
        let mut content = None;
        if let Some(entry) = entry.filter(|entry| matches!(entry.kind, EntryKind::File))
            && entry.size <= FILE_MAX
            && total + entry.size <= TOTAL_MAX
        {
            content = read(change.path())?;
            total += content.as_ref().map_or(0, |bytes| bytes.len() as u64);
        }
        changes.push(KeptChange {
            executable: entry.is_some_and(|entry| entry.executable),
            kind: entry.map(|entry| entry.kind),
            digest: entry.map(|entry| entry.digest),
            kept: content.is_some() || entry.is_none(),
            content,
            change,
        });
    }
    Ok(changes)
}

/// A manifest without the repository's own folder.
pub(crate) fn without_git(manifest: &Manifest) -> Manifest {
    let own = manifest.0.iter().filter(|(path, _)| !in_git(path));
    Manifest(own.map(|(path, entry)| (path.clone(), entry.clone())).collect())
}

fn in_git(path: &str) -> bool {
    path == ".git" || path.starts_with(".git/")
}

impl Final {
    /// Files outside the repository's own folder that differ.
    pub(crate) fn files_changed(&self) -> u64 {
        self.changes.iter().filter(|kept| !in_git(kept.change.path())).count() as u64
    }

    /// Writes `changes.json`, `final.patch` and the blobs into a folder of their own.
    pub(crate) fn keep(&self, folder: &Path, template: &Path) -> io::Result<()> {
        if self.changes.is_empty() {
            return Ok(());
        }
        let blobs = folder.join("blobs");
        fs::create_dir_all(&blobs)?;
        for kept in &self.changes {
            if let (Some(content), Some(digest)) = (&kept.content, kept.digest) {
                fs::write(blobs.join(digest.to_string()), content)?;
            }
        }
        let mut listing = serde_json::to_vec_pretty(&self.changes)?;
        listing.push(b'\n');
        fs::write(folder.join("changes.json"), listing)?;
        fs::write(folder.join("final.patch"), self.patch(template))
    }

    /// What the changes are like.
    pub(crate) fn figures(&self, template: &Path, mut quality: Quality<'_>) -> PatchFigures {
        for kept in self.changes.iter().filter(|kept| !in_git(kept.change.path())) {
            let (before, after) = kept.texts(template);
            quality.add(&kept.change, before.as_deref(), after.as_deref());
        }
        quality.figures()
    }

    /// The changes of text files as a unified diff.
    fn patch(&self, template: &Path) -> String {
        let mut patch = String::new();
        for kept in self.changes.iter().filter(|kept| !in_git(kept.change.path())) {
            let path = kept.change.path();
            let (Some(before), Some(after)) = kept.texts(template) else {
                patch.push_str(&format!("Binary or large file {path} differs\n"));
                continue;
            };
            let old = if matches!(kept.change, Change::Added(_)) {
                "/dev/null".to_owned()
            } else {
                format!("a/{path}")
            };
            let new = if matches!(kept.change, Change::Deleted(_)) {
                "/dev/null".to_owned()
            } else {
                format!("b/{path}")
            };
            patch.push_str(
                &TextDiff::from_lines(&before, &after).unified_diff().header(&old, &new).to_string(),
            );
        }
        patch
    }

    /// The same for a recording.
    pub(crate) fn snapshot(&self, step: u32) -> Snapshot {
        let mut files = BTreeMap::new();
        for kept in &self.changes {
            files.insert(kept.change.path().to_owned(), kept.recorded());
        }
        Snapshot { step, digest: self.digest, files }
    }
}

/// Makes a workspace what a recording's snapshot says; the error says what it leaves out.
pub(crate) fn rebuild(env: &dyn Environment, snapshot: &Snapshot) -> Result<(), String> {
    let failed = |error: EnvError| format!("the recorded workspace cannot be made: {error}");
    for (path, file) in &snapshot.files {
        let inside = format!("/app/{path}");
        let write =
            |content: &[u8], executable| env.write(&inside, content, Some(executable)).map_err(failed);
        match file {
            RecordedFile::Deleted => match env.remove(&inside) {
                Err(EnvError::File { fault: FileFault::NotFound, .. }) => {}
                done => done.map_err(failed)?,
            },
            RecordedFile::Text(text) => write(text.as_bytes(), false)?,
            RecordedFile::Script(text) => write(text.as_bytes(), true)?,
            RecordedFile::Binary(text) => {
                let content =
                    BASE64.decode(text).map_err(|error| format!("{path} in the snapshot: {error}"))?;
                write(&content, false)?;
            }
            RecordedFile::Link(_) | RecordedFile::Left(_) => {
                return Err(format!("the recording keeps no content of {path}: --tools run does without"));
            }
        }
    }
    Ok(())
}

impl KeptChange {
    /// The file's text before and after, empty where it isn't there; nothing where it is no text or too large.
    fn texts(&self, template: &Path) -> (Option<String>, Option<String>) {
        let before = match self.change {
            Change::Added(_) => Some(String::new()),
            _ => fs::read(template.join(self.change.path()))
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok()),
        };
        let after = match (&self.change, &self.content) {
            (Change::Deleted(_), _) => Some(String::new()),
            (_, content) => content.clone().and_then(|bytes| String::from_utf8(bytes).ok()),
        };
        (before, after)
    }

    fn recorded(&self) -> RecordedFile {
        match (&self.change, &self.content, self.digest) {
            (Change::Deleted(_), ..) | (_, None, None) => RecordedFile::Deleted,
            (_, Some(content), _) => {
                let index = Path::new(self.change.path()).ends_with(".git/index");
                let settled = index.then(|| git_index::settled(content)).flatten();
                let content = settled.as_ref().unwrap_or(content);
                match (std::str::from_utf8(content), self.executable) {
                    (Ok(text), true) => RecordedFile::Script(text.to_owned()),
                    (Ok(text), false) => RecordedFile::Text(text.to_owned()),
                    (Err(_), _) => RecordedFile::Binary(BASE64.encode(content)),
                }
            }
            (_, None, Some(digest)) => RecordedFile::Left(digest),
        }
    }
}
