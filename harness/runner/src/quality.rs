//! What a trial's changes are like: their size, and what became of the tests that were there. Told from text alone; knows nothing
//! of workspaces.

use journal::PatchFigures;
use sandbox::Change;
use similar::{ChangeTag, TextDiff};

/// Lines of a file above which its lines are not counted.
const LINES_MAX: usize = 50_000;
/// Folders of tests.
const TEST_FOLDERS: [&str; 5] = ["test", "tests", "__tests__", "spec", "testdata"];
/// What begins the line of a test case, in the languages that write it so.
const CASES: [&str; 10] = [
    "def test_",
    "async def test_",
    "#[test]",
    "#[tokio::test",
    "func Test",
    "@Test",
    "it(",
    "test(",
    "describe(",
    "@test ",
];
/// What a line that asserts holds.
const ASSERTIONS: [&str; 8] =
    ["assert", "expect(", "require.", "t.Error", "t.Fatal", "should", "self.fail", "refute"];
/// What a line that skips a test holds.
const SKIPS: [&str; 9] = [
    "@skip",
    "@unittest.skip",
    "pytest.mark.skip",
    "pytest.mark.xfail",
    "#[ignore",
    "t.Skip(",
    "it.skip",
    "test.skip",
    "xit(",
];

/// Adds one change to the figures. `before` and `after` are the file's text, nothing where it isn't there or is no text.
pub(crate) fn add(figures: &mut PatchFigures, change: &Change, before: Option<&str>, after: Option<&str>) {
    match change {
        Change::Added(_) => figures.files_added += 1,
        Change::Deleted(_) => figures.files_deleted += 1,
        _ => figures.files_changed += 1,
    }
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    if before.lines().count().max(after.lines().count()) > LINES_MAX {
        return;
    }
    for change in TextDiff::from_lines(before, after).iter_all_changes() {
        match change.tag() {
            ChangeTag::Insert => figures.lines_added += 1,
            ChangeTag::Delete => figures.lines_removed += 1,
            ChangeTag::Equal => {}
        }
    }
    if is_test(change.path()) || cases(before) + cases(after) > 0 {
        tests(figures, before, after);
    }
}

/// Whether a path is where tests stand.
fn is_test(path: &str) -> bool {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.split('.').next().unwrap_or(file);
    folders.split('/').any(|folder| TEST_FOLDERS.contains(&folder))
        || stem.starts_with("test_")
        || ["_test", "_tests", "-test", "Test", "Tests", "_spec"].iter().any(|end| stem.ends_with(end))
        || [".test.", ".spec."].iter().any(|middle| file.contains(middle))
}

fn tests(figures: &mut PatchFigures, before: &str, after: &str) {
    let (had, has) = (cases(before), cases(after));
    figures.tests_added += has.saturating_sub(had);
    figures.tests_removed += had.saturating_sub(has);
    let fewer = lines_with(after, &ASSERTIONS) < lines_with(before, &ASSERTIONS);
    let skipped = lines_with(after, &SKIPS) > lines_with(before, &SKIPS);
    // Cases that went took their assertions with them: that is counted above.
    figures.tests_weakened += u64::from(!before.is_empty() && (skipped || fewer && has >= had));
}

fn cases(text: &str) -> u64 {
    text.lines().map(str::trim_start).filter(|line| CASES.iter().any(|case| line.starts_with(case))).count()
        as u64
}

fn lines_with(text: &str, words: &[&str]) -> usize {
    text.lines().filter(|line| words.iter().any(|word| line.contains(word))).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, before: Option<&str>, after: Option<&str>) -> PatchFigures {
        let path = path.to_owned();
        let change = match (before, after) {
            (None, _) => Change::Added(path),
            (_, None) => Change::Deleted(path),
            _ => Change::Modified(path),
        };
        let mut figures = PatchFigures::default();
        add(&mut figures, &change, before, after);
        figures
    }

    #[test]
    fn a_change_is_measured_in_files_and_lines() {
        let figures = of("src/a.py", Some("a\nb\nc\n"), Some("a\nB\nc\nd\n"));
        assert_eq!((figures.files_changed, figures.lines_added, figures.lines_removed), (1, 2, 1));
        assert_eq!((figures.tests_added, figures.tests_weakened), (0, 0));
        assert_eq!(of("new", None, Some("x\n")).files_added, 1);
        assert_eq!(of("old", Some("x\n"), None).files_deleted, 1);
    }

    #[test]
    fn tests_that_go_or_are_weakened_are_seen() {
        let two =
            "def test_a():\n    assert f() == 1\n\ndef test_b():\n    assert g() == 2\n    assert h()\n";
        let added = of("tests/test_x.py", None, Some(two));
        assert_eq!((added.tests_added, added.tests_weakened), (2, 0));
        let one = "def test_a():\n    assert f() == 1\n";
        assert_eq!(of("tests/test_x.py", Some(two), Some(one)).tests_removed, 1);
        let loose = two.replace("    assert h()\n", "");
        assert_eq!(of("tests/test_x.py", Some(two), Some(&loose)).tests_weakened, 1);
        let skipped = two.replace("def test_b", "@pytest.mark.skip\ndef test_b");
        assert_eq!(of("tests/test_x.py", Some(two), Some(&skipped)).tests_weakened, 1);
        let rust = "fn f() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn holds() { assert!(true) }\n}\n";
        assert_eq!(of("src/lib.rs", Some(rust), Some("fn f() {}\n")).tests_removed, 1);
    }
}
