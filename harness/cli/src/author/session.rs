//! A task from a session of Codex CLI or Claude Code: what was asked for first, where, and how it was tested there. What it
//! was solved with is not known; a person says that.

use interop::Work;

use super::commit::{DRAFTED, History};
use super::detect::{Project, Tree};
use super::draft::{Draft, Start, slug};
use super::repo::Repo;

/// Words that a command which tests something holds.
const TESTS: [&str; 18] = [
    "pytest",
    "unittest",
    "cargo test",
    "cargo nextest",
    "go test",
    "npm test",
    "npm run test",
    "node --test",
    "pnpm test",
    "yarn test",
    "make test",
    "make check",
    "tox",
    "jest",
    "vitest",
    "rspec",
    "ctest",
    "bats ",
];
/// Checks that are drafted.
const CHECKS: usize = 4;

/// Drafts the task of a session; `repo` is the repository that it worked in, where it is there.
pub(crate) fn of_session(
    work: &Work,
    repo: Option<&Repo<'_>>,
    history: History,
    without: Vec<String>,
) -> Result<Draft, String> {
    let asked = work.instruction.as_deref().ok_or("the session has no message of a user")?;
    let mut notes = Vec::new();
    let start = repo.and_then(|repo| start(repo, work, &mut notes));
    let project = match (&start, repo) {
        (Some(revision), Some(repo)) => {
            let files = repo.files(revision)?;
            let read =
                |path: &str| Some(String::from_utf8_lossy(&repo.show(revision, path).ok()?).into_owned());
            Project::of(&Tree { files: &files, read: &read })
        }
        _ => {
            notes.push(format!(
                "environment/app: put the project as it was when the session began ({}, {})",
                work.cwd.as_deref().unwrap_or("the folder is not known"),
                work.commit.as_deref().unwrap_or("the commit is not known")
            ));
            Project::of(&Tree { files: &[], read: &|_| None })
        }
    };
    let mut draft = Draft {
        name: slug(asked),
        description: first_line(asked),
        keywords: project.language().map(str::to_owned).into_iter().collect(),
        checks: Vec::new(),
        files: Default::default(),
        notes,
        start: start.map(|revision| Start { revision, history, without }),
        project,
    };
    let drafted = DRAFTED.replace("@WHAT@", "the first message of a session");
    draft.put("instruction.md", format!("{drafted}\n{}\n", asked.trim()));
    for (number, command) in tests(work).into_iter().enumerate() {
        let name = if number == 0 { "tests".to_owned() } else { format!("tests {}", number + 1) };
        draft.checks.push((name, command));
    }
    if draft.project.needs.is_empty() {
        draft.project.needs = needs(&draft.checks);
    }
    let commands: Vec<String> = draft.checks.iter().map(|(_, command)| format!("{{ {command}; }}")).collect();
    let judge = if commands.is_empty() {
        "false && reward=1".to_owned()
    } else {
        format!(
            "# The session's own tests, which the agent can see and change: put hidden ones in their place.\n{} && reward=1",
            commands.join(" && ")
        )
    };
    draft.put("tests/test.sh", include_str!("../../templates/task/test-todo.sh").replace("@JUDGE@", &judge));
    draft.put("solution/solve.sh", "#!/bin/bash\n# TODO: the reference solution; it starts in /app. A patch beside this file: git apply /solution/fix.patch\nset -eu\nfalse\n");
    draft.begin(work.at.as_deref().unwrap_or("2026-01-01T00:00:00Z"));
    if draft.start.is_none() {
        draft.put("environment/app/TODO", "The project as it was when the session began.\n");
    }
    Ok(draft)
}

/// The commit that the session began at, where the repository has it.
fn start(repo: &Repo<'_>, work: &Work, notes: &mut Vec<String>) -> Option<String> {
    if let Some(commit) = &work.commit {
        if repo.files(commit).is_ok() {
            return Some(commit.clone());
        }
        notes.push(format!("{} has no commit {commit}, at which the session began", repo.dir.display()));
    }
    let moment = work.at.as_ref().filter(|_| work.commit.is_none())?;
    let found = repo.before(moment).ok()?;
    notes.push(format!(
        "the session names no commit: the workspace is {found}, the newest of this branch before {moment}"
    ));
    Some(found)
}

/// The commands of a session that tested something, each once.
fn tests(work: &Work) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for command in &work.commands {
        let command = without_cd(command.trim(), work.cwd.as_deref());
        let tests = TESTS.iter().any(|words| command.contains(words));
        if tests
            && !command.contains('\n')
            && command.len() < 300
            && !found.iter().any(|known| known == command)
        {
            found.push(command.to_owned());
        }
    }
    found.truncate(CHECKS);
    found
}

/// The programs that the checks begin with, of those that test something.
fn needs(checks: &[(String, String)]) -> Vec<&'static str> {
    let known = ["python3", "cargo", "go", "node", "npm", "make", "pnpm", "yarn", "npx"];
    let starts = |program: &&'static str| {
        checks.iter().any(|(_, command)| command.split_whitespace().any(|word| word == *program))
    };
    known.into_iter().filter(starts).collect()
}

/// A command without the step into the project's folder, which is /app in a trial.
fn without_cd<'c>(command: &'c str, cwd: Option<&str>) -> &'c str {
    let (Some(cwd), Some(rest)) = (cwd, command.strip_prefix("cd ")) else { return command };
    let rest = rest.trim_start().trim_start_matches(['"', '\'']);
    let rest = rest.strip_prefix(cwd).map(|rest| rest.trim_start_matches(['"', '\'', '/', ' ']));
    rest.and_then(|rest| rest.strip_prefix("&&")).map_or(command, str::trim)
}

fn first_line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    match line.char_indices().nth(120) {
        Some((at, _)) => format!("{}...", &line[..at]),
        None => line.to_owned(),
    }
}
