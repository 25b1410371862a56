//! The `[retake]` table of a task and the `[defaults]` of a suite: checks, budgets, exclusions, policy, and every
//! default in one place. Knows nothing of where tasks stand on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base::toml_file::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::error::SuiteError;
use crate::harbor::Seconds;
use crate::policy::{Policy, PolicyTable};

/// Steps an agent may take where nobody says otherwise.
pub const DEFAULT_STEPS: u32 = 50;
/// Tokens a trial may use where nobody says otherwise.
pub const DEFAULT_TOKENS: u64 = 1_000_000;
/// Rounds of feedback where nobody says otherwise.
pub const DEFAULT_ROUNDS: u32 = 2;
/// A trial's time where neither `[retake.budget]` nor `[agent] timeout_sec` says one.
pub const DEFAULT_WALL: Duration = Duration::from_secs(600);
/// A verifier's time where `[verifier] timeout_sec` doesn't say one (Harbor's own default).
pub const DEFAULT_VERIFIER: Duration = Duration::from_secs(600);
/// A check's time where `timeout_sec` doesn't say one.
pub const DEFAULT_CHECK: Duration = Duration::from_secs(120);
/// The reward that decides, where `reward_key` doesn't name one.
pub const DEFAULT_REWARD_KEY: &str = "reward";

/// What a task is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskKind {
    /// Agents are expected to pass it; a failure is news.
    Regression,
    /// It measures how far agents get. The default.
    #[default]
    Capability,
}

impl TaskKind {
    /// Its name, as a task states it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::Capability => "capability",
        }
    }
}

/// What a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckKind {
    /// Does it work?
    Tests,
    /// Do the types hold?
    Types,
    /// Is it in style?
    Lint,
    /// Is it safe?
    Security,
    /// Is it fast enough?
    Performance,
}

impl std::fmt::Display for CheckKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tests => "tests",
            Self::Types => "types",
            Self::Lint => "lint",
            Self::Security => "security",
            Self::Performance => "performance",
        })
    }
}

impl CheckKind {
    /// Its name, as a task states it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tests => "tests",
            Self::Types => "types",
            Self::Lint => "lint",
            Self::Security => "security",
            Self::Performance => "performance",
        }
    }
}

/// Whose output a check's command writes; without one it is told from the output itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Parser {
    /// Python's `unittest`.
    Unittest,
    /// `pytest`.
    Pytest,
    /// `cargo test`, `cargo clippy` and `rustc`.
    Cargo,
    /// `gcc`, `clang`, shellcheck's gcc format: `file:line:column: severity: message`.
    Gcc,
    /// `tsc`.
    Tsc,
    /// `node --test` and other writers of TAP.
    Tap,
    /// Any other: its last lines.
    Plain,
}

/// One of `[[retake.checks]]`: a command whose failure is told to the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name, unique in the task.
    pub name: String,
    /// What it looks at.
    pub kind: CheckKind,
    /// Run by `bash -c` in `/app`; exit code 0 passes.
    pub command: String,
    /// How long it may run.
    pub timeout: Duration,
    /// Whose output it writes.
    pub parser: Option<Parser>,
}

/// What a trial may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// Model calls.
    pub steps: u32,
    /// Tokens, in and out.
    pub tokens: u64,
    /// Time.
    pub wall: Duration,
    /// Rounds of feedback.
    pub rounds: u32,
}

/// `[budget]` as written: whatever it doesn't say comes from the suite, then from the defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetTable {
    /// Model calls.
    pub steps: Option<u32>,
    /// Tokens, in and out.
    pub tokens: Option<u64>,
    /// Time.
    pub wall_sec: Option<Seconds>,
    /// Rounds of feedback.
    pub rounds: Option<u32>,
}

impl BudgetTable {
    /// This table, completed by the suite's, the agent's time-out and the defaults.
    pub(crate) fn resolve(self, suite: Self, agent: Option<Seconds>) -> Budget {
        let wall = self.wall_sec.or(suite.wall_sec).or(agent);
        Budget {
            steps: self.steps.or(suite.steps).unwrap_or(DEFAULT_STEPS),
            tokens: self.tokens.or(suite.tokens).unwrap_or(DEFAULT_TOKENS),
            wall: wall.map_or(DEFAULT_WALL, |s| s.0),
            rounds: self.rounds.or(suite.rounds).unwrap_or(DEFAULT_ROUNDS),
        }
    }
}

/// What a suite says for all of its tasks.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// What tasks may use that don't say so themselves.
    pub budget: BudgetTable,
    /// The policy of tasks that have none.
    pub policy: Option<Policy>,
    /// Names left out of every task's workspace digest.
    pub exclude: Vec<String>,
}

/// `[retake]` as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RetakeTable {
    pub(crate) needs: Option<Vec<String>>,
    kind: TaskKind,
    exclude: Vec<String>,
    checks: Vec<CheckTable>,
    budget: BudgetTable,
    policy: Option<PolicyTable>,
    wrong: BTreeMap<String, PathBuf>,
    reward_key: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckTable {
    name: String,
    kind: CheckKind,
    command: String,
    #[serde(default)]
    timeout_sec: Option<Seconds>,
    #[serde(default)]
    parser: Option<Parser>,
}

/// `[retake]` with every default filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// Programs beyond bash, coreutils and git; `None` where the task says nothing about the host.
    pub needs: Option<Vec<String>>,
    /// What the task is for.
    pub kind: TaskKind,
    /// Names left out of the workspace digest: the suite's, then the task's.
    pub exclude: Vec<String>,
    /// The visible checks, in order.
    pub checks: Vec<Check>,
    /// What a trial may use.
    pub budget: Budget,
    /// The rules for commands: the task's own, else the suite's, else everything allowed.
    pub policy: Policy,
    /// Patches that must not pass, by name; relative to the task's folder.
    #[serde(skip)]
    pub wrong: BTreeMap<String, PathBuf>,
    /// The reward that decides.
    pub reward_key: String,
}

impl RetakeTable {
    /// The settings of a task whose `task.toml` is `file`.
    pub(crate) fn resolve(
        self,
        suite: &Defaults,
        agent: Option<Seconds>,
        file: &Path,
        text: &str,
    ) -> Result<Settings, SuiteError> {
        let fault = |path: &[&str], message: String| Diagnostic::at_key(file, text, path, message);
        let checks = checks(self.checks).map_err(|(index, part, message)| {
            fault(&["retake", "checks", &index.to_string(), part], message)
        })?;
        let folder = file.parent().unwrap_or(Path::new(""));
        for (name, patch) in &self.wrong {
            if !is_inside(patch) || !folder.join(patch).is_file() {
                let message = format!("`{}` is no file of the task", patch.display());
                let help = "a path is relative to the task's folder, for example wrong/off-by-one.patch";
                return Err(fault(&["retake", "wrong", name], message).with_help(help).into());
            }
        }
        for (key, list) in [("exclude", &self.exclude), ("needs", self.needs.as_ref().unwrap_or(&Vec::new()))]
        {
            if let Some(index) = list.iter().position(|name| !is_plain_name(name)) {
                let message =
                    format!("`{}` is a path or empty: name one file, folder or program", list[index]);
                return Err(fault(&["retake", key], message).into());
            }
        }
        let reward_key = self.reward_key.unwrap_or_else(|| DEFAULT_REWARD_KEY.to_owned());
        if reward_key.is_empty() {
            return Err(fault(&["retake", "reward_key"], "a reward's name is not empty".to_owned()).into());
        }
        let policy = match self.policy {
            Some(table) => table.resolve(file, text, &["retake", "policy"])?,
            None => suite.policy.clone().unwrap_or_default(),
        };
        let mut exclude = suite.exclude.clone();
        exclude.extend(self.exclude.into_iter().filter(|name| !suite.exclude.contains(name)));
        Ok(Settings {
            needs: self.needs,
            kind: self.kind,
            exclude,
            checks,
            budget: self.budget.resolve(suite.budget, agent),
            policy,
            wrong: self.wrong,
            reward_key,
        })
    }
}

fn checks(tables: Vec<CheckTable>) -> Result<Vec<Check>, (usize, &'static str, String)> {
    let mut checks: Vec<Check> = Vec::with_capacity(tables.len());
    for (index, table) in tables.into_iter().enumerate() {
        if table.name.is_empty() || checks.iter().any(|c| c.name == table.name) {
            return Err((index, "name", format!("a check's name is unique and not empty: `{}`", table.name)));
        }
        if table.command.trim().is_empty() {
            return Err((index, "command", "a check needs a command".to_owned()));
        }
        checks.push(Check {
            name: table.name,
            kind: table.kind,
            command: table.command,
            timeout: table.timeout_sec.map_or(DEFAULT_CHECK, |s| s.0),
            parser: table.parser,
        });
    }
    Ok(checks)
}

/// Whether a name is one path component and not a path.
pub(crate) fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\0']) && name != "." && name != ".."
}

/// Whether a relative path stays below where it starts.
pub(crate) fn is_inside(path: &Path) -> bool {
    use std::path::Component as C;
    path.components().all(|c| matches!(c, C::Normal(_) | C::CurDir)) && path.components().next().is_some()
}
