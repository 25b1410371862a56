//! What the work took: tokens and time by their parts, conduct. Knows nothing of single steps.

use super::chart::{self, Whole};
use super::cost::cost;
use super::latency::MOST;
use super::markup::Markup;
use super::parts::{View, section};
use crate::figures;
use crate::score::{Score, VariantScore};

/// Tokens and time of a trial by their parts, and how the agent behaved.
pub(super) fn effort(m: &mut Markup, view: &View) {
    let lead = "What a scored trial took, and where it went.";
    section(m, "effort", "Effort", lead, |m| {
        let scored = |score: &&VariantScore| score.score.counts.scored() > 0;
        let variants: Vec<&VariantScore> = view.scores.variants.iter().filter(scored).take(MOST).collect();
        m.raw("<div class=\"figures\">\n<figure class=\"card\"><figcaption>Tokens <small>a trial, on average</small></figcaption>");
        let tokens: Vec<Whole> = variants.iter().map(|v| tokens(v)).collect();
        chart::stacks(m, "Tokens of a trial by variant", &tokens, chart::WIDTH);
        chart::legend(m, &[("rest", "input from the cache"), ("fa", "input, not cached"), ("fb", "output")]);
        m.raw(
            "</figure>\n<figure class=\"card\"><figcaption>Time <small>the median trial, virtual</small></figcaption>",
        );
        let time: Vec<Whole> = variants.iter().map(|v| time(v)).collect();
        chart::stacks(m, "Time of a trial by variant", &time, chart::WIDTH);
        chart::legend(m, &[("fa", "model"), ("fb", "tools"), ("fc", "visible checks")]);
        m.raw("</figure>\n</div>\n");
        cost(m, view);
        conduct(m, &view.scores.variants);
    });
}

fn tokens(variant: &VariantScore) -> Whole {
    let (usage, n) = (&variant.score.effort.usage, variant.score.counts.scored().max(1) as f64);
    let uncached = usage.input_tokens.saturating_sub(usage.cached_tokens);
    let parts = [("rest", usage.cached_tokens), ("fa", uncached), ("fb", usage.output_tokens)];
    Whole {
        name: variant.variant.clone(),
        total: format!(
            "{} in, {} out",
            figures::count((usage.input_tokens as f64 / n) as u64),
            figures::count((usage.output_tokens as f64 / n) as u64)
        ),
        parts: parts.map(|(class, tokens)| (class, tokens as f64 / n)).to_vec(),
    }
}

fn time(variant: &VariantScore) -> Whole {
    let mean = mean_us(&variant.score);
    let share = variant.score.share;
    let parts = share.map_or([0.0; 3], |s| [s.model, s.tool, s.evaluate]);
    let words =
        share.map_or(String::new(), |s| format!(", {} in the model", figures::percent(Some(s.model))));
    Whole {
        name: variant.variant.clone(),
        total: format!("{}{words}", figures::duration(mean as u64)),
        parts: ["fa", "fb", "fc"].into_iter().zip(parts.map(|share| share * mean)).collect(),
    }
}

/// The median of a trial's virtual time stands for its length.
fn mean_us(score: &Score) -> f64 {
    score.latency.trial.map_or(0.0, |p| p.p50_us as f64)
}

fn conduct(m: &mut Markup, variants: &[VariantScore]) {
    m.raw("<div class=\"card scroll\"><table>\n<caption>Over all scored trials</caption><thead><tr>");
    for name in [
        "variant",
        "passed in time",
        "steps",
        "tool calls",
        "failed",
        "denied",
        "model calls tried again",
        "rounds of feedback",
        "not passed because",
    ] {
        m.raw(if name == "variant" || name == "not passed because" {
            "<th scope=\"col\">"
        } else {
            "<th scope=\"col\" class=\"n\">"
        });
        m.raw(name).raw("</th>");
    }
    m.raw("</tr></thead>\n<tbody>\n");
    for variant in variants {
        let effort = &variant.score.effort;
        m.raw("<tr><th scope=\"row\">").text(&variant.variant).raw("</th><td class=\"n\">");
        m.text(&figures::rate(variant.score.goodput.as_ref())).raw("</td>");
        for n in [
            effort.steps,
            effort.tool_calls,
            effort.tool_errors,
            effort.denied,
            effort.retries,
            effort.rounds,
        ] {
            m.raw("<td class=\"n\">").int(n).raw("</td>");
        }
        let modes = variant.score.failures.iter().map(|(mode, n)| format!("{n} {}", figures::word(mode)));
        let modes = modes.collect::<Vec<_>>().join(", ");
        m.raw("<td class=\"w\">").text(&modes).raw("</td></tr>\n");
    }
    m.raw("</tbody></table></div>\n");
    let tried: u64 = variants.iter().map(|v| v.score.counts.scored()).sum();
    m.raw("<p class=\"note\">").text(&figures::counted(tried, "scored trial"));
    m.raw("; void, faulty and unfinished ones are in none of these figures.</p>\n");
}
