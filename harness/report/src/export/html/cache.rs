//! Prompt caches: what models reported by variant and by step, what their providers' rules give for the same requests, and
//! what broke. Computes nothing of its own.

use super::chart::{self, Line, Whole};
use super::latency::MOST;
use super::markup::Markup;
use super::parts::{self, View, section};
use crate::cache::{BreakSum, CacheFigures, RunCache, VariantCache};
use crate::figures;

/// Steps that are drawn.
const STEPS: usize = 60;

/// The section.
pub(super) fn cache(m: &mut Markup, view: &View) {
    let lead = "Input tokens that came from the cache, weighted by tokens: as reported with each answer, and as the \
                provider's rules give it for the requests that were sent. A native prompt only grows at its end: where a \
                line falls, something early in the prompt changed or the cache had let go of it.";
    section(m, "cache", "Prompt cache", lead, |m| {
        let lines = lines(view);
        m.raw("<div class=\"figures\">\n<figure class=\"card\"><figcaption>Cached input <small>by step of the trial, as reported</small>");
        m.raw("</figcaption>");
        chart::lines(m, "Share of input from the cache by step", &lines);
        legend(m, &lines);
        m.raw("</figure>\n<figure class=\"card\">");
        match &view.data.cache {
            Some(cache) => rates(m, cache),
            None => reported(m, view),
        }
        m.raw("</figure>\n</div>\n");
        match &view.data.cache {
            Some(cache) => {
                table(m, cache);
                breaks(m, &cache.total);
            }
            None => {
                m.raw("<p class=\"note\">What the rules give is not shown: the requests of this run are not at hand, or ");
                m.raw("are too many for a report. <code>retake cache</code> reads any number.</p>\n");
            }
        }
    });
}

/// What each variant read from the cache, what it could have read, and what was new.
fn rates(m: &mut Markup, cache: &RunCache) {
    let whole = |name: &str, figures: &CacheFigures| {
        let (reported, achievable) = (figures.reported_hit_rate?, figures.achievable_hit_rate?);
        let missed = (achievable - reported).max(0.0);
        Some(Whole {
            name: name.to_owned(),
            total: format!(
                "{} reported, {} achievable",
                figures::percent(Some(reported)),
                figures::percent(Some(achievable))
            ),
            parts: vec![("fa", reported), ("fb", missed), ("rest", (1.0 - reported - missed).max(0.0))],
        })
    };
    let wholes = cache.variants.iter().take(MOST).filter_map(|v| whole(&v.variant, &v.figures));
    let wholes: Vec<Whole> = wholes.collect();
    m.raw("<figcaption>Reported and achievable <small>over all calls of scored trials</small></figcaption>");
    chart::stacks(m, "Reported and achievable hit rate by variant", &wholes, chart::WIDTH);
    let words = [("fa", "read from the cache"), ("fb", "could have been read"), ("rest", "not to be had")];
    chart::legend(m, &words);
}

/// Only what was reported, where nothing else is known.
fn reported(m: &mut Markup, view: &View) {
    m.raw("<figcaption>Over all steps</figcaption><table><thead><tr><th scope=\"col\">variant</th>");
    for name in ["input", "cached", "written", "hit rate"] {
        m.raw("<th scope=\"col\" class=\"n\">").raw(name).raw("</th>");
    }
    m.raw("</tr></thead>\n<tbody>\n");
    for variant in &view.scores.variants {
        let usage = &variant.score.effort.usage;
        m.raw("<tr><th scope=\"row\">").text(&variant.variant).raw("</th>");
        for tokens in [usage.input_tokens, usage.cached_tokens, usage.cache_write_tokens] {
            m.raw("<td class=\"n\">").text(&figures::count(tokens)).raw("</td>");
        }
        let rate = figures::percent(variant.score.effort.cache_hit_rate);
        m.raw("<td class=\"n\">").text(&rate).raw("</td></tr>\n");
    }
    m.raw("</tbody></table>");
}

fn table(m: &mut Markup, cache: &RunCache) {
    let names =
        ["input", "cached", "written", "reported", "achievable", "gap", "amplification", "compactions"];
    heading(m, "Over all calls of scored trials", &names);
    for VariantCache { variant, figures } in &cache.variants {
        let tokens = [figures.input_tokens, figures.cached_tokens, figures.cache_write_tokens];
        let rates = [
            figures::percent(figures.reported_hit_rate),
            figures::percent(figures.achievable_hit_rate),
            figures::points(figures.gap),
            figures.prefill_amplification.map_or("-".to_owned(), |value| format!("{value:.2}")),
            figures.compactions.to_string(),
        ];
        row(m, variant, figures, &[&tokens.map(figures::count)[..], &rates].concat());
    }
    m.raw("</tbody></table></div>\n");
    if cache.variants.iter().any(|variant| variant.figures.cost_usd.is_some()) {
        let names = ["as reported", "without a cache", "achievable", "with a perfect cache"];
        heading(m, "What these calls cost in USD, and would have", &names);
        for VariantCache { variant, figures } in &cache.variants {
            let Some(costs) = &figures.cost_usd else { continue };
            let cells = [costs.reported, costs.without_cache, costs.achievable, costs.perfect];
            row(m, variant, figures, &cells.map(|usd| format!("{usd:.4}")));
        }
        m.raw("</tbody></table></div>\n");
    }
    if cache.trials_without_requests > 0 {
        m.raw("<p class=\"note\">Of ").int(cache.trials_without_requests);
        m.raw(" more scored trials the requests are not at hand.</p>\n");
    }
}

fn heading(m: &mut Markup, caption: &'static str, names: &[&'static str]) {
    m.raw("<div class=\"card scroll\"><table>\n<caption>").raw(caption);
    m.raw("</caption><thead><tr><th scope=\"col\">variant</th>");
    for name in names {
        m.raw("<th scope=\"col\" class=\"n\">").raw(name).raw("</th>");
    }
    m.raw("</tr></thead>\n<tbody>\n");
}

/// A variant with what its figures are worth, and its cells.
fn row(m: &mut Markup, variant: &str, figures: &CacheFigures, cells: &[String]) {
    m.raw("<tr><th scope=\"row\">")
        .text(variant)
        .raw(" ")
        .with(|m| parts::kind(m, Some(figures.reported_kind)));
    if figures.achievable_kind != figures.reported_kind {
        m.raw(" ").with(|m| parts::kind(m, Some(figures.achievable_kind)));
    }
    m.raw("</th>");
    for cell in cells {
        m.raw("<td class=\"n\">").text(cell).raw("</td>");
    }
    m.raw("</tr>\n");
}

/// What broke prefixes, ranked by the tokens that it cost.
fn breaks(m: &mut Markup, figures: &CacheFigures) {
    if figures.breaks.is_empty() {
        m.raw("<p class=\"note\">Every request began with the whole of the one before it, and nothing had gone from the cache.</p>\n");
        return;
    }
    m.raw("<div class=\"card scroll\"><table>\n<caption>What broke prefixes, without compactions</caption><thead><tr><th scope=\"col\">cause</th>");
    m.raw("<th scope=\"col\" class=\"n\">breaks</th><th scope=\"col\" class=\"n\">tokens lost</th>");
    m.raw("<th scope=\"col\" class=\"n\">USD lost</th><th scope=\"col\">what to do</th></tr></thead>\n<tbody>\n");
    for BreakSum { cause, count, tokens, cost_usd, suggestion } in &figures.breaks {
        m.raw("<tr><th scope=\"row\">").text(&cause.to_string()).raw("</th><td class=\"n\">").int(*count);
        m.raw("</td><td class=\"n\">").text(&figures::count(*tokens)).raw("</td><td class=\"n\">");
        m.text(&cost_usd.map_or("-".to_owned(), |usd| format!("{usd:.4}"))).raw("</td><td class=\"w\">");
        m.raw(suggestion).raw("</td></tr>\n");
    }
    m.raw("</tbody></table></div>\n");
}

/// The hit rate of each step over the scored trials of a variant.
fn lines(view: &View) -> Vec<Line> {
    let line = |name: &String| {
        let mut sums = Vec::<(f64, f64)>::new();
        let trials = view.data.trials.iter().filter(|trial| trial.id.variant == *name);
        for call in
            trials.filter_map(|trial| trial.scored()).flat_map(|e| e.calls.iter().take(STEPS).enumerate())
        {
            let (step, figures) = call;
            sums.resize(sums.len().max(step + 1), (0.0, 0.0));
            sums[step].0 += figures.usage.cached_tokens as f64;
            sums[step].1 += figures.usage.input_tokens as f64;
        }
        let points = sums.iter().enumerate().filter(|(_, (_, all))| *all > 0.0);
        let points = points.map(|(step, (cached, all))| (step as u64 + 1, cached / all));
        Line { name: name.clone(), points: points.collect() }
    };
    let lines = view.data.header.plan.variants.iter().take(MOST).map(|v| line(&v.name));
    lines.filter(|line| !line.points.is_empty()).collect()
}

fn legend(m: &mut Markup, lines: &[Line]) {
    m.raw("<p class=\"legend\">");
    for (number, line) in lines.iter().enumerate() {
        m.raw("<span><i class=\"").raw(chart::fill(number)).raw("\"></i>").text(&line.name).raw("</span>");
    }
    m.raw("</p>");
}
