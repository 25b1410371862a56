//! Criterion benches of the hot paths; one file a bench under `benches/`.
