//! The model calls of one trial as its prompt cache saw them: a column a call, and each break with its cause. Knows
//! nothing of tools and of what was said.

use std::collections::HashMap;

use promptcache::{Break, CallReport, SessionReport};

use super::chart::{self, Column};
use super::markup::Markup;
use super::timeline::Ids;
use super::trial::MOST_STEPS;
use crate::figures::{count, percent};

/// Breaks that are listed.
const MOST_BREAKS: usize = 100;

/// Columns of cached, newly written and other tokens, as reported; a dot stands above a break.
pub(super) fn input(m: &mut Markup, report: &SessionReport, ids: Ids) {
    let mut steps: HashMap<&str, u32> = HashMap::new();
    let columns = report.calls.iter().take(MOST_STEPS).map(|call| {
        let step = steps.entry(&call.thread).or_default();
        *step += 1;
        let mut target = Markup::new();
        ids.step(&mut target, &call.thread, *step);
        let (cached, written, rest) = tokens(call);
        let found = report.breaks.iter().filter(|one| one.call == call.call).map(words);
        let found: Vec<String> = found.collect();
        let broken = if found.is_empty() { String::new() } else { format!("; {}", found.join("; ")) };
        let achievable = call.predicted.map_or(String::new(), |predicted| {
            let share = predicted.cached as f64 / predicted.input.max(1) as f64;
            format!(", {} achievable", percent(Some(share)))
        });
        Column {
            target,
            words: format!(
                "Call {}: {} tokens from the cache{achievable}, {} written, {} neither{broken}",
                call.call,
                count(cached),
                count(written),
                count(rest)
            ),
            parts: vec![("rest", cached as f64), ("fc", written as f64), ("fa", rest as f64)],
            marked: !found.is_empty(),
        }
    });
    let columns: Vec<Column> = columns.collect();
    let most = report.calls.iter().map(tokens).map(|(cached, written, rest)| cached + written + rest).max();
    m.raw("<figcaption>Input tokens <small>by call; a dot marks a break of the prefix</small></figcaption>");
    chart::columns(m, "Input tokens by call", &columns, &count(most.unwrap_or(0)));
    chart::legend(m, &[("rest", "from the cache"), ("fc", "newly written"), ("fa", "neither")]);
}

/// Cached, written and other tokens of a prompt: as reported, else as the rules give it.
fn tokens(call: &CallReport) -> (u64, u64, u64) {
    let (input, cached, written) = match (call.usage, call.predicted) {
        (Some(usage), _) => (usage.input_tokens, usage.cached_tokens, usage.cache_write_tokens),
        (None, Some(predicted)) => (predicted.input, predicted.cached, predicted.written),
        (None, None) => (0, 0, 0),
    };
    let cached = cached.min(input);
    let written = written.min(input - cached);
    (cached, written, input - cached - written)
}

fn words(one: &Break) -> String {
    let place = if one.path.is_empty() { String::new() } else { format!(" at {}", one.path) };
    format!("{}{place}, {} tokens lost", one.cause, count(one.tokens))
}

/// The breaks of the trial, each with its place and the two texts there; nothing where there are none.
pub(super) fn breaks(m: &mut Markup, report: &SessionReport, ids: Ids) {
    if report.breaks.is_empty() {
        return;
    }
    let mut steps = Vec::with_capacity(report.calls.len());
    let mut last: HashMap<&str, u32> = HashMap::new();
    for call in &report.calls {
        let step = last.entry(&call.thread).or_default();
        *step += 1;
        steps.push(*step);
    }
    m.raw("<details><summary>")
        .int(report.breaks.len() as u64)
        .raw(" breaks of the prompt's prefix</summary>\n");
    m.raw("<div class=\"card scroll\"><table><thead><tr><th scope=\"col\">call</th><th scope=\"col\">cause</th>");
    m.raw("<th scope=\"col\" class=\"n\">tokens lost</th><th scope=\"col\" class=\"n\">USD lost</th>");
    m.raw("<th scope=\"col\" class=\"n\">tokens before it</th><th scope=\"col\">where, and what</th></tr></thead>\n<tbody>\n");
    for one in report.breaks.iter().take(MOST_BREAKS) {
        let step = one.call.checked_sub(1).and_then(|at| steps.get(at)).copied().unwrap_or_default();
        m.raw("<tr><td><a href=\"#").with(|m| ids.step(m, &one.thread, step)).raw("\">");
        m.int(one.call as u64).raw("</a></td><td>").text(&one.cause.to_string());
        m.raw(if one.compaction { " (compaction)" } else { "" }).raw("</td><td class=\"n\">");
        m.text(&count(one.tokens)).raw("</td><td class=\"n\">");
        m.text(&one.cost_usd.map_or("-".to_owned(), |usd| format!("{usd:.4}"))).raw("</td><td class=\"n\">");
        m.text(&count(one.token_offset)).raw("</td><td class=\"w\"><code>").cut(&one.path, 120);
        m.raw("</code><pre>").lines(&one.diff, 600).raw("</pre></td></tr>\n");
    }
    m.raw("</tbody></table></div>\n");
    if report.breaks.len() > MOST_BREAKS {
        m.raw("<p class=\"note\">").int((report.breaks.len() - MOST_BREAKS) as u64).raw(" more.</p>\n");
    }
    m.raw("</details>\n");
}
