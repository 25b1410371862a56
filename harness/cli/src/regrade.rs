//! `retake regrade`: verifies the kept workspaces of a run again, without running an agent.

use base::{Clock, SystemClock};
use report::gate::Quarantine;
use runner::Regraded;
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

/// Carries the verb out.
pub(crate) fn regrade(args: &RegradeArgs, common: &Common) -> Result<Exit, Failure> {
    let here = Settings::read(common)?;
    let dir = here.find_run(&args.run)?;
    let run_id = dir.header()?.run_id;
    let (settings, planned) = run::planned_again(&dir)?;
    let (clock, signals) = (SystemClock::start(), Signals::listen()?);
    let options = settings.plain_options(&here.config.out, args.jobs, &signals, &clock)?;
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
