//! One access line: words of the form key=value in any order.

#[derive(Debug, PartialEq)]
pub struct Line<'t> {
    pub path: &'t str,
    pub host: &'t str,
    /// Seconds, whatever was written.
    pub took: f64,
}

/// Nothing when a field is missing or the time is no number.
pub fn line(text: &str) -> Option<Line<'_>> {
    let field = |key: &str| text.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    Some(Line { path: field("path")?, host: field("host")?, took: field("took")?.parse().ok()? })
}
