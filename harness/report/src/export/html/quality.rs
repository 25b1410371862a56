//! What the trials left in their workspaces: the changes and findings of each variant, and the trials whose changes somebody should
//! look at. Computes nothing.

use super::host::companion_link;
use super::markup::Markup;
use super::parts::{View, section};
use crate::quality::{self, COLUMNS};

/// Trials that are listed.
const MOST: usize = 200;

/// The section; nothing where no workspace was looked at.
pub(super) fn quality(m: &mut Markup, view: &View) {
    let variants = quality::of_variants(view.data);
    if variants.is_empty() {
        return;
    }
    let lead = "Sums over the scored trials, of tools that really ran here. Findings are those of the visible checks: what they \
        found first, and what was left when the agent had done with their feedback.";
    section(m, "quality", "Quality of the result", lead, |m| {
        m.raw("<div class=\"card scroll\"><table><thead><tr><th scope=\"col\">variant</th>");
        for (at, name) in COLUMNS.iter().enumerate() {
            m.raw("<th scope=\"col\"").raw(class(at)).raw(">").raw(name).raw("</th>");
        }
        m.raw("</tr></thead>\n<tbody>\n");
        for (variant, quality) in &variants {
            m.raw("<tr><th scope=\"row\">").text(variant).raw("</th>");
            for (at, cell) in quality::cells(quality).iter().enumerate() {
                m.raw("<td").raw(class(at)).raw(">").text(cell).raw("</td>");
            }
            m.raw("</tr>\n");
        }
        m.raw("</tbody></table></div>\n");
        doubtful(m, view);
    });
}

/// The class of a column: the last one is no number alone, and may take several lines.
fn class(at: usize) -> &'static str {
    if at + 1 < COLUMNS.len() { " class=\"n\"" } else { "" }
}

fn doubtful(m: &mut Markup, view: &View) {
    let trials: Vec<(usize, String)> =
        view.numbered().filter_map(|(number, trial)| Some((number, quality::doubts(trial)?))).collect();
    if trials.is_empty() {
        return;
    }
    m.raw("<div class=\"card scroll\"><table>\n<caption>To be looked at</caption><thead><tr><th scope=\"col\">trial</th>");
    m.raw("<th scope=\"col\">what its changes hold</th></tr></thead>\n<tbody>\n");
    for (number, doubts) in trials.iter().take(MOST) {
        m.raw("<tr><td class=\"w\">").with(|m| companion_link(m, view, *number));
        m.raw("</td><td>").text(doubts).raw("</td></tr>\n");
    }
    m.raw("</tbody></table></div>\n");
    if trials.len() > MOST {
        m.raw("<p class=\"note\">").int((trials.len() - MOST) as u64).raw(" more are in timings.csv.</p>\n");
    }
}
