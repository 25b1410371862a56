//! One event of an answer's stream, as it went over the wire, with the time since the one before. Knows nothing of
//! what it says.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One server-sent event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Frame {
    /// Time since the frame before, or since the request was sent, in microseconds.
    pub gap_us: u64,
    /// The event's name, where it is not the `type` of its data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Its data: JSON, byte for byte.
    pub data: Box<RawValue>,
}

impl Frame {
    /// Length of the data in bytes.
    pub fn bytes(&self) -> usize {
        self.data.get().len()
    }
}
