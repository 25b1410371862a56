//! The lines of a cassette. JSON Lines, made for review: each distinct piece of a request stands once, raw, and an
//! exchange names the pieces that its request adds to the one before it in its lane. Knows nothing of files.

use std::collections::BTreeMap;

use base::{Digest, FormatVersion, Timestamp};
use journal::{CheckResult, ToolOutcome};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wire::{BlockKind, Frame, Protocol};

/// The version that is written. Since 2.0 an exchange may replace blocks in place; since 2.1 the last line holds the reward;
/// since 2.2 what is usual (the lane `main`, the first try, status 200, a call that went well) is not written.
pub const VERSION: FormatVersion = FormatVersion::new(2, 2);
/// The oldest major version that is read.
pub(crate) const OLDEST: u16 = 1;

/// Whether a recording says anything about a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Its answers came from an authored stub.
    Synthetic,
    /// Its answers came from a model.
    Live,
}

/// The first line: what was recorded, with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the format.
    pub version: FormatVersion,
    /// Synthetic or live.
    pub kind: Kind,
    /// The agent and its version, as `native 0.1.0`.
    pub agent: String,
    /// The protocol of the exchanges that name none.
    pub protocol: Protocol,
    /// The model that was asked for.
    pub model: String,
    /// The moment of the trial's clock at its start; the date that the agent was told.
    pub clock: Timestamp,
    /// The volatility profile to match with.
    pub profile: String,
    /// The task, as `suite/task`; empty where there is none.
    pub task: String,
    /// Digest of the task's files.
    pub task_digest: Digest,
    /// Digest of the workspace before the first step.
    pub workspace: Digest,
    /// The tokenizer behind the blocks' token counts.
    pub tokenizer: String,
    /// Versions of the programs that the tools ran.
    pub toolchain: BTreeMap<String, String>,
    /// Where the start workspace is kept, where the agent worked in a folder of the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
}

/// The workspace before the first step, kept beside the recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The archive's file name, in the folder of the cassette.
    pub archive: String,
    /// Digest of the archive.
    pub digest: Digest,
}

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    Cassette(Header),
    Block(BlockLine),
    Exchange(Exchange),
    Tool(ToolRun),
    Check(CheckRound),
    Snapshot(Snapshot),
    End(End),
}

/// A distinct piece of a request.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BlockLine {
    pub(crate) id: u32,
    pub(crate) kind: BlockKind,
    pub(crate) tokens: u32,
    /// The JSON as it went over the wire, where it stands on one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) raw: Option<Box<RawValue>>,
    /// The same as a string, where it has line breaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
}

/// One request with its response.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Exchange {
    /// The lane it belongs to.
    #[serde(default = "main_lane", skip_serializing_if = "is_main")]
    pub lane: String,
    /// The step it belongs to, from 1.
    pub step: u32,
    /// The client's try, from 1.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub attempt: u32,
    /// What the client spoke, where it is not what the header says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// HTTP status of the response.
    #[serde(default = "ok", skip_serializing_if = "is_ok")]
    pub status: u16,
    /// How many blocks of the lane's request before it this request begins with.
    pub keep: u32,
    /// Which of those are others now: block id by place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replace: BTreeMap<u32, u32>,
    /// The blocks that follow, by id.
    pub add: Vec<u32>,
    /// The response's frames.
    pub frames: Vec<Frame>,
    /// The body of a response that is no stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// How long such a response took, in microseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub total_us: u64,
    /// How long an error asked to wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl Exchange {
    /// Makes of the blocks of the lane's request before it those of its own; gives how many at the start stay.
    pub fn apply(&self, blocks: &mut Vec<u32>) -> usize {
        blocks.truncate(self.keep as usize);
        for (at, id) in &self.replace {
            if let Some(block) = blocks.get_mut(*at as usize) {
                *block = *id;
            }
        }
        let kept = blocks.len();
        blocks.extend(&self.add);
        self.replace.keys().next().map_or(kept, |first| kept.min(*first as usize))
    }
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// The lane of the agent itself; its sub-agents have others.
pub const MAIN_LANE: &str = "main";
/// The status of a request that was answered.
const OK: u16 = 200;

fn main_lane() -> String {
    MAIN_LANE.to_owned()
}

fn is_main(lane: &str) -> bool {
    lane == MAIN_LANE
}

fn first() -> u32 {
    1
}

fn is_first(attempt: &u32) -> bool {
    *attempt == 1
}

fn ok() -> u16 {
    OK
}

fn is_ok(status: &u16) -> bool {
    *status == OK
}

fn went_well() -> ToolOutcome {
    ToolOutcome::Ok
}

fn is_well(outcome: &ToolOutcome) -> bool {
    *outcome == ToolOutcome::Ok
}

/// A response, as it is recorded.
#[derive(Clone, Debug)]
pub enum Response {
    /// A stream that came to its end.
    Stream(Vec<Frame>),
    /// A body in one piece.
    Body {
        /// HTTP status.
        status: u16,
        /// The text.
        body: String,
        /// Time from the request to its end, in microseconds.
        total_us: u64,
        /// How long an error asked to wait, in milliseconds.
        retry_after_ms: Option<u64>,
    },
}

/// What a tool call did when it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolRun {
    /// The lane it belongs to.
    #[serde(default = "main_lane", skip_serializing_if = "is_main")]
    pub lane: String,
    /// The step whose answer held the call.
    pub step: u32,
    /// The call's id.
    pub call_id: String,
    /// How it went.
    #[serde(default = "went_well", skip_serializing_if = "is_well")]
    pub outcome: ToolOutcome,
    /// Exit code of a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// The block that holds its output.
    pub output: u32,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// What it did to the workspace.
    #[serde(default, skip_serializing_if = "Effect::is_empty")]
    pub effect: Effect,
}

/// What an action did to files: the state that each changed file was left in, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Effect(pub BTreeMap<String, FileState>);

impl Effect {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The state of one file: `deleted`, or twelve digits of its content's digest, with `+x` where it is executable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileState(String);

impl FileState {
    /// The file is gone.
    pub fn deleted() -> Self {
        Self("deleted".to_owned())
    }

    /// As it stands in a cassette.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The file has this content.
    pub fn content(digest: Digest, executable: bool) -> Self {
        Self(format!("{}{}", digest.short(), if executable { "+x" } else { "" }))
    }
}

/// One round of visible checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRound {
    /// The round, from 1.
    pub round: u32,
    /// Each check, in the task's order.
    pub checks: Vec<CheckResult>,
    /// How long they took together, in microseconds.
    pub duration_us: u64,
    /// The block that went back to the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<u32>,
}

/// The workspace at some step, as what differs from its start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// After this step.
    pub step: u32,
    /// Digest of the whole workspace.
    pub digest: Digest,
    /// Files that differ from the start, by path.
    pub files: BTreeMap<String, RecordedFile>,
}

/// The content of one recorded file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedFile {
    /// It is gone.
    Deleted,
    /// UTF-8 text.
    Text(String),
    /// UTF-8 text of an executable file.
    Script(String),
    /// Anything else, in base64.
    Binary(String),
    /// The target of a symbolic link.
    Link(String),
    /// Too large to keep: its digest.
    Left(Digest),
}

/// The last line of a whole recording.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct End {
    /// Why the agent stopped; empty where it simply finished.
    pub(crate) reason: String,
    /// Exchanges in this file.
    pub(crate) exchanges: u32,
    /// What the hidden checks gave, where they were run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reward: Option<f64>,
    /// Distinct secrets that were taken out, by kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) redacted: BTreeMap<String, u32>,
}
