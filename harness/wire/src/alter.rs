//! An answer made to say something else: another tool, other arguments, nothing at all, other token counts. Works on
//! the frames and bodies of all three protocols, so that a client sees a well-formed answer. Knows nothing of why.

use std::collections::BTreeSet;

use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};

use crate::{Frame, Protocol};

/// What is to be different in an answer.
pub enum Alter<'a> {
    /// The arguments of a tool call: its number, from 1, and what becomes of them.
    Arguments(usize, &'a dyn Fn(&str) -> String),
    /// The name of the tool that a call asks for: its number, from 1, and the name.
    Tool(usize, &'a str),
    /// Nothing is said and nothing called.
    Empty,
    /// Every token count times this, or no counts at all.
    Usage(Option<f64>),
}

/// One tool call of an answer, by what its frames call it.
#[derive(Clone, Debug, Default)]
struct Target {
    /// Responses: the item's id. Otherwise empty.
    item: String,
    /// Its place: the index that the protocol gives it.
    index: u64,
    arguments: String,
}

impl Protocol {
    /// Changes the frames of a whole answer; false where there was nothing to change. A frame that is no JSON object
    /// stays as it is.
    pub fn alter_frames(self, frames: &mut Vec<Frame>, alter: &Alter<'_>) -> Result<bool, serde_json::Error> {
        let parse = |frame: &Frame| serde_json::from_str(&frame.text()).ok().filter(Value::is_object);
        let mut values: Vec<Option<Value>> = frames.iter().map(parse).collect();
        let before = values.clone();
        let mut dropped = BTreeSet::new();
        match alter {
            Alter::Usage(times) => values.iter_mut().flatten().for_each(|value| usage(value, *times)),
            Alter::Empty => self.empty(&mut values, &mut dropped),
            Alter::Arguments(call, change) => {
                if let Some(target) = self.target(&values, *call) {
                    let text = change(&target.arguments);
                    self.call(&mut values, &target, None, Some(&text));
                }
            }
            Alter::Tool(call, name) => {
                if let Some(target) = self.target(&values, *call) {
                    self.call(&mut values, &target, Some(name), None);
                }
            }
        }
        for ((frame, value), before) in frames.iter_mut().zip(&values).zip(&before) {
            if value != before {
                frame.data = to_raw_value(value)?;
            }
        }
        let changed = values != before || !dropped.is_empty();
        *frames = kept(std::mem::take(frames), &dropped);
        Ok(changed)
    }

    /// Changes an answer that came whole; nothing where there was nothing to change.
    pub fn alter_body(self, body: &str, alter: &Alter<'_>) -> Result<Option<String>, serde_json::Error> {
        let before: Value = serde_json::from_str(body)?;
        let mut value = before.clone();
        match alter {
            Alter::Usage(times) => usage(&mut value, *times),
            Alter::Empty => self.empty_body(&mut value),
            Alter::Arguments(call, change) => self.call_in_body(&mut value, *call, None, Some(*change)),
            Alter::Tool(call, name) => self.call_in_body(&mut value, *call, Some(name), None),
        }
        Ok((value != before).then(|| value.to_string()))
    }

    /// The call with this number.
    fn target(self, values: &[Option<Value>], number: usize) -> Option<Target> {
        let mut calls: Vec<Target> = Vec::new();
        for value in values.iter().flatten() {
            match self {
                Self::Responses => {
                    let item = &value["item"];
                    if value["type"] == "response.output_item.done" && is_call(item) {
                        let arguments = text(&item["arguments"]) + &text(&item["input"]);
                        let index = value["output_index"].as_u64().unwrap_or(u64::MAX);
                        calls.push(Target { item: text(&item["id"]), index, arguments });
                    }
                }
                Self::ChatCompletions => {
                    for call in deltas(value).flat_map(|delta| list(&delta["tool_calls"])) {
                        let index = call["index"].as_u64().unwrap_or(0);
                        let more = text(&call["function"]["arguments"]);
                        match calls.iter_mut().find(|known| known.index == index) {
                            Some(known) => known.arguments.push_str(&more),
                            None => calls.push(Target { index, arguments: more, ..Target::default() }),
                        }
                    }
                }
                Self::Messages => {
                    let index = value["index"].as_u64().unwrap_or(0);
                    if value["content_block"]["type"] == "tool_use" {
                        calls.push(Target { index, ..Target::default() });
                    }
                    let known = calls.iter_mut().find(|known| known.index == index);
                    if let (Some(known), Some(more)) = (known, value["delta"]["partial_json"].as_str()) {
                        known.arguments.push_str(more);
                    }
                }
            }
        }
        calls.into_iter().nth(number.checked_sub(1)?)
    }

    /// Puts another name or other arguments wherever the frames tell of a call.
    fn call(self, values: &mut [Option<Value>], target: &Target, name: Option<&str>, new: Option<&str>) {
        let mut given = false;
        // The first piece carries everything, the others nothing.
        let mut piece = |slot: Option<&mut Value>| {
            if let (Some(slot), Some(new)) = (slot.filter(|slot| slot.is_string()), new) {
                *slot = if std::mem::replace(&mut given, true) { "".into() } else { new.into() };
            }
        };
        for value in values.iter_mut().flatten() {
            match self {
                Self::Responses => call_in_event(value, target, name, new, &mut piece),
                Self::ChatCompletions => {
                    for choice in list_mut(value, &["choices"]) {
                        for call in list_mut(choice, &["delta", "tool_calls"]) {
                            if call["index"].as_u64().unwrap_or(0) == target.index {
                                rename(at(call, &["function"]), name);
                                piece(at(call, &["function", "arguments"]));
                            }
                        }
                    }
                }
                Self::Messages if value["index"].as_u64() == Some(target.index) => {
                    rename(at(value, &["content_block"]), name);
                    piece(at(value, &["delta", "partial_json"]));
                }
                Self::Messages => {}
            }
        }
    }

    fn call_in_body(
        self,
        body: &mut Value,
        number: usize,
        name: Option<&str>,
        change: Option<&dyn Fn(&str) -> String>,
    ) {
        let nth = number.saturating_sub(1);
        let edit = |slot: Option<&mut Value>| {
            if let (Some(slot), Some(change)) = (slot, change) {
                *slot = change(slot.as_str().unwrap_or_default()).into();
            }
        };
        match self {
            Self::Responses => {
                if let Some(item) = list_mut(body, &["output"]).filter(|item| is_call(item)).nth(nth) {
                    let key = if item["type"] == "custom_tool_call" { "input" } else { "arguments" };
                    edit(at(item, &[key]));
                    rename(Some(item), name);
                }
            }
            Self::ChatCompletions => {
                let calls = list_mut(body, &["choices"])
                    .flat_map(|choice| list_mut(choice, &["message", "tool_calls"]));
                if let Some(call) = calls.into_iter().nth(nth) {
                    rename(at(call, &["function"]), name);
                    edit(at(call, &["function", "arguments"]));
                }
            }
            Self::Messages => {
                let mut calls = list_mut(body, &["content"]).filter(|part| part["type"] == "tool_use");
                if let Some(part) = calls.nth(nth) {
                    if let (Some(input), Some(change)) = (at(part, &["input"]), change) {
                        let new = change(&input.to_string());
                        // The protocol has objects here: what is none can only stand as a string.
                        *input = serde_json::from_str(&new).unwrap_or_else(|_| new.into());
                    }
                    rename(Some(part), name);
                }
            }
        }
    }

    /// Leaves of a stream what begins and what ends it.
    fn empty(self, values: &mut [Option<Value>], dropped: &mut BTreeSet<usize>) {
        let mut first = true;
        for (number, value) in values.iter_mut().enumerate() {
            let Some(value) = value else { continue };
            let stays = match self {
                Self::Responses => {
                    set(value, &["response", "output"], json!([]));
                    value.get("response").is_some() || value["type"] == "error"
                }
                Self::ChatCompletions => {
                    let ends = |choice: &Value| !choice["finish_reason"].is_null();
                    let last = list(&value["choices"]).all(ends);
                    for choice in list_mut(value, &["choices"]) {
                        let opening = json!({"role": "assistant", "content": ""});
                        set(choice, &["delta"], if first { opening } else { json!({}) });
                        if ends(choice) {
                            set(choice, &["finish_reason"], "stop".into());
                        }
                    }
                    std::mem::replace(&mut first, false) || last
                }
                Self::Messages => {
                    if value["delta"]["stop_reason"].is_string() {
                        set(value, &["delta", "stop_reason"], "end_turn".into());
                    }
                    !value["type"].as_str().is_some_and(|kind| kind.starts_with("content_block"))
                }
            };
            if !stays {
                dropped.insert(number);
            }
        }
    }

    fn empty_body(self, body: &mut Value) {
        match self {
            Self::Responses => set(body, &["output"], json!([])),
            Self::ChatCompletions => {
                for choice in list_mut(body, &["choices"]) {
                    set(choice, &["message"], json!({"role": "assistant", "content": ""}));
                    set(choice, &["finish_reason"], "stop".into());
                }
            }
            Self::Messages => {
                set(body, &["content"], json!([]));
                set(body, &["stop_reason"], "end_turn".into());
            }
        }
    }
}

/// An event of the Responses protocol: the item wherever it stands, its pieces, and the end of them.
fn call_in_event(
    value: &mut Value,
    target: &Target,
    name: Option<&str>,
    new: Option<&str>,
    piece: &mut dyn FnMut(Option<&mut Value>),
) {
    let is = |id: &Value, index: Option<u64>| match target.item.as_str() {
        "" => index == Some(target.index),
        item => *id == *item,
    };
    let whole = |item: &mut Value| {
        for key in ["arguments", "input"] {
            // An item that only begins has none yet.
            if let (Some(old), Some(new)) = (at(item, &[key]), new)
                && old.as_str().is_some_and(|old| !old.is_empty())
            {
                *old = new.into();
            }
        }
        rename(Some(item), name);
    };
    let index = value["output_index"].as_u64();
    if is(&value["item_id"], index) && value.get("item").is_none() {
        let kind = value["type"].as_str().unwrap_or_default();
        if kind.contains("function_call_arguments") || kind.contains("custom_tool_call_input") {
            piece(at(value, &["delta"]));
            whole(value);
        }
    }
    if is(&value["item"]["id"], index)
        && let Some(item) = at(value, &["item"])
    {
        whole(item);
    }
    for (index, item) in list_mut(value, &["response", "output"]).enumerate() {
        if is_call(item) && is(&item["id"], Some(index as u64)) {
            whole(item);
        }
    }
}

fn is_call(item: &Value) -> bool {
    item["type"] == "function_call" || item["type"] == "custom_tool_call"
}

/// Another name, where one is given and there is one to replace.
fn rename(object: Option<&mut Value>, name: Option<&str>) {
    if let (Some(object), Some(name)) = (object, name) {
        set(object, &["name"], name.into());
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The value at a path of members, where there is one.
fn at<'v>(value: &'v mut Value, path: &[&str]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, key| value.get_mut(key))
}

/// Puts a value at a path where there is one already.
fn set(value: &mut Value, path: &[&str], new: Value) {
    if let Some(slot) = at(value, path) {
        *slot = new;
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn list_mut<'v>(value: &'v mut Value, path: &[&str]) -> impl Iterator<Item = &'v mut Value> + use<'v> {
    at(value, path).and_then(Value::as_array_mut).into_iter().flatten()
}

fn deltas(value: &Value) -> impl Iterator<Item = &Value> {
    list(&value["choices"]).map(|choice| &choice["delta"])
}

/// Token counts stand in an answer, in the response that an event carries, or in the message that it begins.
fn usage(value: &mut Value, times: Option<f64>) {
    let Some(object) = value.as_object_mut() else { return };
    for key in ["response", "message"] {
        if let Some(inner) = object.get_mut(key).and_then(Value::as_object_mut) {
            counts(inner, times);
        }
    }
    counts(object, times);
}

fn counts(object: &mut Map<String, Value>, times: Option<f64>) {
    match times {
        None => {
            object.remove("usage");
        }
        Some(times) => {
            if let Some(usage) = object.get_mut("usage") {
                multiply(usage, times);
            }
        }
    }
}

fn multiply(value: &mut Value, times: f64) {
    match value {
        Value::Number(number) => {
            if let Some(count) = number.as_u64() {
                *value = ((count as f64 * times).round() as u64).into();
            }
        }
        Value::Object(members) => members.values_mut().for_each(|value| multiply(value, times)),
        Value::Array(values) => values.iter_mut().for_each(|value| multiply(value, times)),
        _ => {}
    }
}

/// The frames that stay; the time of those that go is that of the next one.
fn kept(frames: Vec<Frame>, dropped: &BTreeSet<usize>) -> Vec<Frame> {
    let (mut kept, mut gap_us) = (Vec::with_capacity(frames.len()), 0_u64);
    for (at, mut frame) in frames.into_iter().enumerate() {
        gap_us = gap_us.saturating_add(frame.gap_us);
        if !dropped.contains(&at) {
            frame.gap_us = std::mem::take(&mut gap_us);
            kept.push(frame);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Authored, AuthoredCall, Item, Usage};

    fn authored() -> Authored {
        Authored {
            model: "stub".to_owned(),
            number: 1,
            text: Some("I look, and then I list.".to_owned()),
            calls: vec![
                AuthoredCall::function("read_file", r#"{"path":"a.txt"}"#),
                AuthoredCall::function("list_dir", r#"{"path":"."}"#),
            ],
            usage: Usage { input_tokens: 1000, output_tokens: 20, ..Usage::default() },
            ttft_us: 100,
            rest_us: 900,
            ..Authored::default()
        }
    }

    /// What a client makes of an answer: tools with their arguments, texts, input tokens, time.
    fn heard(protocol: Protocol, frames: &[Frame]) -> (Vec<(String, String)>, usize, Option<u64>, u64) {
        let mut decoder = protocol.decoder();
        frames.iter().for_each(|frame| decoder.feed(frame).unwrap());
        read(protocol, &decoder.finish())
    }

    fn read(protocol: Protocol, answer: &crate::Answer) -> (Vec<(String, String)>, usize, Option<u64>, u64) {
        let items: Vec<Item> = answer.items.iter().flat_map(|raw| protocol.items(raw)).collect();
        let calls = items.iter().filter_map(|item| match item {
            Item::Call { name, arguments, .. } => Some((name.clone(), arguments.clone())),
            _ => None,
        });
        let said = items.iter().filter(|item| matches!(item, Item::Message { text, .. } if !text.is_empty()));
        let input = answer.usage.map(|usage| usage.input_tokens);
        (calls.collect(), said.count(), input, answer.total_us)
    }

    fn altered(protocol: Protocol, alter: &Alter<'_>) -> (Vec<(String, String)>, usize, Option<u64>, u64) {
        let mut frames = authored().frames(protocol).unwrap();
        assert!(protocol.alter_frames(&mut frames, alter).unwrap(), "{protocol:?}");
        let streamed = heard(protocol, &frames);
        let body = protocol.alter_body(&authored().body(protocol), alter).unwrap().unwrap();
        let whole = read(protocol, &protocol.answer(&body, 1000).unwrap());
        assert_eq!((&streamed.0, streamed.1, streamed.2), (&whole.0, whole.1, whole.2), "{protocol:?}");
        streamed
    }

    #[test]
    fn a_client_sees_the_changed_call_and_all_else_as_it_was() {
        for protocol in Protocol::ALL {
            let (calls, said, input, total) =
                altered(protocol, &Alter::Arguments(2, &|old| old.replace("path", "paht")));
            let expected = [("read_file", r#"{"path":"a.txt"}"#), ("list_dir", r#"{"paht":"."}"#)];
            assert_eq!(
                calls,
                expected.map(|(name, text)| (name.to_owned(), text.to_owned())),
                "{protocol:?}"
            );
            assert_eq!((said, input, total), (1, Some(1000), 1000), "{protocol:?}");
            let (calls, ..) = altered(protocol, &Alter::Tool(1, "launch"));
            assert_eq!((calls[0].0.as_str(), calls[1].0.as_str()), ("launch", "list_dir"), "{protocol:?}");
        }
    }

    #[test]
    fn an_emptied_answer_ends_well_and_takes_as_long() {
        for protocol in Protocol::ALL {
            let (calls, said, _, total) = altered(protocol, &Alter::Empty);
            assert_eq!((calls.len(), said, total), (0, 0, 1000), "{protocol:?}");
            let mut frames = authored().frames(protocol).unwrap();
            protocol.alter_frames(&mut frames, &Alter::Empty).unwrap();
            let mut decoder = protocol.decoder();
            frames.iter().for_each(|frame| decoder.feed(frame).unwrap());
            assert_eq!(decoder.finish().end, crate::End::Completed, "{protocol:?}");
        }
    }

    #[test]
    fn token_counts_are_multiplied_or_gone() {
        for protocol in Protocol::ALL {
            assert_eq!(altered(protocol, &Alter::Usage(Some(2.5))).2, Some(2500), "{protocol:?}");
            assert_eq!(altered(protocol, &Alter::Usage(None)).2, None, "{protocol:?}");
        }
    }

    #[test]
    fn where_there_is_no_such_call_nothing_changes() {
        for protocol in Protocol::ALL {
            let mut frames = authored().frames(protocol).unwrap();
            let before: Vec<String> = frames.iter().map(|frame| frame.data.get().to_owned()).collect();
            assert!(!protocol.alter_frames(&mut frames, &Alter::Tool(3, "x")).unwrap());
            assert!(!protocol.alter_frames(&mut frames, &Alter::Tool(0, "x")).unwrap());
            assert!(frames.iter().map(|frame| frame.data.get()).eq(before));
        }
    }

    proptest! {
        #[test]
        fn no_json_makes_a_change_panic(text in r#"[\[\]{}:,"a-z0-9]{0,40}"#, part in 0..5_usize) {
            let members = ["choices", "delta", "response", "output", "item"];
            let frame = |data: String| Frame::from_event(1, &crate::sse::Event::data(data)).unwrap();
            let frames = [text.clone(), format!("{{\"{}\":{text}}}", members[part]), "{\"choices\":[3],\"item\":\"x\"}".to_owned()];
            for protocol in Protocol::ALL {
                for alter in [Alter::Empty, Alter::Usage(Some(2.0)), Alter::Tool(1, "x")] {
                    let mut frames: Vec<Frame> = frames.iter().cloned().map(frame).collect();
                    protocol.alter_frames(&mut frames, &alter).unwrap();
                }
            }
        }
    }
}
