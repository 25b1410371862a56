//! Sessions as the analysis sees them: model calls in order, what each reported, and, where it is known, the whole
//! request of each, every distinct piece once. Knows nothing of files and of providers' rules.

use std::collections::HashMap;
use std::fmt;

use base::Digest;
use serde::Serialize;
use wire::{Block, BlockKind, JsonError, Protocol, Usage};

use crate::Written;

/// Which vendor's counters a call's tokens came from. Both are turned into [`Usage`], whose input includes everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Accounting {
    /// Cached tokens are a part of the input.
    #[default]
    #[serde(rename = "openai")]
    OpenAi,
    /// Input, cached and written tokens are disjoint.
    Anthropic,
    /// Nothing was reported: a serving trace.
    Unreported,
}

impl Accounting {
    /// The accounting that goes with a protocol.
    pub fn of(protocol: Protocol) -> Self {
        if protocol == Protocol::Messages { Self::Anthropic } else { Self::OpenAi }
    }
}

/// What made a call necessary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Somebody said something.
    #[default]
    User,
    /// A tool answered.
    ToolResult,
    /// The history is to be made shorter, or has just been.
    Compaction,
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::ToolResult => "tool_result",
            Self::Compaction => "compaction",
        })
    }
}

/// A request as blocks: how many of the request before it in its thread it begins with, and what follows, by number
/// in [`Session::blocks`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Blocks kept of the thread's request before.
    pub keep: usize,
    /// Blocks that follow.
    pub add: Vec<u32>,
    /// Length of the whole body in bytes, about.
    pub bytes: u64,
}

/// One model call.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// The answer's own id, where it has one.
    pub id: Option<String>,
    /// Its thread.
    pub thread: String,
    /// The model that answered, else the one that was asked.
    pub model: String,
    /// What the client spoke.
    pub protocol: Protocol,
    /// When the request was sent, in microseconds since the epoch.
    pub at_us: Option<i64>,
    /// From there to the first content, in microseconds.
    pub ttft_us: Option<u64>,
    /// From there to the end of the answer, in microseconds.
    pub total_us: Option<u64>,
    /// What was reported.
    pub usage: Option<Usage>,
    /// How much of what was written lives for an hour.
    pub written: Written,
    /// What made it necessary.
    pub trigger: Trigger,
    /// The request, where it is known.
    pub request: Option<Sent>,
    /// The line of its source, from 1; 0 where it has none.
    pub line: usize,
}

/// One session of one source.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Its own id.
    pub id: String,
    /// Where it was read, as the caller named it.
    pub source: String,
    /// What kind of source.
    pub format: String,
    /// The session whose history it repeats, where it says so.
    pub parent: Option<String>,
    /// Whose counters its calls report.
    pub accounting: Accounting,
    /// The calls, in the order they were sent.
    pub calls: Vec<Call>,
    /// Every distinct piece of a request.
    pub blocks: Vec<Block>,
    /// Tokens of each of them, where their recording has counted them; else empty.
    pub counts: Vec<u32>,
    /// What the answers made from a script; their figures say nothing about a provider.
    pub synthetic: bool,
}

impl Session {
    /// Whether the whole requests are known.
    pub fn has_requests(&self) -> bool {
        self.calls.iter().any(|call| call.request.is_some())
    }
}

/// Puts a session together from request bodies. Of a body that goes on where its thread's last one ended, only the
/// rest is looked at again.
#[derive(Debug, Default)]
pub struct SessionBuilder {
    session: Session,
    ids: HashMap<(BlockKind, Digest), u32>,
    threads: HashMap<String, Vec<u32>>,
}

impl SessionBuilder {
    /// A session with nothing in it.
    pub fn new(id: &str, source: &str, format: &str, accounting: Accounting) -> Self {
        let session = Session {
            id: id.to_owned(),
            source: source.to_owned(),
            format: format.to_owned(),
            accounting,
            ..Session::default()
        };
        Self { session, ..Self::default() }
    }

    /// The session so far.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.session.calls.is_empty()
    }

    /// Adds a call whose request is `body`.
    pub fn body(&mut self, mut call: Call, body: &str) -> Result<(), JsonError> {
        let (head, pieces) = call.protocol.pieces(body)?;
        let mut texts = vec![(BlockKind::Head, head.as_str())];
        texts.extend(pieces);
        let sent = self.sent(&call.thread, &texts, body.len() as u64);
        call.request = Some(sent);
        self.session.calls.push(call);
        Ok(())
    }

    /// Adds a call whose request is these pieces.
    pub fn pieces(&mut self, mut call: Call, pieces: &[(BlockKind, &str)]) {
        let bytes = pieces.iter().map(|(_, raw)| raw.len() as u64 + 1).sum();
        call.request = Some(self.sent(&call.thread, pieces, bytes));
        self.session.calls.push(call);
    }

    /// Adds a call whose request is not known.
    pub fn call(&mut self, call: Call) {
        self.session.calls.push(call);
    }

    fn sent(&mut self, thread: &str, pieces: &[(BlockKind, &str)], bytes: u64) -> Sent {
        let mut before = self.threads.remove(thread).unwrap_or_default();
        let same = |(id, (kind, raw)): &(&u32, &(BlockKind, &str))| {
            let block = &self.session.blocks[**id as usize];
            block.kind == *kind && *block.raw == **raw
        };
        let keep = before.iter().zip(pieces).take_while(same).count();
        let add: Vec<u32> = pieces[keep..].iter().map(|(kind, raw)| self.block(*kind, raw)).collect();
        before.truncate(keep);
        before.extend(&add);
        self.threads.insert(thread.to_owned(), before);
        Sent { keep, add, bytes }
    }

    fn block(&mut self, kind: BlockKind, raw: &str) -> u32 {
        let next = u32::try_from(self.session.blocks.len()).unwrap_or(u32::MAX);
        let id = *self.ids.entry((kind, Digest::of(raw.as_bytes()))).or_insert(next);
        if id == next {
            self.session.blocks.push(Block::new(kind, raw));
        }
        id
    }

    /// The whole session.
    pub fn finish(self) -> Session {
        self.session
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(items: &[&str]) -> String {
        format!(r#"{{"model":"m","input":[{}],"tools":[{{"name":"a"}}]}}"#, items.join(","))
    }

    #[test]
    fn each_distinct_block_stands_once_and_a_request_names_what_it_adds() {
        let mut builder = SessionBuilder::new("s", "f", "capture", Accounting::OpenAi);
        let (a, b, c) = (r#"{"role":"user"}"#, r#"{"role":"assistant"}"#, r#"{"role":"user","x":1}"#);
        for items in [&[a][..], &[a, b, c], &[a, c]] {
            builder.body(Call { thread: "main".into(), ..Call::default() }, &body(items)).unwrap();
        }
        let session = builder.finish();
        let sent: Vec<(usize, Vec<u32>)> = session
            .calls
            .iter()
            .flat_map(|call| &call.request)
            .map(|sent| (sent.keep, sent.add.clone()))
            .collect();
        assert_eq!(sent, [(0, vec![0, 1, 2]), (3, vec![3, 4]), (3, vec![4])]);
        assert_eq!(session.blocks.len(), 5);
        let mut builder = SessionBuilder::new("s", "f", "capture", Accounting::OpenAi);
        assert!(builder.body(Call::default(), "no").is_err() && builder.is_empty());
    }
}
