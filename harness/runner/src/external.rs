//! The part of an agent that is not ours: started in the trial's container, with the model behind a gateway on the
//! container's own loopback and nothing else to reach. Its exit code never decides; the verifier does.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use agent::external::{ExternalSpec, LaunchPlan};
use agent::{AgentEnd, AgentFault, Observer, Tally, diverged};
use cassette::{Allowed, Met, Player};
use gateway::{Gateway, Options};
use journal::{CallFigures, Drift, DriftGrade, Event, FailureMode, Generated, Host};
use model::{FaultLog, Model, Pace};
use sandbox::{Cancel, Container, EnvError, Environment, Exec, ExecEnd, OutputLimit};
use wire::Difference;

use crate::watch::{Heard, Notes, Outcome, taken};

/// Bytes of an agent's own output that are kept, from its start and from its end.
const OUTPUT: OutputLimit = OutputLimit { head: 64 * 1024, tail: 256 * 1024 };
/// The home folder of agents.
const HOME: &str = "/home/agent";
/// Problems of requests that the journal is told of.
const PROBLEMS_MAX: usize = 100;
/// How long a program may take to say its version.
const VERSION_LIMIT: Duration = Duration::from_secs(60);

/// An external agent in one trial.
pub(crate) struct External<'a> {
    pub(crate) spec: &'a ExternalSpec,
    pub(crate) model: Arc<dyn Model>,
    /// What the model's calls came to.
    pub(crate) notes: Notes,
    /// The recording that it is served, where there is one.
    pub(crate) player: Option<Arc<Player>>,
    /// Differences from it that were journaled.
    pub(crate) met: usize,
    /// The model to ask for.
    pub(crate) asked: &'a str,
    /// Whether it may do everything without asking.
    pub(crate) unattended: bool,
    /// What follows its own instructions.
    pub(crate) append: Option<&'a str>,
    pub(crate) limit: Duration,
    pub(crate) pace: Pace,
    /// What was put in the way of its calls.
    pub(crate) faults: FaultLog,
    pub(crate) cancel: &'a Cancel,
    pub(crate) observer: &'a mut dyn Observer,
    pub(crate) tally: Tally,
}

/// The version that an agent says it has, inside the container.
pub(crate) fn version(spec: &ExternalSpec, env: &dyn Environment) -> Option<String> {
    let argv = spec.agent.version_argv()?;
    let exec = Exec { argv: &argv, cwd: "/app", env: &[], stdin: &[], limit: VERSION_LIMIT, output: OUTPUT };
    let done = env.exec(&exec, &Cancel::default()).ok()?;
    let said = String::from_utf8_lossy(&done.head).into_owned();
    agent::external::ExternalAgent::version_in(&said).map(str::to_owned)
}

impl External<'_> {
    /// One step of the task, as one start of the agent.
    pub(crate) fn act(&mut self, instruction: &str, container: &Container) -> Result<AgentEnd, AgentFault> {
        let broken =
            |error: &dyn std::fmt::Display| AgentFault::Environment(EnvError::Broken(error.to_string()));
        let listener = container.listen(0)?;
        let options = Options { pace: self.pace, ..Options::default() };
        let problems = Arc::new(Problems::default());
        let observer = Arc::clone(&problems) as Arc<dyn gateway::Observer>;
        let gateway = Gateway::start(listener, Arc::clone(&self.model), options, observer);
        let gateway = gateway.map_err(|error| broken(&error))?;
        let launch = self.spec.agent.launch(&LaunchPlan {
            base_url: &format!("http://{}", gateway.address()),
            model: self.asked,
            instruction,
            cwd: "/app",
            home: HOME,
            unattended: self.unattended,
            append: self.append,
        });
        for (path, content) in &launch.files {
            container.write(path, content.as_bytes(), None)?;
        }
        let (argv, env, stdin) = (&launch.argv, &launch.env, launch.stdin.as_bytes());
        let exec = Exec { argv, cwd: "/app", env, stdin, limit: self.limit, output: OUTPUT };
        let start = Instant::now();
        let done = container.exec(&exec, self.cancel);
        gateway.close();
        // What of it were its model's answers, its tools or itself cannot be told from outside.
        self.tally.real_tool_us += base::micros(start.elapsed());
        for (_, step, text) in problems.taken() {
            self.observer.event(Event::Warned { step, text }, Host::default())?;
        }
        let told = self.tell()?;
        let (end, log) = self.end(done, &told)?;
        let event = Event::AgentEnded { failure: end.failure, reason: end.reason.clone() };
        self.observer.event(event, Host { log, ..Host::default() })?;
        Ok(end)
    }

    /// Journals the calls; gives the first divergence in a sentence, and the last failure.
    fn tell(&mut self) -> Result<Told, AgentFault> {
        let mut told = Told::default();
        for injected in self.faults.take() {
            let event = self.tally.fault(injected);
            self.observer.event(event, Host::default())?;
        }
        let met = self.player.as_ref().map(|player| player.met(self.met)).unwrap_or_default();
        self.met += met.len();
        let (drift, met): (Vec<Met>, Vec<Met>) =
            met.into_iter().partition(|met| met.allowed == Allowed::Drift);
        for drift in &drift {
            *self.tally.drift.entry(grade(&drift.difference)).or_default() += 1;
        }
        for heard in taken(&self.notes) {
            let here = drift.iter().filter(|drift| (&drift.lane, drift.step) == (&heard.lane, heard.step));
            let drift = drift_of(here);
            let event = self.event(heard, &mut told);
            self.observer.event(event, Host { drift, ..Host::default() })?;
        }
        for met in &met {
            self.tally.met(met);
            self.observer.event(diverged(met.step, &met.difference, Some(met.allowed)), Host::default())?;
        }
        Ok(told)
    }

    fn event(&mut self, heard: Heard, told: &mut Told) -> Event {
        let Heard { step, attempt, blocks, .. } = heard;
        match heard.outcome {
            Outcome::Answered(answer) => {
                let usage = answer.usage.unwrap_or_default();
                let (ttft_us, total_us) = (answer.ttft_us, answer.total_us);
                self.tally.steps += 1;
                self.tally.usage.add(usage);
                self.tally.times.model_us += total_us;
                self.tally.calls.push(CallFigures { ttft_us, total_us, usage });
                let served = answer.served;
                Event::Generated(Generated {
                    step,
                    attempt,
                    request: None,
                    blocks,
                    served,
                    usage,
                    ttft_us,
                    total_us,
                })
            }
            Outcome::Failed { status, reason } => {
                self.tally.retries += 1;
                told.failed = Some(reason.clone());
                Event::GenerateFailed { step, attempt, status, reason }
            }
            Outcome::Diverged(miss) => {
                told.diverged.get_or_insert(miss.told());
                diverged(miss.step, &miss.difference, None)
            }
        }
    }

    /// How the agent ended, with its own output.
    fn end(
        &self,
        done: Result<sandbox::ExecOutput, EnvError>,
        told: &Told,
    ) -> Result<(AgentEnd, String), AgentFault> {
        let name = self.spec.agent.name();
        let done = match done {
            Ok(done) => done,
            Err(error @ EnvError::Start { .. }) => {
                return Ok((AgentEnd::stopped(FailureMode::AgentCrash, error.to_string()), String::new()));
            }
            Err(error) => return Err(error.into()),
        };
        let said = format!("{}{}", String::from_utf8_lossy(&done.head), String::from_utf8_lossy(&done.tail));
        let log = self.spec.agent.read_log(&said);
        let crashed = |what: String| match &told.failed {
            Some(why) => AgentEnd::stopped(FailureMode::ModelError, format!("{name} {what}: {why}")),
            None => AgentEnd::stopped(FailureMode::AgentCrash, format!("{name} {what}: {}", log.error)),
        };
        let end = match done.end {
            ExecEnd::Cancelled => return Err(AgentFault::Cancelled),
            _ if told.diverged.is_some() => {
                AgentEnd::stopped(FailureMode::Void, told.diverged.clone().unwrap_or_default())
            }
            ExecEnd::TimedOut => {
                let what = format!("{name} was killed after {} s", self.limit.as_secs_f64());
                AgentEnd::stopped(FailureMode::TimeOut, what)
            }
            ExecEnd::Exited(0) => AgentEnd::finished(format!("{name} ended by itself")),
            ExecEnd::Exited(code) => crashed(format!("ended with exit code {code}")),
            ExecEnd::Signaled(signal) => crashed(format!("was killed by signal {signal}")),
        };
        Ok((end, said))
    }
}

/// What no provider would take of the requests: lane, step, and what is wrong.
#[derive(Default)]
struct Problems(Mutex<Vec<(String, u32, String)>>);

impl Problems {
    /// As many as a person would read, in an order that does not depend on which request came first.
    fn taken(&self) -> Vec<(String, u32, String)> {
        let mut problems = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        problems.sort();
        problems.truncate(PROBLEMS_MAX);
        problems
    }
}

impl gateway::Observer for Problems {
    fn event(&self, event: gateway::Event) {
        if let gateway::Event::Problem { at, problem } = event {
            let mut problems = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            problems.push((at.lane.to_string(), at.step, problem.to_string()));
        }
    }
}

/// How much a difference in what an agent's own tool gave matters: as far as its text says.
pub(crate) fn grade(difference: &Difference) -> DriftGrade {
    let told = difference.diff.to_lowercase();
    let exit = ["exit code", "exited with code"].iter().any(|words| told.contains(words));
    if exit || difference.path.ends_with(".is_error") { DriftGrade::Exit } else { DriftGrade::Text }
}

/// The drift of the outputs that a request was the first to hold.
fn drift_of<'a>(met: impl Iterator<Item = &'a Met>) -> Option<Drift> {
    let all: Vec<&Difference> = met.map(|met| &met.difference).collect();
    let grade = all.iter().map(|difference| grade(difference)).max()?;
    let told = all.iter().map(|difference| {
        let call = difference.led_by.as_deref().unwrap_or("a tool");
        format!("{call} at {}\n{}", difference.path, difference.diff)
    });
    Some(Drift { grade, detail: told.collect::<Vec<_>>().join("\n") })
}

/// What the journal was told of a step's calls.
#[derive(Default)]
struct Told {
    diverged: Option<String>,
    failed: Option<String>,
}
