//! Visible checks and what they find, feedback made of it, and the hidden verifier. Stands on an environment; knows
//! nothing of agents, models or how results are kept.

mod check;
mod feedback;
mod finding;
pub mod parsers;
mod scrub;
#[cfg(test)]
mod testing;
mod verify;

pub use check::run_checks;
pub use feedback::feedback;
pub use finding::{CheckResult, Ending, Finding, Output};
pub use verify::{Outcome, Verification, VerifierFault, VerifierPlan, verify};
