//! Writes a cassette, line by line, each distinct block once. A recording that is killed half-way is readable up
//! to its last whole line. Whatever is written passes the scanner for secrets first. Knows nothing of who calls.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base::{Digest, Hasher};
use serde_json::value::RawValue;
use wire::{Block, Prompt, Protocol, Thread};

use crate::format::{BlockLine, End, Line, VERSION};
use crate::{CheckRound, Exchange, Header, Redactor, Response, Snapshot, ToolRun};

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
    secrets: Redactor,
    reward: Option<f64>,
    ended: bool,
}

/// A request that was taken down and has no answer yet.
#[derive(Debug)]
pub struct Asked {
    lane: String,
    step: u32,
    attempt: u32,
    protocol: Option<Protocol>,
    request: Taken,
}

/// The blocks of a lane's request that was taken down last.
#[derive(Clone, Debug, Default)]
struct Taken {
    thread: Thread,
    stamps: Vec<u32>,
    blocks: Vec<u32>,
}

/// A lane.
#[derive(Default)]
struct Lane {
    /// The last request.
    asked: Taken,
    /// The last request that stands in the file.
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
        let mut writer = Self {
            path,
            file,
            tokens,
            protocol,
            ids,
            lanes,
            exchanges: 0,
            secrets: Redactor::default(),
            reward: None,
            ended: false,
        };
        writer.line(&Line::Cassette(Header { version: VERSION, ..header }))?;
        Ok(writer)
    }

    /// The file that is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Exchanges in it so far.
    pub fn exchanges(&self) -> u32 {
        self.exchanges
    }

    /// Writes a line, without the secrets in it.
    fn line(&mut self, line: &Line) -> io::Result<()> {
        let text = serde_json::to_string(line)?;
        let text = self.secrets.json(&text).unwrap_or(text);
        self.write(text)
    }

    fn write(&mut self, mut line: String) -> io::Result<()> {
        if self.ended {
            return Err(io::Error::other("the recording has ended"));
        }
        line.push('\n');
        self.file.write_all(line.as_bytes())
    }

    /// The id of a block; writes it where it is new.
    pub fn block(&mut self, block: &Block) -> io::Result<u32> {
        let digest = Hasher::new("block").number(block.kind as u64).field(block.raw.as_bytes()).finish();
        if let Some(id) = self.ids.get(&digest) {
            return Ok(*id);
        }
        let id = u32::try_from(self.ids.len()).map_err(io::Error::other)?;
        let tokens = self.tokens.count(&block.raw);
        let written = self.secrets.json(&block.raw).unwrap_or_else(|| block.raw.clone().into_string());
        let one_line = !written.contains(['\n', '\r']);
        let (raw, text) =
            if one_line { (Some(RawValue::from_string(written)?), None) } else { (None, Some(written)) };
        let line = Line::Block(BlockLine { id, kind: block.kind, tokens, raw, text });
        self.write(serde_json::to_string(&line)?)?;
        self.ids.insert(digest, id);
        Ok(id)
    }

    /// Takes down what is asked in a lane, at which step and try, before the answer comes: its blocks are in the file
    /// from now on.
    pub fn ask(&mut self, protocol: Protocol, at: (&str, u32, u32), prompt: &Prompt) -> io::Result<Asked> {
        let (lane_name, step, attempt) = at;
        let mut lane = self.lanes.remove(lane_name).unwrap_or_default();
        let taken = self.take(&mut lane.asked, prompt);
        let request = lane.asked.clone();
        let lane_name = lane_name.to_owned();
        self.lanes.insert(lane_name.clone(), lane);
        taken?;
        let protocol = Some(protocol).filter(|protocol| *protocol != self.protocol);
        Ok(Asked { lane: lane_name, step, attempt, protocol, request })
    }

    /// Brings what was taken down of a lane up to date: a block that was seen at its place is neither copied
    /// nor hashed.
    fn take(&mut self, taken: &mut Taken, prompt: &Prompt) -> io::Result<()> {
        let length = prompt.blocks().len();
        if taken.thread != *prompt.thread() {
            *taken = Taken { thread: prompt.thread().clone(), ..Taken::default() };
        }
        taken.stamps.truncate(length);
        taken.blocks.truncate(length);
        for (at, (block, stamp)) in prompt.blocks().iter().zip(prompt.stamps()).enumerate() {
            if taken.stamps.get(at) == Some(stamp) {
                continue;
            }
            let id = self.block(block)?;
            if at < taken.blocks.len() {
                (taken.stamps[at], taken.blocks[at]) = (*stamp, id);
            } else {
                taken.stamps.push(*stamp);
                taken.blocks.push(id);
            }
        }
        Ok(())
    }

    /// Records the exchange that a request and its answer make.
    pub fn exchange(&mut self, asked: Asked, response: Response) -> io::Result<()> {
        let Asked { lane: name, step, attempt, protocol, request } = asked;
        let lane = self.lanes.entry(name.clone()).or_default();
        let (keep, replace) = changes(&lane.blocks, &request.blocks);
        let add = request.blocks[keep..].to_vec();
        lane.blocks = request.blocks;
        let keep = u32::try_from(keep).map_err(io::Error::other)?;
        let mut exchange = Exchange {
            lane: name,
            step,
            attempt,
            protocol,
            status: 200,
            keep,
            replace,
            add,
            frames: Vec::new(),
            body: None,
            total_us: 0,
            retry_after_ms: None,
        };
        match response {
            Response::Stream(frames) => {
                let protocol = exchange.protocol.unwrap_or(self.protocol);
                exchange.frames = self.secrets.frames(protocol, frames);
            }
            Response::Body { status, body, total_us, retry_after_ms } => {
                let redacted = if body.starts_with(['{', '[']) {
                    self.secrets.json(&body)
                } else {
                    self.secrets.text(&body)
                };
                (exchange.status, exchange.body) = (status, Some(redacted.unwrap_or(body)));
                (exchange.total_us, exchange.retry_after_ms) = (total_us, retry_after_ms);
            }
        }
        self.exchanges += 1;
        self.write(serde_json::to_string(&Line::Exchange(exchange))?)
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

    /// Takes down what the hidden checks gave; the recording's end states it.
    pub fn verdict(&mut self, reward: f64) {
        self.reward = Some(reward);
    }

    /// Ends the recording: nothing is written after it, whoever still holds on to it.
    pub fn end(&mut self, reason: &str) -> io::Result<()> {
        let (exchanges, reward) = (self.exchanges, self.reward);
        let reason = self.secrets.text(reason).unwrap_or_else(|| reason.to_owned());
        let redacted =
            self.secrets.counts().iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect();
        self.line(&Line::End(End { reason, exchanges, reward, redacted }))?;
        self.ended = true;
        Ok(())
    }
}

/// How many blocks a request has in common with the one before it, and which of those are replaced. What differs to
/// the end is not replaced but follows.
fn changes(before: &[u32], now: &[u32]) -> (usize, BTreeMap<u32, u32>) {
    let both = before.iter().zip(now);
    let keep = both.clone().rposition(|(before, now)| before == now).map_or(0, |last| last + 1);
    let changed = (0..).zip(both.take(keep)).filter(|(_, (before, now))| before != now);
    (keep, changed.map(|(at, (_, now))| (at, *now)).collect())
}
