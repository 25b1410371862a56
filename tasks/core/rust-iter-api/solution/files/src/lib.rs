//! Which seats of a hall are taken.

mod iter;
mod set;

pub use iter::Iter;
pub use set::SeatSet;
