//! The half of a recording that is not the model's: what tools and checks did. In replay it is compared with what
//! they do now, and the conversation goes on with what was recorded.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use base::{Seed, micros};
use cassette::{CheckRound, Effect, FileState, Player, ToolRun as RecordedTool};
use journal::CheckResult;
use model::SharedWriter;
use sandbox::{Change, Manifest};
use wire::Block;

use crate::AgentFault;

/// Where tool results come from and go to.
#[derive(Clone)]
pub enum Tape {
    /// Nowhere.
    Off,
    /// They are compared with a recording, which the conversation follows.
    Play(Arc<Player>),
    /// They are recorded.
    Record(SharedWriter),
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
        !matches!(self, Self::Off)
    }

    /// The recorded run of a call, with the block that the conversation goes on with.
    pub(crate) fn tool(&self, lane: &str, step: u32, call_id: &str) -> Option<(RecordedTool, Block)> {
        let Self::Play(player) = self else { return None };
        let cassette = player.cassette();
        let run = cassette.tools.get(&(lane.to_owned(), step, call_id.to_owned()))?;
        Some((run.clone(), cassette.blocks.get(run.output as usize)?.block.clone()))
    }

    /// The recorded text of a call's output.
    pub(crate) fn text(&self, block: u32) -> String {
        let Self::Play(player) = self else { return String::new() };
        player.cassette().text(block).unwrap_or_default()
    }

    /// The recorded round of checks, with the block that went back to the model.
    pub(crate) fn checks(&self, round: u32) -> Option<(CheckRound, Option<Block>)> {
        let Self::Play(player) = self else { return None };
        let cassette = player.cassette();
        let recorded = cassette.checks.iter().find(|recorded| recorded.round == round)?;
        let block = recorded.feedback.and_then(|id| cassette.blocks.get(id as usize));
        Some((recorded.clone(), block.map(|stored| stored.block.clone())))
    }

    /// Records one call.
    pub(crate) fn record_tool(&self, output: &Block, run: RecordedTool) -> Result<(), AgentFault> {
        let Self::Record(writer) = self else { return Ok(()) };
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
        let Self::Record(writer) = self else { return Ok(()) };
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
