//! What an agent did in a trial, from its journal and the exchanges that its run keeps. Knows nothing of what is compared
//! or shown.

use std::path::{Path, PathBuf};

use cassette::Cassette;
use cassette::align::{Comparison, Session, compare};
use journal::{Attempt, Event, ModelSource, RunDir, TrialDir};

use crate::ReportError;

/// An attempt with what was recorded of it.
#[derive(Debug)]
pub struct TrialSession {
    /// The attempt.
    pub attempt: Attempt,
    /// Its exchanges, or those that it was answered from; nothing where they are gone and the journal tells enough.
    pub cassette: Option<Cassette>,
    /// What its agent did.
    pub session: Session,
}

impl TrialSession {
    /// The last attempt of a trial; nothing where it has none.
    pub fn last(dir: &TrialDir) -> Result<Option<Self>, ReportError> {
        let Some(number) = dir.attempts()?.pop() else { return Ok(None) };
        Self::read(&dir.journal(number)).map(Some)
    }

    /// An attempt by its journal, which lies in the trial's folder.
    pub fn read(journal: &Path) -> Result<Self, ReportError> {
        let attempt = Attempt::read(journal)?;
        let dir = TrialDir { path: journal.parent().unwrap_or(Path::new(".")).to_owned() };
        // Of a native agent the journal tells enough without them; of others it tells no call.
        let tells = || attempt.records.iter().any(|record| matches!(record.event, Event::Acted(_)));
        let cassette = match Cassette::load(&exchanges(&dir, &attempt)) {
            Ok(cassette) => Some(cassette),
            Err(_) if tells() => None,
            Err(error) => return Err(error.into()),
        };
        let session = Session::of_attempt(&attempt, cassette.as_ref());
        Ok(Self { attempt, cassette, session })
    }

    /// Puts another beside it. Where the openings differ in what was to be expected, its causes are `declared`.
    pub fn compare(&self, other: &Self, declared: &[wire::Cause]) -> Comparison {
        let profile = self.cassette.as_ref().or(other.cassette.as_ref()).map(|cassette| &cassette.profile);
        compare(&self.session, &other.session, profile, declared)
    }
}

/// Flipped tasks of one kind whose trials are looked into.
const MOST_FORKS: usize = 20;

/// Looks where the two trials of each flipped task began to act differently, in the folders of base's run and of head's.
/// Where nothing is kept of one, nothing is said.
pub fn find_forks(comparison: &mut crate::compare::Comparison, [base, head]: [&RunDir; 2]) {
    let flips = [&mut comparison.gained_tasks, &mut comparison.lost_tasks];
    for flip in flips.into_iter().flat_map(|flips| flips.iter_mut().take(MOST_FORKS)) {
        let [a, b] = &flip.trials;
        let read = |dir: &RunDir, id| TrialSession::last(&dir.trial(id)).ok().flatten();
        if let (Some(a), Some(b)) = (read(base, a), read(head, b)) {
            flip.fork = a.compare(&b, &[]).fork;
        }
    }
}

/// The file with the exchanges of an attempt: its own, or the cassette that it was answered from, which its run keeps.
pub fn exchanges(dir: &TrialDir, attempt: &Attempt) -> PathBuf {
    let events = attempt.records.iter().map(|record| &record.event);
    exchanges_of(dir, attempt.number, events)
}

/// The same, given the first of its events.
pub(crate) fn exchanges_of<'a>(
    dir: &TrialDir,
    attempt: u32,
    mut events: impl Iterator<Item = &'a Event>,
) -> PathBuf {
    let played = events.find_map(|event| match event {
        Event::TrialStarted { model: ModelSource::Cassette { digest, .. }, .. } => Some(*digest),
        _ => None,
    });
    // A trial lies at RUN/trials/SUITE/TASK/VARIANT.NUMBER.
    match (played, dir.path.ancestors().nth(4)) {
        (Some(digest), Some(run)) => run.join("cassettes").join(format!("{digest}.jsonl")),
        _ => dir.exchanges(attempt),
    }
}
