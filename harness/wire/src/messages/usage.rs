//! Anthropic's token counters: disjoint, told piece by piece, and added up here. Knows nothing of prices.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fields::member;
use crate::{Fields, Usage};

/// What a message's events told so far.
#[derive(Debug, Default)]
pub(crate) struct Counters(Vec<(String, String)>);

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawUsage {
    input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_creation: Option<Creation>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
    iterations: Option<Vec<Iteration>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Creation {
    ephemeral_5m_input_tokens: Option<u64>,
    ephemeral_1h_input_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OutputDetails {
    thinking_tokens: Option<u64>,
}

/// One pass of the model within the call. The counters of the whole call leave a compaction out.
#[derive(Deserialize)]
struct Iteration {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(flatten)]
    usage: Pass,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Pass {
    input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

impl Counters {
    /// Takes what an event tells: later counters replace earlier ones of the same name.
    pub(crate) fn merge(&mut self, raw: &RawValue) {
        for (key, value) in Fields::parse(raw.get()).unwrap_or_default().iter() {
            match self.0.iter_mut().find(|(name, _)| name == key) {
                Some(_) if value.get() == "null" => {}
                Some((_, kept)) => value.get().clone_into(kept),
                None => self.0.push((key.to_owned(), value.get().to_owned())),
            }
        }
    }

    /// All counters, as the vendor names them.
    pub(crate) fn raw(&self) -> String {
        let mut out = String::from("{");
        let mut first = true;
        for (key, value) in &self.0 {
            member(&mut out, &mut first, key);
            out.push_str(value);
        }
        out.push('}');
        out
    }

    /// The tokens of the whole call.
    pub(crate) fn usage(&self) -> Option<Usage> {
        let raw: RawUsage = serde_json::from_str(&self.raw()).ok()?;
        let written = raw.cache_creation_input_tokens.unwrap_or_else(|| {
            let split = raw.cache_creation.unwrap_or_default();
            let (short, long) = (split.ephemeral_5m_input_tokens, split.ephemeral_1h_input_tokens);
            short.unwrap_or_default().saturating_add(long.unwrap_or_default())
        });
        let mut usage = sum(raw.input_tokens, raw.cache_read_input_tokens, Some(written), raw.output_tokens);
        usage.reasoning_tokens =
            raw.output_tokens_details.and_then(|details| details.thinking_tokens).unwrap_or_default();
        for Iteration { kind, usage: pass } in raw.iterations.unwrap_or_default() {
            if kind == "compaction" {
                let (read, written) = (pass.cache_read_input_tokens, pass.cache_creation_input_tokens);
                usage.add(sum(pass.input_tokens, read, written, pass.output_tokens));
            }
        }
        Some(usage)
    }
}

fn sum(fresh: Option<u64>, read: Option<u64>, written: Option<u64>, output: Option<u64>) -> Usage {
    let (read, written) = (read.unwrap_or_default(), written.unwrap_or_default());
    Usage {
        input_tokens: fresh.unwrap_or_default().saturating_add(read).saturating_add(written),
        cached_tokens: read,
        cache_write_tokens: written,
        output_tokens: output.unwrap_or_default(),
        reasoning_tokens: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(texts: &[&str]) -> Usage {
        let mut counters = Counters::default();
        for text in texts {
            counters.merge(&RawValue::from_string((*text).to_owned()).unwrap());
        }
        counters.usage().unwrap()
    }

    #[test]
    fn disjoint_counters_are_added_up_and_the_last_of_a_name_counts() {
        let first = r#"{"input_tokens":5,"cache_read_input_tokens":100,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":3},"output_tokens":1}"#;
        let last = r#"{"input_tokens":null,"output_tokens":40}"#;
        let expected = Usage {
            input_tokens: 128,
            cached_tokens: 100,
            cache_write_tokens: 23,
            output_tokens: 40,
            reasoning_tokens: 0,
        };
        assert_eq!(usage(&[first, last]), expected);
    }

    #[test]
    fn a_compaction_within_the_call_is_counted_with_it() {
        let raw = r#"{"input_tokens":612,"output_tokens":2819,"iterations":[
            {"type":"compaction","input_tokens":60385,"output_tokens":522,"cache_creation":{}},
            {"type":"message","input_tokens":612,"output_tokens":2819}]}"#;
        let found = usage(&[raw]);
        assert_eq!((found.input_tokens, found.output_tokens), (60_997, 3341));
    }
}
