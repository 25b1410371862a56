//! Recorded requests of an agent of another maker as it would send them with another file of project instructions. It builds
//! its prompt itself: everything but the text that it shows of that file stays as recorded, byte for byte, and what can't be
//! known without starting it is refused with the reason.

use std::collections::BTreeMap;

use agent::external::{Docs, ExternalAgent, ExternalSpec};
use cassette::Cassette;
use model::MAIN_LANE;
use serde_json::Value;
use suite::{Task, Variant};
use wire::{Block, BlockKind, Protocol};

use super::own_file;
use crate::Prompts;
use crate::stale::{is_other, texts};

/// Where agents work.
const CWD: &str = "/app";

/// A recording of an agent of another maker, for a variant of it.
#[derive(Clone, Debug)]
pub struct Foreign<'a> {
    spec: ExternalSpec,
    cassette: &'a Cassette,
    task: &'a Task,
    /// Whether its project instructions are the task's own: no variant's file lay over them.
    own_docs: bool,
}

/// An arm's variant, what it puts into prompts, and the model that it asks.
pub type Arm<'a> = (&'a Variant, &'a Prompts, &'a str);

/// What HEAD changes that can't be written into recorded requests of an agent of another maker, and why; nothing where only
/// files of instructions differ.
pub fn not_rewritable(base: Arm<'_>, head: Arm<'_>) -> Option<String> {
    let agent = &base.0.agent;
    if *agent != head.0.agent {
        let other = &head.0.agent;
        return Some(format!("what {other} says instead of {agent} is known only once it runs"));
    }
    let differ = [
        ("the model", base.2 != head.2, "its instructions and tools may depend on it"),
        ("the tools", base.0.tools != head.0.tools, "it has its own"),
        ("the parameters", base.0.parameters != head.0.parameters, "it has its own"),
        ("the appended instructions", base.1.append != head.1.append, "only it knows where they go"),
        ("the variables", base.0.env != head.0.env, "only it knows what it makes of them"),
        (
            "what may run unattended",
            base.0.tier.unattended != head.0.tier.unattended,
            "its instructions say so in words of its own",
        ),
    ];
    if let Some((what, _, why)) = differ.iter().find(|(_, differ, _)| *differ) {
        return Some(format!("{what} can't be changed in recorded requests of {agent}: {why}"));
    }
    let files = base.1.files.iter().chain(&head.1.files);
    let settings = files
        .map(|(path, _)| path)
        .find(|path| path.starts_with('.') && base.1.files.get(*path) != head.1.files.get(*path))?;
    Some(format!("what {agent} makes of {settings} is known only once it runs"))
}

impl<'a> Foreign<'a> {
    /// The recording, if it is one of the variant's agent.
    pub fn of(
        cassette: &'a Cassette,
        task: &'a Task,
        variant: &Variant,
        own_docs: bool,
    ) -> Result<Self, String> {
        let spec: ExternalSpec = variant.agent.parse().map_err(|error| format!("{error}"))?;
        let recorded = &cassette.header.agent;
        if is_other(recorded, &spec, spec.version.as_deref()) {
            return Err(format!("it is a recording of {recorded}, and {} asks otherwise", variant.agent));
        }
        if spec.agent.docs().is_empty() {
            return Err(format!("how {recorded} shows a project's instructions isn't known"));
        }
        Ok(Self { spec, cassette, task, own_docs })
    }

    /// The blocks that would be others with a variant's files, by number in the recording. `asked`: the model that is asked.
    pub fn otherwise(&self, prompts: &Prompts, asked: &str) -> Result<BTreeMap<u32, Block>, String> {
        if let Some(append) = &prompts.append {
            let mut shown = self.items().flat_map(|(_, block)| texts(self.cassette, block));
            if !shown.any(|text| text.contains(append.trim())) {
                return Err("its requests don't hold the instructions that are appended".to_owned());
            }
        }
        let mut others = self.with_docs(prompts)?;
        if asked != self.cassette.header.model {
            others.extend(self.heads(asked)?);
        }
        Ok(others)
    }

    fn with_docs(&self, prompts: &Prompts) -> Result<BTreeMap<u32, Block>, String> {
        let agent = &self.spec.agent;
        let laid = agent.docs().iter().any(|name| prompts.files.contains_key(*name));
        if !laid && self.own_docs {
            return Ok(BTreeMap::new());
        }
        let file = |name: &str| prompts.files.get(name).cloned().or_else(|| own_file(self.task, name));
        let docs = agent.read_docs(&file)?;
        let mut shown = Vec::new();
        for (number, block) in self.items().filter(|(_, block)| block.raw.contains("instructions")) {
            for text in user_texts(&block.raw) {
                let found = agent
                    .shown(&text)?
                    .map(|found| (found.text.to_owned(), docs.as_ref().map(|d| found.with(d))));
                shown.extend(found.map(|(old, new)| (number, text, old, new)));
            }
        }
        let Some(first) = shown.first().map(|(_, _, old, _)| old.clone()) else {
            return docs.map_or(Ok(BTreeMap::new()), |docs| self.inserted(&docs));
        };
        if shown.iter().any(|(_, _, old, _)| *old != first) {
            return Err("its instructions were changed on the way".to_owned());
        }
        let mut others: BTreeMap<u32, Block> = BTreeMap::new();
        for (number, old, _, new) in shown {
            let raw = &others.get(&number).unwrap_or(self.block(number)).raw;
            let raw = match new {
                Some(new) => once(raw, &spelled(&old)?, &spelled(&new)?)?,
                None => once(raw, &self.part(&old)?, "")?,
            };
            others.insert(number, Block::new(BlockKind::Item, raw));
        }
        others.retain(|number, block| *block.raw != *self.block(*number).raw);
        Ok(others)
    }

    /// The first message of a user with instructions before what it says, as the known version puts them there.
    fn inserted(&self, docs: &Docs) -> Result<BTreeMap<u32, Block>, String> {
        let (agent, recorded) = (&self.spec.agent, &self.cassette.header.agent);
        let why = |what: &str| Err(format!("its requests show no {}, and {what}", docs.name));
        let known =
            agent.known_version().is_some_and(|known| *recorded == format!("{} {known}", agent.name()));
        let Some(text) = agent.show(docs, CWD).filter(|_| known) else {
            return why(&format!("where {recorded} would put it isn't known"));
        };
        let is_user =
            |block: &Block| block.kind == BlockKind::Item && role(&block.raw) == Some("user".to_owned());
        let mut requests = Vec::new();
        let mut ids = Vec::new();
        for exchange in &self.cassette.exchanges {
            if exchange.lane != MAIN_LANE {
                return why("it has conversations of sub-agents, which would show it too");
            }
            exchange.apply(&mut ids);
            requests.push(ids.clone());
        }
        let first = requests.first().and_then(|ids| ids.iter().find(|id| is_user(self.block(**id))));
        let Some(first) = first.copied() else { return why("no user says anything in them") };
        let raw = &self.block(first).raw;
        let context = user_texts(raw).first().is_some_and(|text| text.starts_with("<environment_context>"));
        if *agent == ExternalAgent::Codex && !context {
            return why("the message that it would stand in isn't there");
        }
        if requests.iter().any(|ids| !ids.contains(&first)) {
            return why("the message that it would stand in was made anew on the way");
        }
        let open = "\"content\":[";
        let raw = once(raw, open, &format!("{open}{}", self.part(&text)?))?;
        Ok([(first, Block::new(BlockKind::Item, raw))].into())
    }

    /// Every head with another model.
    fn heads(&self, asked: &str) -> Result<BTreeMap<u32, Block>, String> {
        let member = |model: &str| Ok::<_, String>(format!("\"model\":{}", spelled(model)?));
        let (old, new) = (member(&self.cassette.header.model)?, member(asked)?);
        let blocks = self.cassette.blocks.iter().enumerate();
        let heads = blocks.filter(|(_, stored)| stored.block.kind == BlockKind::Head);
        let other = |(number, raw): (usize, &str)| {
            Ok((number as u32, Block::new(BlockKind::Head, once(raw, &old, &new)?)))
        };
        heads.map(|(number, stored)| other((number, &stored.block.raw))).collect()
    }

    fn block(&self, number: u32) -> &Block {
        &self.cassette.blocks[number as usize].block
    }

    fn items(&self) -> impl Iterator<Item = (u32, &Block)> {
        let blocks = self.cassette.blocks.iter().enumerate();
        blocks
            .map(|(at, stored)| (at as u32, &stored.block))
            .filter(|(_, block)| block.kind == BlockKind::Item)
    }

    /// A part of a message with this text, and what divides it from the next.
    fn part(&self, text: &str) -> Result<String, String> {
        let kind = if self.cassette.header.protocol == Protocol::Responses { "input_text" } else { "text" };
        Ok(format!("{{\"type\":\"{kind}\",\"text\":{}}},", spelled(text)?))
    }
}

/// A string in JSON, as all of these agents write it.
fn spelled(text: &str) -> Result<String, String> {
    serde_json::to_string(text).map_err(|error| error.to_string())
}

/// A block's text with the one place that says `old` saying `new`.
fn once(raw: &str, old: &str, new: &str) -> Result<String, String> {
    match raw.matches(old).count() {
        1 => Ok(raw.replacen(old, new, 1)),
        n => Err(format!("what would be changed in its requests stands {n} times in one place")),
    }
}

fn role(raw: &str) -> Option<String> {
    let value: Value = serde_json::from_str(raw).ok()?;
    Some(value.get("role")?.as_str()?.to_owned())
}

/// The texts that a user's message is made of, one by one; nothing of what tools gave.
fn user_texts(raw: &str) -> Vec<String> {
    let Ok(value) = serde_json::from_str::<Value>(raw) else { return Vec::new() };
    if value["role"] != "user" {
        return Vec::new();
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match &value["content"] {
        Value::Array(parts) => parts.iter().filter_map(|part| text(&part["text"])).collect(),
        content => text(content).into_iter().collect(),
    }
}
