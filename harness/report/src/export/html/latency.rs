//! How long calls and trials took, as distributions. Knows nothing of single steps.

use super::chart::{self, Durations};
use super::markup::Markup;
use super::parts::{View, section};
use crate::score::{per_token_us, virtual_us};
use journal::Ended;

/// Variants that are drawn; the table of variants has them all.
pub(super) const MOST: usize = 8;

/// The distributions of first and further tokens, calls and trials, a series for each variant.
pub(super) fn latency(m: &mut Markup, view: &View) {
    let lead = "In virtual time: as the model and the tools took it when it was recorded or made, never this host's speed. \
                Scored trials only; the axis is logarithmic, lines are p50, p90 and p99.";
    section(m, "latency", "Latency", lead, |m| {
        m.raw("<div class=\"figures\">\n");
        figure(m, view, ("First token", "from a request to its first content"), |ended| {
            ended.calls.iter().map(|call| call.ttft_us).collect()
        });
        figure(m, view, ("Output token", "from one to the next, after the first content"), |ended| {
            ended.calls.iter().filter_map(per_token_us).collect()
        });
        figure(m, view, ("Model call", "to the last frame of the answer"), |ended| {
            ended.calls.iter().map(|call| call.total_us).collect()
        });
        figure(m, view, ("Trial", "model, tools and visible checks"), |ended| vec![virtual_us(ended)]);
        m.raw("</div>\n");
    });
}

fn figure(
    m: &mut Markup,
    view: &View,
    (title, about): (&'static str, &'static str),
    of: impl Fn(&Ended) -> Vec<u64>,
) {
    let series = view.data.header.plan.variants.iter().take(MOST).map(|variant| {
        let trials = view.data.trials.iter().filter(|trial| trial.id.variant == variant.name);
        let us = trials.filter_map(|trial| trial.scored()).flat_map(&of).collect();
        Durations { name: variant.name.clone(), us }
    });
    let series: Vec<Durations> = series.filter(|s| !s.us.is_empty()).collect();
    m.raw("<figure class=\"card\"><figcaption>")
        .raw(title)
        .raw(" <small>")
        .raw(about)
        .raw("</small></figcaption>");
    chart::distributions(m, &format!("{title}: distribution by variant"), &series);
    m.raw("</figure>\n");
}
