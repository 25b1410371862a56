//! What the trials cost by the price table, with the cache and without. Knows nothing of prices.

use std::collections::BTreeSet;

use super::markup::Markup;
use super::parts::View;

/// A table of costs; nothing where no variant has a price.
pub(super) fn cost(m: &mut Markup, view: &View) {
    let priced = view.scores.variants.iter().filter(|v| v.score.effort.cost_usd.is_some());
    let priced: Vec<_> = priced.collect();
    if priced.is_empty() {
        m.raw("<p class=\"note\">No cost: the price table knows none of the models that answered.</p>\n");
        return;
    }
    m.raw("<div class=\"card scroll\"><table>\n<caption>Cost in USD, over all scored trials</caption><thead><tr>");
    m.raw("<th scope=\"col\">variant</th><th scope=\"col\" class=\"n\">in all</th><th scope=\"col\" class=\"n\">a trial</th>");
    m.raw("<th scope=\"col\" class=\"n\">for each pass</th><th scope=\"col\" class=\"n\">without the cache</th></tr></thead>\n<tbody>\n");
    for variant in priced {
        let (effort, scored) = (&variant.score.effort, variant.score.counts.scored().max(1) as f64);
        m.raw("<tr><th scope=\"row\">").text(&variant.variant).raw("</th>");
        let each = effort.cost_usd.map(|usd| usd / scored);
        for usd in [effort.cost_usd, each, effort.usd_per_pass, effort.uncached_usd] {
            m.raw("<td class=\"n\">")
                .text(&usd.map_or("-".to_owned(), |usd| format!("{usd:.4}")))
                .raw("</td>");
        }
        m.raw("</tr>\n");
    }
    let dates: BTreeSet<&str> =
        view.data.trials.iter().filter_map(|trial| Some(trial.cost.as_ref()?.date.as_str())).collect();
    m.raw("</tbody></table></div>\n<p class=\"note\">Prices of ");
    m.text(&dates.into_iter().collect::<Vec<_>>().join(", ")).raw(".</p>\n");
}
