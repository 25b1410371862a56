//! One tool call: what was asked, how it went, what the model was shown of it. Knows nothing of the step around it.

use journal::{Acted, ToolOutcome};

use super::diff;
use super::markup::Markup;
use super::timeline::{ENTRIES, Shown, TEXT, outcome as word_of};
use crate::exchanges::Exchanges;
use crate::figures::duration;

/// A call, and as much of what it put out as there is room for.
pub(super) fn acted(m: &mut Markup, acted: &Acted, exchanges: Option<&Exchanges>, shown: &mut Shown) {
    m.raw(match acted.outcome {
        ToolOutcome::Ok => "<div class=\"call\">",
        ToolOutcome::Denied => "<div class=\"call warn\">",
        _ => "<div class=\"call bad\">",
    });
    m.raw("<header><strong>")
        .text(&acted.tool)
        .raw("</strong><span class=\"quiet mono\">")
        .text(&acted.call_id)
        .raw("</span>");
    m.raw("<span>").raw(word_of(acted.outcome));
    if let Some(code) = acted.exit.filter(|code| *code != 0) {
        m.raw(", exit code ").text(&code.to_string());
    }
    m.raw(", ").text(&duration(acted.duration_us)).raw("</span></header>");
    asked(m, &acted.arguments, shown);
    match exchanges.filter(|_| shown.room()).and_then(|exchanges| exchanges.output(acted.output)) {
        Some(text) if text.trim().is_empty() => {
            m.raw("<div class=\"row quiet out\">no output</div>");
        }
        Some(text) => {
            let limit = shown.take(&text, TEXT);
            diff::folded(m, &text, limit);
        }
        None => {
            m.raw("<pre class=\"out\">")
                .lines(&acted.preview, 200)
                .raw("</pre><div class=\"row quiet\">the first line of ");
            m.int(acted.output_bytes).raw(" bytes</div>");
        }
    }
    m.raw("</div>");
}

/// The arguments: a command as a command, a patch as a patch, anything else by name, what is long last and folded.
fn asked(m: &mut Markup, arguments: &str, shown: &mut Shown) {
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(arguments) else {
        text(m, arguments, shown);
        return;
    };
    let (mut short, mut long) = (Vec::new(), Vec::new());
    for (name, value) in fields.iter().take(ENTRIES) {
        match value.as_str() {
            Some(command) if matches!(name.as_str(), "cmd" | "command") => {
                m.raw("<pre>").with(|m| shown.lines(m, command, TEXT)).raw("</pre>");
            }
            Some(patch) if diff::is_patch(patch) => text(m, patch, shown),
            Some(words) if words.contains('\n') => long.push((name, words)),
            Some(words) => short.push((name, words.to_owned())),
            None => short.push((name, value.to_string())),
        }
    }
    if !short.is_empty() {
        named(m, short, shown);
    }
    for (name, words) in long {
        m.raw("<div class=\"row quiet\">").text(name).raw("</div>");
        let limit = shown.take(words, TEXT);
        diff::folded(m, words, limit);
    }
}

/// Values of one line, each beside its name.
fn named(m: &mut Markup, values: Vec<(&String, String)>, shown: &mut Shown) {
    m.raw("<dl>");
    for (name, words) in values {
        m.raw("<dt>")
            .text(name)
            .raw("</dt><dd><pre>")
            .with(|m| shown.lines(m, &words, TEXT))
            .raw("</pre></dd>");
    }
    m.raw("</dl>");
}

fn text(m: &mut Markup, text: &str, shown: &mut Shown) {
    if diff::is_patch(text) {
        let limit = shown.take(text, TEXT);
        diff::patch(m, text, limit);
    } else {
        m.raw("<pre>").with(|m| shown.lines(m, text, TEXT)).raw("</pre>");
    }
}
