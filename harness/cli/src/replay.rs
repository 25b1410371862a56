//! `retake replay`: serves a recording to its agent, in a fresh copy of the start workspace, or to any client.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base::Digest;
use cassette::{Cassette, Terms};
use runner::hosted::{
    self, Answering, Divergence, Manner, ProgramEnd, ReplayPlan, Replayed, Serving, StartWorkspace,
};
use runner::{FaultLog, Speaker};
use serde::Serialize;
use tempfile::TempDir;
use wire::Cause;

use crate::args::{Common, ReplayArgs};
use crate::exit::{Exit, Failure};
use crate::faults::faults;
use crate::hosted::{HostAgent, exit_code, tell, warnings};
use crate::noted::{self, NotedReport};
use crate::settings::{self, Settings, Signals};
use crate::{leash, output};

/// How often a request to stop is looked for.
const TICK: Duration = Duration::from_millis(20);

/// What `--json` prints of a replay to its agent.
#[derive(Serialize)]
struct Report {
    exchanges: usize,
    served: usize,
    divergences: u64,
    first_divergence: Option<First>,
    drift: u64,
    workspace_digest: Digest,
    recorded_workspace_digest: Option<Digest>,
    agent_exit: Option<i32>,
    /// Why the agent did not simply finish; empty where it did.
    agent_end: String,
    /// How often each fault happened, by rule.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    faults: BTreeMap<String, u64>,
    warnings: Vec<String>,
    #[serde(flatten)]
    noted: NotedReport,
}

#[derive(Serialize)]
struct First {
    step: u32,
    cause: String,
    path: String,
    offset: u64,
    diff: String,
    block: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    led_by: Option<String>,
}

impl First {
    fn of(divergence: &Divergence) -> Self {
        let Divergence { step, cause, path, offset, diff, block, led_by } = divergence.clone();
        Self { step, cause, path, offset, diff, block, led_by }
    }
}

/// What `--json` prints when it begins to serve any client.
#[derive(Serialize)]
struct Address {
    address: String,
    exchanges: usize,
}

/// What `--json` prints when that ends.
#[derive(Serialize)]
struct Served {
    clients: u64,
    complete: u64,
    answered: u64,
    divergences: u64,
    first_divergence: Option<First>,
    /// How often each fault happened, by rule.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    faults: BTreeMap<String, u64>,
    warnings: Vec<String>,
    #[serde(flatten)]
    noted: NotedReport,
}

/// Carries the verb out.
pub(crate) fn replay(args: &ReplayArgs, common: &Common) -> Result<Exit, Failure> {
    let settings = Settings::read(common)?;
    let path = settings.directory.join(&args.cassette);
    let cassette = Arc::new(Cassette::load_cut(&path)?);
    if !cassette.whole {
        let exchanges = cassette.exchanges.len();
        output::note(&format!(
            "the recording was cut: it is served up to its last whole exchange, {exchanges}"
        ));
    }
    if args.command.is_empty() {
        return serve(args, cassette, &settings, common);
    }
    let manner = manner(args, &settings, &cassette)?;
    let agent = HostAgent::of(&args.command, &args.start, &settings.directory)?;
    warn_of_version(&cassette, &agent);
    let start = start_workspace(args, &cassette, &path, &settings)?;
    let place = Place::make(args.into.as_ref().map(|folder| settings.directory.join(folder)))?;
    let (signals, log) = (Signals::listen()?, FaultLog::default());
    let plan = ReplayPlan {
        command: agent.command(),
        start,
        folder: place.path(),
        answering: answering(Answering::once(cassette, manner), args, &settings, &log)?,
        spawn: &settings::spawn,
    };
    let bounds = leash::Bounds { limit: args.start.limit, cancel: &signals.cancel, stdout: !common.json };
    let replayed = hosted::replay(plan, &|program| leash::run(program, &bounds))?;
    let faults = happened(&log);
    report(&replayed, faults, common)?;
    if replayed.end == ProgramEnd::Stopped {
        return Ok(signals.exit());
    }
    if replayed.exchanges == 0 {
        output::note("the recording has no exchange: nothing was replayed");
        return Ok(Exit::Nothing);
    }
    Ok(exit(&replayed))
}

/// What weighs most first.
fn exit(replayed: &Replayed) -> Exit {
    if replayed.divergences > 0 {
        return Exit::Diverged;
    }
    if replayed.grave {
        output::note("gate `drift <= text` broke: the agent did something else than when it was recorded");
        return Exit::Gate;
    }
    Exit::Done
}

/// The folder that becomes the workspace.
enum Place {
    /// Gone afterwards.
    Temporary(TempDir),
    /// Left there.
    Named(PathBuf),
}

impl Place {
    fn make(named: Option<PathBuf>) -> Result<Self, Failure> {
        let Some(path) = named else {
            let folder =
                tempfile::Builder::new().prefix("retake-replay-").tempdir().map_err(Failure::host)?;
            return Ok(Self::Temporary(folder));
        };
        let failed = |error| Failure::usage(format!("{}: {error}", path.display()));
        std::fs::create_dir_all(&path).map_err(failed)?;
        if std::fs::read_dir(&path).map_err(failed)?.next().is_some() {
            return Err(Failure::usage(format!("{}: a replay needs an empty folder", path.display())));
        }
        Ok(Self::Named(path.canonicalize().map_err(failed)?))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Named(path) => path,
        }
    }
}

fn start_workspace(
    args: &ReplayArgs,
    cassette: &Cassette,
    path: &Path,
    settings: &Settings,
) -> Result<StartWorkspace, Failure> {
    if let Some(folder) = &args.workspace {
        return Ok(StartWorkspace::Copy(settings.directory.join(folder)));
    }
    StartWorkspace::of(cassette, path).ok_or_else(|| {
        Failure::usage(format!(
            "{}: recorded without a start workspace of its own; name a folder with --workspace",
            path.display()
        ))
    })
}

fn warn_of_version(cassette: &Cassette, agent: &HostAgent) {
    let recorded = cassette.header.agent.split_once(' ').map(|(_, version)| version);
    let now = agent.version();
    if let (Some(recorded), Some(now)) = (recorded, &now)
        && recorded != now
    {
        output::note(&format!("recorded with {}; here it is {now}", cassette.header.agent));
    }
}

/// The recording at the pace and with the faults that were asked for.
fn answering(
    plain: Answering,
    args: &ReplayArgs,
    settings: &Settings,
    log: &FaultLog,
) -> Result<Answering, Failure> {
    let paced = plain.paced(args.pace);
    let Some(profile) = faults(args.faults.as_deref(), settings)? else { return Ok(paced) };
    paced.under(profile, args.seed, log.clone()).map_err(|rule| {
        Failure::usage(format!("fault {rule} makes another conversation of it, which no cassette answers"))
    })
}

/// How often each fault happened, by rule; says so.
fn happened(log: &FaultLog) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for injected in log.take() {
        *counts.entry(injected.rule).or_default() += 1;
    }
    for (rule, times) in &counts {
        output::note(&format!("fault {rule} ({times} times)"));
    }
    counts
}

fn report(replayed: &Replayed, faults: BTreeMap<String, u64>, common: &Common) -> Result<(), Failure> {
    let Replayed { exchanges, served, divergences, first_divergence, drift, workspace, end, heard, .. } =
        replayed;
    tell(*end, heard);
    if common.json {
        return output::json(&Report {
            exchanges: *exchanges,
            served: *served,
            divergences: *divergences,
            first_divergence: first_divergence.as_ref().map(First::of),
            drift: *drift,
            workspace_digest: *workspace,
            recorded_workspace_digest: replayed.recorded_workspace,
            agent_exit: exit_code(*end),
            agent_end: end.reason(),
            faults,
            warnings: warnings(heard),
            noted: NotedReport::of(&replayed.noted),
        });
    }
    // Standard output is the agent's.
    output::note(&format!("served {served} of {exchanges} exchanges, {divergences} divergences"));
    first_divergence.iter().for_each(explain);
    noted::tell(&replayed.noted);
    Ok(())
}

fn explain(divergence: &Divergence) {
    let Divergence { step, cause, path, offset, diff, block, led_by } = divergence;
    let place =
        if path.is_empty() { String::new() } else { format!(" at {path}, byte {offset} (block {block})") };
    let led_by = led_by.as_ref().map(|call| format!("\nafter {call}")).unwrap_or_default();
    output::note(&format!("first divergence: {cause} at step {step}{place}{led_by}\n{diff}"));
}

/// What is let pass, and what answers where the recording ends.
fn manner(args: &ReplayArgs, settings: &Settings, cassette: &Cassette) -> Result<Manner, Failure> {
    if args.expect.contains(&Cause::ExtraRequest) {
        let why =
            format!("{} cannot be let pass: the recording has nothing to answer it", Cause::ExtraRequest);
        return Err(Failure::usage(why));
    }
    let steps = cassette.exchanges.iter().map(|exchange| exchange.step).max().unwrap_or(0);
    if let Some(from) = args.from.filter(|from| *from > steps) {
        return Err(Failure::usage(format!(
            "the recording has {steps} steps: it cannot go on after step {from}"
        )));
    }
    let backends = &settings.config.backends;
    let speaker = Speaker { profile: &cassette.header.profile, protocol: cassette.header.protocol };
    let open = |model: &String| {
        hosted::open(model, speaker, &settings.directory, backends, &settings::variable, args.max_cost)
    };
    let rest = args.model.as_ref().map(open).transpose()?;
    let terms = Terms { matching: args.matching, expect: args.expect.clone(), last_step: args.from };
    Ok(Manner { terms, explains: args.explain, rest })
}

/// Serves any client until it is told to stop.
fn serve(
    args: &ReplayArgs,
    cassette: Arc<Cassette>,
    settings: &Settings,
    common: &Common,
) -> Result<Exit, Failure> {
    let (signals, log) = (Signals::listen()?, FaultLog::default());
    let manner = manner(args, settings, &cassette)?;
    let answering = answering(Answering::many(cassette, manner), args, settings, &log)?;
    let serving = Serving::start(answering, args.port)?;
    let address = format!("http://{}", serving.address());
    let exchanges = serving.exchanges();
    output::note(&format!(
        "{exchanges} exchanges; point clients there with OPENAI_BASE_URL={address}/v1 or ANTHROPIC_BASE_URL={address}; \
         Ctrl-C ends it"
    ));
    if common.json {
        output::json(&Address { address, exchanges })?;
    } else {
        output::text(&format!("{address}\n"))?;
    }
    while !signals.cancel.is_cancelled() {
        std::thread::sleep(TICK);
    }
    let ((clients, complete), heard, noted) = serving.close();
    let (divergences, faults) = (heard.divergences, happened(&log));
    if common.json {
        output::json(&Served {
            clients,
            complete,
            answered: heard.answered,
            divergences,
            first_divergence: heard.first_divergence.as_ref().map(First::of),
            faults,
            warnings: warnings(&heard),
            noted: NotedReport::of(&noted),
        })?;
    } else {
        output::note(&format!(
            "served {clients} clients, {complete} to the end: {} answers, {divergences} divergences",
            heard.answered
        ));
        heard.first_divergence.iter().for_each(explain);
        noted::tell(&noted);
    }
    Ok(if divergences > 0 { Exit::Diverged } else { Exit::Done })
}
