//! The stages of a question for people at a terminal. Computes nothing.

use std::fmt::Write as _;

use super::live::{LiveResult, OWN_CACHE, Stop, Told};
use super::plan::{Affords, Estimate, NoiseSource, PlanResult, Range};
use super::probe::ProbeResult;
use super::rewrite::{ArmFigures, RewriteResult};
use cassette::align::Glimpse;

use crate::TerminalOptions;
use crate::compare::comparison_text;
use crate::figures::{count, word};
use crate::text::line;

/// Findings, tasks and lines of a difference that are listed.
const LISTED: usize = 8;
/// Characters of a line that is shown.
const SHOWN: usize = 140;

/// Stage 1.
pub fn rewrite_text(result: &RewriteResult, base: &str, head: &str) -> String {
    let mut text = String::new();
    let mut say = |line: &str| push(&mut text, line);
    say(&format!(
        "1 free: {} requests of {} recordings of {} tasks, made again with the prompt and tools of {head}",
        result.requests, result.recordings, result.tasks
    ));
    say("  assuming the same actions; no model was asked");
    if result.as_recorded < result.recordings {
        let other = result.recordings - result.as_recorded;
        say(&format!(
            "  {other} of them were recorded with another prompt or model than that of {base}: both sides are made again"
        ));
    }
    if result.synthetic {
        say("  SYNTHETIC: the recorded answers come from an authored stub");
    }
    for (task, why) in result.left.iter().take(LISTED) {
        say(&format!("  left out: {task}: {}", line(why, SHOWN)));
    }
    if result.left.len() > LISTED {
        say(&format!("  ... and {} more tasks", result.left.len() - LISTED));
    }
    if result.recordings == 0 {
        return text;
    }
    say("");
    for row in table(result, base, head) {
        say(&row);
    }
    say(&format!(
        "  of the first requests of {head}, {} of {} tokens are those of {base}: a cache that it has filled helps so far",
        count(result.shared_opening_tokens),
        count(result.head.opening_tokens)
    ));
    text.push('\n');
    differences(&mut text, result);
    lint(&mut text, result, head);
    text
}

fn differences(text: &mut String, result: &RewriteResult) {
    let mut say = |line: &str| push(text, line);
    for cause in &result.causes {
        let undeclared = if cause.declared { "" } else { "  NOT DECLARED by what the arms are made of" };
        say(&format!(
            "  differs: {} in {} recordings, first at {}{undeclared}",
            cause.cause, cause.recordings, cause.path
        ));
        let lines: Vec<&str> = cause.diff.lines().collect();
        lines.iter().take(LISTED).for_each(|diff| say(&format!("      {}", line(diff, SHOWN))));
    }
    say(&match (result.differing, result.causes.iter().all(|cause| cause.declared)) {
        (0, _) => "  no request differs".to_owned(),
        (n, true) => format!("  nothing else differs in any of {n} requests"),
        (n, false) => format!("  {n} requests differ"),
    });
}

fn lint(text: &mut String, result: &RewriteResult, head: &str) {
    let mut say = |line: &str| push(text, line);
    for finding in result.lint.iter().take(LISTED) {
        say(&format!(
            "  cache lint of {head}: {} at {}: {}; {}",
            finding.rule,
            finding.path,
            line(&finding.text, 80),
            finding.suggestion
        ));
    }
    if result.lint.len() > LISTED {
        say(&format!("  ... and {} more findings", result.lint.len() - LISTED));
    }
    if result.lint.is_empty() {
        say(&format!("  cache lint of {head}: nothing"));
    }
}

fn table(result: &RewriteResult, base: &str, head: &str) -> Vec<String> {
    let mut rows = vec![[String::new(), line(base, 40), line(head, 40), "change".to_owned()]];
    let mut tokens = |what: &str, of: fn(&ArmFigures) -> u64| {
        let (a, b) = (of(&result.base), of(&result.head));
        let change = relative(b as f64 - a as f64, a as f64);
        let difference = format!("{:+} {change}", i128::from(b) - i128::from(a));
        rows.push([what.to_owned(), a.to_string(), b.to_string(), difference]);
    };
    tokens("tokens of first requests", |arm| arm.opening_tokens);
    tokens("tokens of all prompts", |arm| arm.input_tokens);
    tokens("  sent before, cacheable", |arm| arm.prefix_tokens);
    tokens("  read from a cache, by the rules", |arm| arm.achievable_tokens);
    let mut usd = |what: &str, of: fn(&ArmFigures) -> Option<f64>| {
        let (a, b) = (of(&result.base), of(&result.head));
        let change = a.zip(b).map_or(String::new(), |(a, b)| format!("{:+.4} {}", b - a, relative(b - a, a)));
        let said = |usd: Option<f64>| usd.map_or("no price".to_owned(), |usd| format!("{usd:.4}"));
        rows.push([what.to_owned(), said(a), said(b), change]);
    };
    usd("USD with that cache, answers as recorded", |arm| arm.cost_usd);
    usd("USD without a cache", |arm| arm.cost_without_cache_usd);
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let [a, b, c, d] = [width(0), width(1), width(2), width(3)];
    let one = |row: &[String; 4]| format!("  {:a$}  {:>b$}  {:>c$}  {:>d$}", row[0], row[1], row[2], row[3]);
    rows.iter().map(one).collect()
}

fn relative(difference: f64, base: f64) -> String {
    if base == 0.0 { String::new() } else { format!("({:+.2} %)", 100.0 * difference / base) }
}

fn push(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// Stage 2.
pub fn plan_text(plan: &PlanResult) -> String {
    let mut text = String::new();
    let e = &plan.estimate;
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "2 plan: {} tasks x {} trials in each arm: {} pairs, {} trials",
        plan.tasks,
        e.trials,
        e.pairs,
        2 * e.pairs
    );
    let price = e.cost_usd.map_or("unknown: the model has no price".to_owned(), |price| usd(&price));
    let _ = writeln!(text, "  price          {price}");
    if plan.assumed {
        let _ = writeln!(
            text,
            "                 ASSUMED: nothing was recorded; a trial is taken to read 400k tokens, 350k of them from a cache, and to write 8k"
        );
    } else if plan.unpriced_tasks > 0 && e.cost_usd.is_some() {
        let _ = writeln!(
            text,
            "                 {} tasks have no recording and are taken to cost what the others do",
            plan.unpriced_tasks
        );
    }
    if plan.probes > 0 {
        let price =
            plan.probe_cost_usd.map_or("at an unknown price".to_owned(), |usd| format!("about {usd:.4} USD"));
        let _ = writeln!(text, "  probe          {} steps, three requests each, {price}", plan.probes);
    }
    if let Some(wall) = e.wall_s {
        let _ = writeln!(text, "  wall time      about {}", crate::figures::duration((wall * 1e6) as u64));
    }
    let _ = writeln!(text, "  can show       {}", shows(e));
    let _ = writeln!(
        text,
        "                 four times out of five, if the change does the same to every task; a smaller one will"
    );
    let _ = writeln!(text, "                 most likely end as inconclusive");
    let _ = writeln!(text, "  reckons with   {}", noise(plan));
    let budget = plan.max_cost_usd.map(|max| budget(plan, max));
    if let Some(budget) = budget {
        let _ = writeln!(text, "  budget         {budget}");
    }
    if let (Some(wanted), Some(takes)) = (plan.detect, &plan.detect_takes) {
        let price = takes.cost_usd.map_or("at an unknown price".to_owned(), |price| usd(&price));
        let _ = writeln!(
            text,
            "  to see {} points of the pass rate it takes {} trials of each task: {price}",
            points(wanted),
            takes.trials
        );
    }
    text
}

fn shows(estimate: &Estimate) -> String {
    format!(
        "a difference of {} points of the pass rate, or of {:.0} % of the cost",
        points(estimate.detectable_pass_rate),
        100.0 * estimate.detectable_cost
    )
}

fn points(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

fn usd(price: &Range) -> String {
    format!("{:.4} USD [{:.4}, {:.4}]", price.value, price.lo, price.hi)
}

fn noise(plan: &PlanResult) -> String {
    match &plan.noise.source {
        NoiseSource::Assumed => {
            "nothing known: tasks that pass half of the time. `retake ab X X` measures this suite's noise"
                .to_owned()
        }
        NoiseSource::Recordings => {
            "costs as far apart as those of a task's recordings; tasks that pass half of the time".to_owned()
        }
        NoiseSource::History { run_id } => format!("the noise that run {} measured", line(run_id, 60)),
    }
}

fn budget(plan: &PlanResult, max: f64) -> String {
    match plan.affords {
        Affords::Unknown => format!("{max:.4} USD: without a price no limit can be kept"),
        Affords::Nothing => format!("{max:.4} USD: not one pair of trials"),
        Affords::Part => format!(
            "{max:.4} USD: about {} of {} pairs, and what can be shown is reckoned for those",
            plan.affordable_pairs, plan.estimate.pairs
        ),
        Affords::All | Affords::Unlimited => format!("{max:.4} USD: enough, also if it gets dearer"),
    }
}

/// Stage 3.
pub fn probe_text(probe: &ProbeResult, base: &str, head: &str) -> String {
    let mut text = String::new();
    let mut say = |line: &str| push(&mut text, line);
    say(&format!(
        "3 probe: the next action at {} of {} recorded steps of {} tasks, as {base}, as {base} again, as {head}",
        probe.steps, probe.planned, probe.tasks
    ));
    say("  a difference in behaviour, never a verdict");
    if probe.steps > 0 {
        let interval = probe.interval.map_or("too few tasks for an interval".to_owned(), |i| {
            format!("[{}, {}] points for tasks like these", points(i.lo), points(i.hi))
        });
        say(&format!("  {base} acts otherwise than itself   {:>5.1} % of steps", 100.0 * probe.noise));
        say(&format!("  {head} acts otherwise than {base}   {:>5.1} % of steps", 100.0 * probe.changed));
        say(&format!("  beyond its own noise   {:+.1} points {interval}", 100.0 * probe.beyond_noise));
    }
    for step in probe.changed_steps.iter().take(LISTED) {
        say(&format!("  {} step {}", step.task, step.step));
        say(&format!("      {base}, twice: {}", did(&step.base)));
        say(&format!("      {head}: {}", did(&step.head)));
    }
    if probe.changed_steps.len() > LISTED {
        say(&format!("  ... and {} more steps", probe.changed_steps.len() - LISTED));
    }
    for failed in probe.failed.iter().take(LISTED) {
        say(&format!("  no answer: {}", line(failed, SHOWN)));
    }
    if let Some(usd) = probe.cost_usd {
        say(&format!("  cost {usd:.4} USD"));
    }
    if let Some(why) = &probe.stopped {
        say(&format!("  ended early: {}", line(why, SHOWN)));
    }
    text
}

fn did(glimpse: &Glimpse) -> String {
    let text = line(&glimpse.text, SHOWN);
    if glimpse.tool.is_empty() {
        format!("says {text}")
    } else {
        format!("{} {text}", line(&glimpse.tool, 40))
    }
}

/// Stage 4.
pub fn live_text(live: &LiveResult, options: &TerminalOptions) -> String {
    let mut text = String::new();
    let mut say = |line: &str| push(&mut text, line);
    let (base, head) = (&live.comparison.arms.base.variant, &live.comparison.arms.head.variant);
    let verdict = word(&live.comparison.rate.verdict);
    say(&format!("4 live: {head} is {verdict} ({} of at most {} pairs)", live.pairs, live.planned_pairs));
    say(&format!("  {}", ended(live)));
    let what = if live.has_price { "cost" } else { "tokens" };
    say(&format!("  {what:<10} {}", sequence(&live.cost_sequence, "%")));
    say(&format!("  pass rate  {}", sequence(&live.pass_sequence, "points")));
    let guard = if live.guard_held { "is ruled out" } else { "is NOT ruled out" };
    say(&format!("  guardrail  a fall of the pass rate by more than {} points {guard}", points(live.guard)));
    if live.lost_pairs > 0 {
        say(&format!("  {} pairs lost a trial to a fault and count for nothing", live.lost_pairs));
    }
    if let Some(spent) = live.spent_usd {
        let of = live.max_cost_usd.map_or(String::new(), |max| format!(" of at most {max:.4}"));
        let caches = match live.cache.as_str() {
            OWN_CACHE => "prompt caches as the agents ask for them: arms may share entries".to_owned(),
            apart => format!("prompt caches {apart}, never shared between arms"),
        };
        say(&format!("  spent {spent:.4} USD{of}; {caches}"));
    }
    if live.same {
        say("  an arm against itself: what differs is this suite's noise, and the next plan reckons with it");
    }
    say("");
    say(&format!(
        "all figures of {head} against {base}, as one look at the end gives them: where trials stopped early their"
    ));
    say("p-values are too small, and only cost and pass rate above decide");
    say("");
    text + &comparison_text(&live.comparison, options)
}

fn ended(live: &LiveResult) -> &'static str {
    match live.stopped {
        None => "all planned pairs were made",
        Some(Stop::PassRate) => "stopped early: the pass rates differ",
        Some(Stop::Cost) => "stopped early: the costs differ, and the guardrail is settled",
        Some(Stop::Equivalent) => "stopped early: both are the same within their margins",
        Some(Stop::Hopeless) => "stopped early: the pairs that are left would hardly decide it",
        Some(Stop::ModelChanged) => "STOPPED: another model answered than before; the arms can't be compared",
        Some(Stop::NoAnswer) => "STOPPED: the model gave no answer at all in trial after trial",
        Some(Stop::MaxCost) => "stopped at the spend limit",
        Some(Stop::Cancelled) => "stopped by hand",
    }
}

fn sequence(told: &Told, unit: &str) -> String {
    let [mean, lo, hi] = [told.mean, told.interval.lo, told.interval.hi].map(|v| 100.0 * v);
    let shown = if told.shown { "shown" } else { "not shown" };
    format!("{mean:+.1} {unit} [{lo:+.1}, {hi:+.1}], evidence {:.1} of 40: {shown}", told.evidence)
}
