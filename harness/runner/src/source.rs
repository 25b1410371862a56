//! What answers a trial's agent: nothing, a script, a cassette, or a live backend; and what is known of its tools.

use std::path::Path;
use std::sync::Arc;

use agent::{Tape, ToolTime};
use base::{Digest, Seed, Timestamp};
use cassette::{Cassette, Kind, Player};
use journal::{FigureKind, ModelSource};
use model::{Backoff, CassetteModel, Model, O200k, Retry, Script, ScriptModel};

use crate::attempt::Shared;
use crate::plan::{ModelSpec, TrialPlan};

/// Where a trial's clock starts where neither script nor recording says.
const CLOCK: &str = "2026-11-02T09:00:00Z";

/// What answers an agent.
pub(crate) struct Source {
    /// Nothing for the reference agents.
    pub(crate) model: Option<Arc<dyn Model>>,
    pub(crate) kind: ModelSource,
    pub(crate) tape: Tape,
    pub(crate) time: ToolTime,
    /// Where the trial's clock starts.
    pub(crate) clock: Timestamp,
    /// The model that requests ask for.
    pub(crate) asked: String,
    /// What its tokens and times are worth.
    pub(crate) figures: FigureKind,
    /// How long to wait for it where it fails.
    pub(crate) backoff: Backoff,
    /// Whether such waits are real.
    pub(crate) live: bool,
}

impl Source {
    /// Opens what a trial's plan names. The error is about the file: the trial cannot be run with it.
    pub(crate) fn open(
        spec: &ModelSpec,
        trial: &TrialPlan,
        task: Digest,
        shared: &Shared<'_>,
    ) -> Result<Self, String> {
        match (spec, &trial.source) {
            (ModelSpec::Script(_), Some(path)) => Self::script(path, trial, shared.seed),
            (ModelSpec::Cassette(_), Some(path)) => Self::cassette(path, trial, task),
            (ModelSpec::Live { backend, model }, _) => {
                let opened = shared.live.model(spec).ok_or("the model was not opened")?;
                Ok(Self {
                    model: Some(Arc::new(opened)),
                    kind: ModelSource::Live { model: spec.name() },
                    clock: shared.clock.now(),
                    asked: model.clone(),
                    backoff: Backoff::jittered(backend.retry, own_seed(trial)),
                    live: true,
                    ..Self::nothing()?
                })
            }
            _ => Self::nothing(),
        }
    }

    fn nothing() -> Result<Self, String> {
        Ok(Self {
            model: None,
            kind: ModelSource::None,
            tape: Tape::Off,
            time: ToolTime::Measured,
            clock: default_clock()?,
            asked: String::new(),
            figures: FigureKind::Measured,
            backoff: Backoff::plain(),
            live: false,
        })
    }

    fn script(path: &Path, trial: &TrialPlan, seed: Seed) -> Result<Self, String> {
        let script = Arc::new(Script::load(path).map_err(|e| e.to_string())?);
        // The task and the sample, not the variant: the same script gives the same recording under any name.
        let seed =
            seed.derive(&format!("{}/{} {} {}", trial.id.suite, trial.id.task, trial.id.number, script.seed));
        Ok(Self {
            kind: ModelSource::Script { digest: script.digest },
            clock: script.clock.map_or_else(default_clock, Ok)?,
            asked: script.model.clone(),
            model: Some(Arc::new(ScriptModel::new(script, Arc::new(O200k)))),
            tape: Tape::Off,
            time: ToolTime::Synthetic(seed),
            figures: FigureKind::Synthetic,
            backoff: Backoff::plain(),
            live: false,
        })
    }

    fn cassette(path: &Path, trial: &TrialPlan, task: Digest) -> Result<Self, String> {
        let cassette = Arc::new(Cassette::load(path).map_err(|e| e.to_string())?);
        if cassette.header.task_digest != task {
            return Err(format!(
                "{}: recorded on another version of the task: record it again",
                path.display()
            ));
        }
        let synthetic = cassette.header.kind == Kind::Synthetic;
        let player = Arc::new(Player::new(Arc::clone(&cassette)));
        Ok(Self {
            kind: ModelSource::Cassette { digest: cassette.digest, synthetic },
            clock: cassette.header.clock,
            asked: cassette.header.model.clone(),
            model: Some(Arc::new(CassetteModel::new(Arc::clone(&player)))),
            tape: Tape::Play(player),
            time: ToolTime::Measured,
            figures: if synthetic { FigureKind::Synthetic } else { FigureKind::Recorded },
            backoff: if synthetic {
                Backoff::plain()
            } else {
                Backoff::jittered(Retry::default(), own_seed(trial))
            },
            live: false,
        })
    }

    /// The recording that is played, if one is.
    pub(crate) fn player(&self) -> Option<&Arc<Player>> {
        match &self.tape {
            Tape::Play(player) => Some(player),
            _ => None,
        }
    }

    /// The cassette that is played, if one is.
    pub(crate) fn played(&self) -> Option<&Cassette> {
        match &self.tape {
            Tape::Play(player) => Some(player.cassette()),
            _ => None,
        }
    }
}

/// A seed of the sample, whatever the run and the variant: a replay waits as the recording did.
fn own_seed(trial: &TrialPlan) -> Seed {
    Seed::new(0).derive(&format!("{}/{} {}", trial.id.suite, trial.id.task, trial.id.number))
}

pub(crate) fn default_clock() -> Result<Timestamp, String> {
    Timestamp::parse(CLOCK).ok_or_else(|| format!("{CLOCK} is no time"))
}
