//! Live models of a run: from what retake.toml says of a backend to a model behind its limits, shared by all trials.
//! Only here is it known whether this program can reach any.

use std::collections::BTreeMap;
use std::sync::Arc;

#[cfg(feature = "live")]
use agent::external::ExternalSpec;
use journal::{JournalError, Ledger, RunDir};
use model::live::{Backend, Timeouts};
use model::{Limits, Model, Price, Purse, Retry};
use suite::backend::seconds;

use crate::{ModelSpec, RunError};

/// The live models of a run, by the names that variants call them.
#[derive(Clone, Default)]
pub struct Live {
    models: BTreeMap<String, Arc<dyn Model>>,
    purse: Option<Arc<Purse>>,
}

impl Live {
    /// The model of a variant.
    pub(crate) fn model(&self, spec: &ModelSpec) -> Option<Arc<dyn Model>> {
        self.models.get(&spec.name()).cloned()
    }

    /// What the run has spent, in USD, where a limit is set.
    pub fn spent(&self) -> Option<f64> {
        self.purse.as_ref().filter(|purse| purse.is_limited()).map(|purse| purse.spent())
    }

    /// Keeps what calls cost in the run's folder. What a run that goes on has cost counts towards the limit.
    pub(crate) fn keep(&self, dir: &RunDir) -> Result<(), RunError> {
        let Some(purse) = self.purse.as_ref().filter(|_| !self.models.is_empty()) else { return Ok(()) };
        let is_known = Ledger::is_in(dir) || !dir.has_trials();
        if is_known {
            let kept = Ledger::open(dir).and_then(|ledger| purse.keep(ledger));
            return kept.map_err(|fault| match fault {
                JournalError::Io { path, error } => RunError::Io { path, error },
                fault => fault.into(),
            });
        }
        if purse.is_limited() {
            let run = dir.header()?.run_id.to_string();
            let what = "what it has cost was not kept, and so no limit can be".to_owned();
            return Err(RunError::Changed { run, what });
        }
        Ok(())
    }
}

/// The live model that a name means, `BACKEND` or `BACKEND:MODEL`.
pub(crate) fn spec(
    name: &str,
    model: Option<&str>,
    backends: &BTreeMap<String, suite::Backend>,
) -> Result<ModelSpec, RunError> {
    let built_in = Backend::built_in(name);
    let said = backends.get(name);
    let backend = match (built_in, said) {
        (Some(backend), None) => backend,
        (None, None) => {
            let mut known: Vec<&str> = Backend::BUILT_IN.to_vec();
            known
                .extend(backends.keys().map(String::as_str).filter(|name| !Backend::BUILT_IN.contains(name)));
            let problem = format!(
                "there is no model named {name:?}: use cassette[:SET], script[:SET] or BACKEND:MODEL; backends are {}",
                known.join(", ")
            );
            return Err(RunError::Usage(problem));
        }
        (Some(backend), Some(said)) => lay_over(backend, said),
        (None, Some(said)) => match (said.protocol, &said.base_url) {
            (Some(protocol), Some(url)) => lay_over(Backend::at(name, protocol, url), said),
            _ => {
                let problem = format!("[backend.{name}] in retake.toml needs `protocol` and `base_url`");
                return Err(RunError::Usage(problem));
            }
        },
    };
    let named = model.filter(|model| !model.is_empty()).map(str::to_owned);
    let model = named.or_else(|| backend.model.clone()).ok_or_else(|| {
        RunError::Usage(format!("which model of backend {name}? Write {name}:MODEL, or give it a `model`"))
    })?;
    Ok(ModelSpec::Live { backend: Box::new(backend), model })
}

/// A price as retake.toml states it, with what it leaves out.
pub fn price(said: &suite::backend::Price) -> Price {
    Price {
        input: said.input,
        cached: said.cached.unwrap_or(said.input),
        cache_write: said.cache_write.unwrap_or(said.input),
        cache_write_1h: said.cache_write_1h,
        output: said.output,
    }
}

/// A backend with what is said of it.
fn lay_over(backend: Backend, said: &suite::Backend) -> Backend {
    let suite::backend::Timeouts { connect, first_byte, idle, total } = said.timeouts;
    let time = |said: Option<f64>, usual| said.and_then(seconds).unwrap_or(usual);
    let usual = backend.timeouts;
    let timeouts = Timeouts {
        connect: time(connect, usual.connect),
        first_byte: time(first_byte, usual.first_byte),
        idle: time(idle, usual.idle),
        total: time(total, usual.total),
    };
    let limits = Limits {
        concurrent: said.limits.concurrent.or(backend.limits.concurrent),
        requests_per_minute: said.limits.requests_per_minute.or(backend.limits.requests_per_minute),
        tokens_per_minute: said.limits.tokens_per_minute.or(backend.limits.tokens_per_minute),
        output_reserve: said.limits.output_reserve.map_or(backend.limits.output_reserve, u64::from),
    };
    let usual = backend.retry;
    let retry = Retry {
        attempts: said.retry.attempts.unwrap_or(usual.attempts),
        base: time(said.retry.base, usual.base),
        max: time(said.retry.max, usual.max),
        total: time(said.retry.total, usual.total),
    };
    let mut headers = backend.headers;
    headers.extend(said.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())));
    Backend {
        protocol: said.protocol.unwrap_or(backend.protocol),
        base_url: said.base_url.clone().unwrap_or(backend.base_url),
        key_env: said.key_env.clone().or(backend.key_env).filter(|name| !name.is_empty()),
        model: said.model.clone().or(backend.model),
        prices: said.prices.iter().map(|(model, said)| (model.clone(), price(said))).collect(),
        name: backend.name,
        headers,
        timeouts,
        limits,
        retry,
    }
}

/// Opens the live models that variants name, each with the agent that asks it. `lookup` gives the value of an environment
/// variable; `max_cost`: USD that may be spent on all of them together. Where all have a price, what they cost is known
/// without a limit, too.
#[cfg(feature = "live")]
pub fn open_live(
    wanted: &[(&str, &ModelSpec)],
    lookup: &dyn Fn(&str) -> Option<String>,
    max_cost: Option<f64>,
) -> Result<Live, RunError> {
    use base::SystemClock;
    use model::live::LiveModel;
    use model::{Metered, PriceTable, Sleep};

    let table = PriceTable::built_in().map_err(|error| RunError::Usage(error.to_string()))?;
    let price = |model: &str, backend: &Backend| table.of(model, &backend.prices);
    let is_priced = |(_, spec): &(&str, &ModelSpec)| match spec {
        ModelSpec::Live { backend, model } => price(model, backend).is_some(),
        _ => true,
    };
    let limit = max_cost.or_else(|| wanted.iter().all(is_priced).then_some(f64::INFINITY));
    let mut live = Live { purse: limit.map(|usd| Arc::new(Purse::new(usd))), ..Live::default() };
    let mut backends: BTreeMap<&str, Metered<Arc<LiveModel>>> = BTreeMap::new();
    for (agent, spec) in wanted {
        let ModelSpec::Live { backend, model } = spec else { continue };
        speaks(backend, agent)?;
        if !backends.contains_key(backend.name.as_str()) {
            let opened = LiveModel::open((**backend).clone(), lookup, Box::new(SystemClock::start()));
            let opened = opened.map_err(|error| RunError::Usage(error.to_string()))?;
            let (clock, rest) = (Arc::new(SystemClock::start()), Arc::new(Sleep));
            backends.insert(&backend.name, Metered::new(Arc::new(opened), backend.limits, clock, rest));
        }
        let Some(metered) = backends.get(backend.name.as_str()).cloned() else { continue };
        let metered = match &live.purse {
            None => metered,
            Some(purse) => {
                let price = price(model, backend).ok_or_else(|| {
                    RunError::Usage(format!(
                        "model {} has no price, so no limit can be kept: give it one in retake.toml, \
                         [backend.{}.prices.{model:?}]",
                        spec.name(),
                        backend.name
                    ))
                })?;
                metered.paid(price, Arc::clone(purse))
            }
        };
        live.models.insert(spec.name(), Arc::new(metered));
    }
    Ok(live)
}

/// Without live backends there is nothing to open.
#[cfg(not(feature = "live"))]
pub fn open_live(
    wanted: &[(&str, &ModelSpec)],
    _: &dyn Fn(&str) -> Option<String>,
    _: Option<f64>,
) -> Result<Live, RunError> {
    match wanted.iter().find(|(_, spec)| spec.is_live()) {
        None => Ok(Live::default()),
        Some((_, spec)) => Err(not_live(spec)),
    }
}

/// Opens one live model for an agent of another maker, which tries again by itself and says itself which model it asks
/// for. What it asks is paid from the purse, where there is one.
#[cfg(feature = "live")]
pub(crate) fn open_one(
    spec: &ModelSpec,
    lookup: &dyn Fn(&str) -> Option<String>,
    purse: Option<&Arc<Purse>>,
) -> Result<Arc<dyn Model>, RunError> {
    use base::SystemClock;
    use model::live::LiveModel;
    use model::{Metered, PriceTable, Sleep};

    let ModelSpec::Live { backend, .. } = spec else { return Err(not_live(spec)) };
    let opened = LiveModel::open((**backend).clone(), lookup, Box::new(SystemClock::start()));
    let opened = opened.map_err(|error| RunError::Usage(error.to_string()))?;
    let (clock, rest) = (Arc::new(SystemClock::start()), Arc::new(Sleep));
    let metered = Metered::new(Arc::new(opened), backend.limits, clock, rest);
    let Some(purse) = purse else { return Ok(Arc::new(metered)) };
    let table = PriceTable::built_in().map_err(|error| RunError::Usage(error.to_string()))?;
    let own = backend.prices.clone();
    let price = Arc::new(move |model: &str| table.of(model, &own));
    Ok(Arc::new(metered.paid_by_name(price, Arc::clone(purse))))
}

/// Without live backends there is nothing to open.
#[cfg(not(feature = "live"))]
pub(crate) fn open_one(
    spec: &ModelSpec,
    _: &dyn Fn(&str) -> Option<String>,
    _: Option<&Arc<Purse>>,
) -> Result<Arc<dyn Model>, RunError> {
    Err(not_live(spec))
}

fn not_live(spec: &ModelSpec) -> RunError {
    let problem = format!("this program was built without live backends: it cannot ask {}", spec.name());
    RunError::Usage(problem)
}

/// An agent speaks one protocol, where that is known before it does, and requests are never translated.
#[cfg(feature = "live")]
fn speaks(backend: &Backend, agent: &str) -> Result<(), RunError> {
    let external = agent.parse::<ExternalSpec>();
    let spoken = external.map_or(Some(wire::Protocol::Responses), |spec| spec.agent.protocol());
    let Some(spoken) = spoken.filter(|spoken| *spoken != backend.protocol) else { return Ok(()) };
    let (name, protocol, spoken) = (&backend.name, backend.protocol.name(), spoken.name());
    Err(RunError::Usage(format!(
        "backend {name} speaks {protocol}; {agent} speaks {spoken}, and requests are never translated"
    )))
}
