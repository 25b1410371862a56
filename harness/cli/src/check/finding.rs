//! What the runs of a check say about one task. Runs nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use journal::{CheckResult, FailureMode};
use report::{RunData, TrialData, TrialState};
use serde::Serialize;
use suite::TaskEntry;

use super::solution::{Files, TaskKey};

/// The runs of one check.
pub(super) struct Runs {
    /// The reference solution, several times.
    pub(super) oracle: RunData,
    /// The same once in each of other surroundings.
    pub(super) elsewhere: Vec<RunData>,
    /// The same where one thing alone is otherwise, by what that is; of tasks whose verdict differed.
    pub(super) apart: Vec<(&'static str, RunData)>,
    /// Everybody who must get no reward.
    pub(super) others: RunData,
    /// What the reference solutions leave.
    pub(super) solution: Files,
    /// Visible checks that did not hold for that.
    pub(super) complaints: BTreeMap<TaskKey, Vec<CheckResult>>,
    /// What could be seen that must not be.
    pub(super) seen: BTreeMap<TaskKey, Vec<String>>,
}

/// What was found out about one task.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) suite: String,
    pub(super) task: String,
    /// How often the reference solution passed, of how many times.
    pub(super) oracle: [u32; 2],
    /// How often it passed in other surroundings, of how many.
    pub(super) elsewhere: [u32; 2],
    /// Whether doing nothing failed.
    pub(super) noop_fails: bool,
    /// How many named wrong answers failed, of how many.
    pub(super) wrong: [u32; 2],
    /// How many ways of tampering got nothing, of how many.
    pub(super) tamper: [u32; 2],
    /// What this host lacks for the task: then nothing else is known of it.
    pub(super) not_runnable: Option<String>,
    /// What is wrong with the task; empty where nothing is.
    pub(super) problems: Vec<String>,
}

/// The trials of one task.
struct Own<'a> {
    suite: &'a str,
    task: &'a str,
}

/// Names of tasks whose reference solution passed every time, but not elsewhere.
pub(super) fn differing(oracle: &RunData, elsewhere: &[RunData]) -> Vec<String> {
    let failed = elsewhere.iter().flat_map(|data| &data.trials).filter(|trial| !passed(trial));
    let mut names: Vec<String> = Vec::new();
    for trial in failed {
        let own = Own { suite: &trial.id.suite, task: &trial.id.task };
        let steady = own.trials(oracle, "oracle").into_iter().all(passed);
        if steady && !names.contains(&trial.id.task) {
            names.push(trial.id.task.clone());
        }
    }
    names
}

fn passed(trial: &TrialData) -> bool {
    trial.state() == TrialState::Passed
}

impl Own<'_> {
    fn trials<'d>(&self, data: &'d RunData, variant: &str) -> Vec<&'d TrialData> {
        let own = |trial: &&TrialData| {
            trial.id.suite == self.suite && trial.id.task == self.task && trial.id.variant == variant
        };
        data.trials.iter().filter(own).collect()
    }

    fn key(&self) -> TaskKey {
        (self.suite.to_owned(), self.task.to_owned())
    }

    fn passes(&self, data: &RunData, variant: &str) -> bool {
        self.trials(data, variant).into_iter().any(passed)
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Finding {
    /// Judges one task.
    pub(super) fn of(suite: &str, entry: &TaskEntry, runs: &Runs) -> Self {
        let own = Own { suite, task: entry.name() };
        let mut finding = Self {
            suite: suite.to_owned(),
            task: entry.name().to_owned(),
            oracle: [0, 0],
            elsewhere: [0, count(runs.elsewhere.len())],
            noop_fails: !own.passes(&runs.others, "noop"),
            wrong: [0, 0],
            tamper: [0, 0],
            not_runnable: None,
            problems: Vec::new(),
        };
        if let TaskEntry::Invalid { error, .. } = entry {
            finding.problems.push(format!("the task cannot be read: {error}"));
            return finding;
        }
        let solved = own.trials(&runs.oracle, "oracle");
        if let Some(trial) = solved.iter().find(|trial| trial.state() == TrialState::NotRunnable) {
            finding.not_runnable = Some(trial.reason().to_owned());
            return finding;
        }
        finding.reference(&solved);
        finding.elsewhere(&own, runs);
        if finding.oracle[0] > 0 {
            finding.complaints(&own, runs);
            finding.nothing(&own, runs);
            finding.wrong(&own, entry, runs);
            finding.tampering(&own, runs);
            finding.looking(&own, runs);
        }
        finding
    }

    /// The reference solution passes, every time.
    fn reference(&mut self, solved: &[&TrialData]) {
        self.oracle = [count(solved.iter().filter(|trial| passed(trial)).count()), count(solved.len())];
        if let Some(trial) = solved.iter().find(|trial| !passed(trial)) {
            let word = if self.oracle[0] > 0 {
                "the reference solution does not pass every time: the verdict is a matter of luck or of order"
            } else {
                "the reference solution does not pass"
            };
            self.problems.push(format!("{word}: {:?}: {}", trial.state(), trial.reason()));
        }
    }

    /// It passes everywhere.
    fn elsewhere(&mut self, own: &Own<'_>, runs: &Runs) {
        let tried = runs.elsewhere.iter().flat_map(|data| own.trials(data, "oracle"));
        let failed: Vec<&TrialData> = tried.filter(|trial| !passed(trial)).collect();
        self.elsewhere[0] = self.elsewhere[1] - count(failed.len()).min(self.elsewhere[1]);
        let Some(trial) = failed.first().filter(|_| self.oracle[0] == self.oracle[1]) else { return };
        let mut by: Vec<&str> = Vec::new();
        for (what, data) in &runs.apart {
            let differs = own.trials(data, "oracle").into_iter().any(|trial| !passed(trial));
            if differs && !by.contains(what) {
                by.push(what);
            }
        }
        let by = if by.is_empty() {
            "several of locale, time zone, user and hash seed".to_owned()
        } else {
            by.join("; on ")
        };
        let (state, reason) = (trial.state(), trial.reason());
        self.problems.push(format!("the verdict depends on {by}: {state:?}: {reason}"));
    }

    /// The visible checks hold for what the reference solution leaves.
    fn complaints(&mut self, own: &Own<'_>, runs: &Runs) {
        for check in runs.complaints.get(&own.key()).into_iter().flatten() {
            let what = check.findings.first().map_or("", |finding| &finding.message);
            self.problems.push(format!(
                "the visible check {:?} does not hold for the reference solution: an agent that is right would be sent back: {what}",
                check.name
            ));
        }
    }

    /// Doing nothing fails, and with a reward that says so.
    fn nothing(&mut self, own: &Own<'_>, runs: &Runs) {
        if !self.noop_fails {
            let refused = own.trials(&runs.others, "noop").len();
            let word =
                if refused > 0 { "doing nothing does not fail" } else { "doing nothing was not tried" };
            self.problems.push(format!("{word}: the verifier passes what it is given"));
        }
        for trial in own.trials(&runs.others, "noop") {
            let failure = trial.finish.as_ref().and_then(|finish| finish.ended.failure);
            if failure == Some(FailureMode::VerifierError) {
                let why = trial.reason();
                self.problems.push(format!("the verifier gives no reward where the work is not done: {why}"));
            }
        }
    }

    fn wrong(&mut self, own: &Own<'_>, entry: &TaskEntry, runs: &Runs) {
        let names = entry.ready().map_or(Vec::new(), |task| task.settings.wrong.keys().cloned().collect());
        self.wrong[1] = count(names.len());
        for (number, name) in names.iter().enumerate() {
            let found = own.trials(&runs.others, &format!("wrong-{}", number + 1));
            match found.first() {
                Some(trial)
                    if trial.state() == TrialState::Failed && !trial.reason().starts_with("the patch ") =>
                {
                    self.wrong[0] += 1;
                }
                Some(trial) => self.problems.push(format!(
                    "the wrong answer {name} is not rejected: {:?}: {}",
                    trial.state(),
                    trial.reason()
                )),
                None => self.problems.push(format!("the wrong answer {name} was not tried")),
            }
        }
    }

    fn tampering(&mut self, own: &Own<'_>, runs: &Runs) {
        for name in runner::tamperings().filter(|name| *name != "looks") {
            self.tamper[1] += 1;
            if own.passes(&runs.others, &format!("tamper-{name}")) {
                // Where doing nothing passes, tampering shows nothing more.
                if self.noop_fails {
                    self.problems
                        .push(format!("the verifier is satisfied by tampering: {}", tampering(name)));
                }
            } else {
                self.tamper[0] += 1;
            }
        }
    }

    /// Hidden files and the solution can't be seen.
    fn looking(&mut self, own: &Own<'_>, runs: &Runs) {
        let task = own.key();
        for thing in runs.seen.get(&task).into_iter().flatten() {
            let (what, id) = thing.rsplit_once(' ').unwrap_or((thing, ""));
            let path = runs.solution.path(id, &task);
            match (what, path) {
                ("git object", Some(path)) => self.problems.push(format!(
                    "the solution is left in git: an object of the workspace holds its {path}"
                )),
                ("file", Some(path)) => {
                    self.problems
                        .push(format!("the solution lies in the workspace: a file there is its {path}"));
                }
                // What belongs to the solution of another task.
                ("git object" | "file", None) => {}
                _ => self.problems.push(format!("an agent can see {thing}")),
            }
        }
    }
}

/// What a way of tampering did, for people.
fn tampering(name: &str) -> &str {
    match name {
        "reward" => "a reward that the agent wrote itself",
        "shims" => "programs, start-up files or modules of the agent's own on the verifier's path",
        "tests" => "the workspace's own tests, rewritten, decide",
        "conftest" => "a conftest.py and settings of pytest that the agent planted",
        "hollow" => "empty files where the reference solution has its own: the hidden tests never fail",
        "exits" => "code that ends with 0 before it is judged",
        other => other,
    }
}

/// A line a task, and what is wrong below it.
pub(super) fn table(findings: &[Finding]) -> String {
    let of = |pair: [u32; 2]| format!("{}/{}", pair[0], pair[1]);
    let mut text = format!(
        "{:<40} {:>9} {:>9} {:>8} {:>7} {:>9}\n",
        "task", "reference", "elsewhere", "nothing", "wrong", "tampering"
    );
    for finding in findings {
        let name = format!("{}/{}", finding.suite, finding.task);
        if let Some(why) = &finding.not_runnable {
            let _ = writeln!(text, "{name:<40} not runnable here: {}", why.replace('\n', " "));
            continue;
        }
        let nothing = if finding.noop_fails { "fails" } else { "PASSES" };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{name:<40} {:>9} {:>9} {nothing:>8} {:>7} {:>9}",
            of(finding.oracle),
            of(finding.elsewhere),
            of(finding.wrong),
            of(finding.tamper)
        );
        for problem in &finding.problems {
            let _ = writeln!(text, "  {}", problem.replace('\n', "\n  "));
        }
    }
    let bad = findings.iter().filter(|finding| !finding.problems.is_empty()).count();
    let left = findings.iter().filter(|finding| finding.not_runnable.is_some()).count();
    let left = if left > 0 { format!(", {left} not runnable here") } else { String::new() };
    let _ = writeln!(text, "{} tasks, {bad} with problems{left}", findings.len());
    text
}
