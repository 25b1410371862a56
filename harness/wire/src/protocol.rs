//! The three protocols between an agent and a model: which one a path speaks, and the errors each one sends. Knows
//! nothing of HTTP; the codecs themselves stand in the protocols' own modules.

use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use crate::{
    Answer, BlockKind, Decoder, Frame, Item, JsonError, canonical, canonical_with, chat, messages, responses,
};

/// What an agent and a model speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// OpenAI Responses.
    #[default]
    Responses,
    /// OpenAI Chat Completions.
    ChatCompletions,
    /// Anthropic Messages.
    Messages,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Responses, Self::ChatCompletions, Self::Messages];

    /// The protocol of a request's path, whatever prefix a base URL put before it and with or without a query.
    /// Token counting and other calls beside the main one have none.
    pub fn of_path(path: &str) -> Option<Self> {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let path = path.strip_suffix('/').unwrap_or(path);
        let ends = |protocol: &Self| {
            let end = protocol.path().strip_prefix("/v1").unwrap_or_default();
            path.ends_with(end)
        };
        Self::ALL.into_iter().find(ends)
    }

    /// The path its vendor serves it at.
    pub fn path(self) -> &'static str {
        match self {
            Self::Responses => "/v1/responses",
            Self::ChatCompletions => "/v1/chat/completions",
            Self::Messages => "/v1/messages",
        }
    }

    /// Its name, as files and reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Responses => "responses",
            Self::ChatCompletions => "chat_completions",
            Self::Messages => "messages",
        }
    }

    /// What one entry of a conversation says; nothing where the text is no JSON object.
    pub fn items(self, raw: &str) -> Vec<Item> {
        match self {
            Self::Responses => responses::read_item(raw).into_iter().collect(),
            Self::ChatCompletions => chat::read_items(raw),
            Self::Messages => messages::read_items(raw),
        }
    }

    /// One text for every spelling of a block that the protocol treats as equal: see [`canonical`](crate::canonical),
    /// and for Messages also a text alone beside a list of one part, and the place of the cache breakpoints.
    pub fn canonical(self, kind: BlockKind, raw: &str) -> Result<String, JsonError> {
        match self {
            Self::Messages => canonical_with(raw, &mut messages::Equal { kind }),
            Self::Responses | Self::ChatCompletions => canonical(raw),
        }
    }

    /// What puts the stream of an answer together.
    pub fn decoder(self) -> Decoder {
        Decoder::new(self)
    }

    /// An answer that came whole, without a stream: also one that is an error.
    pub fn answer(self, body: &str, total_us: u64) -> Result<Answer, serde_json::Error> {
        Answer::of_body(self, body, total_us)
    }

    /// The text of an event, decoded and encoded again: JSON equal to `data`, unknown members and unknown events
    /// included. Fails where it is no JSON object.
    pub fn recode_event(self, data: &str) -> Result<String, serde_json::Error> {
        Ok(match self {
            Self::Responses => responses::Event::decode(data)?.encode(),
            Self::ChatCompletions => chat::Completion::decode(data)?.encode(),
            Self::Messages => messages::Event::decode(data)?.encode(),
        })
    }

    /// The text of an answer that came whole, decoded and encoded again: JSON equal to `body`.
    pub fn recode_body(self, body: &str) -> Result<String, serde_json::Error> {
        Ok(match self {
            Self::Responses => responses::Response::decode(body)?.encode(),
            Self::ChatCompletions => chat::Completion::decode(body)?.encode(),
            Self::Messages => messages::Message::decode(body)?.encode(),
        })
    }

    /// The body of an error as the vendor shapes it. An empty `kind` is the vendor's usual word for the status.
    pub fn error_body(self, status: u16, kind: &str, message: &str) -> String {
        self.error(status, kind, message).to_string()
    }

    /// The event that tells of an error after a stream has begun.
    pub fn error_frame(self, kind: &str, message: &str) -> Result<Frame, serde_json::Error> {
        let (event, data) = match self {
            Self::Responses => {
                let response = responses::failed(kind, message);
                let data = json!({"type": "response.failed", "sequence_number": 0, "response": response});
                (Some("response.failed"), data)
            }
            Self::ChatCompletions => (None, self.error(500, kind, message)),
            Self::Messages => (Some("error"), self.error(500, kind, message)),
        };
        Ok(Frame { gap_us: 0, event: event.map(str::to_owned), data: to_raw_value(&data)? })
    }

    fn error(self, status: u16, kind: &str, message: &str) -> Value {
        let usual = match (self, status) {
            (Self::Messages, 402) => "billing_error",
            (_, 401) => "authentication_error",
            (_, 403) => "permission_error",
            (_, 404) if self == Self::Messages => "not_found_error",
            (Self::Messages, 413) => "request_too_large",
            (_, 429) if self == Self::Messages => "rate_limit_error",
            (_, 429) => "rate_limit_exceeded",
            (Self::Messages, 504) => "timeout_error",
            (Self::Messages, 529) => "overloaded_error",
            (_, 400..=499) => "invalid_request_error",
            (Self::Messages, _) => "api_error",
            _ => "server_error",
        };
        match self {
            Self::Messages => {
                let kind = if kind.is_empty() { usual } else { kind };
                json!({"type": "error", "error": {"type": kind, "message": message}})
            }
            Self::Responses | Self::ChatCompletions => {
                let code = if kind.is_empty() { Value::Null } else { kind.into() };
                let error = json!({"message": message, "type": usual, "param": null, "code": code});
                json!({"error": error})
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::End;

    #[test]
    fn a_path_tells_the_protocol_whatever_stands_around_it() {
        let of = Protocol::of_path;
        assert_eq!(of("/v1/responses"), Some(Protocol::Responses));
        assert_eq!(of("/api/v1/chat/completions"), Some(Protocol::ChatCompletions));
        assert_eq!(of("/chat/completions"), Some(Protocol::ChatCompletions));
        assert_eq!(of("/v1/messages?beta=true"), Some(Protocol::Messages));
        assert_eq!(of("/v1/messages/"), Some(Protocol::Messages));
        for path in
            ["/v1/messages/count_tokens", "/v1/models", "/v1/responses/compact", "/", "", "/v1/myresponses"]
        {
            assert_eq!(of(path), None, "{path}");
        }
    }

    #[test]
    fn an_error_is_shaped_as_its_vendor_does_and_decodes_to_a_failure() {
        let value = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        let anthropic = value(Protocol::Messages.error_body(529, "", "Overloaded"));
        assert_eq!(
            anthropic,
            json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
        );
        let openai = value(Protocol::Responses.error_body(400, "context_length_exceeded", "too long"));
        assert_eq!(openai["error"]["code"], "context_length_exceeded");
        assert_eq!(openai["error"]["type"], "invalid_request_error");
        for protocol in Protocol::ALL {
            let failed = End::Failed("it is busy".to_owned());
            let answer = protocol.answer(&protocol.error_body(503, "busy", "it is busy"), 7).unwrap();
            assert_eq!((answer.end, answer.reason.as_str(), answer.total_us), (failed.clone(), "busy", 7));
            let mut decoder = protocol.decoder();
            decoder.feed(&protocol.error_frame("busy", "it is busy").unwrap()).unwrap();
            let answer = decoder.finish();
            assert_eq!((answer.end, answer.reason.as_str()), (failed, "busy"));
        }
    }
}
