//! The requests of a conformance round, in each protocol's own words. Knows nothing of answers.

use serde_json::{Value, json};
use wire::Protocol;

use super::OUTPUT_TOKENS;

/// What one request is to hold.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wish<'a> {
    pub(super) text: &'a str,
    pub(super) stream: bool,
    /// Whether it offers the tool.
    pub(super) tools: bool,
    /// Whether the model has to call it.
    pub(super) forced: bool,
    /// Items that follow, raw.
    pub(super) said: &'a [String],
}

impl<'a> Wish<'a> {
    pub(super) fn say(text: &'a str) -> Self {
        Self { text, ..Self::default() }
    }
}

/// The body of a request.
pub(super) fn body(protocol: Protocol, model: &str, wish: &Wish<'_>) -> String {
    let mut items = vec![json!({"role": "user", "content": wish.text})];
    items.extend(wish.said.iter().filter_map(|raw| serde_json::from_str(raw).ok()));
    let mut body = match protocol {
        Protocol::Responses => {
            json!({"model": model, "input": items, "max_output_tokens": OUTPUT_TOKENS, "store": false})
        }
        _ => json!({"model": model, "messages": items, "max_tokens": OUTPUT_TOKENS}),
    };
    body["stream"] = json!(wish.stream);
    if wish.stream && protocol == Protocol::ChatCompletions {
        body["stream_options"] = json!({"include_usage": true});
    }
    if wish.tools {
        body["tools"] = json!([tool(protocol)]);
        body["tool_choice"] = match (protocol, wish.forced) {
            (Protocol::Messages, true) => json!({"type": "any"}),
            (Protocol::Messages, false) => json!({"type": "auto"}),
            (_, true) => json!("required"),
            (_, false) => json!("auto"),
        };
    }
    body.to_string()
}

fn tool(protocol: Protocol) -> Value {
    let (name, about) = ("get_word", "Gives the word that has a number.");
    let schema = json!({
        "type": "object",
        "properties": {"number": {"type": "integer", "description": "The number."}},
        "required": ["number"],
    });
    match protocol {
        Protocol::Responses => {
            json!({"type": "function", "name": name, "description": about, "parameters": schema, "strict": false})
        }
        Protocol::ChatCompletions => {
            json!({"type": "function", "function": {"name": name, "description": about, "parameters": schema}})
        }
        Protocol::Messages => json!({"name": name, "description": about, "input_schema": schema}),
    }
}

/// The items that answer calls, raw.
pub(super) fn outputs(protocol: Protocol, ids: &[&str], output: &str) -> Vec<String> {
    let one = |id: &&str| match protocol {
        Protocol::Responses => json!({"type": "function_call_output", "call_id": id, "output": output}),
        Protocol::ChatCompletions => json!({"role": "tool", "tool_call_id": id, "content": output}),
        Protocol::Messages => json!({"type": "tool_result", "tool_use_id": id, "content": output}),
    };
    let all: Vec<Value> = ids.iter().map(one).collect();
    match protocol {
        Protocol::Messages => vec![json!({"role": "user", "content": all}).to_string()],
        _ => all.iter().map(Value::to_string).collect(),
    }
}
