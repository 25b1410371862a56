//! Serving traces of block hashes: what a cache of whole blocks gives, without bound and with room for so many blocks.
//! Knows nothing of texts.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::figures::rate;

/// One request of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceRequest {
    /// Its blocks in order; equal numbers are equal prefixes.
    pub hash_ids: Vec<u64>,
    /// Tokens of its prompt.
    pub input: u64,
    /// Tokens of its answer.
    pub output: u64,
}

/// A trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Its id.
    pub id: String,
    /// Where it was read.
    pub source: String,
    /// Tokens of a block.
    pub block: u64,
    /// Its requests, in order.
    pub requests: Vec<TraceRequest>,
}

/// What a cache gives over a trace. A block is hit where it and all before it in its request are held; the first
/// miss ends a request's hits. Held blocks are refreshed by every request, the least recently used goes first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TraceHits {
    /// Blocks that fit; nothing: all.
    pub capacity_blocks: Option<u64>,
    /// Hit blocks by all blocks, the last of a request counting as one however full it is.
    pub of_blocks: Option<f64>,
    /// Hit tokens (a block's worth each, at most the prompt) by tokens of all prompts.
    pub of_tokens: Option<f64>,
    /// Hit blocks by full blocks: tokens of each prompt by the block's size, rounded down.
    pub of_full_blocks: Option<f64>,
    /// The mean over requests of hit tokens by the prompt's.
    pub per_request: Option<f64>,
    /// Hit tokens.
    pub hit_tokens: u64,
    /// Tokens of all prompts.
    pub input_tokens: u64,
}

impl Trace {
    /// Simulates a cache with room for so many blocks.
    pub fn hits(&self, capacity: Option<u64>) -> TraceHits {
        let mut held = Held::new(capacity);
        let (mut hit_blocks, mut blocks, mut full, mut hit_tokens, mut tokens, mut shares) =
            (0, 0, 0, 0, 0, 0.0);
        for request in &self.requests {
            let hits = request.hash_ids.iter().take_while(|id| held.has(**id)).count() as u64;
            let read = (hits * self.block).min(request.input);
            hit_blocks += hits;
            blocks += request.hash_ids.len() as u64;
            full += request.input / self.block.max(1);
            hit_tokens += read;
            tokens += request.input;
            if request.input > 0 {
                shares += read as f64 / request.input as f64;
            }
            for id in &request.hash_ids {
                held.use_block(*id);
            }
        }
        let requests = self.requests.len();
        TraceHits {
            capacity_blocks: capacity,
            of_blocks: rate(hit_blocks, blocks),
            of_tokens: rate(hit_tokens, tokens),
            of_full_blocks: rate(hit_blocks, full),
            per_request: (requests > 0).then(|| crate::figures::round(shares / requests as f64)),
            hit_tokens,
            input_tokens: tokens,
        }
    }
}

/// The blocks that are held.
struct Held {
    capacity: Option<u64>,
    clock: u64,
    stamps: HashMap<u64, u64>,
    order: BTreeMap<u64, u64>,
}

impl Held {
    fn new(capacity: Option<u64>) -> Self {
        Self { capacity, clock: 0, stamps: HashMap::new(), order: BTreeMap::new() }
    }

    fn has(&self, id: u64) -> bool {
        self.stamps.contains_key(&id)
    }

    fn use_block(&mut self, id: u64) {
        self.clock += 1;
        let before = self.stamps.insert(id, self.clock);
        let Some(capacity) = self.capacity else { return };
        if let Some(stamp) = before {
            self.order.remove(&stamp);
        }
        self.order.insert(self.clock, id);
        if self.stamps.len() as u64 > capacity
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.stamps.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace() -> Trace {
        let request = |ids: &[u64], input| TraceRequest { hash_ids: ids.to_vec(), input, output: 1 };
        let requests = vec![
            request(&[1, 2, 3], 25),
            request(&[1, 2, 4], 30),
            request(&[5, 2], 15),
            request(&[1, 2, 3], 25),
        ];
        Trace { id: "t".into(), source: "f".into(), block: 10, requests }
    }

    #[test]
    fn the_first_miss_ends_a_requests_hits_and_each_ratio_has_its_own_whole() {
        let hits = trace().hits(None);
        // 0 + 2 + 0 + 3 blocks of 3 + 3 + 2 + 3; 2 + 3 + 1 + 2 of them full.
        assert_eq!(hits.of_blocks, rate(5, 11));
        assert_eq!(hits.of_full_blocks, rate(5, 8));
        assert_eq!((hits.hit_tokens, hits.input_tokens), (20 + 25, 95));
        assert_eq!(hits.per_request, Some(crate::figures::round((20.0 / 30.0 + 1.0) / 4.0)));
    }

    #[test]
    fn what_does_not_fit_is_not_hit() {
        assert_eq!(trace().hits(Some(4)).hit_tokens, 20 + 20);
        assert_eq!(trace().hits(Some(1)).hit_tokens, 0);
        assert_eq!(trace().hits(Some(100)).hit_tokens, 45);
    }
}
