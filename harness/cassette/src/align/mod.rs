//! Two sessions side by side, action by action: what both did, what only one did, and the first place from which they
//! went different ways. Pure: works on what was read. Knows nothing of files, folders or reports.

mod comparison;
mod fork;
mod glimpse;
mod matching;
mod plain;
mod session;
mod sources;

pub use comparison::{
    Changed, Comparison, Extra, Fork, LedBy, Moved, SettingDifference, WhatChanged, compare,
};
pub use glimpse::Glimpse;
pub use plain::spelled;
pub use session::{Action, Did, Lane, Outcome, Output, Session};
