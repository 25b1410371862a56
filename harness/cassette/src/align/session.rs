//! What an agent did in one session, in order: its actions with what came of them, lane by lane. Knows nothing of where
//! that was read.

use base::{Digest, Hasher};
use journal::ToolOutcome;
use serde_json::Value;
use wire::{Block, Protocol};

use super::plain;
use crate::{Effect, Profile};

/// Words of a call that are compared when two calls are not equal: the least digests of its words, so many.
const SKETCH: usize = 32;
/// Tools that change files, where no effect was recorded.
const WRITERS: [&str; 10] = [
    "apply_patch",
    "write_file",
    "edit_file",
    "create_file",
    "str_replace_editor",
    "Edit",
    "MultiEdit",
    "Write",
    "NotebookEdit",
    "str_replace_based_edit_tool",
];
/// What a command that changes files holds, where no effect was recorded.
const WRITING: [&str; 12] = [
    "apply_patch",
    "sed -i",
    "git commit",
    "git checkout",
    "git reset",
    "git apply",
    "rm ",
    "mv ",
    "cp ",
    "mkdir ",
    "tee ",
    "cat >",
];

/// What an agent did in one session.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// What its requests are written in.
    pub protocol: Protocol,
    /// The first request of its main lane: model, tools, instructions, the opening of the conversation. Empty where it
    /// is not known.
    pub opening: Vec<Block>,
    /// What it did, the main lane first.
    pub lanes: Vec<Lane>,
    /// Whether what its actions did to files is known.
    pub effects: bool,
    /// Values of its requests that name folders of the run.
    pub(super) folders: Vec<String>,
}

/// One thread of a session.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    /// Its name; `main` for the agent's own.
    pub name: String,
    /// What was done, in order.
    pub actions: Vec<Action>,
}

/// One thing that an agent did, and what came of it.
#[derive(Clone, Debug)]
pub struct Action {
    /// The step whose answer held it, from 1.
    pub step: u32,
    /// What.
    pub did: Did,
    /// What came of it.
    pub outcome: Outcome,
    /// Equal for equal actions.
    pub(super) key: u64,
    /// Equal for equal actions that came to the same.
    pub(super) whole: u64,
    /// The least digests of its words, ascending.
    pub(super) words: Vec<u32>,
    /// Whether it may have changed files.
    pub(super) writes: bool,
    /// The files that it changed, by the call alone: of a session whose effects are not known.
    pub(super) targets: Vec<Target>,
}

/// A file that a call says it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) path: String,
    /// Whether the call holds its whole new content.
    pub(super) replaced: bool,
}

/// What an agent did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Did {
    /// It called a tool.
    Called {
        /// The tool.
        tool: String,
        /// Its arguments, as the model wrote them.
        arguments: String,
    },
    /// It answered without a call: its turn is over. What it said is not compared.
    Answered {
        /// Its words.
        text: String,
    },
}

/// What came of an action, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// How the call went.
    pub outcome: Option<ToolOutcome>,
    /// Exit code of a command.
    pub exit: Option<i32>,
    /// What the model was shown.
    pub output: Output,
    /// What it did to files; of no meaning where the session does not know its effects.
    pub effect: Effect,
}

/// An output, or as much of it as was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// There was none.
    #[default]
    None,
    /// The whole text.
    Text(String),
    /// Its digest and its first line.
    Digest(Digest, String),
}

impl Output {
    /// The text, or its first line.
    pub fn shown(&self) -> &str {
        match self {
            Self::None => "",
            Self::Text(text) | Self::Digest(_, text) => text,
        }
    }

    fn same(&self, other: &Self, folders: (&[String], &[String])) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => {
                a == b || plain::output(a, folders.0) == plain::output(b, folders.1)
            }
            (Self::Digest(a, _), Self::Text(b)) | (Self::Text(b), Self::Digest(a, _)) => {
                *a == Digest::of(b.as_bytes())
            }
            _ => self == other,
        }
    }
}

impl Session {
    /// An empty session of this protocol, opened by this request.
    pub fn new(protocol: Protocol, opening: Vec<Block>, profile: &Profile) -> Self {
        let mut chain = wire::Chain::default();
        // A block that is no JSON names no folder.
        let read = opening.iter().all(|block| chain.add(block, profile).is_ok());
        let captures = if read { chain.captures() } else { &[] };
        let folders = captures.iter().filter(|capture| capture.class == "path");
        let folders =
            folders.map(|capture| capture.value.clone()).filter(|folder| folder.len() > 1).collect();
        Self { protocol, opening, lanes: Vec::new(), effects: false, folders }
    }

    /// Appends an action to a lane, which is opened where it is new.
    pub fn push(&mut self, lane: &str, step: u32, did: Did, outcome: Outcome) {
        let action = Action::new(step, did, outcome, &self.folders, self.effects);
        match self.lanes.iter_mut().find(|known| known.name == lane) {
            Some(lane) => lane.actions.push(action),
            None => self.lanes.push(Lane { name: lane.to_owned(), actions: vec![action] }),
        }
    }

    /// The lane of that name; an empty one where there is none.
    pub fn lane(&self, name: &str) -> &[Action] {
        self.lanes.iter().find(|lane| lane.name == name).map_or(&[], |lane| &lane.actions)
    }

    /// Steps of its longest lane.
    pub fn steps(&self) -> u32 {
        self.lanes.iter().filter_map(|lane| lane.actions.last()).map(|action| action.step).max().unwrap_or(0)
    }
}

impl Action {
    fn new(step: u32, did: Did, outcome: Outcome, folders: &[String], effects: bool) -> Self {
        let (tool, plain) = match &did {
            Did::Called { tool, arguments } => (tool.as_str(), plain::arguments(tool, arguments, folders)),
            Did::Answered { .. } => ("", String::new()),
        };
        let key = Hasher::new("action").field(tool.as_bytes()).field(plain.as_bytes()).finish();
        let output = match &outcome.output {
            Output::Text(text) => Digest::of(plain::output(text, folders).as_bytes()),
            Output::Digest(digest, _) => *digest,
            Output::None => Digest::of(b""),
        };
        let whole = Hasher::new("outcome").field(key.as_bytes()).field(output.as_bytes()).finish();
        let (key, whole) = (short(key), short(whole));
        let writes = match effects {
            true => !outcome.effect.is_empty(),
            false => !outcome.failed() && may_write(tool, &plain),
        };
        let targets = if writes && !effects { targets(tool, &did) } else { Vec::new() };
        Self { step, words: sketch(&plain), did, outcome, key, whole, writes, targets }
    }

    /// The tool that was called; nothing for an answer.
    pub fn tool(&self) -> Option<&str> {
        match &self.did {
            Did::Called { tool, .. } => Some(tool),
            Did::Answered { .. } => None,
        }
    }

    /// How alike two calls of one tool are, from 0 to 1: the estimated share of common words (bottom-k sketches, Broder
    /// 1997).
    pub(super) fn likeness(&self, other: &Self) -> f32 {
        if self.tool() != other.tool() {
            return 0.0;
        }
        let (a, b) = (&self.words, &other.words);
        let (mut i, mut j, mut both, mut all) = (0, 0, 0_u16, 0_u16);
        while all < SKETCH as u16 && (i < a.len() || j < b.len()) {
            all += 1;
            match (a.get(i), b.get(j)) {
                (Some(x), Some(y)) if x == y => (i, j, both) = (i + 1, j + 1, both + 1),
                (Some(x), Some(y)) if x > y => j += 1,
                (Some(_), _) => i += 1,
                (None, _) => j += 1,
            }
        }
        if all == 0 { 1.0 } else { f32::from(both) / f32::from(all) }
    }
}

impl Outcome {
    /// Whether the call did not do what it was asked to.
    pub fn failed(&self) -> bool {
        self.outcome.is_some_and(|outcome| outcome != ToolOutcome::Ok)
            || self.exit.is_some_and(|exit| exit != 0)
    }

    /// What differs about two outcomes of equal actions; nothing where only volatile values do.
    pub(super) fn differs(&self, other: &Self, a: &Session, b: &Session) -> Option<super::WhatChanged> {
        use super::WhatChanged::{Exit, Files, Output};
        let went = self.outcome.zip(other.outcome).is_some_and(|(a, b)| a != b);
        if went || self.exit.zip(other.exit).is_some_and(|(a, b)| a != b) {
            return Some(Exit);
        }
        if a.effects && b.effects && self.effect != other.effect {
            return Some(Files);
        }
        (!self.output.same(&other.output, (&a.folders, &b.folders))).then_some(Output)
    }
}

fn short(digest: Digest) -> u64 {
    digest.as_bytes().iter().take(8).fold(0, |short, byte| short << 8 | u64::from(*byte))
}

/// What a call says about the files that it changes: the headers of a patch, or the file that an editing tool names.
fn targets(tool: &str, did: &Did) -> Vec<Target> {
    let Did::Called { arguments, .. } = did else { return Vec::new() };
    let members = match serde_json::from_str::<Value>(arguments) {
        Ok(Value::Object(members)) => members,
        _ => serde_json::Map::from_iter([("patch".to_owned(), Value::from(arguments.as_str()))]),
    };
    let texts = members.values().filter_map(Value::as_str);
    let headers = texts.flat_map(str::lines).filter_map(|line| {
        let header = line.trim().strip_prefix("*** ")?;
        let path =
            ["Update File: ", "Add File: ", "Delete File: "].iter().find_map(|h| header.strip_prefix(h))?;
        Some(Target { path: path.to_owned(), replaced: header.starts_with("Add") })
    });
    let mut targets: Vec<Target> = headers.collect();
    if targets.is_empty() && WRITERS.contains(&tool) {
        let named = ["file_path", "path", "notebook_path"].iter().find_map(|key| members.get(*key)?.as_str());
        let replaced = members.contains_key("content");
        targets.extend(named.map(|path| Target { path: path.to_owned(), replaced }));
    }
    targets
}

fn may_write(tool: &str, arguments: &str) -> bool {
    WRITERS.contains(&tool)
        || WRITING.iter().any(|sign| arguments.contains(sign))
        || arguments.split('>').skip(1).any(|after| {
            // A redirection into a file; not one of errors, or into nothing.
            !after.is_empty()
                && !after.starts_with(['&', '='])
                && !after.trim_start().starts_with("/dev/null")
        })
}

fn sketch(text: &str) -> Vec<u32> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut digests: Vec<u32> = words.map(word_digest).collect();
    digests.sort_unstable();
    digests.dedup();
    digests.truncate(SKETCH);
    digests.shrink_to_fit();
    digests
}

/// FNV-1a, with its high bits folded in.
fn word_digest(word: &str) -> u32 {
    let digest = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (digest ^ digest >> 32) as u32
}
