//! Serves a recording: to the same program in a fresh copy of its start workspace, or to any client. Knows nothing of
//! how the program is started.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::Digest;
use cassette::{Cassette, Player};
use gateway::{Gateway, Options};
use model::{CassetteModel, Model};

use super::ear::{Divergence, Ear, Heard};
use super::{Command, HostedError, ProgramEnd, Start, at, gateway};
use crate::Spawn;
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

impl Answering {
    /// The recording for one client.
    pub fn once(cassette: Arc<Cassette>) -> Self {
        Self::with(Arc::new(Player::new(cassette)))
    }

    /// The recording for many clients, each with its own pass.
    pub fn many(cassette: Arc<Cassette>) -> Self {
        let answering = Self::with(Arc::new(Player::for_many(cassette)));
        let options = Options { lanes: 4096, ..answering.options };
        Self { options, ..answering }
    }

    fn with(player: Arc<Player>) -> Self {
        let models = vec![player.cassette().header.model.clone()];
        let model = Arc::new(CassetteModel::any_lane(Arc::clone(&player)));
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
    /// Differences in what the agent did: its final workspace, where the recording knows one.
    pub drift: u64,
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
    let early = ended_early(&player).filter(|_| heard.divergences == 0);
    let divergences = heard.divergences + u64::from(early.is_some());
    let differs = recorded_workspace.is_some_and(|recorded| recorded != workspace);
    Ok(Replayed {
        exchanges: progress.total,
        served: progress.served,
        divergences,
        first_divergence: heard.first_divergence.clone().or(early),
        // A diverged agent's workspace is another matter.
        drift: u64::from(differs && divergences == 0),
        workspace,
        recorded_workspace,
        end,
        heard,
    })
}

/// The first exchange that nobody asked for, as a divergence.
fn ended_early(player: &Player) -> Option<Divergence> {
    let progress = player.progress();
    let (lane, step, _) = progress.unserved.first()?;
    Some(Divergence {
        step: *step,
        cause: wire::Cause::ThreadEndedEarly.to_string(),
        path: String::new(),
        offset: 0,
        diff: format!("the recording goes on with step {step} of {lane}"),
    })
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

    /// Ends it; gives how many clients began the recording and how many came to its end, and what was heard.
    pub fn close(self) -> ((u64, u64), Heard) {
        self.gateway.close();
        (self.player.passes(), self.ear.heard())
    }
}
