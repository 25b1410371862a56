//! What tokens cost, as dated data. Knows nothing of what was asked.

use std::collections::BTreeMap;

use serde::Deserialize;
use wire::Usage;

/// The prices that come with the program.
const BUILT_IN: &str = include_str!("../data/prices.toml");

/// USD per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Of the prompt, neither read from the cache nor written to it.
    pub input: f64,
    /// Of the prompt, read from the cache.
    pub cached: f64,
    /// Of the prompt, written to the cache for the shortest lifetime.
    pub cache_write: f64,
    /// Of the prompt, written to the cache for an hour; as `cache_write` where that is not sold apart.
    #[serde(default)]
    pub cache_write_1h: Option<f64>,
    /// Of the answer.
    pub output: f64,
}

/// Tokens that were written to the cache, by how long they live. Not a part of [`Usage`], which knows their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Those that live for an hour, of all that were written.
    pub hour: u64,
}

impl Price {
    /// What a call cost, in USD, everything being written for the shortest lifetime.
    pub fn cost(self, usage: Usage) -> f64 {
        self.cost_of(usage, Written::default())
    }

    /// What a call cost, in USD.
    pub fn cost_of(self, usage: Usage, written: Written) -> f64 {
        let plain =
            usage.input_tokens.saturating_sub(usage.cached_tokens).saturating_sub(usage.cache_write_tokens);
        let hour = written.hour.min(usage.cache_write_tokens);
        let million = |tokens: u64, price: f64| tokens as f64 * price / 1e6;
        million(plain, self.input)
            + million(usage.cached_tokens, self.cached)
            + million(usage.cache_write_tokens - hour, self.cache_write)
            + million(hour, self.write(true))
            + million(usage.output_tokens, self.output)
    }

    /// What a million tokens cost that are written, in USD.
    pub fn write(self, for_an_hour: bool) -> f64 {
        if for_an_hour { self.cache_write_1h.unwrap_or(self.cache_write) } else { self.cache_write }
    }

    /// What a call can cost at most: its whole prompt written to the cache, at the dearest.
    pub fn most(self, usage: Usage) -> f64 {
        let dearest = self.input.max(self.cache_write).max(self.write(true));
        Self { input: dearest, ..self }.cost(Usage { cached_tokens: 0, cache_write_tokens: 0, ..usage })
    }
}

/// A table that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the price table cannot be read: {0}")]
pub struct PriceError(String);

/// Prices by model.
#[derive(Clone, Debug, Default)]
pub struct PriceTable(Vec<Entry>);

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    model: String,
    input: f64,
    cached: f64,
    cache_write: f64,
    cache_write_1h: Option<f64>,
    output: f64,
    date: toml::value::Datetime,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    price: Vec<Entry>,
}

impl PriceTable {
    /// The table that comes with the program.
    pub fn built_in() -> Result<Self, PriceError> {
        let file: File = toml::from_str(BUILT_IN).map_err(|error| PriceError(error.to_string()))?;
        Ok(Self(file.price))
    }

    /// When the table's price of a model was looked up, as `YYYY-MM-DD`.
    pub fn date(&self, model: &str) -> Option<String> {
        let fitting = self.0.iter().filter(|entry| fits(&entry.model, model));
        fitting.max_by_key(|entry| entry.model.len()).map(|entry| entry.date.to_string())
    }

    /// The price of a model: the caller's own where a pattern fits, the longest first, else the table's.
    pub fn of(&self, model: &str, own: &BTreeMap<String, Price>) -> Option<Price> {
        let fitting = own.iter().filter(|(pattern, _)| fits(pattern, model));
        let own = fitting.max_by_key(|(pattern, _)| pattern.len()).map(|(_, price)| *price);
        let entry =
            || self.0.iter().filter(|entry| fits(&entry.model, model)).max_by_key(|entry| entry.model.len());
        own.or_else(|| {
            let Entry { input, cached, cache_write, cache_write_1h, output, .. } = *entry()?;
            Some(Price { input, cached, cache_write, cache_write_1h, output })
        })
    }
}

/// Whether a pattern means a model: its name, its name with a date behind it, or what begins as a pattern does that
/// ends in `*`. So a newer model is never taken for an older one whose name begins alike.
pub(crate) fn fits(pattern: &str, model: &str) -> bool {
    if let Some(start) = pattern.strip_suffix('*') {
        return model.starts_with(start);
    }
    let Some(rest) = model.strip_prefix(pattern) else { return false };
    let date = rest.strip_prefix('-').unwrap_or_default();
    rest.is_empty()
        || date.bytes().filter(u8::is_ascii_digit).count() == 8
            && date.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_the_price_of_its_own_name() {
        let table = PriceTable::built_in().unwrap();
        let none = BTreeMap::new();
        let input = |model: &str| table.of(model, &none).map(|price| price.input);
        assert_eq!(input("claude-opus-5"), Some(5.0));
        assert_eq!(input("claude-opus-5-20260724"), Some(5.0));
        assert_eq!(input("claude-opus-5-5"), Some(4.0));
        assert_eq!(input("claude-opus-5-9"), None);
        assert_eq!(input("somebody"), None);
        let price = Price { input: 1.0, cached: 0.5, cache_write: 1.0, cache_write_1h: None, output: 2.0 };
        let own = [("some*".to_owned(), price), ("*".to_owned(), Price { input: 9.0, ..price })].into();
        assert_eq!(table.of("somebody", &own), Some(price));
    }

    #[test]
    fn each_kind_of_token_has_its_price() {
        let price = Price { input: 5.0, cached: 0.5, cache_write: 6.25, cache_write_1h: None, output: 25.0 };
        let usage = Usage {
            input_tokens: 1_000_000,
            cached_tokens: 600_000,
            cache_write_tokens: 100_000,
            output_tokens: 10_000,
            ..Usage::default()
        };
        assert!((price.cost(usage) - (1.5 + 0.3 + 0.625 + 0.25)).abs() < 1e-9);
        assert!((price.most(usage) - (6.25 + 0.25)).abs() < 1e-9);
        let price = Price { cache_write_1h: Some(10.0), ..price };
        let half = price.cost_of(usage, Written { hour: 50_000 });
        assert!((half - (1.5 + 0.3 + 0.3125 + 0.5 + 0.25)).abs() < 1e-9, "{half}");
        assert!((price.most(usage) - (10.0 + 0.25)).abs() < 1e-9);
    }

    #[test]
    fn no_model_of_the_table_is_named_twice_and_no_read_costs_more_than_the_input() {
        let table = PriceTable::built_in().unwrap();
        let mut names: Vec<&str> = table.0.iter().map(|entry| entry.model.as_str()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        for entry in &table.0 {
            assert!(entry.cached <= entry.input && entry.input <= entry.cache_write, "{entry:?}");
            assert!(entry.cache_write_1h.is_none_or(|hour| hour >= entry.cache_write), "{entry:?}");
        }
    }
}
