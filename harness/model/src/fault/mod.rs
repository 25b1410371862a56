//! Faults on purpose: a layer that puts into the way of any model what networks, vendors and models do wrong, where a
//! profile says so. The same seed and the same requests give the same faults. Knows nothing of sockets: the gateway
//! makes of a fault what its client sees.

mod damage;
mod profile;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::Seed;
use serde::Deserialize;
use wire::Frame;

pub use profile::{FaultProfile, FaultRule};

use crate::{Call, Model, ModelFault, Reply, Rest, TransportFault};
/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// An error status in place of an answer.
    Status {
        /// The HTTP status.
        status: u16,
        /// The vendor's code or type; empty: the usual one.
        code: String,
        /// What it says; nothing: the usual words.
        message: Option<String>,
        /// The whole body; nothing: shaped as the vendor does.
        body: Option<String>,
        /// How long it asks to wait, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// Nobody listens.
    Refused,
    /// The connection is reset, before the answer or within it.
    Reset {
        /// Where in the answer.
        at: Option<Place>,
    },
    /// The answer ends before its end.
    Cut {
        /// Where.
        at: Place,
    },
    /// Nothing comes for a while, or ever.
    Stall {
        /// The frame that does not come, from 1.
        frame: u32,
        /// For how long, in milliseconds; nothing: it never comes.
        for_ms: Option<u64>,
    },
    /// Every frame takes this many times as long.
    Slow {
        /// How many times.
        factor: f64,
    },
    /// A frame comes twice.
    Duplicate {
        /// Which, from 1.
        frame: u32,
    },
    /// A frame is no event.
    Malformed {
        /// Which, from 1.
        frame: u32,
    },
    /// The answer ends with the vendor's event for an error.
    Error {
        /// The frame in whose place, from 1.
        frame: u32,
        /// The vendor's code or type.
        code: String,
        /// What it says.
        message: String,
    },
    /// A tool call has other arguments.
    Arguments {
        /// Which call of the answer, from 1.
        call: usize,
        /// In which way they are wrong.
        wrong: Wrong,
    },
    /// A tool call asks for another tool.
    UnknownTool {
        /// Which call of the answer, from 1.
        call: usize,
        /// The tool.
        name: String,
    },
    /// The answer says nothing and calls nothing.
    Empty,
    /// The answer's token counts times this; nothing: it has none.
    Usage(Option<f64>),
}

/// A place in an answer's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before this frame, from 1.
    Frame(u32),
    /// After so many bytes.
    Byte(u64),
    /// Within the first character that has more than one byte.
    Character,
}

/// In which way arguments are wrong.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// The JSON is cut in half.
    NotJson,
    /// The first member is missing.
    Missing,
    /// The first member has another type.
    Type,
    /// There is a member that the tool does not know.
    Unknown,
    /// They are this text.
    #[serde(skip)]
    Text(String),
}

impl Fault {
    /// Whether the conversation goes on otherwise than without it.
    pub fn changes_conversation(&self) -> bool {
        match self {
            Self::Duplicate { .. } | Self::Arguments { .. } | Self::UnknownTool { .. } | Self::Empty => true,
            Self::Status { status, .. } => !ModelFault::status(*status, "").is_transient(),
            Self::Refused
            | Self::Reset { .. }
            | Self::Cut { .. }
            | Self::Stall { .. }
            | Self::Slow { .. }
            | Self::Malformed { .. }
            | Self::Error { .. }
            | Self::Usage(_) => false,
        }
    }

    /// The failure that stands in place of any answer; nothing where the model is asked.
    fn in_place(&self, call: &Call<'_>) -> Option<ModelFault> {
        let transport = |kind, detail: &str| ModelFault::Transport { kind, detail: detail.to_owned() };
        match self {
            Self::Status { status, code, message, body, retry_after_ms } => {
                let said = message.as_deref().unwrap_or_else(|| usual_words(*status));
                let body = body.clone().unwrap_or_else(|| call.protocol.error_body(*status, code, said));
                Some(ModelFault::Status { status: *status, body, retry_after_ms: *retry_after_ms })
            }
            Self::Refused => Some(transport(TransportFault::Refused, "on purpose")),
            Self::Reset { at: None } => Some(transport(TransportFault::Reset, "on purpose")),
            _ => None,
        }
    }
}

/// What a vendor might say with a status.
fn usual_words(status: u16) -> &'static str {
    match status {
        401 => "the key is not valid",
        403 => "this key may not do that",
        404 => "there is no such model",
        408 | 504 => "the request took too long",
        413 => "the request is too large",
        429 => "too many requests: try again later",
        503 | 529 => "the model is overloaded: try again later",
        500..=599 => "the server had an error",
        _ => "the request is not valid",
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(frame) => write!(f, "frame {frame}"),
            Self::Byte(byte) => write!(f, "byte {byte}"),
            Self::Character => f.write_str("a character"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status { status, .. } => write!(f, "status {status}"),
            Self::Refused => f.write_str("refused"),
            Self::Reset { at: None } => f.write_str("reset"),
            Self::Reset { at: Some(at) } => write!(f, "reset at {at}"),
            Self::Cut { at } => write!(f, "cut at {at}"),
            Self::Stall { frame, for_ms: None } => write!(f, "stall at frame {frame}"),
            Self::Stall { frame, for_ms: Some(ms) } => write!(f, "stall at frame {frame} for {ms} ms"),
            Self::Slow { factor } => write!(f, "slow x{factor}"),
            Self::Duplicate { frame } => write!(f, "duplicate frame {frame}"),
            Self::Malformed { frame } => write!(f, "malformed frame {frame}"),
            Self::Error { frame, .. } => write!(f, "error event at frame {frame}"),
            Self::Arguments { call, .. } => write!(f, "wrong arguments of call {call}"),
            Self::UnknownTool { call, .. } => write!(f, "unknown tool in call {call}"),
            Self::Empty => f.write_str("empty answer"),
            Self::Usage(None) => f.write_str("usage absent"),
            Self::Usage(Some(factor)) => write!(f, "usage x{factor}"),
        }
    }
}

/// A fault that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injected {
    /// The conversation's lane.
    pub lane: String,
    /// The step, from 1.
    pub step: u32,
    /// The try at it, from 1.
    pub attempt: u32,
    /// What the report calls the rule.
    pub rule: String,
    /// Virtual time that was lost with it, in microseconds; nothing where the answer came.
    pub lost_us: u64,
}

/// The faults of one trial, as they happen.
#[derive(Clone, Debug, Default)]
pub struct FaultLog(Arc<Mutex<Vec<Injected>>>);

impl FaultLog {
    /// Those that happened since this was asked last, in an order that does not depend on which ended first.
    pub fn take(&self) -> Vec<Injected> {
        let mut taken = std::mem::take(&mut *lock(&self.0));
        taken.sort_by(|a, b| (&a.lane, a.step, a.attempt).cmp(&(&b.lane, b.step, b.attempt)));
        taken
    }

    fn push(&self, injected: Injected) {
        lock(&self.0).push(injected);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a trial is treated.
#[derive(Clone)]
pub struct FaultOptions {
    /// What goes wrong.
    pub profile: Arc<FaultProfile>,
    /// What decides where chance does.
    pub seed: Seed,
    /// Whether the model below has one answer for each request: then an answer that is lost on the way is given again
    /// to the next try, instead of asking for another.
    pub one_answer: bool,
    /// What lets the time of slow and stalled answers really pass, for a client that has no virtual clock.
    pub rest: Option<Arc<dyn Rest>>,
}

/// Puts faults in the way of a model.
pub struct Faulty<'m> {
    inner: Box<dyn Model + 'm>,
    options: FaultOptions,
    log: FaultLog,
    lanes: Arc<Mutex<HashMap<String, Lane>>>,
}

/// What is known of a conversation's requests.
#[derive(Debug, Default)]
struct Lane {
    /// Requests so far, tries included.
    requests: u32,
    /// The last request: its number of blocks and the stamp of the last of them.
    last: Option<(u32, usize, Option<u32>)>,
    /// Tries at it.
    tries: u32,
    /// How often the model below was asked for it.
    asked: u32,
    /// Its answer, where it was lost on the way.
    kept: Option<Kept>,
    /// How often each rule has happened.
    happened: HashMap<usize, u32>,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(crate) enum Kept {
    Frames(Vec<Frame>),
    Body(String, u64),
}

/// What one request gets.
struct Turn {
    tries: u32,
    /// The try that the model below is to see.
    below: u32,
    rule: Option<usize>,
    kept: Option<Kept>,
}

/// Tells of a fault when it happens.
pub(crate) struct Teller {
    log: FaultLog,
    lanes: Arc<Mutex<HashMap<String, Lane>>>,
    injected: Injected,
    rule: usize,
}

impl Teller {
    /// It has happened, and this much virtual time is lost.
    pub(crate) fn tell(self, lost_us: u64) {
        if let Some(lane) = lock(&self.lanes).get_mut(&self.injected.lane) {
            *lane.happened.entry(self.rule).or_default() += 1;
        }
        self.log.push(Injected { lost_us, ..self.injected });
    }
}

impl<'m> Faulty<'m> {
    /// A layer over `inner` that writes what it does to `log`.
    pub fn new(inner: impl Model + 'm, options: FaultOptions, log: FaultLog) -> Self {
        Self { inner: Box::new(inner), options, log, lanes: Arc::default() }
    }

    /// Notes a request and finds what happens to it.
    fn turn(&self, call: &Call<'_>) -> Turn {
        let mut lanes = lock(&self.lanes);
        if !lanes.contains_key(call.lane) {
            lanes.insert(call.lane.to_owned(), Lane::default());
        }
        let Some(lane) = lanes.get_mut(call.lane) else {
            return Turn { tries: 1, below: call.attempt, rule: None, kept: None };
        };
        let prompt = call.prompt;
        let this = (prompt.generation(), prompt.blocks().len(), prompt.stamps().last().copied());
        // A client may send another head with each try: what counts is the conversation.
        let same = lane.last.is_some_and(|(_, blocks, stamp)| (blocks, stamp) == (this.1, this.2));
        lane.requests += 1;
        if !same {
            (lane.tries, lane.asked, lane.kept, lane.last) = (0, 0, None, Some(this));
        }
        lane.tries += 1;
        let (tries, requests) = (lane.tries, lane.requests);
        let fits = |(number, rule): &(usize, &FaultRule)| {
            let happened = lane.happened.get(number).copied().unwrap_or(0);
            rule.times.is_none_or(|times| happened < times)
                && rule.fits(call.lane, call.step, tries, requests)
                && rule.probability.is_none_or(|p| self.draw(*number, call.lane, requests) < p)
        };
        let rule = self.options.profile.rules.iter().enumerate().find(fits).map(|(number, _)| number);
        Turn { tries, below: lane.asked + 1, rule, kept: lane.kept.clone() }
    }

    fn draw(&self, rule: usize, lane: &str, requests: u32) -> f64 {
        self.options.seed.derive(&format!("fault {rule} {lane} {requests}")).unit()
    }

    /// The answer below, or the one that was lost at the try before.
    fn below<'a>(&'a self, call: &Call<'_>, turn: &mut Turn) -> Result<Reply<'a>, ModelFault> {
        if let Some(kept) = turn.kept.take() {
            self.keep(call.lane, None);
            return Ok(kept.reply());
        }
        if let Some(lane) = lock(&self.lanes).get_mut(call.lane) {
            lane.asked += 1;
        }
        self.inner.answer(&Call { attempt: turn.below, ..*call })
    }

    fn keep(&self, lane: &str, kept: Option<Kept>) {
        if let Some(lane) = lock(&self.lanes).get_mut(lane) {
            lane.kept = kept;
        }
    }
}

impl FaultRule {
    fn fits(&self, lane: &str, step: u32, tries: u32, requests: u32) -> bool {
        self.lane.as_deref().is_none_or(|named| named == lane)
            && self.step.has(step)
            && self.attempt.has(tries)
            && self.request.has(requests)
            && self.every.is_none_or(|every| requests.is_multiple_of(every))
    }
}

impl Kept {
    fn reply<'a>(self) -> Reply<'a> {
        match self {
            Self::Frames(frames) => Reply::Stream(Box::new(frames.into_iter().map(Ok))),
            Self::Body(body, total_us) => Reply::Body { body, total_us },
        }
    }
}

impl Model for Faulty<'_> {
    fn blocks(&self) -> bool {
        self.inner.blocks() || self.options.rest.is_some()
    }

    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        let mut turn = self.turn(call);
        let Some(number) = turn.rule else { return self.below(call, &mut turn) };
        let rule = &self.options.profile.rules[number];
        let teller = Teller {
            log: self.log.clone(),
            lanes: Arc::clone(&self.lanes),
            injected: Injected {
                lane: call.lane.to_owned(),
                step: call.step,
                attempt: turn.tries,
                rule: profile::label(number, &rule.fault),
                lost_us: 0,
            },
            rule: number,
        };
        if let Some(fault) = rule.fault.in_place(call) {
            if let Some(rest) = &self.options.rest {
                rest.rest(Duration::from_micros(rule.after_us));
            }
            teller.tell(rule.after_us);
            return Err(fault);
        }
        let reply = self.below(call, &mut turn)?;
        let how = damage::How {
            rule,
            protocol: call.protocol,
            one_answer: self.options.one_answer,
            rest: self.options.rest.clone(),
        };
        let (reply, kept) = damage::damage(reply, &how, teller);
        if kept.is_some() {
            self.keep(call.lane, kept);
        }
        reply
    }
}

#[cfg(test)]
mod tests;
