//! One session, analysed: each call with what was reported and what the rules give, each break with its price, and the
//! figures over all of it. Knows nothing of files and of how any of it is shown.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;
use serde::Serialize;
use wire::Usage;

use crate::breaks::{Break, Seen};
use crate::figures::{Costs, Figures};
use crate::prepared::{Prepared, Tokenizer};
use crate::profile::{Profile, Profiles, Rule};
use crate::session::{Accounting, Call, Session, Trigger};
use crate::simulate::{Predicted, Simulation};
use crate::{Price, PriceTable, Written};

/// What an analysis goes by.
pub struct Rules<'a> {
    /// The known profiles.
    pub profiles: &'a Profiles,
    /// The profile to use whatever the model, by name.
    pub forced: Option<&'a str>,
    /// Prices by model.
    pub prices: &'a PriceTable,
    /// Prices of one's own, by pattern.
    pub own_prices: &'a BTreeMap<String, Price>,
    /// What counts tokens.
    pub tokenizer: &'a dyn Tokenizer,
}

impl Rules<'_> {
    /// The profile of a session: the one that was asked for, else that of the model that most of its calls name.
    pub fn profile_of(&self, session: &Session) -> Option<&Profile> {
        if let Some(name) = self.forced {
            return self.profiles.named(name);
        }
        let mut models: BTreeMap<&str, usize> = BTreeMap::new();
        for call in &session.calls {
            *models.entry(&call.model).or_default() += 1;
        }
        let (model, _) = models.into_iter().max_by_key(|(_, calls)| *calls)?;
        self.profiles.of(model, session.accounting)
    }

    /// The price of a model.
    pub fn price_of(&self, model: &str) -> Option<Price> {
        self.prices.of(model.rsplit('/').next().unwrap_or(model), self.own_prices)
    }
}

/// One call, analysed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallReport {
    /// Its number in the session, from 1.
    pub call: usize,
    /// Its thread.
    pub thread: String,
    /// The model.
    pub model: String,
    /// What made it necessary.
    pub trigger: Trigger,
    /// Whether it is the first of its thread.
    pub first: bool,
    /// What was reported.
    pub usage: Option<Usage>,
    /// Written tokens that live for an hour.
    pub written_1h: u64,
    /// What the rules give; nothing where the request is not known.
    pub predicted: Option<Predicted>,
    /// Time to the first content, in microseconds.
    pub ttft_us: Option<u64>,
    /// What it cost as reported, in USD.
    pub cost_usd: Option<f64>,
    /// The line of its source.
    pub line: usize,
}

/// One session, analysed.
#[derive(Clone, Debug)]
pub struct SessionReport {
    /// Its id.
    pub id: String,
    /// Where it was read.
    pub source: String,
    /// What kind of source.
    pub format: String,
    /// Whose counters it reports.
    pub accounting: Accounting,
    /// Whether its answers came from a script.
    pub synthetic: bool,
    /// Whether the whole requests are known: without them what is achievable is out of reach.
    pub has_requests: bool,
    /// The profile that it was simulated with.
    pub profile: Option<String>,
    /// The calls, in order.
    pub calls: Vec<CallReport>,
    /// The breaks, in order.
    pub breaks: Vec<Break>,
    /// The figures.
    pub figures: Figures,
    /// Bytes of all request bodies.
    pub request_bytes: u64,
    /// Bytes of text that were tokenised, each distinct one once; and the tokens that they have.
    pub counted: (u64, u64),
}

/// Analyses a session.
pub fn analyse(session: &Session, rules: &Rules<'_>) -> SessionReport {
    let prepared = Prepared::of(session, rules.tokenizer);
    analyse_prepared(session, &prepared, rules, rules.profile_of(session), false)
}

/// Analyses sessions side by side.
pub fn analyse_all(sessions: &[Session], rules: &Rules<'_>) -> Vec<SessionReport> {
    sessions.par_iter().map(|session| analyse(session, rules)).collect()
}

/// The same, of a session that was prepared, under a profile.
pub(crate) fn analyse_prepared(
    session: &Session,
    prepared: &Prepared,
    rules: &Rules<'_>,
    profile: Option<&Profile>,
    an_hour: bool,
) -> SessionReport {
    let mut report = SessionReport {
        id: session.id.clone(),
        source: session.source.clone(),
        format: session.format.clone(),
        accounting: session.accounting,
        synthetic: session.synthetic,
        has_requests: session.has_requests(),
        profile: profile.filter(|_| session.has_requests()).map(|profile| profile.name.clone()),
        calls: Vec::with_capacity(session.calls.len()),
        breaks: Vec::new(),
        figures: Figures::default(),
        request_bytes: session.calls.iter().flat_map(|call| &call.request).map(|sent| sent.bytes).sum(),
        counted: (prepared.counted_bytes, prepared.counted_tokens),
    };
    let mut simulation =
        profile.map(|profile| (profile, Simulation::new(session, prepared, profile, an_hour)));
    let mut last: HashMap<&str, usize> = HashMap::new();
    for (number, call) in session.calls.iter().enumerate() {
        let before = last.insert(&call.thread, number);
        let price = rules.price_of(&call.model);
        let mut predicted = None;
        if let Some((profile, simulation)) = &mut simulation
            && let Some(step) = simulation.step(number)
        {
            predicted = Some(step.predicted);
            let before = before.map(|at| &session.calls[at]);
            let seen = Seen { session, prepared, simulation, rule: profile.rule, number, before };
            let breaks = seen.breaks(&step).into_iter();
            report.breaks.extend(breaks.map(|found| priced(found, price, profile)));
        }
        let call = of_call(call, number, before.is_none(), predicted, price);
        report.figures.pay(costs(&call, price, session.calls[number].written));
        report.figures.add(&call, before.map(|at| &report.calls[at]));
        report.calls.push(call);
    }
    report
}

fn of_call(
    call: &Call,
    number: usize,
    first: bool,
    predicted: Option<Predicted>,
    price: Option<Price>,
) -> CallReport {
    CallReport {
        call: number + 1,
        thread: call.thread.clone(),
        model: call.model.clone(),
        trigger: call.trigger,
        first,
        usage: call.usage,
        written_1h: call.written.hour,
        predicted,
        ttft_us: call.ttft_us,
        cost_usd: price.zip(call.usage).map(|(price, usage)| price.cost_of(usage, call.written)),
        line: call.line,
    }
}

/// A break with what it cost: what was computed again, at the price of a prompt or of a write, less that of a read.
fn priced(found: Break, price: Option<Price>, profile: &Profile) -> Break {
    let cost = price.map(|price| {
        let again = if profile.rule == Rule::Prefix { price.input } else { price.cache_write };
        found.tokens as f64 * (again - price.cached).max(0.0) / 1e6
    });
    Break { cost_usd: cost, ..found }
}

fn costs(call: &CallReport, price: Option<Price>, written: Written) -> Costs {
    let Some(price) = price else { return Costs { unpriced_calls: 1, ..Costs::default() } };
    let usage = call.usage.unwrap_or_default();
    let input = call.predicted.map_or(usage.input_tokens, |predicted| predicted.input);
    let with = |cached: u64, write: u64, hour: u64| {
        let usage = Usage { input_tokens: input, cached_tokens: cached, cache_write_tokens: write, ..usage };
        price.cost_of(usage, Written { hour })
    };
    let reported = price.cost_of(usage, written);
    let mut costs = Costs { reported, without_cache: with(0, 0, 0), ..Costs::default() };
    if let Some(predicted) = call.predicted {
        costs.achievable = with(predicted.cached, predicted.written, predicted.written_hour);
        costs.perfect = with(predicted.perfect, 0, 0);
        costs.reported_of_known = reported;
    }
    costs
}
