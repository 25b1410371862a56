//! The deltas of an answer's frames: which of them belong together, and what of a text that is changed as a whole falls
//! to each. Knows nothing of why a text is changed.

use std::collections::HashMap;

use serde_json::Value;
use wire::{Frame, Protocol};

/// The new texts of deltas, by frame and path.
pub(crate) type Deltas = HashMap<(usize, String), String>;

/// A part of a text that comes in several frames.
#[derive(Debug)]
pub(crate) struct Delta {
    /// The frame, by number.
    pub(crate) frame: usize,
    /// Where in it.
    pub(crate) path: String,
    pub(crate) text: String,
    /// Whether it is a part of a thought: these are signed, or come back unread.
    pub(crate) thought: bool,
}

/// The deltas of an answer by the text that they are parts of, in the order in which these begin.
pub(crate) fn streams(protocol: Protocol, frames: &[Frame]) -> Vec<Vec<Delta>> {
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut all: Vec<Vec<Delta>> = Vec::new();
    for (frame, data) in frames.iter().enumerate() {
        if !data.data.get().contains("delta") {
            continue;
        }
        let Ok(data) = serde_json::from_str::<Value>(data.data.get()) else { continue };
        for Part { stream, path, text, thought } in parts(protocol, &data) {
            let number = *numbers.entry(stream).or_insert_with(|| {
                all.push(Vec::new());
                all.len() - 1
            });
            all[number].push(Delta { frame, path, text, thought });
        }
    }
    all
}

struct Part {
    stream: String,
    path: String,
    text: String,
    thought: bool,
}

fn part(stream: String, path: String, text: &Value, thought: bool) -> Option<Part> {
    text.as_str().map(|text| Part { stream, path, text: text.to_owned(), thought })
}

/// The deltas of one event.
fn parts(protocol: Protocol, data: &Value) -> Vec<Part> {
    let mut found = Vec::new();
    match protocol {
        Protocol::Responses => {
            let place = ["type", "item_id", "output_index", "content_index", "summary_index"];
            let thought = data["type"].as_str().is_some_and(|kind| kind.starts_with("response.reasoning"));
            let stream = place.map(|key| data[key].to_string()).join(" ");
            found.extend(part(stream, ".delta".to_owned(), &data["delta"], thought));
        }
        Protocol::Messages => {
            for field in ["text", "partial_json", "thinking"] {
                let (stream, path) = (format!("{} {field}", data["index"]), format!(".delta.{field}"));
                found.extend(part(stream, path, &data["delta"][field], field == "thinking"));
            }
        }
        Protocol::ChatCompletions => {
            for (i, choice) in data["choices"].as_array().into_iter().flatten().enumerate() {
                let (index, delta, at) = (&choice["index"], &choice["delta"], format!(".choices[{i}].delta"));
                for field in ["content", "reasoning_content", "reasoning"] {
                    let (stream, path) = (format!("{index} {field}"), format!("{at}.{field}"));
                    found.extend(part(stream, path, &delta[field], field != "content"));
                }
                for (j, call) in delta["tool_calls"].as_array().into_iter().flatten().enumerate() {
                    let stream = format!("{index} call {}", call["index"]);
                    let path = format!("{at}.tool_calls[{j}].function.arguments");
                    found.extend(part(stream, path, &call["function"]["arguments"], false));
                }
            }
        }
    }
    found
}

/// What the bytes `from..to` of a text become when spans of it, in order, are replaced. What stands for a span falls to
/// where the span begins.
pub(crate) fn piece(whole: &str, from: usize, to: usize, spans: &[(usize, usize, &str)]) -> String {
    let mut out = String::new();
    let mut at = from;
    let first = spans.partition_point(|(_, end, _)| *end <= from);
    for (start, end, now) in spans[first..].iter().take_while(|(start, _, _)| *start < to) {
        out.push_str(&whole[at..(*start).max(at)]);
        if *start >= from {
            out.push_str(now);
        }
        at = (*end).min(to);
    }
    out + &whole[at..to]
}
