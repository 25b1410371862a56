//! Token counts of one model call in one accounting, whatever the vendor's own. Knows nothing of prices.

use serde::{Deserialize, Serialize};

/// Tokens of one call. `input_tokens` always includes cached and written ones (OpenAI's accounting; Anthropic's
/// disjoint counters are added up when they are decoded).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// All tokens of the prompt.
    pub input_tokens: u64,
    /// Those of them that were read from the provider's cache.
    pub cached_tokens: u64,
    /// Those of them that were written to it.
    pub cache_write_tokens: u64,
    /// All tokens of the answer.
    pub output_tokens: u64,
    /// Those of them that were reasoning.
    pub reasoning_tokens: u64,
}

impl Usage {
    /// Adds another call's tokens. What a model reports may be absurd: sums saturate.
    pub fn add(&mut self, other: Usage) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.cached_tokens = self.cached_tokens.saturating_add(other.cached_tokens);
        self.cache_write_tokens = self.cache_write_tokens.saturating_add(other.cache_write_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.reasoning_tokens = self.reasoning_tokens.saturating_add(other.reasoning_tokens);
    }

    /// Prompt and answer together.
    pub fn total(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}
