//! What judges a trial: visible checks with their findings, the hidden tests, the verdict. Knows nothing of steps.

use std::collections::BTreeMap;

use journal::{CheckResult, Ended};

use super::markup::Markup;
use super::timeline::{ENTRIES, TEXT};
use crate::figures::{count, duration, word};
use crate::score::virtual_us;

/// One round of visible checks.
pub(super) fn round(m: &mut Markup, checks: &[CheckResult], duration_us: u64) {
    let held = checks.iter().all(|check| check.passed);
    m.raw(if held { "<div class=\"call\">" } else { "<div class=\"call bad\">" });
    m.raw("<header><strong>")
        .raw(if held { "Every check held" } else { "Checks failed" })
        .raw("</strong><span>");
    m.text(&duration(duration_us)).raw("</span></header><ul class=\"checks\">");
    for check in checks.iter().take(ENTRIES) {
        one(m, check);
    }
    m.raw("</ul></div>");
}

fn one(m: &mut Markup, check: &CheckResult) {
    m.raw(if check.passed {
        "<li><span class=\"passed\">\u{2713}</span> "
    } else {
        "<li><span class=\"failed\">\u{2715}</span> "
    });
    m.text(&check.name).raw(" <span class=\"quiet\">").text(&check.kind).raw("</span>");
    if !check.findings.is_empty() {
        m.raw("<ul>");
        for finding in check.findings.iter().take(ENTRIES) {
            m.raw("<li>");
            if let Some(file) = &finding.file {
                m.raw("<code>").text(file);
                if let Some(line) = finding.line {
                    m.raw(":").int(u64::from(line));
                }
                m.raw("</code> ");
            }
            m.text(&finding.message);
            if let Some(rule) = &finding.rule {
                m.raw(" <span class=\"quiet\">").text(rule).raw("</span>");
            }
            m.raw("</li>");
        }
        if check.findings.len() > ENTRIES {
            m.raw("<li class=\"quiet\">and ").int((check.findings.len() - ENTRIES) as u64).raw(" more</li>");
        }
        m.raw("</ul>");
    }
    m.raw("</li>");
}

/// What the hidden tests gave.
pub(super) fn verified(m: &mut Markup, reward: Option<f64>, rewards: &BTreeMap<String, f64>, error: &str) {
    m.raw(if error.is_empty() { "<div class=\"call\"><dl>" } else { "<div class=\"call bad\"><dl>" });
    m.raw("<dt>reward</dt><dd>").text(&reward.map_or("none".to_owned(), number)).raw("</dd>");
    for (key, value) in rewards.iter().filter(|(key, _)| *key != "reward").take(ENTRIES) {
        m.raw("<dt>").text(key).raw("</dt><dd>").text(&number(*value)).raw("</dd>");
    }
    m.raw("</dl>");
    if !error.is_empty() {
        m.raw("<pre class=\"out\">").lines(error, TEXT).raw("</pre>");
    }
    m.raw("</div>");
}

/// A reward as files have it.
fn number(value: f64) -> String {
    crate::score::round(value).to_string()
}

/// The verdict and what the trial took.
pub(super) fn ended(m: &mut Markup, ended: &Ended) {
    m.raw("<p class=\"said\"><strong>").text(&word(&ended.outcome).replace('_', " ")).raw("</strong>");
    if let Some(failure) = &ended.failure {
        m.raw(" (<code>").text(&word(failure)).raw("</code>)");
    }
    if !ended.reason.is_empty() {
        m.raw(": ").text(&ended.reason);
    }
    let usage = &ended.usage;
    if ended.recorded_steps > 0 {
        m.raw("</p><p class=\"quiet\">After ").int(u64::from(ended.recorded_steps));
        m.raw(" recorded steps, which do not count here.");
    }
    for met in ended.met.iter().take(ENTRIES) {
        m.raw("</p><p>Let pass: ")
            .text(&met.count.to_string())
            .raw(" <code>")
            .text(&met.cause)
            .raw("</code> (");
        m.text(&met.allowed).raw(")");
    }
    m.raw("</p><p class=\"quiet\">")
        .int(u64::from(ended.steps))
        .raw(" steps, ")
        .int(u64::from(ended.tool_calls));
    m.raw(" tool calls, ")
        .text(&count(usage.input_tokens))
        .raw(" tokens in, ")
        .text(&count(usage.output_tokens));
    m.raw(" out, ").text(&duration(virtual_us(ended))).raw(" (").text(&word(&ended.kind)).raw(")</p>");
}
