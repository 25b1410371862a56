//! The pieces of a request in the order that decides a cache: model and parameters, tools one by one, instructions,
//! items one by one. Knows nothing of how they are compared.

use serde::{Deserialize, Serialize};

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

/// A conversation as it will be sent. It can only grow at its end; a rewritten history is a new generation. So
/// whoever has seen its first n blocks need never look at them again.
#[derive(Clone, Debug, Default)]
pub struct Prompt {
    generation: u32,
    blocks: Vec<Block>,
}

impl Prompt {
    /// Appends one block.
    pub fn push(&mut self, block: Block) {
        self.blocks.push(block);
    }

    /// All blocks, first to last.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Which history this is; changes only when the history is rewritten.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Replaces the history from block `keep` on, as a compaction does.
    pub fn rewrite(&mut self, keep: usize) {
        self.generation += 1;
        self.blocks.truncate(keep);
    }
}
