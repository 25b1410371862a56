//! Collects times.

mod registry;
mod sample;

pub use registry::{Registry, Rejected, Series};
pub use sample::Sample;
