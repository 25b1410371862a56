//! What answers a trial's agent: nothing, a script, a cassette, or a live backend; and what is known of its tools.

use std::path::Path;
use std::sync::Arc;

use agent::external::ExternalAgent;
use agent::{Played, Tape, ToolTime};
use base::{Digest, Seed, Timestamp};
use cassette::{Cassette, Kind, Player, Profile, Snapshot, Terms};
use journal::{FigureKind, ModelSource, Replaying, ToolsMode};
use model::{Backoff, CassetteModel, Forked, Model, O200k, Retry, Script, ScriptModel, SharedWriter};
use suite::Task;
use wire::{Cause, Protocol};

use crate::attempt::{Fault, Shared};
use crate::plan::{ForkFrom, ModelSpec, TrialPlan};

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
    /// What answers after a fork's history; then `model` is both.
    pub(crate) rest: Option<Arc<dyn Model>>,
}

impl Source {
    /// Opens what a trial's plan names. The error is about the file: the trial cannot be run with it.
    pub(crate) fn open(
        spec: &ModelSpec,
        trial: &TrialPlan,
        task: Digest,
        speaker: Speaker<'_>,
        shared: &Shared<'_>,
    ) -> Result<Self, String> {
        let source = match (spec, &trial.source) {
            (ModelSpec::Script(_), Some(path)) => Self::script(path, trial, speaker, shared.seed)?,
            _ => Self::plain(spec, trial, task, shared)?,
        };
        match shared.fork {
            Some(fork) => source.after(fork, task, shared.replaying),
            None => Ok(source),
        }
    }

    fn plain(spec: &ModelSpec, trial: &TrialPlan, task: Digest, shared: &Shared<'_>) -> Result<Self, String> {
        match (spec, &trial.source) {
            (ModelSpec::Cassette(_), Some(path)) => Self::cassette(path, trial, task, shared.replaying),
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
            rest: None,
        })
    }

    /// The same after a recorded history: up to its last step the recording answers.
    fn after(self, fork: &ForkFrom, task: Digest, replaying: &Replaying) -> Result<Self, String> {
        let rest = self.model.ok_or("a fork needs a model")?;
        let cassette = Arc::new(load(&fork.cassette, task)?);
        // Another model is what a fork is for.
        let expect = replaying.expect.iter().copied().chain([Cause::ModelChanged]).collect();
        let terms = Terms { matching: replaying.matching, expect, last_step: Some(fork.step) };
        let player = Arc::new(Player::new(Arc::clone(&cassette)).on(terms));
        let recorded = CassetteModel::new(Arc::clone(&player));
        let played = Played { last_step: Some(fork.step), tools: replaying.tools, ..Played::whole(player) };
        Ok(Self {
            kind: ModelSource::Fork { digest: cassette.digest, step: fork.step, rest: Box::new(self.kind) },
            model: Some(Arc::new(Forked::new(recorded, Arc::clone(&rest), fork.step))),
            tape: Tape::Play(played),
            clock: cassette.header.clock,
            rest: Some(rest),
            ..self
        })
    }

    fn script(path: &Path, trial: &TrialPlan, speaker: Speaker<'_>, seed: Seed) -> Result<Self, String> {
        let script = Arc::new(Script::load(path).map_err(|e| e.to_string())?);
        // The task and the sample, not the variant: the same script gives the same recording under any name.
        let seed =
            seed.derive(&format!("{}/{} {} {}", trial.id.suite, trial.id.task, trial.id.number, script.seed));
        Ok(Self {
            kind: ModelSource::Script { digest: script.digest },
            clock: script.clock.map_or_else(default_clock, Ok)?,
            asked: script.model.clone(),
            model: Some(Arc::new(stub(script, speaker)?)),
            tape: Tape::Off,
            time: ToolTime::Synthetic(seed),
            figures: FigureKind::Synthetic,
            backoff: Backoff::plain(),
            live: false,
            rest: None,
        })
    }

    fn cassette(path: &Path, trial: &TrialPlan, task: Digest, replaying: &Replaying) -> Result<Self, String> {
        let cassette = Arc::new(load(path, task)?);
        let synthetic = cassette.header.kind == Kind::Synthetic;
        let terms = Terms { matching: replaying.matching, expect: replaying.expect.clone(), last_step: None };
        let player = Arc::new(Player::new(Arc::clone(&cassette)).on(terms));
        Ok(Self {
            kind: ModelSource::Cassette { digest: cassette.digest, synthetic },
            clock: cassette.header.clock,
            asked: cassette.header.model.clone(),
            model: Some(Arc::new(CassetteModel::new(Arc::clone(&player)))),
            tape: Tape::Play(Played { tools: replaying.tools, ..Played::whole(player) }),
            time: ToolTime::Measured,
            figures: if synthetic { FigureKind::Synthetic } else { FigureKind::Recorded },
            backoff: if synthetic {
                Backoff::plain()
            } else {
                Backoff::jittered(Retry::default(), own_seed(trial))
            },
            live: false,
            rest: None,
        })
    }

    /// The recording that is played, if one is.
    pub(crate) fn player(&self) -> Option<&Arc<Player>> {
        match &self.tape {
            Tape::Play(played) => Some(&played.player),
            _ => None,
        }
    }

    /// The cassette that is played, if one is.
    pub(crate) fn played(&self) -> Option<&Cassette> {
        self.player().map(|player| player.cassette())
    }

    /// Whether the conversation is recorded: unless it stands in a recording whole.
    pub(crate) fn is_recorded(&self) -> bool {
        self.player().is_none() || self.rest.is_some()
    }

    /// What the native agent's tools have to do with a recording.
    pub(crate) fn tape(&self, writer: Option<&SharedWriter>) -> Tape {
        match (&self.tape, writer) {
            (Tape::Play(played), writer) => Tape::Play(Played { writer: writer.cloned(), ..played.clone() }),
            (_, Some(writer)) => Tape::Record(Arc::clone(writer)),
            (tape, None) => tape.clone(),
        }
    }

    /// The recorded final workspace, where nothing is run to get it.
    pub(crate) fn snapshot(&self, task: &Task) -> Result<Option<Snapshot>, Fault> {
        let Tape::Play(played) = &self.tape else { return Ok(None) };
        if played.tools != ToolsMode::Recorded {
            return Ok(None);
        }
        if task.steps.len() > 1 {
            let why = "--tools recorded needs a task of one step: a recording keeps the last workspace alone";
            return Err(Fault::Invalid(why.to_owned()));
        }
        let snapshot = played.player.cassette().snapshot.clone();
        let missing = || Fault::Invalid("the recording has no snapshot: --tools run does without".to_owned());
        snapshot.map(Some).ok_or_else(missing)
    }
}

/// Whose requests a model answers.
#[derive(Clone, Copy, Debug)]
pub struct Speaker<'a> {
    /// The name of the agent's volatility profile.
    pub profile: &'a str,
    /// The protocol that it speaks.
    pub protocol: Protocol,
}

impl Speaker<'_> {
    /// Our own agent.
    pub(crate) const NATIVE: Self = Speaker { profile: "native", protocol: Protocol::Responses };
}

impl<'a> From<&'a ExternalAgent> for Speaker<'a> {
    fn from(agent: &'a ExternalAgent) -> Self {
        Self { profile: agent.profile(), protocol: agent.protocol().unwrap_or_default() }
    }
}

/// A stub that plays a script; the error is about the profile.
pub(crate) fn stub(script: Arc<Script>, speaker: Speaker<'_>) -> Result<ScriptModel, String> {
    let profile = Profile::built_in(speaker.profile).map_err(|error| error.to_string())?;
    Ok(ScriptModel::new(script, Arc::new(O200k)).counting(profile.speaking(speaker.protocol)))
}

/// Reads a cassette of a task.
fn load(path: &Path, task: Digest) -> Result<Cassette, String> {
    let cassette = Cassette::load(path).map_err(|e| e.to_string())?;
    if cassette.header.task_digest != task {
        return Err(format!("{}: recorded on another version of the task: record it again", path.display()));
    }
    Ok(cassette)
}

/// A seed of the sample, whatever the run and the variant: a replay waits as the recording did.
fn own_seed(trial: &TrialPlan) -> Seed {
    Seed::new(0).derive(&format!("{}/{} {}", trial.id.suite, trial.id.task, trial.id.number))
}

pub(crate) fn default_clock() -> Result<Timestamp, String> {
    Timestamp::parse(CLOCK).ok_or_else(|| format!("{CLOCK} is no time"))
}
