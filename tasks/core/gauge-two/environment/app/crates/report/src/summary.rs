//! Rows of one kind, the slowest first.

use gauge::Registry;

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub name: String,
    pub count: usize,
    pub mean: f64,
    pub max: f64,
}

pub fn rows(registry: &Registry, kind: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = registry
        .names()
        .filter_map(|full| {
            let name = full.strip_prefix(kind)?.strip_prefix(':')?;
            Some(Row {
                name: name.to_string(),
                count: registry.count(full),
                mean: registry.mean(full)?,
                max: registry.max(full)?,
            })
        })
        .collect();
    rows.sort_by(|a, b| b.mean.total_cmp(&a.mean).then_with(|| a.name.cmp(&b.name)));
    rows
}
