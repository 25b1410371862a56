//! The schemas of the JSON that this program writes, as JSON Schema 2020-12. Knows nothing of how it is made; tests hold
//! them to what is written.

/// What `run --json` and `report --json` print.
pub const SUMMARY: &str = include_str!("../schema/summary.json");
/// `results.json`.
pub const RESULTS: &str = include_str!("../schema/results.json");
/// `drift.json`.
pub const DRIFT: &str = include_str!("../schema/drift.json");
