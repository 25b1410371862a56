//! Diffs and patches, line by line with their colours, and texts of many lines with their middle folded. Knows nothing
//! of where they come from.

use super::markup::Markup;
use crate::figures;

/// Lines of a text that are shown before the rest is folded.
const HEAD: usize = 10;
/// Characters that are.
const BEGINNING: usize = 1_500;

/// Whether a text looks like a patch.
pub(super) fn is_patch(text: &str) -> bool {
    text.starts_with("diff --git ")
        || text.starts_with("--- ")
        || text.starts_with("*** Begin Patch")
        || text.contains("\n@@ ")
}

/// A patch of at most `limit` characters.
pub(super) fn patch(m: &mut Markup, text: &str, limit: usize) {
    let cut = text.char_indices().nth(limit).map_or(text.len(), |(at, _)| at);
    m.raw("<pre class=\"diff\">");
    for line in text[..cut].lines() {
        m.raw("<span class=\"").raw(class(line)).raw("\">").lines(line, limit).raw("</span>");
    }
    if cut < text.len() {
        m.raw("<span class=\"at\">... ").int((text.len() - cut) as u64).raw(" more bytes</span>");
    }
    m.raw("</pre>");
}

fn class(line: &str) -> &'static str {
    let file = ["+++ ", "--- ", "diff ", "*** ", "index "];
    if file.iter().any(|start| line.starts_with(start)) {
        return "file";
    }
    match line.as_bytes().first() {
        Some(b'+') => "add",
        Some(b'-') => "del",
        Some(b'@') => "at",
        _ => "",
    }
}

/// A text of at most `limit` characters: a patch as one, of another long text the beginning, and the rest where it is
/// unfolded.
pub(super) fn folded(m: &mut Markup, text: &str, limit: usize) {
    if text.starts_with("diff --git ") {
        patch(m, text, limit);
        return;
    }
    let lines = text.lines().count();
    let few = lines <= HEAD + 4 && text.len() <= BEGINNING;
    let end = text.match_indices('\n').nth(HEAD - 1).map_or(text.len(), |(at, _)| at + 1);
    let end = text[..end].char_indices().nth(BEGINNING).map_or(end, |(at, _)| at);
    let (head, rest) = if few { (text, "") } else { text.split_at(end) };
    m.raw("<pre class=\"out\">").lines(head, limit).raw("</pre>");
    if rest.is_empty() {
        return;
    }
    m.raw("<details><summary>");
    match rest.lines().count() {
        1 => m.raw("the rest, ").text(&figures::count(rest.len() as u64)).raw(" bytes"),
        more => m.int(more as u64).raw(" more lines"),
    };
    let left = limit.saturating_sub(BEGINNING.min(limit / 2));
    m.raw("</summary><pre class=\"out\">").lines(rest, left).raw("</pre></details>");
}
