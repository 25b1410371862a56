//! Variants of a run set side by side: the verdict in words, each figure's difference with its interval drawn, the tasks
//! that flipped. Computes nothing of its own.

use cassette::align::Fork;

use super::chart;
use super::markup::Markup;
use super::parts::{View, section};
use crate::compare::{
    Arm, Comparison, Flip, Metric, MetricComparison, Options, Verdict, Weight, text as words,
};
use crate::figures;

/// Variants that are compared with the first one.
const MOST_HEADS: usize = 7;
/// Tasks that are listed as gained or lost.
const MOST_FLIPS: usize = 30;
/// Mismatches that are listed.
const MOST_MISMATCHES: usize = 60;

/// Each further variant against the first; nothing of a run with one variant, or where nothing can be paired.
pub(super) fn comparisons(view: &View) -> Vec<Comparison> {
    let variants = &view.data.header.plan.variants;
    let arms = variants.iter().take(MOST_HEADS + 1).filter_map(|v| Arm::of(view.data, &v.name));
    let arms: Vec<Arm> = arms.collect();
    let Some((base, heads)) = arms.split_first() else { return Vec::new() };
    // Intervals are drawn in their closed form, which needs no resampling.
    let options = Options { resamples: 0, ..Options::default() };
    let comparison = |head: &Arm| {
        let mut comparison = Comparison::of(base, head, &options).ok()?;
        // The page is the same on every host.
        comparison.metrics.retain(|metric| !metric.metric.is_of_host());
        Some(comparison)
    };
    heads.iter().filter_map(comparison).collect()
}

/// The verdict of a comparison in one sentence.
pub(super) fn verdict(m: &mut Markup, comparison: &Comparison) {
    let (base, head) = (name(comparison, true), name(comparison, false));
    m.raw("<strong>").text(&head).raw("</strong> ").raw(match comparison.rate.verdict {
        Verdict::Better => "passes more often than ",
        Verdict::Worse => "passes less often than ",
        Verdict::Equivalent => "passes as often as ",
        Verdict::Inconclusive => "cannot be told apart by pass rate from ",
    });
    m.raw("<strong>").text(&base).raw("</strong>: ").text(&words::because(comparison)).raw(".");
    if comparison.synthetic {
        m.raw(" <span class=\"tag loud\">SYNTHETIC</span>");
    }
}

/// The variant of an arm; with its run where the two variants have one name.
fn name(comparison: &Comparison, base: bool) -> String {
    let arms = &comparison.arms;
    let arm = if base { &arms.base } else { &arms.head };
    if arms.base.variant == arms.head.variant {
        format!("{} of run {}", arm.variant, arm.run_id)
    } else {
        arm.variant.clone()
    }
}

/// The section.
pub(super) fn compare(m: &mut Markup, comparisons: &[Comparison]) {
    let lead = "Task by task, for tasks like these: a point is the difference to the first variant, the line its 95 % \
                interval. A line that crosses the middle may be chance.";
    section(m, "compare", "Comparison", lead, |m| {
        for comparison in comparisons {
            m.raw("<h3 class=\"arm\">").text(&name(comparison, false)).raw(" <span class=\"quiet\">against ");
            m.text(&name(comparison, true)).raw("</span></h3>\n<p>").with(|m| verdict(m, comparison));
            m.raw("</p>\n");
            if let Some(needed) = words::needed(&comparison.rate) {
                m.raw("<p class=\"note\">With more: ").text(&needed).raw(".</p>\n");
            }
            table(m, comparison);
            flips(m, "Passes more often", &comparison.gained_tasks);
            flips(m, "Passes less often", &comparison.lost_tasks);
            if comparison.arms.base.run_id != comparison.arms.head.run_id {
                mismatches(m, comparison);
            }
        }
    });
}

/// What is not the same in the runs beside what is compared.
fn mismatches(m: &mut Markup, comparison: &Comparison) {
    let lost = &comparison.faults;
    if lost.base[0] + lost.head[0] > 0 {
        let worst = lost.worst_case;
        m.raw("<p class=\"note\">Trials without a verdict (faults, void): base ")
            .int(lost.base[0])
            .raw(" of ");
        m.int(lost.base[1])
            .raw(", head ")
            .int(lost.head[0])
            .raw(" of ")
            .int(lost.head[1])
            .raw("; at worst the difference is ");
        m.text(&figures::points(Some(worst.lo)))
            .raw(" to ")
            .text(&figures::points(Some(worst.hi)))
            .raw(".</p>\n");
    }
    if comparison.mismatches.is_empty() {
        return;
    }
    m.raw("<div class=\"card scroll\"><table>\n<caption>Not the same in both</caption><thead><tr><th scope=\"col\">what</th>");
    m.raw("<th scope=\"col\">base</th><th scope=\"col\">head</th><th scope=\"col\">how much it matters</th></tr></thead>\n<tbody>\n");
    for mismatch in comparison.mismatches.iter().take(MOST_MISMATCHES) {
        m.raw("<tr><th scope=\"row\">").text(&mismatch.what.replace('_', " ")).raw("</th><td class=\"w\">");
        m.cut(&mismatch.base, 160).raw("</td><td class=\"w\">").cut(&mismatch.head, 160).raw("</td><td>");
        m.raw(match mismatch.weight {
            Weight::Subject => "it may be what is compared",
            Weight::Circumstance => "it may shift times or costs",
            Weight::Grave => "<strong class=\"failed\">the results may be due to it</strong>",
        });
        m.raw("</td></tr>\n");
    }
    m.raw("</tbody></table></div>\n");
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
        let [_, base, head, difference, interval, p, verdict] = row.as_slice() else { continue };
        m.raw("<tr><th scope=\"row\">").raw(metric.metric.title()).raw("</th><td class=\"n\">").text(base);
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
    m.raw("<div class=\"card scroll\"><table>\n<caption>").raw(title).raw(" (").int(flips.len() as u64);
    m.raw(")</caption><thead><tr><th scope=\"col\">task</th><th scope=\"col\" class=\"n\">pass rate</th>");
    m.raw("<th scope=\"col\">where two of its trials began to act differently</th></tr></thead>\n<tbody>\n");
    for flip in flips.iter().take(MOST_FLIPS) {
        m.raw("<tr><th scope=\"row\">").text(&flip.suite).raw("/").text(&flip.task);
        m.raw("</th><td class=\"n\">").text(&figures::percent(Some(flip.base))).raw(" \u{2192} ");
        m.text(&figures::percent(Some(flip.head))).raw("</td><td class=\"w\">");
        match &flip.fork {
            Some(fork) => put_fork(m, fork),
            None => {
                m.raw("<span class=\"quiet\">not to be told from what is kept</span>");
            }
        }
        m.raw("</td></tr>\n");
    }
    m.raw("</tbody></table></div>\n");
    if flips.len() > MOST_FLIPS {
        m.raw("<p class=\"note\">").int((flips.len() - MOST_FLIPS) as u64).raw(" more.</p>\n");
    }
}

/// Where two trials forked: what each did there.
fn put_fork(m: &mut Markup, fork: &Fork) {
    for (name, step, did) in [("base", fork.a_step, &fork.a), ("head", fork.b_step, &fork.b)] {
        m.raw("<div><span class=\"quiet\">").raw(name).raw(", step ").int(u64::from(step)).raw(":</span> ");
        match did {
            None => m.raw("had ended"),
            Some(did) if did.tool.is_empty() => m.raw("said ").cut(&did.text, 160),
            Some(did) => m.raw("<code>").cut(&did.tool, 40).raw("</code> ").cut(&did.text, 160),
        };
        m.raw("</div>");
    }
}
