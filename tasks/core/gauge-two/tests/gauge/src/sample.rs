use std::collections::BTreeMap;
use std::time::Duration;

/// One measurement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub took: Duration,
}

impl Sample {
    pub fn new(name: impl Into<String>, took: Duration) -> Self {
        Self { name: name.into(), labels: BTreeMap::new(), took }
    }

    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }
}
