//! What answers a request: scripts, cassettes (later live backends), and layers around them. A model gives a stream
//! of frames; everything else is a layer or a caller. Knows nothing of tools, tasks or sandboxes.

mod played;
mod record;
mod script;
mod script_file;
mod tokens;

use wire::{Frame, Prompt};

pub use played::CassetteModel;
pub use record::{Recorder, SharedWriter};
pub use script::ScriptModel;
pub use script_file::{Script, ScriptCall, ScriptError, ScriptTurn, ScriptUsage};
pub use tokens::O200k;

/// One request to a model.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The conversation's lane.
    pub lane: &'a str,
    /// The step, from 1.
    pub step: u32,
    /// The client's try at it, from 1.
    pub attempt: u32,
    /// The whole conversation.
    pub prompt: &'a Prompt,
}

/// The frames of an answer, as they come.
pub type Stream<'a> = Box<dyn Iterator<Item = Result<Frame, ModelFault>> + Send + 'a>;

/// Answers requests.
pub trait Model: Send + Sync {
    /// Starts one answer.
    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Stream<'a>, ModelFault>;
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
    },
    /// The recording does not answer this request.
    #[error("step {}: {} at `{}`", miss.step, miss.difference.cause, miss.difference.path)]
    Diverged {
        /// What was due and how the request differs.
        miss: Box<cassette::Miss>,
    },
    /// The script has no turn for this request.
    #[error("the script has no turn left: {0}")]
    Exhausted(String),
    /// The harness could not keep the recording.
    #[error("the recording cannot be written: {0}")]
    Recording(String),
}

impl ModelFault {
    /// Whether another try may help: too many requests, overload, a fault on the server's side.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Status { status, .. } if *status == 408 || *status == 409 || *status == 429 || *status >= 500)
    }
}
