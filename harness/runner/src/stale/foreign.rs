//! Agents of other makers build their own first request, which nobody can know without starting them: what goes into it is
//! looked for in the recorded one. Knows nothing of workspaces.

use std::collections::BTreeMap;

use agent::external::{ExternalSpec, INSTRUCTIONS, shows};
use cassette::Cassette;
use sandbox::Environment;
use similar::{ChangeTag, TextDiff};
use suite::Task;
use wire::{Block, Cause, Item};

use super::{Today, Void, first_request};
use crate::prompts::Prompts;

/// Bytes of one of them.
const INSTRUCTIONS_MAX: u64 = 512 * 1024;
/// Lines of a difference that are shown of each side.
const LINES: usize = 3;
/// Characters of such a line.
const LINE: usize = 120;

/// The files with instructions in the root of a workspace.
pub(super) fn instructions(env: &dyn Environment) -> BTreeMap<&'static str, String> {
    let read = |name: &&'static str| {
        let content = env.read(&format!("/app/{name}"), INSTRUCTIONS_MAX).ok()?;
        Some((*name, String::from_utf8_lossy(&content).into_owned()))
    };
    INSTRUCTIONS.iter().filter_map(read).collect()
}

/// How what is known of today's first request differs from the recorded one.
pub(super) fn causes(
    cassette: &Cassette,
    agent: &str,
    prompts: &Prompts,
    task: &Task,
    today: &Today,
) -> Vec<Void> {
    let mut causes = Vec::new();
    causes.extend(agent_changed(cassette, agent, today));
    let recorded = first_request(cassette);
    let texts: Vec<String> = recorded.iter().flat_map(|block| texts(cassette, block)).collect();
    for (name, now) in &today.files {
        if let Some(text) = texts.iter().find(|text| shows(text, name))
            && !text.contains(now.trim())
        {
            causes.push(Void::new(Cause::InstructionsChanged.name(), lines(text, now)));
        }
    }
    let gone = INSTRUCTIONS.iter().filter(|name| !today.files.contains_key(*name));
    for name in gone.filter(|name| texts.iter().any(|text| shows(text, name))) {
        causes.push(Void::new(Cause::InstructionsChanged.name(), format!("- {name}")));
    }
    if let Some(append) = &prompts.append
        && !texts.iter().any(|text| text.contains(append.trim()))
    {
        causes.push(Void::new(Cause::InstructionsChanged.name(), lines("", append)));
    }
    let instruction = task.steps.first().map_or("", |step| step.instruction.trim());
    if !texts.iter().any(|text| text.contains(instruction)) {
        let shared = |text: &&String| instruction.lines().filter(|line| text.contains(line.trim())).count();
        let before = texts.iter().max_by_key(shared).map_or("", String::as_str);
        causes.push(Void::new(Cause::ItemChanged.name(), lines(before, instruction)));
    }
    causes
}

/// Another program, or another version of it: its own prompt is not what it was.
fn agent_changed(cassette: &Cassette, agent: &str, today: &Today) -> Option<Void> {
    let spec: ExternalSpec = agent.parse().ok()?;
    let now = today.version.as_deref().or(spec.version.as_deref());
    let other = is_other(&cassette.header.agent, &spec, now);
    let now = format!("{} {}", spec.agent.name(), now.unwrap_or_default());
    other.then(|| Void::versus("agent_changed", &cassette.header.agent, now.trim_end()))
}

/// Whether a recording is one of another agent, or of another version of it than `now`, where that is known.
pub(crate) fn is_other(recorded: &str, spec: &ExternalSpec, now: Option<&str>) -> bool {
    let (name, version) = recorded.split_once(' ').unwrap_or((recorded, ""));
    name != spec.agent.name() || now.is_some_and(|now| !version.is_empty() && now != version)
}

/// Every text that a block says.
pub(crate) fn texts(cassette: &Cassette, block: &Block) -> Vec<String> {
    if block.kind == wire::BlockKind::Instructions {
        let raw = &block.raw;
        let text = serde_json::from_str::<String>(raw).ok();
        return vec![text.unwrap_or_else(|| unescaped(raw))];
    }
    let items = cassette.header.protocol.items(&block.raw).into_iter();
    let text = items.filter_map(|item| match item {
        Item::Message { text, .. } => Some(text),
        _ => None,
    });
    text.collect()
}

/// The strings of a JSON value, one after the other.
fn unescaped(raw: &str) -> String {
    fn put(value: &serde_json::Value, out: &mut String) {
        match value {
            serde_json::Value::String(text) => {
                out.push_str(text);
                out.push('\n');
            }
            serde_json::Value::Array(values) => values.iter().for_each(|value| put(value, out)),
            serde_json::Value::Object(members) => members.values().for_each(|value| put(value, out)),
            _ => {}
        }
    }
    let mut out = String::new();
    if let Ok(value) = serde_json::from_str(raw) {
        put(&value, &mut out);
    }
    out
}

/// The lines in which a text differs from the one that stands somewhere in a recorded text: what is around it there is none
/// of it.
fn lines(recorded: &str, now: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (recorded.lines().collect(), now.trim().lines().collect());
    let diff = TextDiff::from_slices(&old, &new);
    let changes: Vec<(ChangeTag, &str)> =
        diff.iter_all_changes().map(|change| (change.tag(), change.value())).collect();
    let same = |(tag, line): &(ChangeTag, &str)| *tag == ChangeTag::Equal && !line.trim().is_empty();
    let first = changes.iter().position(same).unwrap_or(changes.len());
    let last = changes.iter().rposition(same).unwrap_or(0);
    let of = |wanted: ChangeTag, sign: char| {
        let inside = changes.iter().enumerate().filter(move |(at, (tag, _))| {
            *tag == wanted && (wanted == ChangeTag::Insert || (first < *at && *at < last))
        });
        inside.take(LINES).map(move |(_, (_, line))| {
            let short: String = line.trim_end().chars().take(LINE).collect();
            format!("{sign} {short}")
        })
    };
    of(ChangeTag::Delete, '-').chain(of(ChangeTag::Insert, '+')).collect::<Vec<_>>().join("\n")
}
