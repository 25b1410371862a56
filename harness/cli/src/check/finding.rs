//! What the runs of a check say about one task. Runs nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use journal::FailureMode;
use report::{RunData, TrialData, TrialState};
use serde::Serialize;
use suite::TaskEntry;

use super::solution::Files;

/// The runs of one check.
pub(super) struct Runs {
    /// The reference solution, several times.
    pub(super) oracle: RunData,
    /// The same once in each of other surroundings.
    pub(super) elsewhere: Vec<RunData>,
    /// Everybody who must get no reward.
    pub(super) others: RunData,
    /// What the reference solutions leave.
    pub(super) solution: Files,
    /// What could be seen that must not be, by suite and task.
    pub(super) seen: BTreeMap<(String, String), Vec<String>>,
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
    /// What is wrong with the task; empty where nothing is.
    pub(super) problems: Vec<String>,
}

/// The trials of one task.
struct Own<'a> {
    suite: &'a str,
    task: &'a str,
}

impl Own<'_> {
    fn trials<'d>(&self, data: &'d RunData, variant: &str) -> Vec<&'d TrialData> {
        let own = |trial: &&TrialData| {
            trial.id.suite == self.suite && trial.id.task == self.task && trial.id.variant == variant
        };
        data.trials.iter().filter(own).collect()
    }

    fn passes(&self, data: &RunData, variant: &str) -> bool {
        self.trials(data, variant).iter().any(|trial| trial.state() == TrialState::Passed)
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
            problems: Vec::new(),
        };
        finding.reference(&own, runs);
        if finding.oracle[0] > 0 {
            finding.nothing(&own, runs);
            finding.wrong(&own, entry, runs);
            finding.tampering(&own, runs);
            finding.looking(&own, runs);
        }
        finding
    }

    /// The reference solution passes: every time, and everywhere.
    fn reference(&mut self, own: &Own<'_>, runs: &Runs) {
        let solved = own.trials(&runs.oracle, "oracle");
        let passed = |trial: &&TrialData| trial.state() == TrialState::Passed;
        self.oracle =
            [count(solved.iter().copied().filter(|trial| passed(trial)).count()), count(solved.len())];
        if let Some(trial) = solved.iter().find(|trial| !passed(trial)) {
            let word = if self.oracle[0] > 0 {
                "the reference solution does not pass every time: the verdict is a matter of luck or of order"
            } else {
                "the reference solution does not pass"
            };
            self.problems.push(format!("{word}: {:?}: {}", trial.state(), trial.reason()));
        }
        let failed: Vec<&TrialData> = runs
            .elsewhere
            .iter()
            .flat_map(|data| own.trials(data, "oracle"))
            .filter(|t| !passed(t))
            .collect();
        self.elsewhere[0] = self.elsewhere[1] - count(failed.len()).min(self.elsewhere[1]);
        if let Some(trial) = failed.first().filter(|_| self.oracle[0] == self.oracle[1]) {
            self.problems.push(format!(
                "the verdict depends on locale, time zone, user or hash seed: {:?}: {}",
                trial.state(),
                trial.reason()
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
        let seen = runs.seen.get(&(own.suite.to_owned(), own.task.to_owned()));
        for thing in seen.into_iter().flatten() {
            let Some(id) = thing.strip_prefix("git object ") else {
                self.problems.push(format!("an agent can see {thing}"));
                continue;
            };
            if let Some(path) = runs.solution.path(id, own.suite, own.task) {
                let word = "the solution is left in git: an object of the workspace holds its";
                self.problems.push(format!("{word} {path}"));
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
    let _ = writeln!(text, "{} tasks, {bad} with problems", findings.len());
    text
}
