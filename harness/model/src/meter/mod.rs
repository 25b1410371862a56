//! A layer that keeps a backend within its limits: calls at a time, requests and tokens per minute, and money. One
//! stands over each backend and is shared by all trials. Knows nothing of HTTP or of retries.

mod gate;
mod purse;

use std::sync::Arc;

use base::Clock;
use promptcache::Price;
use wire::{BlockKind, Decoder, Fields, Frame, Usage};

pub use purse::Purse;

use crate::{Call, Model, ModelFault, Reply, Rest, Stream, TransportFault};
use gate::{Gate, Permit};
use purse::Reserved;

/// Bytes of a prompt that count as one token before a provider has counted.
const BYTES_PER_TOKEN: f64 = 3.5;
/// Members of a request that bound its answer, in the three protocols.
const MAX_OUTPUT: [&str; 3] = ["max_output_tokens", "max_tokens", "max_completion_tokens"];

/// How much a backend may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls under way at a time.
    pub concurrent: Option<u32>,
    /// Requests per minute.
    pub requests_per_minute: Option<u32>,
    /// Tokens per minute, of prompts and answers together.
    pub tokens_per_minute: Option<u32>,
    /// Output tokens that the spend limit keeps money for where a request does not bound its answer.
    pub output_reserve: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { concurrent: None, requests_per_minute: None, tokens_per_minute: None, output_reserve: 32_768 }
    }
}

/// Keeps another model within limits. A clone shares them.
#[derive(Clone)]
pub struct Metered<M> {
    inner: M,
    gate: Arc<Gate>,
    rest: Arc<dyn Rest>,
    output_reserve: u64,
    money: Option<(Prices, Arc<Purse>)>,
}

/// What calls cost.
#[derive(Clone)]
enum Prices {
    /// All the same.
    One(Price),
    /// What the model costs that a request names.
    Named(Arc<PriceOf>),
}

/// The price of a model; nothing where it is not known.
pub type PriceOf = dyn Fn(&str) -> Option<Price> + Send + Sync;

impl Prices {
    fn of(&self, call: &Call<'_>) -> Result<Price, ModelFault> {
        let of = match self {
            Self::One(price) => return Ok(*price),
            Self::Named(of) => of,
        };
        let model = head(call).and_then(|head| serde_json::from_str::<String>(head.get("model")?.get()).ok());
        let model = model.unwrap_or_default();
        of(&model).ok_or_else(|| {
            ModelFault::Spent(format!("model {model:?} has no price, so no limit can be kept: give it one"))
        })
    }
}

/// The members of a request's head.
fn head<'c>(call: &Call<'c>) -> Option<Fields<'c>> {
    let head = call.prompt.blocks().iter().find(|block| block.kind == BlockKind::Head)?;
    Fields::parse(&head.raw).ok()
}

impl<M: Model> Metered<M> {
    /// A layer over `inner`. Waits pass on `clock` by `rest`.
    pub fn new(inner: M, limits: Limits, clock: Arc<dyn Clock>, rest: Arc<dyn Rest>) -> Self {
        let gate = Arc::new(Gate::new(limits, clock));
        Self { inner, gate, rest, output_reserve: limits.output_reserve, money: None }
    }

    /// The same, paid from a purse that other backends may share.
    #[must_use]
    pub fn paid(self, price: Price, purse: Arc<Purse>) -> Self {
        Self { money: Some((Prices::One(price), purse)), ..self }
    }

    /// The same for clients that say themselves which model they ask for. One whose price is not known is refused.
    #[must_use]
    pub fn paid_by_name(self, of: Arc<PriceOf>, purse: Arc<Purse>) -> Self {
        Self { money: Some((Prices::Named(of), purse)), ..self }
    }

    /// What a call is expected to take: tokens of its prompt, and of its answer at most.
    fn expected(&self, call: &Call<'_>) -> Usage {
        let blocks = call.prompt.blocks();
        let bytes = match call.sent {
            Some(sent) => sent.body.len(),
            None => blocks.iter().map(|block| block.raw.len() + 1).sum(),
        };
        let bound = head(call).and_then(|head| {
            MAX_OUTPUT.iter().filter_map(|key| head.get(key)?.get().parse::<u64>().ok()).max()
        });
        let input_tokens = (bytes as f64 / BYTES_PER_TOKEN).ceil() as u64;
        Usage { input_tokens, output_tokens: bound.unwrap_or(self.output_reserve), ..Usage::default() }
    }
}

impl<M: Model> Model for Metered<M> {
    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        let expected = self.expected(call);
        let (permit, wait) = Gate::enter(&self.gate, expected.input_tokens);
        if !wait.is_zero() {
            self.rest.rest(wait);
        }
        let reserved = match &self.money {
            Some((prices, purse)) => Some(Purse::reserve(purse, prices.of(call)?, expected)?),
            None => None,
        };
        let account = Account { permit, reserved, expected, usage: None };
        match self.inner.answer(call) {
            Ok(Reply::Stream(stream)) => {
                let decoder = Some(call.protocol.decoder());
                Ok(Reply::Stream(Box::new(Counted { stream, decoder, account })))
            }
            Ok(Reply::Body { body, total_us }) => {
                let answer = call.protocol.answer(&body, total_us).ok();
                account.close(answer.and_then(|answer| answer.usage));
                Ok(Reply::Body { body, total_us })
            }
            Err(fault) => {
                if matches!(fault, ModelFault::Status { status: 429, .. }) {
                    self.gate.throttled();
                }
                account.failed(&fault);
                Err(fault)
            }
        }
    }
}

/// What a call under way holds. Dropped before it is closed, it costs what was expected.
struct Account {
    permit: Permit,
    reserved: Option<Reserved>,
    expected: Usage,
    usage: Option<Usage>,
}

impl Account {
    /// The answer is there, with the tokens it told of.
    fn close(mut self, usage: Option<Usage>) {
        self.usage = usage;
        self.permit.succeeded();
    }

    /// There is no answer. A provider may have read the prompt all the same where a connection broke.
    fn failed(mut self, fault: &ModelFault) {
        let read = match fault {
            ModelFault::Transport { kind, .. } => {
                !matches!(kind, TransportFault::Refused | TransportFault::Other)
            }
            _ => false,
        };
        self.usage = Some(if read { Usage { output_tokens: 0, ..self.expected } } else { Usage::default() });
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let usage = self.usage.unwrap_or(self.expected);
        self.permit.count(self.expected.input_tokens, usage.total());
        if let Some(reserved) = self.reserved.take() {
            reserved.settle(usage);
        }
    }
}

/// A stream whose tokens are counted at its end.
struct Counted<'a> {
    stream: Stream<'a>,
    decoder: Option<Decoder>,
    account: Account,
}

impl Iterator for Counted<'_> {
    type Item = Result<Frame, ModelFault>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.stream.next() {
            Some(Ok(frame)) => {
                // What cannot be decoded has no count: then what was expected stands.
                let fed = self.decoder.as_mut().map(|decoder| decoder.feed(&frame));
                if matches!(fed, Some(Err(_))) {
                    self.decoder = None;
                }
                Some(Ok(frame))
            }
            Some(Err(fault)) => Some(Err(fault)),
            None => {
                if let Some(answer) = self.decoder.take().map(Decoder::finish) {
                    self.account.usage = answer.usage;
                    self.account.permit.succeeded();
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
