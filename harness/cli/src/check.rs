//! `retake task check`: proves that tasks are sound. The reference solution passes, and every time; doing nothing
//! fails; each named wrong answer fails.

use std::fmt::Write as _;

use base::SystemClock;
use journal::RunDir;
use report::{RunData, TrialState};
use runner::Selection;
use serde::Serialize;
use suite::{Suite, TaskEntry, Variant};

use crate::args::{CheckArgs, Common};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::progress::Bar;
use crate::settings::{self, Settings, Signals};

/// What was found out about one task.
#[derive(Debug, Serialize)]
struct Finding {
    suite: String,
    task: String,
    /// How often the reference solution passed, of how many times.
    oracle: [u32; 2],
    /// Whether doing nothing failed.
    noop_fails: bool,
    /// How many named wrong answers failed, of how many.
    wrong: [u32; 2],
    /// What is wrong with the task; empty where nothing is.
    problems: Vec<String>,
}

/// Carries the verb out.
pub(crate) fn check(args: &CheckArgs, common: &Common) -> Result<Exit, Failure> {
    let settings = Settings::read(common)?;
    let temp =
        tempfile::tempdir().map_err(|e| Failure::host(format!("cannot make a folder for the check: {e}")))?;
    let wrong = settings
        .suites(&args.suites)?
        .iter()
        .flat_map(Suite::ready)
        .map(|task| task.settings.wrong.len())
        .max();
    let once: Vec<Variant> = std::iter::once("noop".to_owned())
        .chain((1..=wrong.unwrap_or(0)).map(|n| format!("wrong:{n}")))
        .map(variant)
        .collect();
    let bar = Bar::new(common.json);
    let signals = Signals::listen()?;
    let oracle = carry_out(
        args,
        &settings,
        vec![variant("oracle".to_owned())],
        args.repeat,
        temp.path(),
        (&bar, &signals),
    )?;
    let others = carry_out(args, &settings, once, 1, temp.path(), (&bar, &signals))?;
    bar.finish();
    let mut findings = Vec::new();
    for suite in settings.suites(&args.suites)? {
        let wanted =
            |entry: &&TaskEntry| args.task.is_empty() || args.task.iter().any(|name| name == entry.name());
        findings.extend(
            suite.tasks.iter().filter(wanted).map(|entry| finding(&suite.name, entry, &oracle, &others)),
        );
    }
    say(&findings, common)?;
    let sound = findings.iter().all(|finding| finding.problems.is_empty());
    Ok(if sound { Exit::Done } else { Exit::BadInput })
}

fn variant(agent: String) -> Variant {
    let name = agent.replace(':', "-");
    Variant { agent, ..Variant::plain(&name) }
}

fn carry_out(
    args: &CheckArgs,
    settings: &Settings,
    variants: Vec<Variant>,
    trials: u32,
    out: &std::path::Path,
    (bar, signals): (&Bar, &Signals),
) -> Result<RunData, Failure> {
    let suites = settings.suites(&args.suites)?;
    let selection = Selection {
        suites,
        tasks: args.task.clone(),
        variants,
        trials,
        seed: 1,
        faults: None,
        backends: std::collections::BTreeMap::new(),
        replaying: Default::default(),
        fork: None,
    };
    let planned = runner::plan(selection, &settings::run_git)?;
    let clock = SystemClock::start();
    let options = settings.plain_options(out, args.jobs, signals, &clock)?;
    let outcome = runner::run(&planned, &options, bar)?;
    if outcome.stopped {
        return Err(Failure::new(signals.exit(), "stopped"));
    }
    match outcome.fault {
        Some(fault) => Err(Failure::host(fault)),
        None => Ok(RunData::load(&RunDir { path: outcome.dir.path })?),
    }
}

fn finding(suite: &str, entry: &TaskEntry, oracle: &RunData, others: &RunData) -> Finding {
    let task = entry.name();
    let states = |data: &RunData, variant: &str| -> Vec<(TrialState, String)> {
        let own = data
            .trials
            .iter()
            .filter(|t| t.id.suite == suite && t.id.task == task && t.id.variant == variant);
        own.map(|trial| (trial.state(), trial.reason().to_owned())).collect()
    };
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut problems = Vec::new();
    let solved = states(oracle, "oracle");
    let passed = solved.iter().filter(|(state, _)| *state == TrialState::Passed).count();
    if let Some((state, reason)) = solved.iter().find(|(state, _)| *state != TrialState::Passed) {
        let word = if passed > 0 {
            "the reference solution does not pass every time"
        } else {
            "the reference solution does not pass"
        };
        problems.push(format!("{word}: {state:?}: {reason}"));
    }
    let nothing = states(others, "noop");
    let noop_fails = nothing.iter().all(|(state, _)| *state == TrialState::Failed);
    if !noop_fails && passed > 0 {
        problems.push("doing nothing does not fail".to_owned());
    }
    let patches = entry.ready().map_or(Vec::new(), |task| task.settings.wrong.keys().cloned().collect());
    let mut rejected = 0;
    for (number, name) in patches.iter().enumerate() {
        let found = states(others, &format!("wrong-{}", number + 1));
        match found.first() {
            Some((TrialState::Failed, reason)) if !reason.starts_with("the patch ") => rejected += 1,
            Some((state, reason)) => {
                problems.push(format!("the wrong answer {name} is not rejected: {state:?}: {reason}"));
            }
            None => problems.push(format!("the wrong answer {name} was not tried")),
        }
    }
    Finding {
        suite: suite.to_owned(),
        task: task.to_owned(),
        oracle: [count(passed), count(solved.len())],
        noop_fails,
        wrong: [rejected, count(patches.len())],
        problems,
    }
}

fn say(findings: &[Finding], common: &Common) -> Result<(), Failure> {
    if common.json {
        return output::json(&findings);
    }
    let mut text = format!("{:<40} {:>9} {:>9} {:>9}\n", "task", "reference", "nothing", "wrong");
    for finding in findings {
        let name = format!("{}/{}", finding.suite, finding.task);
        let reference = format!("{}/{}", finding.oracle[0], finding.oracle[1]);
        let nothing = if finding.noop_fails { "fails" } else { "PASSES" };
        let wrong = format!("{}/{}", finding.wrong[0], finding.wrong[1]);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:<40} {reference:>9} {nothing:>9} {wrong:>9}");
        for problem in &finding.problems {
            let _ = writeln!(text, "  {}", problem.replace('\n', "\n  "));
        }
    }
    let bad = findings.iter().filter(|finding| !finding.problems.is_empty()).count();
    let _ = writeln!(text, "{} tasks, {bad} with problems", findings.len());
    output::text(&text)
}
