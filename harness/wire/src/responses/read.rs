//! Items of the Responses protocol, read. Knows nothing of streams.

use serde_json::value::RawValue;

use crate::fields::elements;
use crate::item::CallKind;
use crate::{Fields, Item};

/// One entry of `input` or `output`; nothing where the text is no JSON object.
pub(crate) fn read_item(raw: &str) -> Option<Item> {
    let item = Fields::parse(raw).ok()?;
    let kind = item.text("type").unwrap_or_else(|| "message".to_owned());
    Some(known(&item, &kind).unwrap_or(Item::Other(kind)))
}

fn known(item: &Fields<'_>, kind: &str) -> Option<Item> {
    let text = |key: &str| item.text(key);
    let raw = |key: &str| item.get(key).map(|value| value.get().to_owned());
    let call = |kind, name: Option<String>, arguments: Option<String>| {
        let (call_id, name) = (text("call_id")?, name?);
        Some(Item::Call { call_id, name, arguments: arguments.unwrap_or_default(), kind })
    };
    let output = |kind| {
        let content = item.content("output");
        let (output, images) = (content.text(), content.images);
        Some(Item::Output { call_id: text("call_id")?, output, images, is_error: false, kind })
    };
    match kind {
        "message" => Some(item.content("content").message(&text("role").unwrap_or_default())),
        "agent_message" => Some(item.content("content").message("agent")),
        "reasoning" => Some(Item::Reasoning {
            summary: item.content("summary").text(),
            sealed: text("encrypted_content").is_some_and(|sealed| !sealed.is_empty()),
        }),
        "function_call" => {
            call(CallKind::Function, text("name"), text("arguments").or_else(|| text("input")))
        }
        "custom_tool_call" => {
            call(CallKind::Custom, text("name"), text("arguments").or_else(|| text("input")))
        }
        "local_shell_call" => call(CallKind::Shell, Some("local_shell".to_owned()), raw("action")),
        "tool_search_call" if text("execution").as_deref() != Some("server") => call(
            CallKind::Search,
            Some("tool_search".to_owned()),
            text("arguments").or_else(|| raw("arguments")),
        ),
        "function_call_output" => output(CallKind::Function),
        "custom_tool_call_output" => output(CallKind::Custom),
        "local_shell_call_output" => output(CallKind::Shell),
        "tool_search_output" if text("execution").as_deref() != Some("server") => Some(Item::Output {
            call_id: text("call_id")?,
            output: tool_names(item.get("tools")).join("\n"),
            images: 0,
            is_error: false,
            kind: CallKind::Search,
        }),
        "compaction" | "context_compaction" | "compaction_summary" => {
            Some(Item::Compaction { summary: item.content("summary").text() })
        }
        "additional_tools" => Some(Item::Tools { names: tool_names(item.get("tools")) }),
        _ => None,
    }
}

/// The names of a list of tools, of any protocol.
pub(crate) fn tool_names(tools: Option<&RawValue>) -> Vec<String> {
    let tools = tools.and_then(elements).unwrap_or_default();
    tools.into_iter().flat_map(|tool| names_of(tool.get())).collect()
}

/// The names that one tool definition makes known: its own, or those of a namespace's tools, `space.tool`.
pub(crate) fn names_of(raw: &str) -> Vec<String> {
    let Ok(tool) = Fields::parse(raw) else { return Vec::new() };
    let inner = |key: &str| Fields::parse(tool.get(key)?.get()).ok()?.text("name");
    let name = tool.text("name").or_else(|| inner("function")).or_else(|| inner("custom"));
    let name = name.or_else(|| tool.text("type")).unwrap_or_default();
    // One level only: a namespace within a namespace is named as such.
    let nested = tool.get("tools").and_then(elements).unwrap_or_default();
    let nested = nested.into_iter().filter_map(|tool| Fields::parse(tool.get()).ok()?.text("name"));
    let nested: Vec<String> = nested.map(|tool| format!("{name}.{tool}")).collect();
    if nested.is_empty() { vec![name] } else { nested }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(kind: CallKind, name: &str, arguments: &str) -> Option<Item> {
        Some(Item::Call { call_id: "c1".into(), name: name.into(), arguments: arguments.into(), kind })
    }

    #[test]
    fn items_are_read_and_unknown_ones_kept_by_type() {
        let read = read_item(
            r#"{"type":"function_call","id":"fc_1","call_id":"c1","name":"grep","arguments":"{}"}"#,
        );
        assert_eq!(read, call(CallKind::Function, "grep", "{}"));
        let other = |kind: &str| Some(Item::Other(kind.to_owned()));
        assert_eq!(
            read_item(r#"{"type":"function_call","name":null,"call_id":"x"}"#),
            other("function_call")
        );
        assert_eq!(read_item(r#"{"type":"web_search_call","id":"ws_1"}"#), other("web_search_call"));
        assert_eq!(read_item("[]"), None);
    }

    #[test]
    fn every_kind_of_call_output_and_compaction_is_read() {
        let read = |text: &str| read_item(text);
        assert_eq!(
            read(r#"{"type":"custom_tool_call","call_id":"c1","name":"apply_patch","input":"*** Begin"}"#),
            call(CallKind::Custom, "apply_patch", "*** Begin")
        );
        assert_eq!(
            read(r#"{"type":"tool_search_call","call_id":"c1","arguments":{"query":"x"}}"#),
            call(CallKind::Search, "tool_search", r#"{"query":"x"}"#)
        );
        assert_eq!(
            read(r#"{"type":"local_shell_call","call_id":"c1","action":{"command":["ls"]}}"#),
            call(CallKind::Shell, "local_shell", r#"{"command":["ls"]}"#)
        );
        assert_eq!(
            read(r#"{"type":"tool_search_output","call_id":"c1","tools":[{"name":"a"},{"type":"b"}]}"#),
            Some(Item::Output {
                call_id: "c1".into(),
                output: "a\nb".into(),
                images: 0,
                is_error: false,
                kind: CallKind::Search
            })
        );
        assert_eq!(
            read(r#"{"type":"compaction","encrypted_content":"xx"}"#),
            Some(Item::Compaction { summary: String::new() })
        );
        let tools = r#"{"type":"additional_tools","tools":[{"type":"namespace","name":"functions","tools":[{"name":"exec"}]}]}"#;
        assert_eq!(read(tools), Some(Item::Tools { names: vec!["functions.exec".into()] }));
    }

    #[test]
    fn an_image_is_counted_and_encrypted_reasoning_is_sealed() {
        let message = r#"{"role":"user","content":[{"type":"input_text","text":"see"},{"type":"input_image","image_url":"data:"}]}"#;
        assert_eq!(
            read_item(message),
            Some(Item::Message { role: "user".into(), text: "see".into(), images: 1 })
        );
        let reasoning =
            r#"{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"x"}"#;
        assert_eq!(read_item(reasoning), Some(Item::Reasoning { summary: "hm".into(), sealed: true }));
    }
}
