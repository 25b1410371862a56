//! Tests of the binary as its users meet it: real suites in temporary copies, real processes, real files.
//! A test that needs what this host lacks says `SKIPPED:` and returns; where `CI` is `true` it fails instead.

#![expect(clippy::unwrap_used, reason = "helpers of tests, all of it")]

mod ab;
mod ab_agents;
mod ab_core;
mod ab_llama;
mod ab_stops;
mod agents;
mod author;
mod cache;
mod cassettes;
mod check;
mod compare;
mod core;
mod diff;
mod drift;
mod failures;
mod faults;
mod full;
mod hosted;
mod place;
mod quality;
mod recordings;
mod regrade;
mod remake;
mod sdk;
mod steps;
mod stops;
mod terms;
mod time;
mod usage;
mod variants;
mod walls;
mod work;
