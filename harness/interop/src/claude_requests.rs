//! The records of Claude Code's transcripts that hold whole requests, each distinct message once. Knows nothing of the
//! other records.

use std::collections::HashMap;

use promptcache::{Call, Session, SessionBuilder};
use serde_json::{Map, Value};
use wire::Protocol;

use crate::object::Object;

/// What was told so far.
#[derive(Default)]
pub(crate) struct Requests {
    shapes: HashMap<String, String>,
    blobs: HashMap<String, String>,
    /// The messages of each request, by hash; and the requests in order.
    lists: HashMap<String, Vec<String>>,
    order: Vec<Request>,
    /// The request behind each answer.
    answers: HashMap<String, String>,
}

struct Request {
    id: String,
    params: Map<String, Value>,
    shape: Option<String>,
    marks: Vec<(String, String)>,
}

impl Requests {
    /// Takes one of the three records.
    pub(crate) fn take(&mut self, kind: &str, record: &Object<'_>) -> Result<(), String> {
        match kind {
            "api-request-shape" => {
                let hash = record.text("shapeHash").or_else(|| record.text("hash"));
                let (hash, shape) =
                    hash.zip(record.raw("shape")).ok_or("a shape without its hash or content")?;
                self.shapes.insert(hash, shape.to_owned());
            }
            "api-request-blob" => {
                let (hash, blob) = record
                    .text("hash")
                    .zip(record.raw("message"))
                    .ok_or("a blob without its hash or message")?;
                self.blobs.insert(hash, blob.to_owned());
            }
            _ => {
                let id = record.text("id").ok_or("a request without its id")?;
                let tail = record.list("tail").into_iter().filter_map(|hash| serde_json::from_str(hash).ok());
                let base = record.text("base").and_then(|base| self.lists.get(&base));
                let keep = record.number("keep").unwrap_or_default() as usize;
                let mut list: Vec<String> =
                    base.map(|base| base.iter().take(keep).cloned().collect()).unwrap_or_default();
                if list.len() < keep {
                    return Err(format!("request {id} goes on from one that is not here"));
                }
                list.extend(tail);
                self.lists.insert(id.clone(), list);
                let params: Map<String, Value> =
                    record.raw("params").and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default();
                let mark = |raw: &str| {
                    let mark = Object::parse(raw)?;
                    Some((mark.text("path")?, mark.raw("value")?.to_owned()))
                };
                let marks = record.list("cacheControl").into_iter().filter_map(mark).collect();
                let inner = |key: &str| params.get(key).and_then(Value::as_str).map(str::to_owned);
                let shape =
                    record.text("shapeHash").or_else(|| record.text("shape")).or_else(|| inner("shapeHash"));
                self.order.push(Request { id, params, shape, marks });
            }
        }
        Ok(())
    }

    /// Takes note which request an answer belongs to.
    pub(crate) fn answered(
        &mut self,
        request: Option<String>,
        reference: Option<&str>,
        message: Option<&str>,
    ) {
        let reference = reference.and_then(|raw| {
            let text: Option<String> = serde_json::from_str(raw).ok();
            text.or_else(|| Object::parse(raw)?.text("id"))
        });
        if let (Some(request), Some(message)) = (reference.or(request), message) {
            self.answers.insert(message.to_owned(), request);
        }
    }

    /// Gives the requests to the calls that they belong to: by name, else in order where there is one for each.
    pub(crate) fn give(&self, session: &mut Session) {
        let bodies: Vec<(&str, String)> = self
            .order
            .iter()
            .filter_map(|request| Some((request.id.as_str(), self.body(request)?)))
            .collect();
        if bodies.is_empty() {
            return;
        }
        let mut builder =
            SessionBuilder::new(&session.id, &session.source, &session.format, session.accounting);
        let by_order = bodies.len() == session.calls.len();
        for (number, call) in session.calls.iter().enumerate() {
            let named = call.id.as_ref().and_then(|id| self.answers.get(id));
            let named = named.and_then(|name| bodies.iter().find(|(id, _)| id == name));
            let found = named.or_else(|| if by_order { bodies.get(number) } else { None });
            let call = Call { protocol: Protocol::Messages, ..call.clone() };
            match found {
                Some((_, body)) => {
                    if builder.body(call.clone(), body).is_err() {
                        builder.call(call);
                    }
                }
                None => builder.call(call),
            }
        }
        let whole = builder.finish();
        (session.calls, session.blocks) = (whole.calls, whole.blocks);
    }

    /// The body of a request: its parameters, its shape, its messages, its breakpoints.
    fn body(&self, request: &Request) -> Option<String> {
        let mut body = request.params.clone();
        let shape = request.shape.as_ref().and_then(|hash| self.shapes.get(hash));
        // There may be one shape for all.
        let shape = shape.or_else(|| if self.shapes.len() == 1 { self.shapes.values().next() } else { None });
        if let Some(Ok(Value::Object(shape))) = shape.map(|shape| serde_json::from_str(shape)) {
            body.extend(shape);
        }
        let list = self.lists.get(&request.id)?;
        let messages: Option<Vec<Value>> =
            list.iter().map(|hash| serde_json::from_str(self.blobs.get(hash)?).ok()).collect();
        body.insert("messages".to_owned(), Value::Array(messages?));
        let mut body = Value::Object(body);
        for (path, value) in &request.marks {
            if let (Some(place), Ok(value)) = (at(&mut body, path), serde_json::from_str::<Value>(value)) {
                place.insert("cache_control".to_owned(), value);
            }
        }
        Some(body.to_string())
    }
}

/// The object at a path such as `messages.3.content.0`, `messages[3].content[0]` or `/messages/3/content/0`, with or
/// without `cache_control` at its end.
fn at<'a>(value: &'a mut Value, path: &str) -> Option<&'a mut Map<String, Value>> {
    let steps = path
        .split(['.', '[', ']', '/'])
        .filter(|step| !step.is_empty() && *step != "cache_control" && *step != "$");
    let mut place = value;
    for step in steps {
        place = match step.parse::<usize>() {
            Ok(index) if place.is_array() => place.get_mut(index)?,
            _ => place.get_mut(step)?,
        };
    }
    place.as_object_mut()
}
