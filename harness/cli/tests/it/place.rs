//! A temporary folder with a copy of suites, a HOME and the binary, and short ways to run it there and to read what
//! it left. Knows nothing of what is tested.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The files that are the same wherever and however often a run is made.
pub(crate) const CANONICAL: [&str; 4] = ["results.json", "results.csv", "trials.csv", "junit.xml"];

/// The repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A tree of its own, gone with the test.
pub(crate) struct Place {
    root: TempDir,
}

/// How the binary ended.
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    /// An empty tree. Others may look in, as an ordinary user has to.
    pub(crate) fn new() -> Self {
        let place = Self { root: tempfile::Builder::new().prefix("retake-it-").tempdir().unwrap() };
        fs::set_permissions(place.root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for folder in ["home", "tree", "out"] {
            fs::create_dir(place.root.path().join(folder)).unwrap();
        }
        let binary = Path::new(env!("CARGO_BIN_EXE_retake"));
        if fs::hard_link(binary, place.binary()).is_err() {
            fs::copy(binary, place.binary()).unwrap();
        }
        place
    }

    /// The repository's own settings and suites.
    pub(crate) fn with(suites: &[&str]) -> Self {
        let place = Self::new();
        fs::copy(repository().join("retake.toml"), place.tree().join("retake.toml")).unwrap();
        for suite in suites {
            copy(&repository().join("tasks").join(suite), &place.tree().join("tasks").join(suite));
        }
        place
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Where the suites are.
    pub(crate) fn tree(&self) -> PathBuf {
        self.root.path().join("tree")
    }

    /// Where runs land.
    pub(crate) fn out(&self) -> PathBuf {
        self.root.path().join("out")
    }

    /// The program, by a path that nobody else has.
    pub(crate) fn binary(&self) -> PathBuf {
        self.root.path().join("retake")
    }

    /// Writes one file of the tree.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.tree().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Changes one file of the tree; it must change.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let path = self.tree().join(path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{} has no {from:?}", path.display());
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// The program in this tree, with nothing of the caller's surroundings but where its toolchains are.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.binary());
        command.arg("-C").arg(self.tree()).args(arguments).stdin(Stdio::null());
        clean(&mut command, &self.root.path().join("home"));
        command
    }

    /// Runs it to its end.
    pub(crate) fn retake(&self, arguments: &[&str]) -> Done {
        Done::of(self.command(arguments).output().unwrap())
    }

    /// `retake run --json`, landing in this place; checks the exit code.
    pub(crate) fn run(&self, arguments: &[&str], code: i32) -> Run {
        let out = self.out();
        let done = self.retake(&[&["run", "--json", "--out", out.to_str().unwrap()], arguments].concat());
        assert_eq!(done.code, Some(code), "{arguments:?}\n{}\n{}", done.stdout, done.stderr);
        Run::of(&done)
    }

    /// The one run that there is, however it ended.
    pub(crate) fn only_run(&self) -> PathBuf {
        let mut runs: Vec<PathBuf> = fs::read_dir(self.out())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs.remove(0)
    }
}

fn clean(command: &mut Command, home: &Path) {
    command.env_clear().env("HOME", home).env("LC_ALL", "C.UTF-8");
    let caller = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    for (name, folder) in [("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")] {
        let value = std::env::var_os(name).map_or_else(|| caller.join(folder), PathBuf::from);
        command.env(name, value);
    }
    // Cargo sets it for tests of whatever toolchain it was started with.
    for name in ["PATH", "RUSTUP_TOOLCHAIN", "PYENV_ROOT"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
}

impl Done {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The one object on standard output.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{}\n{}", self.stdout, self.stderr);
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// A run that was reported.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) path: PathBuf,
    pub(crate) summary: Value,
}

impl Run {
    pub(crate) fn of(done: &Done) -> Self {
        let summary = done.json();
        Self { path: PathBuf::from(summary["out"].as_str().unwrap()), summary }
    }

    pub(crate) fn digest(&self) -> &str {
        self.summary["digest"].as_str().unwrap()
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        self.summary[name].as_u64().unwrap_or_else(|| panic!("{name} in {}", self.summary))
    }

    /// The last event of each trial's last attempt, by `task` (trial 1 of the only suite and variant).
    pub(crate) fn ends(&self) -> BTreeMap<String, Value> {
        let mut ends = BTreeMap::new();
        for attempt in attempts(&self.path) {
            if let Some(end) = attempt.end() {
                ends.insert(attempt.task, end);
            }
        }
        ends
    }

    /// The canonical files, whole.
    pub(crate) fn canonical(&self) -> BTreeMap<&'static str, String> {
        CANONICAL.map(|name| (name, fs::read_to_string(self.path.join(name)).unwrap())).into()
    }
}

/// The journal of one attempt.
pub(crate) struct Attempt {
    pub(crate) task: String,
    pub(crate) path: PathBuf,
}

impl Attempt {
    pub(crate) fn events(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.path).unwrap();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// What `trial_ended` says; nothing where the attempt was cut.
    pub(crate) fn end(&self) -> Option<Value> {
        let last = self.events().pop()?;
        (last["event"]["type"] == "trial_ended").then(|| last["event"].clone())
    }
}

/// Every attempt in a run's folder, sorted by path.
pub(crate) fn attempts(run: &Path) -> Vec<Attempt> {
    let mut found = Vec::new();
    let folders = |path: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    for task in folders(&run.join("trials")).iter().flat_map(|suite| folders(suite)) {
        for path in folders(&task).iter().flat_map(|trial| folders(trial)) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let number = name.strip_prefix("attempt-").and_then(|rest| rest.strip_suffix(".jsonl"));
            if number.is_some_and(|number| number.parse::<u32>().is_ok()) {
                found.push(Attempt { task: task.file_name().unwrap().to_string_lossy().into_owned(), path });
            }
        }
    }
    found
}

/// Copies a folder, links as links.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&source, &target);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&source).unwrap(), target).unwrap();
        } else {
            fs::copy(&source, &target).unwrap();
        }
    }
}

/// Waits until something is so, or says what was not.
pub(crate) fn wait_until(what: &str, limit: Duration, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Says that a test cannot be made here. In CI a host that lacks the essential is a fault.
pub(crate) fn skipped(essential: bool, why: &str) {
    assert!(!(essential && std::env::var("CI").as_deref() == Ok("true")), "not in CI: {why}");
    // Past the test runner, which keeps what passing tests print to itself.
    std::io::stderr().write_all(format!("SKIPPED: {why}\n").as_bytes()).unwrap();
}

/// Whether trials can be contained here; says so where not.
pub(crate) fn contained() -> bool {
    static CONTAINED: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    let contained = *CONTAINED.get_or_init(|| Place::new().retake(&["doctor"]).code == Some(0));
    if !contained {
        skipped(true, "trials cannot be contained on this host (see `retake doctor`)");
    }
    contained
}
