//! A run: every trial of a plan, in parallel, each on one worker or, on a live model, on one thread; stopped cleanly, resumed where it stopped. A trial
//! that panics or a sandbox that fails is a fault of that trial alone; a run folder that cannot be written ends the
//! run, resumable.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use base::{Clock, Seed, TrialId};
use cassette::Volatile;
use journal::{Ended, GitState, Plan, RunDir, RunHeader, Terms, TrialDir};
use model::Pace;
use rayon::prelude::*;
use sandbox::{Cancel, Sandbox, SandboxError, SandboxOptions, User, Walls};
use suite::{SuiteError, TaskEntry};

use crate::attempt::{Cut, Job, Shared, agent_program, attempt, panicked};
use crate::host::HostFacts;
use crate::live::Live;
use crate::plan::{Planned, Selection, TrialPlan};
use crate::template::Templates;
use crate::toolchain::{Needs, Spawn};
use crate::turns::Turns;

/// Where a run makes what it needs only while it runs.
const SCRATCH: &str = ".scratch";

/// A run that cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// There is no recording for a trial.
    #[error("there is no recording {}: record it with `retake run --model script --record {}`, or ask for fewer trials (copies of a recording are not samples)", .0.display(), .0.parent().unwrap_or(.0).display())]
    NoRecording(PathBuf),
    /// A file could not be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The recording that trials go on from cannot be read.
    #[error(transparent)]
    Cassette(#[from] cassette::CassetteError),
    /// A suite cannot be read.
    #[error(transparent)]
    Suite(#[from] SuiteError),
    /// The sandbox cannot be made.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The run's folder cannot be used.
    #[error(transparent)]
    Folder(#[from] journal::RunError),
    /// A trial's journal cannot be used.
    #[error(transparent)]
    Journal(#[from] journal::JournalError),
    /// The run that is to go on is not the one that was begun.
    #[error("run {run} cannot go on: {what}; start a new run instead")]
    Changed {
        /// The run.
        run: String,
        /// What is not as it was.
        what: String,
    },
}

/// How to carry a plan out.
pub struct Options<'a> {
    /// Where runs land.
    pub out: PathBuf,
    /// Trials at a time.
    pub jobs: usize,
    /// Trials on live models whose agents act at a time, beside the others; further ones are set up or verified meanwhile.
    pub live_jobs: usize,
    /// The live models, opened.
    pub live: Live,
    /// At what pace answers that are not live come.
    pub pace: Pace,
    /// The program and arguments that enter the sandbox's stage.
    pub stage: Vec<std::ffi::OsString>,
    /// The walls around each trial.
    pub walls: Walls,
    /// Who trials are inside.
    pub user: User,
    /// Folders that no trial may see.
    pub hidden: Vec<PathBuf>,
    /// Toolchains that the configuration declares.
    pub toolchains: BTreeMap<String, suite::Toolchain>,
    /// Where programs are looked for.
    pub path: Vec<PathBuf>,
    /// Runs a program of the host to ask where its toolchain is.
    pub spawn: Spawn<'a>,
    /// Variables of every process of every trial, over those of the sandbox and under those of tasks and variants.
    pub around: Vec<(String, String)>,
    /// Whether the visible checks look at what an agent that asks no model leaves in its first trial of a task. The
    /// journal has what they said.
    pub checks: bool,
    /// Where whole recordings are copied to.
    pub record: Option<PathBuf>,
    /// The command line, for the header.
    pub arguments: Vec<String>,
    /// By what the trials' question is decided, for the header.
    pub terms: Option<Terms>,
    /// The repository, for the header.
    pub git: Option<GitState>,
    /// The host's name.
    pub host: String,
    /// Stops the run.
    pub cancel: Cancel,
    /// The host's clock.
    pub clock: &'a dyn Clock,
}

/// Is told how a run goes. Calls come from several threads.
pub trait Progress: Sync {
    /// A trial had ended before the run was resumed. All of them are told of in the order of the plan, before the run has begun.
    fn reused(&self, trial: &TrialId, ended: &Ended) {
        let _ = (trial, ended);
    }
    /// The run has a folder; so many trials are in it, so many of them finished before.
    fn begun(&self, run: &RunDir, trials: usize, finished: usize);
    /// A trial begins.
    fn started(&self, trial: &TrialId);
    /// A trial has ended.
    fn ended(&self, trial: &TrialId, ended: &Ended);
    /// Whether no further trial is wanted; those under way come to their end.
    fn is_enough(&self) -> bool {
        false
    }
    /// A trial was recorded again and said the same: the recording that stood there is left as it was. `differ`: the
    /// volatile values in which the two differ.
    fn kept(&self, trial: &TrialId, differ: &[Volatile]) {
        let _ = (trial, differ);
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct RunOutcome {
    /// Its folder.
    pub dir: RunDir,
    /// Whether it was cancelled, or has no more to spend.
    pub stopped: bool,
    /// Why it ended before its trials did, where the spend limit is reached.
    pub spent: Option<String>,
    /// Why it could not go on, where the run folder could not be written.
    pub fault: Option<String>,
}

/// Starts a new run.
pub fn run(
    planned: &Planned,
    options: &Options<'_>,
    progress: &dyn Progress,
) -> Result<RunOutcome, RunError> {
    let engine = Engine::new(planned, options)?;
    let header = RunHeader::new(planned.plan.clone(), options.clock.now(), options.arguments.clone());
    let mut header = header.map_err(|e| RunError::Usage(format!("the plan cannot be written: {e}")))?;
    header.git.clone_from(&options.git);
    header.terms = options.terms;
    let dir = RunDir::create(&options.out, &mut header)?;
    options.live.keep(&dir)?;
    dir.begin(&header)?;
    engine.carry_out(dir, progress)
}

/// Goes on with a run that stopped. Refuses where a suite, a cassette, a script or the selection has changed.
pub fn resume(
    dir: RunDir,
    planned: &Planned,
    options: &Options<'_>,
    progress: &dyn Progress,
) -> Result<RunOutcome, RunError> {
    let header = dir.header()?;
    if let Some(what) = changed(&header.plan, &planned.plan) {
        return Err(RunError::Changed { run: header.run_id.to_string(), what });
    }
    let engine = Engine::new(planned, options)?;
    options.live.keep(&dir)?;
    engine.carry_out(dir, progress)
}

/// What differs between the plan of a run and the plan as it would be made now.
fn changed(then: &Plan, now: &Plan) -> Option<String> {
    let suites = |plan: &Plan| -> BTreeMap<String, base::Digest> {
        let tasks = plan.suites.iter().flat_map(|suite| {
            suite.tasks.iter().map(|task| (format!("{}/{}", suite.name, task.name), task.digest))
        });
        tasks.collect()
    };
    let (old, new) = (suites(then), suites(now));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        match (old.get(name), new.get(name)) {
            (Some(_), None) => return Some(format!("task {name} is gone")),
            (None, Some(_)) => return Some(format!("task {name} is new")),
            (a, b) if a != b => return Some(format!("task {name} has changed")),
            _ => {}
        }
    }
    for (a, b) in then.variants.iter().zip(&now.variants) {
        if a != b {
            return Some(format!("variant {} or one of its cassettes or scripts has changed", a.name));
        }
    }
    (then != now).then(|| "its selection has changed".to_owned())
}

/// Why no further trial begins.
#[derive(Default)]
struct Stops {
    fault: Mutex<Option<String>>,
    spent: Mutex<Option<String>>,
}

impl Stops {
    fn set(&self, which: &Mutex<Option<String>>, why: String) {
        which.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
    }

    fn spent(&self) -> bool {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

/// Trials that were finished before, and the real time that they had taken.
#[derive(Clone, Copy, Default)]
struct Reused {
    trials: usize,
    wall_us: u64,
}

impl Reused {
    fn add(&mut self, wall_us: u64) {
        self.trials += 1;
        self.wall_us = self.wall_us.saturating_add(wall_us);
    }
}

/// What carries a plan out.
pub(crate) struct Engine<'a> {
    planned: &'a Planned,
    pub(crate) options: &'a Options<'a>,
    needs: Needs,
    pub(crate) sandbox: Sandbox,
}

impl<'a> Engine<'a> {
    pub(crate) fn new(planned: &'a Planned, options: &'a Options<'a>) -> Result<Self, RunError> {
        let (needs, sandbox) = surroundings(&planned.selection, options)?;
        Ok(Self { planned, options, needs, sandbox })
    }

    fn carry_out(&self, dir: RunDir, progress: &dyn Progress) -> Result<RunOutcome, RunError> {
        let begun = self.options.clock.elapsed();
        let (mut rest, mut reused) = (Vec::new(), Reused::default());
        for trial in &self.planned.trials {
            match dir.trial(&trial.id).ended()? {
                Some((_, ended, host)) => {
                    reused.add(host.wall_us);
                    progress.reused(&trial.id, &ended);
                }
                None => rest.push(trial),
            }
        }
        progress.begun(&dir, self.planned.trials.len(), reused.trials);
        let scratch = self.scratch(&dir.path)?;
        let templates = Templates::new(scratch.clone());
        let shared = Shared {
            sandbox: &self.sandbox,
            templates: &templates,
            needs: &self.needs,
            cancel: &self.options.cancel,
            seed: Seed::new(self.planned.plan.seed),
            around: &self.options.around,
            checks: self.options.checks,
            live: &self.options.live,
            pace: self.options.pace,
            faults: self.planned.selection.faults.as_ref(),
            replaying: &self.planned.plan.replaying,
            fork: self.planned.selection.fork.as_ref(),
            apart: self.planned.selection.apart,
            clock: self.options.clock,
            progress,
            cassettes: dir.path.join("cassettes"),
            record: self.options.record.as_deref(),
            scanner: std::sync::Arc::default(),
            turns: Turns::new(self.options.live_jobs, self.options.jobs),
        };
        let stops = Stops::default();
        let one = |trial: &TrialPlan| {
            if self.options.cancel.is_cancelled() || stops.spent() || progress.is_enough() {
                return;
            }
            match self.trial(&shared, trial, &dir.trial(&trial.id), progress) {
                Ok(()) | Err(Cut::Cancelled) => {}
                Err(Cut::Spent(why)) => stops.set(&stops.spent, why),
                Err(Cut::Keeping(why)) => {
                    stops.set(&stops.fault, why);
                    self.options.cancel.cancel();
                }
            }
        };
        self.all(&rest, &one)?;
        let Stops { fault, spent } = stops;
        let spent = spent.into_inner().unwrap_or_else(PoisonError::into_inner);
        let _ = std::fs::remove_dir_all(&scratch);
        let fault = fault.into_inner().unwrap_or_else(PoisonError::into_inner);
        let wall = self.options.clock.elapsed().saturating_sub(begun);
        let facts = self.facts(&dir, reused, wall);
        let fault = fault.or_else(|| dir.write_json("host.json", &facts).err().map(|e| e.to_string()));
        let stopped = (self.options.cancel.is_cancelled() || spent.is_some()) && fault.is_none();
        Ok(RunOutcome { dir, stopped, spent, fault })
    }

    /// Lets every trial have its turn: those on live models, which mostly wait, on threads of their own, twice as many as
    /// agents may act, so that the next workspace stands and the last one is judged beside them; the others on as many
    /// workers as there are jobs.
    fn all(&self, trials: &[&TrialPlan], one: &(dyn Fn(&TrialPlan) + Sync)) -> Result<(), RunError> {
        let jobs = self.options.jobs;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
        let pool = pool.map_err(|e| RunError::Usage(format!("cannot start {jobs} workers: {e}")))?;
        let is_live = |trial: &&TrialPlan| self.planned.models[trial.variant].is_live();
        let (live, others): (Vec<&TrialPlan>, Vec<&TrialPlan>) =
            trials.iter().partition(|trial| is_live(trial));
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..(2 * self.options.live_jobs).min(live.len()) {
                scope.spawn(|| {
                    while let Some(trial) = live.get(next.fetch_add(1, Ordering::Relaxed)) {
                        one(trial);
                    }
                });
            }
            pool.install(|| others.par_iter().with_max_len(1).for_each(|trial| one(trial)));
        });
        Ok(())
    }

    /// A fresh folder for what is needed only while the run runs; what a killed run left there goes.
    fn scratch(&self, run: &Path) -> Result<PathBuf, RunError> {
        let path = run.join(SCRATCH);
        let io = |error| RunError::Io { path: path.clone(), error };
        if path.exists() {
            std::fs::remove_dir_all(&path).map_err(io)?;
        }
        std::fs::create_dir_all(&path).map_err(io)?;
        Ok(path)
    }

    fn facts(&self, dir: &RunDir, reused: Reused, wall: std::time::Duration) -> HostFacts {
        let before = std::fs::read(dir.path.join("host.json")).ok();
        let before = before.and_then(|text| serde_json::from_slice::<HostFacts>(&text).ok());
        HostFacts {
            retake: env!("CARGO_PKG_VERSION").to_owned(),
            name: self.options.host.clone(),
            jobs: self.options.jobs,
            pace: self.options.pace.to_string(),
            processors: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            containment: self.sandbox.report().clone(),
            walls: self.options.walls,
            programs: HostFacts::programs(&self.needs),
            reused: reused.trials as u64,
            reused_us: reused.wall_us,
            wall_us: base::micros(wall) + before.map_or(0, |facts| facts.wall_us),
        }
    }

    fn trial(
        &self,
        shared: &Shared<'_>,
        trial: &TrialPlan,
        dir: &TrialDir,
        progress: &dyn Progress,
    ) -> Result<(), Cut> {
        progress.started(&trial.id);
        let attempts = dir.attempts().map_err(|e| Cut::Keeping(e.to_string()))?;
        let task = match self.planned.task(trial) {
            TaskEntry::Ready(task) => Ok(&**task),
            TaskEntry::Invalid { error, .. } => Err(error.to_string()),
        };
        let key = (trial.id.suite.clone(), trial.id.task.clone());
        let job = Job {
            trial,
            task,
            suite: &self.planned.selection.suites[trial.suite].dir,
            task_digest: self
                .planned
                .digests
                .get(&key)
                .copied()
                .unwrap_or_else(|| base::Digest::of(b"invalid")),
            variant: &self.planned.selection.variants[trial.variant],
            model: &self.planned.models[trial.variant],
            prompts: &self.planned.prompts[trial.variant],
            dir,
            attempt: attempts.last().copied().unwrap_or(0) + 1,
        };
        let ended = match catch_unwind(AssertUnwindSafe(|| attempt(shared, &job))) {
            Ok(ended) => ended?,
            Err(panic) => panicked(&job, panic_text(panic.as_ref()))?,
        };
        progress.ended(&trial.id, &ended);
        Ok(())
    }
}

/// What the trials of a selection need of the host, and the sandbox that has it.
pub(crate) fn surroundings(
    selection: &Selection,
    options: &Options<'_>,
) -> Result<(Needs, Sandbox), RunError> {
    let mut programs: BTreeSet<String> = ["bash", "git"].map(str::to_owned).into();
    for suite in &selection.suites {
        programs.extend(suite.ready().filter_map(|task| task.settings.needs.clone()).flatten());
    }
    programs.extend(selection.variants.iter().filter_map(agent_program));
    let needs = Needs::look_up(&programs, &options.toolchains, &options.path, options.spawn);
    let sandbox = Sandbox::new(&SandboxOptions {
        stage: options.stage.clone(),
        walls: options.walls,
        toolchains: needs.toolchains.clone(),
        hidden: options.hidden.clone(),
        user: options.user.clone(),
    })?;
    Ok((needs, sandbox))
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}
