//! Entries of a conversation as the loop reads them. What is not read here is kept raw by those who hold it.

use serde::Deserialize;

/// One entry of a conversation, as far as the loop looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Somebody said something.
    Message {
        /// user, assistant, developer or system.
        role: String,
        /// All its text parts, joined.
        text: String,
    },
    /// The model thought.
    Reasoning {
        /// The summary's texts, joined.
        summary: String,
    },
    /// The model calls a tool.
    Call {
        /// The call's id.
        call_id: String,
        /// The tool.
        name: String,
        /// Its arguments, as the model wrote them: JSON, or free text for a custom tool.
        arguments: String,
    },
    /// What a tool answered.
    Output {
        /// The call's id.
        call_id: String,
        /// The text the model is shown.
        output: String,
    },
    /// Anything else, by its type.
    Other(String),
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: Option<String>,
}

#[derive(Deserialize, Default)]
struct RawItem {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    content: serde_json::Value,
    #[serde(default)]
    summary: Vec<Part>,
    #[serde(default)]
    call_id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    arguments: Option<String>,
    #[serde(default)]
    input: Option<String>,
    #[serde(default)]
    output: serde_json::Value,
}

impl Item {
    /// Reads an item of the Responses protocol; nothing where the text is no JSON object.
    pub fn decode(raw: &str) -> Option<Self> {
        // A struct would also be read from an array.
        let item: RawItem = serde_json::from_str(raw).ok().filter(|_| raw.trim_start().starts_with('{'))?;
        let kind = item.kind.unwrap_or_else(|| "message".to_owned());
        Some(match kind.as_str() {
            "message" => Self::Message { role: item.role.unwrap_or_default(), text: text_of(&item.content) },
            "reasoning" => {
                let parts: Vec<String> = item.summary.into_iter().filter_map(|p| p.text).collect();
                Self::Reasoning { summary: parts.join("\n") }
            }
            "function_call" | "custom_tool_call" => match (item.call_id, item.name) {
                (Some(call_id), Some(name)) => {
                    Self::Call { call_id, name, arguments: item.arguments.or(item.input).unwrap_or_default() }
                }
                _ => Self::Other(kind),
            },
            "function_call_output" | "custom_tool_call_output" => match item.call_id {
                Some(call_id) => Self::Output { call_id, output: text_of(&item.output) },
                None => Self::Other(kind),
            },
            _ => Self::Other(kind),
        })
    }
}

/// The text of a content that is a string or a list of parts.
fn text_of(content: &serde_json::Value) -> String {
    match content {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(|p| p.get("text")?.as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_read_and_unknown_ones_kept_by_type() {
        let call = r#"{"type":"function_call","id":"fc_1","call_id":"c1","name":"grep","arguments":"{}"}"#;
        let expected = Item::Call { call_id: "c1".into(), name: "grep".into(), arguments: "{}".into() };
        assert_eq!(Item::decode(call), Some(expected));
        assert_eq!(Item::decode(r#"{"type":"compaction"}"#), Some(Item::Other("compaction".into())));
        assert_eq!(
            Item::decode(r#"{"type":"function_call","name":null,"call_id":"x"}"#),
            Some(Item::Other("function_call".into()))
        );
        assert_eq!(Item::decode("[]"), None);
    }
}
