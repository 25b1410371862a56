//! What Python's `unittest` and `pytest` write. Knows nothing of other tools.

use super::{Found, is_own, local, place};

/// What stands between the `=` signs of pytest's headings.
pub(super) const PYTEST_MARKS: [&str; 4] =
    [" FAILURES ", " ERRORS ", " short test summary info ", " test session starts "];

/// Tests that fail under `unittest`: the last place of the work in the traceback, and the exception.
pub(super) fn unittest(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(title) = line.strip_prefix("FAIL: ").or_else(|| line.strip_prefix("ERROR: ")) else {
            continue;
        };
        let mut block = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("=====")) {
            if line.starts_with("Ran ") && line.contains(" in ") {
                break;
            }
            block.push(line);
        }
        let (file, line) = last_frame(&block).unzip();
        found.push(Found { file, line, rule: Some(test_name(title)), message: exception(&block) });
    }
    found
}

/// `test_add (test_calc.CalcTest.test_add) (n=1)` as `test_calc.CalcTest.test_add (n=1)`.
fn test_name(title: &str) -> String {
    let Some((method, rest)) = title.split_once(" (") else { return title.trim().to_owned() };
    let Some((path, sub)) = rest.split_once(')') else { return title.trim().to_owned() };
    // Before Python 3.11 the path ends at the class.
    let whole = if path.ends_with(method) { path.to_owned() } else { format!("{path}.{method}") };
    format!("{whole}{}", sub.trim_end())
}

fn last_frame(block: &[&str]) -> Option<(String, u32)> {
    block
        .iter()
        .rev()
        .filter_map(|line| frame(line))
        .find(|(file, _)| is_own(file))
        .map(|(f, l)| (local(&f), l))
}

/// `  File "a.py", line 3, in f`.
fn frame(line: &str) -> Option<(String, u32)> {
    let (file, rest) = line.trim_start().strip_prefix("File \"")?.split_once("\", line ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((file.to_owned(), rest[..digits].parse().ok()?))
}

/// The exception that ended a traceback: the first line at the margin after the last frame.
fn exception(block: &[&str]) -> String {
    let after = block.iter().rposition(|line| frame(line).is_some()).map_or(0, |at| at + 1);
    let margin = |line: &&&str| !line.is_empty() && !line.starts_with([' ', '-', '\t']);
    let line = block[after..].iter().find(margin).or_else(|| block.iter().find(margin));
    line.map_or_else(|| "failed".to_owned(), |line| line.trim_end().to_owned())
}

/// Tests that fail under `pytest`: from the sections of failures, and what only the summary names.
pub(super) fn pytest(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut current: Option<Found> = None;
    let mut in_summary = false;
    for line in text.lines() {
        if let Some(title) = heading(line, '_') {
            found.extend(current.take());
            let rule = title.strip_prefix("ERROR collecting ").unwrap_or(title);
            current = Some(Found { rule: Some(rule.to_owned()), ..Found::default() });
        } else if let Some(title) = heading(line, '=') {
            found.extend(current.take());
            in_summary = title == "short test summary info";
        } else if in_summary {
            summary(line, &mut found);
        } else if let Some(test) = &mut current {
            detail(line, test);
        }
    }
    found.extend(current);
    for test in found.iter_mut().filter(|test| test.message.is_empty()) {
        "failed".clone_into(&mut test.message);
    }
    found
}

/// The words of `____ test_add ____`.
fn heading(line: &str, mark: char) -> Option<&str> {
    let inside = line.trim_matches(mark);
    let framed = line.starts_with(mark) && line.ends_with(mark) && line.len() >= inside.len() + 2;
    let title = inside.trim();
    (framed && inside.starts_with(' ') && inside.ends_with(' ') && title.starts_with(char::is_alphanumeric))
        .then_some(title)
}

fn detail(line: &str, test: &mut Found) {
    if let Some(error) = line.strip_prefix("E   ") {
        if test.message.is_empty() {
            error.trim().clone_into(&mut test.message);
        }
        return;
    }
    if line.starts_with([' ', '>', 'E']) {
        return;
    }
    let at = line.split_once(": ").map(|(at, _)| at).or_else(|| line.strip_suffix(':'));
    if let Some((file, number)) = at.and_then(place).filter(|(file, _)| is_own(file) && !file.contains(' ')) {
        test.file = Some(file);
        test.line = Some(number);
    }
}

/// `FAILED test_fn.py::test_add - AssertionError: sum`, where no section told of it.
fn summary(line: &str, found: &mut Vec<Found>) {
    let Some(rest) = line.strip_prefix("FAILED ").or_else(|| line.strip_prefix("ERROR ")) else { return };
    let (id, message) = rest.split_once(" - ").unwrap_or((rest, "failed"));
    let (file, test) = id.split_once("::").unwrap_or((id, id));
    let dotted = test.replace("::", ".");
    let known = |f: &Found| {
        f.rule.as_deref().is_some_and(|rule| rule == dotted || rule == test || rule.ends_with(id))
    };
    if !found.iter().any(known) {
        let message = message.to_owned();
        found.push(Found { file: Some(local(file)), line: None, rule: Some(test.to_owned()), message });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixture;

    fn shown(found: &[Found]) -> Vec<String> {
        let show = |f: &Found| {
            let line = f.line.map_or_else(String::new, |line| line.to_string());
            let [file, rule] = [&f.file, &f.rule].map(|text| text.clone().unwrap_or_default());
            format!("{file}:{line}: {rule}: {}", f.message)
        };
        found.iter().map(show).collect()
    }

    #[test]
    fn unittest_failures_have_place_test_and_exception() {
        assert_eq!(
            shown(&unittest(&fixture("unittest.txt"))),
            [
                "calc.py:2: test_calc.CalcTest.test_div: ZeroDivisionError: division by zero",
                "test_broken.py:1: unittest.loader._FailedTest.test_broken: \
                 ModuleNotFoundError: No module named 'nothing_here'",
                "test_calc.py:7: test_calc.CalcTest.test_add: AssertionError: -1 != 3",
                "test_calc.py:18: test_calc.CalcTest.test_text (n=1): AssertionError: 'a\\nb' != 'a\\nc'",
                "test_calc.py:18: test_calc.CalcTest.test_text (n=2): AssertionError: 'a\\nb' != 'a\\nc'",
            ]
        );
        assert_eq!(test_name("test_add (test_calc.CalcTest)"), "test_calc.CalcTest.test_add");
    }

    #[test]
    fn pytest_failures_have_place_test_and_first_error() {
        assert_eq!(
            shown(&pytest(&fixture("pytest.txt"))),
            [
                "test_broken.py:1: test_broken.py: ModuleNotFoundError: No module named 'nothing_here'",
                "test_fn.py:6: test_add: AssertionError: sum",
                "calc.py:2: test_div[0]: ZeroDivisionError: division by zero",
            ]
        );
    }

    #[test]
    fn pytest_without_tracebacks_is_read_from_its_summary() {
        assert_eq!(
            shown(&pytest(&fixture("pytest-short.txt"))),
            [
                "test_fn.py:: test_add: AssertionError: sum",
                "test_fn.py:: test_div[0]: ZeroDivisionError: division by zero",
            ]
        );
    }
}
