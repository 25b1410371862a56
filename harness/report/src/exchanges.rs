//! What went between agent and model in one trial, read from its kept exchanges or from the cassette that it replayed:
//! the outputs that the model was shown, and what each request added to the one before. Knows no layout.

use std::collections::{HashMap, HashSet};

use base::Digest;
use cassette::Cassette;
use journal::{Attempt, TrialDir};
use wire::{BlockKind, Item, Protocol};

/// The exchanges of one attempt.
pub struct Exchanges {
    cassette: Cassette,
    outputs: HashMap<Digest, u32>,
    requests: HashMap<(String, u32), Added>,
}

/// What a request holds beyond the earlier ones of its lane.
#[derive(Clone, Debug, Default)]
pub(crate) struct Added {
    /// Blocks that an earlier request held too.
    pub(crate) shared: u64,
    /// Their tokens.
    pub(crate) shared_tokens: u64,
    /// The others, by id, in the request's order.
    pub(crate) blocks: Vec<u32>,
}

/// One piece of a request, for people.
pub(crate) struct Piece<'a> {
    /// What it is.
    pub(crate) kind: BlockKind,
    /// Its tokens, by the recording's tokenizer.
    pub(crate) tokens: u32,
    /// Its JSON as it went over the wire.
    pub(crate) raw: &'a str,
    /// The entries of the conversation that it holds, where it is one.
    pub(crate) items: Vec<Item>,
}

impl Exchanges {
    /// Reads those of an attempt: of a replay the cassette it played, else what was kept beside the journal. Nothing
    /// where there are none, or where they are cut or unreadable: the journal's own previews stand for them.
    pub fn load(dir: &TrialDir, attempt: &Attempt) -> Option<Self> {
        let cassette = Cassette::load(&crate::session::exchanges(dir, attempt)).ok()?;
        Some(Self { outputs: outputs(&cassette), requests: requests(&cassette), cassette })
    }

    /// The text that the model was shown, by its digest.
    pub fn output(&self, digest: Digest) -> Option<String> {
        self.cassette.text(*self.outputs.get(&digest)?)
    }

    /// What the request of a step added in its lane.
    pub(crate) fn added(&self, lane: &str, step: u32) -> Option<&Added> {
        self.requests.get(&(lane.to_owned(), step))
    }

    /// A block, for people.
    pub(crate) fn piece(&self, block: u32) -> Option<Piece<'_>> {
        let stored = self.cassette.blocks.get(block as usize)?;
        let raw = &*stored.block.raw;
        let items = match stored.block.kind {
            BlockKind::Item => self.protocol().items(raw),
            _ => Vec::new(),
        };
        Some(Piece { kind: stored.block.kind, tokens: stored.tokens, raw, items })
    }

    fn protocol(&self) -> Protocol {
        self.cassette.header.protocol
    }
}

fn outputs(cassette: &Cassette) -> HashMap<Digest, u32> {
    let blocks = 0..u32::try_from(cassette.blocks.len()).unwrap_or(u32::MAX);
    blocks.filter_map(|block| Some((Digest::of(cassette.text(block)?.as_bytes()), block))).collect()
}

/// Walks the lanes once: only what changes from a request to the next is looked at, so that this grows with what was
/// said.
fn requests(cassette: &Cassette) -> HashMap<(String, u32), Added> {
    let tokens = |id: u32| cassette.blocks.get(id as usize).map_or(0, |block| u64::from(block.tokens));
    let mut lanes: HashMap<&str, Lane> = HashMap::new();
    let mut requests = HashMap::<(String, u32), Added>::new();
    for exchange in &cassette.exchanges {
        let lane = lanes.entry(&exchange.lane).or_default();
        let mut new = Vec::new();
        for gone in lane.blocks.drain((exchange.keep as usize).min(lane.blocks.len())..) {
            lane.tokens = lane.tokens.saturating_sub(tokens(gone));
        }
        for (place, id) in &exchange.replace {
            let Some(block) = lane.blocks.get_mut(*place as usize) else { continue };
            let before = tokens(std::mem::replace(block, *id));
            lane.tokens = lane.tokens.saturating_sub(before).saturating_add(tokens(*id));
            new.extend(lane.seen.insert(*id).then_some(*id));
        }
        for id in &exchange.add {
            lane.blocks.push(*id);
            lane.tokens = lane.tokens.saturating_add(tokens(*id));
            new.extend(lane.seen.insert(*id).then_some(*id));
        }
        let new_tokens = new.iter().fold(0_u64, |sum, id| sum.saturating_add(tokens(*id)));
        let added = Added {
            shared: (lane.blocks.len() as u64).saturating_sub(new.len() as u64),
            shared_tokens: lane.tokens.saturating_sub(new_tokens),
            blocks: new,
        };
        // A request that is tried again adds nothing: the first try shows what is new.
        requests.entry((exchange.lane.clone(), exchange.step)).or_insert(added);
    }
    requests
}

/// The last request of a lane, and every block that it ever held.
#[derive(Default)]
struct Lane {
    seen: HashSet<u32>,
    blocks: Vec<u32>,
    tokens: u64,
}
