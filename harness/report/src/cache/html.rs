//! The section on prompt caches of a page: a fragment of HTML without script or style of its own. Knows nothing of the
//! page around it.

use std::fmt::Write as _;

use super::run::RunCache;
use super::summary::{BreakSum, FigureSet};
use crate::text::line;

/// Trials that are listed.
const MOST_TRIALS: usize = 200;

/// The section of a run; empty where none of its exchanges are at hand.
pub fn cache_html(cache: &RunCache) -> String {
    if cache.trials.is_empty() {
        return String::new();
    }
    let mut out = String::from("<section id=\"prompt-cache\">\n<h2>Prompt cache</h2>\n");
    if cache.synthetic {
        out.push_str("<p>SYNTHETIC: what was reported came from an authored stub.</p>\n");
    }
    let rows = cache.variants.iter().map(|(name, figures)| (name.as_str(), figures, None));
    table(&mut out, "variant", rows.chain([("all", &cache.total, None)]));
    breaks(&mut out, &cache.breaks);
    let rows = cache
        .trials
        .iter()
        .take(MOST_TRIALS)
        .map(|trial| (trial.trial.as_str(), &trial.figures, Some(trial.breaks)));
    table(&mut out, "trial", rows);
    if cache.trials.len() > MOST_TRIALS {
        let _ = writeln!(out, "<p>... and {} more trials</p>", cache.trials.len() - MOST_TRIALS);
    }
    out.push_str("</section>\n");
    out
}

fn table<'a>(
    out: &mut String,
    name: &str,
    rows: impl Iterator<Item = (&'a str, &'a FigureSet, Option<u64>)>,
) {
    let _ = write!(
        out,
        "<table>\n<thead><tr><th>{name}</th><th>calls</th><th>input</th><th>cached</th><th>written</th><th>reported</th>\
         <th>achievable</th><th>gap</th><th>amplification</th><th>breaks</th></tr></thead>\n<tbody>\n"
    );
    let percent =
        |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
    for (name, figures, breaks) in rows {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(name),
            figures.calls,
            figures.input_tokens,
            figures.cached_tokens,
            figures.cache_write_tokens,
            percent(figures.reported_hit_rate),
            percent(figures.achievable_hit_rate),
            percent(figures.gap),
            figures.prefill_amplification.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}")),
            breaks.map_or_else(String::new, |count| count.to_string()),
        );
    }
    out.push_str("</tbody>\n</table>\n");
}

fn breaks(out: &mut String, sums: &[BreakSum]) {
    if sums.is_empty() {
        out.push_str("<p>Every prefix extended: no breaks.</p>\n");
        return;
    }
    out.push_str("<table>\n<thead><tr><th>cause</th><th>breaks</th><th>tokens</th><th>USD</th><th>what to do</th></tr></thead>\n<tbody>\n");
    for sum in sums {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            sum.cause,
            sum.count,
            sum.tokens,
            sum.cost_usd.map_or_else(|| "-".to_owned(), |usd| format!("{usd:.4}")),
            escaped(sum.suggestion)
        );
    }
    out.push_str("</tbody>\n</table>\n");
}

/// Text that is no markup.
fn escaped(text: &str) -> String {
    line(text, 300).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use promptcache::Figures;

    use super::*;
    use crate::cache::TrialCache;

    #[test]
    fn a_section_has_a_row_for_each_variant_and_trial_and_no_markup_of_a_recording() {
        let figures =
            FigureSet::of(&Figures { calls: 3, input_tokens: 900, cached_tokens: 450, ..Figures::default() });
        let trial = TrialCache {
            trial: "core/<script>@main#1".to_owned(),
            variant: "main".to_owned(),
            figures: figures.clone(),
            breaks: 2,
        };
        let mut cache = RunCache {
            synthetic: true,
            total: figures.clone(),
            variants: BTreeMap::from([("main".to_owned(), figures)]),
            trials: vec![trial],
            breaks: Vec::new(),
        };
        let page = cache_html(&cache);
        assert!(page.contains("SYNTHETIC") && page.contains("core/&lt;script&gt;@main#1"), "{page}");
        assert_eq!(page.matches("<td>50.0 %</td>").count(), 3, "{page}");
        assert!(!page.contains("<script"));
        cache.trials.clear();
        assert_eq!(cache_html(&cache), "");
    }
}
