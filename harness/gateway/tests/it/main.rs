//! A gateway as its clients see it.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests, all of it")]

mod client;
mod fakes;
mod http;
mod lanes;
mod replay;
mod sdk;
