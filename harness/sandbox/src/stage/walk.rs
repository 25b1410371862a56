//! What lies below a folder inside: listings, and manifests whose digests are remembered as long as a file has not
//! changed. Nothing but regular files is ever opened. Knows nothing of commands.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base::Digest;

use crate::protocol::Fault;
use crate::{EntryKind, ListEntry, Manifest, ManifestEntry};

/// A file that changed so recently may change again without its times showing it.
const SETTLED: Duration = Duration::from_millis(50);
/// The most bytes that one manifest digests: files with holes can claim any size, and reading them would hold
/// everything else up.
const MAX_DIGESTED: u64 = 16 << 30;
/// Digests that are remembered; a tree of more files is digested anew each time for the rest.
const MAX_REMEMBERED: usize = 200_000;

/// A path as text. Most are shown as they are; bytes that are no UTF-8 become `\xNN`, and a backslash that could be
/// taken for the start of such becomes `\x5c`, so that the text always leads back to the file.
pub(super) fn escape(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains("\\x") => return text.to_owned(),
        _ => {}
    }
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(&chunk.valid().replace("\\x", "\\x5cx"));
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// The path that a text stands for.
pub(super) fn unescape(text: &str) -> Cow<'_, Path> {
    if !text.contains("\\x") {
        return Cow::Borrowed(Path::new(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = rest.strip_prefix(b"\\x").and_then(|code| std::str::from_utf8(code.get(..2)?).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[4..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    Cow::Owned(PathBuf::from(OsString::from_vec(bytes)))
}

fn kind_of(metadata: &Metadata) -> EntryKind {
    let kind = metadata.file_type();
    if kind.is_file() {
        EntryKind::File
    } else if kind.is_dir() {
        EntryKind::Folder
    } else if kind.is_symlink() {
        EntryKind::Link
    } else {
        EntryKind::Other
    }
}

/// The names in a folder, sorted; none where it cannot be read.
fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names: Vec<OsString> = fs::read_dir(folder)?.flatten().map(|entry| entry.file_name()).collect();
    names.sort_unstable();
    Ok(names)
}

/// What lies below a folder, to `depth` levels, at most `limit` entries.
pub(super) fn list(path: &str, depth: u32, limit: usize) -> Result<Vec<ListEntry>, Fault> {
    let root = unescape(path);
    let mut found = Vec::new();
    let mut open: Vec<(PathBuf, u32)> = Vec::new();
    let push = |open: &mut Vec<(PathBuf, u32)>, folder: &Path, names: Vec<OsString>, level: u32| {
        open.extend(names.into_iter().rev().map(|name| (folder.join(name), level)));
    };
    push(&mut open, Path::new(""), names(&root)?, 1);
    while let Some((relative, level)) = open.pop() {
        if level > depth || found.len() >= limit {
            break;
        }
        let full = root.join(&relative);
        let Ok(metadata) = fs::symlink_metadata(&full) else { continue };
        let kind = kind_of(&metadata);
        let size = if kind == EntryKind::File { metadata.len() } else { 0 };
        found.push(ListEntry { path: escape(&relative), kind, size });
        if kind == EntryKind::Folder && level < depth {
            push(&mut open, &relative, names(&full).unwrap_or_default(), level + 1);
        }
    }
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// What tells one state of a file from another: device, number, size, times of content and of inode.
type State = (u64, u64, u64, (i64, i64), (i64, i64));

/// Digests of files by their state.
#[derive(Default)]
pub(super) struct Digests(HashMap<State, Digest>);

impl Digests {
    /// Every file, link and empty folder below `path`.
    pub(super) fn manifest(&mut self, path: &str, exclude: &[String]) -> Result<Manifest, Fault> {
        let root = unescape(path);
        let mut manifest = Manifest::default();
        let mut open: Vec<(PathBuf, Vec<OsString>)> = vec![(PathBuf::new(), names(&root)?)];
        let mut work = Work { buffer: vec![0; 64 << 10], left: MAX_DIGESTED };
        while let Some((folder, children)) = open.pop() {
            for name in children {
                if exclude.iter().any(|excluded| OsStr::new(excluded) == name) {
                    continue;
                }
                let relative = folder.join(name);
                let full = root.join(&relative);
                let Ok(metadata) = fs::symlink_metadata(&full) else { continue };
                if metadata.is_dir()
                    && let Ok(children) = names(&full)
                    && !children.is_empty()
                {
                    open.push((relative, children));
                    continue;
                }
                let entry = self.entry(&full, &metadata, &mut work)?;
                manifest.0.insert(escape(&relative), entry);
            }
        }
        Ok(manifest)
    }

    fn entry(&mut self, path: &Path, metadata: &Metadata, work: &mut Work) -> Result<ManifestEntry, Fault> {
        let kind = kind_of(metadata);
        // What cannot be read counts as empty: it is the same to everybody who looks.
        let digest = match kind {
            EntryKind::File => match self.content(path, metadata, work) {
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Err(Fault::TooLarge),
                result => result.ok(),
            },
            EntryKind::Link => fs::read_link(path).ok().map(|to| Digest::of(to.as_os_str().as_bytes())),
            EntryKind::Folder | EntryKind::Other => None,
        };
        let is_file = kind == EntryKind::File;
        Ok(ManifestEntry {
            kind,
            executable: is_file && metadata.permissions().mode() & 0o100 != 0,
            size: if is_file { metadata.len() } else { 0 },
            digest: digest.unwrap_or_else(|| Digest::of(b"")),
        })
    }

    fn content(&mut self, path: &Path, metadata: &Metadata, work: &mut Work) -> io::Result<Digest> {
        let state = state(metadata);
        if let Some(digest) = self.0.get(&state) {
            return Ok(*digest);
        }
        let careful = libc::O_NONBLOCK | libc::O_NOFOLLOW | libc::O_NOCTTY;
        let mut file = OpenOptions::new().read(true).custom_flags(careful).open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut hasher = blake3::Hasher::new();
        loop {
            let count = file.read(&mut work.buffer)?;
            if count == 0 {
                break;
            }
            work.left = work.left.checked_sub(count as u64).ok_or(io::ErrorKind::FileTooLarge)?;
            hasher.update(&work.buffer[..count]);
        }
        let digest = Digest::from(*hasher.finalize().as_bytes());
        if self.0.len() < MAX_REMEMBERED && settled(metadata) {
            self.0.insert(state, digest);
        }
        Ok(digest)
    }
}

/// What the making of one manifest needs.
struct Work {
    buffer: Vec<u8>,
    left: u64,
}

fn state(metadata: &Metadata) -> State {
    let content = (metadata.mtime(), metadata.mtime_nsec());
    let inode = (metadata.ctime(), metadata.ctime_nsec());
    (metadata.dev(), metadata.ino(), metadata.len(), content, inode)
}

fn settled(metadata: &Metadata) -> bool {
    let seconds = u64::try_from(metadata.ctime()).unwrap_or(0);
    let changed = UNIX_EPOCH + Duration::new(seconds, metadata.ctime_nsec() as u32);
    SystemTime::now().duration_since(changed).is_ok_and(|age| age > SETTLED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_survives_its_text_form() {
        for name in [
            &b"plain"[..],
            b"t\xffwo",
            b"a\\x41",
            b"a\\\\x",
            b"\\x",
            b"\xe2\x82",
            b"\\x5c\xfe",
            "ä€".as_bytes(),
        ] {
            let path = Path::new(OsStr::from_bytes(name));
            let text = escape(path);
            assert_eq!(unescape(&text).as_ref(), path, "{text}");
        }
        assert_eq!(escape(Path::new(OsStr::from_bytes(b"t\xffwo"))), "t\\xffwo");
    }
}
