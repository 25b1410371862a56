//! TraceLab's rounds, and the raw segments of sessions that it publishes beside them. Knows nothing of how it makes one
//! from the other.

use std::collections::BTreeMap;

use promptcache::{Accounting, Call, Session, Trigger};
use wire::{Protocol, Usage};

use crate::object::Object;
use crate::sniff::{Found, Lines};
use crate::{claude, codex};

const SEPARATOR: &str = "===== record ";

/// Whether a text is a raw segment: records of JSON with separators between them.
pub(crate) fn is_raw(text: &str) -> bool {
    text.lines().take(40).any(|line| line.starts_with(SEPARATOR))
}

/// Reads a raw segment as the session that it is a part of.
pub(crate) fn raw(source: &str, text: &str) -> Found {
    let mut records: Vec<(usize, String)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.starts_with(SEPARATOR) {
            records.push((at + 2, String::new()));
        } else if let Some((_, record)) = records.last_mut() {
            record.push_str(line);
            record.push('\n');
        }
    }
    let codex = records
        .iter()
        .any(|(_, record)| Object::parse(record.trim()).is_some_and(|record| record.has("payload")));
    let records = || {
        records.iter().map(|(line, record)| (*line, record.trim())).filter(|(_, record)| !record.is_empty())
    };
    if codex { codex::read(source, Box::new(records())) } else { claude::read(source, Box::new(records())) }
}

/// Reads normalised rounds.
pub(crate) fn rounds(source: &str, lines: Lines<'_>) -> Found {
    let mut sessions: BTreeMap<String, Session> = BTreeMap::new();
    let mut faults = Vec::new();
    for (line, text) in lines {
        let Some(round) = Object::parse(text) else {
            faults.push((line, "not a JSON object".to_owned()));
            continue;
        };
        let (Some(prefix), Some(appended)) =
            (round.number("prefix_tokens"), round.number("newly_append_tokens"))
        else {
            faults.push((line, "a round without prefix_tokens or newly_append_tokens".to_owned()));
            continue;
        };
        let id = round.text("session_id").unwrap_or_default();
        let claude = round.text("provider").is_some_and(|provider| provider == "claude");
        let session = sessions.entry(id.clone()).or_insert_with(|| Session {
            id,
            source: source.to_owned(),
            format: "tracelab_rounds".to_owned(),
            accounting: if claude { Accounting::Anthropic } else { Accounting::OpenAi },
            ..Session::default()
        });
        let first =
            round.list("timing_events").first().and_then(|event| Object::parse(event)?.text("event_type"));
        let usage = Usage {
            input_tokens: prefix.saturating_add(appended),
            cached_tokens: prefix,
            cache_write_tokens: round.number("claude_cache_creation_input_tokens").unwrap_or_default(),
            output_tokens: round.number("output_tokens").unwrap_or_default(),
            reasoning_tokens: round.number("reasoning_output_tokens").unwrap_or_default(),
        };
        let at_us =
            round.list("timing_events").first().and_then(|event| Object::parse(event)?.time_us("timestamp"));
        session.calls.push(Call {
            id: round.text("round_id"),
            thread: "main".to_owned(),
            model: round.text("model").unwrap_or_default(),
            protocol: if claude { Protocol::Messages } else { Protocol::Responses },
            at_us,
            usage: Some(usage),
            trigger: if first.as_deref() == Some("tool_result") {
                Trigger::ToolResult
            } else {
                Trigger::User
            },
            line,
            ..Call::default()
        });
    }
    Found { known: true, sessions: sessions.into_values().collect(), faults, ..Found::default() }
}
