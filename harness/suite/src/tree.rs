//! The files of a task's folder: walked in one order, checked for links that lead out, digested. Knows nothing of
//! what the files are for.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use base::Hasher;
use walkdir::WalkDir;

use crate::error::SuiteError;

/// How much of a file is hashed at a time; part of the digest.
const BLOCK: u64 = 64 * 1024;

/// The files and links below a folder, sorted by relative path; none where there is no such folder.
pub(crate) fn files(root: &Path) -> Result<Vec<PathBuf>, SuiteError> {
    if !root.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in WalkDir::new(root).follow_links(false) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(root).to_owned();
            SuiteError::io(&path, error.into())
        })?;
        if !entry.file_type().is_dir() {
            found.push(entry.path().strip_prefix(root).unwrap_or(entry.path()).to_owned());
        }
    }
    found.sort();
    Ok(found)
}

/// Refuses a folder of the task that is a link: what stands behind it would not count in the digest.
pub(crate) fn refuse_link(folder: &Path) -> Result<(), SuiteError> {
    if folder.is_symlink() {
        return Err(SuiteError::invalid(folder, "is a link: make it a folder of the task's own"));
    }
    Ok(())
}

/// Refuses links that lead out of a folder, and anything that is neither file, folder nor link.
pub(crate) fn check_contained(root: &Path) -> Result<(), SuiteError> {
    refuse_link(root)?;
    for relative in files(root)? {
        let path = root.join(&relative);
        let kind = std::fs::symlink_metadata(&path).map_err(|e| SuiteError::io(&path, e))?.file_type();
        if kind.is_symlink() {
            let target = std::fs::read_link(&path).map_err(|e| SuiteError::io(&path, e))?;
            let below = relative.parent().unwrap_or(Path::new(""));
            if !stays_inside(&below.join(&target)) || !really_inside(root, &path) {
                let reason = format!("a link to {} leaves its folder: copy the file", target.display());
                return Err(SuiteError::invalid(&path, reason));
            }
        } else if !kind.is_file() {
            return Err(SuiteError::invalid(&path, "is a device, pipe or socket: remove it"));
        }
    }
    Ok(())
}

/// Whether following a relative path never climbs above where it starts.
pub(crate) fn stays_inside(path: &Path) -> bool {
    let mut depth = 0_u32;
    path.components().all(|component| match component {
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::CurDir => true,
        Component::ParentDir => match depth.checked_sub(1) {
            Some(less) => {
                depth = less;
                true
            }
            None => false,
        },
        Component::RootDir | Component::Prefix(_) => false,
    })
}

/// Whether a link's end, where it has one, lies below the folder.
fn really_inside(root: &Path, link: &Path) -> bool {
    match (root.canonicalize(), link.canonicalize()) {
        (Ok(root), Ok(end)) => end.starts_with(root),
        (_, Err(_)) => true,
        (Err(_), _) => false,
    }
}

/// Adds path, executable bit and content (of a link: its target) of every file that `keep` accepts.
pub(crate) fn hash_files(
    hasher: &mut Hasher,
    root: &Path,
    keep: impl Fn(&Path) -> bool,
) -> Result<(), SuiteError> {
    for relative in files(root)?.iter().filter(|path| keep(path)) {
        let path = root.join(relative);
        let meta = std::fs::symlink_metadata(&path).map_err(|e| SuiteError::io(&path, e))?;
        hasher.field(relative.as_os_str().as_encoded_bytes());
        if meta.is_symlink() {
            let target = std::fs::read_link(&path).map_err(|e| SuiteError::io(&path, e))?;
            hasher.number(2).field(target.as_os_str().as_encoded_bytes());
            if path.is_file() {
                hash_content(hasher, &path)?;
            }
        } else {
            let executable = meta.permissions().mode() & 0o100 != 0;
            hasher.number(u64::from(executable));
            hash_content(hasher, &path)?;
        }
    }
    Ok(())
}

/// Adds a file block by block, so that large ones take no more memory than small ones.
fn hash_content(hasher: &mut Hasher, path: &Path) -> Result<(), SuiteError> {
    let fault = |error| SuiteError::io(path, error);
    let mut file = std::fs::File::open(path).map_err(fault)?;
    let (mut block, mut total) = (Vec::new(), 0_u64);
    loop {
        block.clear();
        let read = file.by_ref().take(BLOCK).read_to_end(&mut block).map_err(fault)?;
        if read == 0 {
            hasher.number(total);
            return Ok(());
        }
        total += u64::try_from(read).unwrap_or(u64::MAX);
        hasher.field(&block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_may_point_inside_its_folder_and_nowhere_else() {
        let root = tempfile::tempdir().unwrap();
        let part = root.path().join("environment");
        std::fs::create_dir_all(part.join("sub")).unwrap();
        std::fs::write(part.join("a"), "a").unwrap();
        std::fs::write(root.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink("../a", part.join("sub/ok")).unwrap();
        std::os::unix::fs::symlink("nowhere", part.join("dangling")).unwrap();
        check_contained(&part).unwrap();
        for target in ["/etc/passwd", "../secret", "sub/../../secret"] {
            std::os::unix::fs::symlink(target, part.join("bad")).unwrap();
            assert!(
                check_contained(&part).unwrap_err().to_string().contains("leaves its folder"),
                "{target}"
            );
            std::fs::remove_file(part.join("bad")).unwrap();
        }
    }
}
