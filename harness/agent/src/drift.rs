//! How a real output differs from the recorded one, and how much it matters: exit code, then files, then text.

use cassette::{Effect, ToolRun as RecordedTool};
use journal::{CheckResult, Drift, DriftGrade};
use similar::{ChangeTag, TextDiff};

use crate::tools::ToolRun;

/// Lines of a text diff that are shown.
const DIFF_LINES: usize = 6;
/// Characters of a line that are shown.
const LINE_MAX: usize = 160;

/// How a call differs from its recording; nothing where it does not.
pub(crate) fn of_tool(recorded: &RecordedTool, text: &str, real: &ToolRun, effect: &Effect) -> Option<Drift> {
    if (recorded.outcome, recorded.exit) != (real.outcome, real.exit) {
        let shown = |outcome, exit: Option<i32>| match exit {
            Some(code) => format!("exit code {code}"),
            None => format!("{outcome:?}").to_lowercase(),
        };
        let (before, now) = (shown(recorded.outcome, recorded.exit), shown(real.outcome, real.exit));
        let detail = format!("{before} was recorded, now {now}\n{}", text_diff(text, &real.output));
        return Some(Drift { grade: DriftGrade::Exit, detail });
    }
    if recorded.effect != *effect {
        return Some(Drift { grade: DriftGrade::Files, detail: effect_diff(&recorded.effect, effect) });
    }
    (!cassette::same_text(text, &real.output))
        .then(|| Drift { grade: DriftGrade::Text, detail: text_diff(text, &real.output) })
}

/// How a round of checks differs from its recording.
pub(crate) fn of_checks(recorded: &[CheckResult], real: &[CheckResult]) -> Option<Drift> {
    let verdicts = |checks: &[CheckResult]| -> Vec<String> {
        let word = |passed| if passed { "passed" } else { "failed" };
        checks.iter().map(|check| format!("{} {}", check.name, word(check.passed))).collect()
    };
    let (before, now) = (verdicts(recorded), verdicts(real));
    if before != now {
        let detail = format!("recorded: {}; now: {}", before.join(", "), now.join(", "));
        return Some(Drift { grade: DriftGrade::Exit, detail });
    }
    let detail = "the checks found other things than when they were recorded".to_owned();
    (recorded != real).then_some(Drift { grade: DriftGrade::Text, detail })
}

fn effect_diff(recorded: &Effect, real: &Effect) -> String {
    let paths = recorded.0.keys().chain(real.0.keys().filter(|path| !recorded.0.contains_key(*path)));
    let differing: Vec<&str> =
        paths.filter(|path| recorded.0.get(*path) != real.0.get(*path)).map(String::as_str).collect();
    format!("other effect on {}", differing.join(", "))
}

fn text_diff(before: &str, now: &str) -> String {
    let diff = TextDiff::from_lines(before, now);
    let changes = diff.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal);
    let lines = changes.take(DIFF_LINES).map(|change| {
        let line: String = change.value().trim_end().chars().take(LINE_MAX).collect();
        format!("{}{line}", change.tag())
    });
    lines.collect::<Vec<_>>().join("\n")
}
