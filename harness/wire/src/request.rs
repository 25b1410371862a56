//! A request body as blocks in the order that decides a cache, and back; and what of it is read. Knows nothing of
//! how blocks are compared.

use serde_json::value::RawValue;

use crate::fields::{elements, member};
use crate::responses::{names_of, tool_names};
use crate::{Block, BlockKind, Fields, Item, JsonError, Protocol, canonical};

/// What is read of a request, whatever the protocol. Everything is lenient: what is missing is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The model that is asked.
    pub model: String,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether a stream of Chat Completions is to end with its token counts.
    pub stream_usage: bool,
    /// Whether it goes on from a response that the server keeps: then earlier items are not in it.
    pub continues: bool,
    /// The names of its tools, those that are made known within the conversation included.
    pub tools: Vec<String>,
    /// The system instructions, part by part, where they are not items.
    pub instructions: Vec<String>,
    /// The conversation.
    pub items: Vec<Item>,
}

impl Request {
    /// Reads a request that was split.
    pub fn read(blocks: &[Block], protocol: Protocol) -> Self {
        let mut request = Self::default();
        for block in blocks {
            match block.kind {
                BlockKind::Head => request.head(&block.raw),
                BlockKind::Tool => request.tools.extend(names_of(&block.raw)),
                BlockKind::Instructions => request.instructions.push(plain(&block.raw)),
                BlockKind::Item if block.raw.starts_with('"') => {
                    let (role, text) = ("user".to_owned(), plain(&block.raw));
                    request.items.push(Item::Message { role, text, images: 0 });
                }
                BlockKind::Item => request.items.extend(protocol.items(&block.raw)),
            }
        }
        for item in &request.items {
            if let Item::Tools { names } = item {
                request.tools.extend_from_slice(names);
            }
        }
        request
    }

    fn head(&mut self, raw: &str) {
        let Ok(head) = Fields::parse(raw) else { return };
        let set = |value: Option<&RawValue>| value.is_some_and(|value| value.get() == "true");
        let options = head.get("stream_options").and_then(|raw| Fields::parse(raw.get()).ok());
        self.model = head.text("model").unwrap_or_default();
        self.stream = set(head.get("stream"));
        self.stream_usage = options.is_some_and(|options| set(options.get("include_usage")));
        self.continues = ["previous_response_id", "conversation"]
            .iter()
            .any(|key| head.get(key).is_some_and(|value| value.get() != "null"));
        self.tools = tool_names(head.get("tools"));
    }
}

/// The text of instructions: a string, or a part with a text.
fn plain(raw: &str) -> String {
    let part = || Fields::parse(raw).ok()?.text("text");
    serde_json::from_str::<String>(raw).ok().or_else(part).unwrap_or_default()
}

impl Protocol {
    /// The kind of block that the values of a member become; nothing where it belongs to the head.
    fn kind_of(self, key: &str) -> Option<BlockKind> {
        match (self, key) {
            (_, "tools") => Some(BlockKind::Tool),
            (Self::Responses, "instructions") | (Self::Messages, "system") => Some(BlockKind::Instructions),
            (Self::Responses, "input") | (Self::ChatCompletions | Self::Messages, "messages") => {
                Some(BlockKind::Item)
            }
            _ => None,
        }
    }

    pub(crate) fn key_of(self, kind: BlockKind) -> Option<&'static str> {
        ["tools", "instructions", "system", "input", "messages"]
            .into_iter()
            .find(|key| self.kind_of(key) == Some(kind))
    }

    /// The blocks of a request body: head, tools, instructions, items. Every text is kept byte for byte. An empty
    /// list, or a member of a shape that the protocol does not know, stays in the head.
    pub fn split(self, body: &str) -> Result<Vec<Block>, JsonError> {
        let fields = Fields::parse(body).map_err(|_| no_object(body))?;
        let mut head = String::from("{");
        let mut first = true;
        let mut pieces: Vec<(BlockKind, &str)> = Vec::new();
        for (key, raw) in fields.iter() {
            // Of a member that occurs twice only the last counts: both stay where they are.
            let once = || fields.iter().filter(|(other, _)| *other == key).nth(1).is_none();
            let kind = self.kind_of(key).filter(|_| once());
            match kind.and_then(|kind| Some((kind, pieces_of(kind, raw)?))) {
                Some((kind, found)) => pieces.extend(found.into_iter().map(|piece| (kind, piece))),
                None => {
                    member(&mut head, &mut first, key);
                    head.push_str(raw.get());
                }
            }
        }
        head.push('}');
        // Stable: pieces of one kind stay in their order.
        pieces.sort_by_key(|(kind, _)| *kind);
        let mut blocks = Vec::with_capacity(pieces.len() + 1);
        blocks.push(Block::new(BlockKind::Head, head));
        blocks.extend(pieces.into_iter().map(|(kind, raw)| Block::new(kind, raw)));
        Ok(blocks)
    }

    /// The body of a request from its blocks: JSON equal to what was split, the head's members first and in their
    /// order.
    pub fn join(self, blocks: &[Block]) -> String {
        let mut out =
            String::with_capacity(blocks.iter().map(|block| block.raw.len() + 1).sum::<usize>() + 64);
        let mut first = true;
        out.push('{');
        for head in blocks.iter().filter(|block| block.kind == BlockKind::Head) {
            if let Ok(fields) = Fields::parse(&head.raw) {
                fields.write(&mut out, &mut first);
            }
        }
        for kind in [BlockKind::Tool, BlockKind::Instructions, BlockKind::Item] {
            let of_kind: Vec<&str> =
                blocks.iter().filter(|block| block.kind == kind).map(|block| &*block.raw).collect();
            let (Some(key), false) = (self.key_of(kind), of_kind.is_empty()) else { continue };
            member(&mut out, &mut first, key);
            match of_kind[..] {
                [text] if text.starts_with('"') => out.push_str(text),
                _ => {
                    out.push('[');
                    out.push_str(&of_kind.join(","));
                    out.push(']');
                }
            }
        }
        out.push('}');
        out
    }
}

/// The values that become blocks of their own: a list of objects, or one string where there are no tools.
fn pieces_of(kind: BlockKind, raw: &RawValue) -> Option<Vec<&str>> {
    if kind != BlockKind::Tool && raw.get().starts_with('"') {
        return Some(vec![raw.get()]);
    }
    let found: Vec<&str> = elements(raw)?.into_iter().map(RawValue::get).collect();
    (!found.is_empty() && found.iter().all(|text| text.starts_with('{'))).then_some(found)
}

fn no_object(body: &str) -> JsonError {
    canonical(body).err().unwrap_or(JsonError { offset: 0, problem: "expected an object" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(blocks: &[Block]) -> Vec<(BlockKind, &str)> {
        blocks.iter().map(|block| (block.kind, &*block.raw)).collect()
    }

    #[test]
    fn a_body_becomes_blocks_in_cache_order_and_a_body_again() {
        use BlockKind::{Head, Instructions, Item, Tool};
        let body = r#"{"messages":[{"role":"user" , "content":"hi"}],"model":"m","system":[{"type":"text","text":"be"},{"type":"text","text":"brief"}],"stream":true,"tools":[{"name":"a"},{"name":"b"}]}"#;
        let blocks = Protocol::Messages.split(body).unwrap();
        let expected = [
            (Head, r#"{"model":"m","stream":true}"#),
            (Tool, r#"{"name":"a"}"#),
            (Tool, r#"{"name":"b"}"#),
            (Instructions, r#"{"type":"text","text":"be"}"#),
            (Instructions, r#"{"type":"text","text":"brief"}"#),
            (Item, r#"{"role":"user" , "content":"hi"}"#),
        ];
        assert_eq!(kinds(&blocks), expected);
        let joined = Protocol::Messages.join(&blocks);
        assert_eq!(canonical(&joined).unwrap(), canonical(body).unwrap());
        let request = Request::read(&blocks, Protocol::Messages);
        assert_eq!((request.model.as_str(), request.stream, request.continues), ("m", true, false));
        assert_eq!(
            (request.tools, request.instructions),
            (vec!["a".into(), "b".into()], vec!["be".into(), "brief".into()])
        );
        assert_eq!(
            request.items,
            [crate::Item::Message { role: "user".into(), text: "hi".into(), images: 0 }]
        );
    }

    #[test]
    fn strings_empty_lists_and_odd_shapes_survive() {
        for body in [
            r#"{"model":"m","input":"hi","instructions":"be brief"}"#,
            r#"{"tools":[],"input":[],"instructions":null}"#,
            r#"{"tools":{"a":1},"input":["x"],"instructions":[{"a":1}]}"#,
            r#"{"input":[1,{"a":2}],"tools":"x"}"#,
            r#"{"input":[{"a":1}],"input":[{"a":2}]}"#,
            r#"{"b\"\u00e9":1.50,"a":12345678901234567890123}"#,
            "{}",
        ] {
            let blocks = Protocol::Responses.split(body).unwrap();
            assert_eq!(canonical(&Protocol::Responses.join(&blocks)).unwrap(), canonical(body).unwrap());
        }
        let blocks = Protocol::Responses.split(r#"{"input":"hi"}"#).unwrap();
        assert_eq!(kinds(&blocks)[1], (BlockKind::Item, "\"hi\""));
        assert_eq!(
            Request::read(&blocks, Protocol::Responses).items,
            [Item::Message { role: "user".into(), text: "hi".into(), images: 0 }]
        );
        assert_eq!(Protocol::Responses.split("[1]").unwrap_err().problem, "expected an object");
        assert_eq!(Protocol::Responses.split("{\"a\":nul}").unwrap_err().offset, 5);
    }

    #[test]
    fn tools_within_the_conversation_stay_an_item_and_are_named() {
        let body = r#"{"model":"m","input":[{"type":"additional_tools","role":"developer","tools":[{"type":"namespace","name":"functions","tools":[{"name":"exec"}]}]}],"previous_response_id":"r"}"#;
        let blocks = Protocol::Responses.split(body).unwrap();
        assert_eq!(blocks[1].kind, BlockKind::Item);
        let request = Request::read(&blocks, Protocol::Responses);
        assert_eq!((request.tools, request.continues), (vec!["functions.exec".to_owned()], true));
    }

    fn value() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "[]",
            "{}",
            "null",
            "\"x\"",
            "[{\"a\":1}]",
            "[{},{\"b\":[2]}]",
            "[1]",
            "[\"x\"]",
            "1.0",
            "[ { } , 3 ]",
        ])
    }

    fn body() -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec![
            "model",
            "tools",
            "input",
            "messages",
            "system",
            "instructions",
            "stream",
            "x\\n",
        ]);
        let member = (key, value()).prop_map(|(key, value)| format!("\"{key}\" : {value}"));
        prop::collection::vec(member, 0..8).prop_map(|members| format!("{{{}}}", members.join(", ")))
    }

    proptest! {
        #[test]
        fn any_body_survives_in_any_protocol(body in body()) {
            for protocol in Protocol::ALL {
                let joined = protocol.join(&protocol.split(&body).unwrap());
                let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
                prop_assert_eq!(value(&joined), value(&body), "{}", joined);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), raw in "[\\[\\]{}\":,a1 \\\\]{0,40}") {
            for protocol in Protocol::ALL {
                for text in [&text, &raw] {
                    if let Ok(blocks) = protocol.split(text) {
                        Request::read(&blocks, protocol);
                        crate::pairing(&blocks, protocol);
                    }
                    protocol.items(text);
                }
            }
        }
    }
}
