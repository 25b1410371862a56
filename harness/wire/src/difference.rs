//! What differs first between two requests, by cause, path and offset, as a person would say it. Runs only when
//! two keys are not equal. Knows nothing of cassettes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::leaf::{Leaf, Marked, cut, leaf};
use crate::responses::names_of;
use crate::{Block, BlockKind, Chain, Item, JsonError, Normalise, Protocol, Template};

/// How far ahead an item is looked for before it counts as changed.
const LOOK_AHEAD: usize = 32;

/// Why two requests differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Another model was asked.
    ModelChanged,
    /// A tool was added, removed, moved or edited.
    ToolsChanged,
    /// The system prompt or a project's own instructions differ.
    InstructionsChanged,
    /// An entry of the conversation differs.
    ItemChanged,
    /// There is an entry that was not recorded.
    ItemInserted,
    /// A recorded entry is not there.
    ItemMissing,
    /// A parameter differs.
    ParametersChanged,
    /// The recording goes on where the conversation ended.
    ThreadEndedEarly,
    /// A request was made where the recording had ended.
    ExtraRequest,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ModelChanged => "model_changed",
            Self::ToolsChanged => "tools_changed",
            Self::InstructionsChanged => "instructions_changed",
            Self::ItemChanged => "item_changed",
            Self::ItemInserted => "item_inserted",
            Self::ItemMissing => "item_missing",
            Self::ParametersChanged => "parameters_changed",
            Self::ThreadEndedEarly => "thread_ended_early",
            Self::ExtraRequest => "extra_request",
        })
    }
}

/// The first difference between a recorded request and another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Why.
    pub cause: Cause,
    /// JSON path in the request, for example `.input[3].content`.
    pub path: String,
    /// Byte offset of the first difference within the text at `path`.
    pub offset: u64,
    /// The two texts around it: a line `- recorded`, a line `+ now`.
    pub diff: String,
}

/// The first difference of two requests of a protocol; nothing where they have the same key.
pub fn difference(
    protocol: Protocol,
    recorded: &[Block],
    now: &[Block],
    normalise: &dyn Normalise,
) -> Result<Option<Difference>, JsonError> {
    let old = Side::new(protocol, recorded, normalise)?;
    let new = Side::new(protocol, now, normalise)?;
    let both = recorded.len().min(now.len());
    let first = (0..both).find(|i| old.chain.prefix(i + 1) != new.chain.prefix(i + 1)).unwrap_or(both);
    let found = match (recorded.get(first), now.get(first)) {
        (None, None) => return Ok(None),
        (Some(a), Some(b)) if a.kind == BlockKind::Head && b.kind == BlockKind::Head => {
            head(&old, &new, first)
        }
        (a, b) if [a, b].iter().flatten().any(|block| block.kind == BlockKind::Tool) => {
            tools(&old, &new, first)
        }
        (a, b) => items(&old, &new, first, a, b),
    };
    Ok(Some(found))
}

struct Side<'a> {
    protocol: Protocol,
    blocks: &'a [Block],
    templates: Vec<Template>,
    chain: Chain,
    normalise: &'a dyn Normalise,
}

impl<'a> Side<'a> {
    fn new(protocol: Protocol, blocks: &'a [Block], normalise: &'a dyn Normalise) -> Result<Self, JsonError> {
        let mut chain = Chain::default();
        let mut templates = Vec::with_capacity(blocks.len());
        for block in blocks {
            let template = normalise.normalise(block.kind, &block.raw, chain.followed())?;
            chain.push(block.kind, &template);
            templates.push(template);
        }
        Ok(Self { protocol, blocks, templates, chain, normalise })
    }

    /// The value of a block with its volatile values marked. All followed values are known here: the later ones
    /// too, which only makes the shown texts more alike.
    fn marked(&self, index: usize) -> Marked<'_> {
        let block = self.blocks.get(index);
        let text = block.and_then(|b| self.normalise.text(b.kind, &b.raw, self.chain.followed()).ok());
        let value = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Marked { value, chain: &self.chain }
    }

    /// Where the path of a block starts: `.input[3]`.
    fn place(&self, index: usize) -> String {
        place(self.protocol, self.blocks, index)
    }

    fn has_after(&self, first: usize, template: &Template) -> bool {
        self.templates.iter().skip(first + 1).take(LOOK_AHEAD).any(|t| t.digest == template.digest)
    }
}

fn place(protocol: Protocol, blocks: &[Block], index: usize) -> String {
    let kind = blocks.get(index).map_or(BlockKind::Item, |block| block.kind);
    let number = blocks.iter().take(index).filter(|block| block.kind == kind).count();
    let key = protocol.key_of(kind).unwrap_or_default();
    match kind {
        BlockKind::Head => String::new(),
        BlockKind::Instructions if protocol == Protocol::Responses => format!(".{key}"),
        _ => format!(".{key}[{number}]"),
    }
}

fn head(old: &Side<'_>, new: &Side<'_>, first: usize) -> Difference {
    let Leaf { path, offset, diff, .. } = leaf(&old.marked(first), &new.marked(first));
    // An empty list of tools, or none, is told by the head.
    let cause = match path.as_str() {
        ".model" => Cause::ModelChanged,
        ".tools" => Cause::ToolsChanged,
        _ => Cause::ParametersChanged,
    };
    Difference { cause, path, offset, diff }
}

fn tools(before: &Side<'_>, after: &Side<'_>, first: usize) -> Difference {
    let (protocol, recorded, now) = (before.protocol, before.blocks, after.blocks);
    let names = |blocks: &[Block]| -> Vec<String> {
        let tools = blocks.iter().filter(|block| block.kind == BlockKind::Tool);
        tools.flat_map(|block| names_of(&block.raw)).collect()
    };
    let (old, new) = (names(recorded), names(now));
    let missing = |from: &[String], other: &[String]| -> Vec<String> {
        from.iter().filter(|name| !other.contains(name)).cloned().collect()
    };
    let (removed, added) = (missing(&old, &new), missing(&new, &old));
    let mut words = Vec::new();
    if !added.is_empty() {
        words.push(format!("added {}", added.join(", ")));
    }
    if !removed.is_empty() {
        words.push(format!("removed {}", removed.join(", ")));
    }
    if words.is_empty() && old != new {
        words.push(format!("reordered: {} -> {}", old.join(", "), new.join(", ")));
    }
    let path = if recorded.get(first).is_some_and(|block| block.kind == BlockKind::Tool) {
        place(protocol, recorded, first)
    } else {
        place(protocol, now, first)
    };
    if words.is_empty()
        && let (Some(a), Some(_)) = (recorded.get(first), now.get(first))
    {
        let Leaf { path: inner, offset, diff, .. } = leaf(&before.marked(first), &after.marked(first));
        let diff = format!("edited {}\n{diff}", names_of(&a.raw).join(", "));
        return Difference { cause: Cause::ToolsChanged, path: path + &inner, offset, diff };
    }
    Difference { cause: Cause::ToolsChanged, path, offset: 0, diff: words.join("; ") }
}

fn items(old: &Side<'_>, new: &Side<'_>, first: usize, a: Option<&Block>, b: Option<&Block>) -> Difference {
    let whole = |cause, path, sign: &str, block: &Block| {
        let diff = format!("{sign} {}", cut(&block.raw, 0));
        Difference { cause, path, offset: 0, diff }
    };
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        (Some(a), None) => return whole(missing_cause(old.protocol, a), old.place(first), "-", a),
        (None, Some(b)) => return whole(inserted_cause(new.protocol, b), new.place(first), "+", b),
        (None, None) => {
            return whole(Cause::ItemChanged, String::new(), "", &Block::new(BlockKind::Item, ""));
        }
    };
    if a.kind == BlockKind::Item
        && new.has_after(first, &old.templates[first])
        && !is_instructions(new.protocol, b)
    {
        return whole(inserted_cause(new.protocol, b), new.place(first), "+", b);
    }
    if b.kind == BlockKind::Item
        && old.has_after(first, &new.templates[first])
        && !is_instructions(old.protocol, a)
    {
        return whole(missing_cause(old.protocol, a), old.place(first), "-", a);
    }
    let Leaf { path, offset, diff, recorded } = leaf(&old.marked(first), &new.marked(first));
    let instructions = is_instructions(old.protocol, a) || is_instructions(new.protocol, b);
    let cause = match instructions || holds_project_instructions(&recorded) {
        true => Cause::InstructionsChanged,
        false => Cause::ItemChanged,
    };
    Difference { cause, path: old.place(first) + &path, offset, diff }
}

fn missing_cause(protocol: Protocol, block: &Block) -> Cause {
    if is_instructions(protocol, block) { Cause::InstructionsChanged } else { Cause::ItemMissing }
}

fn inserted_cause(protocol: Protocol, block: &Block) -> Cause {
    if is_instructions(protocol, block) { Cause::InstructionsChanged } else { Cause::ItemInserted }
}

/// Whether a text of a user's message is the one in which Claude Code shows a project's AGENTS.md or CLAUDE.md. The
/// same message also holds the user's words.
fn holds_project_instructions(text: &str) -> bool {
    text.starts_with("<system-reminder>")
        && text.contains("\nContents of /")
        && text.contains(" (project instructions")
}

/// Whether a block speaks for the harness or the project, not for a turn: a system prompt, a developer message, or
/// a project's AGENTS.md.
fn is_instructions(protocol: Protocol, block: &Block) -> bool {
    block.kind == BlockKind::Instructions
        || protocol.items(&block.raw).iter().any(|item| match item {
            Item::Message { role, text, .. } => {
                role == "developer" || role == "system" || text.starts_with("# AGENTS.md instructions")
            }
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Exact;

    fn request(changes: impl FnOnce(&mut Vec<(BlockKind, String)>)) -> Vec<Block> {
        let tool = |name: &str| (BlockKind::Tool, format!(r#"{{"name":"{name}","description":"d"}}"#));
        let message = |role: &str, text: &str| {
            (
                BlockKind::Item,
                format!(r#"{{"type":"message","role":"{role}","content":[{{"text":"{text}"}}]}}"#),
            )
        };
        let mut blocks = vec![
            (BlockKind::Head, r#"{"model":"m1","temperature":0}"#.to_owned()),
            tool("a"),
            tool("b"),
            (BlockKind::Instructions, r#""Be brief.""#.to_owned()),
            message("user", "fix it"),
            message("assistant", "on it"),
            message("user", "thanks"),
        ];
        changes(&mut blocks);
        blocks.into_iter().map(|(kind, raw)| Block::new(kind, raw)).collect()
    }

    fn found(changes: impl FnOnce(&mut Vec<(BlockKind, String)>)) -> Difference {
        difference(Protocol::Responses, &request(|_| ()), &request(changes), &Exact).unwrap().unwrap()
    }

    #[test]
    fn every_cause_has_its_name_and_place() {
        let model = found(|b| b[0].1 = b[0].1.replace("m1", "m2"));
        assert_eq!((model.cause, model.path.as_str(), model.offset), (Cause::ModelChanged, ".model", 1));
        let parameter = found(|b| b[0].1 = b[0].1.replace(":0", ":1"));
        assert_eq!((parameter.cause, parameter.path.as_str()), (Cause::ParametersChanged, ".temperature"));
        let edited = found(|b| b[2].1 = b[2].1.replace("\"d\"", "\"e\""));
        assert_eq!((edited.cause, edited.path.as_str()), (Cause::ToolsChanged, ".tools[1].description"));
        let removed = found(|b| drop(b.remove(1)));
        assert_eq!((removed.cause, removed.diff.as_str()), (Cause::ToolsChanged, "removed a"));
        let swapped = found(|b| b.swap(1, 2));
        assert!(swapped.diff.starts_with("reordered"), "{swapped:?}");
        let prompt = found(|b| b[3].1 = "\"Be long.\"".to_owned());
        assert_eq!((prompt.cause, prompt.offset), (Cause::InstructionsChanged, 3));
        let changed = found(|b| b[4].1 = b[4].1.replace("fix it", "fix that"));
        assert_eq!(changed.path, ".input[0].content[0].text");
        assert_eq!((changed.cause, changed.offset), (Cause::ItemChanged, 4));
        let inserted = found(|b| b.insert(5, (BlockKind::Item, "{\"type\":\"x\"}".to_owned())));
        assert_eq!((inserted.cause, inserted.path.as_str()), (Cause::ItemInserted, ".input[1]"));
        let missing = found(|b| drop(b.remove(5)));
        assert_eq!((missing.cause, missing.path.as_str()), (Cause::ItemMissing, ".input[1]"));
        let shorter = found(|b| drop(b.pop()));
        assert_eq!(shorter.cause, Cause::ItemMissing);
    }

    #[test]
    fn a_path_is_in_the_words_of_its_protocol() {
        let request = |text: &str, system: &str, tools: &str| {
            let body = format!(
                r#"{{"system":[{{"type":"text","text":"{system}"}}],"tools":{tools},"messages":[{{"role":"user","content":"a"}},{{"role":"user","content":"{text}"}}]}}"#
            );
            Protocol::Messages.split(&body).unwrap()
        };
        let old = request("a", "s", "[]");
        let found = |new: &[Block]| {
            let found = difference(Protocol::Messages, &old, new, &Exact).unwrap().unwrap();
            (found.cause, found.path)
        };
        assert_eq!(found(&request("b", "s", "[]")), (Cause::ItemChanged, ".messages[1].content".to_owned()));
        assert_eq!(
            found(&request("a", "t", "[]")),
            (Cause::InstructionsChanged, ".system[0].text".to_owned())
        );
        assert_eq!(
            found(&request("a", "s", r#"[{"name":"x"}]"#)),
            (Cause::ToolsChanged, ".tools".to_owned())
        );
    }

    #[test]
    fn equal_requests_have_no_difference_whatever_their_key_order() {
        let other = request(|b| b[0].1 = r#"{"temperature":0,"model":"m1"}"#.to_owned());
        assert_eq!(difference(Protocol::Responses, &request(|_| ()), &other, &Exact).unwrap(), None);
    }
}
