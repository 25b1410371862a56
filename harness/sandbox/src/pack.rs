//! A host folder as a stream: written by the harness, which may read it, and unpacked inside by the trial's user,
//! who then owns it. Knows nothing of where either end lies.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const END: u8 = 0;
const FOLDER: u8 = 1;
const FILE: u8 = 2;
const LINK: u8 = 3;
const LONGEST_PATH: u64 = 1 << 16;

/// Writes everything below `root` (or the one file that it is). Sockets, pipes and devices are left out.
pub(crate) fn pack(root: &Path, out: &mut impl Write) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(64 << 10, out);
    let mut open = vec![PathBuf::new()];
    while let Some(relative) = open.pop() {
        let path = if relative.as_os_str().is_empty() { root.to_owned() } else { root.join(&relative) };
        // The root itself may be a link to a folder; nothing below it is followed.
        let metadata =
            if relative.as_os_str().is_empty() { fs::metadata(&path)? } else { fs::symlink_metadata(&path)? };
        let kind = metadata.file_type();
        let mode = metadata.permissions().mode();
        if kind.is_dir() {
            entry(&mut out, FOLDER, &relative, mode)?;
            let mut children: Vec<PathBuf> = fs::read_dir(&path)?
                .map(|child| Ok(relative.join(child?.file_name())))
                .collect::<io::Result<_>>()?;
            children.sort_unstable_by(|a, b| b.cmp(a));
            open.append(&mut children);
        } else if kind.is_symlink() {
            entry(&mut out, LINK, &relative, 0)?;
            bytes(&mut out, fs::read_link(&path)?.as_os_str().as_bytes())?;
        } else if kind.is_file() {
            entry(&mut out, FILE, &relative, mode)?;
            content(&mut out, &path, metadata.len())?;
        }
    }
    out.write_all(&[END])?;
    out.flush()
}

fn entry(out: &mut impl Write, kind: u8, path: &Path, mode: u32) -> io::Result<()> {
    out.write_all(&[kind])?;
    out.write_all(&mode.to_le_bytes())?;
    bytes(out, path.as_os_str().as_bytes())
}

fn bytes(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&(bytes.len() as u64).to_le_bytes())?;
    out.write_all(bytes)
}

/// One file: exactly the length that was announced, whatever becomes of the file meanwhile.
fn content(out: &mut impl Write, path: &Path, length: u64) -> io::Result<()> {
    out.write_all(&length.to_le_bytes())?;
    let copied = io::copy(&mut fs::File::open(path)?.take(length), out)?;
    io::copy(&mut io::repeat(0).take(length - copied), out)?;
    Ok(())
}

/// Reads what `pack` wrote and makes it at `root`, whose parent exists. The stream is read to its end even where
/// something cannot be made, so that the other side is never left with a broken stream; the first fault is given.
pub(crate) fn unpack(root: &Path, input: &mut impl Read) -> io::Result<()> {
    let mut fault = None;
    let mut modes: Vec<(PathBuf, u32)> = Vec::new();
    loop {
        let kind = number::<1>(input)?[0];
        if kind == END {
            break;
        }
        let mode = u32::from_le_bytes(number(input)?);
        let relative = path(input)?;
        let path = if relative.as_os_str().is_empty() { root.to_owned() } else { root.join(relative) };
        let made = match kind {
            FOLDER => {
                modes.push((path.clone(), mode));
                make_folder(&path)
            }
            FILE => file(input, &path, mode)?,
            LINK => std::os::unix::fs::symlink(self::path(input)?, &path),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        fault = fault.or(made.err());
    }
    // Folders get their modes last: a read-only one must first be filled.
    for (path, mode) in modes.into_iter().rev() {
        let mode = fs::Permissions::from_mode(mode & 0o777 | 0o700);
        fault = fault.or(fs::set_permissions(path, mode).err());
    }
    fault.map_or(Ok(()), Err)
}

fn make_folder(path: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o755).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        other => other,
    }
}

/// The outer result is the stream's, the inner one the file's.
fn file(input: &mut impl Read, path: &Path, mode: u32) -> io::Result<io::Result<()>> {
    let length = u64::from_le_bytes(number(input)?);
    let mut content = input.take(length);
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode & 0o777 | 0o600).open(path);
    let written = opened.and_then(|mut file| copy(&mut content, &mut file));
    let rest = content.limit();
    if rest > 0 && io::copy(&mut content, &mut io::sink())? < rest {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(written)
}

fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    io::copy(from, to).map(drop)
}

fn number<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut buffer = [0; N];
    input.read_exact(&mut buffer)?;
    Ok(buffer)
}

fn path(input: &mut impl Read) -> io::Result<PathBuf> {
    let length = u64::from_le_bytes(number(input)?);
    if length > LONGEST_PATH {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length as usize];
    input.read_exact(&mut bytes)?;
    Ok(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}
