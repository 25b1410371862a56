//! A folder of the host as a workspace: kept as an archive, put up again elsewhere, and named by a digest. For
//! recordings of programs that run on the host itself; trials have the sandbox for this.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base::{Digest, Hasher};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sandbox::{EntryKind, Manifest, ManifestEntry};
use walkdir::{DirEntry, WalkDir};

use crate::Spawn;

/// Names that no workspace is made of: what builds and programs leave behind.
const LEFT_OUT: [&str; 6] = ["target", "node_modules", "__pycache__", ".pytest_cache", ".venv", ".retake"];

/// A folder of the host that is a workspace.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    /// Files in it that are none of the workspace's: what is written about it.
    beside: Vec<PathBuf>,
}

/// One entry, and whether what is in it is left out.
struct Found {
    entry: DirEntry,
    left_out: bool,
}

impl Folder {
    /// A folder, but for some files that may lie in it.
    pub fn new(path: &Path, beside: &[&Path]) -> Self {
        Self { path: path.to_owned(), beside: beside.iter().map(|path| (*path).to_owned()).collect() }
    }

    fn entries(&self) -> io::Result<Vec<Found>> {
        let mut walk = WalkDir::new(&self.path).min_depth(1).sort_by_file_name().into_iter();
        let mut found = Vec::new();
        while let Some(entry) = walk.next() {
            let entry = entry?;
            let left_out =
                entry.file_type().is_dir() && LEFT_OUT.iter().any(|name| entry.file_name() == *name);
            if left_out {
                walk.skip_current_dir();
            }
            if !self.beside.iter().any(|path| path == entry.path()) {
                found.push(Found { entry, left_out });
            }
        }
        Ok(found)
    }

    fn name<'e>(&self, entry: &'e DirEntry) -> io::Result<&'e Path> {
        entry.path().strip_prefix(&self.path).map_err(io::Error::other)
    }

    /// Keeps it as a compressed archive; equal folders give equal bytes. Of what is left out the bare folder is kept.
    pub fn archive(&self, file: &Path) -> io::Result<()> {
        let out = GzEncoder::new(BufWriter::new(File::create(file)?), Compression::default());
        let mut archive = tar::Builder::new(out);
        archive.mode(tar::HeaderMode::Deterministic);
        archive.follow_symlinks(false);
        for Found { entry, .. } in self.entries()? {
            let kind = entry.file_type();
            if kind.is_dir() || kind.is_file() || kind.is_symlink() {
                archive.append_path_with_name(entry.path(), self.name(&entry)?)?;
            }
        }
        archive.into_inner()?.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }

    /// Its files, but for those of a repository's own folder.
    pub fn manifest(&self) -> io::Result<Manifest> {
        let mut files = BTreeMap::new();
        for Found { entry, left_out } in self.entries()? {
            let path = self.name(&entry)?;
            let git = path.components().any(|part| part.as_os_str() == ".git");
            if !git && !left_out && !entry.file_type().is_dir() {
                files.insert(path.to_string_lossy().into_owned(), state(&entry)?);
            }
        }
        Ok(Manifest(files))
    }

    /// Digest of it as a workspace with these files; of a repository also the tree of its HEAD.
    pub fn digest(&self, files: &Manifest, spawn: Spawn<'_>) -> Digest {
        let files = files.digest();
        if !self.path.join(".git").exists() {
            return files;
        }
        let path = self.path.to_string_lossy();
        let tree = spawn(Path::new("git"), &["-C", &path, "rev-parse", "-q", "--verify", "HEAD^{tree}"]);
        let tree = tree.unwrap_or_default();
        Hasher::new("workspace with repository").field(files.as_bytes()).field(tree.as_bytes()).finish()
    }

    /// The content of one of its files.
    pub fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path.join(path))
    }
}

/// Puts an archive up in an empty folder. Nothing in it can land outside.
pub fn restore(file: &Path, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut archive = tar::Archive::new(GzDecoder::new(BufReader::new(File::open(file)?)));
    archive.set_preserve_mtime(false);
    archive.unpack(folder)
}

fn state(entry: &DirEntry) -> io::Result<ManifestEntry> {
    let metadata = entry.path().symlink_metadata()?;
    let (kind, digest) = if metadata.is_file() {
        (EntryKind::File, Digest::of(&fs::read(entry.path())?))
    } else if metadata.is_symlink() {
        (EntryKind::Link, Digest::of(fs::read_link(entry.path())?.to_string_lossy().as_bytes()))
    } else {
        (EntryKind::Other, Digest::of(b""))
    };
    let executable = kind == EntryKind::File && metadata.permissions().mode() & 0o100 != 0;
    Ok(ManifestEntry {
        kind,
        executable,
        size: if kind == EntryKind::File { metadata.len() } else { 0 },
        digest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(folder: &Path) {
        fs::create_dir_all(folder.join("src/empty")).unwrap();
        fs::create_dir_all(folder.join("target")).unwrap();
        fs::write(folder.join("target/large"), "not kept").unwrap();
        fs::write(folder.join("src/main.py"), "print()\n").unwrap();
        fs::write(folder.join("run.sh"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(folder.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink("src/main.py", folder.join("link")).unwrap();
    }

    #[test]
    fn an_archive_puts_up_the_same_workspace_and_is_the_same_every_time() {
        let temp = tempfile::tempdir().unwrap();
        let (one, two) = (temp.path().join("one"), temp.path().join("two"));
        project(&one);
        let log = one.join("log");
        fs::write(&log, "beside").unwrap();
        let digest = |folder: &Folder| folder.digest(&folder.manifest().unwrap(), &|_, _| None);
        let (first, second) = (Folder::new(&one, &[&log]), Folder::new(&two, &[]));
        let file = temp.path().join("w.tar.gz");
        first.archive(&file).unwrap();
        restore(&file, &two).unwrap();
        assert_eq!(digest(&first), digest(&second));
        assert!(two.join("src/empty").is_dir() && !two.join("log").exists());
        assert!(two.join("target").is_dir() && !two.join("target/large").exists());
        let again = temp.path().join("again.tar.gz");
        second.archive(&again).unwrap();
        assert_eq!(fs::read(&file).unwrap(), fs::read(&again).unwrap());
        fs::write(two.join("src/main.py"), "print(1)\n").unwrap();
        assert_ne!(digest(&first), digest(&second));
    }
}
