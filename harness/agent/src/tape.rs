//! The half of a recording that is not the model's: what tools and checks did. In replay it is compared with what
//! they do now, and the conversation goes on with what was recorded.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use base::{Seed, micros};
use cassette::{CheckRound, Effect, FileState, Met, Miss, Player, ToolRun as RecordedTool};
use journal::{CheckResult, ToolsMode};
use model::{MAIN_LANE, SharedWriter};
use sandbox::{Change, Manifest};
use wire::Block;

use crate::AgentFault;

/// Where tool results come from and go to.
#[derive(Clone)]
pub enum Tape {
    /// Nowhere.
    Off,
    /// They are compared with a recording.
    Play(Played),
    /// They are recorded.
    Record(SharedWriter),
}

/// A recording that tool results are compared with.
#[derive(Clone)]
pub struct Played {
    /// The recording.
    pub player: Arc<Player>,
    /// What is done with calls and checks.
    pub tools: ToolsMode,
    /// The last step that is recorded; nothing where all are.
    pub last_step: Option<u32>,
    /// Where the whole conversation is recorded again, where it goes on otherwise than it was.
    pub writer: Option<SharedWriter>,
}

impl Played {
    /// A whole recording, whose tools run.
    pub fn whole(player: Arc<Player>) -> Self {
        Self { player, tools: ToolsMode::Run, last_step: None, writer: None }
    }

    fn is_recorded(&self, step: u32) -> bool {
        self.last_step.is_none_or(|last| step <= last)
    }
}

/// How long a tool call takes on the trial's clock.
#[derive(Clone, Copy, Debug)]
pub enum ToolTime {
    /// As long as it really took.
    Measured,
    /// What a seeded generator says, so that a synthetic recording is the same every time.
    Synthetic(Seed),
}

impl ToolTime {
    /// Time of one call or round of checks. The generator: commands 40 to 840 ms, most of them short (40 + 800 u^3);
    /// checks 500 to 3,000 ms; anything else 2 to 8 ms.
    pub(crate) fn of(self, name: &str, kind: &str, real: Duration) -> Duration {
        let Self::Synthetic(seed) = self else { return real };
        let u = seed.derive(name).unit();
        let ms = match kind {
            "exec_command" => 40.0 + 800.0 * u.powi(3),
            "checks" => 500.0 + 2500.0 * u,
            _ => 2.0 + 6.0 * u,
        };
        Duration::from_micros((ms * 1000.0) as u64)
    }
}

impl Tape {
    /// Whether effects on files matter.
    pub(crate) fn watches_files(&self) -> bool {
        match self {
            Self::Off => false,
            Self::Play(played) => played.tools != ToolsMode::Recorded,
            Self::Record(_) => true,
        }
    }

    /// What is done with the calls of a step.
    pub(crate) fn mode(&self, step: u32) -> ToolsMode {
        match self {
            Self::Play(played) if played.is_recorded(step) => played.tools,
            _ => ToolsMode::Live,
        }
    }

    /// Whether a step is none of the recording's, which had others before.
    pub(crate) fn goes_on(&self, step: u32) -> bool {
        matches!(self, Self::Play(played) if !played.is_recorded(step))
    }

    /// Differences from the recording that were let pass, from a number on.
    pub(crate) fn met(&self, from: usize) -> Vec<Met> {
        if let Self::Play(played) = self { played.player.met(from) } else { Vec::new() }
    }

    /// A replay that stops before its recording does: how that differs, unless it may.
    pub(crate) fn ended_early(&self) -> Option<Miss> {
        if let Self::Play(played) = self { played.player.ended_early(Some(MAIN_LANE)) } else { None }
    }

    fn writer(&self) -> Option<&SharedWriter> {
        match self {
            Self::Off => None,
            Self::Play(played) => played.writer.as_ref(),
            Self::Record(writer) => Some(writer),
        }
    }

    /// The recorded run of a call, with the block that holds its output.
    pub(crate) fn tool(&self, lane: &str, step: u32, call_id: &str) -> Option<(RecordedTool, Block)> {
        let Self::Play(played) = self else { return None };
        let cassette = played.player.cassette();
        if !played.is_recorded(step) {
            return None;
        }
        let run = cassette.tools.get(&(lane.to_owned(), step, call_id.to_owned()))?;
        Some((run.clone(), cassette.blocks.get(run.output as usize)?.block.clone()))
    }

    /// The recorded text of a call's output.
    pub(crate) fn text(&self, block: u32) -> String {
        let Self::Play(played) = self else { return String::new() };
        played.player.cassette().text(block).unwrap_or_default()
    }

    /// The recorded round of checks after a step, with the block that went back to the model.
    pub(crate) fn checks(&self, step: u32, round: u32) -> Option<(CheckRound, Option<Block>)> {
        let Self::Play(played) = self else { return None };
        let cassette = played.player.cassette();
        if !played.is_recorded(step) {
            return None;
        }
        let recorded = cassette.checks.iter().find(|recorded| recorded.round == round)?;
        let block = recorded.feedback.and_then(|id| cassette.blocks.get(id as usize));
        Some((recorded.clone(), block.map(|stored| stored.block.clone())))
    }

    /// Records one call.
    pub(crate) fn record_tool(&self, output: &Block, run: RecordedTool) -> Result<(), AgentFault> {
        let Some(writer) = self.writer() else { return Ok(()) };
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        let id = writer.block(output).map_err(|e| AgentFault::Keeping(e.to_string()))?;
        writer.tool(RecordedTool { output: id, ..run }).map_err(|e| AgentFault::Keeping(e.to_string()))
    }

    /// Records one round of checks.
    pub(crate) fn record_checks(
        &self,
        round: u32,
        checks: Vec<CheckResult>,
        time: Duration,
        feedback: Option<&Block>,
    ) -> Result<(), AgentFault> {
        let Some(writer) = self.writer() else { return Ok(()) };
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        let keeping = |e: std::io::Error| AgentFault::Keeping(e.to_string());
        let feedback = feedback.map(|block| writer.block(block)).transpose().map_err(keeping)?;
        writer.check(CheckRound { round, checks, duration_us: micros(time), feedback }).map_err(keeping)
    }
}

/// What changed between two states of the workspace.
pub(crate) fn effect(before: &Manifest, after: &Manifest) -> Effect {
    let mut states = BTreeMap::new();
    for change in before.changes(after) {
        let state = match (&change, after.0.get(change.path())) {
            (Change::Deleted(_), _) | (_, None) => FileState::deleted(),
            (_, Some(entry)) => FileState::content(entry.digest, entry.executable),
        };
        states.insert(change.path().to_owned(), state);
    }
    Effect(states)
}
