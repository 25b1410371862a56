//! Authored answers in the Responses protocol: the full stream that any client understands, the short one of the
//! native agent, and the whole response.

use serde_json::{Value, json};

use crate::authored::{Draft, chunks};
use crate::{Authored, Frame};

/// Its items, as they will stand in the conversation.
pub(crate) fn authored_items(authored: &Authored) -> Vec<Value> {
    let mut items = Vec::new();
    let n = authored.number;
    if let Some(text) = &authored.reasoning {
        let summary = json!([{"type": "summary_text", "text": text}]);
        items.push(json!({"type": "reasoning", "id": format!("rs_{n}"), "summary": summary}));
    }
    if let Some(text) = &authored.text {
        let content = json!([{"type": "output_text", "text": text, "annotations": []}]);
        items.push(json!({
            "type": "message", "id": format!("msg_{n}"), "role": "assistant", "status": "completed",
            "content": content,
        }));
    }
    for (index, call) in authored.calls.iter().enumerate() {
        let number = index + 1;
        let (kind, id, passed) = if call.custom {
            ("custom_tool_call", format!("ctc_{n}_{number}"), "input")
        } else {
            ("function_call", format!("fc_{n}_{number}"), "arguments")
        };
        let mut item = json!({
            "type": kind, "id": id, "call_id": authored.call_id(index), "name": call.name, "status": "completed",
        });
        item[passed] = call.arguments.as_str().into();
        if let Some(namespace) = &call.namespace {
            item["namespace"] = namespace.as_str().into();
        }
        items.push(item);
    }
    items
}

/// The short stream of the native agent.
pub(crate) fn native_frames(authored: &Authored) -> Result<Vec<Frame>, serde_json::Error> {
    let id = format!("resp_{}", authored.number);
    let response =
        |status: &str| json!({"id": id, "object": "response", "model": authored.model, "status": status});
    let mut data = vec![json!({"type": "response.created", "response": response("in_progress")})];
    for (index, item) in authored_items(authored).into_iter().enumerate() {
        if item["type"] == "message" {
            let text = authored.text.as_deref().unwrap_or_default();
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
    completed["usage"] = usage(authored);
    data.push(json!({"type": "response.completed", "response": completed}));
    authored.pace(numbered(data.into_iter().map(Draft::unnamed).collect()), 1)
}

/// The full stream.
pub(crate) fn frames(authored: &Authored) -> Result<Vec<Frame>, serde_json::Error> {
    let begun = response(authored, "in_progress");
    let mut drafts = vec![
        Draft::named("response.created", json!({"response": begun})),
        Draft::named("response.in_progress", json!({"response": begun})),
    ];
    for (index, item) in authored_items(authored).into_iter().enumerate() {
        let mut begun = item.clone();
        let (empty, is_list) = match item["type"].as_str() {
            Some("reasoning") => ("summary", true),
            Some("message") => ("content", true),
            Some("custom_tool_call") => ("input", false),
            _ => ("arguments", false),
        };
        begun[empty] = if is_list { json!([]) } else { json!("") };
        if begun.get("status").is_some() {
            begun["status"] = "in_progress".into();
        }
        drafts
            .push(Draft::named("response.output_item.added", json!({"output_index": index, "item": begun})));
        grow(&mut drafts, index, &item);
        drafts.push(Draft::named("response.output_item.done", json!({"output_index": index, "item": item})));
    }
    drafts.push(Draft::named("response.completed", json!({"response": body(authored)})));
    authored.pace(numbered(drafts), 2)
}

/// The events between the start of an item and its end.
fn grow(drafts: &mut Vec<Draft>, index: usize, item: &Value) {
    let event = |name, part: Option<&str>, members: Value| {
        let mut data = json!({"output_index": index, "item_id": item["id"]});
        if let Some(part) = part {
            data[part] = 0.into();
        }
        if let (Value::Object(data), Value::Object(members)) = (&mut data, members) {
            data.extend(members);
        }
        Draft::named(name, data)
    };
    let text_of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match item["type"].as_str() {
        Some("reasoning") => {
            let place = Some("summary_index");
            let part = &item["summary"][0];
            let text = text_of(&part["text"]);
            let empty = json!({"part": {"type": "summary_text", "text": ""}});
            drafts.push(event("response.reasoning_summary_part.added", place, empty));
            for delta in chunks(&text) {
                drafts.push(event("response.reasoning_summary_text.delta", place, json!({"delta": delta})));
            }
            drafts.push(event("response.reasoning_summary_text.done", place, json!({"text": text})));
            drafts.push(event("response.reasoning_summary_part.done", place, json!({"part": part})));
        }
        Some("message") => {
            let place = Some("content_index");
            let part = &item["content"][0];
            let text = text_of(&part["text"]);
            let empty = json!({"part": {"type": "output_text", "text": "", "annotations": []}});
            drafts.push(event("response.content_part.added", place, empty));
            for delta in chunks(&text) {
                let members = json!({"delta": delta, "logprobs": []});
                drafts.push(event("response.output_text.delta", place, members));
            }
            let done = json!({"text": text, "logprobs": []});
            drafts.push(event("response.output_text.done", place, done));
            drafts.push(event("response.content_part.done", place, json!({"part": part})));
        }
        Some("custom_tool_call") => {
            let input = text_of(&item["input"]);
            for delta in chunks(&input) {
                drafts.push(event("response.custom_tool_call_input.delta", None, json!({"delta": delta})));
            }
            drafts.push(event("response.custom_tool_call_input.done", None, json!({"input": input})));
        }
        _ => {
            let arguments = text_of(&item["arguments"]);
            for delta in chunks(&arguments) {
                drafts.push(event("response.function_call_arguments.delta", None, json!({"delta": delta})));
            }
            let done = json!({"arguments": arguments, "name": item["name"]});
            drafts.push(event("response.function_call_arguments.done", None, done));
        }
    }
}

/// The whole response.
pub(crate) fn body(authored: &Authored) -> Value {
    let mut body = response(authored, "completed");
    body["output"] = authored_items(authored).into();
    body["usage"] = usage(authored);
    body
}

/// A response that failed.
pub(crate) fn failed(kind: &str, message: &str) -> Value {
    let mut failed = response(&Authored::default(), "failed");
    failed["id"] = "resp_failed".into();
    failed["error"] = json!({"code": kind, "message": message});
    failed
}

/// A response without its output, with the members that the vendor's own client demands.
fn response(authored: &Authored, status: &str) -> Value {
    json!({
        "id": format!("resp_{}", authored.number), "object": "response", "created_at": 0, "status": status,
        "background": false, "error": null, "incomplete_details": null, "instructions": null,
        "max_output_tokens": null, "metadata": {}, "model": authored.model, "output": [],
        "parallel_tool_calls": true, "previous_response_id": null,
        "reasoning": {"effort": null, "summary": null}, "store": false, "temperature": 1.0,
        "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_p": 1.0,
        "truncation": "disabled", "usage": null, "user": null,
    })
}

fn usage(authored: &Authored) -> Value {
    let usage = &authored.usage;
    json!({
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_tokens, "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total(),
    })
}

fn numbered(mut drafts: Vec<Draft>) -> Vec<Draft> {
    for (index, draft) in drafts.iter_mut().enumerate() {
        draft.data["sequence_number"] = index.into();
    }
    drafts
}
