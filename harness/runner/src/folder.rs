//! A folder of the host as a workspace: kept as an archive, put up again elsewhere, and named by a digest. For
//! recordings of programs that run on the host itself; trials have the sandbox for this.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base::{Digest, Hasher};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sandbox::{EntryKind, Manifest, ManifestEntry};
use walkdir::{DirEntry, WalkDir};

use crate::Spawn;

/// Names that no workspace is made of: what builds and programs leave behind.
const LEFT_OUT: [&str; 6] = ["target", "node_modules", "__pycache__", ".pytest_cache", ".venv", ".retake"];

fn entries(folder: &Path) -> impl Iterator<Item = io::Result<DirEntry>> {
    let wanted =
        |entry: &DirEntry| entry.depth() == 0 || !LEFT_OUT.iter().any(|name| entry.file_name() == *name);
    let walk = WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter().filter_entry(wanted);
    walk.map(|entry| entry.map_err(io::Error::from))
}

/// Keeps a folder as a compressed archive; equal folders give equal bytes.
pub fn archive(folder: &Path, file: &Path) -> io::Result<()> {
    let out = GzEncoder::new(BufWriter::new(File::create(file)?), Compression::default());
    let mut archive = tar::Builder::new(out);
    archive.mode(tar::HeaderMode::Deterministic);
    archive.follow_symlinks(false);
    for entry in entries(folder) {
        let entry = entry?;
        let kind = entry.file_type();
        let name = entry.path().strip_prefix(folder).map_err(io::Error::other)?;
        if kind.is_dir() || kind.is_file() || kind.is_symlink() {
            archive.append_path_with_name(entry.path(), name)?;
        }
    }
    archive.into_inner()?.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// Puts an archive up in an empty folder. Nothing in it can land outside.
pub fn restore(file: &Path, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut archive = tar::Archive::new(GzDecoder::new(BufReader::new(File::open(file)?)));
    archive.set_preserve_mtime(false);
    archive.unpack(folder)
}

/// Digest of a folder as a workspace: its files, and of a repository the tree of its HEAD.
pub fn digest(folder: &Path, spawn: Spawn<'_>) -> io::Result<Digest> {
    let mut files = BTreeMap::new();
    for entry in entries(folder) {
        let entry = entry?;
        let path = entry.path().strip_prefix(folder).map_err(io::Error::other)?;
        if path.components().any(|part| part.as_os_str() == ".git") || entry.file_type().is_dir() {
            continue;
        }
        files.insert(path.to_string_lossy().into_owned(), state(&entry)?);
    }
    let files = Manifest(files).digest();
    if !folder.join(".git").exists() {
        return Ok(files);
    }
    let path = folder.to_string_lossy();
    let tree = spawn(Path::new("git"), &["-C", &path, "rev-parse", "-q", "--verify", "HEAD^{tree}"]);
    let tree = tree.unwrap_or_default();
    Ok(Hasher::new("workspace with repository").field(files.as_bytes()).field(tree.as_bytes()).finish())
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
        let nothing: Spawn<'_> = &|_, _| None;
        let file = temp.path().join("w.tar.gz");
        archive(&one, &file).unwrap();
        restore(&file, &two).unwrap();
        assert_eq!(digest(&one, nothing).unwrap(), digest(&two, nothing).unwrap());
        assert!(two.join("src/empty").is_dir() && !two.join("target").exists());
        let again = temp.path().join("again.tar.gz");
        archive(&two, &again).unwrap();
        assert_eq!(fs::read(&file).unwrap(), fs::read(&again).unwrap());
        fs::write(two.join("src/main.py"), "print(1)\n").unwrap();
        assert_ne!(digest(&one, nothing).unwrap(), digest(&two, nothing).unwrap());
    }
}
