//! How a project is tested, by its files: the command for all of its tests, and for some of them. Runs nothing.

use std::collections::BTreeSet;

use super::paths::{is_runnable_test, is_test};
use crate::output::quoted;

/// A project's way of being tested.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    pub(crate) kind: Kind,
    /// For `/app`: everything. Empty where nothing was found.
    pub(crate) command: String,
    /// What reads its output, as `[[retake.checks]]` names it.
    pub(crate) parser: Option<&'static str>,
    /// Programs that it needs.
    pub(crate) needs: Vec<&'static str>,
    /// What runs leave behind.
    pub(crate) exclude: Vec<&'static str>,
    pub(crate) image: &'static str,
    /// What a person has to look after.
    pub(crate) notes: Vec<String>,
}

/// Whose runner it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Unittest,
    Pytest,
    Cargo,
    Node,
    Go,
    /// A command whose exit code alone tells.
    Plain,
    Unknown,
}

/// What is looked at: the paths of a revision, and what a file says.
pub(super) struct Tree<'a> {
    pub(super) files: &'a [String],
    pub(super) read: &'a dyn Fn(&str) -> Option<String>,
}

impl Tree<'_> {
    fn has(&self, path: &str) -> bool {
        self.files.iter().any(|file| file == path)
    }

    fn text(&self, path: &str) -> String {
        if self.has(path) { (self.read)(path).unwrap_or_default() } else { String::new() }
    }

    fn tests(&self, kinds: &[&str]) -> Vec<&String> {
        let own = |file: &&String| {
            is_test(file) && is_runnable_test(file) && kinds.iter().any(|kind| file.ends_with(kind))
        };
        self.files.iter().filter(own).collect()
    }
}

impl Project {
    /// Looks at a tree.
    pub(super) fn of(tree: &Tree<'_>) -> Self {
        let found = if tree.has("Cargo.toml") {
            Some(cargo(tree))
        } else if tree.has("go.mod") {
            Some(go())
        } else {
            node(tree).or_else(|| python(tree)).or_else(|| plain(tree))
        };
        found.unwrap_or_else(|| Self {
            notes: vec!["no way of testing this project was found: say how in tests/test.sh".to_owned()],
            ..Self::new(Kind::Unknown, "", &["bash"], "debian:bookworm")
        })
    }

    fn new(kind: Kind, command: &str, needs: &[&'static str], image: &'static str) -> Self {
        let needs = needs.iter().copied().filter(|name| *name != "bash").collect();
        let command = command.to_owned();
        Self { kind, command, parser: None, needs, exclude: Vec::new(), image, notes: Vec::new() }
    }

    /// The keyword of its language.
    pub(crate) fn language(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Unittest | Kind::Pytest => Some("python"),
            Kind::Cargo => Some("rust"),
            Kind::Node => Some("javascript"),
            Kind::Go => Some("go"),
            Kind::Plain | Kind::Unknown => None,
        }
    }

    /// What a runner of its kind is told to run of some test files; everything where it takes no single files.
    pub(crate) fn arguments(&self, tests: &[&str]) -> String {
        let words: BTreeSet<String> = match self.kind {
            Kind::Cargo => return cargo_arguments(tests),
            Kind::Go => {
                let folder = |path: &&str| path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned();
                tests.iter().map(|path| format!("./{}", folder(path).trim_start_matches("./"))).collect()
            }
            _ => tests.iter().map(|path| (*path).to_owned()).collect(),
        };
        words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }
}

/// How the project of a revision is tested.
pub(crate) fn project(files: &[String], read: &dyn Fn(&str) -> Option<String>) -> Project {
    Project::of(&Tree { files, read })
}

fn cargo(tree: &Tree<'_>) -> Project {
    let command = "set -o pipefail; cargo test --offline -q 2>&1 | sed -E 's/; finished in .*//'";
    let mut project = Project::new(Kind::Cargo, command, &["cargo", "cc", "sed"], "rust:bookworm");
    (project.parser, project.exclude) = (Some("cargo"), vec!["target"]);
    let manifest = tree.text("Cargo.toml");
    let table: toml::Table = manifest.parse().unwrap_or_default();
    let some = |name: &str| {
        table.get(name).and_then(|value| value.as_table()).is_some_and(|table| !table.is_empty())
    };
    let needs = ["dependencies", "dev-dependencies", "build-dependencies"].iter().any(|name| some(name));
    if needs && !tree.files.iter().any(|file| file.starts_with("vendor/")) {
        let note = "Cargo.toml has dependencies, and there is no network in a trial: `cargo vendor` them into environment/app";
        project.notes.push(note.to_owned());
    }
    project
}

/// Integration tests by name, where that is all that there is.
fn cargo_arguments(tests: &[&str]) -> String {
    let name = |path: &&str| {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        Some(file.strip_suffix(".rs")?.to_owned()).filter(|_| folder == "tests")
    };
    let names: Option<BTreeSet<String>> = tests.iter().map(name).collect();
    let words = names.iter().flatten().map(|name| format!("--test {}", quoted(name)));
    words.collect::<Vec<_>>().join(" ")
}

fn go() -> Project {
    Project { exclude: Vec::new(), ..Project::new(Kind::Go, "go test ./...", &["go"], "golang:bookworm") }
}

fn node(tree: &Tree<'_>) -> Option<Project> {
    let package = tree.text("package.json");
    let package: serde_json::Value = serde_json::from_str(&package).ok()?;
    let script = package["scripts"]["test"].as_str().unwrap_or_default();
    let tests = tree.tests(&[".js", ".mjs", ".cjs"]);
    let own = |file: &&&String| (tree.read)(file).is_some_and(|text| text.contains("node:test"));
    let built_in = script.contains("node --test") || tests.iter().take(20).any(|file| own(&file));
    let mut project = if built_in {
        Project {
            parser: Some("tap"),
            ..Project::new(Kind::Node, "node --test --test-reporter=tap", &["node"], "node:22-bookworm")
        }
    } else if !script.is_empty() && !script.contains("no test specified") {
        Project::new(Kind::Plain, "npm test --silent", &["node", "npm"], "node:22-bookworm")
    } else {
        return None;
    };
    project.exclude = vec!["node_modules"];
    let some = |name: &str| package[name].as_object().is_some_and(|table| !table.is_empty());
    if some("dependencies") || some("devDependencies") {
        let note = "package.json has dependencies, and there is no network in a trial: put node_modules into environment/app";
        project.notes.push(note.to_owned());
    }
    Some(project)
}

fn python(tree: &Tree<'_>) -> Option<Project> {
    let tests = tree.tests(&[".py"]);
    if tests.is_empty() {
        return None;
    }
    let texts: Vec<String> = tests.iter().take(50).filter_map(|file| (tree.read)(file)).collect();
    let unittest = texts.iter().any(|text| text.contains("unittest"));
    let pytest = texts.iter().any(|text| text.contains("import pytest") || text.contains("from pytest"))
        || !unittest && texts.iter().any(|text| text.contains("\ndef test_"));
    let path = if tree.files.iter().any(|file| file.starts_with("src/") && file.ends_with(".py")) {
        "PYTHONPATH=src:. "
    } else {
        ""
    };
    let root = tests.iter().all(|file| !file.contains('/'));
    let folder = tests.iter().find_map(|file| file.split_once('/')).map_or("tests", |(folder, _)| folder);
    let command = if pytest {
        format!("{path}python3 -m pytest -q -p no:cacheprovider")
    } else if root {
        let names: Vec<&str> = tests.iter().map(|file| file.trim_end_matches(".py")).collect();
        format!("{path}python3 -m unittest -q {}", names.join(" "))
    } else if tree.has(&format!("{folder}/__init__.py")) {
        format!("{path}python3 -m unittest discover -q -s {folder} -t .")
    } else {
        let path = if path.is_empty() { "PYTHONPATH=. " } else { path };
        format!("{path}python3 -m unittest discover -q -s {folder}")
    };
    // How long it took is no news.
    let command = format!("set -o pipefail; {command} 2>&1 | sed -E 's/ in [0-9.]+s//'");
    let kind = if pytest { Kind::Pytest } else { Kind::Unittest };
    let mut project = Project::new(kind, &command, &["python3", "sed"], "python:3-bookworm");
    project.parser = Some(if pytest { "pytest" } else { "unittest" });
    project.exclude = vec!["__pycache__", ".pytest_cache"];
    if pytest {
        project.notes.push("the tests need pytest: the host's python3 has to have it".to_owned());
    }
    Some(project)
}

fn plain(tree: &Tree<'_>) -> Option<Project> {
    let makefile = ["Makefile", "makefile", "GNUmakefile"].into_iter().find(|name| tree.has(name));
    if let Some(makefile) = makefile {
        let text = tree.text(makefile);
        let target = ["test", "check"]
            .into_iter()
            .find(|target| text.lines().any(|line| line.starts_with(&format!("{target}:"))));
        if let Some(target) = target {
            return Some(Project::new(
                Kind::Plain,
                &format!("make -s {target}"),
                &["make", "cc"],
                "gcc:bookworm",
            ));
        }
    }
    let scripts = ["test.sh", "run-tests.sh", "run_tests.sh", "tests/run.sh", "test/run.sh", "tests/test.sh"];
    let script = scripts.into_iter().find(|name| tree.has(name))?;
    Some(Project::new(Kind::Plain, &format!("bash {script}"), &[], "debian:bookworm"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn of(files: &[(&str, &str)]) -> Project {
        let files: BTreeMap<String, String> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let names: Vec<String> = files.keys().cloned().collect();
        Project::of(&Tree { files: &names, read: &|path| files.get(path).cloned() })
    }

    #[test]
    fn every_common_runner_is_found_by_its_files() {
        let unittest = of(&[("a.py", ""), ("tests/test_a.py", "import unittest")]);
        assert_eq!((unittest.kind, unittest.parser), (Kind::Unittest, Some("unittest")));
        assert!(unittest.command.contains("PYTHONPATH=. python3 -m unittest discover -q -s tests"));
        let root = of(&[("a.py", ""), ("test_a.py", "import unittest")]);
        assert!(root.command.contains("unittest -q test_a"), "{}", root.command);
        let pytest = of(&[("src/a/__init__.py", ""), ("tests/test_a.py", "import pytest")]);
        assert!(pytest.kind == Kind::Pytest && pytest.command.contains("PYTHONPATH=src:. python3 -m pytest"));
        let cargo = of(&[("Cargo.toml", "[dependencies]\nserde = \"1\"\n"), ("tests/a.rs", "")]);
        assert_eq!((cargo.kind, cargo.notes.len()), (Kind::Cargo, 1));
        assert_eq!(cargo.arguments(&["tests/a.rs", "tests/b.rs"]), "--test a --test b");
        assert_eq!(cargo.arguments(&["tests/a.rs", "tests/util/mod.rs"]), "");
        let node = of(&[("package.json", "{\"scripts\":{\"test\":\"node --test\"}}"), ("a.test.js", "")]);
        assert_eq!((node.kind, node.arguments(&["a.test.js"]).as_str()), (Kind::Node, "a.test.js"));
        assert_eq!(
            of(&[("package.json", "{\"scripts\":{\"test\":\"tape t\"}}")]).command,
            "npm test --silent"
        );
        let go = of(&[("go.mod", ""), ("b/a_test.go", "")]);
        assert_eq!((go.kind, go.arguments(&["b/a_test.go", "b/c_test.go"]).as_str()), (Kind::Go, "./b"));
        assert_eq!(of(&[("Makefile", "test:\n\ttrue\n")]).command, "make -s test");
        assert_eq!(of(&[("tests/run.sh", "")]).command, "bash tests/run.sh");
        assert_eq!(of(&[("a.txt", "")]).kind, Kind::Unknown);
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
