//! `retake diff`: two trials or cassettes side by side, and the first place from which they went different ways.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use cassette::Cassette;
use cassette::align::{Session, compare};
use journal::{Event, TrialDir};
use report::{ComparedSide, ComparisonReport, TrialSession};

use crate::args::{Common, DiffArgs};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::Settings;
use crate::trial;

/// Carries the verb out.
pub(crate) fn diff(args: &DiffArgs, common: &Common) -> Result<Exit, Failure> {
    let settings = Settings::read(common)?;
    let (a, b) = (Side::open(&settings, &args.a)?, Side::open(&settings, &args.b)?);
    let profile = a.cassette.as_ref().or(b.cassette.as_ref()).map(|cassette| &cassette.profile);
    let comparison = compare(&a.session, &b.session, profile, &args.expect);
    let report = ComparisonReport { a: a.told, b: b.told, comparison };
    if common.json {
        output::json(&report)?;
    } else {
        output::text(&report::comparison(&report))?;
    }
    Ok(Exit::Done)
}

/// One of the two, read.
struct Side {
    told: ComparedSide,
    session: Session,
    cassette: Option<Cassette>,
}

impl Side {
    /// A cassette or a journal by its path, a trial by its folder, or one of a run.
    fn open(settings: &Settings, name: &str) -> Result<Self, Failure> {
        let path = settings.directory.join(name);
        if path.is_dir() {
            let problem = "no trial's folder: it holds no journal (attempt-N.jsonl)";
            let trial = TrialSession::last(&TrialDir { path })?;
            return trial
                .map(|trial| Self::trial(trial, None))
                .ok_or_else(|| Failure::input(format!("{name}: {problem}")));
        }
        if path.is_file() {
            return if is_journal(&path) {
                Ok(Self::trial(TrialSession::read(&path)?, None))
            } else {
                Self::cassette(name, &path)
            };
        }
        let Some((run, id)) = name.split_once(':') else {
            let problem = "neither a file, nor a trial's folder, nor RUN:TRIAL (as latest:core/task@main#1)";
            return Err(Failure::usage(format!("{name:?} is {problem}")));
        };
        let run = settings.find_run(run)?;
        let id = trial::find(&run, id)?;
        let name = format!("{}:{id}", run.header()?.run_id);
        let trial = TrialSession::last(&run.trial(&id))?;
        let trial = trial.ok_or_else(|| Failure::usage(format!("{name} was not begun")))?;
        Ok(Self::trial(trial, Some(name)))
    }

    fn cassette(name: &str, path: &Path) -> Result<Self, Failure> {
        let cassette = Cassette::load(path)?;
        let told = ComparedSide { name: name.to_owned(), ..ComparedSide::default() };
        Ok(Self { told, session: Session::of_cassette(&cassette), cassette: Some(cassette) })
    }

    fn trial(trial: TrialSession, name: Option<String>) -> Self {
        let TrialSession { attempt, cassette, session } = trial;
        let ended = attempt.records.iter().find_map(|record| match &record.event {
            Event::TrialEnded(ended) => Some(ended),
            _ => None,
        });
        let told = ComparedSide {
            name: name.unwrap_or_else(|| attempt.trial.to_string()),
            attempt: Some(attempt.number),
            outcome: ended.map(|ended| ended.outcome),
            failure: ended.and_then(|ended| ended.failure),
        };
        Self { told, session, cassette }
    }
}

/// Whether a file begins as a journal does.
fn is_journal(path: &Path) -> bool {
    let mut first = [0; 10];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut first));
    read.is_ok() && first == *b"{\"journal\""
}
