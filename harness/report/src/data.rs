//! What a report is made of: a run's header and the last event of each trial. Reads journals' tails only; knows
//! nothing of figures or formats.

use std::collections::BTreeMap;
use std::{fs, io};

use base::{Digest, TrialId};
use journal::{Attempt, DriftGrade, Ended, HostEnded, MetCount, Mode, Outcome, RunDir, RunHeader};
use promptcache::{Price, PriceTable};
use wire::Usage;

use crate::ReportError;
use crate::cache::{RunCache, run_cache};

/// More trials than this are taken for a broken header.
const MAX_TRIALS: u64 = 1_000_000;

/// Everything that was read of one run.
#[derive(Clone, Debug)]
pub struct RunData {
    /// The run's header.
    pub header: RunHeader,
    /// Every planned trial, in the plan's order.
    pub trials: Vec<TrialData>,
    /// `host.json`, where the run has one.
    pub host: Option<serde_json::Value>,
    /// What prompt caches gave and could have given; only after [`RunData::with_cache`], where requests are at hand.
    pub cache: Option<RunCache>,
}

/// One planned trial.
#[derive(Clone, Debug)]
pub struct TrialData {
    /// Which trial.
    pub id: TrialId,
    /// Its end; nothing while it is unfinished.
    pub finish: Option<Finish>,
    /// What its model calls cost; nothing where the model has no price.
    pub cost: Option<Cost>,
    /// A pass within this virtual time is in time, in microseconds; nothing where its variant's tier sets no such limit.
    pub latency_budget_us: Option<u64>,
}

/// What a trial's model calls cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// USD, by the tokens as they were reported.
    pub usd: f64,
    /// USD, had nothing been cached.
    pub uncached_usd: f64,
    /// The date of the price; `own` for one of the caller's.
    pub date: String,
}

/// Prices of models: the table that comes with the program, and the caller's own.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    /// The table.
    pub table: PriceTable,
    /// The caller's own, by pattern; they win.
    pub own: BTreeMap<String, Price>,
}

impl Prices {
    /// What a trial cost; nothing where a model has no price, or models of different prices answered.
    pub fn cost(&self, ended: &Ended) -> Option<Cost> {
        let model = ended.served.first()?;
        let price = self.table.of(model, &self.own)?;
        let alike = ended.served.iter().all(|other| self.table.of(other, &self.own) == Some(price));
        let plain = Usage { cached_tokens: 0, cache_write_tokens: 0, ..ended.usage };
        let own = self.table.of(model, &BTreeMap::new()) != Some(price);
        let date = if own { None } else { self.table.date(model) };
        alike.then(|| Cost {
            usd: price.cost(ended.usage),
            uncached_usd: price.cost(plain),
            date: date.unwrap_or_else(|| "own".to_owned()),
        })
    }
}

/// The end of a trial's latest attempt.
#[derive(Clone, Debug)]
pub struct Finish {
    /// The attempt, from 1.
    pub attempt: u32,
    /// What is the same on every host.
    pub ended: Ended,
    /// What this host measured.
    pub host: HostEnded,
}

impl Finish {
    /// The harness's own real time in microseconds: what is left of the wall after setup, tools, checks and verifier, and after the
    /// model's time where the model is live.
    pub(crate) fn harness_us(&self, mode: Mode) -> u64 {
        let host = &self.host;
        let model_us = if mode == Mode::Live { self.ended.times.model_us } else { 0 };
        let others = [host.setup_us, host.tool_us, host.evaluate_us, host.verify_us, model_us];
        others.iter().fold(host.wall_us, |left, part| left.saturating_sub(*part))
    }
}

/// How a planned trial stands: one of the outcomes, or unfinished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialState {
    /// The reward reached 1.
    Passed,
    /// It did not.
    Failed,
    /// A request diverged without being declared.
    Void,
    /// The harness or the host failed.
    HarnessFault,
    /// This host lacks something that the task needs.
    NotRunnable,
    /// The task itself cannot be read.
    Invalid,
    /// Planned, and not at its end.
    Unfinished,
}

impl TrialState {
    /// Whether an agent's work was carried out to its end: these trials make the run's digest.
    pub fn ran(self) -> bool {
        matches!(self, Self::Passed | Self::Failed | Self::Void)
    }

    /// Whether it counts for the pass rate, for effort and for latency.
    pub fn scored(self) -> bool {
        matches!(self, Self::Passed | Self::Failed)
    }
}

impl TrialData {
    /// How it stands.
    pub fn state(&self) -> TrialState {
        match self.finish.as_ref().map(|f| f.ended.outcome) {
            Some(Outcome::Passed) => TrialState::Passed,
            Some(Outcome::Failed) => TrialState::Failed,
            Some(Outcome::Void) => TrialState::Void,
            Some(Outcome::HarnessFault) => TrialState::HarnessFault,
            Some(Outcome::NotRunnable) => TrialState::NotRunnable,
            Some(Outcome::Invalid) => TrialState::Invalid,
            None => TrialState::Unfinished,
        }
    }

    /// Its end, where it counts for effort and latency.
    pub fn scored(&self) -> Option<&Ended> {
        self.finish.as_ref().map(|f| &f.ended).filter(|_| self.state().scored())
    }

    /// Digest of its canonical events, where it ran.
    pub fn digest(&self) -> Option<Digest> {
        self.finish.as_ref().filter(|_| self.state().ran()).and_then(|f| f.host.digest)
    }

    /// In a sentence, why it stands as it does; empty where nothing was said.
    pub fn reason(&self) -> &str {
        self.finish.as_ref().map_or("", |f| &f.ended.reason)
    }
}

impl RunData {
    /// Reads a run: its header, the tail of each trial's journal, and the host's facts. Costs are by the built-in prices.
    pub fn load(dir: &RunDir) -> Result<Self, ReportError> {
        let table = PriceTable::built_in().map_err(ReportError::encode("costs"))?;
        Self::priced(dir, &Prices { table, own: BTreeMap::new() })
    }

    /// The same, with costs by these prices.
    pub fn priced(dir: &RunDir, prices: &Prices) -> Result<Self, ReportError> {
        let header = dir.header()?;
        check_plan(dir, &header)?;
        let budgets =
            header.plan.variants.iter().filter_map(|v| Some((v.name.as_str(), v.latency_budget_us?)));
        let budgets: BTreeMap<&str, u64> = budgets.collect();
        let load = |id: TrialId| {
            let latency_budget_us = budgets.get(id.variant.as_str()).copied();
            Ok(TrialData { latency_budget_us, ..load_trial(dir, id, prices)? })
        };
        let trials = header.plan.trial_ids().map(load).collect::<Result<_, ReportError>>()?;
        Ok(Self { host: load_host(dir)?, header, trials, cache: None })
    }

    /// The same with its prompt caches, which the files and pages of a report show. Reads the exchanges of every trial, each
    /// recording once.
    pub fn with_cache(mut self, dir: &RunDir, prices: &Prices) -> Result<Self, ReportError> {
        self.cache = run_cache(dir, &self, prices)?;
        Ok(self)
    }

    /// Calls and checks whose output drifted, by grade, over all trials.
    pub fn drift(&self) -> BTreeMap<DriftGrade, u64> {
        let mut counts = BTreeMap::new();
        for (grade, count) in self.trials.iter().filter_map(|t| t.finish.as_ref()).flat_map(|f| &f.host.drift)
        {
            *counts.entry(*grade).or_default() += u64::from(*count);
        }
        counts
    }

    /// Differences from the recordings that were let pass, by cause and reason, over all trials.
    pub fn met(&self) -> Vec<MetCount> {
        let mut counts: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        let ended = self.trials.iter().filter_map(|t| t.finish.as_ref()).flat_map(|f| &f.ended.met);
        for met in ended {
            let count = counts.entry((&met.cause, &met.allowed)).or_default();
            *count = count.saturating_add(met.count);
        }
        let owned = counts.into_iter().map(|((cause, allowed), count)| MetCount {
            cause: cause.to_owned(),
            allowed: allowed.to_owned(),
            count,
        });
        owned.collect()
    }

    /// Trials that were taken from an earlier run: `reused` of `host.json`, else 0.
    pub fn reused(&self) -> u64 {
        self.host_number("reused").unwrap_or(0)
    }

    /// Real time that those trials had taken, in microseconds: `reused_us` of `host.json`, else 0.
    pub fn reused_us(&self) -> u64 {
        self.host_number("reused_us").unwrap_or(0)
    }

    /// Real time of the whole run in microseconds: `wall_us` of `host.json`.
    pub fn wall_us(&self) -> Option<u64> {
        self.host_number("wall_us")
    }

    /// The host's name: `name` of `host.json`.
    pub fn host_name(&self) -> Option<String> {
        let name = self.host.as_ref()?.get("name")?.as_str()?;
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// A number of `host.json`.
    pub(crate) fn host_number(&self, key: &str) -> Option<u64> {
        self.host.as_ref()?.get(key)?.as_u64()
    }
}

/// A header may come from anywhere: its names become paths and its numbers become work.
fn check_plan(dir: &RunDir, header: &RunHeader) -> Result<(), ReportError> {
    let path = || dir.path.join("run.json");
    let plan = &header.plan;
    let suites = plan.suites.iter().map(|s| &s.name);
    let tasks = plan.suites.iter().flat_map(|s| &s.tasks).map(|t| &t.name);
    let variants = plan.variants.iter().map(|v| &v.name);
    if let Some(name) = suites.chain(tasks).chain(variants).find(|n| !TrialId::valid_name(n)) {
        return Err(ReportError::Name { path: path(), name: name.clone() });
    }
    let tasks: u64 = plan.suites.iter().map(|s| s.tasks.len() as u64).sum();
    let trials = tasks.saturating_mul(plan.variants.len() as u64).saturating_mul(u64::from(plan.trials));
    if trials > MAX_TRIALS {
        return Err(ReportError::Trials { path: path(), trials, limit: MAX_TRIALS });
    }
    Ok(())
}

fn load_trial(dir: &RunDir, id: TrialId, prices: &Prices) -> Result<TrialData, ReportError> {
    let folder = dir.trial(&id);
    let finish = folder.ended()?.map(|(attempt, ended, host)| Finish { attempt, ended, host });
    let cost = finish.as_ref().and_then(|finish| prices.cost(&finish.ended));
    let mut trial = TrialData { id, finish, cost, latency_budget_us: None };
    let ran = trial.state().ran();
    if let Some(finish) = trial.finish.as_mut().filter(|f| ran && f.host.digest.is_none()) {
        // A journal of other hands need not state its digest; its events do.
        finish.host.digest = Some(Attempt::read(&folder.journal(finish.attempt))?.digest);
    }
    Ok(trial)
}

fn load_host(dir: &RunDir) -> Result<Option<serde_json::Value>, ReportError> {
    let path = dir.path.join("host.json");
    let parsed = match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map_err(io::Error::from),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => Err(error),
    };
    parsed.map(Some).map_err(|error| ReportError::Host { path, error })
}
