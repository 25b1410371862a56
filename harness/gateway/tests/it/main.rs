//! A gateway as its clients see it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail there and then")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod client;
mod conform;
mod fakes;
mod faults;
mod http;
mod lanes;
mod mutations;
mod replay;
mod sdk;
