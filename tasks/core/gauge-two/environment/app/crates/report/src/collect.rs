//! From access lines to a registry.

use gauge::Registry;

use crate::parse;

/// The registry, and how many lines were skipped.
pub fn collect(input: &str) -> (Registry, usize) {
    let mut registry = Registry::new();
    let mut skipped = 0;
    for text in input.lines() {
        match parse::line(text) {
            // gauge makes nonsense fit by itself
            Some(line) => {
                registry.record(&format!("path:{}", line.path), line.took);
                registry.record(&format!("host:{}", line.host), line.took);
            }
            None => skipped += 1,
        }
    }
    (registry, skipped)
}
