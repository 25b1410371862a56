//! Reports as functions of journals: figures, digests, files and text for people. Nothing here runs, re-runs or
//! prints anything.

pub mod ab;
pub mod cache;
pub mod compare;
mod comparison;
mod data;
mod digest;
mod error;
mod exchanges;
mod export;
mod faults;
mod figures;
pub mod gate;
mod highlights;
pub mod history;
mod quality;
mod regraded;
pub mod schema;
pub mod score;
mod session;
mod summary;
mod terminal;
mod text;
mod transcript;

pub use comparison::{ComparedSide, ComparisonReport, comparison};
pub use data::{Cost, Finish, Prices, RunData, TrialData, TrialState};
pub use digest::{Digests, TaskDigest};
pub use error::ReportError;
pub use exchanges::Exchanges;
pub use export::{
    Format, comparison_html, drift_json, junit_xml, results_csv, results_json, summary_md, timings_csv,
    trials_csv, write, write_html,
};
pub use regraded::{NewVerdict, REGRADED, Regrades};
pub use score::Scores;
pub use session::{TrialSession, exchanges, find_forks};
pub use summary::RunSummary;
pub use terminal::{TerminalOptions, terminal};
pub use text::inert;
pub use transcript::transcript;
