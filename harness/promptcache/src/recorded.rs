//! A cassette as a session: its exchanges are calls, its blocks the pieces of their requests. Knows nothing of files.

use std::collections::HashMap;

use cassette::{Cassette, Exchange, Kind};
use serde::Deserialize;
use wire::{Answer, Block, End, Item, Protocol};

use crate::Written;
use crate::session::{Accounting, Call, Sent, Session, Trigger};

/// What Codex CLI says where it has the model make its history shorter.
const CODEX_COMPACTION: &str = "You are performing a CONTEXT CHECKPOINT COMPACTION";
/// What Claude Code says there.
const CLAUDE_COMPACTION: &str = "Your task is to create a detailed summary of the conversation so far";

/// What made a call necessary, by the last entry of its request.
pub fn trigger_of(protocol: Protocol, last: &str) -> Trigger {
    let items = protocol.items(last);
    let compacts = |text: &str| text.starts_with(CODEX_COMPACTION) || text.contains(CLAUDE_COMPACTION);
    let said = items.iter().any(|item| match item {
        Item::Message { text, .. } => compacts(text),
        Item::Other(kind) => kind == "compaction_trigger",
        _ => false,
    });
    if said {
        Trigger::Compaction
    } else if items.iter().any(|item| matches!(item, Item::Output { .. })) {
        Trigger::ToolResult
    } else {
        Trigger::User
    }
}

/// How much of what an answer's own counters say was written lives for an hour.
pub fn written_of(raw_usage: Option<&str>) -> Written {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Raw {
        cache_creation: Option<Creation>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Creation {
        ephemeral_1h_input_tokens: Option<u64>,
    }
    let raw: Raw = raw_usage.and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default();
    Written { hour: raw.cache_creation.unwrap_or_default().ephemeral_1h_input_tokens.unwrap_or_default() }
}

impl Call {
    /// Takes what an answer tells.
    #[must_use]
    pub fn answered(self, answer: &Answer) -> Self {
        Self {
            usage: answer.usage,
            written: written_of(answer.raw_usage.as_deref()),
            model: if answer.served.is_empty() { self.model } else { answer.served.clone() },
            ttft_us: Some(answer.ttft_us).filter(|us| *us > 0),
            total_us: Some(answer.total_us).filter(|us| *us > 0),
            ..self
        }
    }
}

impl Session {
    /// The session of a cassette. A call that failed is left out: it is no step, and leaves nothing in a cache. Times are
    /// those of the recording: answers by their gaps, tools by their durations, calls of one lane one after the other.
    pub fn of_cassette(cassette: &Cassette, source: &str) -> Self {
        let mut session = Self {
            id: cassette.digest.to_string(),
            source: source.to_owned(),
            format: "cassette".to_owned(),
            accounting: Accounting::of(cassette.header.protocol),
            blocks: cassette.blocks.iter().map(|stored| stored.block.clone()).collect(),
            counts: cassette.blocks.iter().map(|stored| stored.tokens).collect(),
            synthetic: cassette.header.kind == Kind::Synthetic,
            ..Self::default()
        };
        let mut tools: HashMap<(&str, u32), u64> = HashMap::new();
        for run in cassette.tools.values() {
            let longest = tools.entry((&run.lane, run.step)).or_default();
            *longest = (*longest).max(run.duration_us);
        }
        let start_us = cassette.header.clock.unix_seconds() * 1_000_000;
        let mut latest_us = start_us;
        let mut lanes: HashMap<&str, Lane> = HashMap::new();
        for exchange in &cassette.exchanges {
            let lane =
                lanes.entry(&exchange.lane).or_insert_with(|| Lane { now_us: latest_us, ..Lane::default() });
            lane.follow(exchange);
            let protocol = exchange.protocol.unwrap_or(cassette.header.protocol);
            let answer = answer_of(protocol, exchange);
            let at_us = lane.now_us;
            let tools = tools.get(&(exchange.lane.as_str(), exchange.step)).copied().unwrap_or_default();
            let took = answer.as_ref().map_or(exchange.total_us, |answer| answer.total_us);
            lane.now_us += i64::try_from(took.saturating_add(tools)).unwrap_or(0);
            latest_us = latest_us.max(at_us);
            let Some(answer) =
                answer.filter(|answer| exchange.status < 400 && !matches!(answer.end, End::Failed(_)))
            else {
                continue;
            };
            let last = lane.ids.last().and_then(|id| session.blocks.get(*id as usize));
            let head = lane.ids.first().and_then(|id| session.blocks.get(*id as usize));
            let call = Call {
                thread: exchange.lane.clone(),
                model: head.map(model_of).unwrap_or_default(),
                protocol,
                at_us: Some(at_us),
                trigger: last.map_or(Trigger::User, |block| trigger_of(protocol, &block.raw)),
                request: Some(lane.sent(&session.blocks)),
                ..Call::default()
            };
            session.calls.push(call.answered(&answer));
        }
        session
    }
}

fn model_of(head: &Block) -> String {
    wire::Request::read(std::slice::from_ref(head), Protocol::default()).model
}

/// A lane as far as it was followed.
#[derive(Default)]
struct Lane {
    now_us: i64,
    /// The blocks of its request, and how many of them the last call that counts began with.
    ids: Vec<u32>,
    same: usize,
}

impl Lane {
    fn follow(&mut self, exchange: &Exchange) {
        self.same = self.same.min(exchange.apply(&mut self.ids));
    }

    /// The request since the last call that counts.
    fn sent(&mut self, blocks: &[Block]) -> Sent {
        let bytes = self.ids.iter().map(|id| blocks[*id as usize].raw.len() as u64 + 1).sum();
        let sent = Sent { keep: self.same, add: self.ids[self.same..].to_vec(), bytes };
        self.same = self.ids.len();
        sent
    }
}

fn answer_of(protocol: Protocol, exchange: &Exchange) -> Option<Answer> {
    if let Some(body) = &exchange.body {
        return protocol.answer(body, exchange.total_us).ok();
    }
    let mut decoder = protocol.decoder();
    for frame in &exchange.frames {
        decoder.feed(frame).ok()?;
    }
    Some(decoder.finish())
}
