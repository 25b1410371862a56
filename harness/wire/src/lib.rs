//! What goes over the wire between an agent and a model: blocks, keys, items, stream events, usage, and the codecs
//! of the protocols. No I/O; knows nothing of cassettes, sandboxes or tasks.

mod alter;
mod answer;
mod authored;
mod block;
mod canonical;
mod chain;
pub mod chat;
mod compare;
mod difference;
mod fields;
mod frame;
mod item;
mod leaf;
mod mark;
pub mod messages;
mod pairing;
mod perturb;
mod protocol;
mod request;
pub mod responses;
mod short;
mod spelling;
pub mod sse;
mod usage;

pub use alter::Alter;
pub use answer::{Answer, Decoder, End};
pub use authored::{Authored, AuthoredCall};
pub use block::{Block, BlockKind, Prompt, Thread};
pub use canonical::{JsonError, PathStep, Rewrite, canonical, canonical_with, path_text};
pub use chain::{Capture, Chain, Exact, Normalise, Template, Tracker};
pub use compare::{Comparison, Side};
pub use difference::{Cause, Difference, difference, differences};
pub use fields::Fields;
pub use frame::Frame;
pub use item::{CallKind, Item};
pub use mark::{escaped, markable, marked, unmarked};
pub use pairing::{Pairs, Problem, ProblemKind, pairing};
pub use perturb::Perturb;
pub use protocol::Protocol;
pub use request::{Pieces, Request};
pub use short::short_diff;
pub use spelling::{Spelling, spelling};
pub use usage::Usage;
