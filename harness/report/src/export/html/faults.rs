//! The faults that were put in the way of a run on purpose, and how the agents came through. Knows nothing of steps.

use super::markup::Markup;
use super::parts::{View, section};
use crate::faults;

/// Trials that are listed.
const MOST: usize = 500;

/// The section; nothing of a run without a faults profile.
pub(super) fn section_of(m: &mut Markup, view: &View) {
    let (Some(warning), Some(total)) = (faults::warning(view.data), faults::total(view.scores)) else {
        return;
    };
    section(m, "faults", "Faults", "", |m| {
        m.raw("<p class=\"synthetic\" role=\"note\">")
            .text(&warning)
            .raw("</p>\n<p class=\"note\">")
            .text(&total);
        m.raw("</p>\n");
        let rows = faults::rows(view.data);
        if !rows.is_empty() {
            m.raw("<div class=\"card scroll\"><table>\n<thead><tr>");
            for name in faults::COLUMNS {
                m.raw("<th scope=\"col\">").raw(name).raw("</th>");
            }
            m.raw("</tr></thead>\n<tbody>\n");
            for row in rows.iter().take(MOST) {
                m.raw("<tr>");
                for cell in row {
                    m.raw("<td class=\"w\">").text(cell).raw("</td>");
                }
                m.raw("</tr>\n");
            }
            m.raw("</tbody></table></div>\n");
        }
        let idle = faults::idle(view.data, view.scores);
        if !idle.is_empty() {
            m.raw("<p class=\"note\">Never happened: ").text(&idle.join(", ")).raw("</p>\n");
        }
    });
}
