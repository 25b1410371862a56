//! A model behind HTTP, for agents that aren't ours: it takes requests of three protocols on loopback, tells the
//! conversations apart, asks the model and writes its frames as they come. Knows nothing of where answers come from.
//!
//! A server has one thread of its own for the network, and a bounded number of threads on which the model answers.
//! Nothing asynchronous crosses this crate's border.

mod answer;
mod beside;
mod connection;
mod event;
mod lanes;
mod pipe;
mod routes;
mod server;
mod timer;

pub use event::{Event, Observer, Position, Silent};
pub use server::{Gateway, GatewayError, Options, Summary};
