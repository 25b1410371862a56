//! Writes a cassette, line by line, each distinct block once. A recording that is killed half-way is readable up
//! to its last whole line. Knows nothing of who calls.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base::{Digest, Hasher};
use serde_json::value::RawValue;
use wire::{Block, Prompt, Protocol};

use crate::format::{BlockLine, End, Line};
use crate::{CheckRound, Exchange, Header, Response, Snapshot, ToolRun};

/// Counts tokens when a block is recorded, so that nobody need do it again.
pub trait CountTokens: Send + Sync {
    /// The tokenizer's name.
    fn name(&self) -> &str;
    /// Tokens of a text.
    fn count(&self, text: &str) -> u32;
}

/// A cassette in the making.
pub struct Writer {
    path: PathBuf,
    file: File,
    tokens: std::sync::Arc<dyn CountTokens>,
    protocol: Protocol,
    ids: HashMap<Digest, u32>,
    lanes: HashMap<String, Lane>,
    exchanges: u32,
    ended: bool,
}

/// A request that was taken down and has no answer yet.
#[derive(Debug)]
pub struct Asked {
    lane: String,
    step: u32,
    attempt: u32,
    protocol: Option<Protocol>,
    generation: u32,
    keep: usize,
    add: Vec<u32>,
}

#[derive(Default)]
struct Lane {
    generation: u32,
    blocks: Vec<u32>,
}

impl Writer {
    /// Starts a recording in a new file.
    pub fn create(path: &Path, header: Header, tokens: std::sync::Arc<dyn CountTokens>) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::create(path)?;
        let path = path.to_owned();
        let (protocol, ids, lanes) = (header.protocol, HashMap::new(), HashMap::new());
        let mut writer = Self { path, file, tokens, protocol, ids, lanes, exchanges: 0, ended: false };
        writer.line(&Line::Cassette(header))?;
        Ok(writer)
    }

    /// The file that is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        if self.ended {
            return Err(io::Error::other("the recording has ended"));
        }
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.write_all(&text)
    }

    /// The id of a block; writes it where it is new.
    pub fn block(&mut self, block: &Block) -> io::Result<u32> {
        let digest = Hasher::new("block").number(block.kind as u64).field(block.raw.as_bytes()).finish();
        if let Some(id) = self.ids.get(&digest) {
            return Ok(*id);
        }
        let id = u32::try_from(self.ids.len()).map_err(io::Error::other)?;
        let tokens = self.tokens.count(&block.raw);
        let one_line = !block.raw.contains(['\n', '\r']);
        let raw = if one_line { Some(RawValue::from_string(block.raw.clone().into_string())?) } else { None };
        let text = (!one_line).then(|| block.raw.clone().into_string());
        self.line(&Line::Block(BlockLine { id, kind: block.kind, tokens, raw, text }))?;
        self.ids.insert(digest, id);
        Ok(id)
    }

    /// Takes down what is asked in a lane, at which step and try, before the answer comes: its blocks are in the file from now on. A lane has one
    /// request under way at a time.
    pub fn ask(&mut self, protocol: Protocol, at: (&str, u32, u32), prompt: &Prompt) -> io::Result<Asked> {
        let (lane_name, step, attempt) = at;
        let lane = self.lanes.remove(lane_name).unwrap_or_default();
        let same = lane.generation == prompt.generation();
        let keep = if same { lane.blocks.len() } else { self.common(&lane, prompt) };
        self.lanes.insert(lane_name.to_owned(), lane);
        let mut add = Vec::new();
        for block in prompt.blocks().get(keep..).unwrap_or_default() {
            add.push(self.block(block)?);
        }
        let (lane, generation) = (lane_name.to_owned(), prompt.generation());
        let protocol = Some(protocol).filter(|protocol| *protocol != self.protocol);
        Ok(Asked { lane, step, attempt, protocol, generation, keep, add })
    }

    /// Records the exchange that a request and its answer make.
    pub fn exchange(&mut self, asked: Asked, response: Response) -> io::Result<()> {
        let Asked { lane: name, step, attempt, protocol, generation, keep, add } = asked;
        let lane = self.lanes.entry(name.clone()).or_default();
        lane.blocks.truncate(keep);
        lane.blocks.extend(&add);
        lane.generation = generation;
        let keep = u32::try_from(keep).map_err(io::Error::other)?;
        let mut exchange = Exchange {
            lane: name,
            step,
            attempt,
            protocol,
            status: 200,
            keep,
            add,
            frames: Vec::new(),
            body: None,
            total_us: 0,
            retry_after_ms: None,
        };
        match response {
            Response::Stream(frames) => exchange.frames = frames,
            Response::Body { status, body, total_us, retry_after_ms } => {
                (exchange.status, exchange.body) = (status, Some(body));
                (exchange.total_us, exchange.retry_after_ms) = (total_us, retry_after_ms);
            }
        }
        self.exchanges += 1;
        self.line(&Line::Exchange(exchange))
    }

    /// How many blocks a rewritten prompt still shares with the lane's request before it.
    fn common(&self, lane: &Lane, prompt: &Prompt) -> usize {
        let id = |block: &Block| {
            let digest = Hasher::new("block").number(block.kind as u64).field(block.raw.as_bytes()).finish();
            self.ids.get(&digest).copied()
        };
        lane.blocks.iter().zip(prompt.blocks()).take_while(|(old, new)| id(new) == Some(**old)).count()
    }

    /// Records one tool call.
    pub fn tool(&mut self, run: ToolRun) -> io::Result<()> {
        self.line(&Line::Tool(run))
    }

    /// Records one round of checks.
    pub fn check(&mut self, round: CheckRound) -> io::Result<()> {
        self.line(&Line::Check(round))
    }

    /// Records the state of the workspace.
    pub fn snapshot(&mut self, snapshot: Snapshot) -> io::Result<()> {
        self.line(&Line::Snapshot(snapshot))
    }

    /// Ends the recording: nothing is written after it, whoever still holds on to it.
    pub fn end(&mut self, reason: &str) -> io::Result<()> {
        let exchanges = self.exchanges;
        self.line(&Line::End(End { reason: reason.to_owned(), exchanges }))?;
        self.ended = true;
        Ok(())
    }
}
