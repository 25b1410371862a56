//! `retake cassette stale`, and what of a run `--stale` leaves: the tasks whose recordings a change has made void.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use base::SystemClock;
use runner::{Judged, Selection};
use serde::Serialize;

use super::sets::PENDING;
use crate::args::{CassetteStaleArgs, Common, RunArgs};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::{self, Settings, Signals};

/// Lines of a difference that are shown.
const LINES: usize = 4;

/// What the verb answers with.
#[derive(Serialize)]
struct Answer<'a> {
    /// Recordings that were looked at, once for each variant that plays them.
    looked_at: usize,
    /// Those that are void.
    void: usize,
    /// Those that could not be looked at whole.
    left: usize,
    each: Vec<&'a Judged>,
}

/// Carries the verb out.
pub(super) fn stale(args: &CassetteStaleArgs, settings: &Settings, common: &Common) -> Result<Exit, Failure> {
    let mut variants = settings.config.variants.values().cloned().collect::<Vec<_>>();
    if !args.variant.is_empty() {
        variants = settings.variants(&args.variant)?;
    }
    variants.retain(|variant| variant.model.split(':').next() == Some("cassette"));
    if variants.is_empty() {
        return Err(Failure::usage("no variant here plays recordings"));
    }
    let selection = Selection {
        suites: settings.suites(&args.suites)?,
        tasks: args.task.clone(),
        variants,
        trials: 1,
        seed: 1,
        faults: None,
        backends: settings.config.backends.clone(),
        replaying: Default::default(),
        fork: None,
        apart: None,
    };
    let judged = look(settings, selection, args.jobs, None)?;
    let void = judged.iter().filter(|judged| !judged.causes.is_empty()).count();
    let each: Vec<&Judged> =
        judged.iter().filter(|judged| !judged.causes.is_empty() || !judged.left.is_empty()).collect();
    let left = judged.iter().filter(|judged| !judged.left.is_empty()).count();
    let answer = Answer { looked_at: judged.len(), void, left, each };
    if common.json {
        output::json(&answer)?;
    } else {
        output::text(&text(&answer, settings))?;
    }
    Ok(match (judged.is_empty(), void) {
        (true, _) => Exit::Nothing,
        (false, 0) => Exit::Done,
        (false, _) => Exit::Diverged,
    })
}

fn look(
    settings: &Settings,
    selection: Selection,
    jobs: Option<u32>,
    record: Option<&Path>,
) -> Result<Vec<Judged>, Failure> {
    let (clock, signals) = (SystemClock::start(), Signals::listen()?);
    let options = settings.plain_options(&settings.config.out, jobs, &signals, &clock)?;
    Ok(runner::stale(selection, &settings::run_git, &options, record)?)
}

fn text(answer: &Answer<'_>, settings: &Settings) -> String {
    let mut out = String::new();
    let mut why: BTreeMap<&str, usize> = BTreeMap::new();
    for judged in &answer.each {
        let Judged { suite, task, number, variant, path, causes, left } = judged;
        if !left.is_empty() {
            *why.entry(left).or_default() += 1;
        }
        if causes.is_empty() {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{suite}/{task}.{number}  {}  played by {variant}", settings.shown(path));
        for void in causes {
            let place = if void.path.is_empty() { String::new() } else { format!(" at {}", void.path) };
            let _ = writeln!(out, "  {}{}", void.cause, report::inert(&place));
            for line in void.diff.lines().take(LINES) {
                let _ = writeln!(out, "    {}", report::inert(line));
            }
        }
    }
    for (why, count) in why {
        let _ = writeln!(out, "not compared whole, {count}: {}", report::inert(why));
    }
    let Answer { looked_at, void, left, .. } = answer;
    let _ = writeln!(out, "{looked_at} recordings looked at: {void} void, {left} not compared whole");
    if *void > 0 {
        out.push_str(
            "record them again: retake run ... --record FOLDER --stale; then: retake cassette accept\n",
        );
    }
    out
}

/// Where a run with `--record DIR --stale` puts its recordings.
fn pending(folder: &Path) -> PathBuf {
    folder.join(PENDING)
}

/// The arguments of a run that records only what is stale: its tasks, and the place where the new recordings wait. Nothing
/// where nothing is.
pub(crate) fn narrowed(
    args: &RunArgs,
    settings: &Settings,
    selection: Selection,
) -> Result<Option<RunArgs>, Failure> {
    let Some(folder) = &args.record else {
        return Err(Failure::usage("--stale says which recordings of --record DIR are made again"));
    };
    let [variant] = selection.variants.as_slice() else {
        return Err(Failure::usage("--stale records one variant at a time: name it with --variant"));
    };
    if variant.model.split(':').next() == Some("cassette") {
        let problem = format!(
            "variant {:?} plays recordings, so there is nothing to record: say --model script, or a live one",
            variant.name
        );
        return Err(Failure::usage(problem));
    }
    let folder = settings.directory.join(folder);
    let judged = look(settings, selection, args.jobs, Some(&folder))?;
    for judged in judged.iter().filter(|judged| !judged.left.is_empty()) {
        output::note(&format!("{}.{}: not compared whole: {}", judged.task, judged.number, judged.left));
    }
    let stale: Vec<&Judged> = judged.iter().filter(|judged| !judged.causes.is_empty()).collect();
    for judged in &stale {
        let causes: Vec<&str> = judged.causes.iter().map(|void| void.cause).collect();
        output::note(&format!("{}.{} is made again: {}", judged.task, judged.number, causes.join(", ")));
    }
    let tasks: BTreeSet<String> = stale.iter().map(|judged| judged.task.clone()).collect();
    if tasks.is_empty() {
        output::note(&format!("none of {} recordings is stale: nothing is recorded", judged.len()));
        return Ok(None);
    }
    let waiting = pending(&folder);
    keep_out_of_git(&waiting)?;
    let narrow =
        RunArgs { task: tasks.into_iter().collect(), record: Some(waiting), stale: false, ..args.clone() };
    Ok(Some(narrow))
}

/// What waits is nobody's yet.
fn keep_out_of_git(folder: &Path) -> Result<(), Failure> {
    let made =
        std::fs::create_dir_all(folder).and_then(|()| std::fs::write(folder.join(".gitignore"), "*\n"));
    made.map_err(|error| Failure::host(format!("{}: {error}", folder.display())))
}
