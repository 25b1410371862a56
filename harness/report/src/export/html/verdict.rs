//! The top of the report: what came out, in plain words, and what it may be taken for. Knows nothing of single steps.

use std::collections::BTreeMap;

use journal::{FailureMode, Mode};

use super::markup::Markup;
use super::parts::{self, View};
use super::{chart, compare, page};
use crate::compare::Comparison;
use crate::score::Score;
use crate::{TrialData, TrialState, faults, figures, highlights};

/// Trials that a sentence names.
const NAMED: usize = 4;

/// The head of the report.
pub(super) fn head(m: &mut Markup, view: &View, comparisons: &[Comparison]) {
    let plan = &view.data.header.plan;
    let total = &view.scores.total;
    let suites = plan.suites.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
    let variants = plan.variants.iter().map(|v| v.name.as_str()).collect::<Vec<_>>().join(", ");
    m.raw("<div class=\"over\"><span class=\"tag\">").text(&figures::word(&plan.mode)).raw("</span>");
    m.text(&suites).raw("<span aria-hidden=\"true\">\u{b7}</span>").text(&variants);
    let samples = figures::counted(u64::from(plan.trials), "trial");
    m.raw("<span aria-hidden=\"true\">\u{b7}</span>")
        .text(&format!("{samples} of each task"))
        .raw("</div>\n");
    m.raw("<div class=\"answer\"><div>\n<h1>").text(&headline(total)).raw("</h1>\n");
    if let Some(rate) = &total.pass_rate {
        m.raw("<div class=\"big\">").with(|m| chart::big_meter(m, rate)).raw("</div>\n<p class=\"note\">");
        m.text(&interval(rate)).raw("</p>\n");
    }
    m.raw("</div>\n<ul class=\"says\">\n").with(|m| says(m, view, comparisons)).raw("</ul></div>\n");
    let claim = figures::claim(plan.mode, plan.synthetic);
    let loud = plan.synthetic || plan.mode == Mode::Script;
    m.raw(if loud { "<p class=\"synthetic\" role=\"note\">" } else { "<p class=\"note\" role=\"note\">" });
    m.text(claim).raw("</p>\n");
    tiles(m, total);
}

/// The links of the bar.
pub(super) const SECTIONS: [page::Section; 6] = [
    ("variants", "Variants"),
    ("matrix", "Tasks"),
    ("latency", "Latency"),
    ("effort", "Effort"),
    ("cache", "Cache"),
    ("trials", "Trials"),
];

fn headline(total: &Score) -> String {
    let Some(rate) = &total.pass_rate else { return "Nothing was scored".to_owned() };
    match (rate.passed, rate.of) {
        (1, 1) => "The trial passed".to_owned(),
        (passed, of) if passed == of => format!("All {of} trials passed"),
        (0, 1) => "The trial failed".to_owned(),
        (0, of) => format!("None of {of} trials passed"),
        (passed, of) => format!("{passed} of {of} trials passed"),
    }
}

fn interval(rate: &crate::score::Rate) -> String {
    let [value, lo, hi] =
        [rate.value, rate.interval.lo, rate.interval.hi].map(|share| figures::percent(Some(share)));
    format!(
        "{value}, and by the luck of the samples anything from {lo} to {hi} (95 % Wilson interval, {}).",
        crate::score::ESTIMAND
    )
}

fn says(m: &mut Markup, view: &View, comparisons: &[Comparison]) {
    for comparison in comparisons {
        say(m, "", "\u{2194}", |m| compare::verdict(m, comparison));
    }
    if let Some(warning) = faults::warning(view.data) {
        say(m, "harness_fault", "!", |m| {
            m.text(&warning).raw(".");
        });
    }
    failed(m, view);
    let counts = &view.scores.total.counts;
    apart(m, view, TrialState::Void, counts.void, "diverged from the recording and count neither way");
    apart(
        m,
        view,
        TrialState::HarnessFault,
        counts.harness_faults,
        "met a harness fault: not the agent's, and left out of the rates",
    );
    apart(m, view, TrialState::Invalid, counts.invalid, "have a task or recording that cannot be read");
    apart(m, view, TrialState::Unfinished, counts.unfinished, "are not at their end");
    for (reason, trials) in highlights::missing(view.data).iter().take(NAMED) {
        say(m, "not_runnable", "\u{2013}", |m| {
            m.text(&figures::counted(*trials as u64, "trial"))
                .raw(" could not run here: ")
                .text(reason)
                .raw(".");
        });
    }
    repeats(m, view);
    if let Some(share) = view.scores.total.effort.cache_hit_rate {
        say(m, "", "\u{b7}", |m| {
            m.text(&figures::percent(Some(share)))
                .raw(" of the input tokens came from the prompt cache, as reported.");
        });
    }
}

fn say(m: &mut Markup, class: &'static str, shape: &'static str, inner: impl FnOnce(&mut Markup)) {
    m.raw("<li><span class=\"").raw(class).raw("\" aria-hidden=\"true\">").raw(shape).raw("</span><span>");
    m.with(inner).raw("</span></li>\n");
}

fn failed(m: &mut Markup, view: &View) {
    let mut modes: BTreeMap<Option<FailureMode>, Vec<(usize, &TrialData)>> = BTreeMap::new();
    for (number, trial) in view.numbered().filter(|(_, trial)| trial.state() == TrialState::Failed) {
        let mode = trial.finish.as_ref().and_then(|f| f.ended.failure);
        modes.entry(mode).or_default().push((number, trial));
    }
    if modes.is_empty() && view.scores.total.counts.passed > 0 {
        say(m, "passed", parts::shape(TrialState::Passed), |m| {
            m.raw("Nothing that was scored failed.");
        });
    }
    for (mode, trials) in &modes {
        say(m, "failed", parts::shape(TrialState::Failed), |m| {
            m.text(&figures::counted(trials.len() as u64, "trial"))
                .raw(" failed: ")
                .raw(mode.map_or("", plainly))
                .raw(". ");
            names(m, view, trials);
        });
    }
}

/// A failure mode in plain words.
fn plainly(mode: FailureMode) -> &'static str {
    match mode {
        FailureMode::WrongResult => "the agent finished, and the hidden tests said no",
        FailureMode::Budget => "the steps or tokens were spent",
        FailureMode::TimeOut => "the time was spent",
        FailureMode::AgentCrash => "the agent crashed",
        FailureMode::ModelError => "the model gave no usable answer",
        FailureMode::ToolLoop => "the same calls gave the same outputs again and again",
        FailureMode::Policy => "the policy stopped the agent",
        FailureMode::VerifierError => "the verifier gave no usable reward",
        FailureMode::InvalidTask => "the task cannot be read",
        FailureMode::HarnessFault => "the harness or the host failed",
        FailureMode::Void => "a request diverged",
    }
}

fn apart(m: &mut Markup, view: &View, state: TrialState, count: u64, what: &'static str) {
    if count == 0 {
        return;
    }
    say(m, parts::class(state), parts::shape(state), |m| {
        m.text(&figures::counted(count, "trial")).raw(" ").raw(what).raw(": ");
        names(m, view, &view.numbered().filter(|(_, trial)| trial.state() == state).collect::<Vec<_>>());
    });
}

fn names(m: &mut Markup, view: &View, trials: &[(usize, &TrialData)]) {
    for (index, (number, trial)) in trials.iter().take(NAMED).enumerate() {
        m.raw(if index == 0 { "" } else { ", " });
        view.link(m, *number, |m| {
            m.text(&trial.id.to_string());
        });
    }
    if trials.len() > NAMED {
        m.raw(" and <a href=\"#trials\">").int((trials.len() - NAMED) as u64).raw(" more</a>");
    }
    m.raw(".");
}

/// Tasks that pass sometimes: what repeating shows and one sample hides.
fn repeats(m: &mut Markup, view: &View) {
    let Some(most) = figures::repeats(&view.scores.total) else { return };
    let sometimes = view.scores.tasks.iter().filter(|t| {
        let counts = &t.score.counts;
        counts.passed > 0 && counts.failed > 0
    });
    let sometimes = sometimes.count() as u64;
    say(m, "", "\u{b7}", |m| {
        m.text(&figures::counted(sometimes, "task")).raw(" passed in some trials and failed in others (");
        m.text(&most).raw(").");
    });
}

fn tiles(m: &mut Markup, total: &Score) {
    let effort = &total.effort;
    let trial = total.latency.trial;
    let call = total.latency.call;
    let dash = || "-".to_owned();
    let many = effort.tool_errors.saturating_add(effort.denied);
    let all = [
        (
            "steps a trial",
            effort.steps_mean.map_or_else(dash, |mean| format!("{mean:.1}")),
            format!("{} in all", figures::count(effort.steps)),
        ),
        (
            "tokens a trial",
            parts::tokens_a_trial(total).map_or_else(dash, figures::count),
            effort
                .tokens_per_pass
                .map_or_else(String::new, |t| format!("{} for each pass", figures::count(t as u64))),
        ),
        ("input from the cache", figures::percent(effort.cache_hit_rate), "as reported".to_owned()),
        (
            "time of a trial",
            trial.map_or_else(dash, |p| figures::duration(p.p50_us)),
            trial.map_or_else(String::new, |p| format!("p50; p90 {}", figures::duration(p.p90_us))),
        ),
        (
            "time of a model call",
            call.map_or_else(dash, |p| figures::duration(p.p50_us)),
            call.map_or_else(String::new, |p| format!("p50; p90 {}", figures::duration(p.p90_us))),
        ),
        (
            "tool calls that failed",
            figures::count(many),
            format!("of {}, {} denied", figures::count(effort.tool_calls), figures::count(effort.denied)),
        ),
    ];
    parts::tiles(m, &all);
}
