//! `retake task check`: proves that tasks are sound. The reference solution passes every time, also in other
//! surroundings; doing nothing, each named wrong answer and each way of tampering fail; nothing of the solution can be seen; and the
//! visible checks hold for what the reference solution leaves.

mod finding;
mod solution;

use std::collections::BTreeMap;
use std::path::Path;

use base::SystemClock;
use journal::{Replaying, RunDir};
use report::RunData;
use runner::{Options, Selection};
use sandbox::User;
use suite::{Suite, TaskEntry, Variant};

use crate::args::{CheckArgs, Common};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::progress::Bar;
use crate::settings::{self, Settings, Signals};

use finding::{Finding, Runs};

/// One thing in which surroundings may be others.
#[derive(Clone, Copy)]
enum Around {
    /// Variables.
    Env(&'static [(&'static str, &'static str)]),
    /// Name and id of who works there.
    User(&'static str, u32),
}

/// What a verdict must not depend on, and what that is in two other places. Only locales that every host has: bash complains of others.
const ELSEWHERE: [(&str, [Around; 2]); 4] = [
    (
        "the locale",
        [
            Around::Env(&[("LC_ALL", "C"), ("LANG", "C")]),
            Around::Env(&[("LC_ALL", "POSIX"), ("LANGUAGE", "tr")]),
        ],
    ),
    ("the time zone", [Around::Env(&[("TZ", "XXX-14")]), Around::Env(&[("TZ", "XXX+12")])]),
    ("the user", [Around::User("anna", 1001), Around::User("ci-runner_7", 61_234)]),
    (
        "the hash seed, by the order of a set or a dictionary",
        [Around::Env(&[("PYTHONHASHSEED", "1")]), Around::Env(&[("PYTHONHASHSEED", "2")])],
    ),
];

/// One `retake task check`.
struct Check<'a> {
    args: &'a CheckArgs,
    settings: &'a Settings,
    out: &'a Path,
    bar: &'a Bar,
    signals: &'a Signals,
}

/// Carries the verb out.
pub(crate) fn check(args: &CheckArgs, common: &Common) -> Result<Exit, Failure> {
    let settings = Settings::read(common)?;
    let temp =
        tempfile::tempdir().map_err(|e| Failure::host(format!("cannot make a folder for the check: {e}")))?;
    let (bar, signals) = (Bar::new(common.json), Signals::listen()?);
    let check = Check { args, settings: &settings, out: temp.path(), bar: &bar, signals: &signals };
    let suites = check.suites()?;
    let runs = check.runs(&suites);
    bar.finish();
    let runs = runs?;
    let wanted =
        |entry: &&TaskEntry| args.task.is_empty() || args.task.iter().any(|name| name == entry.name());
    let mut findings = Vec::new();
    for suite in &suites {
        let own = suite.tasks.iter().filter(wanted);
        findings.extend(own.map(|entry| Finding::of(&suite.name, entry, &runs)));
    }
    if common.json {
        output::json(&findings)?;
    } else {
        output::text(&finding::table(&findings))?;
    }
    let sound = findings.iter().all(|finding| finding.problems.is_empty());
    let ran = findings.iter().any(|finding| finding.not_runnable.is_none());
    Ok(match (sound, ran) {
        (false, _) => Exit::BadInput,
        (true, true) => Exit::Done,
        (true, false) => Exit::Nothing,
    })
}

fn variant(agent: &str) -> Variant {
    Variant { agent: agent.to_owned(), ..Variant::plain(&agent.replace(':', "-")) }
}

impl Check<'_> {
    /// The suites that were asked for; with `--all` every one of retake.toml whose tasks are meant to be sound.
    fn suites(&self) -> Result<Vec<Suite>, Failure> {
        if !self.args.all {
            return self.settings.suites(&self.args.suites);
        }
        let names: Vec<String> = self.settings.config.suites.keys().cloned().collect();
        let mut suites = self.settings.suites(&names)?;
        suites.retain(|suite| suite.sound);
        Ok(suites)
    }

    /// Everything that is run.
    fn runs(&self, suites: &[Suite]) -> Result<Runs, Failure> {
        let reference = || vec![variant("oracle")];
        let (oracle, dir) = self.run(reference(), self.args.repeat, &[], &self.args.task)?;
        let mut elsewhere = Vec::new();
        for place in 0..2 {
            let around = ELSEWHERE.map(|(_, places)| places[place]);
            elsewhere.push(self.run(reference(), 1, &around, &self.args.task)?.0);
        }
        let differ = finding::differing(&oracle, &elsewhere);
        let mut apart = Vec::new();
        if !differ.is_empty() {
            for (what, places) in ELSEWHERE {
                for around in places {
                    apart.push((what, self.run(reference(), 1, &[around], &differ)?.0));
                }
            }
        }
        let solution = solution::files(suites, &dir, &oracle)?;
        let complaints = solution::complaints(&dir, &oracle)?;
        let (others, dir) = self.run(self.others(suites, &solution), 1, &[], &self.args.task)?;
        let seen = solution::seen(&dir, &others)?;
        Ok(Runs { oracle, elsewhere, apart, others, solution, complaints, seen })
    }

    /// Everybody who must get no reward: nobody, each wrong answer, and whoever tampers or looks.
    fn others(&self, suites: &[Suite], solution: &solution::Files) -> Vec<Variant> {
        let wrong = suites.iter().flat_map(Suite::ready).map(|task| task.settings.wrong.len()).max();
        let mut agents = vec![variant("noop")];
        agents.extend((1..=wrong.unwrap_or(0)).map(|number| variant(&format!("wrong:{number}"))));
        let tampering = runner::tamperings().map(|name| {
            let mut agent = variant(&format!("tamper:{name}"));
            let told = match name {
                "looks" => vec![
                    ("RETAKE_BLOBS", solution.ids()),
                    ("RETAKE_HIDDEN", solution::hidden(suites, self.settings, self.out)),
                ],
                "hollow" => vec![("RETAKE_PATHS", solution.paths.clone())],
                _ => Vec::new(),
            };
            agent.env.extend(told.into_iter().map(|(name, value)| (name.to_owned(), value)));
            agent
        });
        agents.extend(tampering);
        agents
    }

    fn run(
        &self,
        variants: Vec<Variant>,
        trials: u32,
        elsewhere: &[Around],
        tasks: &[String],
    ) -> Result<(RunData, RunDir), Failure> {
        let checks = elsewhere.is_empty() && variants.iter().any(|variant| variant.agent == "oracle");
        let selection = Selection {
            suites: self.suites()?,
            tasks: tasks.to_vec(),
            variants,
            trials,
            seed: 1,
            backends: BTreeMap::new(),
            faults: None,
            replaying: Replaying::default(),
            fork: None,
            apart: None,
        };
        let planned = runner::plan(selection, &settings::run_git)?;
        let clock = SystemClock::start();
        let plain = self.settings.plain_options(self.out, self.args.jobs, self.signals, &clock)?;
        let mut options = Options { checks, ..plain };
        for around in elsewhere {
            match *around {
                Around::Env(variables) => {
                    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
                    options.around.extend(variables);
                }
                Around::User(name, id) => options.user = User { name: name.to_owned(), id },
            }
        }
        let outcome = runner::run(&planned, &options, self.bar)?;
        if outcome.stopped {
            return Err(Failure::new(self.signals.exit(), "stopped"));
        }
        match outcome.fault {
            Some(fault) => Err(Failure::host(fault)),
            None => Ok((RunData::load(&outcome.dir)?, outcome.dir)),
        }
    }
}
