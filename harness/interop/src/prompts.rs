//! Traces with the whole prompt of every call as one text. Knows nothing of items.

use std::collections::BTreeMap;

use promptcache::{Accounting, Call, SessionBuilder, Trigger};
use wire::{BlockKind, Protocol};

use crate::object::Object;
use crate::sniff::{Found, Lines};

/// A piece of a prompt has about so many bytes, and ends with a line.
const PIECE: usize = 512;

pub(crate) fn read(source: &str, lines: Lines<'_>) -> Found {
    let mut calls: BTreeMap<String, Vec<(i64, usize, String)>> = BTreeMap::new();
    let mut faults = Vec::new();
    for (line, text) in lines {
        let object = Object::parse(text);
        let read =
            object.as_ref().and_then(|object| Some((object.text("session_id")?, object.text("input")?)));
        match read {
            Some((session, input)) => {
                let at = object.and_then(|object| object.time_us("timestamp")).unwrap_or_default();
                calls.entry(session).or_default().push((at, line, input));
            }
            None => faults.push((line, "a call without session_id or a text as input".to_owned())),
        }
    }
    let session = |(id, mut calls): (String, Vec<(i64, usize, String)>)| {
        // Some traces are not in the order of time.
        calls.sort_by_key(|(at, line, _)| (*at, *line));
        let mut builder = SessionBuilder::new(&id, source, "prompt_trace", Accounting::Unreported);
        let (mut before, mut texts) = (String::new(), Vec::<String>::new());
        for (at, line, input) in calls {
            // A prompt that goes on where the one before ended begins with its pieces, whatever follows.
            let rest = input.strip_prefix(&before).filter(|_| !before.is_empty());
            if rest.is_none() {
                texts.clear();
            }
            texts.extend(cut(rest.unwrap_or(&input)).map(|piece| serde_json::Value::from(piece).to_string()));
            let pieces: Vec<(BlockKind, &str)> =
                texts.iter().map(|text| (BlockKind::Item, text.as_str())).collect();
            let call = Call {
                thread: "main".to_owned(),
                protocol: Protocol::ChatCompletions,
                at_us: Some(at).filter(|at| *at > 0),
                trigger: Trigger::ToolResult,
                line,
                ..Call::default()
            };
            builder.pieces(call, &pieces);
            before = input;
        }
        builder.finish()
    };
    Found { known: true, sessions: calls.into_iter().map(session).collect(), faults, ..Found::default() }
}

/// Pieces that end at the same places however the text goes on.
fn cut(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let from = (0..=PIECE.min(rest.len())).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(0);
        let end = rest[from..].find('\n').map_or(rest.len(), |at| from + at + 1);
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}
