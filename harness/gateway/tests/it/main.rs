//! A gateway as its clients see it.

mod client;
mod fakes;
mod http;
mod lanes;
mod replay;
mod sdk;
