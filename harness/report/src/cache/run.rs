//! The caches of a run: the requests of its scored trials, analysed by trial, by variant, and all together. Reads exchanges
//! where they lie; knows nothing of how they were made or of how any of it is shown.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cassette::Cassette;
use journal::{FigureKind, RunDir};
use promptcache::{AsRecorded, Break, Figures, Profiles, Rules, Session, SessionReport, Trigger, analyse};
use rayon::prelude::*;
use serde::Serialize;

use super::summary::{BreakSum, break_sums};
use crate::session::exchanges_of;
use crate::{Prices, ReportError, RunData, TrialData};

/// Recordings that are read for the report of one run.
const MOST_RECORDINGS: usize = 1_000;

/// The caches of a run.
#[derive(Clone, Debug, Serialize)]
pub struct RunCache {
    /// All together.
    pub total: CacheFigures,
    /// By variant, in the plan's order; without those that have no such trial.
    pub variants: Vec<VariantCache>,
    /// By trial, in the plan's order; scored ones whose exchanges are at hand.
    pub trials: Vec<TrialCache>,
    /// Scored trials whose exchanges are not at hand.
    pub trials_without_requests: u64,
    /// The analysis of each recording.
    #[serde(skip)]
    pub(crate) reports: Vec<SessionReport>,
    /// For each trial of the plan the number of its recording.
    #[serde(skip)]
    pub(crate) recording_of: Vec<Option<usize>>,
}

/// The caches of one variant.
#[derive(Clone, Debug, Serialize)]
pub struct VariantCache {
    /// Which.
    pub variant: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: CacheFigures,
}

/// The cache of one trial.
#[derive(Clone, Debug, Serialize)]
pub struct TrialCache {
    /// Which.
    pub trial: String,
    /// The profile whose rules were followed; nothing where none is known for the model.
    pub profile: Option<String>,
    /// Its figures.
    #[serde(flatten)]
    pub figures: CacheFigures,
}

/// What is said of a group of calls. Rates are 0 to 1, weighted by tokens.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CacheFigures {
    /// What reported figures are worth.
    pub reported_kind: FigureKind,
    /// What the others are worth, which stand on rules.
    pub achievable_kind: FigureKind,
    /// Calls.
    pub calls: u64,
    /// All tokens of their prompts, as reported: cached and written ones, too.
    pub input_tokens: u64,
    /// Read from the cache, as reported.
    pub cached_tokens: u64,
    /// Written to it, as reported.
    pub cache_write_tokens: u64,
    /// Cached by input tokens, as reported.
    pub reported_hit_rate: Option<f64>,
    /// What the provider's rules give for these requests.
    pub achievable_hit_rate: Option<f64>,
    /// What a cache gives that keeps everything.
    pub perfect_hit_rate: Option<f64>,
    /// Achievable less reported, over calls with both.
    pub gap: Option<f64>,
    /// Appended by fresh tokens, as reported.
    pub prefill_amplification: Option<f64>,
    /// Money; nothing where a call has no price.
    pub cost_usd: Option<CacheCosts>,
    /// Calls that made the history shorter.
    pub compactions: u64,
    /// Breaks by cause, those of most tokens first; without those of compactions.
    pub breaks: Vec<BreakSum>,
}

/// What the same calls cost, in USD.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CacheCosts {
    /// As it was reported.
    pub reported: f64,
    /// Without a cache.
    pub without_cache: f64,
    /// With what the rules give.
    pub achievable: f64,
    /// With a cache that keeps everything.
    pub perfect: f64,
}

impl CacheFigures {
    fn of<'a>(sum: &Sum, breaks: impl Iterator<Item = &'a Break>) -> Self {
        let figures = &sum.figures;
        let cents = |usd: f64| (usd * 1e6).round() / 1e6;
        let costs = figures.costs;
        let priced = costs.unpriced_calls == 0 && figures.calls > 0 && figures.predicted.0 == figures.calls;
        Self {
            reported_kind: sum.kind,
            achievable_kind: sum.kind.max(FigureKind::Predicted),
            calls: figures.calls,
            input_tokens: figures.input_tokens,
            cached_tokens: figures.cached_tokens,
            cache_write_tokens: figures.cache_write_tokens,
            reported_hit_rate: figures.reported_hit_rate(),
            achievable_hit_rate: figures.achievable_hit_rate(),
            perfect_hit_rate: figures.perfect_hit_rate(),
            gap: figures.gap(),
            prefill_amplification: figures.prefill_amplification(),
            cost_usd: priced.then(|| CacheCosts {
                reported: cents(costs.reported),
                without_cache: cents(costs.without_cache),
                achievable: cents(costs.achievable),
                perfect: cents(costs.perfect),
            }),
            compactions: figures.by_trigger.get(&Trigger::Compaction).map_or(0, |part| part.calls),
            breaks: break_sums(breaks.filter(|one| !one.compaction)),
        }
    }
}

/// Figures that grow, with what they are worth.
struct Sum {
    figures: Figures,
    kind: FigureKind,
}

impl Default for Sum {
    fn default() -> Self {
        Self { figures: Figures::default(), kind: FigureKind::Measured }
    }
}

impl Sum {
    fn add(&mut self, figures: &Figures, kind: FigureKind) {
        self.figures.merge(figures);
        self.kind = self.kind.max(kind);
    }
}

/// The caches of a run, from the exchanges that were kept; nothing where it has none, or too many to be read for a
/// report.
pub(crate) fn run_cache(
    dir: &RunDir,
    data: &RunData,
    prices: &Prices,
) -> Result<Option<RunCache>, ReportError> {
    let profiles = Profiles::built_in().map_err(ReportError::encode("cache"))?;
    let rules = Rules {
        profiles: &profiles,
        forced: None,
        prices: &prices.table,
        own_prices: &prices.own,
        tokenizer: &AsRecorded,
    };
    let mut numbers: BTreeMap<PathBuf, usize> = BTreeMap::new();
    let paths: Vec<Option<PathBuf>> = data.trials.par_iter().map(|trial| recording(dir, trial)).collect();
    let of_trial: Vec<Option<usize>> = paths
        .into_iter()
        .map(|path| {
            let next = numbers.len();
            path.map(|path| *numbers.entry(path).or_insert(next))
        })
        .collect();
    if numbers.is_empty() || numbers.len() > MOST_RECORDINGS {
        return Ok(None);
    }
    let mut paths: Vec<(PathBuf, usize)> = numbers.into_iter().collect();
    paths.sort_by_key(|(_, number)| *number);
    let analysed = paths.par_iter().map(|(path, _)| {
        let cassette = Cassette::load(path).ok()?;
        Some(analyse(&Session::of_cassette(&cassette, ""), &rules)).filter(|report| !report.calls.is_empty())
    });
    let analysed: Vec<Option<SessionReport>> = analysed.collect();
    Ok(joined(data, analysed, &of_trial))
}

/// Where the exchanges of a scored trial with model calls lie.
fn recording(dir: &RunDir, trial: &TrialData) -> Option<PathBuf> {
    let attempt = trial.finish.as_ref()?.attempt;
    trial.scored().filter(|ended| ended.steps > 0)?;
    let folder = dir.trial(&trial.id);
    // Trials that play one recording send the same requests.
    let first = folder.began(attempt).ok()?;
    Some(exchanges_of(&folder, attempt, first.iter()))
}

fn joined(
    data: &RunData,
    analysed: Vec<Option<SessionReport>>,
    of_trial: &[Option<usize>],
) -> Option<RunCache> {
    let mut total = Sum::default();
    let mut by_variant: BTreeMap<&str, (Sum, Vec<&Break>)> = BTreeMap::new();
    let (mut trials, mut all, mut without) = (Vec::new(), Vec::new(), 0);
    for (trial, number) in data.trials.iter().zip(of_trial) {
        let (Some(number), Some(ended)) = (number, trial.scored()) else { continue };
        let Some(report) = &analysed[*number] else {
            without += 1;
            continue;
        };
        let synthetic = report.synthetic || data.header.plan.synthetic;
        let kind = if synthetic { FigureKind::Synthetic } else { ended.kind };
        let mut own = Sum::default();
        let (sum, breaks) = by_variant.entry(&trial.id.variant).or_default();
        for sum in [&mut own, &mut total, sum] {
            sum.add(&report.figures, kind);
        }
        breaks.extend(&report.breaks);
        all.extend(&report.breaks);
        trials.push(TrialCache {
            trial: trial.id.to_string(),
            profile: report.profile.clone(),
            figures: CacheFigures::of(&own, report.breaks.iter()),
        });
    }
    if trials.is_empty() {
        return None;
    }
    let variant = |name: &String| {
        let (sum, breaks) = by_variant.get(name.as_str())?;
        let figures = CacheFigures::of(sum, breaks.iter().copied());
        Some(VariantCache { variant: name.clone(), figures })
    };
    let variants = data.header.plan.variants.iter().filter_map(|v| variant(&v.name)).collect();
    let total = CacheFigures::of(&total, all.into_iter());
    let at: Vec<Option<usize>> = places(&analysed);
    let recording_of = of_trial.iter().map(|number| number.and_then(|number| at[number])).collect();
    let reports = analysed.into_iter().flatten().collect();
    Some(RunCache { total, variants, trials, trials_without_requests: without, reports, recording_of })
}

/// For each recording its number among those that could be read.
fn places(analysed: &[Option<SessionReport>]) -> Vec<Option<usize>> {
    let mut next = 0;
    let place = |report: &Option<SessionReport>| {
        report.as_ref()?;
        next += 1;
        Some(next - 1)
    };
    analysed.iter().map(place).collect()
}

impl RunCache {
    /// The analysis of the trial of that number in the plan.
    pub(crate) fn report(&self, number: usize) -> Option<&SessionReport> {
        self.reports.get((*self.recording_of.get(number)?)?)
    }
}
