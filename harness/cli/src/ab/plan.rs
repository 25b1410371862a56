//! Stage 2: what live trials of the question would cost and could show.

use report::ab::{ASSUMED_TRIAL, Known, NoiseSource, PlanInput, RewriteResult, TaskCost};
use report::history;

use super::Ground;
use super::arms::{Question, Side};
use crate::args::AbArgs;
use crate::exit::Failure;

/// Pairs of an earlier question below which its noise is not believed.
const LEAST_PAIRS: u64 = 10;

/// What the plan is made from.
pub(super) fn input(
    args: &AbArgs,
    question: &Question<'_>,
    free: &RewriteResult,
    ground: &Ground,
) -> Result<PlanInput, Failure> {
    let tasks: Vec<TaskCost> = question
        .suites
        .iter()
        .flat_map(|suite| suite.ready().map(|task| cost(free, &format!("{}/{}", suite.name, task.name))))
        .collect();
    if tasks.is_empty() {
        return Err(Failure::usage("there is no task to try"));
    }
    let live = question.is_live() || args.model.is_some();
    let probes = if live && free.requests > 0 {
        u32::try_from(free.requests).unwrap_or(u32::MAX).min(args.probes)
    } else {
        0
    };
    Ok(PlanInput {
        tasks,
        assumed_usd: assumed(&question.base, ground).zip(assumed(&question.head, ground)),
        trials: args.trials,
        max_cost: args.max_cost,
        probes: (probes, probe_cost(free, probes)),
        jobs: args.live_jobs,
        known: known(question)?,
        detect: args.detect,
    })
}

/// What a trial costs that nobody has recorded, where the model has a price.
fn assumed(side: &Side, ground: &Ground) -> Option<f64> {
    Some(ground.rules().price_of(side.asked(""))?.cost(ASSUMED_TRIAL))
}

fn cost(free: &RewriteResult, task: &str) -> TaskCost {
    let own = free.trials.iter().filter(|trial| trial.task == task);
    TaskCost {
        task: task.to_owned(),
        usd: own.clone().filter_map(|trial| trial.base.cost_usd.zip(trial.head.cost_usd)).collect(),
        time_us: own.map(|trial| trial.time_us).collect(),
    }
}

/// What it costs to ask at so many steps, twice as base and once as head, with nothing in a cache, in USD.
fn probe_cost(free: &RewriteResult, probes: u32) -> Option<f64> {
    let (base, head) = (free.base.cost_without_cache_usd?, free.head.cost_without_cache_usd?);
    (free.requests > 0).then(|| f64::from(probes) * (2.0 * base + head) / free.requests as f64)
}

/// The noise of the tasks, where a question before measured it: the last of an arm against itself, else of any two.
fn known(question: &Question<'_>) -> Result<Known, Failure> {
    let file = history::read(&question.out)?;
    let tasks: Vec<String> = question
        .suites
        .iter()
        .flat_map(|suite| suite.ready().map(|task| format!("{}/{}", suite.name, task.name)))
        .collect();
    let fits = |line: &&history::HistoryLine| {
        let tried = |task: &String| line.variants.iter().any(|variant| variant.tasks.contains_key(task));
        line.question.as_ref().is_some_and(|question| question.pairs >= LEAST_PAIRS)
            && tasks.iter().all(tried)
    };
    let asked = file.lines.iter().filter(fits);
    let last = asked.max_by_key(|line| {
        let itself = line.question.as_ref().is_some_and(|q| q.kind == history::QuestionKind::Aa);
        (itself, line.created)
    });
    let known = last.and_then(|line| {
        let question = line.question.as_ref()?;
        // What few pairs have measured may be too little by chance: two of its standard errors more is reckoned with.
        let more = 1.0 + 2.0 * (2.0 / question.pairs as f64).sqrt();
        Some(Known {
            pass_variance: Some(more * question.pass_variance),
            cost_variance: Some(more * question.cost_variance),
            source: NoiseSource::History { run_id: line.run_id.to_string() },
        })
    });
    Ok(known.unwrap_or_default())
}
