//! Answers of the Messages protocol, put together into the message that will stand in the conversation. Members that
//! are not known are kept in it.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde_json::value::RawValue;

use super::usage::Counters;
use super::{Delta, Event, Message};
use crate::fields::{member, string};
use crate::{Answer, End, Fields};

/// Follows a stream.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    blocks: BTreeMap<u64, Block>,
    counters: Counters,
    /// Why the message ends, once its last event comes.
    stop: Option<String>,
}

/// A content block that grows.
#[derive(Debug, Default)]
struct Block {
    /// As it started.
    start: String,
    text: String,
    input: String,
    thinking: String,
    signature: String,
    content: String,
    citations: Vec<String>,
}

impl Stream {
    /// Takes the next event; says whether it carries content.
    pub(crate) fn feed(&mut self, text: &str, answer: &mut Answer) -> Result<bool, serde_json::Error> {
        let event = Event::decode(text)?;
        let index = event.index.unwrap_or_default();
        let kind = event.kind.as_deref().or(event.error.map(|_| "error"));
        match kind.ok_or_else(|| serde_json::Error::custom("an event without a type"))? {
            "message_start" => {
                if let Some(message) = &event.message {
                    self.start(message, answer);
                }
            }
            "content_block_start" => {
                let start = event.content_block.map_or("{}", RawValue::get).to_owned();
                self.blocks.insert(index, Block { start, ..Block::default() });
                return Ok(true);
            }
            "content_block_delta" => {
                if let Some(delta) = &event.delta {
                    self.blocks.entry(index).or_default().add(delta);
                }
                return Ok(true);
            }
            "message_delta" => {
                let reason = event.delta.as_ref().and_then(|delta| delta.stop_reason.as_deref());
                self.stop = reason.map(str::to_owned).or(self.stop.take());
                self.count(event.usage, answer);
            }
            "message_stop" => ended(self.stop.as_deref(), answer),
            "error" => answer.fail(event.error.map_or(text, RawValue::get)),
            _ => {}
        }
        Ok(false)
    }

    fn start(&mut self, message: &Message<'_>, answer: &mut Answer) {
        self.blocks.clear();
        for (index, raw) in message.content.iter().flatten().enumerate() {
            self.blocks.insert(index as u64, Block { start: raw.get().to_owned(), ..Block::default() });
        }
        self.stop = message.stop_reason.as_deref().map(str::to_owned);
        if let Some(model) = message.model.as_deref() {
            model.clone_into(&mut answer.served);
        }
        self.count(message.usage, answer);
    }

    fn count(&mut self, raw: Option<&RawValue>, answer: &mut Answer) {
        if let Some(raw) = raw {
            self.counters.merge(raw);
            answer.usage = self.counters.usage().or(answer.usage);
            answer.raw_usage = Some(self.counters.raw().into());
        }
    }

    /// Gives the message.
    pub(crate) fn finish(self, answer: &mut Answer) {
        if !self.blocks.is_empty() {
            let blocks: Vec<String> = self.blocks.values().map(Block::write).collect();
            answer.items.push(assistant(&format!("[{}]", blocks.join(","))));
        }
    }
}

/// Takes a whole message, or an error.
pub(crate) fn whole(body: &str, answer: &mut Answer) -> Result<(), serde_json::Error> {
    let message = Message::decode(body)?;
    if let Some(error) = message.error {
        answer.fail(error.get());
        return Ok(());
    }
    let mut stream = Stream::default();
    stream.start(&message, answer);
    let content: Vec<&str> = message.content.iter().flatten().map(|raw| raw.get()).collect();
    if !content.is_empty() {
        answer.items.push(assistant(&format!("[{}]", content.join(","))));
    }
    if message.kind.as_deref() == Some("message") {
        ended(message.stop_reason.as_deref(), answer);
    }
    Ok(())
}

fn assistant(content: &str) -> Box<str> {
    format!(r#"{{"role":"assistant","content":{content}}}"#).into_boxed_str()
}

fn ended(reason: Option<&str>, answer: &mut Answer) {
    let reason = reason.unwrap_or_default();
    if !matches!(answer.end, End::Failed(_)) {
        answer.stop(reason, matches!(reason, "" | "end_turn" | "tool_use" | "stop_sequence"));
    }
}

impl Block {
    fn add(&mut self, delta: &Delta<'_>) {
        let pieces = [
            (&mut self.text, &delta.text),
            (&mut self.input, &delta.partial_json),
            (&mut self.thinking, &delta.thinking),
            (&mut self.signature, &delta.signature),
            (&mut self.content, &delta.content),
        ];
        for (text, piece) in pieces {
            text.push_str(piece.as_deref().unwrap_or_default());
        }
        self.citations.extend(delta.citation.map(|citation| citation.get().to_owned()));
    }

    /// The block as it started, with what was added in its place.
    fn write(&self) -> String {
        let Ok(start) = Fields::parse(&self.start) else { return "{}".to_owned() };
        let mut grown: Vec<(&str, String)> = Vec::new();
        let texts = [
            ("text", &self.text),
            ("thinking", &self.thinking),
            ("signature", &self.signature),
            ("content", &self.content),
        ];
        for (key, added) in texts.into_iter().filter(|(_, added)| !added.is_empty()) {
            let mut text = String::new();
            string(&mut text, &(start.text(key).unwrap_or_default() + added));
            grown.push((key, text));
        }
        if !self.input.is_empty() {
            let json = serde_json::from_str::<&RawValue>(&self.input).map(|raw| raw.get().to_owned());
            let mut text = String::new();
            string(&mut text, &self.input);
            grown.push(("input", json.unwrap_or(text)));
        }
        if !self.citations.is_empty() {
            grown.push(("citations", format!("[{}]", self.citations.join(","))));
        }
        let mut out = String::from("{");
        let mut first = true;
        for (key, value) in start.iter() {
            member(&mut out, &mut first, key);
            let at = grown.iter().position(|(name, _)| *name == key);
            match at.map(|at| grown.remove(at)) {
                Some((_, text)) => out.push_str(&text),
                None => out.push_str(value.get()),
            }
        }
        for (key, text) in grown {
            member(&mut out, &mut first, key);
            out.push_str(&text);
        }
        out.push('}');
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decoder, Frame, Protocol, Usage, sse};

    fn answer(events: &[&str]) -> Answer {
        let mut decoder = Decoder::new(Protocol::Messages);
        for event in events {
            decoder.feed(&Frame::from_event(10, &sse::Event::data(*event)).unwrap()).unwrap();
        }
        decoder.finish()
    }

    fn delta(index: u8, delta: &str) -> String {
        format!(r#"{{"type":"content_block_delta","index":{index},"delta":{delta}}}"#)
    }

    fn start(index: u8, block: &str) -> String {
        format!(r#"{{"type":"content_block_start","index":{index},"content_block":{block}}}"#)
    }

    #[test]
    fn blocks_grow_into_the_message_of_the_next_request() {
        let begin = r#"{"type":"message_start","message":{"model":"m","content":[],"usage":{"input_tokens":3,"cache_read_input_tokens":10,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":7},"output_tokens":1}}}"#;
        let answer = answer(&[
            begin,
            r#"{"type":"ping"}"#,
            &start(0, r#"{"type":"thinking","thinking":"","signature":"","new":1.0}"#),
            &delta(0, r#"{"type":"thinking_delta","thinking":"hm"}"#),
            &delta(0, r#"{"type":"signature_delta","signature":"sig"}"#),
            &start(1, r#"{"type":"text","text":""}"#),
            &delta(1, r#"{"type":"text_delta","text":"a"}"#),
            &delta(1, r#"{"type":"text_delta","text":"b"}"#),
            &delta(1, r#"{"type":"citations_delta","citation":{"x":1}}"#),
            &start(2, r#"{"type":"tool_use","id":"t","name":"ls","input":{}}"#),
            &delta(2, r#"{"type":"input_json_delta","partial_json":""}"#),
            &delta(2, r#"{"type":"input_json_delta","partial_json":"{\"b\": 1.0"}"#),
            &delta(2, r#"{"type":"input_json_delta","partial_json":"}"}"#),
            &start(3, r#"{"type":"compaction","content":null}"#),
            &delta(3, r#"{"type":"compaction_delta","content":"before"}"#),
            r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}"#,
            r#"{"type":"message_stop"}"#,
        ]);
        let expected = r#"{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"sig","new":1.0},{"type":"text","text":"ab","citations":[{"x":1}]},{"type":"tool_use","id":"t","name":"ls","input":{"b": 1.0}},{"type":"compaction","content":"before"}]}"#;
        assert_eq!(answer.items, [Box::from(expected)]);
        assert_eq!(
            (answer.end, answer.reason.as_str(), answer.served.as_str()),
            (End::Completed, "tool_use", "m")
        );
        let usage = Usage {
            input_tokens: 20,
            cached_tokens: 10,
            cache_write_tokens: 7,
            output_tokens: 5,
            reasoning_tokens: 0,
        };
        assert_eq!(answer.usage, Some(usage));
        assert!(answer.raw_usage.unwrap().contains(r#""cache_creation":{"ephemeral_5m_input_tokens":7}"#));
        assert_eq!((answer.ttft_us, answer.total_us), (30, 170));
    }

    #[test]
    fn a_limit_a_cut_and_an_error_each_end_as_what_they_are() {
        let delta =
            |reason: &str| format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}"}}}}"#);
        let stop = r#"{"type":"message_stop"}"#;
        assert_eq!(answer(&[&delta("end_turn")]).end, End::Cut);
        assert_eq!(answer(&[&delta("max_tokens"), stop]).end, End::Incomplete("max_tokens".into()));
        let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        let failed = answer(&[error]);
        assert_eq!(
            (failed.end, failed.reason.as_str()),
            (End::Failed("Overloaded".into()), "overloaded_error")
        );
        assert!(Stream::default().feed("{}", &mut Answer::default()).is_err());
    }
}
