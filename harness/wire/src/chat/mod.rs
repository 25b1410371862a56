//! The OpenAI Chat Completions protocol and what other servers add to it: its completions and their chunks, what is
//! known of them typed and all the rest kept. Knows nothing of the other protocols.

mod read;
mod stream;
mod write;

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::fields::typed;

pub(crate) use read::read_items;
pub(crate) use stream::{Stream, whole};
pub(crate) use write::{body, frames};

typed! {
    /// A completion, or one chunk of its stream.
    Completion {
        /// Its id.
        id: Cow<'a, str> = "id",
        /// The model that answers.
        model: Cow<'a, str> = "model",
        /// The answers side by side.
        choices: Vec<Choice<'a>> = "choices",
        /// Its tokens, raw.
        usage: &'a RawValue = "usage",
        /// What failed, raw.
        error: &'a RawValue = "error",
    }
}

typed! {
    /// One of the answers.
    Choice {
        /// Its number.
        index: u64 = "index",
        /// What a chunk adds to it.
        delta: Delta<'a> = "delta",
        /// The whole message, where there is no stream: raw.
        message: &'a RawValue = "message",
        /// Why it ended.
        finish_reason: Cow<'a, str> = "finish_reason",
    }
}

typed! {
    /// What a chunk adds to a message.
    Delta {
        /// Who speaks.
        role: Cow<'a, str> = "role",
        /// The next piece of the text.
        content: Cow<'a, str> = "content",
        /// The next piece of the thought, as DeepSeek and llama.cpp name it.
        reasoning_content: Cow<'a, str> = "reasoning_content",
        /// The same, as OpenRouter and vLLM name it.
        reasoning: Cow<'a, str> = "reasoning",
        /// The next piece of a refusal.
        refusal: Cow<'a, str> = "refusal",
        /// Pieces of tool calls.
        tool_calls: Vec<CallDelta<'a>> = "tool_calls",
    }
}

typed! {
    /// A piece of a tool call.
    CallDelta {
        /// Which call it belongs to.
        index: u64 = "index",
        /// The call's id, in its first piece.
        id: Cow<'a, str> = "id",
        /// The tool's kind, in its first piece.
        kind: Cow<'a, str> = "type",
        /// Name and arguments of a function.
        function: Function<'a> = "function",
        /// Name and input of a tool that takes free text.
        custom: Function<'a> = "custom",
    }
}

typed! {
    /// Pieces of the name and of what is passed.
    Function {
        /// The tool.
        name: Cow<'a, str> = "name",
        /// The next piece of a function's arguments.
        arguments: Cow<'a, str> = "arguments",
        /// The next piece of a custom tool's input.
        input: Cow<'a, str> = "input",
    }
}
