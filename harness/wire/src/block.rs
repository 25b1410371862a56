//! The pieces of a request in the order that decides a cache: model and parameters, tools one by one, instructions,
//! items one by one. Knows nothing of how they are compared.

use std::sync::{Arc, OnceLock};

use base::Digest;
use serde::{Deserialize, Serialize};

use crate::{JsonError, canonical};

/// What a block is a piece of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// The model and every parameter.
    Head,
    /// The definition of one tool.
    Tool,
    /// The system instructions.
    Instructions,
    /// One entry of the conversation.
    Item,
}

/// One piece of a request: raw JSON, as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Its JSON text.
    pub raw: Box<str>,
}

impl Block {
    /// A block from its raw text.
    pub fn new(kind: BlockKind, raw: impl Into<Box<str>>) -> Self {
        Self { kind, raw: raw.into() }
    }
}

/// Which conversation a prompt belongs to. A prompt and its clones are one, any other is another, whatever they hold.
#[derive(Clone, Debug, Default)]
pub struct Thread(Arc<()>);

impl PartialEq for Thread {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Thread {}

/// A conversation as it will be sent. It grows at its end; a rewritten history is a new generation. Every block has
/// a stamp that no other block of the prompt ever has, so that whoever has seen a block need never look at it again; and
/// the digest of its canonical text is made once for all who ask for it.
#[derive(Clone, Debug, Default)]
pub struct Prompt {
    thread: Thread,
    generation: u32,
    blocks: Vec<Block>,
    stamps: Vec<u32>,
    digests: Vec<OnceLock<Digest>>,
    last_stamp: u32,
}

impl From<Vec<Block>> for Prompt {
    fn from(blocks: Vec<Block>) -> Self {
        let mut prompt = Self::default();
        blocks.into_iter().for_each(|block| prompt.push(block));
        prompt
    }
}

impl Prompt {
    /// Appends one block.
    pub fn push(&mut self, block: Block) {
        self.blocks.push(block);
        self.last_stamp += 1;
        self.stamps.push(self.last_stamp);
        self.digests.push(OnceLock::new());
    }

    /// All blocks, first to last.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The stamp of each block.
    pub fn stamps(&self) -> &[u32] {
        &self.stamps
    }

    /// Digest of a block's canonical text; a block that is not there has that of an empty one, which is not JSON.
    pub fn digest(&self, at: usize) -> Result<Digest, JsonError> {
        if let Some(digest) = self.digests.get(at).and_then(OnceLock::get) {
            return Ok(*digest);
        }
        let raw = self.blocks.get(at).map_or("", |block| &block.raw);
        let digest = Digest::of(canonical(raw)?.as_bytes());
        Ok(*self.digests.get(at).map_or(&digest, |known| known.get_or_init(|| digest)))
    }

    /// Which conversation this is: stamps of another say nothing about it.
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Which history this is; changes only when the history is rewritten.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Replaces the history from block `keep` on, as a compaction does.
    pub fn rewrite(&mut self, keep: usize) {
        self.generation += 1;
        self.blocks.truncate(keep);
        self.stamps.truncate(keep);
        self.digests.truncate(keep);
    }

    /// Makes this the prompt of the pieces. A block that stands at its place byte for byte stays; where pieces only
    /// follow what was there, the history is not rewritten.
    pub fn follow(&mut self, pieces: &[(BlockKind, &str)]) {
        let mut rewritten = pieces.len() < self.blocks.len();
        self.blocks.truncate(pieces.len());
        self.stamps.truncate(pieces.len());
        self.digests.truncate(pieces.len());
        for (at, (kind, raw)) in pieces.iter().enumerate() {
            match self.blocks.get_mut(at) {
                Some(block) if block.kind == *kind && *block.raw == **raw => {}
                Some(block) => {
                    *block = Block::new(*kind, *raw);
                    self.last_stamp += 1;
                    self.stamps[at] = self.last_stamp;
                    self.digests[at] = OnceLock::new();
                    rewritten = true;
                }
                None => self.push(Block::new(*kind, *raw)),
            }
        }
        self.generation += u32::from(rewritten);
    }
}
