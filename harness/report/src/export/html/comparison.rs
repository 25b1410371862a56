//! A page of its own for a comparison of two runs, or of the variants of one. Not canonical: it names the runs.

use super::compare;
use super::markup::Markup;
use super::page::{Book, Frame, page};
use crate::compare::Comparison;
use crate::figures;
use crate::score::TimeToSolve;

const FOOT: &str = "Made by Retake from the journals of the runs that are compared.";

/// The page; comparisons in the order given.
pub fn comparison_html(comparisons: &[Comparison]) -> Vec<u8> {
    let mut m = Markup::new();
    m.raw("<div class=\"over\"><span class=\"tag\">of these runs</span></div>\n<h1>Comparison</h1>\n");
    if comparisons.iter().any(|comparison| comparison.synthetic) {
        m.raw("<p class=\"synthetic\">SYNTHETIC: answers come from an authored stub; nothing here says anything about a model.</p>\n");
    }
    m.raw("<ul class=\"says after\">\n");
    for comparison in comparisons {
        m.raw("<li><span aria-hidden=\"true\">\u{2194}</span><span>")
            .with(|m| compare::verdict(m, comparison));
        m.raw("</span></li>\n");
    }
    m.raw("</ul>\n<dl class=\"facts\">");
    for comparison in comparisons {
        let (base, head) = (&comparison.arms.base, &comparison.arms.head);
        for (name, arm, solve) in
            [("base", base, comparison.time_to_solve.base), ("head", head, comparison.time_to_solve.head)]
        {
            m.raw("<dt>").raw(name).raw("</dt><dd class=\"w\">").text(&arm.variant).raw(" of run ");
            m.cut(arm.run_id.as_str(), 100).raw("; half of its attempts have solved their task by ");
            m.text(&half(solve)).raw("</dd>\n");
        }
        if let Some(usd) = comparison.cost_usd {
            m.raw("<dt>cost</dt><dd>").text(&format!("{usd:.4} USD together")).raw("</dd>\n");
        }
    }
    m.raw("</dl>\n").with(|m| compare::compare(m, comparisons));
    let frame = Frame {
        title: "Retake: comparison",
        book: Book::Alone,
        up: "",
        sections: &[("compare", "Comparison")],
        foot: FOOT,
    };
    page(&frame, &m)
}

/// The virtual time by which half have solved it.
fn half(solve: Option<TimeToSolve>) -> String {
    solve.and_then(|solve| solve.p50_us).map_or("never".to_owned(), figures::duration)
}
