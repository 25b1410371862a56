//! What `cargo test`, `cargo clippy` and `rustc` write for people. Knows nothing of other tools.

use super::{Found, is_own, place};

/// Messages of cargo that only sum up what was said before.
const SUMMARIES: [&str; 7] = [
    "could not compile",
    "test failed, to rerun",
    "doctest failed, to rerun",
    "aborting due to",
    "process didn't exit",
    "build failed",
    "targets failed",
];

/// Failed tests, errors and warnings, in the order of the output.
pub(super) fn parse(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut open: Option<Found> = None;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            found.extend(open.take());
            let mut block = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("---- ") && *line != "failures:") {
                block.push(line);
            }
            found.push(test(name, &block));
        } else if let Some(begun) = diagnostic(line) {
            found.extend(open.take());
            open = begun;
        } else if let Some(current) = &mut open {
            if line.is_empty() {
                found.extend(open.take());
            } else {
                detail(line, current);
            }
        }
    }
    found.extend(open);
    found
}

/// The start of a diagnostic; `Some(None)` for one that only sums up.
fn diagnostic(line: &str) -> Option<Option<Found>> {
    let (severity, rest) =
        ["error", "warning"].iter().find_map(|word| Some((*word, line.strip_prefix(word)?)))?;
    let (code, message) = match rest.strip_prefix('[') {
        Some(coded) => coded.split_once("]: ")?,
        None => (severity, rest.strip_prefix(": ")?),
    };
    let sums_up = SUMMARIES.iter().any(|start| message.starts_with(start))
        || (message.starts_with('`') && message.contains(" generated "))
        || message.ends_with(" warnings emitted")
        || message.ends_with(" warning emitted");
    let found = Found { file: None, line: None, rule: Some(code.to_owned()), message: message.to_owned() };
    Some((!sums_up).then_some(found))
}

/// A line below a diagnostic: its place, or the lint's name.
fn detail(line: &str, found: &mut Found) {
    let line = line.trim_start();
    if let Some((file, number)) = line.strip_prefix("--> ").and_then(place).filter(|_| found.file.is_none()) {
        found.file = Some(file);
        found.line = Some(number);
    }
    let unnamed = matches!(found.rule.as_deref(), Some("error" | "warning"));
    if let Some(note) = line.strip_prefix("= note: `").filter(|_| unnamed) {
        let lint = note
            .strip_prefix("#[")
            .and_then(|rest| rest.split_once('('))
            .and_then(|(_, l)| l.split_once(')'));
        let flag =
            note.split_once('`').map(|(flag, _)| flag.trim_start_matches("-D ").trim_start_matches("-W "));
        if let Some(name) = lint.map(|(name, _)| name).or(flag.filter(|name| !name.contains([' ', '#']))) {
            found.rule = Some(name.replace('-', "_"));
        }
    }
}

/// A failed test from what stands between its heading and the next.
fn test(name: &str, block: &[&str]) -> Found {
    let mut found = Found { rule: Some(name.to_owned()), ..Found::default() };
    let panic = block.iter().position(|line| line.starts_with("thread '") && line.contains(" panicked at "));
    if let Some(at) = panic {
        let (_, whole) = block[at].split_once(" panicked at ").unwrap_or_default();
        set_place(&mut found, whole);
        let ends = |line: &&&str| {
            !line.is_empty() && !line.starts_with("note: ") && !line.starts_with("stack backtrace")
        };
        let message: Vec<&str> = block[at + 1..].iter().take_while(ends).map(|line| line.trim()).collect();
        found.message = message.join("; ");
    } else if let Some(line) = block.iter().find(|line| !line.is_empty()) {
        found.message = line.strip_prefix("note: ").unwrap_or(line).to_owned();
        if let Some((_, whole)) = line.rsplit_once(" at ") {
            set_place(&mut found, whole);
        }
    }
    if found.message.is_empty() {
        "failed".clone_into(&mut found.message);
    }
    found
}

fn set_place(found: &mut Found, text: &str) {
    if let Some((file, line)) = place(text).filter(|(file, _)| is_own(file) && !file.contains(' ')) {
        found.file = Some(file);
        found.line = Some(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixture;

    fn shown(name: &str) -> Vec<String> {
        let show = |f: &Found| {
            let [file, rule] = [&f.file, &f.rule].map(|text| text.clone().unwrap_or_default());
            format!("{file}:{}: {rule}: {}", f.line.unwrap_or(0), f.message)
        };
        parse(&fixture(name)).iter().map(show).collect()
    }

    #[test]
    fn failed_tests_have_the_place_of_their_panic() {
        assert_eq!(
            shown("cargo-test.txt"),
            [
                "src/lib.rs:2: unused_variables: unused variable: `spare`",
                ":0: tests::fails_by_result: Error: \"not today\"",
                "src/lib.rs:25: tests::should_panic_but_does_not: \
                 test did not panic as expected at src/lib.rs:25:8",
                "src/lib.rs:12: tests::sums: \
                 assertion `left == right` failed: for small; left: -1; right: 3",
            ]
        );
    }

    #[test]
    fn compiler_errors_have_their_code_and_lints_their_name() {
        assert_eq!(shown("rustc.txt"), ["src/lib.rs:3: E0369: cannot subtract `i32` from `&str`"]);
        assert_eq!(
            shown("clippy.txt"),
            [
                "src/lib.rs:2: unused_variables: unused variable: `spare`",
                "src/lib.rs:3: clippy::needless_return: unneeded `return` statement",
            ]
        );
    }
}
