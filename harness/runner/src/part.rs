//! An attempt whose workspace stands: the agent's part of each step, then the hidden checks; and the recording of
//! both.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use agent::external::ExternalSpec;
use agent::{AgentEnd, Brief, Means, Native, Observer, Patience, PromptSpec, Tally};
use base::{VirtualClock, micros};
use cassette::{Cassette, CountTokens, Header, Kind, Snapshot, Volatile, Writer};
use journal::{Event, FailureMode, FigureKind, Host};
use model::{
    CassetteModel, FaultLog, FaultOptions, Faulty, Forked, MAIN_LANE, Model, O200k, Pace, Perturbed,
    Recorder, Rest, SharedWriter, Sleep,
};
use sandbox::{Container, Environment, Manifest};
use suite::harbor::{MinReward, RewardStrategy};
use suite::{Budget, Step, Task};

use crate::actor::Actor;
use crate::attempt::{Cut, Fault, Job, Log, Shared, Sums, keeping};
use crate::external::{self, External};
use crate::keep;
use crate::plan::ModelSpec;
use crate::prompts;
use crate::quality::Quality;
use crate::source::{Source, Speaker};
use crate::time::{self, AtPace};
use crate::watch::{Notes, Watch};
use crate::world::{World, versions};

/// Bytes of a verifier's output that the journal keeps.
const VERIFIER_LOG: usize = 4096;

/// Who speaks in a recording.
struct Who<'a> {
    agent: String,
    speaker: Speaker<'a>,
}

impl Who<'_> {
    fn native() -> Self {
        Self { agent: agent::NATIVE.to_owned(), speaker: Speaker::NATIVE }
    }
}

/// An attempt whose workspace stands.
pub(crate) struct Part<'a> {
    pub(crate) shared: &'a Shared<'a>,
    pub(crate) job: &'a Job<'a>,
    pub(crate) task: &'a Task,
    pub(crate) world: &'a World<'a>,
    pub(crate) log: &'a Log,
    /// The final workspace, where nothing is run to get it.
    pub(crate) snapshot: Option<Snapshot>,
}

impl Part<'_> {
    /// Step after step: the agent's part, then the hidden checks. Gives how the agent ended.
    pub(crate) fn steps(
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
            let turn = self.shared.turn(self.job, &self.shared.turns.agents)?;
            if number == 0 && turn.is_some() && self.shared.progress.is_enough() {
                return Err(Fault::Cut(Cut::Cancelled));
            }
            let acted = actor.act(step, number + 1 == self.task.steps.len(), &container);
            drop(turn);
            sums.tally = actor.tally();
            end = acted?;
            if let Some(snapshot) = self.snapshot.as_ref().filter(|_| end.failure != Some(FailureMode::Void))
            {
                keep::rebuild(&*container, snapshot).map_err(Fault::Invalid)?;
            }
            let first_trial = self.job.trial.id.number == 1;
            if self.shared.checks && first_trial && *self.job.model == ModelSpec::None {
                self.evaluate(&container)?;
            }
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

    /// Lets the visible checks look at the workspace, and journals what they say.
    fn evaluate(&self, container: &Container) -> Result<(), Fault> {
        let begun = Instant::now();
        let results = evaluate::run_checks(container, &self.task.settings.checks, self.shared.cancel)?;
        let checks = results.iter().map(agent::check_result).collect();
        let host = Host { duration_us: Some(micros(begun.elapsed())), ..Host::default() };
        let mut observer = self.log;
        observer.event(Event::Evaluated { round: 1, checks, duration_us: 0 }, host)?;
        Ok(())
    }

    /// Looks at the workspace and lets the hidden checks judge it. Every process of the agent is dead by now.
    fn verify(
        &self,
        step: &Step,
        start: &Manifest,
        sums: &mut Sums,
    ) -> Result<Option<BTreeMap<String, f64>>, Fault> {
        let _turn = self.shared.turn(self.job, &self.shared.turns.hands)?;
        let begun = Instant::now();
        let container = self.world.verifier(step)?;
        let last = keep::look(&container, start, &self.task.settings.exclude)?;
        let folder = self.job.dir.workspace(self.job.attempt);
        last.keep(&folder, &self.world.template.path).map_err(keeping)?;
        let quality = Quality::new(self.task.scope.as_ref(), &self.shared.scanner);
        sums.patch = Some(last.figures(&self.world.template.path, quality));
        if self.snapshot.as_ref().is_some_and(|snapshot| snapshot.digest != last.digest) {
            let why =
                "the recording's snapshot does not give the recorded workspace: --tools run does without";
            return Err(Fault::Invalid(why.to_owned()));
        }
        sums.last = Some(last);
        let plan = verifier_plan(self.task, step);
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
    pub(crate) fn native(
        &self,
        model: &dyn Model,
        source: &Source,
        first: Arc<Container>,
        start: &Manifest,
        sums: &mut Sums,
    ) -> Result<AgentEnd, Fault> {
        let writer = match source.is_recorded() {
            false => None,
            true => Some(self.recording(source, &Who::native(), &*first, start)?),
        };
        let log = self.shared.faults.map(|_| FaultLog::default());
        let faulty = log.as_ref().and_then(|log| self.faulty(model, source, log, None));
        let model = faulty.as_ref().map_or(model, |faulty| faulty as &dyn Model);
        let recorder = writer.as_ref().map(|writer| Recorder::new(model, Arc::clone(writer)));
        let model = recorder.as_ref().map_or(model, |recorder| recorder as &dyn Model);
        let perturb = &self.job.variant.perturb;
        let perturbed = (!perturb.is_empty()).then(|| Perturbed::new(model, perturb));
        let model = perturbed.as_ref().map_or(model, |perturbed| perturbed as &dyn Model);
        let paced = time::paced(model, self.pace(source), self.shared.cancel);
        let tape = source.tape(writer.as_ref());
        let clock = VirtualClock::new(source.clock);
        let id = &self.job.trial.id;
        let apart = self.shared.apart.filter(|_| source.live);
        let names = apart.map(|apart| apart.names(id, self.job.attempt, self.shared.seed.value()));
        let (thread, salt) = match names {
            Some((thread, salt)) => (thread, Some(salt)),
            None => (format!("{}/{}", id.suite, id.task), None),
        };
        let tools = prompts::tools(self.job.variant).map_err(Fault::Invalid)?;
        let (settings, variant) = (&self.task.settings, self.job.variant);
        let brief = Brief {
            prompt: PromptSpec {
                thread: &thread,
                model: &source.asked,
                parameters: &variant.parameters,
                append: self.job.prompts.append.as_deref(),
                salt: salt.as_deref(),
                tools: &tools,
            },
            checks: &settings.checks,
            policy: variant.policy.as_ref().unwrap_or(&settings.policy),
            budget: Budget {
                rounds: variant.tier.rounds.unwrap_or(settings.budget.rounds),
                ..settings.budget
            },
            exclude: &settings.exclude,
        };
        let mut observer = self.log;
        let env = Arc::clone(&first) as Arc<dyn Environment>;
        let (time, cancel) = (source.time, self.shared.cancel);
        let pace = self.pace(source);
        let at_pace = AtPace { pace, cancel };
        let rest = match source.live {
            true => Some(&Sleep as &dyn Rest),
            false => (pace != Pace::Instant).then_some(&at_pace as &dyn Rest),
        };
        let patience = Patience { backoff: source.backoff, rest, live: source.live };
        let model = &paced;
        let (clock, faults, observer) = (&clock, log, &mut observer as &mut dyn Observer);
        let means = Means { env, model, clock, tape, time, patience, faults, cancel, observer };
        let actor = Actor::Native(Box::new(Native::new(brief, means)));
        let end = self.steps(actor, first, start, sums)?;
        if let Some(writer) = writer {
            self.end_recording(&writer, &end, sums)?;
        }
        Ok(end)
    }

    /// The part of an agent that is not ours, recorded unless it is a replay.
    pub(crate) fn external(
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
            speaker: (&spec.agent).into(),
        };
        let writer = match source.is_recorded() {
            false => None,
            true => Some(self.recording(source, &who, &*first, start)?),
        };
        let mut below = self.answering(source, model);
        let log = FaultLog::default();
        // A program that is not ours has no virtual clock: for it what is late is really late.
        let rest = Arc::new(Sleep);
        if let Some(faulty) = self.faulty(Arc::clone(&below), source, &log, Some(rest)) {
            below = Arc::new(faulty);
        }
        if let Some(writer) = &writer {
            below = Arc::new(Recorder::new(below, Arc::clone(writer)));
        }
        let mut observer = self.log;
        let actor = Actor::External(Box::new(External {
            spec,
            model: Arc::new(Watch::new(below, Arc::clone(&notes))),
            notes,
            player: source.player().cloned(),
            met: 0,
            asked: &source.asked,
            unattended: self.job.variant.tier.unattended,
            append: self.job.prompts.append.as_deref(),
            limit: self.task.settings.budget.wall,
            pace: self.pace(source),
            faults: log,
            cancel: self.shared.cancel,
            observer: &mut observer,
            tally: Tally::default(),
        }));
        let mut end = self.steps(actor, first, start, sums)?;
        let lane = source.rest.as_ref().map(|_| MAIN_LANE);
        if let (Some(player), None) = (source.player(), end.failure)
            && let Some(miss) = player.ended_early(lane)
        {
            end = AgentEnd::stopped(FailureMode::Void, miss.told());
        }
        if let Some(writer) = writer {
            self.end_recording(&writer, &end, sums)?;
        }
        Ok(end)
    }

    /// A layer that puts the run's faults in a model's way; nothing where there are none. The sample decides what
    /// happens, not the variant, so that variants meet the same faults.
    fn faulty<'m>(
        &self,
        model: impl Model + 'm,
        source: &Source,
        log: &FaultLog,
        rest: Option<Arc<dyn Rest>>,
    ) -> Option<Faulty<'m>> {
        let profile = Arc::clone(self.shared.faults?);
        let id = &self.job.trial.id;
        let seed = self.shared.seed.derive(&format!("faults {}/{} {}", id.suite, id.task, id.number));
        let options = FaultOptions { profile, seed, one_answer: !source.live, rest };
        Some(Faulty::new(model, options, log.clone()))
    }

    /// What answers an agent that is not ours, below every layer.
    fn answering(&self, source: &Source, model: &Arc<dyn Model>) -> Arc<dyn Model> {
        let recorded = source.player().map(|player| CassetteModel::any_lane(Arc::clone(player)));
        match (recorded, &source.rest) {
            (Some(recorded), None) => Arc::new(recorded),
            (Some(recorded), Some(rest)) => {
                let last_step = self.shared.fork.map_or(0, |fork| fork.step);
                Arc::new(Forked::new(recorded, Arc::clone(rest), last_step))
            }
            (None, _) => Arc::clone(model),
        }
    }

    /// At what pace answers come: a live model has its own.
    fn pace(&self, source: &Source) -> Pace {
        if source.live { Pace::Instant } else { self.shared.pace }
    }

    /// Starts to keep the exchanges of this attempt.
    fn recording(
        &self,
        source: &Source,
        who: &Who<'_>,
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
            protocol: who.speaker.protocol,
            model: source.asked.clone(),
            clock: source.clock,
            profile: who.speaker.profile.to_owned(),
            task: format!("{}/{}", id.suite, id.task),
            task_digest: self.job.task_digest,
            workspace: keep::digest(env, &without_git)?,
            tokenizer: O200k.name().to_owned(),
            toolchain: versions(env, &needs),
            start: None,
        };
        let path = self.job.dir.exchanges(self.job.attempt);
        let writer = Writer::create(&path, header, Arc::new(O200k)).map_err(keeping)?;
        Ok(Arc::new(Mutex::new(writer)))
    }

    /// Ends the recording, and copies it where recordings are to go.
    fn end_recording(&self, writer: &SharedWriter, end: &AgentEnd, sums: &Sums) -> Result<(), Fault> {
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        let path = writer.path().to_owned();
        if let Some(last) = &sums.last {
            writer.snapshot(last.snapshot(sums.tally.steps)).map_err(keeping)?;
        }
        if let Some(reward) = sums.reward {
            writer.verdict(reward);
        }
        let reason = if end.failure.is_some() { end.reason.as_str() } else { "" };
        writer.end(reason).map_err(keeping)?;
        if let Some(folder) = self.shared.record {
            let id = &self.job.trial.id;
            std::fs::create_dir_all(folder).map_err(keeping)?;
            let target = folder.join(format!("{}.{}.jsonl", id.task, id.number));
            if let Some(differ) = said_before(&target, &path) {
                self.shared.progress.kept(id, &differ);
                return Ok(());
            }
            let partial = tempfile::NamedTempFile::new_in(folder).map_err(keeping)?;
            std::fs::copy(&path, partial.path()).map_err(keeping)?;
            partial.persist(target).map_err(keeping)?;
        }
        Ok(())
    }
}

/// In which volatile values a new recording differs from one that stands there; nothing where it says anything else, or
/// none stands there that can be read.
fn said_before(standing: &Path, new: &Path) -> Option<Vec<Volatile>> {
    let standing = Cassette::load(standing).ok()?;
    standing.volatile_differences(&Cassette::load(new).ok()?)
}

/// How a step's hidden checks are run.
pub(crate) fn verifier_plan(task: &Task, step: &Step) -> evaluate::VerifierPlan {
    evaluate::VerifierPlan {
        reward_key: task.settings.reward_key.clone(),
        timeout: step.verifier_timeout,
        env: step.verifier_env.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        ..evaluate::VerifierPlan::default()
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
