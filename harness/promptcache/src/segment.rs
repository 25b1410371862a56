//! A block as the provider sees it: segments, each with a digest of what is rendered, its size and the cache
//! breakpoint behind it. Two spellings that render alike are one segment. Knows nothing of requests as a whole.

use base::Digest;
use serde_json::value::RawValue;
use wire::{Block, BlockKind, Fields, Protocol};

/// Members that are sent along and are no part of what the model reads: ids that clients make, and breakpoints.
const NOT_RENDERED: [&str; 6] = [
    "cache_control",
    "prompt_cache_breakpoint",
    "id",
    "status",
    "internal_chat_message_metadata_passthrough",
    "metadata",
];
/// What only the provider can read: its length says nothing about its tokens.
const SEALED: [&str; 3] = ["encrypted_content", "signature", "data"];
/// Texts that are fixed by the provider for each item, in bytes: role and separators.
const FRAMING: usize = 8;

/// A cache breakpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Whether what is written there lives for an hour.
    pub(crate) hour: bool,
}

impl Mark {
    /// The breakpoint that a value of `cache_control` sets.
    pub(crate) fn read(raw: &str) -> Option<Self> {
        raw.starts_with('{').then(|| Self { hour: raw.contains("\"1h\"") })
    }
}

/// One piece of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Digest of what is rendered.
    pub(crate) digest: Digest,
    /// What is rendered, in bytes.
    pub(crate) bytes: usize,
    /// What is counted: the texts, without what only the provider can read.
    pub(crate) text: Box<str>,
    /// The breakpoint behind it.
    pub(crate) mark: Option<Mark>,
    /// Whether a provider that places breakpoints itself may do so behind it.
    pub(crate) ends_message: bool,
}

/// The segments of a block: of a message one for each part of its content, of anything else one. A head has none.
pub(crate) fn segments(protocol: Protocol, block: &Block) -> Vec<Segment> {
    if block.kind == BlockKind::Head {
        return Vec::new();
    }
    let Ok(fields) = Fields::parse(&block.raw) else {
        // A string that stands for instructions or for the whole input.
        let text: String = serde_json::from_str(&block.raw).unwrap_or_else(|_| block.raw.to_string());
        return vec![segment(&[("text", &quoted(&text))], Vec::new(), block.kind == BlockKind::Item)];
    };
    if block.kind != BlockKind::Item {
        let members: Vec<(&str, &RawValue)> = fields.iter().collect();
        return vec![of_members(&members, block.kind == BlockKind::Instructions)];
    }
    message(protocol, &fields)
}

fn message(protocol: Protocol, fields: &Fields<'_>) -> Vec<Segment> {
    let envelope: Vec<(&str, &RawValue)> = fields.iter().filter(|(key, _)| *key != "content").collect();
    let role = fields.get("role").map_or("", RawValue::get);
    let parts: Option<Vec<&RawValue>> = fields
        .get("content")
        .filter(|raw| raw.get().starts_with('['))
        .and_then(|raw| serde_json::from_str(raw.get()).ok());
    let ends = !role.contains("assistant");
    let Some(parts) = parts.filter(|parts| !parts.is_empty()) else {
        let text = fields.get("content").filter(|raw| raw.get().starts_with('"'));
        let mut members: Vec<(&str, &RawValue)> = envelope;
        let Some(text) = text else {
            members = fields.iter().collect();
            return vec![of_members(&members, ends_item(protocol, fields, ends))];
        };
        // A text alone is a list of one part.
        let mark = members.iter().find_map(|(key, raw)| mark_of(key, raw));
        let mut segment = part(&envelope_text(&members), &[("text", text.get())], ends);
        segment.mark = mark;
        return vec![segment];
    };
    let envelope = envelope_text(&envelope);
    let last = parts.len() - 1;
    let mut found = Vec::with_capacity(parts.len());
    for (index, raw) in parts.iter().enumerate() {
        let Ok(fields) = Fields::parse(raw.get()) else {
            found.push(part(&envelope, &[("text", raw.get())], ends && index == last));
            continue;
        };
        let members: Vec<(&str, &RawValue)> = fields.iter().collect();
        let is_text = fields
            .get("type")
            .is_none_or(|kind| matches!(kind.get(), "\"text\"" | "\"input_text\"" | "\"output_text\""));
        let mark = members.iter().find_map(|(key, raw)| mark_of(key, raw));
        let mut segment = match (is_text, fields.get("text")) {
            // Only the words of a text are rendered.
            (true, Some(text)) if members.len() <= 4 => {
                part(&envelope, &[("text", text.get())], ends && index == last)
            }
            _ => {
                let rendered: Vec<(&str, &str)> =
                    members.iter().map(|(key, raw)| (*key, raw.get())).collect();
                part(&envelope, &rendered, ends && index == last)
            }
        };
        segment.mark = mark.or_else(|| inner_mark(&fields));
        found.push(segment);
    }
    found
}

/// A breakpoint on a part of a tool's result stands behind the result.
fn inner_mark(fields: &Fields<'_>) -> Option<Mark> {
    let content = fields.get("content")?.get();
    let parts: Vec<&RawValue> =
        if content.starts_with('[') { serde_json::from_str(content).ok()? } else { return None };
    parts.iter().rev().find_map(|raw| Mark::read(Fields::parse(raw.get()).ok()?.get("cache_control")?.get()))
}

fn ends_item(protocol: Protocol, fields: &Fields<'_>, other: bool) -> bool {
    match protocol {
        Protocol::Responses => {
            let kind = fields.get("type").map_or("", RawValue::get);
            if fields.get("role").is_some() { other } else { kind.ends_with("_output\"") }
        }
        Protocol::ChatCompletions | Protocol::Messages => other,
    }
}

fn mark_of(key: &str, raw: &RawValue) -> Option<Mark> {
    matches!(key, "cache_control" | "prompt_cache_breakpoint").then(|| Mark::read(raw.get())).flatten()
}

/// What stands around the parts of a message, as it is rendered: role and what else belongs to it.
fn envelope_text(members: &[(&str, &RawValue)]) -> String {
    let mut text = String::new();
    for (key, raw) in members.iter().filter(|(key, _)| !NOT_RENDERED.contains(key)) {
        if *key == "type" && raw.get() == "\"message\"" {
            continue;
        }
        text.push_str(key);
        text.push('=');
        compact(raw.get(), &mut text);
        text.push('\n');
    }
    text
}

fn of_members(members: &[(&str, &RawValue)], ends_message: bool) -> Segment {
    let mark = members.iter().find_map(|(key, raw)| mark_of(key, raw));
    let rendered: Vec<(&str, &str)> = members.iter().map(|(key, raw)| (*key, raw.get())).collect();
    let mut found = segment(&rendered, Vec::new(), ends_message);
    found.mark = mark;
    found
}

fn part(envelope: &str, members: &[(&str, &str)], ends_message: bool) -> Segment {
    segment(members, envelope.as_bytes().to_vec(), ends_message)
}

/// Members in the order that they were sent in: another order is another text.
fn segment(members: &[(&str, &str)], mut rendered: Vec<u8>, ends_message: bool) -> Segment {
    let mut counted = String::new();
    let mut text = String::new();
    for (key, raw) in
        members.iter().filter(|(key, _)| !NOT_RENDERED.contains(key) || is_rendered_id(key, members))
    {
        text.clear();
        if raw.contains("cache_control") {
            without_marks(raw, &mut text);
        } else {
            compact(raw, &mut text);
        }
        rendered.extend_from_slice(key.as_bytes());
        rendered.push(b'=');
        rendered.extend_from_slice(text.as_bytes());
        rendered.push(b'\n');
        if !SEALED.contains(key) {
            let words = text.starts_with('"').then(|| serde_json::from_str::<String>(&text).ok()).flatten();
            counted.push_str(words.as_deref().unwrap_or(&text));
            counted.push('\n');
        }
    }
    let bytes = rendered.len() + FRAMING;
    Segment { digest: Digest::of(&rendered), bytes, text: counted.into(), mark: None, ends_message }
}

/// The id of a call that a result names is rendered: only ids of items are the client's own.
fn is_rendered_id(key: &str, members: &[(&str, &str)]) -> bool {
    key == "id" && members.iter().any(|(key, raw)| *key == "type" && *raw == "\"tool_use\"")
}

/// JSON without the white space between its tokens, everything else as it came.
pub(crate) fn compact(raw: &str, out: &mut String) {
    let mut inside = false;
    let mut escaped = false;
    let mut from = 0;
    for (at, byte) in raw.bytes().enumerate() {
        if inside {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => inside = false,
                _ => {}
            }
        } else if byte == b'"' {
            inside = true;
        } else if byte.is_ascii_whitespace() {
            out.push_str(&raw[from..at]);
            from = at + 1;
        }
    }
    out.push_str(&raw[from..]);
}

/// The same, without breakpoints at any depth of lists and objects.
fn without_marks(raw: &str, out: &mut String) {
    if raw.starts_with('[')
        && let Ok(parts) = serde_json::from_str::<Vec<&RawValue>>(raw)
    {
        out.push('[');
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            without_marks(part.get(), out);
        }
        out.push(']');
        return;
    }
    let fields = if raw.starts_with('{') { Fields::parse(raw).ok() } else { None };
    let Some(fields) = fields.filter(|fields| fields.get("cache_control").is_some()) else {
        return compact(raw, out);
    };
    out.push('{');
    let mut first = true;
    for (key, value) in fields.iter().filter(|(key, _)| *key != "cache_control") {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        out.push_str(&quoted(key));
        out.push(':');
        without_marks(value.get(), out);
    }
    out.push('}');
}

/// A block's JSON without what is not rendered, its keys in the order that they came in.
pub(crate) fn rendered(block: &Block) -> String {
    without(block, &NOT_RENDERED)
}

/// A block's JSON without breakpoints.
pub(crate) fn unmarked(block: &Block) -> String {
    without(block, &["cache_control"])
}

fn without(block: &Block, left_out: &[&str]) -> String {
    let Ok(fields) = Fields::parse(&block.raw) else { return block.raw.to_string() };
    let mut out = String::from("{");
    let mut first = true;
    for (key, value) in fields.iter().filter(|(key, _)| !left_out.contains(key)) {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        out.push_str(&quoted(key));
        out.push(':');
        without_marks(value.get(), &mut out);
    }
    out.push('}');
    out
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: BlockKind, raw: &str) -> Vec<Segment> {
        segments(Protocol::Messages, &Block::new(kind, raw))
    }

    #[test]
    fn a_text_alone_is_a_list_of_one_part_and_a_breakpoint_is_not_rendered() {
        let alone = of(BlockKind::Item, r#"{"role":"user","content":"hi \"you\""}"#);
        let part = of(
            BlockKind::Item,
            r#"{"role": "user", "content":[{"type":"text","text":"hi \"you\"","cache_control":{"type":"ephemeral","ttl":"1h"}}]}"#,
        );
        assert_eq!(alone[0].digest, part[0].digest);
        assert_eq!((alone[0].mark, part[0].mark), (None, Some(Mark { hour: true })));
        let result = |mark: &str| {
            format!(
                r#"{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"t","content":[{{"type":"text","text":"x"{mark}}}]}}]}}"#
            )
        };
        let (plain, marked) = (
            of(BlockKind::Item, &result("")),
            of(BlockKind::Item, &result(r#","cache_control":{"type":"ephemeral"}"#)),
        );
        assert_eq!(plain[0].digest, marked[0].digest);
        assert_eq!(marked[0].mark, Some(Mark { hour: false }));
    }

    #[test]
    fn the_order_of_keys_is_a_part_of_what_is_rendered_and_white_space_is_not() {
        let tool = |schema: &str| {
            of(BlockKind::Tool, &format!(r#"{{"name":"t","input_schema":{schema}}}"#))[0].digest
        };
        assert_eq!(tool(r#"{"a":1,"b":" x"}"#), tool("{ \"a\" : 1,\n \"b\":\" x\"}"));
        assert_ne!(tool(r#"{"a":1,"b":2}"#), tool(r#"{"b":2,"a":1}"#));
        assert_ne!(tool(r#"{"a":" x"}"#), tool(r#"{"a":"x"}"#));
    }

    #[test]
    fn ids_of_items_are_not_rendered_and_sealed_content_is_not_counted() {
        let item = |id: &str| {
            segments(
                Protocol::Responses,
                &Block::new(
                    BlockKind::Item,
                    format!(
                        r#"{{"type":"message","role":"user","id":"{id}","content":[{{"type":"input_text","text":"a"}},{{"type":"input_text","text":"b"}}]}}"#
                    ),
                ),
            )
        };
        assert_eq!(item("msg_1"), item("msg_2"));
        let ends: Vec<bool> = item("x").iter().map(|segment| segment.ends_message).collect();
        assert_eq!(ends, [false, true]);
        let sealed = segments(
            Protocol::Responses,
            &Block::new(BlockKind::Item, r#"{"type":"reasoning","summary":[],"encrypted_content":"AAAA"}"#),
        );
        assert!(!sealed[0].text.contains("AAAA"), "{:?}", sealed[0].text);
        let call = |id: &str| {
            of(BlockKind::Item, &format!(r#"{{"role":"assistant","content":[{{"type":"tool_use","id":"{id}","name":"n","input":{{}}}}]}}"#))[0].digest
        };
        assert_ne!(call("a"), call("b"));
    }
}
