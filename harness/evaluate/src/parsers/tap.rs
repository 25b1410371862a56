//! TAP as `node --test` and others write it, and node's own `spec` form of the same. Knows nothing of other tools.

use super::{Found, is_own, place};

/// The heading above node's failures in its `spec` form.
pub(super) const FAILING: &str = "✖ failing tests:";

/// Tests that are not ok; those marked TODO or SKIP, and parents that fail only by their children, left out.
pub(super) fn parse(text: &str) -> Vec<Found> {
    let lines: Vec<&str> = text.lines().collect();
    match lines.iter().position(|line| *line == FAILING) {
        Some(at) => spec(&lines[at + 1..]),
        None => tap(&lines),
    }
}

fn tap(lines: &[&str]) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let start = line.trim_start();
        let Some(rest) = start.strip_prefix("not ok") else { continue };
        let rest = rest.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        let name = rest.strip_prefix("- ").unwrap_or(rest);
        if is_excused(name) {
            continue;
        }
        let indent = line.len() - start.len();
        let details = details(&lines[at + 1..], indent);
        if details.iter().any(|line| line.trim() == "failureType: 'subtestsFailed'") {
            continue;
        }
        found.push(test(name, &details));
    }
    found
}

fn is_excused(name: &str) -> bool {
    let directive = name.rsplit_once(" # ").map(|(_, d)| d.to_ascii_uppercase());
    directive.is_some_and(|d| d.starts_with("TODO") || d.starts_with("SKIP"))
}

/// The lines between `---` and `...` below a test.
fn details<'a>(lines: &[&'a str], indent: usize) -> Vec<&'a str> {
    let inside = |line: &&&str| line.len() - line.trim_start().len() > indent || line.trim().is_empty();
    match lines.first() {
        Some(first) if first.trim() == "---" && inside(&first) => {
            lines[1..].iter().take_while(|line| line.trim() != "..." && inside(line)).copied().collect()
        }
        _ => Vec::new(),
    }
}

fn test(name: &str, details: &[&str]) -> Found {
    let at = value(details, "location").and_then(|location| place(&location));
    let stack = block(details, "stack");
    let (file, line) = stack.iter().find_map(|line| frame(line)).or(at).unzip();
    let message = value(details, "error").filter(|text| !text.starts_with('|')).unwrap_or_else(|| {
        block(details, "error")
            .iter()
            .map(|line| line.trim())
            .filter(|l| !l.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    });
    let message = if message.is_empty() { "not ok".to_owned() } else { message };
    Found { file, line, rule: Some(name.trim().to_owned()), message }
}

/// The value of a key in one line, unquoted.
fn value(details: &[&str], key: &str) -> Option<String> {
    let text = details.iter().find_map(|line| line.trim_start().strip_prefix(key)?.strip_prefix(':'))?.trim();
    let quoted = |mark: char| text.strip_prefix(mark).and_then(|text| text.strip_suffix(mark));
    match (quoted('\''), quoted('"')) {
        (Some(inner), _) => Some(inner.replace("''", "'")),
        (None, Some(inner)) => Some(inner.replace("\\\"", "\"")),
        (None, None) => Some(text.to_owned()),
    }
}

/// The lines of a key's block text.
fn block<'a>(details: &[&'a str], key: &str) -> Vec<&'a str> {
    let is_key = |line: &&str| {
        line.trim_start()
            .strip_prefix(key)
            .and_then(|rest| rest.strip_prefix(':'))
            .is_some_and(|v| v.trim().starts_with('|'))
    };
    let Some(at) = details.iter().position(is_key) else { return Vec::new() };
    let indent = details[at].len() - details[at].trim_start().len();
    let deeper = |line: &&&str| line.len() - line.trim_start().len() > indent || line.trim().is_empty();
    details[at + 1..].iter().take_while(deeper).copied().collect()
}

/// The place of a stack frame that belongs to the work: `at f (file:///app/a.mjs:1:2)`.
fn frame(line: &str) -> Option<(String, u32)> {
    let line = line.trim().strip_prefix("at ").unwrap_or(line.trim());
    let inside = match line.rsplit_once('(') {
        Some((_, inside)) => inside.split_once(')').map_or(inside, |(inside, _)| inside),
        None => line.strip_prefix("async ").unwrap_or(line),
    };
    if !is_own(inside) || inside.contains(' ') {
        return None;
    }
    place(inside)
}

/// Below node's heading: `test at a.mjs:1:2`, `✖ name (1.2ms)`, then the error and its stack.
fn spec(lines: &[&str]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut open: Option<Found> = None;
    for line in lines {
        if let Some(at) = line.strip_prefix("test at ") {
            found.extend(open.take());
            let (file, line) = place(at).unzip();
            open = Some(Found { file, line, ..Found::default() });
            continue;
        }
        let Some(current) = &mut open else { continue };
        if let Some(title) = line.strip_prefix("✖ ") {
            let name = title.rsplit_once(" (").map_or(title, |(name, _)| name);
            current.rule = Some(name.to_owned());
            if is_excused(title) {
                open = None;
            }
        } else if line.trim_start().starts_with("at ") {
            // A line end at the end of the message says that the place is known.
            let seen = current.message.ends_with('\n');
            if let Some((file, number)) = frame(line).filter(|_| !seen) {
                current.file = Some(file);
                current.line = Some(number);
                current.message.push('\n');
            }
        } else if current.message.is_empty() && current.rule.is_some() {
            line.trim().clone_into(&mut current.message);
        }
    }
    found.extend(open);
    for test in &mut found {
        test.message.truncate(test.message.trim_end().len());
        if test.message.is_empty() {
            "not ok".clone_into(&mut test.message);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixture;

    fn shown(text: &str) -> Vec<String> {
        let show = |f: &Found| {
            let [file, rule] = [&f.file, &f.rule].map(|text| text.clone().unwrap_or_default());
            format!("{file}:{}: {rule}: {}", f.line.unwrap_or(0), f.message)
        };
        parse(text).iter().map(show).collect()
    }

    #[test]
    fn failed_node_tests_have_the_first_place_of_their_stack() {
        assert_eq!(
            shown(&fixture("node-tap.txt")),
            [
                "a.test.mjs:6: adds: Expected values to be strictly equal: 2 !== 3",
                "h.mjs:2: inner bad: n must not be zero",
            ]
        );
    }

    #[test]
    fn the_spec_form_tells_the_same() {
        assert_eq!(
            shown(&fixture("node-spec.txt")),
            [
                "a.test.mjs:6: adds: AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:",
                "h.mjs:2: inner bad: TypeError [Error]: n must not be zero",
            ]
        );
    }

    #[test]
    fn bare_tap_is_read_too() {
        let text = "1..3\nok 1 - a\nnot ok 2 - b\nnot ok 3 - c # todo later\nnot ok\n";
        assert_eq!(shown(text), [":0: b: not ok", ":0: : not ok"]);
    }
}
