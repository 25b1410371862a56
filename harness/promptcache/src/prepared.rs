//! What the analysis needs of each distinct block, computed once: its segments with their tokens; and of each distinct
//! head what of it belongs to the key of an entry. Knows nothing of the order of calls.

use std::collections::HashMap;

use base::{Digest, Hasher};
use serde_json::value::RawValue;
use wire::{BlockKind, Fields, Protocol};

use crate::profile::Profile;
use crate::segment::{Mark, compact, segments};
use crate::session::Session;

/// Counts the tokens of a text.
pub trait Tokenizer: Sync {
    /// Its name.
    fn name(&self) -> &str;
    /// Tokens of a text.
    fn count(&self, text: &str) -> u64;
    /// Tokens of a whole block, given what its recording says; nothing where its texts are to be counted.
    fn of_block(&self, _recorded: Option<u32>) -> Option<u64> {
        None
    }
}

/// Counts nothing: what the recording says of a block stands, shared out among its segments by their length. For
/// reports, which load no tokenizer.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsRecorded;

impl Tokenizer for AsRecorded {
    fn name(&self) -> &str {
        "as recorded"
    }

    /// Of a text that no recording counts: a token for four bytes.
    fn count(&self, text: &str) -> u64 {
        text.len().div_ceil(4) as u64
    }

    fn of_block(&self, recorded: Option<u32>) -> Option<u64> {
        recorded.map(u64::from)
    }
}

/// A segment without its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) digest: Digest,
    pub(crate) tokens: u64,
    pub(crate) bytes: u64,
    pub(crate) mark: Option<Mark>,
    pub(crate) ends_message: bool,
}

/// A session's blocks, ready to be simulated under any profile.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) pieces: Vec<Vec<Piece>>,
    /// Bytes of text that were tokenised.
    pub(crate) counted_bytes: u64,
    /// Tokens that they have.
    pub(crate) counted_tokens: u64,
}

impl Prepared {
    /// Splits and counts every distinct block of a session.
    pub fn of(session: &Session, tokenizer: &dyn Tokenizer) -> Self {
        let protocol = session.calls.first().map_or(Protocol::default(), |call| call.protocol);
        let mut counts: HashMap<Digest, u64> = HashMap::new();
        let mut prepared =
            Self { pieces: Vec::with_capacity(session.blocks.len()), counted_bytes: 0, counted_tokens: 0 };
        for (number, block) in session.blocks.iter().enumerate() {
            let mut pieces = Vec::new();
            let segments = segments(protocol, block);
            let all_bytes = segments.iter().map(|segment| segment.text.len() as u64).sum();
            let whole = tokenizer.of_block(session.counts.get(number).copied());
            let mut shares = whole.map(|tokens| Shares { tokens, all_bytes, bytes: 0, given: 0 });
            for segment in segments {
                let share = shares.as_mut().map(|shares| shares.next(segment.text.len() as u64));
                // A block that only lost its breakpoint is not counted again.
                let tokens = *counts.entry(segment.digest).or_insert_with(|| {
                    prepared.counted_bytes += segment.text.len() as u64;
                    let tokens = share.unwrap_or_else(|| tokenizer.count(&segment.text) + 1);
                    prepared.counted_tokens += tokens;
                    tokens
                });
                let (digest, bytes) = (segment.digest, segment.bytes as u64);
                pieces.push(Piece {
                    digest,
                    tokens,
                    bytes,
                    mark: segment.mark,
                    ends_message: segment.ends_message,
                });
            }
            prepared.pieces.push(pieces);
        }
        prepared
    }
}

/// The tokens of a block, shared out among its segments so that they add up.
struct Shares {
    tokens: u64,
    all_bytes: u64,
    bytes: u64,
    given: u64,
}

impl Shares {
    /// The share of the next segment, by its bytes.
    fn next(&mut self, bytes: u64) -> u64 {
        self.bytes += bytes;
        let whole = u128::from(self.tokens) * u128::from(self.bytes) / u128::from(self.all_bytes.max(1));
        let until = u64::try_from(whole).unwrap_or(self.tokens);
        until - std::mem::replace(&mut self.given, until)
    }
}

/// What a request's head says to a cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// Of all members that belong to every key.
    pub(crate) scope: Digest0,
    /// Of those that belong to the keys within the conversation.
    pub(crate) item_scope: Digest0,
    /// Every member of either, with its value.
    pub(crate) members: Vec<(String, String)>,
    /// A breakpoint that the request asks for without a place.
    pub(crate) automatic: Option<Mark>,
    /// Whether only breakpoints that the request sets are written.
    pub(crate) explicit_only: bool,
}

/// A digest that may be of nothing.
pub(crate) type Digest0 = Option<Digest>;

impl Profile {
    /// A digest over what of a request's head belongs to any of its cache keys: where it differs between two requests,
    /// the second finds less than the first has left.
    pub fn scope_of(&self, head: &str) -> Digest {
        let mut hasher = Hasher::new("cache scopes");
        for (path, value) in Head::of(head, self).members {
            hasher.field(path.as_bytes()).field(value.as_bytes());
        }
        hasher.finish()
    }
}

impl Head {
    pub(crate) fn of(raw: &str, profile: &Profile) -> Self {
        let Ok(fields) = Fields::parse(raw) else { return Self::default() };
        let mut members = Vec::new();
        let mut digest = |paths: &[String]| {
            let mut hasher = Hasher::new("cache scope");
            for path in paths {
                let value = at(&fields, path).unwrap_or_default();
                hasher.field(path.as_bytes()).field(value.as_bytes());
                members.push((path.clone(), value));
            }
            Some(hasher.finish())
        };
        let (scope, item_scope) = (digest(&profile.scope), digest(&profile.item_scope));
        let options = at(&fields, "prompt_cache_options.mode");
        Self {
            scope,
            item_scope,
            members,
            automatic: fields.get("cache_control").and_then(|raw| Mark::read(raw.get())),
            explicit_only: options.as_deref() == Some("\"explicit\""),
        }
    }
}

/// The value at a path of members, on one line; nothing where it is absent or null.
fn at(fields: &Fields<'_>, path: &str) -> Option<String> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let raw: &RawValue = fields.get(first)?;
    if rest.is_empty() {
        let mut text = String::new();
        compact(raw.get(), &mut text);
        return Some(text).filter(|text| text != "null");
    }
    at(&Fields::parse(raw.get()).ok()?, rest)
}

/// The head among the blocks that a request begins with.
pub(crate) fn head_of<'a>(session: &'a Session, blocks: &[u32]) -> &'a str {
    let first = blocks.first().and_then(|id| session.blocks.get(*id as usize));
    first.filter(|block| block.kind == BlockKind::Head).map_or("{}", |block| &block.raw)
}
