//! Reads a cassette whole and checks that it holds together. Keys are computed here, from the raw blocks, so that
//! a better profile needs no new recording.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base::{Digest, VersionError};
use wire::{Block, JsonError, Tracker};

use crate::format::{Line, OLDEST, VERSION};
use crate::{CheckRound, Exchange, Header, Profile, ProfileError, Snapshot, ToolRun};

/// A cassette that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CassetteError {
    /// The file system failed.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A line that does not belong in a cassette.
    #[error("{}:{line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A block that is no JSON.
    #[error("{}: block {block}: {error}", path.display())]
    Block {
        /// The file.
        path: PathBuf,
        /// The block's id.
        block: u32,
        /// What is wrong with it.
        error: JsonError,
    },
    /// The recording stops before its end.
    #[error("{}: cut after line {lines} (the recording has {exchanges} whole exchanges and no end): record it again", path.display())]
    Cut {
        /// The file.
        path: PathBuf,
        /// Whole lines in it.
        lines: usize,
        /// Whole exchanges in it.
        exchanges: usize,
    },
    /// A version that cannot be read here.
    #[error("{}: {error}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: VersionError,
    },
    /// Its profile cannot be used.
    #[error("{}: {error}", path.display())]
    Profile {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: ProfileError,
    },
}

/// A block with its recorded token count.
#[derive(Clone, Debug)]
pub struct StoredBlock {
    /// The block.
    pub block: Block,
    /// Its tokens, by the header's tokenizer.
    pub tokens: u32,
}

/// A whole recording.
#[derive(Debug)]
pub struct Cassette {
    /// What it is.
    pub header: Header,
    /// Digest of the file.
    pub digest: Digest,
    /// Every distinct block, by id.
    pub blocks: Vec<StoredBlock>,
    /// The exchanges, in the order they ended.
    pub exchanges: Vec<Exchange>,
    /// The tool calls, by lane, step and call id.
    pub tools: HashMap<(String, u32, String), ToolRun>,
    /// The rounds of checks, in order.
    pub checks: Vec<CheckRound>,
    /// The last state of the workspace.
    pub snapshot: Option<Snapshot>,
    /// Whether it came to its end; otherwise it was cut after its last whole exchange.
    pub whole: bool,
    /// What the hidden checks gave when it was recorded; nothing where that is not known.
    pub reward: Option<f64>,
    /// What its requests are matched with.
    pub profile: Profile,
    /// Which exchange answers a request: by lane, key, attempt; several of one key in recorded order.
    pub(crate) index: HashMap<(String, Digest, u32), Vec<usize>>,
    /// The same whatever the lane and the attempt.
    pub(crate) any: HashMap<Digest, Vec<usize>>,
}

impl Cassette {
    /// Reads a cassette that came to its end, its profile being one of those that come with this program.
    pub fn load(path: &Path) -> Result<Self, CassetteError> {
        Self::read(path, false)
    }

    /// Reads a cassette also where whoever wrote it was killed: then up to its last whole line.
    pub fn load_cut(path: &Path) -> Result<Self, CassetteError> {
        Self::read(path, true)
    }

    /// Reads as much of a recording as can be read: up to the first line that is cut or broken. Gives what stopped it, too;
    /// nothing where the recording is whole. `text` is the file's, unpacked; `path` only names it.
    pub fn salvage(path: &Path, text: &[u8]) -> Result<(Self, Option<CassetteError>), CassetteError> {
        let (reader, ends, broken) = Reader::over(path, text);
        if reader.header.is_none() {
            return Err(broken.unwrap_or_else(|| reader.cut()));
        }
        let stopped = broken.or_else(|| (!(ends && reader.parts.ended)).then(|| reader.cut()));
        Ok((Self::of(path, text, reader, stopped.is_none())?, stopped))
    }

    fn read(path: &Path, may_be_cut: bool) -> Result<Self, CassetteError> {
        let text = fs::read(path).map_err(|error| CassetteError::Io { path: path.to_owned(), error })?;
        let (reader, ends, broken) = Reader::over(path, &text);
        broken.map_or(Ok(()), Err)?;
        let whole = ends && reader.parts.ended;
        if !whole && !may_be_cut {
            return Err(reader.cut());
        }
        Self::of(path, &text, reader, whole)
    }

    /// What was read of a text.
    fn of(path: &Path, text: &[u8], mut reader: Reader<'_>, whole: bool) -> Result<Self, CassetteError> {
        let header = reader.header.take().ok_or_else(|| reader.cut())?;
        let profile = Profile::built_in(&header.profile)
            .map_err(|error| CassetteError::Profile { path: path.to_owned(), error })?;
        let mut profile = profile.speaking(header.protocol);
        // Without marks there is nothing to look for: a secret in a request is then a difference like any other.
        if std::str::from_utf8(text).is_ok_and(crate::has_marks) {
            profile = profile.redacting();
        }
        let parts = reader.parts;
        let mut cassette = Self {
            header,
            digest: Digest::of(text),
            blocks: parts.blocks,
            exchanges: parts.exchanges,
            tools: parts.tools,
            checks: parts.checks,
            snapshot: parts.snapshot,
            whole,
            reward: parts.reward,
            profile,
            index: HashMap::new(),
            any: HashMap::new(),
        };
        cassette.make_keys().map_err(|(block, error)| CassetteError::Block {
            path: path.to_owned(),
            block,
            error,
        })?;
        Ok(cassette)
    }

    /// The key of every request; where a block is no JSON, its id.
    fn make_keys(&mut self) -> Result<(), (u32, JsonError)> {
        let mut lanes: HashMap<&str, (Tracker, Vec<u32>)> = HashMap::new();
        for (number, exchange) in self.exchanges.iter().enumerate() {
            let (tracker, ids) = lanes.entry(&exchange.lane).or_default();
            let same = exchange.apply(ids);
            let block = |at: usize| &self.blocks[ids[at] as usize].block;
            let key = tracker.follow(same, ids, block, &self.profile);
            let key = key.map_err(|error| (ids[tracker.chain().len()], error))?;
            self.index.entry((exchange.lane.clone(), key, exchange.attempt)).or_default().push(number);
            self.any.entry(key).or_default().push(number);
        }
        Ok(())
    }

    /// The whole request of an exchange, block by block.
    pub fn request(&self, number: usize) -> Vec<Block> {
        let Some(last) = self.exchanges.get(number) else { return Vec::new() };
        let mut ids: Vec<u32> = Vec::new();
        for exchange in self.exchanges[..=number].iter().filter(|e| e.lane == last.lane) {
            exchange.apply(&mut ids);
        }
        ids.into_iter().map(|id| self.blocks[id as usize].block.clone()).collect()
    }

    /// The text of a block that holds a tool's output or a message.
    pub fn text(&self, block: u32) -> Option<String> {
        match wire::Item::decode(&self.blocks.get(block as usize)?.block.raw)? {
            wire::Item::Output { output, .. } => Some(output),
            wire::Item::Message { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// Follows one lane of a recording from request to request.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    lane: String,
    ids: Vec<u32>,
    next: usize,
}

impl Walk {
    /// The blocks of an exchange's request, by id. Going on within a lane costs what is new.
    pub(crate) fn to(&mut self, cassette: &Cassette, number: usize) -> &[u32] {
        let Some(last) = cassette.exchanges.get(number) else { return &[] };
        if number + 1 < self.next || self.lane != last.lane {
            *self = Self { lane: last.lane.clone(), ..Self::default() };
        }
        if number >= self.next {
            for exchange in cassette.exchanges[self.next..=number].iter().filter(|e| e.lane == self.lane) {
                exchange.apply(&mut self.ids);
            }
            self.next = number + 1;
        }
        &self.ids
    }
}

#[derive(Default)]
struct Parts {
    blocks: Vec<StoredBlock>,
    exchanges: Vec<Exchange>,
    tools: HashMap<(String, u32, String), ToolRun>,
    checks: Vec<CheckRound>,
    snapshot: Option<Snapshot>,
    lengths: HashMap<String, usize>,
    ended: bool,
    reward: Option<f64>,
}

struct Reader<'a> {
    path: &'a Path,
    line: usize,
    header: Option<Header>,
    parts: Parts,
}

impl<'a> Reader<'a> {
    /// Reads whole lines up to a broken one; whether the last line of the text is whole, and what broke.
    fn over(path: &'a Path, text: &[u8]) -> (Self, bool, Option<CassetteError>) {
        let mut reader = Self { path, line: 0, header: None, parts: Parts::default() };
        let mut lines: Vec<&[u8]> = text.split(|b| *b == b'\n').collect();
        let ends = lines.pop().is_some_and(<[u8]>::is_empty) && !text.is_empty();
        for line in lines {
            reader.line += 1;
            if let Err(error) = reader.take(line) {
                return (reader, ends, Some(error));
            }
        }
        (reader, ends, None)
    }

    fn cut(&self) -> CassetteError {
        let (path, exchanges) = (self.path.to_owned(), self.parts.exchanges.len());
        CassetteError::Cut { path, lines: self.line, exchanges }
    }

    fn error(&self, problem: impl Into<String>) -> CassetteError {
        CassetteError::Line { path: self.path.to_owned(), line: self.line, problem: problem.into() }
    }

    fn take(&mut self, text: &[u8]) -> Result<(), CassetteError> {
        let line: Line = serde_json::from_slice(text)
            .map_err(|e| self.error(format!("not a line of a cassette (column {}): {e}", e.column())))?;
        if (self.line == 1) != matches!(line, Line::Cassette(_)) {
            return Err(self.error("a cassette has its header on its first line, and only there"));
        }
        if self.parts.ended {
            return Err(self.error("nothing may follow the end of a recording"));
        }
        match line {
            Line::Cassette(header) => {
                let version = VERSION.check_since(OLDEST, header.version);
                version.map_err(|error| CassetteError::Version { path: self.path.to_owned(), error })?;
                self.header = Some(header);
            }
            Line::Block(block) => self.block(block)?,
            Line::Exchange(exchange) => self.exchange(exchange)?,
            Line::Tool(run) => {
                self.known(run.output)?;
                self.parts.tools.insert((run.lane.clone(), run.step, run.call_id.clone()), run);
            }
            Line::Check(round) => {
                round.feedback.map_or(Ok(()), |block| self.known(block))?;
                self.parts.checks.push(round);
            }
            Line::Snapshot(snapshot) => self.parts.snapshot = Some(snapshot),
            Line::End(end) => (self.parts.ended, self.parts.reward) = (true, end.reward),
        }
        Ok(())
    }

    fn known(&self, block: u32) -> Result<(), CassetteError> {
        let there = (block as usize) < self.parts.blocks.len();
        if there {
            Ok(())
        } else {
            Err(self.error(format!("block {block} has not been seen before this line")))
        }
    }

    fn block(&mut self, line: crate::format::BlockLine) -> Result<(), CassetteError> {
        if line.id as usize != self.parts.blocks.len() {
            return Err(self.error(format!("block {} is out of order", line.id)));
        }
        let raw = match (line.raw, line.text) {
            (Some(raw), None) => String::from(Box::<str>::from(raw)),
            (None, Some(text)) => text,
            _ => return Err(self.error("a block has either `raw` or `text`")),
        };
        self.parts.blocks.push(StoredBlock { block: Block::new(line.kind, raw), tokens: line.tokens });
        Ok(())
    }

    fn exchange(&mut self, exchange: Exchange) -> Result<(), CassetteError> {
        for id in exchange.replace.values().chain(&exchange.add) {
            self.known(*id)?;
        }
        if exchange.replace.keys().next_back().is_some_and(|last| *last >= exchange.keep) {
            return Err(self.error("the exchange replaces a block that it does not keep"));
        }
        let length = self.parts.lengths.get(&exchange.lane).copied().unwrap_or(0);
        if exchange.keep as usize > length {
            return Err(self.error("the exchange keeps more blocks than the request before it had"));
        }
        self.parts.lengths.insert(exchange.lane.clone(), exchange.keep as usize + exchange.add.len());
        self.parts.exchanges.push(exchange);
        Ok(())
    }
}
