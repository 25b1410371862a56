//! Captured exchanges of the three protocols, whatever tool captured them: request bodies with their answers, put into
//! threads by what they have in common. Knows nothing of YAML.

use std::collections::HashSet;

use base::Digest;
use promptcache::{Accounting, Call, Session, SessionBuilder, trigger_of};
use serde_json::Value;
use wire::{Answer, BlockKind, End, Item, Protocol};

use crate::object::{Object, time_us};
use crate::sniff::{Found, Lines};
use crate::stream;

/// One exchange.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    /// Where the request went: tells the protocol; else the body does.
    pub(crate) url: String,
    pub(crate) request: String,
    pub(crate) status: u64,
    pub(crate) response: String,
    pub(crate) at_us: Option<i64>,
    pub(crate) total_us: Option<u64>,
    pub(crate) line: usize,
    /// Whether no answer is to be expected: only requests were captured, or it was said already why there is none.
    pub(crate) unanswered: bool,
}

/// The protocol of a request by its members.
fn protocol_of(body: &Object<'_>) -> Option<Protocol> {
    if body.has("input") && body.has("model") {
        return Some(Protocol::Responses);
    }
    if !body.has("messages") {
        return None;
    }
    // One of the two keeps the system prompt apart, and must bound its answer.
    let shapes = ["anthropic_version", "system", "cache_control", "thinking"].iter().any(|key| body.has(key));
    let schema = body.list("tools").first().is_some_and(|tool| tool.contains("\"input_schema\""));
    let claude = body.text("model").is_some_and(|model| model.contains("claude")) && body.has("max_tokens");
    Some(if shapes || schema || claude { Protocol::Messages } else { Protocol::ChatCompletions })
}

/// Sessions of exchanges: one for each protocol that is spoken.
pub(crate) fn sessions(
    source: &str,
    format: &str,
    exchanges: Vec<Exchange>,
    mut faults: Vec<(usize, String)>,
) -> Found {
    let mut builders: Vec<(Protocol, SessionBuilder, Threads)> = Vec::new();
    for (number, exchange) in exchanges.into_iter().enumerate() {
        let line = exchange.line;
        let Some(body) = Object::parse(exchange.request.trim()) else { continue };
        let Some(protocol) = Protocol::of_path(&exchange.url).or_else(|| protocol_of(&body)) else {
            continue;
        };
        if exchange.status >= 400 || counts_only(&exchange.url) {
            continue;
        }
        let answer = match answer_of(protocol, &exchange) {
            Ok(answer) => answer,
            Err(problem) => {
                faults.push((line, format!("exchange {}: {problem}", number + 1)));
                continue;
            }
        };
        if let Some(problem) = missing(answer.as_ref()).filter(|_| !exchange.unanswered) {
            faults.push((line, format!("exchange {}: {problem}", number + 1)));
        }
        let at = builders.iter().position(|(other, _, _)| *other == protocol).unwrap_or_else(|| {
            let id = format!("{source}#{}", protocol.name());
            let builder = SessionBuilder::new(&id, source, format, Accounting::of(protocol));
            builders.push((protocol, builder, Threads::default()));
            builders.len() - 1
        });
        let (_, builder, threads) = &mut builders[at];
        let call = Call {
            model: body.text("model").unwrap_or_default(),
            protocol,
            at_us: exchange.at_us,
            line,
            ..Call::default()
        };
        let call = match answer {
            Some(answer) => Call { total_us: exchange.total_us, ..call.answered(&answer) },
            None => call,
        };
        if let Err(error) = add(builder, threads, call, exchange.request.trim()) {
            faults.push((line, format!("exchange {}: the request is {error}", number + 1)));
        }
    }
    let sessions: Vec<Session> = builders.into_iter().map(|(_, builder, _)| builder.finish()).collect();
    Found { known: true, sessions, faults, ..Found::default() }
}

/// Whether a request only asks how many tokens it has: no model answers it.
fn counts_only(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/');
    ["/count_tokens", "/input_tokens"].iter().any(|end| path.ends_with(end))
}

/// What is missing of an answer, so that its tokens are not known.
fn missing(answer: Option<&Answer>) -> Option<&'static str> {
    match answer {
        None => Some("no answer was captured: its tokens are not known"),
        Some(answer) if answer.usage.is_none() && answer.end == End::Cut => {
            Some("the answer is cut: its tokens are not known")
        }
        Some(_) => None,
    }
}

fn add(
    builder: &mut SessionBuilder,
    threads: &mut Threads,
    call: Call,
    body: &str,
) -> Result<(), wire::JsonError> {
    let (_, pieces) = call.protocol.pieces(body)?;
    let items: Vec<&str> =
        pieces.iter().filter(|(kind, _)| *kind == BlockKind::Item).map(|(_, raw)| *raw).collect();
    let trigger = items.last().map_or_else(Default::default, |last| trigger_of(call.protocol, last));
    let thread = threads.of(call.protocol, &items);
    builder.body(Call { thread, trigger, ..call }, body)
}

fn answer_of(protocol: Protocol, exchange: &Exchange) -> Result<Option<Answer>, String> {
    let text = exchange.response.trim_start();
    if text.is_empty() {
        return Ok(None);
    }
    if text.starts_with('{') && !text.contains("\ndata:") {
        let answer = protocol.answer(text, exchange.total_us.unwrap_or_default());
        return answer.map(Some).map_err(|error| format!("the answer cannot be read: {error}"));
    }
    stream::answer(protocol, &stream::frames(&exchange.response)).map(Some)
}

/// The conversations so far, each by the entries of its last request.
#[derive(Default)]
struct Threads(Vec<(Option<Digest>, HashSet<Digest>)>);

impl Threads {
    /// The conversation that a request goes on: the one that began with the same words, else the one of whose entries it
    /// holds half. What every request says, a system prompt, joins nothing.
    fn of(&mut self, protocol: Protocol, items: &[&str]) -> String {
        let said = |raw: &&&str| {
            let system = |item: &Item| matches!(item, Item::Message { role, .. } if role == "system" || role == "developer");
            !protocol.items(raw).iter().any(system)
        };
        let digests: Vec<Digest> = items.iter().filter(said).map(|raw| digest(protocol, raw)).collect();
        let (first, all) = (digests.first().copied(), digests.iter().copied().collect::<HashSet<_>>());
        let goes_on = |(other, before): &(Option<Digest>, HashSet<Digest>)| {
            first.is_some() && first == *other || {
                let common = before.intersection(&all).count();
                common > 0 && common * 2 >= before.len()
            }
        };
        let at = self.0.iter().position(goes_on).unwrap_or_else(|| {
            self.0.push((first, HashSet::new()));
            self.0.len() - 1
        });
        self.0[at] = (first, all);
        format!("thread {}", at + 1)
    }
}

fn digest(protocol: Protocol, raw: &str) -> Digest {
    let text = protocol.canonical(BlockKind::Item, raw);
    Digest::of(text.as_deref().unwrap_or(raw).as_bytes())
}

/// A file with one exchange, or one request body, a line.
pub(crate) fn lines(source: &str, lines: Lines<'_>) -> Found {
    let mut exchanges = Vec::new();
    let mut faults = Vec::new();
    for (line, text) in lines {
        match Object::parse(text) {
            Some(object) => exchanges.extend(exchange(&object, text, line)),
            None => faults.push((line, "not a JSON object".to_owned())),
        }
    }
    sessions(source, "capture", exchanges, faults)
}

/// A list of exchanges or of request bodies; nothing where it is a list of anything else.
pub(crate) fn list(source: &str, text: &str) -> Option<Found> {
    let values: Vec<Box<serde_json::value::RawValue>> = serde_json::from_str(text).ok()?;
    let exchanges: Vec<Exchange> =
        values.iter().filter_map(|raw| exchange(&Object::parse(raw.get())?, raw.get(), 0)).collect();
    (!exchanges.is_empty()).then(|| sessions(source, "capture", exchanges, Vec::new()))
}

/// A file that is one request body, or one exchange.
pub(crate) fn bare(source: &str, text: &str, value: &Object<'_>) -> Option<Found> {
    let exchange = exchange(value, text.trim(), 0)?;
    Some(sessions(source, "request", vec![exchange], Vec::new()))
}

/// An exchange as `request` and `response`, or a request body alone.
fn exchange(object: &Object<'_>, text: &str, line: usize) -> Option<Exchange> {
    if protocol_of(object).is_some() && object.has("model") {
        return Some(Exchange { request: text.to_owned(), line, unanswered: true, ..Exchange::default() });
    }
    let side = |key: &str| {
        let raw = object.raw(key)?;
        let inner = Object::parse(raw);
        // The content of an answer is not the body of a response.
        let text = |inner: &Object<'_>| {
            inner.raw("content").filter(|raw| raw.starts_with('"')).map(str::len).is_some()
        };
        let body = inner
            .as_ref()
            .and_then(|inner| inner.raw("body").or_else(|| inner.raw("content").filter(|_| text(inner))));
        let body =
            body.filter(|_| inner.as_ref().is_none_or(|inner| protocol_of(inner).is_none())).unwrap_or(raw);
        Some(serde_json::from_str::<String>(body).unwrap_or_else(|_| body.to_owned()))
    };
    let request = side("request")?;
    let inner = object.object("request");
    let url = inner.as_ref().and_then(|inner| inner.text("url").or_else(|| inner.text("path")));
    let response = object.object("response");
    let status = response
        .as_ref()
        .and_then(|response| response.number("status").or_else(|| response.number("status_code")));
    Object::parse(request.trim()).filter(|body| protocol_of(body).is_some())?;
    let at_us = ["timestamp", "time", "started_at", "ts"].iter().find_map(|key| object.time_us(key));
    Some(Exchange {
        url: url.or_else(|| object.text("url")).or_else(|| object.text("path")).unwrap_or_default(),
        request,
        status: status.unwrap_or(200),
        response: side("response").unwrap_or_default(),
        at_us,
        total_us: object.number("duration_ms").map(|ms| ms.saturating_mul(1000)),
        line,
        unanswered: false,
    })
}

/// An HTTP archive.
pub(crate) fn har(source: &str, value: &Object<'_>) -> Found {
    let entries = value.object("log").map(|log| log.list("entries")).unwrap_or_default();
    let mut exchanges = Vec::new();
    let mut faults = Vec::new();
    for (number, raw) in entries.into_iter().enumerate() {
        let read = || {
            let entry = Object::parse(raw)?;
            let (request, response) = (entry.object("request")?, entry.object("response")?);
            let content = response.object("content");
            let text = content.as_ref().and_then(|content| content.text("text")).unwrap_or_default();
            let packed =
                content.is_some_and(|content| content.text("encoding").is_some_and(|kind| kind == "base64"));
            let url = request.text("url").unwrap_or_default();
            let body = request.object("postData").and_then(|data| data.text("text")).unwrap_or_default();
            let exchange = Exchange {
                url,
                request: body,
                status: response.number("status").unwrap_or(200),
                response: if packed { String::new() } else { text },
                at_us: entry.text("startedDateTime").and_then(|text| time_us(&text)),
                total_us: entry.float("time").map(|ms| (ms.max(0.0) * 1000.0) as u64),
                line: 0,
                unanswered: packed,
            };
            Some((exchange, packed))
        };
        match read() {
            Some((exchange, packed)) => {
                if packed && Protocol::of_path(&exchange.url).is_some() {
                    faults.push((0, format!("entry {}: its answer is not text", number + 1)));
                }
                exchanges.push(exchange);
            }
            None => faults.push((0, format!("entry {}: no request or response", number + 1))),
        }
    }
    sessions(source, "har", exchanges, faults)
}

/// A cassette of a recorder for tests, as JSON.
pub(crate) fn vcr(source: &str, value: &Object<'_>) -> Found {
    let mut exchanges = Vec::new();
    for raw in value.list("interactions") {
        if let Ok(value) = serde_json::from_str::<Value>(raw) {
            exchanges.extend(interaction(&value, 0));
        }
    }
    sessions(source, "http_cassette", exchanges, Vec::new())
}

/// One interaction of such a cassette: `request` and `response`, or `when` and `then`.
pub(crate) fn interaction(value: &Value, line: usize) -> Option<Exchange> {
    let (request, response) = (
        value.get("request").or_else(|| value.get("when"))?,
        value.get("response").or_else(|| value.get("then"))?,
    );
    let url = ["url", "uri", "path"].iter().find_map(|key| request.get(key)?.as_str()).unwrap_or_default();
    let status =
        response.get("status").or_else(|| response.get("status_code")).or_else(|| response.get("code"));
    let status = status.and_then(|status| status.as_u64().or_else(|| status.get("code")?.as_u64()));
    let date =
        response.get("headers").and_then(|headers| headers.get("date").or_else(|| headers.get("Date")));
    let date = date.and_then(|date| date.as_str().or_else(|| date.get(0)?.as_str()));
    let recorded = value.get("recorded_at").and_then(Value::as_str);
    let at_us = recorded.and_then(|text| {
        time_us(text).or_else(|| Some(base::Timestamp::parse_http(text)?.unix_seconds() * 1_000_000))
    });
    let at_us = at_us.or_else(|| Some(base::Timestamp::parse_http(date?)?.unix_seconds() * 1_000_000));
    Some(Exchange {
        url: url.to_owned(),
        request: body(request)?,
        status: status.unwrap_or(200),
        response: body(response).unwrap_or_default(),
        at_us,
        total_us: None,
        line,
        unanswered: false,
    })
}

/// A body: text, text below `string`, or JSON that was turned into what the container is written in.
fn body(side: &Value) -> Option<String> {
    if let Some(parsed) = side.get("parsed_body").or_else(|| side.get("json")) {
        return Some(parsed.to_string());
    }
    let body = side.get("body")?;
    match body {
        Value::String(text) => Some(text.clone()),
        Value::Object(inner) => {
            let text = inner.get("string").or_else(|| inner.get("text"));
            text.map_or_else(|| Some(body.to_string()), |text| text.as_str().map(str::to_owned))
        }
        _ => None,
    }
}
