//! The OpenAI Responses protocol: its events and responses, what is known of them typed and all the rest kept.
//! Knows nothing of the other protocols.

mod read;
mod stream;
mod write;

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::fields::typed;
pub use crate::{Answer, Authored, Decoder, End};

pub(crate) use read::{names_of, read_item, tool_names};
pub(crate) use stream::{feed, whole};
pub(crate) use write::{authored_items, body, failed, frames, native_frames};

typed! {
    /// One event of a stream.
    Event {
        /// What it tells.
        kind: Cow<'a, str> = "type",
        /// Its number in the stream.
        sequence_number: u64 = "sequence_number",
        /// Which item it belongs to.
        output_index: u64 = "output_index",
        /// That item's id.
        item_id: Cow<'a, str> = "item_id",
        /// The next piece of a text.
        delta: Cow<'a, str> = "delta",
        /// An item, raw.
        item: &'a RawValue = "item",
        /// The response as it stands.
        response: Response<'a> = "response",
        /// What failed, raw.
        error: &'a RawValue = "error",
    }
}

typed! {
    /// A response: the body of an answer without a stream, and what the first and last events of a stream carry.
    Response {
        /// Its id.
        id: Cow<'a, str> = "id",
        /// The model that answers.
        model: Cow<'a, str> = "model",
        /// How far it is.
        status: Cow<'a, str> = "status",
        /// Its items, raw.
        output: Vec<&'a RawValue> = "output",
        /// Its tokens, raw.
        usage: &'a RawValue = "usage",
        /// What failed, raw.
        error: &'a RawValue = "error",
        /// Why it stopped early, raw.
        incomplete_details: &'a RawValue = "incomplete_details",
    }
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
