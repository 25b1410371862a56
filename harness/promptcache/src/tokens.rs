//! The tokenizer behind recorded token counts, authored usage and predictions. Loaded only when something is recorded,
//! authored or analysed: a replay never needs it.

use cassette::CountTokens;

use crate::prepared::Tokenizer;

/// OpenAI's o200k_base, by the `bpe-openai` crate.
#[derive(Clone, Copy, Debug, Default)]
pub struct O200k;

impl CountTokens for O200k {
    fn name(&self) -> &str {
        "o200k_base"
    }

    fn count(&self, text: &str) -> u32 {
        u32::try_from(bpe_openai::o200k_base().count(text)).unwrap_or(u32::MAX)
    }
}

impl Tokenizer for O200k {
    fn name(&self) -> &str {
        "o200k_base"
    }

    fn count(&self, text: &str) -> u64 {
        bpe_openai::o200k_base().count(text) as u64
    }
}
