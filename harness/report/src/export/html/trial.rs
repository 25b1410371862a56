//! The page of one trial, or its part of a shared page: heading, figures by step, timeline. Canonical: shows nothing of
//! this host but the way to it.

use journal::{Attempt, Event};
use promptcache::SessionReport;

use super::calls;
use super::chart::{self, Column};
use super::markup::Markup;
use super::parts::{self, Place, UP, View};
use super::timeline::{Ids, timeline};
use crate::exchanges::Exchanges;
use crate::figures;
use crate::score::virtual_us;

/// Steps that are drawn.
pub(super) const MOST_STEPS: usize = 300;

/// One trial, read.
pub(super) struct Read {
    /// Its events; nothing where the journal cannot be read.
    pub(super) attempt: Option<Attempt>,
    /// What went over the wire, where it was kept.
    pub(super) exchanges: Option<Exchanges>,
}

/// The trial of that number.
pub(super) fn trial(m: &mut Markup, view: &View, number: usize, read: &Read) {
    let Some(trial) = view.data.trials.get(number) else { return };
    let inner = matches!(view.places.get(number), Some(Place::Here(_)));
    let ids = Ids { trial: inner.then_some(number) };
    if inner {
        m.raw("<article class=\"trial inner\" id=\"t").int(number as u64).raw("\">\n");
    } else {
        m.raw("<article class=\"trial\">\n");
    }
    pager(m, view, number);
    m.raw("<header><div class=\"over\">").with(|m| parts::badge(m, trial.state()));
    if let Some(finish) = &trial.finish {
        parts::kind(m, Some(finish.ended.kind));
    }
    m.raw("</div>\n<h1>").text(&trial.id.to_string()).raw("</h1>\n");
    if let Some(task) = description(view, number) {
        m.raw("<p class=\"lead\">").text(task).raw("</p>\n");
    }
    if !trial.reason().is_empty() {
        m.raw("<p class=\"note\">");
        if let Some(mode) = trial.finish.as_ref().and_then(|f| f.ended.failure) {
            m.raw("<code>").text(&figures::word(&mode)).raw("</code>: ");
        }
        m.text(trial.reason()).raw("</p>\n");
    }
    m.raw("</header>\n");
    if let Some(finish) = &trial.finish {
        tiles(m, &finish.ended);
    }
    let analysed = view.data.cache.as_ref().and_then(|cache| cache.report(number));
    match &read.attempt {
        Some(attempt) => {
            steps(m, attempt, ids, analysed);
            if let Some(report) = analysed {
                calls::breaks(m, report, ids);
            }
            m.raw("<p class=\"over after\"><button type=\"button\" class=\"tool script\" data-do=\"fold\">Unfold all</button>");
            host_link(m, view, number);
            m.raw("</p>\n");
            timeline(m, attempt, read.exchanges.as_ref(), ids);
        }
        None => {
            m.raw("<p class=\"note\">Its journal cannot be read; <code>retake show</code> says why.</p>\n");
        }
    }
    m.raw("</article>\n");
}

fn description<'a>(view: &'a View, number: usize) -> Option<&'a str> {
    let id = &view.data.trials.get(number)?.id;
    let suite = view.data.header.plan.suites.iter().find(|suite| suite.name == id.suite)?;
    let task = suite.tasks.iter().find(|task| task.name == id.task)?;
    Some(task.description.as_str()).filter(|text| !text.is_empty())
}

/// Where a link from this trial leads: up to the run's folder first, where it has a page of its own.
fn from_here<'a>(m: &'a mut Markup, view: &View, number: usize) -> &'a mut Markup {
    if view.places.get(number) == Some(&Place::Page) {
        m.raw(UP);
    }
    m
}

fn pager(m: &mut Markup, view: &View, number: usize) {
    m.raw("<nav class=\"pager\" aria-label=\"Trials\"><a rel=\"up\" href=\"");
    match view.places.get(number) {
        Some(Place::Page) => m.raw(UP).raw("report.html#trials"),
        _ => m.raw("#trials"),
    };
    m.raw("\">\u{2190} all trials</a><span>");
    let before = number.checked_sub(1);
    for (rel, name, other) in [("prev", "previous", before), ("next", "next", Some(number + 1))] {
        if let Some(href) = other.and_then(|other| view.href(other)) {
            m.raw("<a rel=\"").raw(rel).raw("\" href=\"");
            from_here(m, view, number).put(&href).raw("\">").raw(name).raw("</a> ");
        }
    }
    m.raw("</span></nav>\n");
}

/// The way to what this host measured of the trial.
fn host_link(m: &mut Markup, view: &View, number: usize) {
    let Some(trial) = view.data.trials.get(number) else { return };
    m.raw("<a href=\"");
    match view.places.get(number) {
        Some(Place::Page) => m.raw(UP).text(&parts::page_name(&trial.id, "host")),
        _ => m.raw("host.html#t").int(number as u64),
    };
    m.raw("\">Of this host: final diff, verifier's output, drift, real time</a>");
}

fn tiles(m: &mut Markup, ended: &journal::Ended) {
    let usage = &ended.usage;
    let share = (usage.input_tokens > 0).then(|| usage.cached_tokens as f64 / usage.input_tokens as f64);
    let all = [
        (
            "reward",
            ended.reward.map_or("-".to_owned(), |r| crate::score::round(r).to_string()),
            String::new(),
        ),
        ("steps", ended.steps.to_string(), format!("{} model calls tried again", ended.retries)),
        (
            "tool calls",
            ended.tool_calls.to_string(),
            format!("{} failed, {} denied", ended.tool_errors, ended.denied),
        ),
        (
            "tokens",
            figures::count(usage.input_tokens.saturating_add(usage.output_tokens)),
            format!("{} of them out", figures::count(usage.output_tokens)),
        ),
        ("input from the cache", figures::percent(share), "as reported".to_owned()),
        (
            "virtual time",
            figures::duration(virtual_us(ended)),
            format!("{} in tools", figures::duration(ended.times.tool_us)),
        ),
    ];
    parts::tiles(m, &all);
}

/// One step of the main lane: its call, and the time of its tools.
struct Step {
    number: u32,
    ttft_us: u64,
    rest_us: u64,
    tool_us: u64,
    cached: u64,
    uncached: u64,
}

fn main_steps(attempt: &Attempt) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for record in attempt.records.iter().filter(|record| record.lane == "main") {
        match &record.event {
            Event::Generated(call) => steps.push(Step {
                number: call.step,
                ttft_us: call.ttft_us,
                rest_us: call.total_us.saturating_sub(call.ttft_us),
                tool_us: 0,
                cached: call.usage.cached_tokens,
                uncached: call.usage.input_tokens.saturating_sub(call.usage.cached_tokens),
            }),
            Event::Acted(acted) => {
                if let Some(last) = steps.last_mut().filter(|last| last.number == acted.step) {
                    last.tool_us = last.tool_us.saturating_add(acted.duration_us);
                }
            }
            _ => {}
        }
    }
    steps.truncate(MOST_STEPS);
    steps
}

fn steps(m: &mut Markup, attempt: &Attempt, ids: Ids, analysed: Option<&SessionReport>) {
    let steps = main_steps(attempt);
    if steps.len() < 2 {
        return;
    }
    let column = |step: &Step, words: String, parts: Vec<(&'static str, f64)>| {
        let mut target = Markup::new();
        ids.step(&mut target, "main", step.number);
        Column { target, words: format!("Step {}: {words}", step.number), parts, marked: false }
    };
    let time = steps.iter().map(|step| {
        let model = step.ttft_us.saturating_add(step.rest_us);
        let words = format!("model {}, tools {}", figures::duration(model), figures::duration(step.tool_us));
        let parts =
            vec![("fa", step.ttft_us as f64), ("rest", step.rest_us as f64), ("fb", step.tool_us as f64)];
        column(step, words, parts)
    });
    let time: Vec<Column> = time.collect();
    let longest = steps.iter().map(|s| s.ttft_us.saturating_add(s.rest_us).saturating_add(s.tool_us)).max();
    m.raw("<div class=\"figures\">\n<figure class=\"card\"><figcaption>Time <small>by step, virtual</small></figcaption>");
    chart::columns(m, "Time by step", &time, &figures::duration(longest.unwrap_or(0)));
    chart::legend(m, &[("fa", "to the first token"), ("rest", "rest of the answer"), ("fb", "tools")]);
    m.raw("</figure>\n<figure class=\"card\">");
    if let Some(report) = analysed {
        calls::input(m, report, ids);
    } else {
        let input = steps.iter().map(|step| {
            let (cached, uncached) = (figures::count(step.cached), figures::count(step.uncached));
            let parts = vec![("rest", step.cached as f64), ("fa", step.uncached as f64)];
            column(step, format!("{cached} tokens from the cache, {uncached} not"), parts)
        });
        let input: Vec<Column> = input.collect();
        let largest = steps.iter().map(|s| s.cached.saturating_add(s.uncached)).max();
        m.raw("<figcaption>Input tokens <small>by step</small></figcaption>");
        chart::columns(m, "Input tokens by step", &input, &figures::count(largest.unwrap_or(0)));
        chart::legend(m, &[("rest", "from the cache"), ("fa", "not cached")]);
    }
    m.raw("</figure>\n</div>\n");
}
