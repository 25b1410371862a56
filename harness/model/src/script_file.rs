//! Scripts on disk: the turns of a stub model, as TOML, and what makes one valid. Knows nothing of how turns are
//! chosen.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use base::{Digest, FormatVersion, Timestamp};
use regex::Regex;
use serde::Deserialize;

use crate::file::{self, FileError};

const VERSION: FormatVersion = FormatVersion::new(1, 1);

/// A script that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// A turn that cannot be played.
    #[error("{}: turn {turn}: {problem}", path.display())]
    Turn {
        /// The file.
        path: PathBuf,
        /// The turn, from 1.
        turn: usize,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptFile {
    version: FormatVersion,
    model: String,
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    clock: Option<Timestamp>,
    turn: Vec<TurnFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TurnFile {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    reasoning: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    call: Vec<CallFile>,
    #[serde(default)]
    when: Vec<WhenFile>,
    #[serde(default)]
    goto: Option<String>,
    #[serde(default)]
    usage: Option<ScriptUsage>,
    #[serde(default)]
    ttft_ms: Option<u64>,
    #[serde(default)]
    total_ms: Option<u64>,
    #[serde(default)]
    error: Option<ErrorFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallFile {
    tool: String,
    #[serde(default)]
    args: Option<toml::Table>,
    #[serde(default)]
    args_json: Option<String>,
    #[serde(default)]
    input: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhenFile {
    #[serde(default)]
    contains: Option<String>,
    #[serde(default)]
    matches: Option<String>,
    goto: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorFile {
    status: u16,
    #[serde(default)]
    body: String,
    #[serde(default)]
    times: Option<u32>,
}

/// Token counts that a script states itself.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptUsage {
    /// All tokens of the prompt.
    pub input_tokens: u64,
    /// Those read from a cache.
    #[serde(default)]
    pub cached_tokens: u64,
    /// All tokens of the answer.
    pub output_tokens: u64,
}

/// The turns of a stub model.
#[derive(Debug)]
pub struct Script {
    /// Digest of the file.
    pub digest: Digest,
    /// The model that it claims to be.
    pub model: String,
    /// Seed of its token timings.
    pub seed: u64,
    /// Where the trial's clock starts.
    pub clock: Option<Timestamp>,
    /// Its turns, in order.
    pub turns: Vec<ScriptTurn>,
}

/// One turn of a script.
#[derive(Debug)]
pub struct ScriptTurn {
    /// A thought.
    pub reasoning: Option<String>,
    /// What it says.
    pub text: Option<String>,
    /// Its tool calls.
    pub calls: Vec<ScriptCall>,
    /// Where to go on, by what the tools or the user said; the first that matches.
    pub branches: Vec<(Test, usize)>,
    /// Where to go on where no branch matches.
    pub next: usize,
    /// Its token counts, where it states them.
    pub usage: Option<ScriptUsage>,
    /// Its time to the first token in milliseconds, where it states it.
    pub ttft_ms: Option<u64>,
    /// Its time to the end in milliseconds, where it states it.
    pub total_ms: Option<u64>,
    /// An error that is given instead: status, body, and for how many tries.
    pub error: Option<(u16, String, u32)>,
}

/// One tool call of a script.
#[derive(Debug)]
pub struct ScriptCall {
    /// The tool.
    pub tool: String,
    /// Its arguments, as the model writes them.
    pub arguments: String,
    /// Whether they are free text: the tool is one that takes it.
    pub free_text: bool,
}

/// What a branch looks for.
#[derive(Debug)]
pub enum Test {
    /// A text that must occur.
    Contains(String),
    /// An expression that must match.
    Matches(Regex),
}

impl Test {
    /// Whether it is found in a text.
    pub fn holds(&self, text: &str) -> bool {
        match self {
            Self::Contains(part) => text.contains(part),
            Self::Matches(regex) => regex.is_match(text),
        }
    }
}

impl Script {
    /// Reads a script.
    pub fn load(path: &Path) -> Result<Self, ScriptError> {
        Self::parse(path, &file::text(path)?)
    }

    /// Reads a script from its text; `path` names it in errors.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ScriptError> {
        let file: ScriptFile = file::parse(path, text, VERSION, |file: &ScriptFile| file.version)?;
        let labels: HashMap<String, usize> =
            file.turn.iter().enumerate().filter_map(|(n, turn)| Some((turn.id.clone()?, n))).collect();
        let named = file.turn.iter().filter(|turn| turn.id.is_some()).count();
        let mut turns = Vec::with_capacity(file.turn.len());
        for (number, turn) in file.turn.into_iter().enumerate() {
            let turn = build(turn, number, &labels);
            turns.push(turn.map_err(|problem| ScriptError::Turn {
                path: path.to_owned(),
                turn: number + 1,
                problem,
            })?);
        }
        if named != labels.len() {
            let problem = "two turns have the same id".to_owned();
            return Err(ScriptError::Turn { path: path.to_owned(), turn: 1, problem });
        }
        let digest = Digest::of(text.as_bytes());
        Ok(Self { digest, model: file.model, seed: file.seed, clock: file.clock, turns })
    }
}

fn build(turn: TurnFile, number: usize, labels: &HashMap<String, usize>) -> Result<ScriptTurn, String> {
    let label =
        |name: &str| labels.get(name).copied().ok_or_else(|| format!("there is no turn with id {name:?}"));
    if turn.text.is_none() && turn.call.is_empty() && turn.error.is_none() {
        return Err("it has neither text nor a call".to_owned());
    }
    let mut branches = Vec::new();
    for when in turn.when {
        let test = match (when.contains, when.matches) {
            (Some(text), None) => Test::Contains(text),
            (None, Some(text)) => Test::Matches(Regex::new(&text).map_err(|e| e.to_string())?),
            _ => return Err("a `when` has either `contains` or `matches`".to_owned()),
        };
        branches.push((test, label(&when.goto)?));
    }
    let mut calls = Vec::new();
    for call in turn.call {
        let free_text = call.input.is_some();
        let arguments = match (call.args, call.args_json, call.input) {
            (Some(table), None, None) => serde_json::to_string(&table).map_err(|e| e.to_string())?,
            (None, Some(text), None) | (None, None, Some(text)) => text,
            (None, None, None) => "{}".to_owned(),
            _ => {
                return Err(format!("the call of {} has one of `args`, `args_json` and `input`", call.tool));
            }
        };
        calls.push(ScriptCall { tool: call.tool, arguments, free_text });
    }
    let next = turn.goto.as_deref().map(label).transpose()?.unwrap_or(number + 1);
    let error = turn.error.map(|e| (e.status, e.body, e.times.unwrap_or(u32::MAX)));
    Ok(ScriptTurn {
        reasoning: turn.reasoning,
        text: turn.text,
        calls,
        branches,
        next,
        usage: turn.usage,
        ttft_ms: turn.ttft_ms,
        total_ms: turn.total_ms,
        error,
    })
}
