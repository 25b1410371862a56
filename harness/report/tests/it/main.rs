//! The reports of a small run that is written through the journal's own writer.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail there and then")]

mod cache;
mod compare;
mod comparison;
mod files;
mod hostile;
mod html;
mod kept;
mod peers;
mod people;
mod questions;
mod sample;
mod schema;
mod simulated;
mod whole;
