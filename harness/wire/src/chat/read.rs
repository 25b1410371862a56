//! Messages of the Chat Completions protocol, read. Knows nothing of streams.

use serde_json::value::RawValue;

use crate::fields::elements;
use crate::item::CallKind;
use crate::{Fields, Item};

/// What one entry of `messages` says: an assistant's message may think, speak and call at once.
pub(crate) fn read_items(raw: &str) -> Vec<Item> {
    let Ok(message) = Fields::parse(raw) else { return Vec::new() };
    let role = message.text("role").unwrap_or_default();
    let content = message.content("content");
    match role.as_str() {
        "tool" => vec![Item::Output {
            call_id: message.text("tool_call_id").unwrap_or_default(),
            output: content.text(),
            images: content.images,
            is_error: false,
            kind: CallKind::Function,
        }],
        "function" => vec![Item::Other(role)],
        "assistant" => {
            let mut items = Vec::new();
            let thought = message.text("reasoning_content").or_else(|| message.text("reasoning"));
            let sealed = message.get("reasoning_details").is_some_and(|raw| raw.get().contains("encrypted"));
            if sealed || thought.as_ref().is_some_and(|text| !text.is_empty()) {
                items.push(Item::Reasoning { summary: thought.unwrap_or_default(), sealed });
            }
            if !content.is_empty() {
                items.push(content.message(&role));
            } else if let Some(refusal) = message.text("refusal") {
                items.push(Item::Message { role, text: refusal, images: 0 });
            }
            let calls = message.get("tool_calls").and_then(elements).unwrap_or_default();
            items.extend(calls.into_iter().map(call));
            items.extend(message.get("function_call").map(|_| Item::Other("function_call".to_owned())));
            items
        }
        _ => vec![content.message(&role)],
    }
}

fn call(raw: &RawValue) -> Item {
    let read = || {
        let call = Fields::parse(raw.get()).ok()?;
        let (kind, inside, arguments) = match call.get("custom") {
            Some(custom) => (CallKind::Custom, custom, "input"),
            None => (CallKind::Function, call.get("function")?, "arguments"),
        };
        let inside = Fields::parse(inside.get()).ok()?;
        Some(Item::Call {
            call_id: call.text("id").unwrap_or_default(),
            name: inside.text("name")?,
            arguments: inside.text(arguments).unwrap_or_default(),
            kind,
        })
    };
    read().unwrap_or_else(|| Item::Other("tool_call".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assistant_thinks_speaks_and_calls_in_one_message() {
        let items = read_items(
            r#"{"role":"assistant","content":"I look.","reasoning_content":"hm","tool_calls":[
            {"id":"c1","type":"function","function":{"name":"ls","arguments":"{}"}},
            {"id":"c2","type":"custom","custom":{"name":"patch","input":"***"}},{"id":"c3"}]}"#,
        );
        let call = |id: &str, name: &str, arguments: &str, kind| Item::Call {
            call_id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
            kind,
        };
        let expected = vec![
            Item::Reasoning { summary: "hm".into(), sealed: false },
            Item::Message { role: "assistant".into(), text: "I look.".into(), images: 0 },
            call("c1", "ls", "{}", CallKind::Function),
            call("c2", "patch", "***", CallKind::Custom),
            Item::Other("tool_call".into()),
        ];
        assert_eq!(items, expected);
    }

    #[test]
    fn a_tools_answer_and_an_image_are_read() {
        let output =
            read_items(r#"{"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"ok"}]}"#);
        assert!(
            matches!(&output[..], [Item::Output { call_id, output, .. }] if call_id == "c1" && output == "ok")
        );
        let image =
            read_items(r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:"}}]}"#);
        assert_eq!(image, [Item::Message { role: "user".into(), text: String::new(), images: 1 }]);
        assert_eq!(read_items("7"), []);
    }
}
