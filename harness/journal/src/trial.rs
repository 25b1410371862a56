//! One trial's journals on disk: an append-only file an attempt, flushed event by event, and their reader. Knows
//! nothing of what the events mean.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use base::{Digest, FormatVersion, Hasher, TrialId, VersionError};
use serde::{Deserialize, Serialize};

use crate::{Ended, Event, Host, HostEnded, Record};

/// The version of the journal's format.
const VERSION: FormatVersion = FormatVersion::new(1, 2);

/// A journal that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system failed.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A line that is no event.
    #[error("{}:{line}: not a journal line: {error}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        error: String,
    },
    /// A version that cannot be read here.
    #[error("{}: {error}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: VersionError,
    },
}

impl JournalError {
    /// An input/output error with its path.
    pub fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |error| Self::Io { path: path.to_owned(), error }
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    journal: FormatVersion,
    trial: TrialId,
    attempt: u32,
}

/// The folder of one trial.
#[derive(Clone, Debug)]
pub struct TrialDir {
    /// Where it is.
    pub path: PathBuf,
}

impl TrialDir {
    /// The journal file of an attempt.
    pub fn journal(&self, attempt: u32) -> PathBuf {
        self.path.join(format!("attempt-{attempt}.jsonl"))
    }

    /// The kept exchanges of an attempt.
    pub fn exchanges(&self, attempt: u32) -> PathBuf {
        self.path.join(format!("attempt-{attempt}.cassette.jsonl"))
    }

    /// The kept workspace of an attempt.
    pub fn workspace(&self, attempt: u32) -> PathBuf {
        self.path.join(format!("attempt-{attempt}.workspace"))
    }

    /// The attempts that have a journal, in order.
    pub fn attempts(&self) -> Result<Vec<u32>, JournalError> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(JournalError::io(&self.path)(error)),
        };
        let mut attempts = Vec::new();
        for entry in entries {
            let name = entry.map_err(JournalError::io(&self.path))?.file_name();
            let number = name.to_str().and_then(|n| n.strip_prefix("attempt-")?.strip_suffix(".jsonl"));
            attempts.extend(number.and_then(|n| n.parse::<u32>().ok()));
        }
        attempts.sort_unstable();
        Ok(attempts)
    }

    /// The last event of the latest attempt, where that attempt came to its end. Reads only the file's tail.
    pub fn ended(&self) -> Result<Option<(u32, Ended, HostEnded)>, JournalError> {
        let Some(attempt) = self.attempts()?.pop() else { return Ok(None) };
        let path = self.journal(attempt);
        let Some(line) = last_line(&path).map_err(JournalError::io(&path))? else { return Ok(None) };
        let Ok(record) = serde_json::from_slice::<Record>(&line) else { return Ok(None) };
        Ok(match record.event {
            Event::TrialEnded(ended) => {
                Some((attempt, *ended, record.host.ended.map(|e| *e).unwrap_or_default()))
            }
            _ => None,
        })
    }

    /// The first event of an attempt; nothing where it has no whole one. Reads only the file's beginning.
    pub fn began(&self, attempt: u32) -> Result<Option<Event>, JournalError> {
        let path = self.journal(attempt);
        let file = File::open(&path).map_err(JournalError::io(&path))?;
        let mut file = BufReader::new(file.take(LONGEST_BEGINNING));
        let mut line = Vec::new();
        // The first line is the file's own header.
        for _ in 0..2 {
            line.clear();
            file.read_until(b'\n', &mut line).map_err(JournalError::io(&path))?;
        }
        Ok(serde_json::from_slice::<Record>(&line).ok().map(|record| record.event))
    }
}

/// Bytes within which a journal's first event ends.
const LONGEST_BEGINNING: u64 = 1024 * 1024;

/// The last whole line of a file; nothing where it has none or its last line was cut.
fn last_line(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut file = File::open(path)?;
    let length = file.seek(SeekFrom::End(0))?;
    let mut window = 64 * 1024_u64;
    loop {
        let start = length.saturating_sub(window);
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        if tail.pop() != Some(b'\n') {
            return Ok(None);
        }
        match tail.iter().rposition(|b| *b == b'\n') {
            Some(at) => return Ok(Some(tail.split_off(at + 1))),
            None if start == 0 => return Ok(Some(tail)),
            None => window *= 8,
        }
    }
}

/// Gives a JSON text without what must not be kept; nothing where it has none of that.
pub type Scrub = Box<dyn FnMut(&str) -> Option<String> + Send>;

/// Writes one attempt's journal; every event is on its way to the disk before the call returns.
pub struct TrialWriter {
    path: PathBuf,
    file: File,
    line: Vec<u8>,
    counts: Vec<(String, u64)>,
    canonical: Hasher,
    scrub: Option<Scrub>,
}

impl TrialWriter {
    /// Starts the journal of a new attempt.
    pub fn create(dir: &TrialDir, trial: &TrialId, attempt: u32) -> Result<Self, JournalError> {
        fs::create_dir_all(&dir.path).map_err(JournalError::io(&dir.path))?;
        let path = dir.journal(attempt);
        let file =
            OpenOptions::new().write(true).create_new(true).open(&path).map_err(JournalError::io(&path))?;
        let mut writer = Self {
            path,
            file,
            line: Vec::with_capacity(4096),
            counts: Vec::new(),
            canonical: Hasher::new("trial"),
            scrub: None,
        };
        let header = Header { journal: VERSION, trial: trial.clone(), attempt };
        writer.put(|line| serde_json::to_writer(line, &header))?;
        Ok(writer)
    }

    /// The same with every event scrubbed before it is written or enters the digest.
    #[must_use]
    pub fn scrubbing(mut self, scrub: Scrub) -> Self {
        self.scrub = Some(scrub);
        self
    }

    /// A text as it may be written.
    fn scrubbed(&mut self, text: String) -> String {
        let scrubbed = self.scrub.as_mut().and_then(|scrub| scrub(&text));
        scrubbed.unwrap_or(text)
    }

    /// Appends one event.
    pub fn write(&mut self, lane: &str, event: &Event, host: &Host) -> Result<(), JournalError> {
        let (n, event) = self.number(lane, event)?;
        self.append(lane, n, &event, host)
    }

    /// Appends the last event; its host part gets the digest over the canonical parts of all events.
    pub fn end(mut self, lane: &str, ended: Ended, mut host: Host) -> Result<HostEnded, JournalError> {
        let (n, event) = self.number(lane, &Event::TrialEnded(Box::new(ended)))?;
        let mut facts = host.ended.take().unwrap_or_default();
        facts.digest = Some(self.canonical.finish());
        host.ended = Some(facts.clone());
        self.append(lane, n, &event, &host)?;
        Ok(*facts)
    }

    fn number(&mut self, lane: &str, event: &Event) -> Result<(u64, String), JournalError> {
        let event = serde_json::to_string(event).map_err(|e| self.encode_error(e))?;
        let event = self.scrubbed(event);
        let n = match self.counts.iter_mut().find(|(name, _)| name == lane) {
            Some((_, n)) => {
                *n += 1;
                *n
            }
            None => {
                self.counts.push((lane.to_owned(), 1));
                1
            }
        };
        canonical_part(&mut self.canonical, lane, n, &event);
        Ok((n, event))
    }

    fn append(&mut self, lane: &str, n: u64, event: &str, host: &Host) -> Result<(), JournalError> {
        #[derive(Serialize)]
        struct Line<'a> {
            lane: &'a str,
            n: u64,
            event: &'a serde_json::value::RawValue,
            #[serde(skip_serializing_if = "Option::is_none")]
            host: Option<Box<serde_json::value::RawValue>>,
        }
        let event = serde_json::from_str(event).map_err(|e| self.encode_error(e))?;
        let host = if *host == Host::default() {
            None
        } else {
            let text = serde_json::to_string(host).map_err(|e| self.encode_error(e))?;
            let text = self.scrubbed(text);
            Some(serde_json::value::RawValue::from_string(text).map_err(|e| self.encode_error(e))?)
        };
        self.put(|line| serde_json::to_writer(line, &Line { lane, n, event, host }))
    }

    fn put(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
    ) -> Result<(), JournalError> {
        self.line.clear();
        encode(&mut self.line).map_err(|e| self.encode_error(e))?;
        self.line.push(b'\n');
        self.file.write_all(&self.line).map_err(JournalError::io(&self.path))
    }

    fn encode_error(&self, error: serde_json::Error) -> JournalError {
        JournalError::Io { path: self.path.clone(), error: error.into() }
    }
}

fn canonical_part(hasher: &mut Hasher, lane: &str, n: u64, event: &str) {
    hasher.field(lane.as_bytes()).number(n).field(event.as_bytes());
}

/// One attempt as it was read back.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Which trial.
    pub trial: TrialId,
    /// Its number, from 1.
    pub number: u32,
    /// Its events, in order.
    pub records: Vec<Record>,
    /// Whether the file ends in the middle of a line: the harness was killed while it wrote.
    pub torn: bool,
    /// Digest over the canonical parts of its events.
    pub digest: Digest,
}

impl Attempt {
    /// Reads one journal. A last line that was cut is left out; any other bad line is an error.
    pub fn read(path: &Path) -> Result<Self, JournalError> {
        let text = fs::read(path).map_err(JournalError::io(path))?;
        let torn = text.last().is_some_and(|b| *b != b'\n');
        let mut lines: Vec<&[u8]> = text.split(|b| *b == b'\n').collect();
        lines.pop();
        let bad = |line: usize, error: String| JournalError::Line { path: path.to_owned(), line, error };
        let first = lines.first().ok_or_else(|| bad(1, "the file is empty".to_owned()))?;
        let header: Header = serde_json::from_slice(first).map_err(|e| bad(1, e.to_string()))?;
        VERSION
            .check(header.journal)
            .map_err(|error| JournalError::Version { path: path.to_owned(), error })?;
        let mut canonical = Hasher::new("trial");
        let mut records = Vec::with_capacity(lines.len());
        for (index, line) in lines.iter().enumerate().skip(1) {
            let record: Record = serde_json::from_slice(line).map_err(|e| bad(index + 1, e.to_string()))?;
            let event = serde_json::to_string(&record.event).map_err(|e| bad(index + 1, e.to_string()))?;
            canonical_part(&mut canonical, &record.lane, record.n, &event);
            records.push(record);
        }
        Ok(Self { trial: header.trial, number: header.attempt, records, torn, digest: canonical.finish() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial() -> (tempfile::TempDir, TrialDir, TrialId) {
        let temp = tempfile::tempdir().unwrap();
        let dir = TrialDir { path: temp.path().join("t") };
        (temp, dir, "core/a@main#1".parse().unwrap())
    }

    fn said(step: u32) -> Event {
        Event::Said { step, text: format!("step {step}") }
    }

    #[test]
    fn a_journal_reads_back_as_it_was_written_with_the_same_digest() {
        let (_temp, dir, id) = trial();
        let mut writer = TrialWriter::create(&dir, &id, 1).unwrap();
        let host = Host { at_us: 5, duration_us: Some(7), ..Host::default() };
        writer.write("main", &said(1), &host).unwrap();
        writer.write("side", &said(1), &Host::default()).unwrap();
        writer.write("main", &said(2), &Host::default()).unwrap();
        let digest = writer.canonical.finish();
        let attempt = Attempt::read(&dir.journal(1)).unwrap();
        assert_eq!(attempt.digest, digest);
        let numbers: Vec<_> = attempt.records.iter().map(|r| (r.lane.as_str(), r.n)).collect();
        assert_eq!(numbers, [("main", 1), ("side", 1), ("main", 2)]);
        assert_eq!(attempt.records[0].host, host);
        assert!(dir.ended().unwrap().is_none());
    }

    #[test]
    fn what_must_not_be_kept_is_in_no_event_and_the_digest_is_of_what_was_written() {
        let (_temp, dir, id) = trial();
        let scrub = |text: &str| text.contains("hush").then(|| text.replace("hush", "-"));
        let mut writer = TrialWriter::create(&dir, &id, 1).unwrap().scrubbing(Box::new(scrub));
        let host = Host { log: "hush".to_owned(), ..Host::default() };
        writer.write("main", &Event::Said { step: 1, text: "hush now".to_owned() }, &host).unwrap();
        let digest = writer.canonical.finish();
        assert!(!fs::read_to_string(dir.journal(1)).unwrap().contains("hush"));
        let attempt = Attempt::read(&dir.journal(1)).unwrap();
        assert_eq!((attempt.digest, attempt.records[0].host.log.as_str()), (digest, "-"));
    }

    #[test]
    fn what_the_host_measured_does_not_enter_the_digest() {
        let mut digests = Vec::new();
        for at_us in [1, 2] {
            let (_temp, dir, id) = trial();
            let mut writer = TrialWriter::create(&dir, &id, 1).unwrap();
            writer.write("main", &said(1), &Host { at_us, ..Host::default() }).unwrap();
            digests.push(writer.canonical.finish());
        }
        assert_eq!(digests[0], digests[1]);
    }

    #[test]
    fn a_line_cut_at_any_byte_is_dropped_and_the_rest_kept() {
        let (_temp, dir, id) = trial();
        let mut writer = TrialWriter::create(&dir, &id, 1).unwrap();
        writer.write("main", &said(1), &Host::default()).unwrap();
        let whole = fs::metadata(dir.journal(1)).unwrap().len();
        writer.write("main", &said(2), &Host::default()).unwrap();
        let bytes = fs::read(dir.journal(1)).unwrap();
        for cut in whole as usize + 1..bytes.len() {
            fs::write(dir.journal(1), &bytes[..cut]).unwrap();
            let attempt = Attempt::read(&dir.journal(1)).unwrap();
            assert!(attempt.torn);
            assert_eq!(attempt.records.len(), 1);
            assert!(dir.ended().unwrap().is_none());
        }
    }

    #[test]
    fn a_bad_line_in_the_middle_is_named() {
        let (_temp, dir, id) = trial();
        drop(TrialWriter::create(&dir, &id, 1).unwrap());
        let mut text = fs::read_to_string(dir.journal(1)).unwrap();
        text.push_str("nonsense\n{}\n");
        fs::write(dir.journal(1), text).unwrap();
        let error = Attempt::read(&dir.journal(1)).unwrap_err().to_string();
        assert!(error.contains("attempt-1.jsonl:2: not a journal line"), "{error}");
    }
}
