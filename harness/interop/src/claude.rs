//! Transcripts of Claude Code. One answer stands on several lines with one message id: the last one counts. Knows nothing
//! of other agents' sessions.

use std::collections::HashMap;

use promptcache::{Accounting, Call, Session, Trigger, Written};
use wire::Protocol;

use crate::claude_requests::Requests;
use crate::object::{Object, anthropic_usage};
use crate::sniff::{Found, Lines};

pub(crate) fn read(source: &str, lines: Lines<'_>) -> Found {
    let mut session = Session {
        source: source.to_owned(),
        format: "claude_transcript".to_owned(),
        accounting: Accounting::Anthropic,
        ..Session::default()
    };
    let mut faults = Vec::new();
    let mut calls: HashMap<String, usize> = HashMap::new();
    let mut triggers: HashMap<String, Trigger> = HashMap::new();
    let mut requests = Requests::default();
    for (line, text) in lines {
        let Some(object) = Object::parse(text) else {
            faults.push((line, "not a JSON object".to_owned()));
            continue;
        };
        if session.id.is_empty() {
            session.id = object.text("sessionId").unwrap_or_default();
        }
        let kind = object.text("type").unwrap_or_default();
        let thread = thread_of(&object);
        match kind.as_str() {
            "user" => {
                triggers.insert(thread, trigger_of(&object));
            }
            "assistant" => {
                let trigger = triggers.get(&thread).copied().unwrap_or_default();
                let Some(call) = call_of(&object, thread, trigger, line) else { continue };
                requests.answered(object.text("requestId"), object.raw("requestRef"), call.id.as_deref());
                match call.id.clone().and_then(|id| calls.get(&id).copied()) {
                    Some(at) => {
                        let before = &session.calls[at];
                        let (trigger, at_us) = (before.trigger, before.at_us.or(call.at_us));
                        session.calls[at] = Call { trigger, at_us, ..call };
                    }
                    None => {
                        calls.extend(call.id.clone().map(|id| (id, session.calls.len())));
                        session.calls.push(call);
                    }
                }
            }
            "api-request" | "api-request-shape" | "api-request-blob" => {
                if let Err(problem) = requests.take(&kind, &object) {
                    faults.push((line, problem));
                }
            }
            _ => {}
        }
    }
    if session.id.is_empty() {
        source.clone_into(&mut session.id);
    }
    requests.give(&mut session);
    Found::session(session, faults)
}

/// Agents of an agent have threads of their own.
fn thread_of(object: &Object<'_>) -> String {
    match (object.text("agentId"), object.is_true("isSidechain")) {
        (Some(agent), _) => agent,
        (None, true) => "sidechain".to_owned(),
        (None, false) => "main".to_owned(),
    }
}

fn trigger_of(object: &Object<'_>) -> Trigger {
    if object.is_true("isCompactSummary") {
        return Trigger::Compaction;
    }
    let message = object.object("message");
    let content = message.as_ref().map(|message| message.list("content")).unwrap_or_default();
    let result = |part: &&str| {
        Object::parse(part).and_then(|part| part.text("type")).is_some_and(|kind| kind == "tool_result")
    };
    if content.iter().any(result) { Trigger::ToolResult } else { Trigger::User }
}

fn call_of(object: &Object<'_>, thread: String, trigger: Trigger, line: usize) -> Option<Call> {
    let message = object.object("message")?;
    let (usage, hour) = anthropic_usage(&message.object("usage")?);
    Some(Call {
        id: message.text("id").or_else(|| object.text("uuid")),
        thread,
        model: message.text("model").unwrap_or_default(),
        protocol: Protocol::Messages,
        at_us: object.time_us("timestamp"),
        usage: Some(usage),
        written: Written { hour },
        trigger,
        line,
        ..Call::default()
    })
}
