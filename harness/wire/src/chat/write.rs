//! Authored answers in the Chat Completions protocol, as a stream and whole.

use serde_json::{Value, json};

use crate::authored::{Draft, chunks};
use crate::{Authored, AuthoredCall, Frame};

/// The chunks of the stream: the role, the thought, the text, the calls, the end, the token counts, `[DONE]`.
pub(crate) fn frames(authored: &Authored) -> Result<Vec<Frame>, serde_json::Error> {
    let chunk = |delta: Value, reason: Option<&str>| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": reason, "logprobs": null});
        Draft::unnamed(completion(authored, "chat.completion.chunk", &[choice]))
    };
    let mut drafts = vec![chunk(json!({"role": "assistant", "content": ""}), None)];
    let pieces =
        |text: &Option<String>| chunks(text.as_deref().unwrap_or_default()).map(str::to_owned).collect();
    let (thought, said): (Vec<String>, Vec<String>) = (pieces(&authored.reasoning), pieces(&authored.text));
    drafts.extend(thought.iter().map(|piece| chunk(json!({"reasoning_content": piece}), None)));
    drafts.extend(said.iter().map(|piece| chunk(json!({"content": piece}), None)));
    for (index, call) in authored.calls.iter().enumerate() {
        let (kind, passed) = kind(call);
        let mut begun = json!({"index": index, "id": authored.call_id(index), "type": kind});
        begun[kind] = json!({"name": call.name, passed: ""});
        drafts.push(chunk(json!({"tool_calls": [begun]}), None));
        for piece in chunks(&call.arguments) {
            let delta = json!({"index": index, kind: {passed: piece}});
            drafts.push(chunk(json!({"tool_calls": [delta]}), None));
        }
    }
    drafts.push(chunk(json!({}), Some(finish_reason(authored))));
    let mut last = completion(authored, "chat.completion.chunk", &[]);
    last["usage"] = usage(authored);
    drafts.push(Draft::unnamed(last));
    let mut frames = authored.pace(drafts, 1)?;
    frames.push(Frame::done()?);
    Ok(frames)
}

/// The whole completion.
pub(crate) fn body(authored: &Authored) -> Value {
    let mut message =
        json!({"role": "assistant", "content": authored.text, "refusal": null, "annotations": []});
    if let Some(thought) = &authored.reasoning {
        message["reasoning_content"] = thought.as_str().into();
    }
    if !authored.calls.is_empty() {
        let call = |(index, call): (usize, &AuthoredCall)| {
            let (kind, passed) = kind(call);
            let inside = json!({"name": call.name, passed: call.arguments});
            json!({"id": authored.call_id(index), "type": kind, kind: inside})
        };
        message["tool_calls"] = authored.calls.iter().enumerate().map(call).collect();
    }
    let reason = finish_reason(authored);
    let choice = json!({"index": 0, "message": message, "finish_reason": reason, "logprobs": null});
    let mut body = completion(authored, "chat.completion", &[choice]);
    body["usage"] = usage(authored);
    body
}

fn kind(call: &AuthoredCall) -> (&'static str, &'static str) {
    if call.custom { ("custom", "input") } else { ("function", "arguments") }
}

fn finish_reason(authored: &Authored) -> &'static str {
    if authored.calls.is_empty() { "stop" } else { "tool_calls" }
}

fn completion(authored: &Authored, object: &str, choices: &[Value]) -> Value {
    json!({
        "id": format!("chatcmpl-{}", authored.number), "object": object, "created": 0, "model": authored.model,
        "system_fingerprint": null, "choices": choices,
    })
}

fn usage(authored: &Authored) -> Value {
    let usage = &authored.usage;
    json!({
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total(),
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_tokens, "cache_write_tokens": usage.cache_write_tokens,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    })
}
