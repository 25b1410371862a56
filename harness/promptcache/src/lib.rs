//! What a provider's prompt cache does for the requests that were really sent, and what tokens cost. No I/O: knows
//! raw requests, not where they come from.

mod price;
mod tokens;

pub use price::{Price, PriceError, PriceTable, Written};
pub use tokens::O200k;
