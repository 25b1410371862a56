//! `retake ab`: is HEAD better than BASE? Four stages, each printed before the next begins, one file each; `watch` follows the last.

mod arms;
mod free;
mod live;
mod plan;
mod probe;
mod watch;

use std::collections::BTreeMap;

use journal::RunDir;
use promptcache::{O200k, Price, PriceTable, Profiles, Rules};
use report::TerminalOptions;
use report::ab::{Affords, PlanInput, PlanResult, Stage, live_text, plan_text, probe_text, rewrite_text};
use runner::{Live, Planned};
use serde::Serialize;

use crate::args::{AbArgs, CacheApart, Common, LastStage};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::run;
use crate::settings::{self, Settings, Signals};

use arms::Question;
use live::Asked;

/// Relative costs this far apart count as equivalent, as in `retake compare`.
const RELATIVE_MARGIN: f64 = 0.05;

/// Carries the verb out.
pub(crate) fn ab(args: &AbArgs, common: &Common) -> Result<Exit, Failure> {
    let settings = Settings::read(common)?;
    let question = Question::read(args, &settings)?;
    let last = last_stage(args, &question)?;
    let ground = Ground::new(question.settings)?;
    if question.same {
        output::note("both arms are the same: this measures how far apart equal arms come out");
    }
    let free = free::carry_out(&question, &ground)?;
    tell(Stage::Free, &question, &free, common, || {
        rewrite_text(&free, &question.base.name, &question.head.name)
    })?;
    if free.causes.iter().any(|cause| !cause.declared) {
        output::note(
            "the arms differ in more than they are made of: what follows would compare something else",
        );
        return Ok(Exit::Diverged);
    }
    if last == LastStage::Free {
        return Ok(if free.recordings == 0 { Exit::Nothing } else { Exit::Done });
    }
    let input = plan::input(args, &question, &free, &ground)?;
    let plan = input.plan();
    tell(Stage::Plan, &question, &plan, common, || plan_text(&plan))?;
    if let Some(exit) = refused(&plan, last) {
        return Ok(exit);
    }
    asked(args, common, &question, &ground, (&input, last))
}

/// The stages that ask live models, with one purse.
fn asked(
    args: &AbArgs,
    common: &Common,
    question: &Question<'_>,
    ground: &Ground,
    (input, last): (&PlanInput, LastStage),
) -> Result<Exit, Failure> {
    let (base, head) = (&question.base.name, &question.head.name);
    let signals = Signals::listen()?;
    let live = open_live(args, question)?;
    if input.probes.0 > 0 {
        let probe = probe::carry_out(args, question, ground, &live, &signals.cancel)?;
        tell(Stage::Probe, question, &probe, common, || probe_text(&probe, base, head))?;
        if signals.cancel.is_cancelled() {
            output::note("stopped before the first trial: there is nothing to go on with");
            return Ok(signals.exit());
        }
        if let (0, Some(why)) = (probe.steps, probe.failed.first()) {
            return Err(Failure::host(format!("the model answers nowhere: {why}")));
        }
        if probe.stopped.is_some() {
            return Ok(Exit::Inconclusive);
        }
    }
    if last == LastStage::Probe {
        return Ok(Exit::Done);
    }
    let terms = input.terms(args.guard, args.margin, RELATIVE_MARGIN);
    let trials = input.plan().estimate.trials;
    tried(&Asked { args, question, live: &live, signals: &signals, terms, trials }, None, common)
}

/// Stage 4 of a question that was cut there. What it was asked for and by what it is decided is as it was; nothing before it is
/// done or paid again.
pub(crate) fn go_on(
    dir: RunDir,
    args: &AbArgs,
    settings: &Settings,
    common: &Common,
) -> Result<Exit, Failure> {
    let plan = dir.header()?;
    let terms = plan.terms.ok_or_else(|| {
        Failure::usage("the run doesn't say by what its question is decided: ask anew, with another --seed")
    })?;
    let question = Question::read(args, settings)?;
    let signals = Signals::listen()?;
    let live = open_live(args, &question)?;
    let trials = plan.plan.trials;
    let asked = Asked { args, question: &question, live: &live, signals: &signals, terms, trials };
    tried(&asked, Some(dir), common)
}

fn tried(asked: &Asked<'_>, resume: Option<RunDir>, common: &Common) -> Result<Exit, Failure> {
    let answered = live::carry_out(asked, resume)?;
    if let Some(result) = &answered.result {
        let options = TerminalOptions { color: output::color(), width: None };
        tell(Stage::Live, asked.question, result, common, || live_text(result, &options))?;
        output::note(&format!("the trials and their reports are in {}", result.out));
    }
    if matches!(answered.exit, Exit::Stopped | Exit::Terminated) {
        output::note(&format!("stopped; go on with: {}", run::going_on(&answered.dir)));
    }
    Ok(answered.exit)
}

fn open_live(args: &AbArgs, question: &Question<'_>) -> Result<Live, Failure> {
    let wanted = [&question.base, &question.head].map(|side| (side.variant.agent.as_str(), &side.model));
    Ok(runner::open_live(&wanted, &settings::variable, args.max_cost)?)
}

/// The plan of a question's live trials as it would be made now.
pub(crate) fn planned_again(args: &AbArgs, settings: &Settings, trials: u32) -> Result<Planned, Failure> {
    live::planned(args, &Question::read(args, settings)?, trials)
}

/// Why a plan goes no further, where it must not.
fn refused(plan: &PlanResult, last: LastStage) -> Option<Exit> {
    if let Some(wanted) = plan.detect.filter(|wanted| plan.estimate.detectable_pass_rate > *wanted) {
        output::note(&format!(
            "this plan can't show a difference of {:.1} points: nothing was spent",
            100.0 * wanted
        ));
        return Some(Exit::Inconclusive);
    }
    if plan.affords == Affords::Nothing && last == LastStage::Live {
        output::note("the budget doesn't pay for one pair of trials: nothing was spent");
        return Some(Exit::Inconclusive);
    }
    (last == LastStage::Plan).then_some(Exit::Done)
}

/// How far to go. What costs money needs a limit or a word.
fn last_stage(args: &AbArgs, question: &Question<'_>) -> Result<LastStage, Failure> {
    let wanted = args.stage.unwrap_or(LastStage::Live);
    if args.dry_run {
        return Ok(wanted.min(LastStage::Plan));
    }
    if wanted <= LastStage::Plan {
        return Ok(wanted);
    }
    if args.cache == CacheApart::Cold && wanted == LastStage::Live && !question.is_native() {
        let why = "--cache cold is for the native agent: others make their requests themselves, and their trials meet \
                   whatever a provider keeps";
        return Err(Failure::usage(why));
    }
    let allowed = args.max_cost.is_some() || args.yes;
    match (question.is_live(), allowed, args.stage) {
        (true, true, _) => Ok(wanted),
        (_, false, None) => Ok(LastStage::Plan),
        (false, true, _) | (false, _, Some(_)) => Err(Failure::usage(
            "both arms need a live model: name one with --model BACKEND:MODEL, or leave out --max-cost and --yes",
        )),
        (true, false, Some(_)) => {
            Err(Failure::usage("live models cost money: say how much with --max-cost, or --yes"))
        }
    }
}

/// One stage's line, as JSON.
#[derive(Serialize)]
struct Line<'a, T> {
    stage: Stage,
    arms: Names<'a>,
    #[serde(flatten)]
    result: &'a T,
}

#[derive(Serialize)]
struct Names<'a> {
    base: &'a str,
    head: &'a str,
}

/// Prints what a stage came to.
fn tell<T: Serialize>(
    stage: Stage,
    question: &Question<'_>,
    result: &T,
    common: &Common,
    text: impl FnOnce() -> String,
) -> Result<(), Failure> {
    if common.json {
        let arms = Names { base: &question.base.name, head: &question.head.name };
        return output::json(&Line { stage, arms, result });
    }
    let gap = if stage == Stage::Free { "" } else { "\n" };
    output::text(&format!("{gap}{}", text()))
}

/// What caches and money are reckoned with.
struct Ground {
    profiles: Profiles,
    prices: PriceTable,
    own_prices: BTreeMap<String, Price>,
}

impl Ground {
    fn new(settings: &Settings) -> Result<Self, Failure> {
        Ok(Self {
            profiles: Profiles::built_in().map_err(Failure::host)?,
            prices: PriceTable::built_in().map_err(Failure::host)?,
            own_prices: settings.own_prices(),
        })
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            profiles: &self.profiles,
            forced: None,
            prices: &self.prices,
            own_prices: &self.own_prices,
            tokenizer: &O200k,
        }
    }
}
