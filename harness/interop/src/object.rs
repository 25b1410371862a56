//! JSON objects read member by member, leniently: what is absent or of another type is nothing. Knows nothing of what
//! they mean.

use base::{Timestamp, micros};
use serde_json::value::RawValue;
use wire::{Fields, Usage};

/// An object.
pub(crate) struct Object<'a>(Fields<'a>);

impl<'a> Object<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        Fields::parse(text).ok().map(Self)
    }

    /// A value that isn't null, raw.
    pub(crate) fn raw(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).map(RawValue::get).filter(|raw| *raw != "null")
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    pub(crate) fn object(&self, key: &str) -> Option<Object<'a>> {
        Self::parse(self.raw(key)?)
    }

    pub(crate) fn text(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.raw(key)?).ok()
    }

    /// A number that may be written as a fraction; negative ones are nothing.
    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        let raw = self.raw(key)?;
        raw.parse().ok().or_else(|| {
            let value: f64 = raw.parse().ok()?;
            (value >= 0.0 && value.is_finite()).then_some(value as u64)
        })
    }

    pub(crate) fn float(&self, key: &str) -> Option<f64> {
        self.raw(key)?.parse().ok()
    }

    pub(crate) fn is_true(&self, key: &str) -> bool {
        self.raw(key) == Some("true")
    }

    /// The values of a list.
    pub(crate) fn list(&self, key: &str) -> Vec<&'a str> {
        let raw = self.raw(key).filter(|raw| raw.starts_with('['));
        let values: Option<Vec<&'a RawValue>> = raw.and_then(|raw| serde_json::from_str(raw).ok());
        values.unwrap_or_default().into_iter().map(RawValue::get).collect()
    }

    /// A moment: a text of RFC 3339, or a number of seconds, milliseconds or microseconds since the epoch.
    pub(crate) fn time_us(&self, key: &str) -> Option<i64> {
        let raw = self.raw(key)?;
        match raw.strip_prefix('"') {
            Some(_) => time_us(&self.text(key)?),
            None => {
                let value: f64 = raw.parse().ok()?;
                let scale = if value < 1e11 {
                    1e6
                } else if value < 1e14 {
                    1e3
                } else {
                    1.0
                };
                Some((value * scale) as i64)
            }
        }
    }
}

/// A moment in microseconds since the epoch.
pub(crate) fn time_us(text: &str) -> Option<i64> {
    let epoch = Timestamp::parse("1970-01-01T00:00:00Z")?;
    i64::try_from(micros(epoch.until(Timestamp::parse(text)?))).ok()
}

/// OpenAI's counters in the names of its agents and of its API: cached tokens are a part of the input.
pub(crate) fn openai_usage(usage: &Object<'_>) -> Usage {
    let input = usage.object("input_tokens_details");
    let output = usage.object("output_tokens_details");
    let of =
        |details: &Option<Object<'_>>, key: &str| details.as_ref().and_then(|details| details.number(key));
    let cached = usage.number("cached_input_tokens").or_else(|| of(&input, "cached_tokens"));
    let written = usage.number("cache_write_input_tokens").or_else(|| of(&input, "cache_write_tokens"));
    let reasoning = usage.number("reasoning_output_tokens").or_else(|| of(&output, "reasoning_tokens"));
    Usage {
        input_tokens: usage.number("input_tokens").unwrap_or_default(),
        cached_tokens: cached.unwrap_or_default(),
        cache_write_tokens: written.unwrap_or_default(),
        output_tokens: usage.number("output_tokens").unwrap_or_default(),
        reasoning_tokens: reasoning.unwrap_or_default(),
    }
}

/// Anthropic's counters, which are disjoint, added up; and how much of what was written lives for an hour.
pub(crate) fn anthropic_usage(usage: &Object<'_>) -> (Usage, u64) {
    let split = usage.object("cache_creation");
    let of = |key: &str| split.as_ref().and_then(|split| split.number(key)).unwrap_or_default();
    let (short, hour) = (of("ephemeral_5m_input_tokens"), of("ephemeral_1h_input_tokens"));
    let written = usage.number("cache_creation_input_tokens").unwrap_or_else(|| short.saturating_add(hour));
    let cached = usage.number("cache_read_input_tokens").unwrap_or_default();
    let plain = usage.number("input_tokens").unwrap_or_default();
    let details = usage.object("output_tokens_details");
    let sums = Usage {
        input_tokens: plain.saturating_add(cached).saturating_add(written),
        cached_tokens: cached,
        cache_write_tokens: written,
        output_tokens: usage.number("output_tokens").unwrap_or_default(),
        reasoning_tokens: details.and_then(|details| details.number("thinking_tokens")).unwrap_or_default(),
    };
    (sums, hour.min(written))
}
