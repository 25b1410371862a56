//! Files and folders, any mix, plain or compressed, read in parallel; what could not be read, with the line. Knows
//! nothing of what the files hold.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use base::Digest;
use promptcache::{Session, Trace};
use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use crate::dedupe::{Duplicate, dedupe};
use crate::sniff::{Found, read};

/// The most that one file may unpack to, so that a small one cannot fill the memory.
const UNPACKED_MAX: u64 = 4 << 30;
/// Ends of names that may hold sessions.
const ENDS: [&str; 11] =
    [".jsonl", ".json", ".ndjson", ".yaml", ".yml", ".har", ".txt", ".sse", ".responses", ".log", ".trace"];
const PACKED: [&str; 4] = [".gz", ".gzip", ".zst", ".zstd"];
/// Folders that hold none.
const LEFT_OUT: [&str; 3] = [".git", "node_modules", "target"];

/// Learns how far the reading is.
pub trait Observer: Sync {
    /// So many files will be read.
    fn files(&self, count: usize);
    /// One was read.
    fn done(&self, path: &Path);
}

/// Learns nothing.
pub struct Silent;

impl Observer for Silent {
    fn files(&self, _count: usize) {}
    fn done(&self, _path: &Path) {}
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unreadable {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1; 0 where it is the file.
    pub line: usize,
    /// Why.
    pub problem: String,
}

/// What was read.
#[derive(Debug, Default)]
pub struct Read {
    /// The sessions, each once, by source.
    pub sessions: Vec<Session>,
    /// Serving traces of block hashes.
    pub traces: Vec<Trace>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
    /// Files of folders that hold nothing of a kind that is known.
    pub skipped: Vec<PathBuf>,
    /// Calls that stand in several sources, by the source that was left out and the one that was kept.
    pub duplicates: Vec<(String, String, u64)>,
    /// Files that were read.
    pub files: usize,
}

/// A file, whether it was named, and the digest of its text with what it gave.
type One = (PathBuf, bool, io::Result<(Digest, Found)>);

/// Reads files and folders.
pub fn read_paths(paths: &[PathBuf], observer: &dyn Observer) -> Read {
    let mut files: Vec<(PathBuf, bool)> = Vec::new();
    let mut unreadable = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(of_folder(path, &mut unreadable).into_iter().map(|path| (path, false)));
        } else {
            files.push((path.clone(), true));
        }
    }
    files.sort();
    files.dedup_by(|a, b| a.0 == b.0);
    observer.files(files.len());
    let found: Vec<One> = files
        .into_par_iter()
        .map(|(path, named)| {
            let found = text(&path).map(|text| (Digest::of(text.as_bytes()), read(&path, &text)));
            observer.done(&path);
            (path, named, found)
        })
        .collect();
    let mut all = Read { unreadable, files: found.len(), ..Read::default() };
    let mut seen: HashMap<Digest, PathBuf> = HashMap::new();
    for (path, named, found) in found {
        match found {
            Err(error) => {
                all.unreadable.push(Unreadable { path, line: 0, problem: error.to_string() });
            }
            Ok((digest, found)) => match seen.get(&digest).filter(|_| calls(&found) > 0) {
                // What has no id of its own is known by its content.
                Some(kept) => {
                    let names = [&path, kept].map(|path| path.to_string_lossy().into_owned());
                    let [left, kept] = names;
                    all.duplicates.push((left, kept, calls(&found)));
                }
                None => {
                    seen.insert(digest, path.clone());
                    all.take(&path, named, found);
                }
            },
        }
    }
    let (sessions, duplicates) = dedupe(all.sessions);
    all.sessions = sessions;
    all.duplicates.extend(duplicates.into_iter().map(|Duplicate { left, kept, calls }| (left, kept, calls)));
    all.unreadable.sort();
    all
}

/// Calls and requests of a file.
fn calls(found: &Found) -> u64 {
    let calls = found.sessions.iter().map(|session| session.calls.len());
    calls.chain(found.traces.iter().map(|trace| trace.requests.len())).sum::<usize>() as u64
}

impl Read {
    /// Takes what a file gave.
    fn take(&mut self, path: &Path, named: bool, found: Found) {
        let nothing = found.sessions.is_empty() && found.traces.is_empty() && found.faults.is_empty();
        let mut faults = found.faults;
        if nothing && !found.known {
            let json = [".json", ".har"].iter().any(|end| plain_name(path).ends_with(end));
            let unknown = || (0, "no session, trace or capture of a kind that is known".to_owned());
            let broken = found.broken.filter(|_| named || json);
            match broken.or_else(|| named.then(unknown)) {
                Some(fault) => faults.push(fault),
                None => self.skipped.push(path.to_owned()),
            }
        }
        self.sessions.extend(found.sessions);
        self.traces.extend(found.traces);
        let fault = |(line, problem)| Unreadable { path: path.to_owned(), line, problem };
        self.unreadable.extend(faults.into_iter().map(fault));
    }
}

/// A file's name without the end that says how it is packed.
fn plain_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    PACKED.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name).to_owned()
}

/// The files of a folder that may hold sessions.
fn of_folder(path: &Path, unreadable: &mut Vec<Unreadable>) -> Vec<PathBuf> {
    let wanted = |entry: &DirEntry| {
        // The payloads of a trace bundle are read with it.
        let of_bundle =
            || entry.file_name() == "payloads" && entry.path().with_file_name("trace.jsonl").is_file();
        let left_out = || LEFT_OUT.iter().any(|name| entry.file_name() == *name) || of_bundle();
        entry.depth() == 0 || !entry.file_type().is_dir() || !left_out()
    };
    let mut found = Vec::new();
    for entry in WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(wanted) {
        match entry {
            Ok(entry) if entry.file_type().is_file() && may_hold(&entry.file_name().to_string_lossy()) => {
                found.push(entry.into_path());
            }
            Ok(_) => {}
            Err(error) => {
                let path = error.path().unwrap_or(path).to_owned();
                unreadable.push(Unreadable { path, line: 0, problem: error.to_string() });
            }
        }
    }
    found
}

fn may_hold(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let plain = PACKED.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    ENDS.iter().any(|end| plain.ends_with(end))
        || plain.ends_with("raw_transcript")
        || name.len() > plain.len()
}

/// The text of a file, unpacked by what it begins with.
fn text(path: &Path) -> io::Result<String> {
    let bytes = fs::read(path)?;
    let bytes = match bytes.as_slice() {
        [0x1f, 0x8b, ..] => unpacked(flate2::read::MultiGzDecoder::new(bytes.as_slice()))?,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(bytes.as_slice());
            unpacked(decoder.map_err(|error| io::Error::other(error.to_string()))?)?
        }
        _ => bytes,
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(bytes);
    // A byte that is no UTF-8 costs its character, not the file.
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

fn unpacked(reader: impl io::Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = reader.take(UNPACKED_MAX).read_to_end(&mut bytes)?;
    if read as u64 == UNPACKED_MAX {
        return Err(io::Error::other("unpacks to more than 4 GiB"));
    }
    Ok(bytes)
}
