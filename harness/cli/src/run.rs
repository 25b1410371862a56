//! `retake run`: plans, carries the plan out, reports.

use std::path::PathBuf;

use base::SystemClock;
use clap::Parser;
use journal::{Replaying, RunDir};
use report::gate::Judged;
use report::history::{self, HistoryLine};
use report::{RunData, RunSummary, Scores, TerminalOptions, TrialState};
use runner::{Options, Planned, RunOutcome, Selection};
use sandbox::Walls;
use serde::Serialize;
use suite::{Profile, Variant};

use crate::ab;
use crate::args::{Args, Common, RunArgs, Verb};
use crate::cassette;
use crate::exit::{Exit, Failure};
use crate::faults::faults;
use crate::fork;
use crate::gates::{self, Gates};
use crate::output;
use crate::progress::Bar;
use crate::settings::{self, DEFAULT_PROFILE, Settings, Signals};

/// Trials on live models at a time, where nobody says how many.
const LIVE_JOBS: usize = 8;

/// Carries the verb out.
pub(crate) fn run(args: &RunArgs, common: &Common) -> Result<Exit, Failure> {
    match &args.resume {
        None => {
            let settings = Settings::read(common)?;
            begin(args, &settings, common, None)
        }
        Some(name) => {
            let dir = Settings::read(common)?.find_run(name)?;
            let first = typed(&dir.header()?.arguments)?;
            let settings = Settings::read(&first.common)?;
            match first.verb {
                Verb::Run(first) => begin(&first.going_on(args), &settings, common, Some(dir)),
                Verb::Ab(first) => ab::go_on(dir, &first.going_on(args), &settings, common),
                _ => Err(broken("they are not those of a run")),
            }
        }
    }
}

/// The command that goes on with a run, whatever began it.
pub(crate) fn going_on(dir: &RunDir) -> String {
    format!("retake run --resume {}", output::quoted(&dir.path.to_string_lossy()))
}

/// The plan of a run as it would be made now, with the settings that hold there.
pub(crate) fn planned_again(dir: &RunDir) -> Result<(Settings, Planned), Failure> {
    let header = dir.header()?;
    let args = typed(&header.arguments)?;
    let settings = Settings::read(&args.common)?;
    let planned = match args.verb {
        Verb::Run(run) => {
            let profile = profile(&run, &settings)?;
            runner::plan(selection(&run, &settings, &profile)?, &settings::run_git)?
        }
        Verb::Ab(ab) => ab::planned_again(&ab, &settings, header.plan.trials)?,
        _ => return Err(broken("they are not those of a run")),
    };
    Ok((settings, planned))
}

/// The arguments that a run was begun with.
fn typed(arguments: &[String]) -> Result<Args, Failure> {
    let args = Args::try_parse_from(std::iter::once("retake").chain(arguments.iter().map(String::as_str)));
    args.map_err(broken)
}

fn broken(why: impl std::fmt::Display) -> Failure {
    Failure::input(format!("the run's own arguments cannot be read: {why}"))
}

fn begin(
    args: &RunArgs,
    settings: &Settings,
    common: &Common,
    resume: Option<RunDir>,
) -> Result<Exit, Failure> {
    let profile = profile(args, settings)?;
    let narrow = if args.stale {
        match cassette::narrowed(args, settings, selection(args, settings, &profile)?)? {
            Some(narrow) => Some(narrow),
            None if common.json => return output::json(&Nothing { trials: 0 }).map(|()| Exit::Done),
            None => return Ok(Exit::Done),
        }
    } else {
        None
    };
    let args = narrow.as_ref().unwrap_or(args);
    let out =
        args.out.as_ref().map_or_else(|| settings.config.out.clone(), |out| settings.directory.join(out));
    let mut gates = Gates::read(&args.gate, &args.profile, settings, &out)?;
    let planned = runner::plan(selection(args, settings, &profile)?, &settings::run_git)?;
    gates.check(&planned)?;
    warn(&planned);
    if args.uncontained {
        output::note("--uncontained: no wall stands around the trials; host.json says so too");
    }
    let clock = SystemClock::start();
    let signals = Signals::listen()?;
    let agents = planned.selection.variants.iter().map(|variant| variant.agent.as_str());
    let wanted: Vec<_> = agents.zip(&planned.models).collect();
    let live = runner::open_live(&wanted, &settings::variable, args.max_cost)?;
    let plain = settings.plain_options(&out, args.jobs.or(profile.jobs), &signals, &clock)?;
    let options = Options {
        live_jobs: args.live_jobs.map_or(LIVE_JOBS, |n| n as usize),
        live: live.clone(),
        pace: args.pace,
        walls: if args.uncontained { Walls::uncontained() } else { Walls::full() },
        record: args.record.as_ref().map(|folder| settings.directory.join(folder)),
        arguments: arguments(args, settings),
        git: settings::git(&settings.config.root),
        ..plain
    };
    let bar = Bar::resumable();
    let outcome = match resume {
        None => runner::run(&planned, &options, &bar)?,
        Some(dir) => runner::resume(dir, &planned, &options, &bar)?,
    };
    bar.finish();
    if let Some(spent) = live.spent() {
        output::note(&format!("spent {spent:.4} USD of {:.4}", args.max_cost.unwrap_or_default()));
    }
    if let Some(folder) = narrow.as_ref().and_then(|narrow| narrow.record.as_ref()) {
        let accept = "look at them and put them in place: retake cassette accept";
        output::note(&format!("the new recordings wait in {}; {accept}", settings.shown(folder)));
    }
    finish(&outcome, settings, &gates, (&signals, common))
}

/// The profile that was asked for; an empty one where the default one is not described.
fn profile(args: &RunArgs, settings: &Settings) -> Result<Profile, Failure> {
    match settings.config.profiles.get(&args.profile) {
        Some(profile) => Ok(profile.clone()),
        None if args.profile == DEFAULT_PROFILE => Ok(Profile::default()),
        None => Err(Failure::usage(format!("there is no profile {:?} in retake.toml", args.profile))),
    }
}

fn selection(args: &RunArgs, settings: &Settings, profile: &Profile) -> Result<Selection, Failure> {
    let fork = args.fork.as_deref().map(|fork| fork::find(settings, fork)).transpose()?;
    let (suite, task) =
        fork.iter().map(|f| (f.trial.suite.clone(), f.trial.task.clone())).unzip::<_, _, Vec<_>, Vec<_>>();
    let suites = if args.suites.is_empty() { &profile.suites } else { &args.suites };
    let names = if args.variant.is_empty() { profile.variants.clone() } else { args.variant.clone() };
    let names = if names.is_empty() { vec![settings.default_variant()] } else { names };
    let mut variants = settings.variants(&names)?;
    for variant in &mut variants {
        replace(variant, args);
    }
    let replaying =
        Replaying { matching: args.matching, expect: args.expect.clone(), tools: args.tools, fork: None };
    Ok(Selection {
        suites: settings.suites(if suite.is_empty() { suites } else { &suite })?,
        tasks: if task.is_empty() { args.task.clone() } else { task },
        replaying,
        fork,
        apart: None,
        variants,
        trials: args.trials.or(profile.trials).unwrap_or(1),
        seed: args.seed,
        faults: faults(args.faults.as_deref(), settings)?,
        backends: settings.config.backends.clone(),
    })
}

/// Agent and model as typed; another agent makes another variant, named after it.
fn replace(variant: &mut Variant, args: &RunArgs) {
    if let Some(agent) = args.agent.as_ref().filter(|agent| **agent != variant.agent) {
        variant.agent.clone_from(agent);
        variant.name = agent.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.', "_");
    }
    if let Some(model) = &args.model {
        variant.model.clone_from(model);
    }
}

/// What `--resume` needs to make the same plan again, wherever it is started.
fn arguments(args: &RunArgs, settings: &Settings) -> Vec<String> {
    let mut list = vec!["run".to_owned()];
    list.push(format!("--directory={}", settings.directory.display()));
    list.push(format!("--profile={}", args.profile));
    list.push(format!("--seed={}", args.seed));
    list.push(format!("--pace={}", args.pace));
    let many = |name: &str, values: &[String]| -> Vec<String> {
        values.iter().map(|value| format!("--{name}={value}")).collect()
    };
    list.extend(many("task", &args.task));
    list.extend(many("variant", &args.variant));
    list.push(format!("--matching={}", args.matching));
    list.push(format!("--tools={}", args.tools));
    list.extend(args.expect.iter().map(|cause| format!("--expect={cause}")));
    list.extend(many("gate", &args.gate));
    let one = |name: &str, value: Option<String>| value.map(|value| format!("--{name}={value}"));
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    list.extend(one("fork", args.fork.clone()));
    list.extend(one("agent", args.agent.clone()));
    list.extend(one("model", args.model.clone()));
    list.extend(one("trials", args.trials.map(|n| n.to_string())));
    list.extend(one("jobs", args.jobs.map(|n| n.to_string())));
    list.extend(one("live-jobs", args.live_jobs.map(|n| n.to_string())));
    list.extend(one("max-cost", args.max_cost.map(|usd| usd.to_string())));
    list.extend(one("record", path(&args.record)));
    list.extend(one("faults", path(&args.faults)));
    list.extend(one("out", path(&args.out)));
    if args.uncontained {
        list.push("--uncontained".to_owned());
    }
    list.push("--".to_owned());
    list.extend(args.suites.iter().cloned());
    list
}

/// Says what was not understood in the tasks' files.
fn warn(planned: &Planned) {
    for suite in &planned.selection.suites {
        for warning in suite.ready().flat_map(|task| &task.warnings) {
            output::note(&warning.to_string());
        }
    }
}

fn finish(
    outcome: &RunOutcome,
    settings: &Settings,
    gates: &Gates,
    (signals, common): (&Signals, &Common),
) -> Result<Exit, Failure> {
    kept(outcome)?;
    let data = settings.load_whole(&outcome.dir)?;
    let scores = Scores::of(&data);
    // The pages show how the gates stand, and this run among those before it.
    let judged = if outcome.stopped { Vec::new() } else { gates.judge(&outcome.dir, &data)? };
    let line = || HistoryLine::of(&data, &scores).map_err(Failure::host);
    let kept = if outcome.stopped { Ok(()) } else { line().and_then(|line| remember(&outcome.dir, &line)) };
    if let Err(error) = report::write(&outcome.dir, &data, &scores, &crate::report::unasked(&data)) {
        return Err(Failure::host(error));
    }
    kept?;
    if common.json {
        let summary = RunSummary::of(&data, &scores, &outcome.dir.path);
        output::json(&Answer { summary, gates: &judged })?;
    } else {
        let options = TerminalOptions { color: output::color(), width: None };
        output::text(&report::terminal(&data, &scores, &options))?;
        output::note(&format!("reports are in {}", outcome.dir.path.display()));
    }
    if let Some(why) = &outcome.spent {
        output::note(&format!("the spend limit would be passed: {why}"));
    }
    if outcome.stopped {
        output::note(&format!("stopped; go on with: {}", going_on(&outcome.dir)));
        return Ok(signals.exit());
    }
    gates::tell(&judged);
    Ok(exit(&data, &judged))
}

/// A run whose folder could not be written ends here.
pub(crate) fn kept(outcome: &RunOutcome) -> Result<(), Failure> {
    let Some(fault) = &outcome.fault else { return Ok(()) };
    let resume = format!("make room, then: {}", going_on(&outcome.dir));
    Err(Failure::host(format!("the run could not be kept: {fault}; {resume}")))
}

/// Puts a run's line into the history beside it.
pub(crate) fn remember(dir: &RunDir, line: &HistoryLine) -> Result<(), Failure> {
    if let Some(out) = dir.path.parent() {
        history::append(out, line)?;
    }
    Ok(())
}

/// What is answered where no recording is stale.
#[derive(Serialize)]
struct Nothing {
    trials: u32,
}

/// A run's summary with how its gates stand.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    summary: RunSummary,
    #[serde(skip_serializing_if = "<[Judged]>::is_empty")]
    gates: &'a [Judged],
}

/// The exit code of a run that came to its end: what weighs most first.
fn exit(data: &RunData, judged: &[Judged]) -> Exit {
    let any = |state: TrialState| data.trials.iter().any(|trial| trial.state() == state);
    if any(TrialState::HarnessFault) {
        return Exit::Fault;
    }
    if any(TrialState::Void) {
        return Exit::Diverged;
    }
    if any(TrialState::Invalid) {
        return Exit::BadInput;
    }
    if !data.trials.iter().any(|trial| trial.state().scored()) {
        return Exit::Nothing;
    }
    gates::exit(judged)
}
