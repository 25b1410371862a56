//! Stage 3, cheap: the live model's next action at recorded steps.

use base::Seed;
use report::ab::{ProbeInput, ProbeResult, ProbedStep};
use runner::{Asking, Live, ProbeStep};
use sandbox::Cancel;
use wire::Usage;

use super::arms::{Question, Side};
use super::{Ground, free};
use crate::args::AbArgs;
use crate::exit::Failure;

/// Asks at a seeded sample of steps, at most `args.probes`.
pub(super) fn carry_out(
    args: &AbArgs,
    question: &Question<'_>,
    ground: &Ground,
    live: &Live,
    cancel: &Cancel,
) -> Result<ProbeResult, Failure> {
    let steps = steps(question, Seed::new(args.seed), args.probes as usize)?;
    let specs = [&question.base.model, &question.head.model];
    let jobs = args.live_jobs as usize;
    let heard = runner::probe(&steps, specs, live, (jobs, Seed::new(args.seed), cancel))?;
    let cost = |side: &Side, usage: Usage| Some(ground.rules().price_of(side.asked(""))?.cost(usage));
    let cost_usd = cost(&question.base, heard.usage[0]).zip(cost(&question.head, heard.usage[1]));
    let place = |at: usize| format!("{} step {}", steps[at].task, steps[at].step);
    let input = ProbeInput {
        planned: steps.len() as u64,
        failed: heard.failed.iter().map(|(at, why)| format!("{}: {why}", place(*at))).collect(),
        steps: heard
            .probed
            .into_iter()
            .map(|probed| ProbedStep {
                task: steps[probed.at].task.clone(),
                number: steps[probed.at].number,
                step: steps[probed.at].step,
                actions: probed.actions.map(|action| (action.key, action.shown)),
            })
            .collect(),
        served: heard.served,
        cost_usd: cost_usd.map(|(base, head)| base + head),
        stopped: heard.spent,
    };
    Ok(input.count())
}

/// Steps of every task in turn, each drawn from those of the task that are left.
fn steps(question: &Question<'_>, seed: Seed, most: usize) -> Result<Vec<ProbeStep>, Failure> {
    let (pairs, _) = free::pairs(question)?;
    let mut tasks: Vec<Vec<(usize, usize)>> = Vec::new();
    let mut last = None;
    for (at, pair) in pairs.iter().enumerate() {
        if last.replace(&pair.task) != Some(&pair.task) {
            tasks.push(Vec::new());
        }
        if let Some(task) = tasks.last_mut() {
            task.extend((0..pair.base.requests()).map(|request| (at, request)));
        }
    }
    let mut drawn = Vec::new();
    while drawn.len() < most && tasks.iter().any(|left| !left.is_empty()) {
        for left in tasks.iter_mut().filter(|left| !left.is_empty()) {
            let at = seed.derive(&format!("probed step {}", drawn.len())).unit() * left.len() as f64;
            drawn.push(left.swap_remove(at as usize));
        }
    }
    drawn.truncate(most);
    let step = |(pair, request): (usize, usize)| {
        let pair = &pairs[pair];
        ProbeStep {
            task: pair.task.clone(),
            number: pair.number,
            step: u32::try_from(request + 1).unwrap_or(u32::MAX),
            asked: Asking {
                protocol: pair.base.protocol(request),
                agent: pair.cassette.header.agent.clone(),
            },
            base: pair.base.prompt(request),
            head: pair.head.prompt(request),
        }
    };
    Ok(drawn.into_iter().map(step).collect())
}
