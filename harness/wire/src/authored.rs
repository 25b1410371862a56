//! An answer that somebody wrote, whatever the protocol: what it says, its tokens and its pace. Its shape on the
//! wire is each protocol's own.

use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use crate::{Frame, Protocol, Usage, chat, messages, responses};

/// Characters a text delta of an authored answer carries.
const DELTA_CHARACTERS: usize = 48;

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
    /// Its tool calls.
    pub calls: Vec<AuthoredCall>,
    /// Its token counts.
    pub usage: Usage,
    /// Time to the first content, in microseconds.
    pub ttft_us: u64,
    /// Time from the first content to the end, in microseconds.
    pub rest_us: u64,
}

/// A tool call that somebody wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthoredCall {
    /// The tool.
    pub name: String,
    /// The namespace it stands in, for the Responses protocol.
    pub namespace: Option<String>,
    /// Its arguments: JSON, or free text for a custom tool.
    pub arguments: String,
    /// Whether the tool takes free text.
    pub custom: bool,
}

impl AuthoredCall {
    /// A call of a function with JSON arguments.
    pub fn function(name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self { name: name.into(), arguments: arguments.into(), ..Self::default() }
    }

    /// A call of a tool that takes free text.
    pub fn custom(name: impl Into<String>, input: impl Into<String>) -> Self {
        Self { custom: true, ..Self::function(name, input) }
    }

    /// The arguments as an object, for a protocol that has no other: free text becomes the member `input`.
    pub(crate) fn object(&self) -> Value {
        let object = serde_json::from_str::<Value>(&self.arguments).ok().filter(Value::is_object);
        let empty = self.arguments.trim().is_empty() && !self.custom;
        match object {
            Some(object) if !self.custom => object,
            _ if empty => json!({}),
            _ => json!({"input": self.arguments}),
        }
    }
}

/// What a frame of an authored answer will be.
pub(crate) struct Draft {
    pub(crate) event: Option<&'static str>,
    pub(crate) data: Value,
}

impl Draft {
    /// An event of a protocol that names its events by the type of their data.
    pub(crate) fn named(event: &'static str, mut data: Value) -> Self {
        data["type"] = event.into();
        Self { event: Some(event), data }
    }

    /// An event without a name.
    pub(crate) fn unnamed(data: Value) -> Self {
        Self { event: None, data }
    }
}

impl Authored {
    /// The answer's items in the Responses protocol, as they will stand in the conversation.
    pub fn items(&self) -> Vec<Value> {
        responses::authored_items(self)
    }

    /// The frames of its stream, complete enough for any client: the first content after `ttft_us`, the time after
    /// it spread evenly over the rest. A stream of Chat Completions ends with its token counts in a chunk of its
    /// own without choices, and with `[DONE]`.
    pub fn frames(&self, protocol: Protocol) -> Result<Vec<Frame>, serde_json::Error> {
        match protocol {
            Protocol::Responses => responses::frames(self),
            Protocol::ChatCompletions => chat::frames(self),
            Protocol::Messages => messages::frames(self),
        }
    }

    /// The few frames of the Responses protocol that the native agent reads, as they stand in its cassettes.
    pub fn native_frames(&self) -> Result<Vec<Frame>, serde_json::Error> {
        responses::native_frames(self)
    }

    /// The body of its answer without a stream.
    pub fn body(&self, protocol: Protocol) -> String {
        match protocol {
            Protocol::Responses => responses::body(self),
            Protocol::ChatCompletions => chat::body(self),
            Protocol::Messages => messages::body(self),
        }
        .to_string()
    }

    /// Id of its call `index`, from 0.
    pub(crate) fn call_id(&self, index: usize) -> String {
        format!("call_{}_{}", self.number, index + 1)
    }

    /// Gives every frame its time; `first` is the one that brings the first content.
    pub(crate) fn pace(&self, drafts: Vec<Draft>, first: usize) -> Result<Vec<Frame>, serde_json::Error> {
        let first = first.max(1);
        let later = drafts.len().saturating_sub(first + 1).max(1) as u128;
        // The product may be more than 64 bits hold; the share is not.
        let share = |number: usize| (u128::from(self.rest_us) * number as u128 / later) as u64;
        let mut frames = Vec::with_capacity(drafts.len());
        for (index, Draft { event, data }) in drafts.into_iter().enumerate() {
            let gap_us = match index {
                0 => self.ttft_us / 2,
                _ if index < first => 0,
                _ if index == first => self.ttft_us - self.ttft_us / 2,
                _ => share(index - first) - share(index - first - 1),
            };
            frames.push(Frame { gap_us, event: event.map(str::to_owned), data: to_raw_value(&data)? });
        }
        Ok(frames)
    }
}

/// A text in the pieces that deltas carry.
pub(crate) fn chunks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.char_indices().nth(DELTA_CHARACTERS).map_or(rest.len(), |(at, _)| at);
        let (chunk, after) = rest.split_at(end);
        rest = after;
        (!chunk.is_empty()).then_some(chunk)
    })
}
