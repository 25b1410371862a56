//! What goes over the wire between an agent and a model: blocks, keys, items, stream events, usage, and the codecs
//! of the protocols. No I/O; knows nothing of cassettes, sandboxes or tasks.

mod usage;

pub use usage::Usage;
