//! The prompt cache, as the model reported it: by variant and by step. Knows nothing of what the provider's rules would
//! have allowed.

use super::chart::{self, Line};
use super::latency::MOST;
use super::markup::Markup;
use super::parts::{View, section};
use crate::figures;

/// Steps that are drawn.
const STEPS: usize = 60;

/// The share of input tokens that came from the cache.
pub(super) fn cache(m: &mut Markup, view: &View) {
    let lead = "Input tokens that came from the cache, as reported with each answer, weighted by tokens. A native \
                prompt only grows at its end: where a line falls, something early in the prompt changed or the cache \
                had let go of it.";
    section(m, "cache", "Prompt cache", lead, |m| {
        let lines = lines(view);
        m.raw("<div class=\"figures\">\n<figure class=\"card\"><figcaption>Cached input <small>by step of the trial</small>");
        m.raw("</figcaption>");
        chart::lines(m, "Share of input from the cache by step", &lines);
        legend(m, &lines);
        m.raw("</figure>\n<figure class=\"card\"><figcaption>Over all steps</figcaption><table><thead><tr><th scope=\"col\">");
        m.raw(
            "variant</th><th scope=\"col\" class=\"n\">input</th><th scope=\"col\" class=\"n\">cached</th>",
        );
        m.raw("<th scope=\"col\" class=\"n\">written</th><th scope=\"col\" class=\"n\">hit rate</th></tr></thead>\n<tbody>\n");
        for variant in &view.scores.variants {
            let usage = &variant.score.effort.usage;
            m.raw("<tr><th scope=\"row\">").text(&variant.variant).raw("</th>");
            for tokens in [usage.input_tokens, usage.cached_tokens, usage.cache_write_tokens] {
                m.raw("<td class=\"n\">").text(&figures::count(tokens)).raw("</td>");
            }
            m.raw("<td class=\"n\">")
                .text(&figures::percent(variant.score.effort.cache_hit_rate))
                .raw("</td></tr>\n");
        }
        m.raw("</tbody></table></figure>\n</div>\n");
    });
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
