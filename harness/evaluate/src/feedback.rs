//! What an agent is told of failed checks: one message, the same on every host. Knows nothing of who reads it.

use std::fmt::Write;

use crate::finding::{CheckResult, Finding, ceil_boundary, floor_boundary};
use crate::scrub::scrub;

/// Findings listed of one check.
const MAX_LISTED: usize = 30;
/// Bytes shown of an output's start and end. Less than half of what is kept, so that a duration which is a digit
/// longer cannot move the cut.
const HEAD: usize = 1024;
const TAIL: usize = 3072;
/// Where an output was cut; without a count, which would change with what is left out.
const GAP: &str = "[... output cut ...]";

/// One message of at most `max_bytes` about the checks that failed; nothing where all passed. It holds no times, no
/// durations and no paths of the host.
pub fn feedback(results: &[CheckResult], max_bytes: usize) -> Option<String> {
    let failed: Vec<&CheckResult> = results.iter().filter(|result| !result.passed).collect();
    if failed.is_empty() {
        return None;
    }
    let mut message = format!("{} of {} checks failed.\n", failed.len(), results.len());
    let mut left = max_bytes.saturating_sub(message.len());
    for (index, result) in failed.iter().enumerate() {
        // What an earlier check did not use goes to the later ones.
        let share = left / (failed.len() - index);
        let part = section(result, share);
        left = left.saturating_sub(part.len());
        message.push_str(&part);
    }
    message.truncate(floor_boundary(&message, max_bytes));
    Some(message)
}

fn section(result: &CheckResult, max: usize) -> String {
    let mut text = format!("\n## {} ({}): {}\n", result.name, result.kind, result.end);
    let own_line: Vec<&Finding> =
        result.findings.iter().filter(|f| f.file.is_some() || f.rule.is_some()).collect();
    let listed = if own_line.is_empty() { result.findings.iter().take(1).collect() } else { own_line };
    let room = max / 2;
    let mut shown = 0;
    for finding in listed.iter().take(MAX_LISTED) {
        let line = line(finding);
        if text.len() + line.len() > room.max(200) {
            break;
        }
        text.push_str(&line);
        shown += 1;
    }
    if shown < listed.len() {
        let _ = writeln!(text, "... and {} more", listed.len() - shown);
    }
    let output = output(result, max.saturating_sub(text.len() + "Output:\n".len()));
    if !output.is_empty() {
        text.push_str("Output:\n");
        text.push_str(&output);
    }
    text.truncate(floor_boundary(&text, max));
    text
}

/// `file:line: rule: message`.
fn line(finding: &Finding) -> String {
    let mut text = String::new();
    if let Some(file) = &finding.file {
        text.push_str(file);
        if let Some(line) = finding.line {
            let _ = write!(text, ":{line}");
        }
        text.push_str(": ");
    }
    if let Some(rule) = &finding.rule {
        text.push_str(rule);
        text.push_str(": ");
    }
    text.push_str(&finding.message.replace('\n', " "));
    // A message can quote what the output says, durations included.
    scrub(&text)
}

/// The start and the end of an output in at most `max` bytes, cut at lines.
fn output(result: &CheckResult, max: usize) -> String {
    let start = scrub(&result.output.head);
    let whole = result.output.omitted == 0;
    if whole && start.len() <= max.min(HEAD + TAIL) {
        return start;
    }
    let max = max.saturating_sub(GAP.len() + 1);
    let head = HEAD.min(max / 4);
    let tail = TAIL.min(max - head);
    let end = if whole { start.clone() } else { scrub(&result.output.tail) };
    let head = &start[..floor_boundary(&start, head)];
    let head = head.rfind('\n').map_or("", |at| &head[..=at]);
    let tail = &end[ceil_boundary(&end, end.len().saturating_sub(tail))..];
    let tail = tail.find('\n').map_or("", |at| &tail[at + 1..]);
    if head.is_empty() && tail.is_empty() { String::new() } else { format!("{head}{GAP}\n{tail}") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use suite::{CheckKind, Parser};

    use super::*;
    use crate::finding::{Ending, Output};
    use crate::testing::fixture;

    fn result(name: &str, text: &str, passed: bool) -> CheckResult {
        let finding = |found: crate::parsers::Found| Finding {
            file: found.file,
            line: found.line,
            rule: found.rule,
            message: found.message,
            check: name.to_owned(),
        };
        let parser = text.is_empty().then_some(Parser::Plain);
        CheckResult {
            name: name.to_owned(),
            kind: CheckKind::Tests,
            passed,
            end: Ending::Exited(i32::from(!passed)),
            findings: crate::parsers::parse(parser, text).into_iter().map(finding).collect(),
            output: Output { head: text.to_owned(), ..Output::default() }.shortened(8192, 8192),
            duration: Duration::from_millis(3),
        }
    }

    #[test]
    fn nothing_is_said_when_all_passed() {
        assert_eq!(feedback(&[result("unit", "warning", true)], 1000), None);
        assert_eq!(feedback(&[], 1000), None);
    }

    #[test]
    fn failed_checks_are_told_with_findings_and_output() {
        let unit = "F\n======\nFAIL: test_a (t.T.test_a)\n------\nTraceback (most recent call last):\n  \
                    File \"/app/t.py\", line 3, in test_a\nAssertionError: 1 != 2\n\n------\nRan 1 test in 0.003s\n";
        let told = feedback(&[result("unit", unit, false), result("lint", "", true)], 4000).unwrap();
        assert!(told.starts_with(
            "1 of 2 checks failed.\n\n## unit (tests): exit code 1\nt.py:3: t.T.test_a: AssertionError: 1 != 2\n\
             Output:\nF\n======\n"
        ), "{told}");
        assert!(told.ends_with("Ran 1 test\n"), "{told}");
    }

    #[test]
    fn two_runs_that_differ_only_in_time_are_told_alike() {
        for name in ["unittest.txt", "pytest.txt", "cargo-test.txt", "node-tap.txt", "node-spec.txt"] {
            let text = fixture(name);
            let later = text
                .replace("0.03s", "12.75s")
                .replace("0.08s", "1.50s")
                .replace("0.001s", "10.000s")
                .replace("(991)", "(1234567)")
                .replace("2.214982ms", "13.5ms")
                .replace("10.351924", "7.1");
            assert_ne!(text, later, "{name}");
            let told = |text: &str| feedback(&[result("unit", text, false)], 3000);
            assert_eq!(told(&text), told(&later), "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_message_is_never_longer_than_asked(max in 0_usize..3000, long in 0_usize..40_000, name in ".{0,10}") {
            let text = format!("ä.c:1: error: {}\n{}", "é".repeat(long / 40), "line äöü\n".repeat(long / 10));
            let results = [result(&name, &text, false), result("two", &text, false)];
            prop_assert!(feedback(&results, max).unwrap().len() <= max);
        }
    }
}
