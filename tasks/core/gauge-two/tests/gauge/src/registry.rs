use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::Sample;

/// Nothing that we measure takes longer; it's a broken clock.
const LONGEST: Duration = Duration::from_secs(3600);

/// Why a sample wasn't taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    Name(String),
    TooLong(Duration),
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejected::Name(name) => write!(f, "{name:?} is no name of a measurement"),
            Rejected::TooLong(took) => write!(f, "{took:?} is too long"),
        }
    }
}

impl std::error::Error for Rejected {}

/// What is known of one set of labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    pub labels: BTreeMap<String, String>,
    pub count: u32,
    pub total: Duration,
    pub longest: Duration,
}

impl Series {
    /// Zero when there is nothing in it.
    pub fn mean(&self) -> Duration {
        self.total.checked_div(self.count).unwrap_or_default()
    }

    /// Adds another series to this one; the labels stay as they are.
    pub fn merge(&mut self, other: &Series) {
        self.count += other.count;
        self.total += other.total;
        self.longest = self.longest.max(other.longest);
    }
}

#[derive(Clone, Debug, Default)]
pub struct Registry {
    series: BTreeMap<String, BTreeMap<BTreeMap<String, String>, Series>>,
}

impl Registry {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn record(&mut self, sample: Sample) -> Result<(), Rejected> {
        if sample.name.is_empty() || !sample.name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return Err(Rejected::Name(sample.name));
        }
        if sample.took > LONGEST {
            return Err(Rejected::TooLong(sample.took));
        }
        let series = self.series.entry(sample.name).or_default().entry(sample.labels.clone()).or_default();
        series.merge(&Series { labels: BTreeMap::new(), count: 1, total: sample.took, longest: sample.took });
        series.labels = sample.labels;
        Ok(())
    }

    /// All series of a measurement, in the order of their labels.
    pub fn series(&self, name: &str) -> impl Iterator<Item = &Series> {
        self.series.get(name).into_iter().flat_map(|found| found.values())
    }
}
