//! Rows as a table.

use crate::summary::Row;

pub fn table(what: &str, rows: &[Row]) -> String {
    let mut text = format!("{what:<20}{:>6}{:>9}{:>9}\n", "count", "mean", "max");
    for row in rows {
        text.push_str(&format!("{:<20}{:>6}{:>9.3}{:>9.3}\n", row.name, row.count, row.mean, row.max));
    }
    text
}
