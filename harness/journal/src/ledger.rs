//! `spent.jsonl` of a run: what each call to a live model can cost, written before it is made, and what it did cost, written
//! after it. So whoever goes on with the run knows what has gone, however it was stopped. Knows nothing of prices.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::PathBuf;

use base::FormatVersion;
use serde::{Deserialize, Serialize};

use crate::{JournalError, RunDir};

/// The version of the file.
const VERSION: FormatVersion = FormatVersion::new(1, 0);
/// Its name in a run's folder.
const FILE_NAME: &str = "spent.jsonl";

/// The file, open for more.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: File,
    /// The number of the next call.
    next: u64,
    before: f64,
}

#[derive(Serialize, Deserialize)]
struct Header {
    ledger: FormatVersion,
}

/// One line: a call that is about to be made, or one that is over.
#[derive(Serialize, Deserialize)]
struct Line {
    call: u64,
    /// What it can cost, in USD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    most_usd: Option<f64>,
    /// What it did cost, in USD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usd: Option<f64>,
}

impl Ledger {
    /// The ledger of a run, new where it has none. Nobody else may have it open: two programs would spend the same money.
    pub fn open(dir: &RunDir) -> Result<Self, JournalError> {
        let path = dir.path.join(FILE_NAME);
        let file = OpenOptions::new().append(true).create(true).open(&path);
        let file = file.map_err(JournalError::io(&path))?;
        // A file system that knows no locks has none to respect.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            let error = io::Error::other("another retake is going on with this run");
            return Err(JournalError::Io { path, error });
        }
        let text = fs::read(&path).map_err(JournalError::io(&path))?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        // What a killed program left of a line goes. A call whose cost is not there counts with the most.
        file.set_len(whole as u64).map_err(JournalError::io(&path))?;
        let mut ledger = Self { path, file, next: 1, before: 0.0 };
        if whole == 0 {
            ledger.put(&Header { ledger: VERSION }).map_err(JournalError::io(&ledger.path))?;
        } else {
            ledger.read(&text[..whole])?;
        }
        Ok(ledger)
    }

    /// Whether a run has one.
    pub fn is_in(dir: &RunDir) -> bool {
        dir.path.join(FILE_NAME).is_file()
    }

    /// What had gone when it was opened, in USD: of calls that came to no end the most that they can have cost.
    pub fn before(&self) -> f64 {
        self.before
    }

    /// Notes a call that is about to be made and can cost so many USD; gives its number. Where that can't be noted it must not be
    /// made.
    pub fn asked(&mut self, most_usd: f64) -> Result<u64, JournalError> {
        let call = self.next;
        let line = Line { call, most_usd: Some(most_usd), usd: None };
        self.put(&line).map_err(JournalError::io(&self.path))?;
        self.next += 1;
        Ok(call)
    }

    /// Notes what a call did cost, in USD. Where that can't be noted it counts with the most.
    pub fn settled(&mut self, call: u64, usd: f64) {
        let _ = self.put(&Line { call, most_usd: None, usd: Some(usd) });
    }

    fn read(&mut self, text: &[u8]) -> Result<(), JournalError> {
        let mut calls: BTreeMap<u64, f64> = BTreeMap::new();
        for (index, line) in
            text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty())
        {
            let bad = |error: serde_json::Error| JournalError::Line {
                path: self.path.clone(),
                line: index + 1,
                error: error.to_string(),
            };
            if index == 0 {
                let Header { ledger } = serde_json::from_slice(line).map_err(bad)?;
                let path = self.path.clone();
                VERSION.check(ledger).map_err(|error| JournalError::Version { path, error })?;
                continue;
            }
            let Line { call, most_usd, usd } = serde_json::from_slice(line).map_err(bad)?;
            // The most comes first, and what it did cost stands in its place.
            if let Some(usd) = usd.or(most_usd) {
                calls.insert(call, usd);
            }
        }
        self.next = calls.last_key_value().map_or(0, |(call, _)| *call) + 1;
        self.before = calls.values().sum();
        Ok(())
    }

    fn put<T: Serialize>(&mut self, line: &T) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.write_all(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> (tempfile::TempDir, RunDir) {
        let temp = tempfile::tempdir().unwrap();
        let dir = RunDir { path: temp.path().to_owned() };
        (temp, dir)
    }

    #[test]
    fn calls_that_came_to_no_end_count_with_the_most_they_can_have_cost() {
        let (_temp, dir) = run();
        let mut ledger = Ledger::open(&dir).unwrap();
        let first = ledger.asked(0.5).unwrap();
        let second = ledger.asked(0.25).unwrap();
        ledger.settled(first, 0.125);
        drop(ledger);
        let mut again = Ledger::open(&dir).unwrap();
        assert_eq!(again.before(), 0.375);
        let third = again.asked(1.0).unwrap();
        assert!(third > second);
        again.settled(third, 0.0);
        drop(again);
        assert_eq!(Ledger::open(&dir).unwrap().before(), 0.375);
    }

    #[test]
    fn a_ledger_cut_at_any_byte_never_says_less_than_was_paid_and_goes_on() {
        let (_temp, dir) = run();
        let mut ledger = Ledger::open(&dir).unwrap();
        let path = dir.path.join(FILE_NAME);
        // What had been paid at most when the file was so long.
        let mut told = vec![(fs::metadata(&path).unwrap().len(), 0.0)];
        let mut paid = 0.0;
        for (most, usd) in [(0.5, 0.125), (0.25, 0.25), (1.0, 0.0)] {
            let call = ledger.asked(most).unwrap();
            told.push((fs::metadata(&path).unwrap().len(), paid + most));
            ledger.settled(call, usd);
            paid += usd;
            told.push((fs::metadata(&path).unwrap().len(), paid));
        }
        drop(ledger);
        let whole = fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let expected =
                told.iter().rfind(|(length, _)| *length <= cut as u64).map_or(0.0, |(_, usd)| *usd);
            let mut ledger = Ledger::open(&dir).unwrap();
            assert_eq!(ledger.before(), expected, "cut at {cut}");
            ledger.asked(2.0).unwrap();
            drop(ledger);
            assert_eq!(Ledger::open(&dir).unwrap().before(), expected + 2.0, "cut at {cut}");
        }
    }

    #[test]
    fn nobody_opens_a_ledger_that_is_open() {
        let (_temp, dir) = run();
        let ledger = Ledger::open(&dir).unwrap();
        let error = Ledger::open(&dir).unwrap_err().to_string();
        assert!(error.contains("another retake"), "{error}");
        drop(ledger);
        Ledger::open(&dir).unwrap();
    }

    #[test]
    fn a_line_that_says_nothing_is_named() {
        let (_temp, dir) = run();
        drop(Ledger::open(&dir).unwrap());
        let path = dir.path.join(FILE_NAME);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{text}nonsense\n")).unwrap();
        let error = Ledger::open(&dir).unwrap_err().to_string();
        assert!(error.contains("spent.jsonl:2"), "{error}");
    }
}
