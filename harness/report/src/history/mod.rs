//! `history.jsonl`: a line a run, appended and mergeable, and how it is read back. Knows nothing of trends.

mod flaky;
mod line;
mod series;
mod text;

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

pub use flaky::Flaky;
pub use line::{HistoryLine, QuestionKind, QuestionLine, VariantLine};
pub use series::{Difference, History, Point, Series, SeriesChange, Trend, TrendMetric};
pub use text::history_text;
pub(crate) use text::value_text;

/// The name of the file in the folder where runs land.
pub const FILE_NAME: &str = "history.jsonl";
/// Bytes of the largest history that is read.
const SIZE_MAX: u64 = 256 * 1024 * 1024;

/// A history that cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The file system failed.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The file is larger than any history.
    #[error("{}: a history of more than {SIZE_MAX} bytes is not read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A line that cannot be written.
    #[error("a line of the history cannot be written: {0}")]
    Encode(#[from] serde_json::Error),
}

/// What was read of a history.
#[derive(Clone, Debug, Default)]
pub struct HistoryFile {
    /// Its lines, oldest run first, each run once.
    pub lines: Vec<HistoryLine>,
    /// Lines that could not be read, from 1, with what is wrong with them.
    pub unreadable: Vec<(usize, String)>,
}

/// Appends one run, unless it stands there and says the same: one that goes on after its end has nothing to add. Written at once, so
/// that lines of several programs do not mix.
pub fn append(out: &Path, line: &HistoryLine) -> Result<(), HistoryError> {
    if read(out).is_ok_and(|file| file.lines.iter().any(|old| old.run_id == line.run_id && old.says(line))) {
        return Ok(());
    }
    let path = out.join(FILE_NAME);
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    put(&path, text).map_err(|error| HistoryError::Io { path, error })
}

fn put(path: &Path, mut text: Vec<u8>) -> std::io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    // A line that was cut, by a full disk or by hand, does not swallow the next one.
    if !ends_whole(path)? {
        text.insert(0, b'\n');
    }
    file.write_all(&text)
}

fn ends_whole(path: &Path) -> std::io::Result<bool> {
    let mut file = fs::File::open(path)?;
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Reads a history; an empty one where there is none. Lines come in any order and more than once, as a merge leaves them.
pub fn read(out: &Path) -> Result<HistoryFile, HistoryError> {
    let path = out.join(FILE_NAME);
    let io = |error| HistoryError::Io { path: path.clone(), error };
    let size = match fs::metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(HistoryFile::default()),
        Err(error) => return Err(io(error)),
    };
    if size > SIZE_MAX {
        return Err(HistoryError::TooLarge { path });
    }
    let text = fs::read(&path).map_err(io)?;
    let mut runs: BTreeMap<(base::Timestamp, base::RunId), HistoryLine> = BTreeMap::new();
    let mut unreadable = Vec::new();
    for (index, line) in text.split(|b| *b == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        match HistoryLine::parse(line) {
            Ok(line) => {
                runs.insert((line.created, line.run_id.clone()), line);
            }
            // What a merge leaves behind is not a run.
            Err(_) if [&b"<<<<<<<"[..], b"=======", b">>>>>>>"].iter().any(|mark| line.starts_with(mark)) => {
            }
            Err(why) => unreadable.push((index + 1, why)),
        }
    }
    Ok(HistoryFile { lines: runs.into_values().collect(), unreadable })
}
