//! The Anthropic Messages protocol: its events and messages, what is known of them typed and all the rest kept.
//! Knows nothing of the other protocols.

mod equal;
mod read;
mod stream;
mod usage;
mod write;

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::fields::typed;

pub(crate) use equal::Equal;
pub(crate) use read::read_items;
pub(crate) use stream::{Stream, whole};
pub(crate) use write::{body, frames};

typed! {
    /// One event of a stream.
    Event {
        /// What it tells.
        kind: Cow<'a, str> = "type",
        /// Which content block it belongs to.
        index: u64 = "index",
        /// The message as it starts.
        message: Message<'a> = "message",
        /// A content block as it starts, raw.
        content_block: &'a RawValue = "content_block",
        /// What is added to a block or to the message.
        delta: Delta<'a> = "delta",
        /// Tokens, raw.
        usage: &'a RawValue = "usage",
        /// What failed, raw.
        error: &'a RawValue = "error",
    }
}

typed! {
    /// A message: the body of an answer without a stream, and what the first event of a stream carries.
    Message {
        /// message, or error.
        kind: Cow<'a, str> = "type",
        /// Its id.
        id: Cow<'a, str> = "id",
        /// The model that answers.
        model: Cow<'a, str> = "model",
        /// Its content blocks, raw.
        content: Vec<&'a RawValue> = "content",
        /// Why it ended.
        stop_reason: Cow<'a, str> = "stop_reason",
        /// Its tokens, raw.
        usage: &'a RawValue = "usage",
        /// What failed, raw.
        error: &'a RawValue = "error",
    }
}

typed! {
    /// What an event adds to a content block, or to the message at its end.
    Delta {
        /// What it adds.
        kind: Cow<'a, str> = "type",
        /// The next piece of a text.
        text: Cow<'a, str> = "text",
        /// The next piece of a tool's input.
        partial_json: Cow<'a, str> = "partial_json",
        /// The next piece of a thought.
        thinking: Cow<'a, str> = "thinking",
        /// The thought's signature.
        signature: Cow<'a, str> = "signature",
        /// A citation, raw.
        citation: &'a RawValue = "citation",
        /// The next piece of a compaction's summary.
        content: Cow<'a, str> = "content",
        /// Why the message ended.
        stop_reason: Cow<'a, str> = "stop_reason",
    }
}
