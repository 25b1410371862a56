//! What goes over the wire between an agent and a model: blocks, keys, items, stream events, usage, and the codecs
//! of the protocols. No I/O; knows nothing of cassettes, sandboxes or tasks.

mod block;
mod canonical;
mod chain;
mod difference;
mod frame;
mod item;
pub mod responses;
mod usage;

pub use block::{Block, BlockKind, Prompt};
pub use canonical::{JsonError, PathStep, Rewrite, canonical, canonical_with, path_text};
pub use chain::{Capture, Chain, Exact, Normalise, Template, Tracker};
pub use difference::{Cause, Difference, difference};
pub use frame::Frame;
pub use item::Item;
pub use usage::Usage;
