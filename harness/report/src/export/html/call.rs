//! One tool call: what was asked, how it went, what the model was shown of it. Knows nothing of the step around it.

use journal::{Event, ToolOutcome};

use super::diff;
use super::markup::Markup;
use super::timeline::{ENTRIES, Shown, TEXT, outcome as word_of};
use crate::exchanges::Exchanges;
use crate::figures::duration;

/// The call of an `acted` event; nothing for any other.
pub(super) fn acted(m: &mut Markup, event: &Event, exchanges: Option<&Exchanges>, shown: &mut Shown) {
    let Event::Acted {
        call_id,
        tool,
        arguments,
        outcome,
        exit,
        output,
        output_bytes,
        preview,
        duration_us,
        ..
    } = event
    else {
        return;
    };
    m.raw(match outcome {
        ToolOutcome::Ok => "<div class=\"call\">",
        ToolOutcome::Denied => "<div class=\"call warn\">",
        _ => "<div class=\"call bad\">",
    });
    m.raw("<header><strong>")
        .text(tool)
        .raw("</strong><span class=\"quiet mono\">")
        .text(call_id)
        .raw("</span>");
    m.raw("<span>").raw(word_of(*outcome));
    if let Some(code) = exit.filter(|code| *code != 0) {
        m.raw(", exit code ").text(&code.to_string());
    }
    m.raw(", ").text(&duration(*duration_us)).raw("</span></header>");
    asked(m, arguments, shown);
    match exchanges.filter(|_| shown.room()).and_then(|exchanges| exchanges.output(*output)) {
        Some(text) if text.trim().is_empty() => {
            m.raw("<div class=\"row quiet out\">no output</div>");
        }
        Some(text) => {
            let limit = shown.take(&text, TEXT);
            diff::folded(m, &text, limit);
        }
        None => {
            m.raw("<pre class=\"out\">")
                .lines(preview, 200)
                .raw("</pre><div class=\"row quiet\">the first line of ");
            m.int(*output_bytes).raw(" bytes</div>");
        }
    }
    m.raw("</div>");
}

/// The arguments: a command as a command, a patch as a patch, anything else by name.
fn asked(m: &mut Markup, arguments: &str, shown: &mut Shown) {
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(arguments) else {
        text(m, arguments, shown);
        return;
    };
    let mut rest = Vec::new();
    for (name, value) in fields.iter().take(ENTRIES) {
        match value.as_str() {
            Some(command) if matches!(name.as_str(), "cmd" | "command") => {
                m.raw("<pre>").with(|m| shown.lines(m, command, TEXT)).raw("</pre>");
            }
            Some(patch) if diff::is_patch(patch) => text(m, patch, shown),
            Some(words) => rest.push((name, words.to_owned())),
            None => rest.push((name, value.to_string())),
        }
    }
    if rest.is_empty() {
        return;
    }
    m.raw("<dl>");
    for (name, words) in rest {
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
