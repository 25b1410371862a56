//! What a gateway tells of what it does, as it happens. Knows nothing of who listens.

use std::sync::Arc;

use model::TransportFault;
use wire::{Problem, Protocol, Usage};

/// Is told what happens. Called from the threads that answer, several at once: it should return soon.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn event(&self, event: Event);
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _event: Event) {}
}

/// Where a request stands: no two requests of one gateway have the same position, but for those whose client went
/// away before the answer began.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The conversation: `main`, then `lane-2` and so on, in the order they came.
    pub lane: Arc<str>,
    /// The step in it, from 1.
    pub step: u32,
    /// The client's try at it, from 1.
    pub attempt: u32,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A request came and goes to the model.
    Asked {
        /// Where it stands.
        at: Position,
        /// What its client speaks.
        protocol: Protocol,
        /// The length of its body.
        bytes: usize,
        /// Whether its client wants a stream.
        streams: bool,
    },
    /// Its answer was handed over to its end.
    Answered {
        /// Where the request stands.
        at: Position,
        /// What its client speaks.
        protocol: Protocol,
        /// The HTTP status: always a good one.
        status: u16,
        /// From the whole request to the first frame, in microseconds; for a body, to its end.
        ttft_us: u64,
        /// From the whole request to the end of the answer, in microseconds.
        total_us: u64,
        /// Tokens, where the answer told.
        usage: Option<Usage>,
        /// The model that says it answered.
        served: String,
    },
    /// It was answered with an error, or its answer was cut.
    Failed {
        /// Where the request stands.
        at: Position,
        /// What its client speaks.
        protocol: Protocol,
        /// The HTTP status that the client saw, where it saw one.
        status: Option<u16>,
        /// In which way the connection failed, where it did.
        transport: Option<TransportFault>,
        /// Why.
        reason: String,
    },
    /// The client went away before the end of the answer.
    Abandoned {
        /// Where the request stands.
        at: Position,
    },
    /// The recording does not answer a request.
    Diverged {
        /// Where the request stands.
        at: Position,
        /// What was due and how the request differs.
        miss: Box<cassette::Miss>,
    },
    /// A request holds a tool call or a tool output that no provider would take. Told once for each.
    Problem {
        /// Where the request stands.
        at: Position,
        /// What is wrong.
        problem: Problem,
    },
    /// A request was refused before it came to a model: no JSON, too large, encoded.
    Refused {
        /// Its path.
        path: String,
        /// The status it got.
        status: u16,
        /// Why.
        reason: String,
    },
    /// Something beside the main calls was answered: models, a greeting, an estimate of tokens, an upgrade.
    Beside {
        /// The method.
        method: String,
        /// The path.
        path: String,
        /// The status it got.
        status: u16,
    },
    /// Nothing is served there.
    Unknown {
        /// The method.
        method: String,
        /// The path.
        path: String,
    },
}
