//! The caches of a run: its exchanges, analysed by trial, by variant, and all together. Reads them where they lie; knows
//! nothing of how they were made.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base::TrialId;
use cassette::Cassette;
use journal::{Attempt, Event, ModelSource, RunDir};
use promptcache::{Break, Figures, Rules, Session, SessionReport, analyse};
use serde::Serialize;

use super::summary::{BreakSum, FigureSet, break_sums};
use crate::RunData;

/// One trial.
#[derive(Clone, Debug, Serialize)]
pub struct TrialCache {
    /// Which.
    pub trial: String,
    /// Its variant.
    pub variant: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: FigureSet,
    /// Breaks, compactions apart.
    pub breaks: u64,
}

/// A run.
#[derive(Clone, Debug, Serialize)]
pub struct RunCache {
    /// Whether answers came from a script.
    pub synthetic: bool,
    /// All together.
    pub total: FigureSet,
    /// By variant.
    pub variants: BTreeMap<String, FigureSet>,
    /// By trial, in the plan's order; without those whose exchanges are not at hand.
    pub trials: Vec<TrialCache>,
    /// Breaks by cause, those that cost most first.
    pub breaks: Vec<BreakSum>,
}

/// The caches of a run, from the exchanges that were kept.
pub fn run_cache(dir: &RunDir, data: &RunData, rules: &Rules<'_>) -> RunCache {
    let mut total = Figures::default();
    let mut variants: BTreeMap<String, Figures> = BTreeMap::new();
    let mut trials = Vec::new();
    let mut breaks: Vec<Break> = Vec::new();
    let mut synthetic = false;
    let mut analysed: BTreeMap<PathBuf, Option<SessionReport>> = BTreeMap::new();
    for trial in &data.trials {
        let Some(finish) = &trial.finish else { continue };
        let path = exchanges(dir, &trial.id, finish.attempt);
        // Trials that play one recording send the same requests.
        let report = analysed.entry(path).or_insert_with_key(|path| {
            let cassette = Cassette::load(path).ok()?;
            Some(analyse(&Session::of_cassette(&cassette, &path.to_string_lossy()), rules))
        });
        let Some(report) = report.as_ref().filter(|report| !report.calls.is_empty()) else { continue };
        synthetic |= report.synthetic;
        total.merge(&report.figures);
        let variant = trial.id.variant.to_string();
        variants.entry(variant.clone()).or_default().merge(&report.figures);
        let of_trial = report.breaks.iter().filter(|one| !one.compaction);
        trials.push(TrialCache {
            trial: trial.id.to_string(),
            variant,
            figures: FigureSet::of(&report.figures),
            breaks: of_trial.clone().count() as u64,
        });
        breaks.extend(of_trial.cloned());
    }
    RunCache {
        synthetic,
        total: FigureSet::of(&total),
        variants: variants.iter().map(|(name, figures)| (name.clone(), FigureSet::of(figures))).collect(),
        trials,
        breaks: break_sums(breaks.iter()),
    }
}

/// Where the exchanges of an attempt lie: beside it, or, where it played a recording, that.
fn exchanges(dir: &RunDir, id: &TrialId, attempt: u32) -> PathBuf {
    let trial = dir.trial(id);
    let own = trial.exchanges(attempt);
    if own.is_file() {
        return own;
    }
    let played = Attempt::read(&trial.journal(attempt)).ok().and_then(|attempt| {
        attempt.records.iter().find_map(|record| match &record.event {
            Event::TrialStarted { model: ModelSource::Cassette { digest, .. }, .. } => Some(*digest),
            _ => None,
        })
    });
    played.map_or(own, |digest| dir.path.join("cassettes").join(format!("{digest}.jsonl")))
}
