//! What clients ask beside the main call, and the errors of calls that never reach a model. Knows nothing of lanes.

use axum::http::HeaderMap;
use serde_json::{Value, json};
use wire::Protocol;

/// What is answered without a model.
#[derive(Debug)]
pub(crate) struct Beside {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Beside {
    pub(crate) fn json(body: &Value) -> Self {
        Self { status: 200, body: body.to_string(), headers: Vec::new() }
    }

    pub(crate) fn error(protocol: Protocol, status: u16, message: &str) -> Self {
        Self { status, body: protocol.error_body(status, "", message), headers: Vec::new() }
    }
}

/// Which vendor a client that asks `path` expects.
pub(crate) fn vendor(path: &str, headers: &HeaderMap) -> Protocol {
    let anthropic = headers.contains_key("anthropic-version") || headers.contains_key("x-api-key");
    if anthropic || path.contains("/messages") { Protocol::Messages } else { Protocol::Responses }
}

/// The list of models, in the vendor's shape. Codex looks for `models`, others for `data`.
pub(crate) fn models(protocol: Protocol, names: &[String]) -> Beside {
    let (first, last) = (names.first(), names.last());
    Beside::json(&match protocol {
        Protocol::Messages => {
            let model = |name: &String| json!({"type": "model", "id": name, "display_name": name, "created_at": "1970-01-01T00:00:00Z"});
            let data: Vec<Value> = names.iter().map(model).collect();
            json!({"data": data, "has_more": false, "first_id": first, "last_id": last})
        }
        Protocol::Responses | Protocol::ChatCompletions => {
            let model =
                |name: &String| json!({"id": name, "object": "model", "created": 0, "owned_by": "retake"});
            let data: Vec<Value> = names.iter().map(model).collect();
            json!({"object": "list", "data": data, "models": []})
        }
    })
}

/// An estimate of a request's tokens: a quarter of its bytes. The header says that it is one.
pub(crate) fn count_tokens(bytes: usize) -> Beside {
    let mut beside = Beside::json(&json!({"input_tokens": bytes.div_ceil(4)}));
    beside.headers.push(("retake-estimate", "bytes/4".to_owned()));
    beside
}

/// The refusal of a WebSocket: clients fall back to plain requests at once.
pub(crate) fn no_upgrade() -> Beside {
    Beside::error(Protocol::Responses, 426, "this server speaks HTTP alone: send the request as a POST")
}
