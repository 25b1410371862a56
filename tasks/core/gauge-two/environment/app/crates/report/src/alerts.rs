//! What is too slow.

use gauge::Registry;

use crate::summary;

pub fn alerts(registry: &Registry, slow: f64) -> String {
    let mut text = String::new();
    for row in summary::rows(registry, "path") {
        // The longest of the path itself, not of the row: rows are rounded.
        let longest = registry.max(&format!("path:{}", row.name)).unwrap_or(0.0);
        if row.mean > slow || longest > 4.0 * slow {
            text.push_str(&format!("slow: {}, {:.3} on average, {:.3} at most\n", row.name, row.mean, longest));
        }
    }
    text
}
