//! Authored answers in the Messages protocol, as a stream and whole.

use serde_json::{Value, json};

use crate::authored::{Draft, chunks};
use crate::{Authored, Frame};

/// The events of the stream.
pub(crate) fn frames(authored: &Authored) -> Result<Vec<Frame>, serde_json::Error> {
    let mut message = body(authored);
    let (stop, counters) = (message["stop_reason"].take(), message["usage"].clone());
    if let Some(begun) = message["usage"].as_object_mut() {
        begun.remove("output_tokens_details");
        begun.insert("output_tokens".to_owned(), authored.usage.output_tokens.min(1).into());
    }
    let blocks = message["content"].take();
    message["content"] = json!([]);
    let mut drafts = vec![Draft::named("message_start", json!({"message": message}))];
    for (index, block) in blocks.as_array().into_iter().flatten().enumerate() {
        let mut begun = block.clone();
        let mut deltas = Vec::new();
        let mut grow = |kind: &str, key: &str, text: &str| {
            deltas.extend(chunks(text).map(|piece| json!({"type": kind, key: piece})));
        };
        match block["type"].as_str() {
            Some("thinking") => {
                grow("thinking_delta", "thinking", block["thinking"].as_str().unwrap_or_default());
                grow("signature_delta", "signature", block["signature"].as_str().unwrap_or_default());
                (begun["thinking"], begun["signature"]) = (json!(""), json!(""));
            }
            Some("tool_use") => {
                grow("input_json_delta", "partial_json", &block["input"].to_string());
                begun["input"] = json!({});
            }
            _ => {
                grow("text_delta", "text", block["text"].as_str().unwrap_or_default());
                begun["text"] = json!("");
            }
        }
        drafts.push(Draft::named("content_block_start", json!({"index": index, "content_block": begun})));
        for delta in deltas {
            drafts.push(Draft::named("content_block_delta", json!({"index": index, "delta": delta})));
        }
        drafts.push(Draft::named("content_block_stop", json!({"index": index})));
    }
    let delta = json!({"stop_reason": stop, "stop_sequence": null});
    drafts.push(Draft::named("message_delta", json!({"delta": delta, "usage": counters})));
    drafts.push(Draft::named("message_stop", json!({})));
    authored.pace(drafts, 1)
}

/// The whole message.
pub(crate) fn body(authored: &Authored) -> Value {
    let n = authored.number;
    let mut content = Vec::new();
    if let Some(thought) = &authored.reasoning {
        content.push(json!({"type": "thinking", "thinking": thought, "signature": format!("sig_{n}")}));
    }
    if let Some(text) = &authored.text {
        content.push(json!({"type": "text", "text": text}));
    }
    for (index, call) in authored.calls.iter().enumerate() {
        let id = format!("toolu_{n}_{}", index + 1);
        content.push(json!({"type": "tool_use", "id": id, "name": call.name, "input": call.object()}));
    }
    let stop = if authored.calls.is_empty() { "end_turn" } else { "tool_use" };
    json!({
        "id": format!("msg_{n}"), "type": "message", "role": "assistant", "model": authored.model,
        "content": content, "stop_reason": stop, "stop_sequence": null, "usage": usage(authored),
    })
}

/// The counters are disjoint here: what was neither read from the cache nor written to it is the input.
fn usage(authored: &Authored) -> Value {
    let usage = &authored.usage;
    let (read, written) = (usage.cached_tokens, usage.cache_write_tokens);
    json!({
        "input_tokens": usage.input_tokens.saturating_sub(read).saturating_sub(written),
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
        "cache_creation": {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
        "service_tier": "standard",
    })
}
