//! Records one run of a program: the folder as it was, every exchange as it went over the wire, the folder as it is
//! afterwards. What is on disk is valid whenever it stops. Knows nothing of how the program is started.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base::{Clock, Digest};
use cassette::{CountTokens, Header, Start as StartFile, Writer};
use gateway::Options;
use model::{O200k, Recorder, SharedWriter};

use super::ear::{Ear, Heard};
use super::{Command, HostedError, Opened, ProgramEnd, Start, at, gateway};
use crate::Spawn;
use crate::folder::Folder;
use crate::keep::{Final, kept};

/// What is to be recorded.
pub struct RecordPlan<'a> {
    /// The agent.
    pub command: Command<'a>,
    /// Its version, where it says one.
    pub version: Option<String>,
    /// Where it works.
    pub folder: &'a Path,
    /// Where the recording goes.
    pub cassette: &'a Path,
    /// What answers.
    pub model: Opened,
    /// Runs a program of the host for its first line.
    pub spawn: Spawn<'a>,
    /// The host's clock.
    pub clock: &'a dyn Clock,
}

/// What was recorded.
#[derive(Debug)]
pub struct Recorded {
    /// The recording.
    pub cassette: PathBuf,
    /// The start workspace.
    pub archive: PathBuf,
    /// Whole exchanges in it.
    pub exchanges: u64,
    /// Conversations in it.
    pub threads: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// How the agent ended.
    pub end: ProgramEnd,
    /// Digest of the folder afterwards.
    pub workspace: Digest,
    /// What was spent, in USD, where there is a limit.
    pub spent: Option<f64>,
    /// What else was heard.
    pub heard: Heard,
}

/// The archive's path beside a cassette.
fn archive_of(cassette: &Path) -> PathBuf {
    let stem = cassette.file_stem().unwrap_or_default().to_string_lossy();
    cassette.with_file_name(format!("{stem}.start.tar.gz"))
}

/// Records.
pub fn record(plan: RecordPlan<'_>, start: Start<'_>) -> Result<Recorded, HostedError> {
    let archive = archive_of(plan.cassette);
    let folder = Folder::new(plan.folder, &[plan.cassette, &archive]);
    let reading = |error| HostedError::Io { path: plan.folder.to_owned(), error };
    // The old recording would not fit the new archive.
    let _ = fs::remove_file(plan.cassette);
    folder.archive(&archive).map_err(at(&archive))?;
    let before = folder.manifest().map_err(reading)?;
    let workspace = folder.digest(&before, plan.spawn);
    let header = header(&plan, workspace, &archive)?;
    let writer = Writer::create(plan.cassette, header, Arc::new(O200k)).map_err(at(plan.cassette))?;
    let writer: SharedWriter = Arc::new(Mutex::new(writer));
    let ear = Arc::new(Ear::default());
    let purse = plan.model.purse;
    let model = Arc::new(Recorder::new(plan.model.model, Arc::clone(&writer)));
    let options = Options { models: plan.model.models, ..Options::default() };
    let gateway = gateway(model, options, 0, &ear)?;
    let program = plan.command.pointed(&gateway, plan.folder);
    let ended = start(&program);
    let summary = gateway.close();
    let end = ended.map_err(|error| HostedError::Program { program: program.argv.join(" "), error })?;

    let after = folder.manifest().map_err(reading)?;
    let workspace = folder.digest(&after, plan.spawn);
    let changes = kept(&before, &after, |path| folder.read(path).map(Some)).map_err(reading)?;
    let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
    let exchanges = u64::from(writer.exchanges());
    let steps = u32::try_from(summary.answered).unwrap_or(u32::MAX);
    writer
        .snapshot(Final { digest: workspace, changes }.snapshot(steps))
        .and_then(|()| writer.end(&end.reason()))
        .map_err(at(plan.cassette))?;
    let bytes = fs::metadata(plan.cassette).map_err(at(plan.cassette))?.len();
    let (cassette, threads, heard) = (plan.cassette.to_owned(), summary.lanes, ear.heard());
    let spent = purse.map(|purse| purse.spent());
    Ok(Recorded { cassette, archive, exchanges, threads, bytes, end, workspace, spent, heard })
}

fn header(plan: &RecordPlan<'_>, workspace: Digest, archive: &Path) -> Result<Header, HostedError> {
    let agent = plan.command.agent;
    let name = match agent.name() {
        "command" => agent.program().rsplit('/').next().unwrap_or_default(),
        name => name,
    };
    let version = plan.version.as_deref().unwrap_or_default();
    let content = fs::read(archive).map_err(at(archive))?;
    Ok(Header {
        version: cassette::VERSION,
        kind: plan.model.kind,
        agent: format!("{name} {version}").trim_end().to_owned(),
        protocol: agent.protocol().unwrap_or_default(),
        model: plan.model.name.clone(),
        clock: plan.clock.now(),
        profile: agent.profile().to_owned(),
        task: String::new(),
        task_digest: Digest::of(b""),
        workspace,
        tokenizer: O200k.name().to_owned(),
        toolchain: BTreeMap::new(),
        start: Some(StartFile {
            archive: archive.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            digest: Digest::of(&content),
        }),
    })
}
