//! A git index as a recording keeps it. Knows git's format and nothing else.

/// A git index of version 2 or 3 without what it remembers of the files on this host (times, device, inode, owner,
/// size; git looks again where they do not fit), so that equal recordings are equal bytes. Nothing where it is none.
pub(crate) fn settled(index: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize| Some(u32::from_be_bytes(index.get(at..at + 4)?.try_into().ok()?));
    let (version, entries) = (number(4)?, number(8)?);
    if !index.starts_with(b"DIRC") || !(2..=3).contains(&version) {
        return None;
    }
    let mut clean = index.to_vec();
    let mut at = 12;
    for _ in 0..entries {
        for part in [at..at + 24, at + 28..at + 40] {
            clean.get_mut(part)?.fill(0);
        }
        let extended = index.get(at + 60)? & 0x40 != 0;
        let name = at + if extended { 64 } else { 62 };
        let end = name + index.get(name..)?.iter().position(|byte| *byte == 0)?;
        at += (end - at + 8) & !7;
    }
    // Of zeros, the checksum counts as not made.
    let checksum = clean.len().checked_sub(20).filter(|start| *start >= at)?;
    clean[checksum..].fill(0);
    Some(clean)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::*;

    fn git(folder: &Path, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.arg("-C").arg(folder).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn repository() -> tempfile::TempDir {
        let temp = tempfile::tempdir().unwrap();
        git(temp.path(), &["init", "-q"]);
        for name in ["a", "some.txt", "src/a-longer-name.rs"] {
            let path = temp.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        git(temp.path(), &["add", "-A"]);
        fs::write(temp.path().join("a"), "changed later").unwrap();
        fs::write(temp.path().join("new"), "").unwrap();
        git(temp.path(), &["add", "-N", "new"]);
        temp
    }

    #[test]
    fn an_index_without_what_the_host_added_is_equal_and_git_still_reads_it() {
        let (one, other) = (repository(), repository());
        let index = |folder: &tempfile::TempDir| fs::read(folder.path().join(".git/index")).unwrap();
        assert_ne!(index(&one), index(&other));
        let one_settled = settled(&index(&one)).unwrap();
        assert_eq!(Some(&one_settled), settled(&index(&other)).as_ref());
        let (status, staged) = (["status", "--porcelain"], ["ls-files", "--stage"]);
        let before = (git(one.path(), &status), git(one.path(), &staged));
        fs::write(one.path().join(".git/index"), one_settled).unwrap();
        assert_eq!((git(one.path(), &status), git(one.path(), &staged)), before);
    }

    #[test]
    fn what_is_no_index_is_left_alone() {
        assert_eq!(settled(b""), None);
        assert_eq!(settled(b"DIRC\0\0\0\x04\0\0\0\0"), None);
        assert_eq!(settled(b"DIRC\0\0\0\x02\0\0\0\x09 and then too little"), None);
    }
}
