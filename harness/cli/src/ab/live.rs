//! Stage 4: whole trials of both arms, interleaved, until the question is answered or the money is spent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use base::{Seed, SystemClock, TrialId};
use journal::{Ended, FailureMode, Outcome, Replaying, RunDir};
use report::ab::{Decider, LiveResult, PlanInput, Stop, Terms, decide, relative_difference, whole_pairs};
use report::compare::{Arm, Comparison, Options as CompareOptions, Verdict};
use report::history::{self, HistoryLine, QuestionKind, QuestionLine};
use report::{Prices, Scores};
use runner::{Live, Options, Planned, Progress, RunOutcome, Selection};
use sandbox::Walls;

use super::Ground;
use super::arms::Question;
use crate::args::{AbArgs, CacheApart};
use crate::exit::{Exit, Failure};
use crate::progress::Bar;
use crate::settings::{self, Signals};

/// Trials in a row without one answer after which no further begins.
const SILENT_MAX: u32 = 6;
/// Relative costs this far apart count as equivalent, as in `retake compare`.
const RELATIVE_MARGIN: f64 = 0.05;

/// Carries the pairs out, and says what they came to.
pub(super) fn carry_out(
    args: &AbArgs,
    question: &Question<'_>,
    ground: &Ground,
    live: &Live,
    (input, signals): (&PlanInput, &Signals),
) -> Result<(LiveResult, Exit), Failure> {
    let plan = input.plan();
    let planned = planned(args, question, plan.estimate.trials)?;
    let terms = Terms {
        guard: args.guard,
        margin: args.margin,
        relative_margin: RELATIVE_MARGIN,
        planned: plan.affordable_pairs.max(1),
        pass_variance: input.pass_variance(),
        cost_variance: input.cost_variance(),
    };
    let prices = Prices { table: ground.prices.clone(), own: ground.own_prices.clone() };
    let watch = Watch {
        bar: Bar::new(false),
        prices: &prices,
        heads: &question.head.name,
        one_model: question.base.model == question.head.model,
        to_the_end: question.same,
        state: Mutex::new(State::new(terms)),
    };
    let clock = SystemClock::start();
    let options = options(args, question, live, (signals, &clock))?;
    let outcome = runner::run(&planned, &options, &watch)?;
    watch.bar.finish();
    let state = watch.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(fault) = &outcome.fault {
        return Err(Failure::host(format!("the run could not be kept: {fault}")));
    }
    let stopped = state.stop.or_else(|| outcome.spent.as_ref().map(|_| Stop::MaxCost));
    let stopped = stopped.or_else(|| signals.cancel.is_cancelled().then_some(Stop::Cancelled));
    let told = Ending { args, question, live, terms, stopped };
    let result = told.result(&outcome, &state)?;
    let exit = match (stopped, result.comparison.rate.verdict) {
        (Some(Stop::Cancelled), _) => signals.exit(),
        (Some(Stop::NoAnswer), _) => Exit::Fault,
        (_, Verdict::Inconclusive) if !question.same => Exit::Inconclusive,
        _ => Exit::Done,
    };
    Ok((result, exit))
}

/// The trials, pair by pair: a round has every task once, in an order that is drawn, and which arm of a pair goes first is drawn.
pub(super) fn planned(args: &AbArgs, question: &Question<'_>, trials: u32) -> Result<Planned, Failure> {
    let apart = match args.cache {
        CacheApart::Warm => runner::CacheApart::Warm,
        CacheApart::Cold => runner::CacheApart::Cold,
    };
    let selection = Selection {
        suites: question.settings.suites(&args.suites)?,
        tasks: args.task.clone(),
        variants: vec![question.base.variant.clone(), question.head.variant.clone()],
        trials,
        seed: args.seed,
        faults: None,
        backends: question.settings.config.backends.clone(),
        replaying: Replaying::default(),
        fork: None,
        apart: Some(apart),
    };
    let mut planned = runner::plan(selection, &settings::run_git)?;
    let seed = Seed::new(args.seed);
    let drawn = |what: &str, id: &TrialId| {
        (seed.derive(&format!("{what} {}/{} {}", id.suite, id.task, id.number)).unit() * 1e9) as u64
    };
    planned.trials.sort_by_key(|trial| {
        let id = &trial.id;
        let head_first = drawn("first", id) % 2 == 0;
        let place = (id.variant == question.head.name) != head_first;
        (id.number, drawn("order", id), id.task.clone(), place)
    });
    Ok(planned)
}

fn options<'a>(
    args: &AbArgs,
    question: &Question<'_>,
    live: &Live,
    (signals, clock): (&Signals, &'a SystemClock),
) -> Result<Options<'a>, Failure> {
    let settings = question.settings;
    let plain = settings.plain_options(&question.out, None, signals, clock)?;
    Ok(Options {
        live_jobs: args.live_jobs as usize,
        live: live.clone(),
        walls: if args.uncontained { Walls::uncontained() } else { Walls::full() },
        arguments: arguments(args, question),
        git: settings::git(&settings.config.root),
        ..plain
    })
}

/// What makes the same plan again, wherever it is started: for verifying its workspaces again.
fn arguments(args: &AbArgs, question: &Question<'_>) -> Vec<String> {
    let mut list = vec!["ab".to_owned(), format!("--directory={}", question.settings.directory.display())];
    list.push(format!("--seed={}", args.seed));
    let cache = if args.cache == CacheApart::Cold { "cold" } else { "warm" };
    list.push(format!("--cache={cache}"));
    list.extend(args.task.iter().map(|task| format!("--task={task}")));
    let named = [("variant", &args.variant), ("as", &args.place), ("model", &args.model)];
    list.extend(named.iter().filter_map(|(name, value)| Some(format!("--{name}={}", value.as_ref()?))));
    list.push("--".to_owned());
    list.extend([&args.base, &args.head].into_iter().chain(&args.suites).cloned());
    list
}

/// Pairs as they become whole.
struct State {
    decider: Decider,
    /// What one trial of a pair came to, until the other has ended: its place, passed (nothing where it has no verdict), cost, tokens.
    halves: BTreeMap<(String, String, u32), Half>,
    lost: u64,
    /// Trials in a row that got no answer.
    silent: u32,
    has_price: bool,
    served: [BTreeSet<String>; 2],
    stop: Option<Stop>,
}

#[derive(Clone, Copy)]
struct Half {
    head: bool,
    passed: Option<bool>,
    usd: Option<f64>,
    tokens: f64,
}

impl State {
    fn new(terms: Terms) -> Self {
        Self {
            decider: Decider::new(terms),
            halves: BTreeMap::new(),
            lost: 0,
            silent: 0,
            has_price: true,
            served: [BTreeSet::new(), BTreeSet::new()],
            stop: None,
        }
    }

    fn take(&mut self, id: &TrialId, half: Half) {
        let key = (id.suite.clone(), id.task.clone(), id.number);
        let Some(other) = self.halves.remove(&key) else {
            self.halves.insert(key, half);
            return;
        };
        let (base, head) = if half.head { (other, half) } else { (half, other) };
        let (Some(was), Some(is)) = (base.passed, head.passed) else {
            self.lost += 1;
            return;
        };
        let money = base.usd.zip(head.usd);
        self.has_price &= money.is_some();
        let (a, b) = money.unwrap_or((base.tokens, head.tokens));
        let pass = f64::from(u8::from(is)) - f64::from(u8::from(was));
        self.decider.push(pass, relative_difference(a, b));
    }
}

/// Follows the trials, and says when it is enough.
struct Watch<'a> {
    bar: Bar,
    prices: &'a Prices,
    heads: &'a str,
    /// Whether both arms ask for the same model.
    one_model: bool,
    /// An arm against itself goes on to its end: it measures noise.
    to_the_end: bool,
    state: Mutex<State>,
}

impl Progress for Watch<'_> {
    fn begun(&self, run: &RunDir, trials: usize, finished: usize) {
        self.bar.begun(run, trials, finished);
    }

    fn started(&self, trial: &TrialId) {
        self.bar.started(trial);
    }

    fn ended(&self, trial: &TrialId, ended: &Ended) {
        self.bar.ended(trial, ended);
        let head = trial.variant == self.heads;
        // A model that never answered says nothing about either arm.
        let silent = ended.steps == 0 && ended.failure == Some(FailureMode::ModelError);
        let passed = match ended.outcome {
            Outcome::Passed => Some(true),
            Outcome::Failed if !silent => Some(false),
            _ => None,
        };
        let usd = self.prices.cost(ended).map(|cost| cost.usd);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let arm = if self.one_model { 0 } else { usize::from(head) };
        state.silent = if silent { state.silent + 1 } else { 0 };
        if state.silent >= SILENT_MAX {
            state.stop = Some(Stop::NoAnswer);
        }
        state.served[arm].extend(ended.served.iter().cloned());
        if state.served[arm].len() > 1 {
            state.stop = Some(Stop::ModelChanged);
        }
        state.take(trial, Half { head, passed, usd, tokens: ended.usage.total() as f64 });
        if state.stop.is_none() && !self.to_the_end {
            state.stop = state.decider.stop();
        }
    }

    fn is_enough(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stop.is_some()
    }
}

/// What is needed to say how it ended.
struct Ending<'a> {
    args: &'a AbArgs,
    question: &'a Question<'a>,
    live: &'a Live,
    terms: Terms,
    stopped: Option<Stop>,
}

impl Ending<'_> {
    fn result(&self, outcome: &RunOutcome, state: &State) -> Result<LiveResult, Failure> {
        let Self { args, question, terms, stopped, .. } = *self;
        let data = question.settings.load(&outcome.dir)?;
        let scores = Scores::of(&data);
        report::write(&outcome.dir, &data, &scores, &crate::report::unasked(&data)).map_err(Failure::host)?;
        let arm = |name: &str| Arm::of(&data, name).ok_or_else(|| Failure::host(format!("no arm {name}")));
        let (mut base, mut head) = (arm(&question.base.name)?, arm(&question.head.name)?);
        whole_pairs(&mut base, &mut head);
        if base.tasks.is_empty() {
            let why = "no pair of trials became whole: there is nothing to compare";
            return Err(Failure::new(Exit::Nothing, format!("{why}; see {}", outcome.dir.path.display())));
        }
        let options =
            CompareOptions { margin: args.margin, seed: Seed::new(args.seed), ..CompareOptions::default() };
        let mut comparison = Comparison::of(&base, &head, &options)?;
        report::find_forks(&mut comparison, [&outcome.dir, &outcome.dir]);
        let broken = matches!(stopped, Some(Stop::ModelChanged | Stop::NoAnswer));
        let verdict = if broken { Verdict::Inconclusive } else { state.decider.verdict() };
        decide(&mut comparison, &state.decider, verdict);
        let (pass_variance, cost_variance) = state.decider.variances();
        let line = HistoryLine {
            question: Some(QuestionLine {
                kind: if question.same { QuestionKind::Aa } else { QuestionKind::Ab },
                base: question.base.name.clone(),
                head: question.head.name.clone(),
                // Of arms that couldn't be compared nothing is to be reckoned with.
                pairs: if broken { 0 } else { state.decider.pairs() },
                pass_variance,
                cost_variance,
                verdict,
            }),
            ..HistoryLine::of(&data, &scores).map_err(Failure::host)?
        };
        history::append(&question.out, &line)?;
        Ok(LiveResult {
            comparison,
            out: outcome.dir.path.display().to_string(),
            pairs: state.decider.pairs(),
            planned_pairs: terms.planned,
            lost_pairs: state.lost,
            stopped,
            pass_sequence: state.decider.pass(),
            cost_sequence: state.decider.cost(),
            has_price: state.has_price,
            guard: terms.guard,
            guard_held: state.decider.guard_held(),
            spent_usd: self.live.spent(),
            max_cost_usd: args.max_cost,
            cache: match args.cache {
                CacheApart::Warm => "warm".to_owned(),
                CacheApart::Cold => "cold".to_owned(),
            },
            same: question.same,
        })
    }
}
