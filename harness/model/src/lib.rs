//! What answers a request: scripts, cassettes, live backends, and layers around them. A model gives a stream
//! of frames; everything else is a layer or a caller. Knows nothing of tools, tasks or sandboxes.

pub mod conform;
mod fault;
mod file;
mod forked;
pub mod live;
mod meter;
mod pace;
mod perturbed;
mod played;
mod record;
mod retry;
mod script;
mod script_file;

use wire::{BlockKind, Frame, Prompt, Protocol};

pub use cassette::MAIN_LANE;
pub use fault::{Fault, FaultLog, FaultOptions, FaultProfile, FaultRule, Faulty, Injected, Place, Wrong};
pub use file::FileError;
pub use forked::Forked;
pub use meter::{Limits, Metered, PriceOf, Purse};
pub use pace::{Pace, Paced};
pub use perturbed::Perturbed;
pub use played::CassetteModel;
pub use promptcache::{O200k, Price, PriceError, PriceTable};
pub use record::{Recorder, SharedWriter};
pub use retry::{Backoff, FailedTry, Rest, Retry, Retrying, Sleep, TryObserver};
pub use script::ScriptModel;
pub use script_file::{Script, ScriptCall, ScriptError, ScriptTurn, ScriptUsage};

/// One request to a model.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What its client speaks.
    pub protocol: Protocol,
    /// The conversation's lane.
    pub lane: &'a str,
    /// The step, from 1.
    pub step: u32,
    /// The client's try at it, from 1.
    pub attempt: u32,
    /// The whole conversation.
    pub prompt: &'a Prompt,
    /// The request as its client sent it, byte for byte; nothing where the prompt is all there is.
    pub sent: Option<Sent<'a>>,
}

impl Call<'_> {
    /// Whether the client wants the answer as a stream. A prompt of our own always does.
    pub fn streams(&self) -> bool {
        let head = self.prompt.blocks().first().filter(|block| block.kind == BlockKind::Head);
        let head = head.and_then(|block| serde_json::from_str::<serde_json::Value>(&block.raw).ok());
        head.and_then(|head| head.get("stream")?.as_bool()).unwrap_or(self.sent.is_none())
    }
}

/// A request as it came over the wire.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// Path and query.
    pub path: &'a str,
    /// The headers that may be passed on, names in lower case.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: &'a str,
}

/// The frames of an answer, as they come.
pub type Stream<'a> = Box<dyn Iterator<Item = Result<Frame, ModelFault>> + Send + 'a>;

/// An answer.
pub enum Reply<'a> {
    /// As a stream.
    Stream(Stream<'a>),
    /// In one piece: JSON, and the time it took in microseconds.
    Body {
        /// The text.
        body: String,
        /// Time from the request to its end, in microseconds.
        total_us: u64,
    },
}

/// Answers requests.
pub trait Model: Send + Sync {
    /// Starts one answer.
    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault>;

    /// Whether an answer may wait for anything but this processor. Who says no may be asked on a thread that others
    /// need.
    fn blocks(&self) -> bool {
        true
    }
}

impl<M: Model + ?Sized> Model for &M {
    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        (**self).answer(call)
    }

    fn blocks(&self) -> bool {
        (**self).blocks()
    }
}

impl<M: Model + ?Sized> Model for std::sync::Arc<M> {
    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        (**self).answer(call)
    }

    fn blocks(&self) -> bool {
        (**self).blocks()
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ModelFault {
    /// The backend answered with an error status.
    #[error("status {status}: {body}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The body it sent.
        body: String,
        /// How long it asks to wait, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// No answer came, or it stopped.
    #[error("{kind}: {detail}")]
    Transport {
        /// In which way.
        kind: TransportFault,
        /// The system's word.
        detail: String,
    },
    /// The stream stopped within an event.
    #[error("{kind}: {} bytes of an event came", bytes.len())]
    Torn {
        /// In which way.
        kind: TransportFault,
        /// What came of the event.
        bytes: Box<[u8]>,
    },
    /// The recording does not answer this request.
    #[error("{}", miss.told())]
    Diverged {
        /// What was due and how the request differs.
        miss: Box<cassette::Miss>,
    },
    /// The script has no turn for this request.
    #[error("the script has no turn left: {0}")]
    Exhausted(String),
    /// The call could cost more than is left to spend: it was not made.
    #[error("the spend limit would be passed: {0}")]
    Spent(String),
    /// The harness could not keep the recording.
    #[error("the recording cannot be written: {0}")]
    Recording(String),
}

/// In which way a connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportFault {
    /// Nobody listens.
    #[error("connection refused")]
    Refused,
    /// It was broken off.
    #[error("connection reset")]
    Reset,
    /// The stream ended before the answer did.
    #[error("stream cut")]
    Cut,
    /// Nothing came for too long.
    #[error("stream idle")]
    Idle,
    /// The whole took too long.
    #[error("timed out")]
    TimedOut,
    /// An event of the stream is no event of its protocol.
    #[error("malformed event")]
    Malformed,
    /// A name, a certificate, a protocol.
    #[error("no connection")]
    Other,
}

impl ModelFault {
    /// An error status without a wish to wait.
    pub fn status(status: u16, body: impl Into<String>) -> Self {
        Self::Status { status, body: body.into(), retry_after_ms: None }
    }

    /// A stream that ended before its answer did.
    pub fn cut(detail: impl Into<String>) -> Self {
        Self::Transport { kind: TransportFault::Cut, detail: detail.into() }
    }

    /// An event that is none of its protocol.
    pub fn malformed(detail: impl std::fmt::Display) -> Self {
        Self::Transport { kind: TransportFault::Malformed, detail: detail.to_string() }
    }

    /// How long the server asks to wait, in milliseconds.
    pub fn asked_wait_ms(&self) -> Option<u64> {
        if let Self::Status { retry_after_ms, .. } = self { *retry_after_ms } else { None }
    }

    /// Whether another try may help: too many requests, overload, a fault on the server's side or on the way; of
    /// the other 4xx only the two that the vendors' own clients try again (a time-out and a conflict of locks).
    pub fn is_transient(&self) -> bool {
        if let Self::Transport { kind, .. } | Self::Torn { kind, .. } = self {
            return *kind != TransportFault::Other;
        }
        matches!(self, Self::Status { status, .. } if *status == 408 || *status == 409 || *status == 429 || *status >= 500)
    }
}
