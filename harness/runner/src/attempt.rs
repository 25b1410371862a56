//! One attempt at one trial, from its workspace to its verdict. Its journal says everything.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use agent::external::ExternalSpec;
use agent::{AgentEnd, AgentFault, Brief, Means, Native, Observer, Patience, Tally, Tape};
use base::{Clock, Digest, Seed, SystemClock, VirtualClock};
use cassette::{CountTokens, Header, Kind, Writer};
use journal::{Ended, Event, FailureMode, FigureKind, Host, HostEnded, Outcome, TrialDir, TrialWriter};
use model::{CassetteModel, Model, O200k, Recorder, Rest, SharedWriter, Sleep};
use sandbox::{Cancel, Container, Environment, Manifest, Sandbox};
use suite::harbor::{MinReward, RewardStrategy};
use suite::{Step, Task, Variant};

use crate::actor::Actor;
use crate::external::{self, External};
use crate::keep::{self, Final};
use crate::live::Live;
use crate::plan::{ModelSpec, TrialPlan, wrong_answer};
use crate::source::Source;
use crate::template::{Templates, Unbuilt};
use crate::watch::{Notes, Watch};
use crate::world::{World, versions};

/// Bytes of a verifier's output that the journal keeps.
const VERIFIER_LOG: usize = 4096;

/// What every attempt of a run shares.
pub(crate) struct Shared<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) templates: &'a Templates,
    pub(crate) needs: &'a crate::Needs,
    pub(crate) cancel: &'a Cancel,
    pub(crate) seed: Seed,
    /// The live models of the run.
    pub(crate) live: &'a Live,
    /// The host's clock.
    pub(crate) clock: &'a dyn Clock,
    /// Where replayed cassettes are kept, by digest.
    pub(crate) cassettes: PathBuf,
    /// Where recordings are copied to when they are whole.
    pub(crate) record: Option<&'a Path>,
}

/// One attempt that is to be made.
pub(crate) struct Job<'a> {
    pub(crate) trial: &'a TrialPlan,
    pub(crate) task: Result<&'a Task, String>,
    /// The folder of the task's suite.
    pub(crate) suite: &'a Path,
    pub(crate) task_digest: Digest,
    pub(crate) variant: &'a Variant,
    pub(crate) model: &'a ModelSpec,
    pub(crate) dir: &'a TrialDir,
    pub(crate) attempt: u32,
}

/// Why an attempt has no end.
#[derive(Debug)]
pub(crate) enum Cut {
    /// It was cancelled: it starts again as the next attempt.
    Cancelled,
    /// Its next model call could pass the spend limit: it starts again when there is more to spend.
    Spent(String),
    /// The run's own folder cannot be written: no trial can go on.
    Keeping(String),
}

/// How the parts of an attempt fail.
enum Fault {
    Cut(Cut),
    /// The harness or the host failed, in this trial only.
    Harness(String),
    /// The task or its recording cannot be used.
    Invalid(String),
    /// This host lacks something.
    NotRunnable(String),
}

impl From<AgentFault> for Fault {
    fn from(fault: AgentFault) -> Self {
        match fault {
            AgentFault::Cancelled => Self::Cut(Cut::Cancelled),
            AgentFault::Spent(why) => Self::Cut(Cut::Spent(why)),
            AgentFault::Keeping(why) => Self::Cut(Cut::Keeping(why)),
            AgentFault::Environment(error) => Self::Harness(error.to_string()),
        }
    }
}

impl From<sandbox::SandboxError> for Fault {
    fn from(error: sandbox::SandboxError) -> Self {
        Self::Harness(error.to_string())
    }
}

impl From<sandbox::EnvError> for Fault {
    fn from(error: sandbox::EnvError) -> Self {
        Self::Harness(error.to_string())
    }
}

impl From<Unbuilt> for Fault {
    fn from(unbuilt: Unbuilt) -> Self {
        match unbuilt {
            Unbuilt::Invalid(why) => Self::Invalid(why),
            Unbuilt::NotRunnable(why) => Self::NotRunnable(why),
            Unbuilt::Fault(why) => Self::Harness(why),
        }
    }
}

fn keeping(error: impl std::fmt::Display) -> Fault {
    Fault::Cut(Cut::Keeping(error.to_string()))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Writes events with the real time since the attempt began. Shared by the agent and by what comes after it.
struct Log {
    writer: RefCell<TrialWriter>,
    clock: SystemClock,
}

impl Observer for &Log {
    fn event(&mut self, event: Event, mut host: Host) -> Result<(), AgentFault> {
        host.at_us = micros(self.clock.elapsed());
        let written = self.writer.borrow_mut().write("main", &event, &host);
        written.map_err(|e| AgentFault::Keeping(e.to_string()))
    }
}

/// What a trial's stages add up to.
struct Sums {
    figures: FigureKind,
    tally: Tally,
    setup: Duration,
    verify: Duration,
    last: Option<Final>,
    reward: Option<f64>,
    verifier_error: String,
}

impl Sums {
    fn new() -> Self {
        Self {
            figures: FigureKind::Measured,
            tally: Tally::default(),
            setup: Duration::ZERO,
            verify: Duration::ZERO,
            last: None,
            reward: None,
            verifier_error: String::new(),
        }
    }
}

/// Outcome, failure mode and the reason in a sentence.
type Verdict = (Outcome, Option<FailureMode>, String);

/// Makes one attempt and journals its end.
pub(crate) fn attempt(shared: &Shared<'_>, job: &Job<'_>) -> Result<Ended, Cut> {
    let writer =
        TrialWriter::create(job.dir, &job.trial.id, job.attempt).map_err(|e| Cut::Keeping(e.to_string()))?;
    let log = Log { writer: RefCell::new(writer), clock: SystemClock::start() };
    let mut sums = Sums::new();
    let verdict = match carry_out(shared, job, &log, &mut sums) {
        Ok(end) => verdict(&end, &sums),
        Err(Fault::Cut(cut)) => return Err(cut),
        // What dies while everything is being stopped is no fault.
        Err(Fault::Harness(_)) if shared.cancel.is_cancelled() => return Err(Cut::Cancelled),
        Err(Fault::Harness(why)) => (Outcome::HarnessFault, Some(FailureMode::HarnessFault), why),
        Err(Fault::Invalid(why)) => (Outcome::Invalid, Some(FailureMode::InvalidTask), why),
        Err(Fault::NotRunnable(why)) => (Outcome::NotRunnable, None, why),
    };
    finish(log, sums, verdict, job.suite)
}

/// Journals a trial whose attempt panicked, as an attempt of its own.
pub(crate) fn panicked(job: &Job<'_>, what: &str) -> Result<Ended, Cut> {
    let keeping = |e: journal::JournalError| Cut::Keeping(e.to_string());
    let writer = TrialWriter::create(job.dir, &job.trial.id, job.attempt + 1).map_err(keeping)?;
    let log = Log { writer: RefCell::new(writer), clock: SystemClock::start() };
    let reason = format!("the harness panicked: {what}");
    finish(log, Sums::new(), (Outcome::HarnessFault, Some(FailureMode::HarnessFault), reason), job.suite)
}

fn finish(log: Log, sums: Sums, (outcome, failure, reason): Verdict, suite: &Path) -> Result<Ended, Cut> {
    let tally = sums.tally;
    // Where the suite lies is this host's affair, as is what it said of its fault: the host part has it whole.
    let shown = reason.replace(&format!("{}/", suite.display()), "");
    let fault = outcome == Outcome::HarnessFault;
    let ended = Ended {
        outcome,
        failure,
        reason: if fault { "the harness or the host failed".to_owned() } else { shown },
        reward: sums.reward,
        kind: sums.figures,
        steps: tally.steps,
        tool_calls: tally.tool_calls,
        tool_errors: tally.tool_errors,
        denied: tally.denied,
        retries: tally.retries,
        rounds: tally.rounds,
        usage: tally.usage,
        times: tally.times,
        calls: tally.calls,
    };
    let facts = HostEnded {
        digest: None,
        workspace: sums.last.as_ref().map(|last| last.digest),
        files_changed: sums.last.as_ref().map_or(0, Final::files_changed),
        wall_us: micros(log.clock.elapsed()),
        setup_us: micros(sums.setup),
        model_us: tally.real_model_us,
        tool_us: tally.real_tool_us,
        evaluate_us: tally.real_evaluate_us,
        verify_us: micros(sums.verify),
        drift: tally.drift,
    };
    let host = Host {
        at_us: facts.wall_us,
        ended: Some(Box::new(facts)),
        log: if fault || ended.reason != reason { reason } else { String::new() },
        ..Host::default()
    };
    let written = log.writer.into_inner().end("main", ended.clone(), host);
    written.map_err(|e| Cut::Keeping(e.to_string()))?;
    Ok(ended)
}

/// What the agent's end and the verifier's word come to. The reward decides; how the agent ended says why it is
/// missing. Only a trial that its policy stopped cannot pass.
fn verdict(end: &AgentEnd, sums: &Sums) -> Verdict {
    match (end.failure, sums.reward) {
        (Some(FailureMode::Void), _) => (Outcome::Void, end.failure, end.reason.clone()),
        (Some(FailureMode::Policy), _) => (Outcome::Failed, end.failure, end.reason.clone()),
        (_, Some(reward)) if reward >= 1.0 => (Outcome::Passed, None, "the hidden checks held".to_owned()),
        (Some(_), _) => (Outcome::Failed, end.failure, end.reason.clone()),
        (None, None) => (Outcome::Failed, Some(FailureMode::VerifierError), sums.verifier_error.clone()),
        (None, Some(reward)) => {
            (Outcome::Failed, Some(FailureMode::WrongResult), format!("the hidden checks gave {reward}"))
        }
    }
}

fn carry_out(shared: &Shared<'_>, job: &Job<'_>, log: &Log, sums: &mut Sums) -> Result<AgentEnd, Fault> {
    let task = *job.task.as_ref().map_err(|why| Fault::Invalid(why.clone()))?;
    let source = Source::open(job.model, job.trial, job.task_digest, shared).map_err(Fault::Invalid)?;
    sums.figures = source.figures;
    let external: Option<ExternalSpec> = job.variant.agent.parse().ok();
    let agent = if job.variant.agent == "native" { agent::NATIVE } else { &job.variant.agent };
    let (trial, kind) = (job.trial.id.clone(), source.kind.clone());
    let mut observer = log;
    observer.event(
        Event::TrialStarted { trial, task: job.task_digest, agent: agent.to_owned(), model: kind },
        Host::default(),
    )?;
    runnable_here(shared, job, task)?;
    if let (Some(cassette), Some(path)) = (source.played(), &job.trial.source) {
        keep_cassette(path, cassette.digest, &shared.cassettes).map_err(keeping)?;
    }
    let begun = Instant::now();
    let template = shared.templates.get((job.trial.suite, job.trial.task), task, shared.sandbox)?;
    let world = World::new(shared.sandbox, task, &template)?;
    let oracle = job.variant.agent == "oracle";
    let solution = task.steps.first().and_then(|step| step.solution_dir.as_deref());
    let first = Arc::new(world.agent(solution.filter(|_| oracle))?);
    let start = world.files(&*first)?;
    sums.setup = begun.elapsed();
    let part = Part { shared, job, task, world: &world, log };
    match &source.model {
        Some(model) => match external {
            Some(spec) => part.external(&spec, model, &source, first, &start, sums),
            None => part.native(model.as_ref(), &source, first, &start, sums),
        },
        None if oracle => {
            let env =
                task.harbor.solution.env.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            let limit = task.settings.budget.wall;
            let actor = Actor::Oracle { env, limit, cancel: shared.cancel, observer: &mut observer };
            part.steps(actor, first, &start, sums)
        }
        None => match wrong_answer(&job.variant.agent) {
            Some(number) => {
                let patch = wrong_patch(task, number)?;
                let actor = Actor::Wrong { patch, cancel: shared.cancel, observer: &mut observer };
                part.steps(actor, first, &start, sums)
            }
            None => part.steps(Actor::Noop(&mut observer), first, &start, sums),
        },
    }
}

/// The program of an agent that is not ours.
pub(crate) fn agent_program(variant: &Variant) -> Option<String> {
    let spec: ExternalSpec = variant.agent.parse().ok()?;
    Some(spec.agent.program().to_owned())
}

fn wrong_patch(task: &Task, number: usize) -> Result<Vec<u8>, Fault> {
    let (_, path) = task
        .wrong_patches()
        .nth(number - 1)
        .ok_or_else(|| Fault::NotRunnable(format!("the task names no wrong answer number {number}")))?;
    std::fs::read(&path).map_err(|error| Fault::Invalid(format!("{}: {error}", path.display())))
}

fn runnable_here(shared: &Shared<'_>, job: &Job<'_>, task: &Task) -> Result<(), Fault> {
    if let suite::Runnable::No { reason } = &task.runnable {
        return Err(Fault::NotRunnable(reason.clone()));
    }
    let mut wanted = vec!["bash".to_owned(), "git".to_owned()];
    wanted.extend(agent_program(job.variant));
    wanted.extend(task.settings.needs.clone().unwrap_or_default());
    match shared.needs.missing(&wanted) {
        Some(program) => Err(Fault::NotRunnable(format!("this host has no {program}"))),
        None => Ok(()),
    }
}

/// Keeps a replayed cassette with the run, so that its exchanges can be looked at however the original changes.
fn keep_cassette(path: &Path, digest: Digest, folder: &Path) -> std::io::Result<()> {
    let kept = folder.join(format!("{digest}.jsonl"));
    if kept.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(folder)?;
    let partial = tempfile::NamedTempFile::new_in(folder)?;
    std::fs::copy(path, partial.path())?;
    partial.persist(kept).map(drop).map_err(|e| e.error)
}

/// Who speaks in a recording.
struct Who {
    agent: String,
    profile: &'static str,
    protocol: wire::Protocol,
}

impl Who {
    fn native() -> Self {
        let protocol = wire::Protocol::Responses;
        Self { agent: agent::NATIVE.to_owned(), profile: "native", protocol }
    }
}

/// An attempt whose workspace stands.
struct Part<'a> {
    shared: &'a Shared<'a>,
    job: &'a Job<'a>,
    task: &'a Task,
    world: &'a World<'a>,
    log: &'a Log,
}

impl Part<'_> {
    /// Step after step: the agent's part, then the hidden checks. Gives how the agent ended.
    fn steps(
        &self,
        mut actor: Actor<'_>,
        first: Arc<Container>,
        start: &Manifest,
        sums: &mut Sums,
    ) -> Result<AgentEnd, Fault> {
        let mut rewards: Vec<BTreeMap<String, f64>> = Vec::new();
        let mut end = AgentEnd::finished("there was nothing to do");
        let mut first = Some(first);
        for (number, step) in self.task.steps.iter().enumerate() {
            if actor.is_oracle() && step.solution_dir.is_none() {
                return Err(Fault::Invalid("the task has no solution/solve.sh".to_owned()));
            }
            let container = match first.take() {
                Some(container) => container,
                None => {
                    Arc::new(self.world.agent(step.solution_dir.as_deref().filter(|_| actor.is_oracle()))?)
                }
            };
            let acted = actor.act(step, number + 1 == self.task.steps.len(), &container);
            sums.tally = actor.tally();
            end = acted?;
            container.close()?;
            if end.failure == Some(FailureMode::Void) {
                return Ok(end);
            }
            let Some(given) = self.verify(step, start, sums)? else { return Ok(end) };
            let enough = reached(step.min_reward.as_ref(), &given, &self.task.settings.reward_key);
            rewards.push(given);
            if !enough || end.failure.is_some() {
                break;
            }
        }
        if self.task.steps.len() > 1 {
            sums.reward = Some(total(self.task, &rewards));
        }
        Ok(end)
    }

    /// Looks at the workspace and lets the hidden checks judge it. Every process of the agent is dead by now.
    fn verify(
        &self,
        step: &Step,
        start: &Manifest,
        sums: &mut Sums,
    ) -> Result<Option<BTreeMap<String, f64>>, Fault> {
        let begun = Instant::now();
        let container = self.world.verifier(step)?;
        let last = keep::look(&container, start, &self.task.settings.exclude)?;
        let folder = self.job.dir.workspace(self.job.attempt);
        last.keep(&folder, &self.world.template.path).map_err(keeping)?;
        sums.last = Some(last);
        let plan = evaluate::VerifierPlan {
            reward_key: self.task.settings.reward_key.clone(),
            timeout: step.verifier_timeout,
            env: step.verifier_env.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            ..evaluate::VerifierPlan::default()
        };
        let verification = evaluate::verify(&container, &plan, self.shared.cancel)?;
        container.close()?;
        if self.shared.cancel.is_cancelled() {
            return Err(Fault::Cut(Cut::Cancelled));
        }
        sums.verify += begun.elapsed();
        let (reward, rewards, error) = match verification.outcome {
            evaluate::Outcome::Rewarded { reward, rewards } => (Some(reward), rewards, String::new()),
            evaluate::Outcome::Failed(fault) => (None, BTreeMap::new(), fault.to_string()),
        };
        (sums.reward, sums.verifier_error) = (reward, error.clone());
        let name = step.name.clone().unwrap_or_default();
        let host = Host {
            duration_us: Some(micros(verification.duration)),
            log: verification.output.shortened(0, VERIFIER_LOG).text(),
            ..Host::default()
        };
        let mut observer = self.log;
        observer.event(Event::Verified { step: name, reward, rewards: rewards.clone(), error }, host)?;
        Ok(reward.is_some().then_some(rewards))
    }

    /// The native agent's part, recorded unless it is a replay.
    fn native(
        &self,
        model: &dyn Model,
        source: &Source,
        first: Arc<Container>,
        start: &Manifest,
        sums: &mut Sums,
    ) -> Result<AgentEnd, Fault> {
        let writer = match source.played() {
            Some(_) => None,
            None => Some(self.recording(source, &Who::native(), &*first, start)?),
        };
        let recorder = writer.as_ref().map(|writer| Recorder::new(model, Arc::clone(writer)));
        let model = recorder.as_ref().map_or(model, |recorder| recorder as &dyn Model);
        let tape =
            writer.as_ref().map_or_else(|| source.tape.clone(), |writer| Tape::Record(Arc::clone(writer)));
        let clock = VirtualClock::new(source.clock);
        let thread = format!("{}/{}", self.job.trial.id.suite, self.job.trial.id.task);
        let tools = self.tools()?;
        let settings = &self.task.settings;
        let brief = Brief {
            thread: &thread,
            model: &source.asked,
            checks: &settings.checks,
            policy: self.job.variant.policy.as_ref().unwrap_or(&settings.policy),
            budget: settings.budget,
            tools: &tools,
            exclude: &settings.exclude,
        };
        let mut observer = self.log;
        let env = Arc::clone(&first) as Arc<dyn Environment>;
        let (time, cancel) = (source.time, self.shared.cancel);
        let rest = source.live.then_some(&Sleep as &dyn Rest);
        let patience = Patience { backoff: source.backoff, rest };
        let means =
            Means { env, model, clock: &clock, tape, time, patience, cancel, observer: &mut observer };
        let actor = Actor::Native(Box::new(Native::new(brief, means)));
        let end = self.steps(actor, first, start, sums)?;
        drop(recorder);
        if let Some(writer) = writer {
            self.end_recording(writer, &end, sums)?;
        }
        Ok(end)
    }

    /// The part of an agent that is not ours, recorded unless it is a replay.
    fn external(
        &self,
        spec: &ExternalSpec,
        model: &Arc<dyn Model>,
        source: &Source,
        first: Arc<Container>,
        start: &Manifest,
        sums: &mut Sums,
    ) -> Result<AgentEnd, Fault> {
        let version = external::version(spec, &*first);
        if let (Some(asked), Some(found)) = (&spec.version, &version)
            && asked != found
        {
            let name = spec.agent.name();
            return Err(Fault::NotRunnable(format!("{name} is {found} here, and {asked} was asked for")));
        }
        let notes = Notes::default();
        let who = Who {
            agent: format!("{} {}", spec.agent.name(), version.unwrap_or_default()).trim_end().to_owned(),
            profile: spec.agent.profile(),
            protocol: spec.agent.protocol().unwrap_or_default(),
        };
        let writer = match source.player() {
            Some(_) => None,
            None => Some(self.recording(source, &who, &*first, start)?),
        };
        let below: Arc<dyn Model> = match (source.player(), &writer) {
            (Some(player), _) => Arc::new(CassetteModel::any_lane(Arc::clone(player))),
            (None, Some(writer)) => Arc::new(Recorder::new(Arc::clone(model), Arc::clone(writer))),
            (None, None) => Arc::clone(model),
        };
        let mut observer = self.log;
        let actor = Actor::External(External {
            spec,
            model: Arc::new(Watch::new(below, Arc::clone(&notes))),
            notes,
            asked: &source.asked,
            limit: self.task.settings.budget.wall,
            cancel: self.shared.cancel,
            observer: &mut observer,
            tally: Tally::default(),
        });
        let mut end = self.steps(actor, first, start, sums)?;
        if let (Some(player), None) = (source.player(), end.failure)
            && let Some((lane, step, _)) = player.progress().unserved.first()
        {
            let reason = format!("thread_ended_early: the recording goes on with step {step} of {lane}");
            end = AgentEnd::stopped(FailureMode::Void, reason);
        }
        if let Some(writer) = writer {
            self.end_recording(writer, &end, sums)?;
        }
        Ok(end)
    }

    fn tools(&self) -> Result<Vec<agent::tools::Tool>, Fault> {
        let Some(names) = &self.job.variant.tools else { return Ok(agent::tools::Tool::ALL.to_vec()) };
        let tool = |name: &String| {
            agent::tools::Tool::named(name)
                .ok_or_else(|| Fault::Invalid(format!("there is no tool named {name:?}")))
        };
        names.iter().map(tool).collect()
    }

    /// Starts to keep the exchanges of this attempt.
    fn recording(
        &self,
        source: &Source,
        who: &Who,
        env: &dyn Environment,
        start: &Manifest,
    ) -> Result<SharedWriter, Fault> {
        let needs = self.task.settings.needs.clone().unwrap_or_default();
        let without_git = keep::without_git(start);
        let id = &self.job.trial.id;
        let header = Header {
            version: cassette::VERSION,
            kind: if source.figures == FigureKind::Synthetic { Kind::Synthetic } else { Kind::Live },
            agent: who.agent.clone(),
            protocol: who.protocol,
            model: source.asked.clone(),
            clock: source.clock,
            profile: who.profile.to_owned(),
            task: format!("{}/{}", id.suite, id.task),
            task_digest: self.job.task_digest,
            workspace: keep::digest(env, &without_git)?,
            tokenizer: O200k.name().to_owned(),
            toolchain: versions(env, &needs),
        };
        let path = self.job.dir.exchanges(self.job.attempt);
        let writer = Writer::create(&path, header, Arc::new(O200k)).map_err(keeping)?;
        Ok(Arc::new(Mutex::new(writer)))
    }

    /// Ends the recording, and copies it where recordings are to go.
    fn end_recording(&self, writer: SharedWriter, end: &AgentEnd, sums: &Sums) -> Result<(), Fault> {
        let writer = Arc::into_inner(writer)
            .ok_or_else(|| Fault::Harness("the recording is still in use".to_owned()))?;
        let mut writer = writer.into_inner().unwrap_or_else(PoisonError::into_inner);
        let path = writer.path().to_owned();
        if let Some(last) = &sums.last {
            writer.snapshot(last.snapshot(sums.tally.steps)).map_err(keeping)?;
        }
        let reason = if end.failure.is_some() { end.reason.as_str() } else { "" };
        writer.end(reason).map_err(keeping)?;
        if let Some(folder) = self.shared.record {
            let id = &self.job.trial.id;
            std::fs::create_dir_all(folder).map_err(keeping)?;
            let target = folder.join(format!("{}.{}.jsonl", id.task, id.number));
            let partial = tempfile::NamedTempFile::new_in(folder).map_err(keeping)?;
            std::fs::copy(&path, partial.path()).map_err(keeping)?;
            partial.persist(target).map_err(keeping)?;
        }
        Ok(())
    }
}

fn reached(wanted: Option<&MinReward>, rewards: &BTreeMap<String, f64>, key: &str) -> bool {
    let has = |key: &str, least: f64| rewards.get(key).is_some_and(|reward| *reward >= least);
    match wanted {
        None => true,
        Some(MinReward::One(least)) => {
            has(key, *least) || rewards.len() == 1 && rewards.values().all(|r| r >= least)
        }
        Some(MinReward::ByKey(wanted)) => wanted.iter().all(|(key, least)| has(key, *least)),
    }
}

/// The reward of a task of several steps; a step that was not reached counts as 0.
fn total(task: &Task, rewards: &[BTreeMap<String, f64>]) -> f64 {
    let key = &task.settings.reward_key;
    let of = |rewards: &BTreeMap<String, f64>| {
        let only = rewards.values().next().filter(|_| rewards.len() == 1);
        rewards.get(key).or(only).copied().unwrap_or(0.0)
    };
    match task.strategy {
        RewardStrategy::Final if rewards.len() == task.steps.len() => rewards.last().map_or(0.0, of),
        RewardStrategy::Final => 0.0,
        RewardStrategy::Mean => rewards.iter().map(of).sum::<f64>() / task.steps.len() as f64,
    }
}
