//! One attempt at one trial, from its workspace to its verdict. Its journal says everything.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use agent::external::ExternalSpec;
use agent::{AgentEnd, AgentFault, Observer, Tally};
use base::{Clock, Digest, Seed, SystemClock, micros};
use cassette::{Redactor, Scanner};
use journal::{
    Ended, Event, FailureMode, FaultFigures, FigureKind, FindingFigures, Host, HostEnded, Outcome,
    PatchFigures, Recovery, Replaying, TrialDir, TrialWriter,
};
use model::{FaultProfile, Pace};
use sandbox::{Cancel, Sandbox};
use suite::{Task, Variant};

use crate::actor::Actor;
use crate::keep::Final;
use crate::live::Live;
use crate::part::Part;
use crate::plan::{CacheApart, ForkFrom, ModelSpec, TrialPlan, tampering, wrong_answer};
use crate::prompts::Prompts;
use crate::run::Progress;
use crate::source::{Source, Speaker};
use crate::template::{Templates, Unbuilt};
use crate::turns::{Place, Places, Turns};
use crate::world::World;

/// What every attempt of a run shares.
pub(crate) struct Shared<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) templates: &'a Templates,
    pub(crate) needs: &'a crate::Needs,
    pub(crate) cancel: &'a Cancel,
    pub(crate) seed: Seed,
    /// Variables of every container.
    pub(crate) around: &'a [(String, String)],
    /// Whether the visible checks look at what an agent that asks no model leaves in its first trial.
    pub(crate) checks: bool,
    /// The live models of the run.
    pub(crate) live: &'a Live,
    /// At what pace answers that are not live come.
    pub(crate) pace: Pace,
    /// What is put in the way of models.
    pub(crate) faults: Option<&'a Arc<FaultProfile>>,
    /// How recordings are played.
    pub(crate) replaying: &'a Replaying,
    /// The history that trials go on from.
    pub(crate) fork: Option<&'a ForkFrom>,
    /// Whose prompt cache a live trial may meet.
    pub(crate) apart: Option<CacheApart>,
    /// The host's clock.
    pub(crate) clock: &'a dyn Clock,
    /// Is told which recordings stay as they are.
    pub(crate) progress: &'a dyn Progress,
    /// Where replayed cassettes are kept, by digest.
    pub(crate) cassettes: PathBuf,
    /// Where recordings are copied to when they are whole.
    pub(crate) record: Option<&'a Path>,
    /// Finds secrets, which no journal keeps.
    pub(crate) scanner: Arc<Scanner>,
    /// Whose turn it is among trials on live models.
    pub(crate) turns: Turns,
}

impl Shared<'_> {
    /// Waits for a place where the trial's model is live; other trials have a worker to themselves.
    pub(crate) fn turn<'p>(&self, job: &Job<'_>, places: &'p Places) -> Result<Option<Place<'p>>, Fault> {
        if !job.model.is_live() {
            return Ok(None);
        }
        places.take(self.cancel).map(Some).ok_or(Fault::Cut(Cut::Cancelled))
    }
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
    pub(crate) prompts: &'a Prompts,
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
pub(crate) enum Fault {
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

pub(crate) fn keeping(error: impl std::fmt::Display) -> Fault {
    Fault::Cut(Cut::Keeping(error.to_string()))
}

/// Writes events with the real time since the attempt began. Shared by the agent and by what comes after it.
pub(crate) struct Log {
    writer: RefCell<TrialWriter>,
    clock: SystemClock,
    seen: RefCell<Seen>,
}

/// What of the events the trial's last one repeats.
#[derive(Default)]
struct Seen {
    agent: String,
    served: BTreeSet<String>,
    prompt: Option<Digest>,
    findings: Option<FindingFigures>,
}

impl Seen {
    fn note(&mut self, event: &Event) {
        match event {
            Event::TrialStarted { agent, .. } => self.agent.clone_from(agent),
            Event::Understood { prompt, .. } => self.prompt = self.prompt.or(*prompt),
            Event::Generated(generated) if !self.served.contains(&generated.served) => {
                self.served.insert(generated.served.clone());
            }
            Event::Evaluated { checks, .. } => self.findings.get_or_insert_default().add(checks),
            _ => {}
        }
    }
}

impl Log {
    fn new(writer: TrialWriter) -> Self {
        Self { writer: RefCell::new(writer), clock: SystemClock::start(), seen: RefCell::default() }
    }
}

impl Observer for &Log {
    fn event(&mut self, event: Event, mut host: Host) -> Result<(), AgentFault> {
        host.at_us = micros(self.clock.elapsed());
        self.seen.borrow_mut().note(&event);
        let written = self.writer.borrow_mut().write("main", &event, &host);
        written.map_err(|e| AgentFault::Keeping(e.to_string()))
    }
}

/// What a trial's stages add up to.
pub(crate) struct Sums {
    pub(crate) figures: FigureKind,
    pub(crate) tally: Tally,
    pub(crate) setup: Duration,
    pub(crate) verify: Duration,
    pub(crate) last: Option<Final>,
    /// What the changes are like.
    pub(crate) patch: Option<PatchFigures>,
    pub(crate) reward: Option<f64>,
    pub(crate) verifier_error: String,
}

impl Sums {
    fn new() -> Self {
        Self {
            figures: FigureKind::Measured,
            tally: Tally::default(),
            setup: Duration::ZERO,
            verify: Duration::ZERO,
            last: None,
            patch: None,
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
    let mut secrets = Redactor::new(Arc::clone(&shared.scanner));
    let log = Log::new(writer.scrubbing(Box::new(move |text| secrets.json(text))));
    let mut sums = Sums::new();
    let mut stopped = false;
    let verdict = match carry_out(shared, job, &log, &mut sums) {
        Ok(end) => {
            stopped = end.failure.is_some();
            verdict(&end, &sums)
        }
        Err(Fault::Cut(cut)) => return Err(cut),
        // What dies while everything is being stopped is no fault.
        Err(Fault::Harness(_)) if shared.cancel.is_cancelled() => return Err(Cut::Cancelled),
        Err(Fault::Harness(why)) => (Outcome::HarnessFault, Some(FailureMode::HarnessFault), why),
        Err(Fault::Invalid(why)) => (Outcome::Invalid, Some(FailureMode::InvalidTask), why),
        Err(Fault::NotRunnable(why)) => (Outcome::NotRunnable, None, why),
    };
    let faults = shared.faults.map(|_| fault_figures(&sums.tally, verdict.0, stopped));
    finish(log, sums, verdict, (job.suite, faults))
}

/// What faults were put in a trial's way, and what became of it; `stopped`: the agent was.
fn fault_figures(tally: &Tally, outcome: Outcome, stopped: bool) -> FaultFigures {
    let recovery = match outcome {
        Outcome::Passed | Outcome::Failed if tally.faults.is_empty() => Some(Recovery::Untouched),
        Outcome::Passed | Outcome::Failed if stopped => Some(Recovery::GaveUp),
        Outcome::Passed => Some(Recovery::Recovered),
        Outcome::Failed => Some(Recovery::EndedWrong),
        _ => None,
    };
    let Tally { lost_us, waited_us, .. } = *tally;
    FaultFigures { injected: tally.faults.clone(), lost_us, waited_us, recovery }
}

/// Journals a trial whose attempt panicked, as an attempt of its own.
pub(crate) fn panicked(job: &Job<'_>, what: &str) -> Result<Ended, Cut> {
    let keeping = |e: journal::JournalError| Cut::Keeping(e.to_string());
    let writer = TrialWriter::create(job.dir, &job.trial.id, job.attempt + 1).map_err(keeping)?;
    let log = Log::new(writer);
    let reason = format!("the harness panicked: {what}");
    let verdict = (Outcome::HarnessFault, Some(FailureMode::HarnessFault), reason);
    finish(log, Sums::new(), verdict, (job.suite, None))
}

fn finish(
    log: Log,
    sums: Sums,
    (outcome, failure, reason): Verdict,
    (suite, faults): (&Path, Option<FaultFigures>),
) -> Result<Ended, Cut> {
    let tally = sums.tally;
    let seen = log.seen.take();
    // Where the suite lies is this host's affair, as is what it said of its fault: the host part has it whole.
    let shown = reason.replace(&format!("{}/", suite.display()), "");
    let fault = outcome == Outcome::HarnessFault;
    let ended = Ended {
        outcome,
        failure,
        reason: if fault { "the harness or the host failed".to_owned() } else { shown },
        agent: seen.agent,
        served: seen.served.into_iter().filter(|model| !model.is_empty()).collect(),
        prompt: seen.prompt,
        reward: sums.reward,
        kind: sums.figures,
        steps: tally.steps,
        recorded_steps: tally.recorded_steps,
        met: tally.met,
        tool_calls: tally.tool_calls,
        tool_errors: tally.tool_errors,
        denied: tally.denied,
        retries: tally.retries,
        rounds: tally.rounds,
        usage: tally.usage,
        times: tally.times,
        calls: tally.calls,
        faults,
    };
    let facts = HostEnded {
        digest: None,
        workspace: sums.last.as_ref().map(|last| last.digest),
        files_changed: sums.last.as_ref().map_or(0, Final::files_changed),
        patch: sums.patch,
        findings: seen.findings,
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
    let external: Option<ExternalSpec> = job.variant.agent.parse().ok();
    let speaker = external.as_ref().map_or(Speaker::NATIVE, |spec| (&spec.agent).into());
    let source =
        Source::open(job.model, job.trial, job.task_digest, speaker, shared).map_err(Fault::Invalid)?;
    sums.figures = source.figures;
    let agent = if job.variant.agent == "native" { agent::NATIVE } else { &job.variant.agent };
    let (trial, kind) = (job.trial.id.clone(), source.kind.clone());
    let mut observer = log;
    observer.event(
        Event::TrialStarted { trial, task: job.task_digest, agent: agent.to_owned(), model: kind },
        Host::default(),
    )?;
    runnable_here(shared, job, task)?;
    let path = shared.fork.map(|fork| &fork.cassette).or(job.trial.source.as_ref());
    if let (Some(cassette), Some(path)) = (source.played(), path) {
        keep_cassette(path, cassette.digest, &shared.cassettes).map_err(keeping)?;
    }
    let hand = shared.turn(job, &shared.turns.hands)?;
    let begun = Instant::now();
    let template = shared.templates.get((job.trial.suite, job.trial.task), task, shared.sandbox)?;
    let world = World::new(shared.sandbox, shared.around, task, &template, &job.variant.env)?;
    let oracle = job.variant.agent == "oracle";
    let solution = task.steps.first().and_then(|step| step.solution_dir.as_deref());
    let first = Arc::new(world.agent(solution.filter(|_| oracle))?);
    job.prompts.lay(&*first)?;
    let start = world.files(&*first)?;
    sums.setup = begun.elapsed();
    drop(hand);
    let snapshot = source.snapshot(task)?;
    let part = Part { shared, job, task, world: &world, log, snapshot };
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
        None => match (wrong_answer(&job.variant.agent), tampering(&job.variant.agent)) {
            (_, Some(tamper)) => {
                let task = format!("{}/{}", job.trial.id.suite, job.trial.id.task);
                let cancel = shared.cancel;
                let actor = Actor::Tamper { tamper, task, cancel, observer: &mut observer };
                part.steps(actor, first, &start, sums)
            }
            (Some(number), None) => {
                let patch = wrong_patch(task, number)?;
                let actor = Actor::Wrong { patch, cancel: shared.cancel, observer: &mut observer };
                part.steps(actor, first, &start, sums)
            }
            (None, None) => part.steps(Actor::Noop(&mut observer), first, &start, sums),
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
