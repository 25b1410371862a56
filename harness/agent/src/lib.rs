//! The agent: the native loop with its tools, policy and tape, and the reference agents. Turns an instruction into
//! actions in an environment, with answers from a model; knows nothing of suites on disk, runs or reports.

mod drift;
pub mod external;
mod native;
pub mod patch;
pub mod policy;
mod prompt;
mod reference;
mod tally;
mod tamper;
mod tape;
pub mod tools;

pub use native::{Brief, Means, Native, Patience, check_result};
pub use prompt::{PROJECT_DOCS, PromptSpec, honoured, opening, project_docs};
pub use reference::{oracle, patched};
pub use tally::{AgentEnd, AgentFault, Observer, Tally, diverged};
pub use tamper::Tamper;
pub use tape::{Played, Tape, ToolTime};

/// Name and version of the native agent, as recordings and journals state it.
pub const NATIVE: &str = concat!("native ", env!("CARGO_PKG_VERSION"));
