//! From suites and variants to a list of trials with stable ids, each with what answers it. Everything that could
//! change a result enters the plan's digest; nothing of the host does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agent::Tamper;
use agent::external::ExternalSpec;
use base::{Digest, Hasher, TrialId};
use cassette::Cassette;
use journal::{
    ForkPoint, Mode, Plan, PlannedFaults, PlannedSuite, PlannedTask, PlannedVariant, Replaying, ToolsMode,
};
use model::live::Backend;
use model::{FaultProfile, MAIN_LANE};
use suite::{Suite, Task, TaskEntry, Variant};
use wire::Cause;

use crate::{Git, Prompts, RunError, live};

/// What the user selected.
#[derive(Debug)]
pub struct Selection {
    /// The suites, in order.
    pub suites: Vec<Suite>,
    /// Only these tasks; empty: all.
    pub tasks: Vec<String>,
    /// The variants, in order.
    pub variants: Vec<Variant>,
    /// Samples of each task.
    pub trials: u32,
    /// Seed of everything random.
    pub seed: u64,
    /// What is put in the way of models.
    pub faults: Option<Arc<FaultProfile>>,
    /// What is said of live backends, by name.
    pub backends: BTreeMap<String, suite::Backend>,
    /// How recordings are played; its fork is filled in from `fork`.
    pub replaying: Replaying,
    /// The history that all trials go on from.
    pub fork: Option<ForkFrom>,
    /// Whose prompt cache a live trial may meet; nothing: whichever there is.
    pub apart: Option<CacheApart>,
}

/// Whose entries of a provider's prompt cache a live trial can read: variants never share them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheApart {
    /// Those of its own task under its own variant.
    Warm,
    /// Its own alone.
    Cold,
}

impl CacheApart {
    /// The cache key of a trial's requests, and a salt for what they begin with: many providers have no key, and with some it
    /// only says where to look first. The run's seed is in both, so that another run's entries are not its own; with
    /// `Cold` the attempt too, since one that was cut has left its entries.
    pub fn names(self, trial: &TrialId, attempt: u32, seed: u64) -> (String, String) {
        let TrialId { suite, task, variant, number } = trial;
        let arm = format!("{suite}/{task} {variant} {seed}");
        let name = match self {
            Self::Warm => arm,
            Self::Cold => format!("{arm} {number} {attempt}"),
        };
        let salt = Digest::of(name.as_bytes()).short();
        (name, salt)
    }
}

/// A recorded history, up to a step.
#[derive(Clone, Debug)]
pub struct ForkFrom {
    /// The trial it was recorded in.
    pub trial: TrialId,
    /// Its cassette.
    pub cassette: PathBuf,
    /// The last step that is recorded.
    pub step: u32,
}

/// A model, as a variant names it.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelSpec {
    /// The agent needs none.
    None,
    /// The recordings of a set.
    Cassette(String),
    /// The scripts of a set.
    Script(String),
    /// A live backend's.
    Live {
        /// The backend.
        backend: Box<Backend>,
        /// Its model.
        model: String,
    },
}

/// Which of a task's named wrong answers an agent `wrong:N` gives, from 1.
pub(crate) fn wrong_answer(agent: &str) -> Option<usize> {
    agent.strip_prefix("wrong:")?.parse().ok().filter(|n| *n > 0)
}

/// Names of the agents `tamper:NAME`, which want the reward without the work.
pub fn tamperings() -> impl Iterator<Item = &'static str> {
    Tamper::all().map(Tamper::name)
}

/// The way of looking as if the work were done that an agent `tamper:NAME` takes.
pub(crate) fn tampering(agent: &str) -> Option<Tamper> {
    Tamper::named(agent.strip_prefix("tamper:")?)
}

/// The set that is meant where a model names none.
const DEFAULT_SET: &str = "main";

impl ModelSpec {
    /// Reads a variant's model. The reference agents need none, whatever it says.
    pub fn of(variant: &Variant, backends: &BTreeMap<String, suite::Backend>) -> Result<Self, RunError> {
        match variant.agent.as_str() {
            "native" => {}
            "oracle" | "noop" => return Ok(Self::None),
            other if wrong_answer(other).is_some() || tampering(other).is_some() => return Ok(Self::None),
            other => {
                let parsed: Result<ExternalSpec, _> = other.parse();
                parsed.map_err(|e| RunError::Usage(format!("{e}; ours are native, oracle and noop")))?;
            }
        }
        let (kind, set) = variant.model.split_once(':').unwrap_or((&variant.model, DEFAULT_SET));
        match kind {
            "cassette" => Ok(Self::Cassette(set.to_owned())),
            "script" => Ok(Self::Script(set.to_owned())),
            _ => {
                let named = variant.model.split_once(':').map(|(_, model)| model);
                live::spec(kind, named, backends)
            }
        }
    }

    /// Whether a live backend answers.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }

    /// As a variant names it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Cassette(set) => format!("cassette:{set}"),
            Self::Script(set) => format!("script:{set}"),
            Self::Live { backend, model } => format!("{}:{model}", backend.name),
        }
    }
}

/// One trial that is to be carried out.
#[derive(Clone, Debug)]
pub struct TrialPlan {
    /// Its name.
    pub id: TrialId,
    /// Index of its suite.
    pub suite: usize,
    /// Index of its task in the suite.
    pub task: usize,
    /// Index of its variant.
    pub variant: usize,
    /// The cassette or script that answers it.
    pub source: Option<PathBuf>,
}

/// A plan with what is needed to carry it out.
#[derive(Debug)]
pub struct Planned {
    /// What is written into the run's header.
    pub plan: Plan,
    /// What the user selected.
    pub selection: Selection,
    /// The models of the variants.
    pub models: Vec<ModelSpec>,
    /// What the variants put into the agents' prompts.
    pub prompts: Vec<Prompts>,
    /// Digests of the tasks by suite and name; none for one that cannot be read.
    pub digests: BTreeMap<(String, String), Digest>,
    /// The trials, in the order of the report.
    pub trials: Vec<TrialPlan>,
}

impl Planned {
    /// The task of a trial, or why there is none.
    pub fn task(&self, trial: &TrialPlan) -> &TaskEntry {
        &self.selection.suites[trial.suite].tasks[trial.task]
    }
}

/// Makes the plan: reads every cassette's and script's digest and the prompt files of the variants, and refuses what
/// cannot be answered. `git` reads those of a revision.
pub fn plan(mut selection: Selection, git: Git<'_>) -> Result<Planned, RunError> {
    keep_tasks(&mut selection.suites, &selection.tasks)?;
    selection.variants.iter().try_for_each(refuse)?;
    let prompts = selection.variants.iter().map(|variant| Prompts::read(variant, git));
    let prompts = prompts.collect::<Result<Vec<_>, _>>()?;
    let models = selection.variants.iter().map(|variant| ModelSpec::of(variant, &selection.backends));
    let models = models.collect::<Result<Vec<_>, _>>()?;
    let faults = selection.faults.as_deref().map(|profile| planned_faults(profile, &models)).transpose()?;
    let replaying = replaying(&selection, &models)?;
    let mut maker = Maker {
        selection: &selection,
        models: &models,
        prompts: &prompts,
        trials: Vec::new(),
        synthetic: false,
    };
    let mut suites = Vec::new();
    let mut digests = BTreeMap::new();
    for suite in &selection.suites {
        suites.push(planned_suite(suite, &mut digests)?);
    }
    let variants = maker.variants()?;
    let (synthetic, trials) = (maker.synthetic, maker.trials);
    let plan = Plan {
        mode: if selection.fork.is_some() { Mode::Fork } else { mode(&models) },
        synthetic,
        seed: selection.seed,
        trials: selection.trials,
        suites,
        variants,
        faults,
        replaying,
    };
    let order: BTreeMap<TrialId, usize> = plan.trial_ids().enumerate().map(|(n, id)| (id, n)).collect();
    let mut trials = trials;
    trials.sort_by_key(|trial| order.get(&trial.id).copied());
    Ok(Planned { plan, selection, models, prompts, digests, trials })
}

/// What a variant asks for and its agent cannot do.
fn refuse(variant: &Variant) -> Result<(), RunError> {
    let Ok(external) = variant.agent.parse::<ExternalSpec>() else { return Ok(()) };
    let asked = [
        ("parameters", !variant.parameters.is_empty()),
        ("tools", variant.tools.is_some()),
        ("perturb", !variant.perturb.is_empty()),
        ("append", variant.append.is_some() && !external.agent.takes_append()),
    ];
    match asked.iter().find(|(_, asked)| *asked) {
        Some((what, _)) => Err(RunError::Usage(format!(
            "variant {:?}: `{what}` cannot be set for {}: it has its own",
            variant.name, variant.agent
        ))),
        None => Ok(()),
    }
}

/// How recordings are played, or why they cannot be played so.
fn replaying(selection: &Selection, models: &[ModelSpec]) -> Result<Replaying, RunError> {
    let mut replaying = selection.replaying.clone();
    replaying.expect.sort_unstable();
    replaying.expect.dedup();
    let refuse = |why: String| Err(RunError::Usage(why));
    if replaying.expect.contains(&Cause::ExtraRequest) {
        return refuse(format!(
            "{} cannot be let pass: the recording has nothing to answer it",
            Cause::ExtraRequest
        ));
    }
    let plays = |model: &ModelSpec| matches!(model, ModelSpec::Cassette(_));
    if !replaying.is_default() && selection.fork.is_none() && !models.iter().any(plays) {
        return refuse(
            "no variant plays a recording: --matching, --expect and --tools are about recordings".to_owned(),
        );
    }
    let foreign = selection.variants.iter().find(|variant| variant.agent != "native");
    if let Some(variant) = foreign.filter(|_| replaying.tools != ToolsMode::Run) {
        return refuse(format!(
            "{} runs its own tools: --tools {} is for native",
            variant.agent, replaying.tools
        ));
    }
    if let Some(from) = &selection.fork {
        replaying.fork = Some(fork_point(from, &replaying)?);
        if models.contains(&ModelSpec::None) {
            return refuse("a fork needs an agent that asks a model".to_owned());
        }
    }
    Ok(replaying)
}

fn fork_point(from: &ForkFrom, replaying: &Replaying) -> Result<ForkPoint, RunError> {
    let ForkFrom { trial, cassette: path, step } = from;
    let cassette = Cassette::load(path)?;
    let steps = cassette.exchanges.iter().filter(|e| e.lane == MAIN_LANE).map(|e| e.step).max().unwrap_or(0);
    if *step == 0 || *step > steps {
        return Err(RunError::Usage(format!(
            "{trial} has the steps 1 to {steps}: it has no step {step} to fork after"
        )));
    }
    if replaying.tools == ToolsMode::Recorded {
        let why = "a fork needs the workspace after its last recorded step, which the recorded calls make: leave out \
                   --tools recorded, and they run";
        return Err(RunError::Usage(why.to_owned()));
    }
    Ok(ForkPoint { trial: trial.to_string(), cassette: cassette.digest, step: *step })
}

/// Leaves only the tasks of these names; all where there is none. A name that no suite has is refused.
pub fn keep_tasks(suites: &mut Vec<Suite>, tasks: &[String]) -> Result<(), RunError> {
    if let Some(name) = tasks.iter().find(|name| suites.iter().all(|suite| suite.task(name).is_none())) {
        let known: Vec<&str> = suites.iter().flat_map(|s| s.tasks.iter().map(TaskEntry::name)).collect();
        return Err(RunError::Usage(format!("there is no task {name:?}; there are {}", known.join(", "))));
    }
    if !tasks.is_empty() {
        suites
            .iter_mut()
            .for_each(|suite| suite.tasks.retain(|task| tasks.iter().any(|name| name == task.name())));
        suites.retain(|suite| !suite.tasks.is_empty());
    }
    Ok(())
}

/// The mode that may claim least among those of the variants.
fn mode(models: &[ModelSpec]) -> Mode {
    let any = |test: fn(&ModelSpec) -> bool| models.iter().any(test);
    if any(|m| matches!(m, ModelSpec::Script(_))) {
        Mode::Script
    } else if any(|m| matches!(m, ModelSpec::Cassette(_))) {
        Mode::Replay
    } else if any(ModelSpec::is_live) {
        Mode::Live
    } else {
        Mode::Reference
    }
}

/// The faults of a plan. A cassette answers only the conversation that was recorded.
fn planned_faults(profile: &FaultProfile, models: &[ModelSpec]) -> Result<PlannedFaults, RunError> {
    if models.iter().all(|model| *model == ModelSpec::None) {
        let problem = "no variant asks a model: there is nothing to put faults in the way of";
        return Err(RunError::Usage(problem.to_owned()));
    }
    let plays = models.iter().any(|model| matches!(model, ModelSpec::Cassette(_)));
    if let Some(rule) = profile.changes_conversation().filter(|_| plays) {
        return Err(RunError::Usage(format!(
            "fault {rule} of profile {:?} makes another conversation of it, which no cassette answers: \
             use a script or a live model, or leave it out",
            profile.name
        )));
    }
    Ok(PlannedFaults { name: profile.name.clone(), digest: profile.digest, rules: profile.labels() })
}

fn planned_suite(
    suite: &Suite,
    digests: &mut BTreeMap<(String, String), Digest>,
) -> Result<PlannedSuite, RunError> {
    let mut tasks = Vec::new();
    for entry in &suite.tasks {
        let name = entry.name().to_owned();
        tasks.push(match entry {
            TaskEntry::Ready(task) => {
                let digest = task.digest()?;
                digests.insert((suite.name.clone(), name.clone()), digest);
                planned_task(task, name, digest)
            }
            TaskEntry::Invalid { .. } => PlannedTask {
                digest: Digest::of(b"invalid"),
                description: String::new(),
                kind: String::new(),
                tags: Vec::new(),
                name,
            },
        });
    }
    Ok(PlannedSuite { name: suite.name.clone(), tasks })
}

fn planned_task(task: &Task, name: String, digest: Digest) -> PlannedTask {
    let about = task.harbor.task.as_ref();
    let difficulty =
        task.harbor.metadata.get("difficulty").and_then(|value| value.as_str()).map(str::to_owned);
    let mut tags: Vec<String> = difficulty.into_iter().collect();
    tags.extend(about.map(|about| about.keywords.clone()).unwrap_or_default());
    PlannedTask {
        name,
        digest,
        description: about.map(|about| about.description.clone()).unwrap_or_default(),
        kind: task.settings.kind.name().to_owned(),
        tags,
    }
}

struct Maker<'a> {
    selection: &'a Selection,
    models: &'a [ModelSpec],
    prompts: &'a [Prompts],
    trials: Vec<TrialPlan>,
    synthetic: bool,
}

impl Maker<'_> {
    fn variants(&mut self) -> Result<Vec<PlannedVariant>, RunError> {
        let mut variants = Vec::new();
        let selection = self.selection;
        for (index, variant) in selection.variants.iter().enumerate() {
            let mut hasher = Hasher::new("variant");
            hasher.field(&means(variant)?);
            if !variant.perturb.is_empty() {
                hasher.field(format!("perturb {:?}", variant.perturb).as_bytes());
            }
            self.prompts[index].hash(&mut hasher);
            for (number, suite) in selection.suites.iter().enumerate() {
                self.suite(index, number, suite, &mut hasher)?;
            }
            if let Some(apart) = selection.apart {
                hasher.field(format!("{apart:?}").as_bytes());
            }
            if let ModelSpec::Live { backend, .. } = &self.models[index] {
                let Backend { protocol, base_url, headers, .. } = &**backend;
                hasher.field(format!("{protocol:?} {base_url} {headers:?}").as_bytes());
            }
            let model = self.models[index].name();
            variants.push(PlannedVariant {
                name: variant.name.clone(),
                agent: variant.agent.clone(),
                model,
                digest: hasher.finish(),
                prompt: self.prompts[index].digest(),
                latency_budget_us: variant.tier.latency_budget.map(base::micros),
            });
        }
        Ok(variants)
    }

    fn suite(
        &mut self,
        variant: usize,
        number: usize,
        suite: &Suite,
        hasher: &mut Hasher,
    ) -> Result<(), RunError> {
        for (index, entry) in suite.tasks.iter().enumerate() {
            for trial in 1..=self.selection.trials {
                let source = match entry {
                    TaskEntry::Ready(task) => self.source(&self.models[variant], suite, &task.name, trial)?,
                    TaskEntry::Invalid { .. } => None,
                };
                if let Some(path) = &source {
                    hasher.field(self.digest(&self.models[variant], path)?.as_bytes());
                }
                let id = TrialId {
                    suite: suite.name.clone(),
                    task: entry.name().to_owned(),
                    variant: self.selection.variants[variant].name.clone(),
                    number: trial,
                };
                self.trials.push(TrialPlan { id, suite: number, task: index, variant, source });
            }
        }
        Ok(())
    }

    fn source(
        &self,
        model: &ModelSpec,
        suite: &Suite,
        task: &str,
        trial: u32,
    ) -> Result<Option<PathBuf>, RunError> {
        let folder = |sets: &BTreeMap<String, PathBuf>, set: &str, what: &str| {
            sets.get(set).cloned().ok_or_else(|| {
                let known: Vec<&str> = sets.keys().map(String::as_str).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                RunError::Usage(format!(
                    "suite {} has no set of {what} named {set:?}; it has: {known}",
                    suite.name
                ))
            })
        };
        Ok(match model {
            ModelSpec::None | ModelSpec::Live { .. } => None,
            ModelSpec::Script(set) => {
                let folder = folder(&suite.scripts, set, "scripts")?;
                // A trial's own script, else the one that all trials of the task share.
                let own = folder.join(format!("{task}.{trial}.toml"));
                Some(if own.exists() { own } else { folder.join(format!("{task}.toml")) })
            }
            ModelSpec::Cassette(set) => {
                Some(folder(&suite.cassettes, set, "cassettes")?.join(format!("{task}.{trial}.jsonl")))
            }
        })
    }

    fn digest(&mut self, model: &ModelSpec, path: &Path) -> Result<Digest, RunError> {
        let content = fs::read(path).map_err(|error| match (error.kind(), model) {
            (std::io::ErrorKind::NotFound, ModelSpec::Cassette(_)) => RunError::NoRecording(path.to_owned()),
            (std::io::ErrorKind::NotFound, _) => RunError::Usage(format!(
                "there is no script {}: write one, or name other tasks",
                path.display()
            )),
            _ => RunError::Io { path: path.to_owned(), error },
        })?;
        // A header that cannot be read is the trial's own trouble, later.
        let line = content.split(|b| *b == b'\n').next().unwrap_or_default();
        let kind = serde_json::from_slice::<HeaderKind>(line).map(|header| header.cassette.kind);
        self.synthetic |=
            matches!(model, ModelSpec::Script(_)) || matches!(kind, Ok(cassette::Kind::Synthetic));
        Ok(Digest::of(&content))
    }
}

/// What a variant means, wherever its files lie: those enter by content.
fn means(variant: &Variant) -> Result<Vec<u8>, RunError> {
    let Variant { name, agent, model, parameters, env, tier, policy, tools, .. } = variant;
    serde_json::to_vec(&(name, agent, model, parameters, env, tier, policy, tools))
        .map_err(|e| RunError::Usage(format!("variant {name:?} cannot be written: {e}")))
}

#[derive(serde::Deserialize)]
struct HeaderKind {
    cassette: KindOnly,
}

#[derive(serde::Deserialize)]
struct KindOnly {
    kind: cassette::Kind,
}
