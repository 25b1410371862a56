//! A gateway as its clients see it.

#![expect(clippy::unwrap_used, reason = "helpers of tests, all of it")]

mod client;
mod fakes;
mod http;
mod lanes;
mod replay;
mod sdk;
