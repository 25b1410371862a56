//! Answers of the Chat Completions protocol, put together into the messages that will stand in the conversation.
//! Members that are not known are kept in them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{CallDelta, Completion, Delta, Function};
use crate::fields::{elements, member, string};
use crate::{Answer, End, Usage};

/// Follows a stream.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    messages: BTreeMap<u64, Message>,
}

/// A message that grows.
#[derive(Debug, Default)]
struct Message {
    role: String,
    /// Texts by their key, in the order they began.
    texts: Vec<(&'static str, String)>,
    calls: Vec<Call>,
    rest: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Call {
    index: Option<u64>,
    id: String,
    custom: bool,
    name: String,
    passed: String,
    rest: Vec<(String, String)>,
}

impl Stream {
    /// Takes the next chunk; says whether it carries content.
    pub(crate) fn feed(&mut self, text: &str, answer: &mut Answer) -> Result<bool, serde_json::Error> {
        let chunk = Completion::decode(text)?;
        take(&chunk, answer);
        let mut content = false;
        for choice in chunk.choices.iter().flatten() {
            let index = choice.index.unwrap_or_default();
            if let Some(delta) = &choice.delta {
                content |= self.messages.entry(index).or_default().add(delta);
            }
            if let (Some(reason), 0) = (choice.finish_reason.as_deref(), index) {
                finished(reason, answer);
            }
        }
        Ok(content)
    }

    /// Gives the messages.
    pub(crate) fn finish(self, answer: &mut Answer) {
        let messages = self.messages.into_values().filter(|message| !message.is_empty());
        answer.items.extend(messages.map(|message| message.write().into_boxed_str()));
    }
}

/// Takes a whole completion, or an error.
pub(crate) fn whole(body: &str, answer: &mut Answer) -> Result<(), serde_json::Error> {
    let completion = Completion::decode(body)?;
    take(&completion, answer);
    for choice in completion.choices.iter().flatten() {
        answer.items.extend(choice.message.map(|message| Box::from(message.get())));
        if let (Some(reason), 0) = (choice.finish_reason.as_deref(), choice.index.unwrap_or_default()) {
            finished(reason, answer);
        }
    }
    Ok(())
}

fn take(completion: &Completion<'_>, answer: &mut Answer) {
    if let Some(model) = completion.model.as_deref().filter(|model| !model.is_empty()) {
        model.clone_into(&mut answer.served);
    }
    if let Some(raw) = completion.usage {
        answer.usage = usage(raw).or(answer.usage);
        answer.raw_usage = Some(raw.get().into());
    }
    if let Some(error) = completion.error {
        answer.fail(error.get());
    }
}

fn finished(reason: &str, answer: &mut Answer) {
    if !matches!(answer.end, End::Failed(_)) {
        answer.stop(reason, !matches!(reason, "length" | "content_filter" | "error"));
    }
}

impl Message {
    fn add(&mut self, delta: &Delta<'_>) -> bool {
        if let Some(role) = &delta.role {
            role.as_ref().clone_into(&mut self.role);
        }
        let texts = [
            ("reasoning_content", &delta.reasoning_content),
            ("reasoning", &delta.reasoning),
            ("content", &delta.content),
            ("refusal", &delta.refusal),
        ];
        let mut content = false;
        for (key, piece) in texts {
            let Some(piece) = piece.as_deref().filter(|piece| !piece.is_empty()) else { continue };
            content = true;
            match self.texts.iter_mut().find(|(name, _)| *name == key) {
                Some((_, text)) => text.push_str(piece),
                None => self.texts.push((key, piece.to_owned())),
            }
        }
        for call in delta.tool_calls.iter().flatten() {
            content = true;
            self.call(call).add(call);
        }
        delta.rest.iter().for_each(|(key, value)| keep(&mut self.rest, key, value));
        content
    }

    /// The call that a piece belongs to: the one of its index; without an index, the one of its id, or the last.
    fn call(&mut self, piece: &CallDelta<'_>) -> &mut Call {
        let id = piece.id.as_deref().unwrap_or_default();
        let at = match piece.index {
            Some(index) => self.calls.iter().position(|call| call.index == Some(index)),
            None if id.is_empty() => self.calls.len().checked_sub(1),
            None => self.calls.iter().position(|call| call.id == id),
        };
        let at = at.unwrap_or_else(|| {
            self.calls.push(Call { index: piece.index, ..Call::default() });
            self.calls.len() - 1
        });
        &mut self.calls[at]
    }

    fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.calls.is_empty() && self.rest.is_empty()
    }

    fn write(&self) -> String {
        let mut out = String::from("{");
        let mut first = true;
        member(&mut out, &mut first, "role");
        string(&mut out, if self.role.is_empty() { "assistant" } else { &self.role });
        if !self.texts.iter().any(|(key, _)| *key == "content") {
            member(&mut out, &mut first, "content");
            out.push_str(if self.calls.is_empty() { "\"\"" } else { "null" });
        }
        for (key, text) in &self.texts {
            member(&mut out, &mut first, key);
            string(&mut out, text);
        }
        if !self.calls.is_empty() {
            member(&mut out, &mut first, "tool_calls");
            let calls: Vec<String> = self.calls.iter().map(Call::write).collect();
            out.push_str(&format!("[{}]", calls.join(",")));
        }
        write_rest(&mut out, &mut first, &self.rest);
        out.push('}');
        out
    }
}

impl Call {
    fn add(&mut self, piece: &CallDelta<'_>) {
        if let Some(id) = piece.id.as_deref().filter(|id| !id.is_empty()) {
            id.clone_into(&mut self.id);
        }
        self.custom |= piece.custom.is_some() || piece.kind.as_deref() == Some("custom");
        let Function { name, arguments, input, .. } =
            piece.function.as_ref().or(piece.custom.as_ref()).cloned().unwrap_or_default();
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            self.name = name.into_owned();
        }
        self.passed.push_str(arguments.or(input).as_deref().unwrap_or_default());
        piece.rest.iter().for_each(|(key, value)| keep(&mut self.rest, key, value));
    }

    fn write(&self) -> String {
        let (kind, passed) = if self.custom { ("custom", "input") } else { ("function", "arguments") };
        let mut out = String::from("{");
        let mut first = true;
        for (key, text) in [("id", self.id.as_str()), ("type", kind)] {
            member(&mut out, &mut first, key);
            string(&mut out, text);
        }
        member(&mut out, &mut first, kind);
        let mut inner = true;
        out.push('{');
        for (key, text) in [("name", &self.name), (passed, &self.passed)] {
            member(&mut out, &mut inner, key);
            string(&mut out, text);
        }
        out.push('}');
        write_rest(&mut out, &mut first, &self.rest);
        out.push('}');
        out
    }
}

/// Keeps a member that is not known: lists grow, of anything else the last counts.
fn keep(rest: &mut Vec<(String, String)>, key: &str, value: &RawValue) {
    if value.get() == "null" {
        return;
    }
    let Some((_, kept)) = rest.iter_mut().find(|(name, _)| name == key) else {
        rest.push((key.to_owned(), value.get().to_owned()));
        return;
    };
    let added = elements(value).filter(|_| kept.ends_with(']'));
    match added.map(|values| values.into_iter().map(RawValue::get).collect::<Vec<_>>().join(",")) {
        Some(added) if !added.is_empty() => {
            kept.pop();
            kept.push_str(if kept.trim_end().ends_with('[') { "" } else { "," });
            kept.push_str(&added);
            kept.push(']');
        }
        Some(_) => {}
        None => value.get().clone_into(kept),
    }
}

fn write_rest(out: &mut String, first: &mut bool, rest: &[(String, String)]) {
    for (key, value) in rest {
        member(out, first, key);
        out.push_str(value);
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek's own words for what was cached and what was not.
    prompt_cache_hit_tokens: Option<u64>,
    prompt_cache_miss_tokens: Option<u64>,
    /// Moonshot's.
    cached_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}

/// Cached tokens are a part of the prompt's here, by whatever name.
fn usage(raw: &RawValue) -> Option<Usage> {
    let raw: RawUsage = serde_json::from_str(raw.get()).ok()?;
    let details = raw.prompt_tokens_details.unwrap_or_default();
    let hit = raw.prompt_cache_hit_tokens;
    let both = hit.unwrap_or_default().saturating_add(raw.prompt_cache_miss_tokens.unwrap_or_default());
    Some(Usage {
        input_tokens: raw.prompt_tokens.unwrap_or(both),
        cached_tokens: details.cached_tokens.or(hit).or(raw.cached_tokens).unwrap_or_default(),
        cache_write_tokens: details.cache_write_tokens.unwrap_or_default(),
        output_tokens: raw.completion_tokens.unwrap_or_default(),
        reasoning_tokens: raw.completion_tokens_details.and_then(|d| d.reasoning_tokens).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests;
