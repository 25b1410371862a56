//! The OpenAI Responses protocol: the stream of an answer, read and written, and the requests of the native agent.
//! Unknown events and fields are passed over, never lost: the frames themselves are what is kept.

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::{Frame, Usage};

/// Characters a text delta of an authored answer carries.
const DELTA_CHARACTERS: usize = 48;

/// What an answer came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Its items, raw, in order.
    pub items: Vec<Box<str>>,
    /// Tokens, where the answer told.
    pub usage: Option<Usage>,
    /// The model that says it answered.
    pub served: String,
    /// How it ended.
    pub end: End,
    /// Time to the first frame that carries content, in microseconds.
    pub ttft_us: u64,
    /// Time to the last frame, in microseconds.
    pub total_us: u64,
}

/// How an answer ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// The stream stopped before its end.
    #[default]
    Cut,
    /// Completed.
    Completed,
    /// The model stopped early, for example at its token limit.
    Incomplete(String),
    /// The model failed.
    Failed(String),
}

/// Puts an answer together, frame by frame.
#[derive(Debug, Default)]
pub struct Decoder {
    answer: Answer,
    clock_us: u64,
    content: bool,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow, default)]
    item: Option<&'a RawValue>,
    #[serde(borrow, default)]
    response: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    usage: Option<RawUsage>,
    #[serde(default)]
    error: Option<Value>,
    #[serde(default)]
    incomplete_details: Option<Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawUsage {
    input_tokens: u64,
    input_tokens_details: Option<InputDetails>,
    output_tokens: u64,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct InputDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: u64,
}

impl From<RawUsage> for Usage {
    fn from(raw: RawUsage) -> Self {
        let input = raw.input_tokens_details.unwrap_or_default();
        Self {
            input_tokens: raw.input_tokens,
            cached_tokens: input.cached_tokens,
            cache_write_tokens: input.cache_write_tokens,
            output_tokens: raw.output_tokens,
            reasoning_tokens: raw.output_tokens_details.unwrap_or_default().reasoning_tokens,
        }
    }
}

impl Decoder {
    /// Takes the next frame. A frame that is no event of the protocol is an error.
    pub fn feed(&mut self, frame: &Frame) -> Result<(), serde_json::Error> {
        self.clock_us += frame.gap_us;
        self.answer.total_us = self.clock_us;
        let event: Event<'_> = serde_json::from_str(frame.data.get())?;
        if !self.content && carries_content(&event.kind) {
            self.content = true;
            self.answer.ttft_us = self.clock_us;
        }
        if event.kind == "response.output_item.done" {
            self.answer.items.extend(event.item.map(|item| Box::from(item.get())));
        }
        let Some(response) = event.response else { return Ok(()) };
        let response: Response = serde_json::from_str(response.get())?;
        self.answer.served = response.model.unwrap_or_else(|| std::mem::take(&mut self.answer.served));
        self.answer.usage = response.usage.map(Usage::from).or(self.answer.usage);
        let detail = |value: Option<Value>, key: &str| {
            let value = value.unwrap_or_default();
            value.get(key).and_then(Value::as_str).map_or_else(|| value.to_string(), str::to_owned)
        };
        match event.kind.as_str() {
            "response.completed" => self.answer.end = End::Completed,
            "response.incomplete" => {
                self.answer.end = End::Incomplete(detail(response.incomplete_details, "reason"));
            }
            "response.failed" => self.answer.end = End::Failed(detail(response.error, "message")),
            _ => {}
        }
        Ok(())
    }

    /// The answer so far.
    pub fn finish(mut self) -> Answer {
        if !self.content {
            self.answer.ttft_us = self.answer.total_us;
        }
        self.answer
    }
}

fn carries_content(kind: &str) -> bool {
    kind.ends_with(".delta") || kind == "response.output_item.added" || kind == "response.output_item.done"
}

/// An answer that somebody wrote.
#[derive(Clone, Debug, Default)]
pub struct Authored {
    /// The model it claims to come from.
    pub model: String,
    /// Number of the answer in its thread, from 1: makes its ids.
    pub number: u32,
    /// A thought, shown as a reasoning summary.
    pub reasoning: Option<String>,
    /// What the model says.
    pub text: Option<String>,
    /// Its tool calls: name and arguments.
    pub calls: Vec<(String, String)>,
    /// Its token counts.
    pub usage: Usage,
    /// Time to the first content, in microseconds.
    pub ttft_us: u64,
    /// Time from the first content to the end, in microseconds.
    pub rest_us: u64,
}

impl Authored {
    /// The answer's items, as they will stand in the conversation.
    pub fn items(&self) -> Vec<Value> {
        let mut items = Vec::new();
        let n = self.number;
        if let Some(text) = &self.reasoning {
            let summary = json!([{"type": "summary_text", "text": text}]);
            items.push(json!({"type": "reasoning", "id": format!("rs_{n}"), "summary": summary}));
        }
        if let Some(text) = &self.text {
            let content = json!([{"type": "output_text", "text": text, "annotations": []}]);
            items.push(json!({
                "type": "message", "id": format!("msg_{n}"), "role": "assistant", "status": "completed",
                "content": content,
            }));
        }
        for (index, (name, arguments)) in self.calls.iter().enumerate() {
            let number = index + 1;
            items.push(json!({
                "type": "function_call", "id": format!("fc_{n}_{number}"), "call_id": format!("call_{n}_{number}"),
                "name": name, "arguments": arguments, "status": "completed",
            }));
        }
        items
    }

    /// The frames of its stream, the time after the first content spread evenly over the rest.
    pub fn frames(&self) -> Result<Vec<Frame>, serde_json::Error> {
        let id = format!("resp_{}", self.number);
        let response =
            |status: &str| json!({"id": id, "object": "response", "model": self.model, "status": status});
        let mut data = vec![json!({"type": "response.created", "response": response("in_progress")})];
        for (index, item) in self.items().into_iter().enumerate() {
            if item["type"] == "message" {
                let text = self.text.as_deref().unwrap_or_default();
                data.extend(chunks(text).map(|delta| {
                    json!({
                        "type": "response.output_text.delta", "output_index": index, "content_index": 0,
                        "item_id": item["id"], "delta": delta,
                    })
                }));
            }
            data.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
        }
        let mut completed = response("completed");
        completed["usage"] = json!({
            "input_tokens": self.usage.input_tokens,
            "input_tokens_details": {
                "cached_tokens": self.usage.cached_tokens, "cache_write_tokens": self.usage.cache_write_tokens,
            },
            "output_tokens": self.usage.output_tokens,
            "output_tokens_details": {"reasoning_tokens": self.usage.reasoning_tokens},
            "total_tokens": self.usage.total(),
        });
        data.push(json!({"type": "response.completed", "response": completed}));
        self.pace(data)
    }

    fn pace(&self, data: Vec<Value>) -> Result<Vec<Frame>, serde_json::Error> {
        let later = (data.len() as u64).saturating_sub(2).max(1);
        let mut frames = Vec::with_capacity(data.len());
        for (index, mut data) in data.into_iter().enumerate() {
            data["sequence_number"] = json!(index);
            let gap_us = match index {
                0 => self.ttft_us / 2,
                1 => self.ttft_us - self.ttft_us / 2,
                _ => self.rest_us * (index as u64 - 1) / later - self.rest_us * (index as u64 - 2) / later,
            };
            frames.push(Frame { gap_us, event: None, data: to_raw_value(&data)? });
        }
        Ok(frames)
    }
}

fn chunks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.char_indices().nth(DELTA_CHARACTERS).map_or(rest.len(), |(at, _)| at);
        let (chunk, after) = rest.split_at(end);
        rest = after;
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// Items that the harness itself puts into a conversation.
pub mod items {
    use serde_json::{Value, json};

    /// A message of the user or the developer.
    pub fn message(role: &str, text: &str) -> String {
        let content: Value = json!([{"type": "input_text", "text": text}]);
        json!({"type": "message", "role": role, "content": content}).to_string()
    }

    /// What a tool answered.
    pub fn output(call_id: &str, output: &str) -> String {
        json!({"type": "function_call_output", "call_id": call_id, "output": output}).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authored_answer_decodes_to_what_was_written() {
        let usage = Usage { input_tokens: 1200, cached_tokens: 1024, output_tokens: 30, ..Usage::default() };
        let authored = Authored {
            model: "stub-1".into(),
            number: 3,
            reasoning: Some("hm".into()),
            text: Some(
                "I will look at the whole of the file before I change a line of it, ünïcode too.".into(),
            ),
            calls: vec![("read_file".into(), r#"{"path":"a"}"#.into())],
            usage,
            ttft_us: 900_001,
            rest_us: 500_003,
        };
        let mut decoder = Decoder::default();
        let mut deltas = String::new();
        for frame in authored.frames().unwrap() {
            let value: Value = serde_json::from_str(frame.data.get()).unwrap();
            deltas.push_str(value["delta"].as_str().unwrap_or_default());
            decoder.feed(&frame).unwrap();
        }
        let answer = decoder.finish();
        assert_eq!(deltas, authored.text.clone().unwrap());
        assert_eq!((answer.ttft_us, answer.total_us), (900_001, 1_400_004));
        assert_eq!(answer.usage, Some(usage));
        assert_eq!((answer.served.as_str(), &answer.end), ("stub-1", &End::Completed));
        let items: Vec<Value> = answer.items.iter().map(|i| serde_json::from_str(i).unwrap()).collect();
        assert_eq!(items, authored.items());
    }

    #[test]
    fn a_stream_without_its_last_frame_is_cut_and_a_failure_tells_why() {
        let mut decoder = Decoder::default();
        let frame = |text: &str| Frame {
            gap_us: 10,
            event: None,
            data: RawValue::from_string(text.to_owned()).unwrap(),
        };
        decoder.feed(&frame(r#"{"type":"response.created","response":{"model":"m"}}"#)).unwrap();
        decoder.feed(&frame(r#"{"type":"response.shiny_new_thing","x":1}"#)).unwrap();
        assert_eq!(decoder.answer.end, End::Cut);
        let failed = r#"{"type":"response.failed","response":{"error":{"code":"x","message":"too busy"}}}"#;
        decoder.feed(&frame(failed)).unwrap();
        assert_eq!(decoder.finish().end, End::Failed("too busy".into()));
    }
}
