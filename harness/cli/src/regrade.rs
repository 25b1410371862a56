//! `retake regrade`: verifies the kept workspaces of a run again, without running an agent.

use base::{Clock, SystemClock};
use report::gate::Quarantine;
use report::{NewVerdict, REGRADED, Regrades};
use runner::{Rechecked, Regraded};
use serde::Serialize;

use crate::args::{Common, RegradeArgs};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::run;
use crate::settings::{Settings, Signals};

impl From<report::gate::QuarantineError> for Failure {
    fn from(error: report::gate::QuarantineError) -> Self {
        Self::input(error)
    }
}

/// What the verb answers with.
#[derive(Serialize)]
struct Answer<'a> {
    run_id: String,
    /// Trials that were verified again.
    trials: usize,
    /// Those that stand otherwise now.
    changed: usize,
    /// Those whose workspace got two verdicts.
    flaky: usize,
    /// Those that could not be verified again.
    left: usize,
    each: &'a [Regraded],
}

/// What `--checks` answers with.
#[derive(Serialize)]
struct Checked<'a> {
    run_id: String,
    /// Trials whose checks ran again.
    trials: usize,
    /// Those of which a check stands otherwise now.
    changed: usize,
    /// Those whose checks could not be run again.
    left: usize,
    each: &'a [Rechecked],
}

/// Carries the verb out.
pub(crate) fn regrade(args: &RegradeArgs, common: &Common) -> Result<Exit, Failure> {
    let here = Settings::read(common)?;
    let dir = here.find_run(&args.run)?;
    let run_id = dir.header()?.run_id;
    let (settings, planned) = run::planned_again(&dir)?;
    let (clock, signals) = (SystemClock::start(), Signals::listen()?);
    let options = settings.plain_options(&here.config.out, args.jobs, &signals, &clock)?;
    if args.checks {
        let each = runner::recheck(&dir, &planned, &options)?;
        if signals.cancel.is_cancelled() {
            return Err(Failure::new(signals.exit(), "stopped"));
        }
        return checked(&run_id.to_string(), &each, common);
    }
    let each = runner::regrade(&dir, &planned, &options, args.times)?;
    if signals.cancel.is_cancelled() {
        return Err(Failure::new(signals.exit(), "stopped"));
    }
    if args.times > 1 {
        let out = &here.config.out;
        let mut quarantine = Quarantine::read(out)?;
        for regraded in each.iter().filter(|regraded| regraded.verdicts.len() > 1) {
            let id = &regraded.trial;
            quarantine.note((&id.suite, &id.task), regraded.task, regraded.flaky(), &run_id, clock.now());
        }
        quarantine.write(out)?;
    }
    let one = |regraded: &Regraded| {
        let passes = *regraded.verdicts.first().filter(|_| !regraded.flaky())?;
        Some(NewVerdict { trial: regraded.trial.clone(), task: regraded.task, passes })
    };
    let verdicts: Vec<NewVerdict> = each.iter().filter_map(one).collect();
    if !verdicts.is_empty() {
        dir.write_json(REGRADED, &Regrades::new(clock.now(), verdicts))?;
    }
    let count = |test: fn(&Regraded) -> bool| each.iter().filter(|regraded| test(regraded)).count();
    let answer = Answer {
        run_id: run_id.to_string(),
        trials: count(|r| !r.verdicts.is_empty()),
        changed: count(Regraded::changed),
        flaky: count(Regraded::flaky),
        left: count(|r| !r.left.is_empty()),
        each: &each,
    };
    if common.json {
        output::json(&answer)?;
    } else {
        output::text(&text(&answer))?;
    }
    Ok(if answer.trials == 0 { Exit::Nothing } else { Exit::Done })
}

fn checked(run_id: &str, each: &[Rechecked], common: &Common) -> Result<Exit, Failure> {
    let count = |test: fn(&Rechecked) -> bool| each.iter().filter(|one| test(one)).count();
    let answer = Checked {
        run_id: run_id.to_owned(),
        trials: count(|one| one.left.is_empty()),
        changed: count(Rechecked::changed),
        left: count(|one| !one.left.is_empty()),
        each,
    };
    if common.json {
        output::json(&answer)?;
    } else {
        output::text(&checked_text(&answer))?;
    }
    Ok(if answer.trials == 0 { Exit::Nothing } else { Exit::Done })
}

fn checked_text(answer: &Checked<'_>) -> String {
    let word = |held: bool| if held { "holds" } else { "fails" };
    let Checked { run_id, trials, changed, left, each } = answer;
    let mut lines = vec![format!(
        "run {run_id}: checks of {trials} trials run again: {changed} stand otherwise now, {left} could not be run"
    )];
    for one in *each {
        let later = if one.went_on { "  (the agent went on after that round)" } else { "" };
        lines.push(format!("  {}{later}", one.trial));
        for check in &one.checks {
            let then = check.then.map_or("not run", word);
            let mark = if check.then.is_some_and(|then| then != check.now) { "~" } else { " " };
            let name = report::inert(&check.name);
            lines.push(format!("  {mark} {name:<24} {then:<8} then, {} now", word(check.now)));
            let first = check.findings.first().filter(|_| !check.now);
            lines.extend(first.map(|found| format!("      {}", report::inert(&found.message))));
        }
        if !one.left.is_empty() {
            lines.push(format!("    {}", report::inert(&one.left)));
        }
    }
    lines.join("\n") + "\n"
}

fn text(answer: &Answer<'_>) -> String {
    let word = |passed: bool| if passed { "passes" } else { "fails" };
    let mut lines = vec![format!(
        "run {}: {} trials verified again: {} stand otherwise now, {} got two verdicts, {} could not be verified",
        answer.run_id, answer.trials, answer.changed, answer.flaky, answer.left
    )];
    for regraded in answer.each {
        let now: Vec<&str> = regraded.verdicts.iter().map(|v| v.map_or("no reward", word)).collect();
        if regraded.flaky() {
            lines.push(format!("  {}  two verdicts of one workspace: {}", regraded.trial, now.join(", ")));
        } else if regraded.changed() {
            lines.push(format!("  {}  {} now, {} then", regraded.trial, now[0], word(regraded.passed)));
        }
        if !regraded.left.is_empty() {
            lines.push(format!("  {}  {}", regraded.trial, report::inert(&regraded.left)));
        }
    }
    lines.join("\n") + "\n"
}
