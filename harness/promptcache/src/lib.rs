//! What a provider's prompt cache does for the requests that were really sent: it predicts, reconciles with what was
//! reported, explains each break and prices it. No I/O: knows raw requests, not where they come from.

mod analysis;
mod breaks;
mod figures;
mod lint;
mod prepared;
mod price;
mod profile;
mod recorded;
mod segment;
mod session;
mod simulate;
mod store;
mod tokens;
mod trace;
mod whatif;

pub use analysis::{CallReport, Rules, SessionReport, analyse, analyse_all};
pub use breaks::{Break, BreakCause};
pub use figures::{Costs, Figures, Part};
pub use lint::{Level, LintFinding, Linter};
pub use prepared::{AsRecorded, Prepared, Tokenizer};
pub use price::{Price, PriceError, PriceTable, Written};
pub use profile::{Profile, Profiles, Rule};
pub use recorded::{trigger_of, written_of};
pub use session::{Accounting, Call, Sent, Session, SessionBuilder, Trigger};
pub use simulate::Predicted;
pub use tokens::O200k;
pub use trace::{Trace, TraceHits, TraceRequest};
pub use whatif::{Change, WhatIf, changes, what_if, what_ifs};
