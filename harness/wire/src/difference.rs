//! What a difference between two requests is: its cause, place, offset and texts, as a person would say it. Is looked
//! for only when two keys are not equal. Knows nothing of cassettes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Block, BlockKind, Comparison, Item, JsonError, Normalise, Prompt, Protocol, Side, Tracker};

/// Why two requests differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Another model was asked.
    ModelChanged,
    /// A tool was added, removed, moved or edited.
    ToolsChanged,
    /// The system prompt or a project's own instructions differ.
    InstructionsChanged,
    /// An entry of the conversation differs.
    #[default]
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

impl Cause {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::ModelChanged,
        Self::ToolsChanged,
        Self::InstructionsChanged,
        Self::ItemChanged,
        Self::ItemInserted,
        Self::ItemMissing,
        Self::ParametersChanged,
        Self::ThreadEndedEarly,
        Self::ExtraRequest,
    ];

    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::ModelChanged => "model_changed",
            Self::ToolsChanged => "tools_changed",
            Self::InstructionsChanged => "instructions_changed",
            Self::ItemChanged => "item_changed",
            Self::ItemInserted => "item_inserted",
            Self::ItemMissing => "item_missing",
            Self::ParametersChanged => "parameters_changed",
            Self::ThreadEndedEarly => "thread_ended_early",
            Self::ExtraRequest => "extra_request",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Cause {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|cause| cause.name() == name);
        found.ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.into_iter().map(Self::name).collect();
            format!("there is no cause {name:?}; there are {}", known.join(", "))
        })
    }
}

/// A difference between a recorded request and another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Difference {
    /// Why.
    pub cause: Cause,
    /// Which block of the request, from 0; of a missing one its number in the recorded request.
    #[serde(default)]
    pub block: usize,
    /// JSON path in the request, for example `.input[3].content`.
    pub path: String,
    /// Byte offset of the first difference within the recorded text at `path`.
    pub offset: u64,
    /// The two texts around it: lines `- recorded`, lines `+ now`.
    pub diff: String,
    /// Whether it lies in what a tool answered.
    #[serde(default)]
    pub in_output: bool,
    /// What led to it: the call whose output this is, or the output before it that differs too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub led_by: Option<String>,
}

impl Difference {
    /// Cause, place and what led to it, as a part of a sentence.
    pub fn told(&self) -> String {
        let Self { cause, path, offset, .. } = self;
        let place = if path.is_empty() { String::new() } else { format!(" at {path}, byte {offset}") };
        let led_by = match (&self.led_by, self.in_output) {
            (Some(call), true) => format!(", what {call} gave"),
            (Some(output), false) => format!(", after {output}"),
            (None, _) => String::new(),
        };
        format!("{cause}{place}{led_by}")
    }
}

/// The first difference of two requests of a protocol; nothing where they have the same key.
pub fn difference(
    protocol: Protocol,
    recorded: &[Block],
    now: &[Block],
    normalise: &dyn Normalise,
) -> Result<Option<Difference>, JsonError> {
    Ok(differences(protocol, recorded, now, normalise)?.into_iter().next())
}

/// All differences of two requests of a protocol, the first first.
pub fn differences(
    protocol: Protocol,
    recorded: &[Block],
    now: &[Block],
    normalise: &dyn Normalise,
) -> Result<Vec<Difference>, JsonError> {
    let (recorded, now) = (Prompt::from(recorded.to_vec()), Prompt::from(now.to_vec()));
    let (mut old, mut new) = (Tracker::default(), Tracker::default());
    if old.key(&recorded, normalise)? == new.key(&now, normalise)? {
        return Ok(Vec::new());
    }
    let (old, new) = (Side { prompt: &recorded, tracker: &old }, Side { prompt: &now, tracker: &new });
    Ok(Comparison::default().follow(protocol, old, new, normalise).to_vec())
}

/// The cause of a difference in a head. An empty list of tools, or none, is told by the head.
pub(crate) fn head_cause(path: &str) -> Cause {
    match path {
        ".model" => Cause::ModelChanged,
        _ if path.starts_with(".tools") => Cause::ToolsChanged,
        _ => Cause::ParametersChanged,
    }
}

/// The cause of a difference in an entry of the conversation; `texts` are what differs, recorded and now.
pub(crate) fn item_cause(protocol: Protocol, old: &Block, new: &Block, texts: [&str; 2]) -> Cause {
    let tells_tools =
        |block: &Block| protocol.items(&block.raw).iter().any(|item| matches!(item, Item::Tools { .. }));
    if is_instructions(protocol, old)
        || is_instructions(protocol, new)
        || texts.into_iter().any(holds_project_instructions)
    {
        Cause::InstructionsChanged
    } else if tells_tools(old) && tells_tools(new) {
        Cause::ToolsChanged
    } else {
        Cause::ItemChanged
    }
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
pub(crate) fn is_instructions(protocol: Protocol, block: &Block) -> bool {
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
        let both = found(|b| {
            b.swap(1, 2);
            b[1].1 = b[1].1.replace("\"d\"", "\"e\"");
            b.insert(1, (BlockKind::Tool, r#"{"name":"c"}"#.to_owned()));
        });
        assert_eq!(both.diff, "added c; reordered: a, b -> b, a; edited b\n- d\n+ e");
        let inserted = found(|b| b.insert(5, (BlockKind::Item, "{\"type\":\"x\"}".to_owned())));
        assert_eq!((inserted.cause, inserted.path.as_str()), (Cause::ItemInserted, ".input[1]"));
        let missing = found(|b| drop(b.remove(5)));
        assert_eq!((missing.cause, missing.path.as_str()), (Cause::ItemMissing, ".input[1]"));
        let shorter = found(|b| drop(b.pop()));
        assert_eq!(shorter.cause, Cause::ItemMissing);
    }

    #[test]
    fn every_difference_is_told_and_one_entry_more_is_one() {
        let other = request(|b| {
            b[0].1 = b[0].1.replace("m1", "m2").replace(":0", ":1");
            b[3].1 = "\"Be long.\"".to_owned();
            b.insert(5, (BlockKind::Item, "{\"type\":\"x\"}".to_owned()));
        });
        let found = differences(Protocol::Responses, &request(|_| ()), &other, &Exact).unwrap();
        let causes: Vec<_> = found.iter().map(|d| (d.cause, d.block)).collect();
        use Cause::{InstructionsChanged, ItemInserted, ModelChanged, ParametersChanged};
        let expected =
            [(ModelChanged, 0), (ParametersChanged, 0), (InstructionsChanged, 3), (ItemInserted, 5)];
        assert_eq!(causes, expected);
    }

    #[test]
    fn an_output_that_differs_names_its_call_and_what_follows_names_the_output() {
        let request = |output: &str, answer: &str| {
            let item = |raw: String| Block::new(BlockKind::Item, raw);
            vec![
                item(r#"{"type":"function_call","call_id":"c1","name":"exec_command","arguments":"{\"cmd\":\"ls\"}"}"#.into()),
                item(crate::responses::items::output("c1", output)),
                item(crate::responses::items::message("assistant", answer)),
            ]
        };
        let (old, new) = (request("a.rs\nb.rs\n", "two"), request("a.rs\n", "one"));
        let found = differences(Protocol::Responses, &old, &new, &Exact).unwrap();
        assert!(found[0].in_output && !found[1].in_output);
        let call = r#"exec_command {\"cmd\":\"ls\"}"#;
        assert_eq!(found[0].led_by.as_deref(), Some(call));
        assert_eq!(found[0].diff, "- b.rs");
        let output = format!("the output of {call}, which differs at .input[1].output");
        assert_eq!(found[1].led_by.as_deref(), Some(output.as_str()));
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
    fn a_part_of_a_message_that_comes_or_goes_is_one_difference_and_says_what_it_is() {
        let request = |parts: &[&str]| {
            let part = |text: &&str| format!(r#"{{"type":"text","text":"{text}"}}"#);
            let parts: Vec<String> = parts.iter().map(part).collect();
            let body = format!(r#"{{"messages":[{{"role":"user","content":[{}]}}]}}"#, parts.join(","));
            Protocol::Messages.split(&body).unwrap()
        };
        let told =
            r"<system-reminder>\nBe good.\n\nContents of /app/AGENTS.md (project instructions):\n\nBe brief.";
        let (plain, with) = (request(&["who you are", "do it"]), request(&[told, "who you are", "do it"]));
        for (old, new, sign) in [(&plain, &with, "+ "), (&with, &plain, "- ")] {
            let found = differences(Protocol::Messages, old, new, &Exact).unwrap();
            assert_eq!(found.len(), 1, "{found:?}");
            let Difference { cause, path, diff, .. } = &found[0];
            assert_eq!((*cause, path.as_str()), (Cause::InstructionsChanged, ".messages[0].content[0]"));
            assert!(diff.starts_with(&format!("{sign}<system-reminder>\n{sign}Be good.\n")), "{diff}");
        }
        let more = request(&["who you are", "and quickly", "do it"]);
        let found = differences(Protocol::Messages, &plain, &more, &Exact).unwrap();
        assert_eq!((found.len(), found[0].cause), (1, Cause::ItemChanged), "{found:?}");
    }

    #[test]
    fn equal_requests_have_no_difference_whatever_their_key_order() {
        let other = request(|b| b[0].1 = r#"{"temperature":0,"model":"m1"}"#.to_owned());
        assert_eq!(difference(Protocol::Responses, &request(|_| ()), &other, &Exact).unwrap(), None);
    }
}
