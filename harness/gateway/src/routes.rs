//! From a request's method and path to what answers it. Knows nothing of lanes or frames.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use model::Pace;
use wire::Protocol;

use crate::Event;
use crate::answer::{Received, answer};
use crate::beside::{self, Beside};
use crate::connection::{Broken, Line};
use crate::pipe::{Body as Frames, Break, Head, Pipe, Reader};
use crate::server::Shared;
use crate::timer::Timer;

/// Headers that a model may see; those that end in a hyphen stand for all that begin so. Never a key.
const PASSED: [&str; 13] = [
    "accept",
    "anthropic-",
    "chatgpt-account-id",
    "content-type",
    "openai-",
    "originator",
    "session-id",
    "thread-id",
    "user-agent",
    "x-app",
    "x-client-request-id",
    "x-codex-",
    "x-openai-",
];

/// Requests up to this size are answered on the network's own thread, by a model that never waits: another thread
/// would cost more than the answer.
const HERE_MAX_BYTES: usize = 64 << 10;

/// Answers one request.
pub(crate) async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path();
    let path = path.strip_suffix('/').unwrap_or(path);
    let post = request.method() == Method::POST;
    if post && let Some(protocol) = Protocol::of_path(path) {
        return model_call(shared, protocol, request).await;
    }
    let get = request.method() == Method::GET;
    let (vendor, method) = (beside::vendor(path, request.headers()), request.method().to_string());
    let path = path.to_owned();
    let found = if get && path.ends_with("/models") {
        Some(beside::models(vendor, &shared.options.models))
    } else if post && path.ends_with("/messages/count_tokens") {
        match receive(&shared, request).await {
            Ok(body) => Some(beside::count_tokens(body.len())),
            Err((status, reason)) => return refuse(&shared, vendor, path, status, reason),
        }
    } else if get && path.ends_with("/responses") && request.headers().contains_key(header::UPGRADE) {
        Some(beside::no_upgrade())
    } else {
        let head = request.method() == Method::HEAD;
        let greeting = (head && path.is_empty()) || ((head || get) && path.ends_with("/api/hello"));
        greeting.then(|| Beside { status: 200, body: "{}".to_owned(), headers: Vec::new() })
    };
    match found {
        Some(found) => {
            shared.tell(Event::Beside { method, path, status: found.status });
            whole(found.status, found.body, found.headers)
        }
        None => {
            let unknown = Beside::error(vendor, 404, &format!("retake serves nothing at {method} {path}"));
            shared.tell(Event::Unknown { method, path });
            whole(unknown.status, unknown.body, unknown.headers)
        }
    }
}

/// A request for the model.
async fn model_call(shared: Arc<Shared>, protocol: Protocol, request: Request) -> Response {
    let broken = request.extensions().get::<ConnectInfo<Line>>();
    let broken = broken.map_or_else(Arc::default, |ConnectInfo(Line(broken))| Arc::clone(broken));
    let headers = passed(request.headers());
    let uri = request.uri();
    let path = uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string);
    let body = match receive(&shared, request).await {
        Ok(body) => body,
        Err((status, reason)) => return refuse(&shared, protocol, path, status, reason),
    };
    let received = Received { protocol, path, headers, body, moment: Instant::now() };
    let options = &shared.options;
    let here =
        received.body.len() <= HERE_MAX_BYTES && options.pace == Pace::Instant && !shared.model.blocks();
    let pipe = Arc::new(if here { Pipe::filled_first() } else { Pipe::default() });
    let reader = Reader(Arc::clone(&pipe));
    if here {
        answer(&shared, &received, &pipe);
    } else {
        tokio::task::spawn_blocking(move || answer(&shared, &received, &pipe));
    }
    match reader.head().await {
        Head::Stream => streamed(reader, broken),
        Head::Body { status, body, headers } => whole(status, body, headers),
        Head::Nothing(kind) => nothing(reader, &broken, kind).await,
    }
}

/// The body of a request, plain and whole.
async fn receive(shared: &Shared, request: Request) -> Result<axum::body::Bytes, (u16, String)> {
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|value| value != "identity") {
        return Err((415, "retake takes plain JSON: send the body without a content-encoding".to_owned()));
    }
    let limit = shared.options.body_limit;
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let too_large = || (413, format!("the request's body has more than {limit} bytes"));
    if length.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let body = to_bytes(request.into_body(), limit).await;
    body.map_err(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        if source.contains("limit") { too_large() } else { (400, format!("the request's body: {error}")) }
    })
}

fn refuse(shared: &Shared, protocol: Protocol, path: String, status: u16, reason: String) -> Response {
    let beside = Beside::error(protocol, status, &reason);
    shared.tell(Event::Refused { path, status, reason });
    whole(beside.status, beside.body, beside.headers)
}

fn passed(headers: &HeaderMap) -> Vec<(String, String)> {
    let is_passed = |name: &str| {
        PASSED.iter().any(|passed| name == *passed || (passed.ends_with('-') && name.starts_with(passed)))
    };
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let kept = headers.iter().filter(|(name, _)| is_passed(name.as_str()));
    kept.filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?))).collect()
}

/// An answer in one piece.
fn whole(status: u16, body: String, headers: Vec<(&'static str, String)>) -> Response {
    let kind = if body.starts_with(['{', '[']) { "application/json" } else { "text/plain; charset=utf-8" };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            out.insert(name, value);
        }
    }
    response
}

fn streamed(reader: Reader, broken: Arc<Broken>) -> Response {
    let frames = Frames { reader, broken, flushed: false, timer: Timer::default() };
    let mut response = Response::new(Body::from_stream(frames));
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// No answer: the connection breaks before its first byte.
async fn nothing(reader: Reader, broken: &Broken, kind: Break) -> Response {
    if kind == Break::Idle {
        std::future::pending::<()>().await;
    }
    drop(reader);
    broken.set(kind);
    Response::new(Body::empty())
}
