//! Sessions of pi. Knows nothing of other agents' sessions.

use promptcache::{Accounting, Call, Session, Trigger};
use wire::{Protocol, Usage};

use crate::object::Object;
use crate::sniff::{Found, Lines};

pub(crate) fn read(source: &str, lines: Lines<'_>) -> Found {
    let mut session =
        Session { source: source.to_owned(), format: "pi_session".to_owned(), ..Session::default() };
    let mut faults = Vec::new();
    let mut trigger = Trigger::User;
    let mut anthropic = 0;
    for (line, text) in lines {
        let Some(object) = Object::parse(text) else {
            faults.push((line, "not a JSON object".to_owned()));
            continue;
        };
        match object.text("type").unwrap_or_default().as_str() {
            "session" if session.id.is_empty() => session.id = object.text("id").unwrap_or_default(),
            "compaction" => trigger = Trigger::Compaction,
            "message" => {
                let Some(message) = object.object("message") else { continue };
                match message.text("role").unwrap_or_default().as_str() {
                    "user" => trigger = Trigger::User,
                    "toolResult" => trigger = Trigger::ToolResult,
                    "assistant" => {
                        let Some(call) = call_of(&object, &message, trigger, line) else { continue };
                        anthropic += usize::from(call.protocol == Protocol::Messages);
                        session.calls.push(call);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    if session.id.is_empty() {
        source.clone_into(&mut session.id);
    }
    if anthropic * 2 >= session.calls.len() {
        session.accounting = Accounting::Anthropic;
    }
    Found::session(session, faults)
}

/// The counters are disjoint whoever the provider is.
fn call_of(object: &Object<'_>, message: &Object<'_>, trigger: Trigger, line: usize) -> Option<Call> {
    let counters = message.object("usage")?;
    let of = |key: &str| counters.number(key).unwrap_or_default();
    let (cached, written) = (of("cacheRead"), of("cacheWrite"));
    let usage = Usage {
        input_tokens: of("input").saturating_add(cached).saturating_add(written),
        cached_tokens: cached,
        cache_write_tokens: written,
        output_tokens: of("output"),
        ..Usage::default()
    };
    let api = message.text("api").unwrap_or_default();
    let anthropic =
        api.contains("anthropic") || message.text("provider").is_some_and(|name| name == "anthropic");
    Some(Call {
        id: object.text("id"),
        thread: "main".to_owned(),
        model: message.text("model").unwrap_or_default(),
        protocol: if anthropic { Protocol::Messages } else { Protocol::Responses },
        at_us: object.time_us("timestamp").or_else(|| message.time_us("timestamp")),
        usage: Some(usage),
        trigger,
        line,
        ..Call::default()
    })
}
