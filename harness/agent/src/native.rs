//! The native loop: understand, plan, generate, act, evaluate, feedback, until the checks hold, a budget is spent or
//! a person stops it. Its prompt only ever grows at its end.

mod generate;

use std::sync::Arc;
use std::time::{Duration, Instant};

use base::{Clock, Digest, Hasher, VirtualClock, micros};
use cassette::{Effect, ToolRun as RecordedTool};
use journal::{Acted, Drift, Event, FailureMode, Finding, Host, ToolOutcome, ToolsMode};
use model::{Backoff, FaultLog, Model, Rest};
use sandbox::{Cancel, Environment, Manifest};
use suite::{Budget, Check, Policy};
use wire::responses::items;
use wire::{Answer, Block, BlockKind, CallKind, Item, Prompt, Tracker};

use crate::policy::{Verdict, judge_command, judge_tool};
use crate::prompt::PromptSpec;
use crate::tape::effect;
use crate::tools::{Tool, ToolRun};
use crate::{AgentEnd, AgentFault, Observer, Tally, Tape, ToolTime, drift, prompt};

/// The lane of the agent's own thread.
const MAIN: &str = model::MAIN_LANE;
/// Equal rounds of calls with equal outputs after which the agent counts as caught in a loop.
const LOOP_ROUNDS: u32 = 5;
/// Bytes of feedback on failed checks.
const FEEDBACK_MAX: usize = 8 * 1024;
/// Characters of a preview.
const PREVIEW_MAX: usize = 160;
/// In a replay a command may really take this many times its limit, and not less than `REAL_LIMIT_MIN`, before the
/// safety net catches it: the host's speed must not decide what the recording has decided.
const REAL_LIMIT_FACTOR: u32 = 4;
const REAL_LIMIT_MIN: Duration = Duration::from_secs(60);

/// What the agent is asked to do, and within which limits.
#[derive(Clone, Copy, Debug)]
pub struct Brief<'a> {
    /// What its conversation begins with.
    pub prompt: PromptSpec<'a>,
    /// The visible checks.
    pub checks: &'a [Check],
    /// What its commands may be.
    pub policy: &'a Policy,
    /// What it may spend.
    pub budget: Budget,
    /// Names of files and folders whose changes do not matter.
    pub exclude: &'a [String],
}

/// The native agent in one trial.
pub struct Native<'a> {
    brief: Brief<'a>,
    env: Arc<dyn Environment>,
    begun: bool,
    model: &'a dyn Model,
    clock: &'a VirtualClock,
    tape: Tape,
    time: ToolTime,
    patience: Patience<'a>,
    faults: Option<FaultLog>,
    cancel: &'a Cancel,
    observer: &'a mut dyn Observer,
    /// What the agent's part adds up to.
    pub tally: Tally,
    prompt: Prompt,
    tracker: Tracker,
    files: Manifest,
    round: u32,
    last_round: Option<(Digest, u32)>,
    /// Tokens of a fork's history.
    recorded_tokens: u64,
    /// Differences from the recording that were journaled.
    met: usize,
}

/// What the agent works with.
pub struct Means<'a> {
    /// Its world.
    pub env: Arc<dyn Environment>,
    /// What answers it.
    pub model: &'a dyn Model,
    /// The trial's clock.
    pub clock: &'a VirtualClock,
    /// What is known of its tool calls, or is to be kept of them.
    pub tape: Tape,
    /// How long they take.
    pub time: ToolTime,
    /// How it waits for a model that fails.
    pub patience: Patience<'a>,
    /// What is put in its model's way, where something is.
    pub faults: Option<FaultLog>,
    /// Stops it.
    pub cancel: &'a Cancel,
    /// Is told of everything.
    pub observer: &'a mut dyn Observer,
}

/// How the agent waits for a model that fails.
#[derive(Clone, Copy)]
pub struct Patience<'a> {
    /// How long.
    pub backoff: Backoff,
    /// What lets that time really pass; nothing where only the trial's clock moves.
    pub rest: Option<&'a dyn Rest>,
    /// Whether the model is live: then what a failed try took counts, too.
    pub live: bool,
}

/// A tool call of an answer.
struct Asked {
    call_id: String,
    name: String,
    arguments: String,
}

/// A tool call that was carried out, with how long it really took.
struct Done {
    run: ToolRun,
    real: Duration,
    effect: Effect,
}

type Step<T> = Result<Result<T, AgentEnd>, AgentFault>;

/// Unwraps what a stage gave, or ends the loop.
macro_rules! go {
    ($stage:expr) => {
        match $stage? {
            Ok(value) => value,
            Err(end) => return Ok(Err(end)),
        }
    };
}

impl<'a> Native<'a> {
    /// An agent that is about to begin.
    pub fn new(brief: Brief<'a>, means: Means<'a>) -> Self {
        let Means { env, model, clock, tape, time, patience, faults, cancel, observer } = means;
        Self {
            brief,
            env,
            begun: false,
            model,
            clock,
            tape,
            time,
            patience,
            faults,
            cancel,
            observer,
            tally: Tally::default(),
            prompt: Prompt::default(),
            tracker: Tracker::default(),
            files: Manifest::default(),
            round: 0,
            last_round: None,
            recorded_tokens: 0,
            met: 0,
        }
    }

    /// Goes on in another container around the same workspace, as between two steps of a task.
    pub fn move_to(&mut self, env: Arc<dyn Environment>) {
        self.env = env;
    }

    /// Carries one instruction out: one turn of the conversation. The last event is `agent_ended`. `last`: no
    /// other instruction will follow.
    pub fn run(&mut self, instruction: &str, last: bool) -> Result<AgentEnd, AgentFault> {
        self.understand(instruction)?;
        let end = loop {
            match self.turn()? {
                Ok(()) => {}
                Err(end) => break end,
            }
        };
        let end = if last { self.ended_early(end) } else { end };
        self.tell_met()?;
        self.tell(Event::AgentEnded { failure: end.failure, reason: end.reason.clone() })?;
        Ok(end)
    }

    /// A replay that stops before its recording does has diverged.
    fn ended_early(&self, end: AgentEnd) -> AgentEnd {
        if end.failure.is_some() {
            return end;
        }
        let miss = self.tape.ended_early();
        miss.map_or(end, |miss| AgentEnd::stopped(FailureMode::Void, miss.told()))
    }

    /// Number of the step that comes next, those of a fork's history included.
    fn next_step(&self) -> u32 {
        self.tally.recorded_steps + self.tally.steps + 1
    }

    fn tell(&mut self, event: Event) -> Result<(), AgentFault> {
        self.observer.event(event, Host::default())
    }

    fn understand(&mut self, instruction: &str) -> Result<(), AgentFault> {
        let now = self.clock.now();
        let mut project_docs = Vec::new();
        if self.begun {
            let message = items::message("user", instruction.trim_end());
            self.prompt.push(Block::new(BlockKind::Item, message));
        } else {
            let opening = prompt::open(&self.brief.prompt, instruction, now, &*self.env)?;
            (self.prompt, project_docs, self.begun) = (opening.prompt, opening.project_docs, true);
        }
        if self.tape.watches_files() {
            self.files = self.look_at_files()?;
        }
        let instruction = Digest::of(instruction.as_bytes());
        let mut common = Hasher::new("prompt");
        for block in self
            .prompt
            .blocks()
            .iter()
            .filter(|b| matches!(b.kind, BlockKind::Tool | BlockKind::Instructions))
        {
            common.field(block.raw.as_bytes());
        }
        let prompt = Some(common.finish());
        self.tell(Event::Understood { project_docs, instruction, date: now.date(), prompt })
    }

    /// One answer and what follows from it.
    fn turn(&mut self) -> Step<()> {
        go!(self.within_budget());
        let step = self.next_step();
        if self.tally.recorded_steps == 0 && self.tape.goes_on(step) {
            self.recorded_tokens = self.tally.usage.total();
            self.tally.go_on();
        }
        let answer = go!(self.generate(step));
        let calls = self.listen(step, &answer)?;
        if calls.is_empty() {
            return self.evaluate();
        }
        self.act(step, &calls)
    }

    fn within_budget(&mut self) -> Step<()> {
        if self.cancel.is_cancelled() {
            return Err(AgentFault::Cancelled);
        }
        let budget = self.brief.budget;
        let spent = |what: String| Ok(Err(AgentEnd::stopped(FailureMode::Budget, what)));
        if self.next_step() > budget.steps {
            return spent(format!("the budget of {} steps is spent", budget.steps));
        }
        if self.recorded_tokens + self.tally.usage.total() >= budget.tokens {
            return spent(format!("the budget of {} tokens is spent", budget.tokens));
        }
        if self.clock.elapsed() >= budget.wall {
            let what = format!("the time budget of {} s is spent", budget.wall.as_secs_f64());
            return Ok(Err(AgentEnd::stopped(FailureMode::TimeOut, what)));
        }
        Ok(Ok(()))
    }

    /// Takes an answer into the conversation, as it came; gives its tool calls.
    fn listen(&mut self, step: u32, answer: &Answer) -> Result<Vec<Asked>, AgentFault> {
        let mut calls = Vec::new();
        for raw in &answer.items {
            match Item::decode(raw) {
                Some(Item::Call {
                    call_id,
                    name,
                    arguments,
                    kind: CallKind::Function | CallKind::Custom,
                }) => {
                    calls.push(Asked { call_id, name, arguments });
                }
                Some(Item::Message { text, .. }) if !text.is_empty() => {
                    self.tell(Event::Said { step, text })?;
                }
                _ => {}
            }
            self.prompt.push(Block::new(BlockKind::Item, raw.clone()));
        }
        Ok(calls)
    }

    fn act(&mut self, step: u32, calls: &[Asked]) -> Step<()> {
        let mut judged = Vec::with_capacity(calls.len());
        for call in calls {
            judged.push(self.judge(call)?);
        }
        let mut outputs = base::Hasher::new("round");
        let mut rest = calls;
        let mut denied = judged.into_iter();
        while !rest.is_empty() {
            // Calls that only look run side by side; any other alone, in its turn.
            let looking =
                rest.iter().take_while(|call| Tool::named(&call.name).is_some_and(Tool::reads)).count();
            let (batch, after) = rest.split_at(looking.max(1));
            let verdicts: Vec<Option<ToolRun>> = denied.by_ref().take(batch.len()).collect();
            let done = self.carry_out(step, batch, verdicts)?;
            let mut longest = Duration::ZERO;
            for (call, done) in batch.iter().zip(done) {
                let (shown, time) = self.settle(step, call, done)?;
                longest = longest.max(time);
                outputs.field(call.name.as_bytes()).field(call.arguments.as_bytes()).field(shown.as_bytes());
            }
            // What ran side by side has taken as long as the longest of it.
            self.clock.advance(longest);
            self.tally.times.tool_us += micros(longest);
            rest = after;
        }
        if let Some(max) = self.brief.policy.max_denials.filter(|max| self.tally.denied >= *max) {
            let reason = format!("{max} actions were denied by the policy");
            return Ok(Err(AgentEnd::stopped(FailureMode::Policy, reason)));
        }
        Ok(self.not_looping(outputs.finish()))
    }

    /// Notices an agent that does the same again and again and is told the same.
    fn not_looping(&mut self, round: Digest) -> Result<(), AgentEnd> {
        let count = match self.last_round {
            Some((last, count)) if last == round => count + 1,
            _ => 1,
        };
        self.last_round = Some((round, count));
        if count < LOOP_ROUNDS {
            return Ok(());
        }
        let reason = format!("the same calls gave the same outputs {count} times in a row");
        Err(AgentEnd::stopped(FailureMode::ToolLoop, reason))
    }

    /// What the policy says of a call; the run that stands for it where it is denied.
    fn judge(&mut self, call: &Asked) -> Result<Option<ToolRun>, AgentFault> {
        let Some(tool) = Tool::named(&call.name) else { return Ok(None) };
        let verdict = match tool.script(&call.arguments) {
            Some(script) => judge_command(self.brief.policy, &script),
            None => judge_tool(self.brief.policy, &tool.words(&call.arguments)),
        };
        let Some(Verdict { allowed, rule, reason }) = verdict else { return Ok(None) };
        let denied = (!allowed).then(|| ToolRun::denied(&reason));
        self.tell(Event::PolicyDecided { call_id: call.call_id.clone(), allowed, rule, reason })?;
        Ok(denied)
    }

    fn carry_out(
        &mut self,
        step: u32,
        batch: &[Asked],
        denied: Vec<Option<ToolRun>>,
    ) -> Result<Vec<Done>, AgentFault> {
        if self.tape.mode(step) == ToolsMode::Recorded {
            return Ok(batch.iter().map(|call| self.recorded(step, call)).collect());
        }
        let (env, cancel, tools) = (&*self.env, self.cancel, self.brief.prompt.tools);
        let one = |call: &Asked, denied: Option<ToolRun>, limit: &dyn Fn(Duration) -> Duration| {
            let start = Instant::now();
            let run = match (denied, Tool::named(&call.name).filter(|tool| tools.contains(tool))) {
                (Some(run), _) => Ok(run),
                (None, None) => Ok(ToolRun::rejected(format!("there is no tool named {}", call.name))),
                (None, Some(tool)) => tool.run(&call.arguments, env, cancel, limit),
            };
            run.map(|run| Done { run, real: start.elapsed(), effect: Effect::default() })
        };
        if let [call] = batch {
            let recorded = self.tape.tool(MAIN, step, &call.call_id).map(|(run, _)| run.outcome);
            let left = self.brief.budget.wall.saturating_sub(self.clock.elapsed());
            let limit = |asked: Duration| real_limit(asked.min(left.max(Duration::from_secs(1))), recorded);
            let verdict = denied.into_iter().next().flatten();
            let mut done = one(call, verdict, &limit)?;
            if self.cancel.is_cancelled() {
                return Err(AgentFault::Cancelled);
            }
            if self.tape.watches_files() && !Tool::named(&call.name).is_some_and(Tool::reads) {
                let files = self.look_at_files()?;
                done.effect = effect(&self.files, &files);
                self.files = files;
            }
            return Ok(vec![done]);
        }
        let results: Vec<_> = std::thread::scope(|scope| {
            let spawn = |(call, denied)| scope.spawn(move || one(call, denied, &|asked| asked));
            let threads: Vec<_> = batch.iter().zip(denied).map(spawn).collect();
            threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        let broken = || AgentFault::Keeping("a tool panicked".to_owned());
        results.into_iter().map(|joined| joined.map_err(|_| broken())?.map_err(AgentFault::from)).collect()
    }

    /// A call that is not carried out: what it gave when it was recorded. A plan is read from the call itself.
    fn recorded(&self, step: u32, call: &Asked) -> Done {
        let run = match self.tape.tool(MAIN, step, &call.call_id) {
            Some((recorded, _)) => {
                let plan = Tool::named(&call.name).and_then(|tool| tool.plan(&call.arguments));
                let output = self.tape.text(recorded.output);
                ToolRun { outcome: recorded.outcome, exit: recorded.exit, output, plan }
            }
            None => ToolRun::rejected("the recording does not hold this call"),
        };
        Done { run, real: Duration::ZERO, effect: Effect::default() }
    }

    fn look_at_files(&self) -> Result<Manifest, AgentFault> {
        let mut exclude = self.brief.exclude.to_vec();
        exclude.push(".git".to_owned());
        Ok(self.env.manifest("/app", &exclude)?)
    }

    /// Compares a call with its recording, or records it; puts its output into the conversation. Gives the text
    /// that the model is shown, and how long the call took on the trial's clock.
    fn settle(&mut self, step: u32, call: &Asked, done: Done) -> Result<(String, Duration), AgentFault> {
        let Done { mut run, real, effect } = done;
        let name = format!("tool {step} {}", call.call_id);
        let mut time = self.time.of(&name, &call.name, real);
        let mut block = Block::new(BlockKind::Item, items::output(&call.call_id, &run.output));
        let mut found: Option<Drift> = None;
        let mode = self.tape.mode(step);
        if let Some((recorded, output)) = self.tape.tool(MAIN, step, &call.call_id) {
            let text = self.tape.text(recorded.output);
            if mode != ToolsMode::Recorded {
                found = drift::of_tool(&recorded, &text, &run, &effect);
            }
            time = Duration::from_micros(recorded.duration_us);
            if mode != ToolsMode::Live {
                block = output;
                let plan = run.plan;
                run = ToolRun { outcome: recorded.outcome, exit: recorded.exit, output: text, plan };
            }
        }
        let kept = RecordedTool {
            lane: MAIN.to_owned(),
            step,
            call_id: call.call_id.clone(),
            outcome: run.outcome,
            exit: run.exit,
            output: 0,
            duration_us: micros(time),
            effect,
        };
        self.tape.record_tool(&block, kept)?;
        self.prompt.push(block);
        self.tally.tool(run.outcome);
        self.tally.real_tool_us += micros(real);
        self.report(step, call, &run, time, (real, found))?;
        Ok((run.output, time))
    }

    fn report(
        &mut self,
        step: u32,
        call: &Asked,
        run: &ToolRun,
        time: Duration,
        host: (Duration, Option<Drift>),
    ) -> Result<(), AgentFault> {
        if let Some(steps) = run.plan.clone().filter(|_| run.outcome == ToolOutcome::Ok) {
            self.tell(Event::Planned { steps })?;
        }
        let (real, drift) = host;
        self.count_drift(drift.as_ref());
        let event = Event::Acted(Acted {
            step,
            call_id: call.call_id.clone(),
            tool: call.name.clone(),
            arguments: call.arguments.clone(),
            outcome: run.outcome,
            exit: run.exit,
            output: Digest::of(run.output.as_bytes()),
            output_bytes: run.output.len() as u64,
            preview: run.output.lines().next().unwrap_or_default().chars().take(PREVIEW_MAX).collect(),
            duration_us: micros(time),
        });
        self.observer.event(event, Host { duration_us: Some(micros(real)), drift, ..Host::default() })
    }

    fn count_drift(&mut self, drift: Option<&Drift>) {
        if let Some(drift) = drift {
            *self.tally.drift.entry(drift.grade).or_default() += 1;
        }
    }

    /// The agent says that it is done: the visible checks run, and what they find goes back to it.
    fn evaluate(&mut self) -> Step<()> {
        if self.brief.checks.is_empty() {
            return Ok(Err(AgentEnd::finished("the agent said that it was done")));
        }
        self.round += 1;
        let (round, step) = (self.round, self.next_step() - 1);
        let mode = self.tape.mode(step);
        let start = Instant::now();
        let results = match mode {
            ToolsMode::Recorded => Vec::new(),
            ToolsMode::Run | ToolsMode::Live => {
                evaluate::run_checks(&*self.env, self.brief.checks, self.cancel)?
            }
        };
        if self.cancel.is_cancelled() {
            return Err(AgentFault::Cancelled);
        }
        let real = start.elapsed();
        let text = evaluate::feedback(&results, FEEDBACK_MAX);
        let mut checks: Vec<journal::CheckResult> = results.iter().map(check_result).collect();
        let mut time = self.time.of(&format!("checks {round}"), "checks", real);
        let mut back = text.map(|text| Block::new(BlockKind::Item, items::message("user", &text)));
        back = back.filter(|_| self.tally.rounds < self.brief.budget.rounds);
        let mut found = None;
        if let Some((recorded, feedback)) = self.tape.checks(step, round) {
            if mode != ToolsMode::Recorded {
                found = drift::of_checks(&recorded.checks, &checks);
            }
            time = Duration::from_micros(recorded.duration_us);
            if mode != ToolsMode::Live {
                checks = recorded.checks;
                back = feedback;
            }
        }
        self.tape.record_checks(round, checks.clone(), time, back.as_ref())?;
        self.clock.advance(time);
        self.tally.times.evaluate_us += micros(time);
        self.tally.real_evaluate_us += micros(real);
        self.count_drift(found.as_ref());
        let failed = checks.iter().filter(|check| !check.passed).count();
        let event = Event::Evaluated { round, checks, duration_us: micros(time) };
        self.observer
            .event(event, Host { duration_us: Some(micros(real)), drift: found, ..Host::default() })?;
        self.feed_back(round, failed, back)
    }

    fn feed_back(&mut self, round: u32, failed: usize, back: Option<Block>) -> Step<()> {
        let Some(block) = back else {
            return Ok(Err(AgentEnd::finished(match failed {
                0 => "the agent said that it was done and every visible check held".to_owned(),
                n => format!(
                    "the agent said that it was done; {n} visible checks failed and no round was left"
                ),
            })));
        };
        let text = match Item::decode(&block.raw) {
            Some(Item::Message { text, .. }) => text,
            _ => String::new(),
        };
        self.tally.rounds += 1;
        self.prompt.push(block);
        self.tell(Event::FedBack { round, text })?;
        Ok(Ok(()))
    }
}

/// How long a command may really run. Where a recording says that it ended by itself, the limit is only a net.
fn real_limit(limit: Duration, recorded: Option<ToolOutcome>) -> Duration {
    match recorded {
        Some(ToolOutcome::TimedOut) | None => limit,
        Some(_) => (limit * REAL_LIMIT_FACTOR).max(REAL_LIMIT_MIN),
    }
}

/// A check's result, as journals keep it.
pub fn check_result(result: &evaluate::CheckResult) -> journal::CheckResult {
    let findings = result.findings.iter().map(|finding| Finding {
        file: finding.file.clone(),
        line: finding.line,
        rule: finding.rule.clone(),
        message: finding.message.clone(),
    });
    journal::CheckResult {
        name: result.name.clone(),
        kind: result.kind.name().to_owned(),
        passed: result.passed,
        findings: findings.collect(),
    }
}
