//! What a trial's changes are like: their size and place, what became of the tests that were there, what came in that should not.
//! Told from text alone; knows nothing of workspaces.

use std::collections::BTreeSet;

use cassette::Scanner;
use journal::PatchFigures;
use sandbox::Change;
use similar::{ChangeTag, TextDiff};
use suite::Scope;

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

/// What the texts of licences say and nothing else does, in small letters, without punctuation and line ends.
const LICENCES: [&str; 10] = [
    "spdx license identifier",
    "permission is hereby granted free of charge to any person",
    "permission to use copy modify and or distribute this software",
    "redistribution and use in source and binary forms",
    "licensed under the apache license",
    "apache license version 2 0 january 2004",
    "gnu general public license",
    "gnu lesser general public license",
    "mozilla public license",
    "this is free and unencumbered software released into the public domain",
];

/// What one state of all changed files holds that should not come in.
#[derive(Default)]
struct Foreign {
    secrets: BTreeSet<String>,
    licences: u64,
}

impl Foreign {
    fn note(&mut self, text: &str, scanner: &Scanner) {
        let secrets = scanner.find(text, None);
        self.secrets.extend(secrets.iter().map(|found| text[found.start..found.end].to_owned()));
        self.licences += u64::from(is_licence(text));
    }
}

/// The figures so far, change by change.
pub(crate) struct Quality<'a> {
    figures: PatchFigures,
    scope: Option<&'a Scope>,
    scanner: &'a Scanner,
    before: Foreign,
    after: Foreign,
}

impl<'a> Quality<'a> {
    /// Of no change yet. `scope`: the files that the task is about, where it says so.
    pub(crate) fn new(scope: Option<&'a Scope>, scanner: &'a Scanner) -> Self {
        let figures = PatchFigures { files_out_of_scope: scope.map(|_| 0), ..PatchFigures::default() };
        Self { figures, scope, scanner, before: Foreign::default(), after: Foreign::default() }
    }

    /// Adds one change. `before` and `after` are the file's text, nothing where it isn't there or is no text.
    pub(crate) fn add(&mut self, change: &Change, before: Option<&str>, after: Option<&str>) {
        let figures = &mut self.figures;
        match change {
            Change::Added(_) => figures.files_added += 1,
            Change::Deleted(_) => figures.files_deleted += 1,
            _ => figures.files_changed += 1,
        }
        if let (Some(scope), Some(outside)) = (self.scope, &mut figures.files_out_of_scope) {
            *outside += u64::from(!scope.has(change.path()));
        }
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        self.before.note(before, self.scanner);
        self.after.note(after, self.scanner);
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

    /// What all of them come to. A secret or a licence that went from one file to another was not added.
    pub(crate) fn figures(self) -> PatchFigures {
        let Self { figures, before, after, .. } = self;
        PatchFigures {
            secrets_added: Some(after.secrets.difference(&before.secrets).count() as u64),
            licences_added: Some(after.licences.saturating_sub(before.licences)),
            ..figures
        }
    }
}

/// Whether a text has that of a licence, or names the one that it stands under.
fn is_licence(text: &str) -> bool {
    let letters = text.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
    let letters: String = letters.collect();
    let words = letters.split_whitespace().collect::<Vec<_>>().join(" ");
    LICENCES.iter().any(|said| words.contains(said))
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
        let scanner = Scanner::default();
        let mut quality = Quality::new(None, &scanner);
        quality.add(&change, before, after);
        quality.figures()
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
    #[test]
    fn secrets_and_licences_that_come_in_are_seen_and_those_that_move_are_not() {
        let scanner = Scanner::default();
        let key = "aws_access_key_id = AKIAQ3EGRTY7MN2P5XWZ\n";
        let mit = "# Permission is hereby granted, free of\n#  charge, to any person obtaining\n";
        let both = format!("{mit}{key}");
        let added = of("conf.py", Some("x = 1\n"), Some(&both));
        assert_eq!((added.secrets_added, added.licences_added), (Some(1), Some(1)));
        let gone = of("conf.py", Some(&both), Some("x = 1\n"));
        assert_eq!((gone.secrets_added, gone.licences_added), (Some(0), Some(0)));
        let mut moved = Quality::new(None, &scanner);
        moved.add(&Change::Deleted("a".to_owned()), Some(&both), None);
        moved.add(&Change::Added("b".to_owned()), None, Some(&both));
        let moved = moved.figures();
        assert_eq!(
            (moved.secrets_added, moved.licences_added, moved.files_out_of_scope),
            (Some(0), Some(0), None)
        );
    }
}
