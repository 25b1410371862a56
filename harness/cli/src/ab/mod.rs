//! `retake ab`: is HEAD better than BASE? Four stages, each printed before the next begins, one file each.

mod arms;
mod free;
mod plan;

use std::collections::BTreeMap;

use promptcache::{O200k, Price, PriceTable, Profiles, Rules};
use report::ab::{PlanResult, Stage, plan_text, rewrite_text};
use serde::Serialize;

use crate::args::{AbArgs, Common, LastStage};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::Settings;

use arms::Question;

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
    let input = plan::input(args, &question, &free)?;
    let plan = input.plan();
    tell(Stage::Plan, &question, &plan, common, || plan_text(&plan))?;
    if let Some(exit) = refused(&plan, last) {
        return Ok(exit);
    }
    Ok(Exit::Done)
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
