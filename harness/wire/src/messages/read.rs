//! Messages of the Anthropic protocol, read. Knows nothing of streams.

use crate::fields::elements;
use crate::item::{CallKind, Content};
use crate::{Fields, Item};

/// What one entry of `messages` says, in the order of its content blocks; texts and images that follow each other
/// are one message.
pub(crate) fn read_items(raw: &str) -> Vec<Item> {
    let Ok(message) = Fields::parse(raw) else { return Vec::new() };
    let role = message.text("role").unwrap_or_default();
    let Some(blocks) = message.get("content").and_then(elements) else {
        return vec![message.content("content").message(&role)];
    };
    let mut items = Vec::new();
    let mut said: Option<Content> = None;
    for block in blocks {
        let Ok(block) = Fields::parse(block.get()) else { continue };
        let kind = block.text("type").unwrap_or_default();
        if matches!(kind.as_str(), "text" | "image") {
            said.get_or_insert_default().part(&block);
            continue;
        }
        items.extend(said.take().map(|content| content.message(&role)));
        items.push(other(&block, &kind).unwrap_or(Item::Other(kind)));
    }
    items.extend(said.map(|content| content.message(&role)));
    items
}

fn other(block: &Fields<'_>, kind: &str) -> Option<Item> {
    match kind {
        "thinking" => {
            Some(Item::Reasoning { summary: block.text("thinking").unwrap_or_default(), sealed: false })
        }
        "redacted_thinking" => Some(Item::Reasoning { summary: String::new(), sealed: true }),
        "tool_use" => Some(Item::Call {
            call_id: block.text("id").unwrap_or_default(),
            name: block.text("name")?,
            arguments: block.get("input").map(|input| input.get().to_owned()).unwrap_or_default(),
            kind: CallKind::Function,
        }),
        "tool_result" => {
            let content = block.content("content");
            Some(Item::Output {
                call_id: block.text("tool_use_id").unwrap_or_default(),
                output: content.text(),
                images: content.images,
                is_error: block.get("is_error").is_some_and(|value| value.get() == "true"),
                kind: CallKind::Function,
            })
        }
        "compaction" => Some(Item::Compaction { summary: block.content("content").text() }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_content_block_becomes_an_item_and_neighbouring_texts_one_message() {
        let items = read_items(
            r#"{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},
            {"type":"redacted_thinking","data":"x"},{"type":"text","text":"a"},{"type":"text","text":"b"},
            {"type":"tool_use","id":"t1","name":"ls","input":{"b":1,"a":2}},
            {"type":"server_tool_use","id":"s1","name":"web_search","input":{}},
            {"type":"compaction","content":"before"}]}"#,
        );
        let expected = vec![
            Item::Reasoning { summary: "hm".into(), sealed: false },
            Item::Reasoning { summary: String::new(), sealed: true },
            Item::Message { role: "assistant".into(), text: "a\nb".into(), images: 0 },
            Item::Call {
                call_id: "t1".into(),
                name: "ls".into(),
                arguments: r#"{"b":1,"a":2}"#.into(),
                kind: CallKind::Function,
            },
            Item::Other("server_tool_use".into()),
            Item::Compaction { summary: "before".into() },
        ];
        assert_eq!(items, expected);
    }

    #[test]
    fn a_result_tells_its_error_and_its_images() {
        let items = read_items(
            r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,
            "content":[{"type":"text","text":"no"},{"type":"image","source":{}}]},{"type":"text","text":"go"}]}"#,
        );
        let output = Item::Output {
            call_id: "t1".into(),
            output: "no".into(),
            images: 1,
            is_error: true,
            kind: CallKind::Function,
        };
        assert_eq!(items, [output, Item::Message { role: "user".into(), text: "go".into(), images: 0 }]);
    }
}
