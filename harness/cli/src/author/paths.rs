//! What a path of a project says about a file: a test, settings of a test runner, a document. Reads no file.

/// Folders that hold tests and what they need.
const TEST_FOLDERS: [&str; 9] =
    ["test", "tests", "testing", "__tests__", "spec", "specs", "testdata", "test-data", "test_data"];
/// Settings by which a test run can be made to say anything.
const SETTINGS: [&str; 9] = [
    "conftest.py",
    "pytest.ini",
    "tox.ini",
    "setup.cfg",
    "sitecustomize.py",
    "usercustomize.py",
    ".mocharc.json",
    "jest.config.js",
    "vitest.config.ts",
];
/// Endings of documents.
const DOCUMENTS: [&str; 5] = [".md", ".rst", ".txt", ".adoc", ".markdown"];

/// Whether a file is a test, or lies where tests keep what they need.
pub(super) fn is_test(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').map_or(("", path), |(folders, name)| (folders, name));
    if folders.split('/').any(|folder| TEST_FOLDERS.contains(&folder.to_lowercase().as_str())) {
        return true;
    }
    let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
    match kind {
        "py" => stem.starts_with("test_") || stem.ends_with("_test") || ["test", "tests"].contains(&stem),
        "go" | "rb" | "ex" | "exs" | "c" | "cc" | "cpp" => stem.ends_with("_test") || stem.ends_with("_spec"),
        "js" | "mjs" | "cjs" | "ts" | "mts" | "jsx" | "tsx" => {
            ["test", "tests"].contains(&stem)
                || [".test", ".spec", "-test", "_test"].iter().any(|end| stem.ends_with(end))
        }
        "java" | "kt" | "cs" | "scala" => stem.ends_with("Test") || stem.ends_with("Tests"),
        "sh" | "bats" => {
            stem == "test" || kind == "bats" || stem.starts_with("test_") || stem.starts_with("test-")
        }
        _ => false,
    }
}

/// Whether a file holds tests that a runner is given, and not only what they need.
pub(super) fn is_runnable_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
    match kind {
        "py" => is_test(name) || (stem.starts_with("test") || stem.ends_with("tests")) && stem != "__init__",
        "js" | "mjs" | "cjs" => is_test(path) && !path.contains("fixture") && !path.contains("helper"),
        _ => is_test(path),
    }
}

/// Whether a file tells a test runner what to do.
pub(super) fn is_settings(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    SETTINGS.contains(&name) || path.contains(".cargo/config")
}

/// Whether a file is for people alone: a change of it makes no task.
pub(super) fn is_document(path: &str) -> bool {
    let lower = path.to_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    DOCUMENTS.iter().any(|end| lower.ends_with(end))
        || ["changelog", "changes", "license", "authors", "copying", ".gitignore"].contains(&name)
        || lower.starts_with("docs/")
        || lower.starts_with(".github/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_from_code_by_their_paths() {
        for test in [
            "tests/test_a.py",
            "pkg/a_test.go",
            "test_parse.py",
            "src/__tests__/x.ts",
            "lib/a.test.js",
            "test.js",
            "tests/fixtures/a.xml",
            "crates/a/tests/b.rs",
            "run/test.sh",
            "src/main/AppTest.java",
        ] {
            assert!(is_test(test), "{test}");
        }
        for code in ["parse.py", "src/latest.rs", "contest.py", "protest/a.js", "src/attest.go", "testify.py"]
        {
            assert!(!is_test(code), "{code}");
        }
        assert!(is_settings("a/conftest.py") && is_settings(".cargo/config.toml") && !is_settings("a.toml"));
        assert!(is_document("docs/a.py") && is_document("README.md") && !is_document("src/a.rs"));
        assert!(is_runnable_test("tests/test_a.py") && !is_runnable_test("tests/__init__.py"));
    }
}
