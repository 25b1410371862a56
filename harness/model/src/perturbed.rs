//! A layer that breaks the prompt cache of the model below it, on purpose and one way a step: to show what such a client
//! costs. Only a variant that names the ways has it. Knows nothing of what an agent makes of the answers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use wire::{Block, Perturb, Prompt};

use crate::{Call, Model, ModelFault, Reply};

/// Sends each request as a careless client would: from the second step on, every step breaks the prefix in the next of
/// the named ways, and what was changed before stays changed.
pub struct Perturbed<'m> {
    inner: Box<dyn Model + 'm>,
    ways: Vec<Perturb>,
    /// What was sent last, by lane.
    sent: Mutex<HashMap<String, Prompt>>,
}

impl<'m> Perturbed<'m> {
    /// A layer over `inner`.
    pub fn new(inner: impl Model + 'm, ways: &[Perturb]) -> Self {
        Self { inner: Box::new(inner), ways: ways.to_vec(), sent: Mutex::default() }
    }

    /// The request of a step.
    fn changed(&self, blocks: &[Block], step: u32) -> Vec<Block> {
        let mut blocks = blocks.to_vec();
        let ways = u32::try_from(self.ways.len()).unwrap_or(u32::MAX);
        let breaks = step.saturating_sub(1);
        for (place, way) in (0..).zip(&self.ways) {
            way.apply(&mut blocks, breaks.saturating_sub(place).div_ceil(ways));
        }
        blocks
    }
}

impl Model for Perturbed<'_> {
    fn blocks(&self) -> bool {
        self.inner.blocks()
    }

    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        let blocks = self.changed(call.prompt.blocks(), call.step);
        let pieces: Vec<_> = blocks.iter().map(|block| (block.kind, &*block.raw)).collect();
        let prompt = {
            let mut lanes = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            let prompt = lanes.entry(call.lane.to_owned()).or_default();
            prompt.follow(&pieces);
            prompt.clone()
        };
        self.inner.answer(&Call { prompt: &prompt, ..*call })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_but_the_first_is_broken_in_the_next_way_and_stays_so() {
        struct Nobody;
        impl Model for Nobody {
            fn answer<'a>(&'a self, _: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
                Err(ModelFault::Exhausted(String::new()))
            }
        }
        let head = r#"{"model":"m","parallel_tool_calls":true,"prompt_cache_key":"t"}"#;
        let blocks = [
            Block::new(wire::BlockKind::Head, head),
            Block::new(wire::BlockKind::Instructions, r#""Work.""#),
        ];
        let layer = Perturbed::new(Nobody, &[Perturb::Clock, Perturb::Key]);
        let step = |step| {
            let changed = layer.changed(&blocks, step);
            let (key, text) = (&changed[0].raw, &changed[1].raw);
            let number = |text: &str, mark: &str| {
                text.split(mark).nth(1).and_then(|rest| rest[..2].trim_end_matches(['"', 'Z']).parse().ok())
            };
            (number(text, "T09:00:").unwrap_or(0), number(key, "t#").unwrap_or(1))
        };
        assert_eq!([1, 2, 3, 4, 5].map(step), [(0, 1), (1, 1), (1, 2), (2, 2), (2, 3)]);
    }
}
