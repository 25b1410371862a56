//! Stage 4: whole trials of both arms, interleaved, until the question is answered or the money is spent; cut at any moment, it
//! goes on where it was.

use base::{Seed, SystemClock, TrialId};
use journal::{Replaying, RunDir, Terms};
use report::Scores;
use report::ab::{LiveResult, Pairs, Stop, decide};
use report::compare::{Arm, Comparison, Options as CompareOptions, Verdict};
use report::history::{HistoryLine, QuestionKind, QuestionLine};
use runner::{Live, Options, Planned, RunOutcome, Selection};
use sandbox::Walls;

use super::arms::Question;
use super::watch::{State, Watch};
use crate::args::{AbArgs, CacheApart};
use crate::exit::{Exit, Failure};
use crate::run;
use crate::settings::{self, Signals};

/// What is carried out.
pub(super) struct Asked<'a> {
    pub(super) args: &'a AbArgs,
    pub(super) question: &'a Question<'a>,
    pub(super) live: &'a Live,
    pub(super) signals: &'a Signals,
    pub(super) terms: Terms,
    /// Trials of each task in each arm.
    pub(super) trials: u32,
}

/// How it ended.
pub(super) struct Answered {
    pub(super) dir: RunDir,
    /// Nothing where it was cut before a pair could be judged.
    pub(super) result: Option<LiveResult>,
    pub(super) exit: Exit,
}

/// Carries the pairs out, those of a run that goes on where there is one, and says what they came to.
pub(super) fn carry_out(asked: &Asked<'_>, resume: Option<RunDir>) -> Result<Answered, Failure> {
    let Asked { args, question, signals, .. } = *asked;
    let planned = planned(args, question, asked.trials)?;
    let prices = question.settings.prices()?;
    let pairs = Pairs::new(asked.terms, question.same, planned.trials.iter().map(|trial| &trial.id));
    let watch = Watch::new(question, &prices, pairs);
    let clock = SystemClock::start();
    let options = asked.options(&clock)?;
    let outcome = match resume {
        None => runner::run(&planned, &options, &watch)?,
        Some(dir) => runner::resume(dir, &planned, &options, &watch)?,
    };
    let state = watch.finish();
    run::kept(&outcome)?;
    let cut = signals.cancel.is_cancelled().then_some(Stop::Cancelled);
    let spent = outcome.spent.as_ref().map(|_| Stop::MaxCost);
    let stopped = state.stop().or(cut).or(spent);
    let result = asked.result(&outcome, &state, stopped)?;
    let verdict = result.as_ref().map(|result| result.comparison.rate.verdict);
    let exit = match (stopped, verdict) {
        (Some(Stop::Cancelled), _) => signals.exit(),
        (Some(Stop::NoAnswer), _) => Exit::Fault,
        (_, Some(Verdict::Inconclusive)) if !question.same => Exit::Inconclusive,
        _ => Exit::Done,
    };
    Ok(Answered { dir: outcome.dir, result, exit })
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

/// What asks the same question again, wherever it is started: for going on with it, and for verifying its workspaces again. By what
/// it is decided stands beside it.
fn arguments(args: &AbArgs, question: &Question<'_>) -> Vec<String> {
    let mut list = vec!["ab".to_owned(), format!("--directory={}", question.settings.directory.display())];
    list.push(format!("--seed={}", args.seed));
    list.push(format!("--cache={}", word(args.cache)));
    list.extend(args.task.iter().map(|task| format!("--task={task}")));
    let named = [("variant", &args.variant), ("as", &args.place), ("model", &args.model)];
    list.extend(named.iter().filter_map(|(name, value)| Some(format!("--{name}={}", value.as_ref()?))));
    list.extend(args.out.iter().map(|out| format!("--out={}", out.display())));
    list.extend(args.max_cost.map(|usd| format!("--max-cost={usd}")));
    list.push(format!("--live-jobs={}", args.live_jobs));
    list.extend(args.uncontained.then(|| "--uncontained".to_owned()));
    list.push("--".to_owned());
    list.extend([&args.base, &args.head].into_iter().chain(&args.suites).cloned());
    list
}

impl Asked<'_> {
    fn options<'c>(&self, clock: &'c SystemClock) -> Result<Options<'c>, Failure> {
        let Self { args, question, .. } = *self;
        let settings = question.settings;
        let plain = settings.plain_options(&question.out, None, self.signals, clock)?;
        Ok(Options {
            live_jobs: args.live_jobs as usize,
            live: self.live.clone(),
            walls: if args.uncontained { Walls::uncontained() } else { Walls::full() },
            arguments: arguments(args, question),
            terms: Some(self.terms),
            git: settings::git(&settings.config.root),
            ..plain
        })
    }

    /// What the judged pairs say; nothing where it was cut before there was one. Only what came to its end enters the history.
    fn result(
        &self,
        outcome: &RunOutcome,
        state: &State,
        stopped: Option<Stop>,
    ) -> Result<Option<LiveResult>, Failure> {
        let Self { args, question, terms, .. } = *self;
        let data = question.settings.load(&outcome.dir)?;
        let scores = Scores::of(&data);
        report::write(&outcome.dir, &data, &scores, &crate::report::unasked(&data)).map_err(Failure::host)?;
        let arm = |name: &str| Arm::of(&data, name).ok_or_else(|| Failure::host(format!("no arm {name}")));
        let broken = matches!(stopped, Some(Stop::ModelChanged | Stop::NoAnswer));
        let (mut base, mut head) = (arm(&question.base.name)?, arm(&question.head.name)?);
        for arm in [&mut base, &mut head] {
            if broken { state.pairs.keep_whole(arm) } else { state.pairs.keep_judged(arm) }
        }
        if base.tasks.is_empty() {
            if stopped == Some(Stop::Cancelled) {
                return Ok(None);
            }
            let why = "the first pair of trials did not become whole: there is nothing to compare";
            return Err(Failure::new(Exit::Nothing, format!("{why}; see {}", outcome.dir.path.display())));
        }
        let options =
            CompareOptions { margin: terms.margin, seed: Seed::new(args.seed), ..CompareOptions::default() };
        let mut comparison = Comparison::of(&base, &head, &options)?;
        report::find_forks(&mut comparison, [&outcome.dir, &outcome.dir]);
        let decider = state.pairs.decider();
        let verdict = if broken { Verdict::Inconclusive } else { decider.verdict() };
        decide(&mut comparison, decider, verdict);
        let (pass_variance, cost_variance) = decider.variances();
        let line = HistoryLine {
            question: Some(QuestionLine {
                kind: if question.same { QuestionKind::Aa } else { QuestionKind::Ab },
                base: question.base.name.clone(),
                head: question.head.name.clone(),
                // Of arms that couldn't be compared nothing is to be reckoned with.
                pairs: if broken { 0 } else { decider.pairs() },
                pass_variance,
                cost_variance,
                verdict,
            }),
            ..HistoryLine::of(&data, &scores).map_err(Failure::host)?
        };
        if stopped != Some(Stop::Cancelled) {
            run::remember(&outcome.dir, &line)?;
        }
        Ok(Some(LiveResult {
            comparison,
            out: outcome.dir.path.display().to_string(),
            pairs: decider.pairs(),
            planned_pairs: terms.planned,
            lost_pairs: state.pairs.lost(),
            stopped,
            pass_sequence: decider.pass(),
            cost_sequence: decider.cost(),
            has_price: state.pairs.has_price(),
            guard: terms.guard,
            guard_held: decider.guard_held(),
            spent_usd: self.live.spent(),
            max_cost_usd: args.max_cost,
            cache: if question.is_native() { word(args.cache) } else { report::ab::OWN_CACHE }.to_owned(),
            same: question.same,
        }))
    }
}

fn word(cache: CacheApart) -> &'static str {
    match cache {
        CacheApart::Warm => "warm",
        CacheApart::Cold => "cold",
    }
}
