//! A task that is about to be written: its files by path, and what is left to do. Never writes over anything.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base::TrialId;
use suite::Suite;
use walkdir::WalkDir;

use super::commit::History;
use super::detect::{Kind, Project};
use super::repo::Repo;

const TASK: &str = include_str!("../../templates/task/task.toml");
const TEST_HEAD: &str = include_str!("../../templates/task/test-head.sh");
const RUN_PY: &str = include_str!("../../templates/task/run.py");

/// Files of a task that a `TODO` is looked for in.
const LOOKED_AT: [&str; 5] =
    ["task.toml", "instruction.md", "environment/Dockerfile", "tests/test.sh", "solution/solve.sh"];

/// A task in the making.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The folder's name.
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) keywords: Vec<String>,
    pub(crate) project: Project,
    /// Visible checks: name and command.
    pub(crate) checks: Vec<(String, String)>,
    /// By path in the task's folder.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// What a person has to look after, beside what is marked in the files.
    pub(crate) notes: Vec<String>,
    /// What the workspace is made of, where that is a revision.
    pub(crate) start: Option<Start>,
}

/// A revision as a workspace.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) revision: String,
    pub(crate) history: History,
    /// Paths that no trial is to see: tasks and settings of ours.
    pub(crate) without: Vec<String>,
}

impl Draft {
    /// The environment that belongs to how the workspace begins; `date` is that of a squashed history.
    pub(crate) fn begin(&mut self, date: &str) {
        let template = match &self.start {
            None => include_str!("../../templates/task/Dockerfile.plain"),
            Some(Start { history: History::Squashed, .. }) => {
                include_str!("../../templates/task/Dockerfile.squashed")
            }
            Some(_) => include_str!("../../templates/task/Dockerfile.history"),
        };
        let text = template.replace("@IMAGE@", self.project.image).replace("@DATE@", date);
        self.put("environment/Dockerfile", text);
    }

    /// Adds a file of text.
    pub(crate) fn put(&mut self, path: &str, text: impl Into<Vec<u8>>) {
        self.files.insert(path.to_owned(), text.into());
    }

    /// The verifier that lays hidden tests over a copy of the workspace.
    pub(crate) fn verify_with(&mut self, tests: &[&str], replaced: &[String]) {
        let arguments = self.project.arguments(tests);
        let part = match self.project.kind {
            Kind::Unittest | Kind::Pytest => include_str!("../../templates/task/test-python.sh"),
            Kind::Cargo => include_str!("../../templates/task/test-cargo.sh"),
            Kind::Node => include_str!("../../templates/task/test-node.sh"),
            Kind::Go => include_str!("../../templates/task/test-go.sh"),
            Kind::Plain | Kind::Unknown => include_str!("../../templates/task/test-plain.sh"),
        };
        let mode = if self.project.kind == Kind::Pytest { "pytest" } else { "unittest" };
        let command = if self.project.command.is_empty() { "false" } else { &self.project.command };
        let part = part.replace("@MODE@", mode).replace("@TESTS@", &arguments).replace("@COMMAND@", command);
        self.put("tests/test.sh", format!("{TEST_HEAD}{part}"));
        let mut list = replaced.join("\n");
        if !list.is_empty() {
            list.push('\n');
        }
        self.put("tests/replaced.txt", list);
        if matches!(self.project.kind, Kind::Unittest | Kind::Pytest) {
            self.put("tests/run.py", RUN_PY);
        }
    }

    /// Writes the task below a suite's folder; gives its own. Whatever is there already stays as it is, and of a task that
    /// cannot be made nothing is left.
    pub(crate) fn write(
        mut self,
        suite: &Path,
        suite_name: &str,
        repo: Option<&Repo<'_>>,
    ) -> Result<PathBuf, String> {
        let folder = suite.join(&self.name);
        if folder.exists() {
            return Err(format!("{} is there already: give the task another name", folder.display()));
        }
        let table = self.table(suite_name);
        self.put("task.toml", table);
        let made = self.put_down(&folder, repo);
        if made.is_err() {
            let _ = fs::remove_dir_all(&folder);
        }
        made.map(|()| folder)
    }

    fn put_down(&self, folder: &Path, repo: Option<&Repo<'_>>) -> Result<(), String> {
        if let (Some(start), Some(repo)) = (&self.start, repo) {
            let environment = folder.join("environment");
            let app = environment.join("app");
            let bundle = environment.join("history.bundle");
            repo.export(&start.revision, &app, (start.history == History::Kept).then_some(&bundle))?;
            for path in start.without.iter().map(|path| app.join(path)) {
                let gone = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                match gone {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(format!("{}: {error}", path.display()));
                    }
                    _ => {}
                }
            }
        }
        for (path, content) in &self.files {
            let path = folder.join(path);
            let failed = |error| format!("{}: {error}", path.display());
            fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(failed)?;
            fs::write(&path, content).map_err(failed)?;
            if path.extension().is_some_and(|kind| kind == "sh") {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn table(&self, suite: &str) -> String {
        let list = |words: &[&str]| quoted(&toml::Value::from(words.to_vec()));
        let mut checks = String::new();
        for (name, command) in &self.checks {
            let (name, command) = (toml::Value::from(name.as_str()), toml::Value::from(command.as_str()));
            let parser = self.project.parser.filter(|_| command.as_str() == Some(&self.project.command));
            let parser = parser.map_or_else(String::new, |parser| format!("parser = {parser:?}\n"));
            checks.push_str(&format!(
                "\n[[retake.checks]]\nname = {name}\nkind = \"tests\"\ncommand = {command}\n{parser}timeout_sec = 300\n"
            ));
        }
        let keywords: Vec<&str> = self.keywords.iter().map(String::as_str).collect();
        TASK.replace("@FULL_NAME@", &quoted(&toml::Value::from(format!("{suite}/{}", self.name))))
            .replace("@DESCRIPTION@", &quoted(&toml::Value::from(self.description.as_str())))
            .replace("@KEYWORDS@", &list(&keywords))
            .replace("@NEEDS@", &list(&self.project.needs))
            .replace("@EXCLUDE@", &list(&self.project.exclude))
            .replace("@CHECKS@", &checks)
    }
}

fn quoted(value: &toml::Value) -> String {
    value.to_string()
}

/// A name for a task, of whatever was said first.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for word in
        text.to_lowercase().split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
    {
        if slug.len() + word.len() > 40 {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    if TrialId::valid_name(&slug) { slug } else { "task".to_owned() }
}

/// What is marked as left to do in a task's files, with file and line.
pub(crate) fn todos(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for path in LOOKED_AT {
        let text = fs::read_to_string(folder.join(path)).unwrap_or_default();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| line.contains("TODO")) {
            let line =
                line.trim().trim_start_matches(['#', '<', '!', '-', ' ']).trim_end_matches(['-', '>', ' ']);
            found.push(format!("{path}:{}: {}", number + 1, line));
        }
    }
    found
}

/// Makes a suite of a folder where it is none yet, and names the task in its list where it has one. The error says what is
/// left to do by hand.
pub(crate) fn register(suite: &Path, task: &str) -> Result<(), String> {
    let file = suite.join("suite.toml");
    let failed = |error: std::io::Error| format!("{}: {error}", file.display());
    if !file.exists() {
        let name = suite.file_name().and_then(|name| name.to_str()).unwrap_or("own").to_owned();
        let text = include_str!("../../templates/suite.toml").replace("@NAME@", &name);
        fs::create_dir_all(suite).map_err(failed)?;
        return fs::write(&file, text).map_err(failed);
    }
    let listed = Suite::load(suite).map_err(|error| error.to_string())?.task(task).is_some();
    if listed {
        return Ok(());
    }
    let text = fs::read_to_string(&file).map_err(failed)?;
    let by_hand = || format!("{}: add {task:?} to `tasks`", file.display());
    let start = text.find("\ntasks = [").ok_or_else(by_hand)?;
    let end = start + text[start..].find(']').ok_or_else(by_hand)?;
    let before = text[..end].trim_end();
    let comma = if before.ends_with(['[', ',']) { "" } else { "," };
    let new = format!("{before}{comma}\n    {task:?},\n{}", &text[end..]);
    fs::write(&file, new).map_err(failed)?;
    match Suite::load(suite) {
        Ok(suite) if suite.task(task).is_some() => Ok(()),
        _ => {
            // As it was: what a person wrote is not to be guessed at.
            fs::write(&file, text).map_err(failed)?;
            Err(by_hand())
        }
    }
}

/// The files below a folder, by path.
pub(super) fn below(folder: &Path) -> Vec<String> {
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter().flatten();
    let files = entries.filter(|entry| !entry.file_type().is_dir());
    files.filter_map(|e| Some(e.path().strip_prefix(folder).ok()?.to_string_lossy().into_owned())).collect()
}
