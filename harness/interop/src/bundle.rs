//! Codex CLI's trace bundles: every request field by field, beside a file of events. Knows nothing of rollouts.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use promptcache::{Accounting, Call, SessionBuilder, trigger_of};
use wire::{BlockKind, Protocol};

use crate::object::{Object, openai_usage};
use crate::sniff::{Found, Lines};

pub(crate) fn read(path: &Path, lines: Lines<'_>) -> Found {
    let source = path.to_string_lossy();
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut builder = SessionBuilder::new(&source, &source, "codex_trace", Accounting::OpenAi);
    let mut faults = Vec::new();
    let mut started: HashMap<String, (i64, String, usize)> = HashMap::new();
    let mut named = false;
    for (line, text) in lines {
        let Some(event) = Object::parse(text) else {
            faults.push((line, "not a JSON object".to_owned()));
            continue;
        };
        let at_us = event.time_us("wall_time_unix_ms").unwrap_or_default();
        let inner = event.object("payload").or_else(|| event.object("event"));
        let body = inner.as_ref().unwrap_or(&event);
        let kind = body
            .text("type")
            .or_else(|| event.text("type"))
            .or_else(|| event.text("kind"))
            .unwrap_or_default();
        if !named && let Some(thread) = event.text("rollout_id").or_else(|| event.text("thread_id")) {
            builder.session().id = thread;
            named = true;
        }
        let id = ["inference_call_id", "inference_id", "id"].iter().find_map(|key| body.text(key));
        let id = id.unwrap_or_default();
        match kind.as_str() {
            "inference_started" => match payload(folder, body, "request_payload") {
                Ok(text) => {
                    started.insert(id, (at_us, text, line));
                }
                Err(problem) => faults.push((line, problem)),
            },
            "inference_completed" => {
                let Some((sent_us, request, line)) = started.remove(&id) else { continue };
                let response = payload(folder, body, "response_payload").unwrap_or_default();
                let took = u64::try_from(at_us - sent_us).ok();
                if let Err(error) = add(&mut builder, (sent_us, took, line), &request, &response) {
                    faults.push((line, format!("the request is {error}")));
                }
            }
            _ => {}
        }
    }
    Found::session(builder.finish(), faults)
}

/// A payload: within the event, or in a file of its own.
fn payload(folder: &Path, event: &Object<'_>, key: &str) -> Result<String, String> {
    let raw =
        event.raw(key).or_else(|| event.raw("payload")).ok_or_else(|| format!("an event without {key}"))?;
    let place = match Object::parse(raw) {
        Some(object) => match object.text("path").or_else(|| object.text("file")) {
            Some(place) => place,
            None => return Ok(raw.to_owned()),
        },
        None => serde_json::from_str::<String>(raw).map_err(|error| error.to_string())?,
    };
    // Nothing outside the bundle is read.
    if Path::new(&place).components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
        return Err(format!("{place}: not a file of the bundle"));
    }
    fs::read_to_string(folder.join(&place)).map_err(|error| format!("{place}: {error}"))
}

fn add(
    builder: &mut SessionBuilder,
    (at_us, total_us, line): (i64, Option<u64>, usize),
    request: &str,
    response: &str,
) -> Result<(), wire::JsonError> {
    let (_, pieces) = Protocol::Responses.pieces(request)?;
    let last = pieces.iter().rev().find(|(kind, _)| *kind == BlockKind::Item);
    let trigger = last.map_or_else(Default::default, |(_, raw)| trigger_of(Protocol::Responses, raw));
    let body = Object::parse(request);
    let answer = Object::parse(response);
    let usage = answer.as_ref().and_then(|answer| {
        answer
            .object("usage")
            .or_else(|| answer.object("token_usage"))
            .or_else(|| answer.object("response")?.object("usage"))
    });
    let thread = body.as_ref().and_then(|body| body.text("prompt_cache_key"));
    let call = Call {
        id: answer.as_ref().and_then(|answer| answer.text("response_id").or_else(|| answer.text("id"))),
        thread: thread.unwrap_or_else(|| "main".to_owned()),
        model: body.and_then(|body| body.text("model")).unwrap_or_default(),
        protocol: Protocol::Responses,
        at_us: Some(at_us),
        total_us,
        usage: usage.map(|usage| openai_usage(&usage)),
        trigger,
        line,
        ..Call::default()
    };
    builder.body(call, request)
}
