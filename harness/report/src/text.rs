//! Recorded text made inert and bounded, for a terminal, a cell, a page. Knows nothing of what the text says.

use std::fmt::Write;

/// Characters of a recorded sentence that a report shows.
pub(crate) const SENTENCE: usize = 300;

/// One line of at most `limit` characters: control characters, line ends and characters that reorder or hide text
/// are written as escapes, so that they are seen and do nothing.
pub(crate) fn line(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit));
    let mut rest = text.chars();
    for c in rest.by_ref().take(limit) {
        push_inert(&mut out, c);
    }
    note_cut(&mut out, rest.as_str());
    out
}

/// Recorded text as one line that does nothing where it is printed, cut at [`SENTENCE`] characters.
pub fn inert(text: &str) -> String {
    sentence(text)
}

/// A sentence of a recording on one line, cut at [`SENTENCE`] characters.
pub(crate) fn sentence(text: &str) -> String {
    line(text, SENTENCE)
}

/// Lines of a text, each behind `indent`, of at most `limit` characters together. Tabs stay.
pub(crate) fn block(text: &str, indent: &str, limit: usize) -> String {
    let cut = text.char_indices().nth(limit).map_or(text.len(), |(at, _)| at);
    let (shown, rest) = text.split_at(cut);
    let mut out = String::with_capacity(shown.len() + 64);
    for row in shown.lines() {
        out.push_str(indent);
        for c in row.chars() {
            if c == '\t' { out.push(c) } else { push_inert(&mut out, c) }
        }
        out.push('\n');
    }
    if !rest.is_empty() {
        let _ = writeln!(out, "{indent}... ({} more bytes)", rest.len());
    }
    out
}

/// A CSV cell that no spreadsheet takes for a formula: one that starts like a formula gets an apostrophe.
pub(crate) fn cell(text: &str) -> String {
    let text = sentence(text);
    let first = text.trim_start().chars().next();
    match first {
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') => format!("'{text}"),
        _ => text,
    }
}

/// A Markdown code span that also stands in a table's cell; nothing in it is markup, a link or a mention.
pub(crate) fn code(text: &str) -> String {
    let text = escape_pipes(&sentence(text));
    let mut longest = 0;
    let mut current = 0;
    for c in text.chars() {
        current = if c == '`' { current + 1 } else { 0 };
        longest = longest.max(current);
    }
    let fence = "`".repeat(longest + 1);
    let pad = if text.is_empty() || text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// An odd number of backslashes before each pipe: that is an escaped pipe to every reader of Markdown tables, whether
/// it counts backslashes in pairs or looks only at the last one.
fn escape_pipes(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut slashes = 0_usize;
    for c in text.chars() {
        if c == '|' {
            out.push_str(if slashes.is_multiple_of(2) { "\\" } else { "\\\\" });
        }
        slashes = if c == '\\' { slashes + 1 } else { 0 };
        out.push(c);
    }
    out
}

fn push_inert(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c.is_ascii_control() => {
            let _ = write!(out, "\\x{:02x}", u32::from(c));
        }
        c if c.is_control() || deceives(c) => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// Characters that reorder, join or hide what stands beside them.
fn deceives(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn note_cut(out: &mut String, rest: &str) {
    if !rest.is_empty() {
        let _ = write!(out, "... ({} more bytes)", rest.len());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_at_all_gets_out_live_or_unbounded(text in any::<String>(), limit in 0_usize..40) {
            let live = |c: char| c.is_control() || deceives(c);
            let shown = line(&text, limit);
            prop_assert!(!shown.contains(live));
            prop_assert!(shown.len() <= limit * 10 + 40);
            prop_assert!(block(&text, "  ", limit).lines().all(|row| row.starts_with("  ")));
            prop_assert!(!block(&text, "", limit).replace(['\n', '\t'], "").contains(live));
            prop_assert!(!cell(&text).starts_with(['=', '+', '-', '@', '\t', '\r']));
            prop_assert!(!code(&text).contains(live));
        }
    }

    #[test]
    fn terminal_escapes_and_reordering_are_shown_and_do_nothing() {
        assert_eq!(line("a\x1b[2J\x07\u{9b}b\u{202e}c\r\n", 99), r"a\x1b[2J\x07\u{9b}b\u{202e}c\r\n");
        assert_eq!(block("a\tb\n\x1b]0;x\x07", "> ", 99), "> a\tb\n> \\x1b]0;x\\x07\n");
        assert_eq!(line("größer ✓", 99), "größer ✓");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let long = "x".repeat(10_000_000);
        assert_eq!(line(&long, 3), "xxx... (9999997 more bytes)");
        assert_eq!(block(&long, "", 3), "xxx\n... (9999997 more bytes)\n");
        assert!(cell(&long).len() < 400);
        assert!(code(&long).len() < 400);
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "＝1"] {
            assert!(cell(text).starts_with('\''), "{text}");
        }
        assert_eq!(cell("\t=1"), r"\t=1");
        assert_eq!(cell("exit code 1"), "exit code 1");
    }

    #[test]
    fn a_code_span_cannot_be_left() {
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code(r"a\|b"), r"`a\\\|b`");
        assert_eq!(code("``x`"), "``` ``x` ```");
        assert_eq!(code("<script>"), "`<script>`");
        assert_eq!(code(""), "`   `".replace("   ", "  "));
    }
}
