//! The table of all trials, to find, sort and open them. Knows nothing of their insides.

use super::markup::Markup;
use super::parts::{self, STATES, View, section};
use crate::score::virtual_us;
use crate::{TrialData, TrialState, figures};

/// Rows of the table; of a larger run those that did not pass come first.
const MOST_ROWS: usize = 5_000;

/// The table with what finds trials in it.
pub(super) fn trials(m: &mut Markup, view: &View) {
    section(m, "trials", "Trials", "", |m| {
        find(m, view);
        m.raw("<div class=\"card scroll\"><table>\n<thead><tr>");
        for (name, number) in [
            ("state", false),
            ("trial", false),
            ("why", false),
            ("reward", true),
            ("steps", true),
            ("tools", true),
            ("tokens", true),
            ("cached", true),
            ("time", true),
        ] {
            m.raw(if number { "<th scope=\"col\" class=\"n\">" } else { "<th scope=\"col\">" });
            m.raw("<button type=\"button\">").raw(name).raw("</button></th>");
        }
        m.raw("</tr></thead>\n<tbody>\n");
        let shown = chosen(view);
        for number in &shown {
            row(m, view, *number, &view.data.trials[*number]);
        }
        m.raw("</tbody></table></div>\n");
        let left = view.data.trials.len() - shown.len();
        if left > 0 {
            m.raw("<p class=\"note\">").int(left as u64).raw(" more trials are in trials.csv.</p>\n");
        }
    });
}

/// The trials that are listed, by their number in the plan: all, or as many as fit with those first that did not pass.
pub(super) fn chosen(view: &View) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..view.data.trials.len()).collect();
    if numbers.len() > MOST_ROWS {
        // The sort is stable: each part stays in the plan's order.
        numbers.sort_by_key(|n| view.data.trials[*n].state() == TrialState::Passed);
        numbers.truncate(MOST_ROWS);
    }
    numbers
}

fn find(m: &mut Markup, view: &View) {
    m.raw("<div class=\"find script\" role=\"search\"><input id=\"search\" type=\"search\" placeholder=\"Find trials  ( / )\" ");
    m.raw(
        "aria-label=\"Find trials by task, variant or reason\" autocomplete=\"off\" spellcheck=\"false\">\n",
    );
    let variants = &view.data.header.plan.variants;
    if variants.len() > 1 {
        m.raw("<select id=\"variant\" aria-label=\"Variant\"><option value=\"\">every variant</option>");
        for variant in variants {
            m.raw("<option value=\"").text(&variant.name).raw("\">").text(&variant.name).raw("</option>");
        }
        m.raw("</select>\n");
    }
    for state in STATES {
        let count = view.data.trials.iter().filter(|trial| trial.state() == state).count();
        if count > 0 {
            m.raw("<button type=\"button\" class=\"chip\" aria-pressed=\"false\" data-state=\"")
                .raw(parts::class(state));
            m.raw("\"><span aria-hidden=\"true\">")
                .raw(parts::shape(state))
                .raw("</span> ")
                .raw(parts::name(state));
            m.raw(" <b>").int(count as u64).raw("</b></button>\n");
        }
    }
    m.raw("<span class=\"quiet\" id=\"shown\" role=\"status\"></span></div>\n");
}

fn row(m: &mut Markup, view: &View, number: usize, trial: &TrialData) {
    let state = trial.state();
    m.raw("<tr data-state=\"").raw(parts::class(state)).raw("\" data-variant=\"").text(&trial.id.variant);
    m.raw("\"><td>").with(|m| parts::badge(m, state)).raw("</td><td class=\"w\">");
    view.link(m, number, |m| {
        m.text(&trial.id.to_string());
    });
    m.raw("</td><td class=\"w quiet\">").with(|m| why(m, trial)).raw("</td>");
    let Some(ended) = trial.finish.as_ref().map(|f| &f.ended) else {
        m.raw("<td></td><td></td><td></td><td></td><td></td><td></td></tr>\n");
        return;
    };
    let usage = &ended.usage;
    let tokens = usage.input_tokens.saturating_add(usage.output_tokens);
    let share = (usage.input_tokens > 0).then(|| usage.cached_tokens as f64 / usage.input_tokens as f64);
    let us = virtual_us(ended);
    m.raw("<td class=\"n\">")
        .text(&ended.reward.map_or(String::new(), |r| crate::score::round(r).to_string()));
    m.raw("</td><td class=\"n\">").int(u64::from(ended.steps)).raw("</td><td class=\"n\">");
    m.int(u64::from(ended.tool_calls)).raw("</td><td class=\"n\" data-v=\"").int(tokens).raw("\">");
    m.text(&figures::count(tokens)).raw("</td><td class=\"n\">").text(&figures::percent(share));
    m.raw("</td><td class=\"n\" data-v=\"")
        .int(us)
        .raw("\">")
        .text(&figures::duration(us))
        .raw("</td></tr>\n");
}

/// Why it did not pass: the mode and the reason. Of one that passed nothing needs to be said.
fn why(m: &mut Markup, trial: &TrialData) {
    if trial.state() == TrialState::Passed {
        return;
    }
    if let Some(mode) = trial.finish.as_ref().and_then(|f| f.ended.failure) {
        m.raw("<code>").text(&figures::word(&mode)).raw("</code>: ");
    }
    m.text(trial.reason());
}
