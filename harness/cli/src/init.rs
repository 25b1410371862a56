//! `retake init`: a retake.toml, a first task and a CI example in a repository that has none. Nothing that is there is
//! written over; the only file that grows is `.gitignore`, by a line.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::args::{Common, InitArgs};
use crate::author::{self, History, Repo};
use crate::exit::{Exit, Failure};
use crate::new::{self, Made};
use crate::output;
use crate::settings::{self, Settings};

/// Where the parts stand.
const CONFIG: &str = "retake.toml";
const CI: &str = ".github/workflows/retake.yml";
const PROMPT: &str = "tasks/prompts/AGENTS.example.md";
/// Files in which a project tells agents what to do; the first that is there counts.
const INSTRUCTIONS: [&str; 2] = ["AGENTS.md", "CLAUDE.md"];
/// Commits that are looked at, and those of which a task is made to see whether it is sound.
const LOOKED_AT: usize = 300;
const TRIED: usize = 3;

/// What the verb answers with.
#[derive(Serialize)]
struct Answer {
    /// How the project is tested; empty where nothing was found.
    tests: String,
    /// The file with the project's own instructions for agents; null where there is none.
    instructions: Option<&'static str>,
    written: Vec<String>,
    /// What was there before, and stays as it was.
    kept: Vec<String>,
    /// The first task; null where no recent commit makes one.
    task: Option<Made>,
}

/// Carries the verb out.
pub(crate) fn init(args: &InitArgs, common: &Common) -> Result<Exit, Failure> {
    let settings = Settings::read(common)?;
    let root = settings.directory.clone();
    let repo = Repo::open(&root, &settings::run_git);
    let root = repo.as_ref().map_or(root, |repo| repo.dir.clone());
    let instructions = INSTRUCTIONS.into_iter().find(|name| root.join(name).is_file());
    let mut answer =
        Answer { tests: String::new(), instructions, written: Vec::new(), kept: Vec::new(), task: None };
    let prompt = example(&root, instructions);
    answer.put(&root, PROMPT, &prompt)?;
    let own = match instructions {
        Some(name) => {
            format!("files = {{ \"AGENTS.md\" = {name:?} }}          # as it stands in the working tree\n")
        }
        None => {
            "# files = { \"AGENTS.md\" = \"AGENTS.md\" }      # this repository has none yet\n".to_owned()
        }
    };
    let config =
        include_str!("../templates/retake.toml").replace("@FILES@\n", &own).replace("@MODEL@", &args.model);
    answer.put(&root, CONFIG, &config)?;
    answer.put(
        &root,
        "tasks/own/suite.toml",
        &include_str!("../templates/suite.toml").replace("@NAME@", "own"),
    )?;
    answer.put(&root, CI, include_str!("../templates/retake.yml"))?;
    answer.ignore(&root)?;
    let here = Common { directory: Some(root.clone()), json: common.json };
    // As it stands now.
    let settings = Settings::read(&here)?;
    match &repo {
        Ok(repo) => {
            answer.tests = tests(repo);
            if !args.no_task {
                answer.task = first_task(repo, args, &settings)?;
            }
        }
        Err(why) => output::note(&format!("no task was made of a commit: {why}")),
    }
    if common.json {
        output::json(&answer)?;
    } else {
        output::text(&text(&answer))?;
    }
    Ok(Exit::Done)
}

impl Answer {
    fn put(&mut self, root: &Path, path: &str, text: &str) -> Result<(), Failure> {
        let file = root.join(path);
        if file.exists() {
            self.kept.push(path.to_owned());
            return Ok(());
        }
        let folder = file.parent().unwrap_or(root);
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&file, text));
        written.map_err(|error| Failure::host(format!("{}: {error}", file.display())))?;
        self.written.push(path.to_owned());
        Ok(())
    }

    /// Runs are no part of the repository.
    fn ignore(&mut self, root: &Path) -> Result<(), Failure> {
        let file = root.join(".gitignore");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let line = format!("{}/", suite::config::DEFAULT_OUT);
        if text.lines().any(|known| known.trim().trim_matches('/') == suite::config::DEFAULT_OUT) {
            self.kept.push(".gitignore".to_owned());
            return Ok(());
        }
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        fs::write(&file, format!("{text}{end}{line}\n"))
            .map_err(|error| Failure::host(format!("{}: {error}", file.display())))?;
        self.written.push(".gitignore".to_owned());
        Ok(())
    }
}

/// Another way of saying it, to compare with: what there is, and a sentence.
fn example(root: &Path, instructions: Option<&str>) -> String {
    let own = instructions.and_then(|name| fs::read_to_string(root.join(name)).ok());
    let own = own.unwrap_or_else(|| "# Notes for agents\n".to_owned());
    format!("{}\n\n{}", own.trim_end(), include_str!("../templates/AGENTS.example.md"))
}

fn tests(repo: &Repo<'_>) -> String {
    let Ok(files) = repo.files("HEAD") else { return String::new() };
    let read = |path: &str| Some(String::from_utf8_lossy(&repo.show("HEAD", path).ok()?).into_owned());
    author::project(&files, &read).command
}

/// A task of the newest commit that makes a sound one; else of the newest that touches tests and code.
fn first_task(repo: &Repo<'_>, args: &InitArgs, settings: &Settings) -> Result<Option<Made>, Failure> {
    let own = if settings.config.suites.contains_key("own") { "own" } else { "tasks/own" };
    let place = new::place(settings, Some(own));
    if place
        .folder
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| entry.path().join("task.toml").exists())
    {
        output::note("the suite `own` has tasks already: none is added");
        return Ok(None);
    }
    let commits = repo.recent(LOOKED_AT).unwrap_or_default();
    let suitable = commits.iter().filter(|commit| author::is_suitable(&commit.paths, Path::new("tasks/own")));
    let mut unsound: Option<(Made, String)> = None;
    for commit in suitable.take(TRIED) {
        let without = new::ours(repo, settings, &place);
        let Ok(draft) = author::of_commit(repo, &commit.id, History::Squashed, without) else { continue };
        output::note(&format!(
            "trying {} {}",
            &commit.id[..commit.id.len().min(12)],
            report::inert(&commit.subject)
        ));
        let mut made = new::put(draft, &place, Some(repo), settings)?;
        if args.no_check {
            return Ok(Some(made));
        }
        made.check(&place, 2, settings)?;
        if made.sound == Some(true) {
            if let Some((other, _)) = &unsound {
                drop(fs::remove_dir_all(place.folder.join(&other.task)));
            }
            return Ok(Some(made));
        }
        if unsound.is_none() {
            unsound = Some((made, commit.id.clone()));
        } else {
            drop(fs::remove_dir_all(place.folder.join(&made.task)));
        }
    }
    Ok(unsound.map(|(made, _)| made))
}

fn text(answer: &Answer) -> String {
    let mut lines = Vec::new();
    let tests = if answer.tests.is_empty() { "no way of testing it was found" } else { &answer.tests };
    lines.push(format!("tests         {}", report::inert(tests)));
    lines.push(format!("instructions  {}", answer.instructions.unwrap_or("neither AGENTS.md nor CLAUDE.md")));
    lines.push(format!(
        "written       {}",
        if answer.written.is_empty() { "nothing".to_owned() } else { answer.written.join(", ") }
    ));
    if !answer.kept.is_empty() {
        lines.push(format!("as it was     {}", answer.kept.join(", ")));
    }
    match &answer.task {
        Some(made) => lines.push(new::text(made).trim_end().to_owned()),
        None => lines.push(
            "no task: no recent commit touches tests and code; write one: retake task new NAME".to_owned(),
        ),
    }
    lines.push(include_str!("../templates/next.txt").trim_end().to_owned());
    lines.join("\n") + "\n"
}
