//! Rollouts of Codex CLI: what each call reported. They hold no tools and no whole requests. Knows nothing of other
//! agents' sessions.

use promptcache::{Accounting, Call, Session, Trigger, Written};
use wire::{Protocol, Usage};

use crate::object::{Object, openai_usage};
use crate::sniff::{Found, Lines};

/// What is known so far.
#[derive(Default)]
struct Reader {
    session: Session,
    model: String,
    /// The cumulative counters of the last call: a repeated event has the same.
    total: Option<Usage>,
    trigger: Trigger,
    /// Calls by their own records, one a response: newer versions write both.
    records: Vec<Call>,
    ids: Vec<String>,
    turn_began_us: Option<i64>,
}

pub(crate) fn read(source: &str, lines: Lines<'_>) -> Found {
    let mut reader = Reader {
        session: Session {
            source: source.to_owned(),
            format: "codex_rollout".to_owned(),
            accounting: Accounting::OpenAi,
            ..Session::default()
        },
        ..Reader::default()
    };
    let mut faults = Vec::new();
    for (line, text) in lines {
        match Object::parse(text) {
            Some(object) => reader.take(line, &object),
            None => faults.push((line, "not a JSON object".to_owned())),
        }
    }
    let mut session = reader.session;
    if reader.records.len() >= session.calls.len() && !reader.records.is_empty() {
        session.calls = reader.records;
    }
    if session.id.is_empty() {
        source.clone_into(&mut session.id);
    }
    Found::session(session, faults)
}

impl Reader {
    fn take(&mut self, line: usize, object: &Object<'_>) {
        let at_us = object.time_us("timestamp");
        let Some(payload) = object.object("payload") else { return };
        match object.text("type").unwrap_or_default().as_str() {
            "session_meta" => self.meta(&payload),
            "turn_context" => {
                self.model = payload.text("model").unwrap_or_else(|| self.model.clone());
                self.turn_began_us = at_us;
            }
            "compacted" => self.trigger = Trigger::Compaction,
            "response_item" => self.item(&payload),
            "token_usage_record" => self.record(line, at_us, &payload),
            "event_msg" => self.event(line, at_us, &payload),
            _ => {}
        }
    }

    /// The first one is the session's own; one that follows is that of a session whose history is repeated here.
    fn meta(&mut self, payload: &Object<'_>) {
        let id = payload.text("id").or_else(|| payload.text("session_id")).unwrap_or_default();
        if self.session.id.is_empty() {
            self.session.id = id;
            let spawn =
                payload.object("source").and_then(|source| source.object("subagent")?.object("thread_spawn"));
            let spawn = spawn.and_then(|spawn| spawn.text("parent_thread_id"));
            self.session.parent =
                payload.text("forked_from_id").or_else(|| payload.text("parent_thread_id")).or(spawn);
        } else if id != self.session.id && self.session.parent.is_none() {
            self.session.parent = Some(id);
        }
    }

    fn item(&mut self, payload: &Object<'_>) {
        let kind = payload.text("type").unwrap_or_default();
        let role = payload.text("role").unwrap_or_default();
        match kind.as_str() {
            "message" if role == "user" && self.trigger != Trigger::Compaction => {
                self.trigger = Trigger::User;
            }
            kind if kind.ends_with("_output") => self.trigger = Trigger::ToolResult,
            "compaction" | "context_compaction" | "compaction_trigger" => self.trigger = Trigger::Compaction,
            _ => {}
        }
    }

    fn event(&mut self, line: usize, at_us: Option<i64>, payload: &Object<'_>) {
        match payload.text("type").unwrap_or_default().as_str() {
            "user_message" => self.trigger = Trigger::User,
            "context_compacted" => self.trigger = Trigger::Compaction,
            "token_count" => {
                let Some(info) = payload.object("info") else { return };
                let total = info.object("total_token_usage").map(|usage| openai_usage(&usage));
                let last = info.object("last_token_usage").map(|usage| openai_usage(&usage));
                if total.is_some() && total == self.total {
                    return;
                }
                // An older version tells only the sums.
                let usage = last.or_else(|| Some(less(total?, self.total)));
                self.total = total.or(self.total);
                if let Some(usage) = usage {
                    let call = self.call(line, at_us, usage);
                    self.session.calls.push(call);
                }
            }
            _ => {}
        }
    }

    fn record(&mut self, line: usize, at_us: Option<i64>, payload: &Object<'_>) {
        let id = payload.text("response_id");
        if let Some(id) = &id {
            if self.ids.contains(id) {
                return;
            }
            self.ids.push(id.clone());
        }
        let Some(usage) = payload.object("usage").map(|usage| openai_usage(&usage)) else { return };
        let call = Call { id, ..self.call(line, at_us, usage) };
        self.records.push(call);
    }

    fn call(&mut self, line: usize, at_us: Option<i64>, usage: Usage) -> Call {
        Call {
            thread: "main".to_owned(),
            model: self.model.clone(),
            protocol: Protocol::Responses,
            at_us,
            usage: Some(usage),
            written: Written::default(),
            trigger: self.trigger,
            line,
            ..Call::default()
        }
    }
}

/// What was added to a sum.
fn less(total: Usage, before: Option<Usage>) -> Usage {
    let before = before.unwrap_or_default();
    Usage {
        input_tokens: total.input_tokens.saturating_sub(before.input_tokens),
        cached_tokens: total.cached_tokens.saturating_sub(before.cached_tokens),
        cache_write_tokens: total.cache_write_tokens.saturating_sub(before.cache_write_tokens),
        output_tokens: total.output_tokens.saturating_sub(before.output_tokens),
        reasoning_tokens: total.reasoning_tokens.saturating_sub(before.reasoning_tokens),
    }
}
