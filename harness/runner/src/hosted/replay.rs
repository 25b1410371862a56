//! Serves a recording: to the same program in a fresh copy of its start workspace, or to any client. Knows nothing of
//! how the program is started.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Digest, Seed};
use cassette::{Allowed, Cassette, Finding, Met, Player, RuleUse, Terms};
use gateway::{Gateway, Options};
use journal::DriftGrade;
use model::{
    CassetteModel, FaultLog, FaultOptions, FaultProfile, Faulty, Forked, MAIN_LANE, Model, Pace, Sleep,
};
use wire::Cause;

use super::ear::{Divergence, Ear, Heard};
use super::{Command, HostedError, Opened, ProgramEnd, Start, at, gateway};
use crate::Spawn;
use crate::external::grade;
use crate::folder::{self, Folder};

/// What answers in a replay, and at what pace. Whatever changes how a recording is served stands here.
pub struct Answering {
    /// The recording, and how far it was served.
    pub player: Arc<Player>,
    /// What answers: the recording, or layers around it.
    pub model: Arc<dyn Model>,
    /// How the gateway writes.
    pub options: Options,
}

/// What a replay lets pass and tells, and what answers where the recording does not.
#[derive(Default)]
pub struct Manner {
    /// What it lets pass.
    pub terms: Terms,
    /// Whether it counts what the profile's rules cover.
    pub explains: bool,
    /// What answers after the last step that the terms name.
    pub rest: Option<Opened>,
}

impl Answering {
    /// The recording for one client.
    pub fn once(cassette: Arc<Cassette>, manner: Manner) -> Self {
        Self::with(Player::new(cassette), manner)
    }

    /// The recording for many clients, each with its own pass.
    pub fn many(cassette: Arc<Cassette>, manner: Manner) -> Self {
        let answering = Self::with(Player::for_many(cassette), manner);
        let options = Options { lanes: 4096, ..answering.options };
        Self { options, ..answering }
    }

    /// The same at a pace.
    #[must_use]
    pub fn paced(self, pace: Pace) -> Self {
        Self { options: Options { pace, ..self.options }, ..self }
    }

    /// The same with faults in its way, which are noted in `log`; or the rule, by its label, after which another
    /// conversation would go on than the recorded one.
    pub fn under(self, profile: Arc<FaultProfile>, seed: u64, log: FaultLog) -> Result<Self, String> {
        if let Some(rule) = profile.changes_conversation() {
            return Err(rule);
        }
        let seed = Seed::new(seed).derive("faults");
        // A client has no virtual clock: for it what is late is really late.
        let options = FaultOptions { profile, seed, one_answer: true, rest: Some(Arc::new(Sleep)) };
        let model = Arc::new(Faulty::new(self.model, options, log));
        Ok(Self { model, ..self })
    }

    fn with(player: Player, manner: Manner) -> Self {
        let Manner { mut terms, explains, rest } = manner;
        let last_step = terms.last_step;
        if last_step.is_some() {
            // Another model is what it goes on with.
            terms.expect.push(Cause::ModelChanged);
        }
        let player = player.on(terms);
        let player = Arc::new(if explains { player.explaining() } else { player });
        let mut models = vec![player.cassette().header.model.clone()];
        let recorded = CassetteModel::any_lane(Arc::clone(&player));
        let model: Arc<dyn Model> = match (rest, last_step) {
            (Some(rest), Some(last_step)) => {
                models.extend(rest.models);
                Arc::new(Forked::new(recorded, rest.model, last_step))
            }
            _ => Arc::new(recorded),
        };
        Self { player, model, options: Options { models, ..Options::default() } }
    }
}

/// Where the copy of the start workspace comes from.
#[derive(Clone, Debug)]
pub enum StartWorkspace {
    /// The archive beside the recording.
    Archive {
        /// The archive.
        path: PathBuf,
        /// Digest that it must have.
        digest: Digest,
    },
    /// A folder that is copied.
    Copy(PathBuf),
}

impl StartWorkspace {
    /// The archive that a recording names.
    pub fn of(cassette: &Cassette, path: &Path) -> Option<Self> {
        let start = cassette.header.start.as_ref()?;
        // A name, never a path: a recording reaches nothing outside its folder.
        let name = Path::new(&start.archive).file_name()?;
        Some(Self::Archive { path: path.with_file_name(name), digest: start.digest })
    }

    /// Puts it up in an empty folder.
    fn put_up(&self, folder: &Path) -> Result<(), HostedError> {
        match self {
            Self::Archive { path, digest } => {
                if Digest::of(&fs::read(path).map_err(at(path))?) != *digest {
                    let problem = "not the start workspace that was recorded (its digest differs)".to_owned();
                    return Err(HostedError::Start { path: path.clone(), problem });
                }
                folder::restore(path, folder).map_err(at(path))
            }
            Self::Copy(from) => {
                let archive = tempfile::NamedTempFile::new().map_err(at(from))?;
                Folder::new(from, &[]).archive(archive.path()).map_err(at(from))?;
                folder::restore(archive.path(), folder).map_err(at(folder))
            }
        }
    }
}

/// What is to be replayed.
pub struct ReplayPlan<'a> {
    /// The agent.
    pub command: Command<'a>,
    /// Where its workspace comes from.
    pub start: StartWorkspace,
    /// The empty folder that becomes its workspace.
    pub folder: &'a Path,
    /// What answers it.
    pub answering: Answering,
    /// Runs a program of the host for its first line.
    pub spawn: Spawn<'a>,
}

/// What a replay came to.
#[derive(Debug)]
pub struct Replayed {
    /// Exchanges in the recording.
    pub exchanges: usize,
    /// Exchanges that were served.
    pub served: usize,
    /// Requests that diverged, and one more where the agent ended early.
    pub divergences: u64,
    /// The first of them.
    pub first_divergence: Option<Divergence>,
    /// Differences in what the agent did: its final workspace, where the recording knows one, and outputs of its tools
    /// that were let pass.
    pub drift: u64,
    /// Whether some of it is more than words.
    pub grave: bool,
    /// What was noted of the requests.
    pub noted: Noted,
    /// Digest of the final workspace.
    pub workspace: Digest,
    /// Digest of the recorded one.
    pub recorded_workspace: Option<Digest>,
    /// How the agent ended.
    pub end: ProgramEnd,
    /// What else was heard.
    pub heard: Heard,
}

/// Serves a recording to one start of its agent.
pub fn replay(plan: ReplayPlan<'_>, start: Start<'_>) -> Result<Replayed, HostedError> {
    plan.start.put_up(plan.folder)?;
    let Answering { player, model, options } = plan.answering;
    let ear = Arc::new(Ear::default());
    let gateway = gateway(model, options, 0, &ear)?;
    let program = plan.command.pointed(&gateway, plan.folder);
    let ended = start(&program);
    gateway.close();
    let end = ended.map_err(|error| HostedError::Program { program: program.argv.join(" "), error })?;

    let folder = Folder::new(plan.folder, &[]);
    let files = folder.manifest().map_err(at(plan.folder))?;
    let workspace = folder.digest(&files, plan.spawn);
    let recorded_workspace = player.cassette().snapshot.as_ref().map(|snapshot| snapshot.digest);
    let heard = ear.heard();
    let progress = player.progress();
    let forked = player.terms().last_step.is_some();
    let early = if heard.divergences > 0 { None } else { player.ended_early(forked.then_some(MAIN_LANE)) };
    let early = early.map(Divergence::from);
    let noted = Noted::of(&player);
    let divergences = heard.divergences + u64::from(early.is_some());
    // What another model did is no drift, and a diverged agent's workspace is another matter.
    let comparable = !forked && divergences == 0;
    let differs = comparable && recorded_workspace.is_some_and(|recorded| recorded != workspace);
    let outputs: Vec<DriftGrade> = noted.drift().map(|met| grade(&met.difference)).collect();
    Ok(Replayed {
        exchanges: progress.total,
        served: progress.served,
        divergences,
        first_divergence: heard.first_divergence.clone().or(early),
        drift: u64::from(differs) + outputs.len() as u64,
        grave: differs || outputs.iter().any(|grade| *grade > DriftGrade::Text),
        noted,
        workspace,
        recorded_workspace,
        end,
        heard,
    })
}

/// What was noted of a replay's requests.
#[derive(Clone, Debug, Default)]
pub struct Noted {
    /// Differences that were let pass.
    pub met: Vec<Met>,
    /// Blocks that are only spelt differently.
    pub findings: Vec<Finding>,
    /// What the profile's rules covered, where it was counted.
    pub rules: Vec<RuleUse>,
}

impl Noted {
    fn of(player: &Player) -> Self {
        Self { met: player.met(0), findings: player.findings(), rules: player.rules() }
    }

    fn drift(&self) -> impl Iterator<Item = &Met> {
        self.met.iter().filter(|met| met.allowed == Allowed::Drift)
    }
}

/// A recording that is served to whoever asks.
pub struct Serving {
    gateway: Gateway,
    player: Arc<Player>,
    ear: Arc<Ear>,
}

impl Serving {
    /// Serves on a port of loopback; 0: any that is free.
    pub fn start(answering: Answering, port: u16) -> Result<Self, HostedError> {
        let Answering { player, model, options } = answering;
        let ear = Arc::new(Ear::default());
        let gateway = gateway(model, options, port, &ear)?;
        Ok(Self { gateway, player, ear })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.gateway.address()
    }

    /// Exchanges in the recording.
    pub fn exchanges(&self) -> usize {
        self.player.cassette().exchanges.len()
    }

    /// Ends it; gives how many clients began the recording and how many came to its end, and what was heard and noted.
    pub fn close(self) -> ((u64, u64), Heard, Noted) {
        self.gateway.close();
        (self.player.passes(), self.ear.heard(), Noted::of(&self.player))
    }
}
