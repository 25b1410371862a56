//! Which seats of a hall are taken.

mod set;

pub use set::SeatSet;
