//! File operations inside, as the trial's user: links and permissions mean what they mean there. Knows nothing of
//! commands.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::walk::unescape;
use crate::protocol::{Answer, Fault, send};
use crate::sys;

/// Neither a pipe nor a terminal may hold the container's first process up, or become its own.
const CAREFUL: i32 = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;

pub(super) fn answer(result: Result<Answer, Fault>) -> Answer {
    result.unwrap_or_else(Answer::File)
}

/// Answers with a file's content.
pub(super) fn read(path: &str, max: u64, stream: &mut UnixStream) -> io::Result<()> {
    match content(path, max) {
        Ok(content) => {
            send(stream, &Answer::Content(content.len() as u64))?;
            stream.write_all(&content)
        }
        Err(fault) => send(stream, &Answer::File(fault)),
    }
}

fn content(path: &str, max: u64) -> Result<Vec<u8>, Fault> {
    let path = unescape(path);
    regular(&fs::metadata(&path)?)?;
    let file = OpenOptions::new().read(true).custom_flags(CAREFUL).open(&path)?;
    // Looked at again: it may have become something else meanwhile.
    let metadata = file.metadata()?;
    regular(&metadata)?;
    if metadata.len() > max {
        return Err(Fault::TooLarge);
    }
    let mut content = Vec::with_capacity(metadata.len() as usize);
    file.take(max.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > max { Err(Fault::TooLarge) } else { Ok(content) }
}

fn regular(metadata: &fs::Metadata) -> Result<(), Fault> {
    match metadata.file_type() {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_dir() => Err(Fault::IsFolder),
        _ => Err(Fault::Os(libc::EINVAL)),
    }
}

/// Writes what follows on the stream. A file for which there is no space keeps what it had.
pub(super) fn write(
    path: &str,
    bytes: u64,
    executable: Option<bool>,
    stream: &mut UnixStream,
) -> Result<(), Fault> {
    let mut content = Vec::with_capacity(bytes as usize);
    stream.take(bytes).read_to_end(&mut content)?;
    let path = unescape(path);
    parents(&path)?;
    if let Ok(metadata) = fs::metadata(&path) {
        regular(&metadata)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o644)
        .custom_flags(CAREFUL)
        .open(&path)?;
    let metadata = file.metadata()?;
    regular(&metadata)?;
    if bytes > 0 {
        reserve(&file, bytes, metadata.len())?;
    }
    file.write_all(&content)?;
    file.set_len(bytes)?;
    if let Some(executable) = executable {
        let mode = metadata.permissions().mode() & 0o777;
        // Who may read it may run it.
        let wanted = if executable { mode | (mode & 0o444) >> 2 } else { mode & !0o111 };
        if wanted != mode {
            file.set_permissions(fs::Permissions::from_mode(wanted))?;
        }
    }
    Ok(())
}

fn reserve(file: &File, bytes: u64, before: u64) -> Result<(), Fault> {
    match sys::reserve(file, bytes) {
        Ok(()) => Ok(()),
        // Some file systems cannot; then the writing itself will tell.
        Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => Ok(()),
        Err(error) => {
            let _ = file.set_len(before);
            Err(error.into())
        }
    }
}

fn parents(path: &Path) -> Result<(), Fault> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() && !parent.is_dir() => fs::create_dir_all(parent)
            .map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Fault::NotFolder,
                _ => error.into(),
            }),
        _ => Ok(()),
    }
}

pub(super) fn remove(path: &str) -> Result<(), Fault> {
    Ok(fs::remove_file(unescape(path))?)
}

pub(super) fn rename(from: &str, to: &str) -> Result<(), Fault> {
    let (from, to) = (unescape(from), unescape(to));
    fs::symlink_metadata(&from)?;
    parents(&to)?;
    Ok(fs::rename(from, to)?)
}
