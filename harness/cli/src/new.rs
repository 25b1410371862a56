//! `retake task new`: a task from nothing, from a commit, or from a session; then a check of it, and what is left to do.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base::TrialId;
use interop::Work;
use serde::Serialize;
use serde_json::Value;

use crate::args::{Common, NewArgs};
use crate::author::{self, Draft, History, Repo};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::{self, Settings};

/// What the verb answers with.
#[derive(Debug, Serialize)]
pub(crate) struct Made {
    pub(crate) suite: String,
    pub(crate) task: String,
    /// Its folder.
    pub(crate) path: String,
    /// What `retake task check` says of it; null where it was not asked.
    pub(crate) sound: Option<bool>,
    /// What is wrong with it.
    pub(crate) problems: Vec<String>,
    /// What is left to do: marks in its files, and what could not be known.
    pub(crate) todo: Vec<String>,
}

/// Where a task goes.
pub(crate) struct Place {
    /// The suite's folder; it need not be there yet.
    pub(crate) folder: PathBuf,
    pub(crate) name: String,
}

/// Carries the verb out.
pub(crate) fn new(args: &NewArgs, common: &Common) -> Result<Exit, Failure> {
    let settings = Settings::read(common)?;
    let place = place(&settings, args.suite.as_deref());
    let history = if args.history { History::Kept } else { History::Squashed };
    let folder = args.repo.as_ref().map(|repo| settings.directory.join(repo));
    let git = &settings::run_git;
    let made = match (&args.from_commit, &args.from_session) {
        (Some(revision), _) => {
            let repo = Repo::open(folder.as_deref().unwrap_or(&settings.directory), git);
            let repo = repo.map_err(Failure::input)?;
            let draft = author::of_commit(&repo, revision, history, ours(&repo, &settings, &place));
            make(draft.map_err(Failure::input)?, args, &place, Some(&repo), &settings)?
        }
        (None, Some(file)) => {
            let work = Work::read(&settings.directory.join(file)).map_err(Failure::input)?;
            let folder = folder.or_else(|| work.cwd.as_ref().map(PathBuf::from));
            let repo =
                folder.filter(|folder| folder.is_dir()).and_then(|folder| Repo::open(&folder, git).ok());
            let without = repo.as_ref().map(|repo| ours(repo, &settings, &place)).unwrap_or_default();
            let draft = author::of_session(&work, repo.as_ref(), history, without);
            make(draft.map_err(Failure::input)?, args, &place, repo.as_ref(), &settings)?
        }
        (None, None) => {
            let name = args.name.as_deref().unwrap_or("task");
            make(author::skeleton(name), args, &place, None, &settings)?
        }
    };
    if common.json {
        output::json(&made)?;
    } else {
        output::text(&text(&made))?;
    }
    Ok(Exit::Done)
}

/// The suite that is meant: by its name in retake.toml or by folder; else the only one there is, else `own`.
pub(crate) fn place(settings: &Settings, asked: Option<&str>) -> Place {
    let suites = &settings.config.suites;
    let folder = match asked {
        Some(name) => suites.get(name).cloned().unwrap_or_else(|| settings.directory.join(name)),
        None if suites.len() == 1 => suites.values().next().cloned().unwrap_or_default(),
        None => suites.get("own").cloned().unwrap_or_else(|| settings.config.root.join("tasks/own")),
    };
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    Place { name: name.unwrap_or_else(|| "own".to_owned()), folder }
}

/// What of a repository is ours and no trial's: tasks, and what is said about them.
pub(crate) fn ours(repo: &Repo<'_>, settings: &Settings, place: &Place) -> Vec<String> {
    let suites = settings.config.suites.values().chain([&place.folder]);
    let paths = suites.chain(&settings.config.file).chain([&settings.config.out]);
    let below = |path: &PathBuf| {
        // A folder that is not there yet has no other name.
        let path = path.canonicalize().unwrap_or_else(|_| path.clone());
        let inside = path.strip_prefix(repo.dir.canonicalize().ok()?).ok()?.to_string_lossy().into_owned();
        (!inside.is_empty()).then_some(inside)
    };
    paths.filter_map(below).collect()
}

fn make(
    mut draft: Draft,
    args: &NewArgs,
    place: &Place,
    repo: Option<&Repo<'_>>,
    settings: &Settings,
) -> Result<Made, Failure> {
    if let Some(name) = &args.name {
        if !TrialId::valid_name(name) {
            let problem = "a task is named with letters, digits, `-`, `_` and `.`, and starts with no `.`";
            return Err(Failure::usage(format!("{name:?}: {problem}")));
        }
        draft.name.clone_from(name);
    }
    let mut made = put(draft, place, repo, settings)?;
    if !args.no_check {
        made.check(place, 3, settings)?;
    }
    Ok(made)
}

/// Writes a draft into its suite.
pub(crate) fn put(
    draft: Draft,
    place: &Place,
    repo: Option<&Repo<'_>>,
    settings: &Settings,
) -> Result<Made, Failure> {
    let (task, notes) = (draft.name.clone(), draft.notes.clone());
    let folder = draft.write(&place.folder, &place.name, repo).map_err(Failure::input)?;
    let mut todo = author::todos(&folder);
    todo.extend(author::register(&place.folder, &task).err());
    todo.extend(notes);
    let known = settings.config.suites.values().any(|path| *path == place.folder);
    if !known && settings.config.file.is_some() && !settings.config.suites.is_empty() {
        let path = settings.shown(&place.folder);
        todo.push(format!("retake.toml: name the suite, as [suite.{}] with path = {path:?}", place.name));
    }
    let path = settings.shown(&folder);
    Ok(Made { suite: place.name.clone(), task, path, sound: None, problems: Vec::new(), todo })
}

impl Made {
    /// Lets `retake task check` look at it. Where the tests that an agent sees do not hold for the solution, since the commit
    /// changed them too, they are no check that it could be sent back by: they are left out.
    pub(crate) fn check(&mut self, place: &Place, repeat: u32, settings: &Settings) -> Result<(), Failure> {
        self.look(place, repeat, settings)?;
        let sent_back = self.problems.iter().any(|problem| problem.starts_with("the visible check "));
        if sent_back && without_checks(&place.folder.join(&self.task))? {
            let left = "task.toml: its visible tests do not hold for the solution, so they are no check: write one that does";
            self.todo.push(left.to_owned());
            self.look(place, repeat, settings)?;
        }
        Ok(())
    }

    fn look(&mut self, place: &Place, repeat: u32, settings: &Settings) -> Result<(), Failure> {
        let failed =
            |error: &dyn std::fmt::Display| Failure::host(format!("the check of the task failed: {error}"));
        let program = std::env::current_exe().map_err(|error| failed(&error))?;
        let mut command = Command::new(program);
        command.arg("-C").arg(&settings.directory).args(["task", "check"]).arg(&place.folder);
        command.args(["--task", &self.task, "--repeat", &repeat.to_string(), "--json"]);
        let done =
            command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(|error| failed(&error))?;
        let found: Value = serde_json::from_slice(&done.stdout).map_err(|_| failed(&"it said nothing"))?;
        let problems = found[0]["problems"].as_array().into_iter().flatten();
        self.problems = problems.filter_map(|problem| problem.as_str().map(str::to_owned)).collect();
        self.sound = Some(done.status.success());
        Ok(())
    }
}

/// Takes the visible checks out of a task that was just written; whether it had some.
fn without_checks(task: &Path) -> Result<bool, Failure> {
    let file = task.join("task.toml");
    let failed = |error: std::io::Error| Failure::host(format!("{}: {error}", file.display()));
    let text = std::fs::read_to_string(&file).map_err(failed)?;
    let (Some(start), Some(end)) = (text.find("\n[[retake.checks]]"), text.find("\n[retake.budget]")) else {
        return Ok(false);
    };
    std::fs::write(&file, format!("{}{}", &text[..start], &text[end..])).map_err(failed)?;
    Ok(true)
}

/// What was made, for people.
pub(crate) fn text(made: &Made) -> String {
    let mut lines = vec![match made.sound {
        Some(true) => {
            format!("{}: written, and `retake task check` finds nothing wrong with it", made.path)
        }
        Some(false) => format!("{}: written, and not sound yet", made.path),
        None => format!("{}: written, not checked", made.path),
    }];
    lines.extend(made.problems.iter().map(|problem| format!("  problem: {}", first(problem))));
    if !made.todo.is_empty() {
        lines.push("left to do:".to_owned());
        lines.extend(made.todo.iter().map(|todo| format!("  {}", report::inert(todo))));
    }
    let task = format!("{} --task {}", shell_path(&made.path), made.task);
    lines.push(format!("then: retake task check {task}; git add -f {}", made.path));
    lines.join("\n") + "\n"
}

/// The suite's folder of a task's.
fn shell_path(task: &str) -> String {
    Path::new(task).parent().map_or_else(String::new, |folder| folder.display().to_string())
}

fn first(problem: &str) -> String {
    report::inert(&problem.lines().take(4).collect::<Vec<_>>().join("; "))
}
