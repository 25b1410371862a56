//! A short diff of two texts, as a person would show it: whole lines where there are lines, a window at the bounds of
//! words where a line is long. Knows nothing of JSON or of requests.

use similar::{ChangeTag, TextDiff};

/// Characters of context on each side of a difference within a line.
const CONTEXT: usize = 40;
/// Characters that are shown from a difference on.
const AFTER: usize = 80;
/// Bytes of each text that are looked at from the line of the first difference on.
const WINDOW: usize = 16 * 1024;
/// Lines that are shown of each text.
const LINES: usize = 3;

/// The difference of two texts, which are equal before `old_at` and `new_at`: lines `- recorded`, lines `+ now`.
pub fn short_diff(old: &str, new: &str, old_at: usize, new_at: usize) -> String {
    let (old_at, new_at) = (floor(old, old_at), floor(new, new_at));
    if !old.contains('\n') && !new.contains('\n') {
        return format!("- {}\n+ {}", cut(old, old_at), cut(new, new_at));
    }
    let old = window(old, old_at);
    let new = window(new, new_at);
    let diff = TextDiff::from_lines(old, new);
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Delete => removed.push(change.value()),
            ChangeTag::Insert => added.push(change.value()),
            ChangeTag::Equal => {}
        }
    }
    let more = removed.len().saturating_sub(LINES) + added.len().saturating_sub(LINES);
    let mut lines = Vec::new();
    for (sign, texts, others) in [('-', &removed, &added), ('+', &added, &removed)] {
        for (number, text) in texts.iter().take(LINES).enumerate() {
            let common = others.get(number).map_or(0, |other| common(text, other));
            lines.push(format!("{sign} {}", cut(text.trim_end_matches(['\n', '\r']), common)));
        }
    }
    if lines.is_empty() {
        // Only how a line ends differs.
        return format!("- {}\n+ {}", cut(old, common(old, new)), cut(new, common(old, new)));
    }
    if more > 0 {
        lines.push(format!("  ... and {more} more lines"));
    }
    lines.join("\n")
}

/// Bytes that two texts have in common at their start, at the bound of a character.
fn common(a: &str, b: &str) -> usize {
    let same = a.chars().zip(b.chars()).take_while(|(x, y)| x == y);
    same.map(|(c, _)| c.len_utf8()).sum()
}

/// From the start of the line that holds an offset, as much as is looked at.
fn window(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    let end = floor(text, start.saturating_add(WINDOW).max(at.saturating_add(AFTER)));
    &text[start..end]
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A text around an offset, on one line, cut between words where there are words.
pub(crate) fn cut(text: &str, offset: usize) -> String {
    let offset = floor(text, offset);
    let before = &text[..offset];
    let mut start = before.char_indices().rev().nth(CONTEXT - 1).map_or(0, |(at, _)| at);
    if start > 0
        && let Some(space) = before[start..].find(' ').filter(|space| start + space + 1 < offset)
    {
        start += space + 1;
    }
    let after = &text[offset..];
    let mut end = after.char_indices().nth(AFTER).map_or(text.len(), |(at, _)| offset + at);
    if end < text.len()
        && let Some(space) = text[offset..end].rfind(' ').filter(|space| *space > AFTER / 2)
    {
        end = offset + space;
    }
    let lead = if start > 0 { "…" } else { "" };
    let trail = if end < text.len() { "…" } else { "" };
    format!("{lead}{}{trail}", text[start..end].escape_debug())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_shown_whole_and_long_ones_around_what_differs() {
        let old = "# Rules\n\nBe brief.\nRun the tests.\nNever push.\n";
        let new = "# Rules\n\nBe brief.\nRun no test.\nNever push.\nAsk first.\n";
        let at = common(old, new);
        assert_eq!(short_diff(old, new, at, at), "- Run the tests.\n+ Run no test.\n+ Ask first.");
        let long = |word: &str| format!("{}{word}{}", "word ".repeat(60), " more".repeat(60));
        let (old, new) = (long("old"), long("new"));
        let at = common(&old, &new);
        let diff = short_diff(&old, &new, at, at);
        let (removed, added) = diff.split_once('\n').unwrap();
        assert!(removed.starts_with("- …word ") && removed.contains(" old more") && removed.ends_with('…'));
        assert!(added.contains(" new more") && diff.len() < 300, "{diff}");
    }

    proptest! {
        #[test]
        fn any_two_texts_have_a_short_diff(a in "(?s).{0,300}", b in "(?s).{0,300}", at in 0..400_usize) {
            let found = short_diff(&a, &b, at, at);
            prop_assert!(found.lines().count() <= 2 * LINES + 1);
        }
    }
}
