//! Variants of a run set side by side: the verdict in words, each figure's difference with its interval drawn, the tasks
//! that flipped. Computes nothing of its own.

use super::chart;
use super::markup::Markup;
use super::parts::{View, section};
use crate::compare::{Arm, Comparison, Flip, Metric, MetricComparison, Options, Verdict, text as words};
use crate::figures;

/// Variants that are compared with the first one.
const MOST_HEADS: usize = 7;
/// Tasks that are listed as gained or lost.
const MOST_FLIPS: usize = 30;

/// Each further variant against the first; nothing of a run with one variant, or where nothing can be paired.
pub(super) fn comparisons(view: &View) -> Vec<Comparison> {
    let variants = &view.data.header.plan.variants;
    let arms = variants.iter().take(MOST_HEADS + 1).filter_map(|v| Arm::of(view.data, &v.name));
    let arms: Vec<Arm> = arms.collect();
    let Some((base, heads)) = arms.split_first() else { return Vec::new() };
    // Intervals are drawn in their closed form, which needs no resampling.
    let options = Options { resamples: 0, ..Options::default() };
    heads.iter().filter_map(|head| Comparison::of(base, head, &options).ok()).collect()
}

/// The verdict of a comparison in one sentence.
pub(super) fn verdict(m: &mut Markup, comparison: &Comparison) {
    let (base, head) = (&comparison.arms.base.variant, &comparison.arms.head.variant);
    m.raw("<strong>").text(head).raw("</strong> ").raw(match comparison.rate.verdict {
        Verdict::Better => "passes more often than ",
        Verdict::Worse => "passes less often than ",
        Verdict::Equivalent => "passes as often as ",
        Verdict::Inconclusive => "cannot be told apart by pass rate from ",
    });
    m.raw("<strong>").text(base).raw("</strong>: ").text(&words::because(comparison)).raw(".");
    if comparison.synthetic {
        m.raw(" <span class=\"tag loud\">SYNTHETIC</span>");
    }
}

/// The section.
pub(super) fn compare(m: &mut Markup, comparisons: &[Comparison]) {
    let lead = "Task by task, for tasks like these: a point is the difference to the first variant, the line its 95 % \
                interval. A line that crosses the middle may be chance.";
    section(m, "compare", "Comparison", lead, |m| {
        for comparison in comparisons {
            m.raw("<h3 class=\"arm\">")
                .text(&comparison.arms.head.variant)
                .raw(" <span class=\"quiet\">against ");
            m.text(&comparison.arms.base.variant).raw("</span></h3>\n<p>").with(|m| verdict(m, comparison));
            if let Some(needed) = words::needed(&comparison.rate) {
                m.raw(" ").text(&needed).raw(".");
            }
            m.raw("</p>\n");
            table(m, comparison);
            flips(m, "Passes more often", &comparison.gained_tasks);
            flips(m, "Passes less often", &comparison.lost_tasks);
        }
    });
}

fn table(m: &mut Markup, comparison: &Comparison) {
    let scale = comparison.metrics.iter().filter_map(relative).flat_map(|[_, lo, hi]| [lo.abs(), hi.abs()]);
    let scale = nice(scale.fold(0.0, f64::max));
    m.raw("<div class=\"card scroll\"><table>\n<thead><tr><th scope=\"col\">figure</th><th scope=\"col\" class=\"n\">base</th>");
    m.raw("<th scope=\"col\" class=\"n\">head</th><th scope=\"col\">\u{2212}").int(scale as u64).raw(" to +");
    m.int(scale as u64).raw(
        " %</th><th scope=\"col\" class=\"n\">difference</th><th scope=\"col\" class=\"n\">interval</th>",
    );
    m.raw("<th scope=\"col\" class=\"n\">p</th><th scope=\"col\">verdict</th></tr></thead>\n<tbody>\n");
    for metric in &comparison.metrics {
        let row = words::row(metric);
        let [name, base, head, difference, interval, p, verdict] = row.as_slice() else { continue };
        m.raw("<tr><th scope=\"row\">").text(&name.replace('_', " ")).raw("</th><td class=\"n\">").text(base);
        m.raw("</td><td class=\"n\">")
            .text(head)
            .raw("</td><td class=\"")
            .raw(class(metric.verdict))
            .raw("\">");
        chart::difference(m, relative(metric), scale, difference);
        m.raw("</td><td class=\"n\">").text(difference).raw("</td><td class=\"n quiet\">").text(interval);
        m.raw("</td><td class=\"n\">").text(p).raw("</td><td class=\"").raw(class(metric.verdict)).raw("\">");
        m.text(verdict).raw("</td></tr>\n");
    }
    m.raw("</tbody></table></div>\n");
}

/// A verdict's colour; its word stands beside.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "passed",
        Verdict::Worse => "failed",
        Verdict::Equivalent => "",
        Verdict::Inconclusive => "quiet",
    }
}

/// Difference and interval in percent: points of shares, and for other figures parts of base.
fn relative(metric: &MetricComparison) -> Option<[f64; 3]> {
    let interval = metric.interval.as_ref().map_or([metric.difference; 2], |i| [i.lo, i.hi]);
    let unit = if matches!(metric.metric, Metric::PassRate | Metric::CacheHit) { 1.0 } else { metric.base };
    let percent = |value: f64| value / unit * 100.0;
    let all = [metric.difference, interval[0], interval[1]].map(percent);
    all.iter().all(|value| value.is_finite()).then_some(all)
}

/// The end of the axis: a round number that holds everything, and at most 100.
fn nice(most: f64) -> f64 {
    [5.0, 10.0, 20.0, 50.0].into_iter().find(|end| most <= *end).unwrap_or(100.0)
}

fn flips(m: &mut Markup, title: &'static str, flips: &[Flip]) {
    if flips.is_empty() {
        return;
    }
    m.raw("<p class=\"note\"><strong>").raw(title).raw("</strong> (").int(flips.len() as u64).raw("): ");
    for (index, flip) in flips.iter().take(MOST_FLIPS).enumerate() {
        m.raw(if index == 0 { "" } else { ", " }).text(&flip.suite).raw("/").text(&flip.task).raw(" ");
        m.text(&figures::percent(Some(flip.base))).raw(" \u{2192} ").text(&figures::percent(Some(flip.head)));
    }
    if flips.len() > MOST_FLIPS {
        m.raw(" and ").int((flips.len() - MOST_FLIPS) as u64).raw(" more");
    }
    m.raw(".</p>\n");
}
