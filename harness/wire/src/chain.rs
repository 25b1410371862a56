//! The key of a request: a chain over its blocks, each normalised. One function makes it, for recording and for
//! matching. A block that was seen costs nothing again.

use std::collections::HashMap;
use std::sync::Arc;

use base::{Digest, Hasher};

use crate::mark::{has_marks, unmarked};
use crate::{Block, BlockKind, JsonError, Prompt, Thread, canonical};

/// The classes whose values are looked for wherever a rule says so, once they were seen in a place that names them:
/// a folder's path, the name that an agent makes of it, and a process that was named to be written to.
const FOLLOWED: [&str; 3] = ["path", "slug", "pid"];

/// The classes of what is measured or counted. That two such values are equal is chance, so they have no number.
const MEASURED: [&str; 2] = ["duration", "counter"];

/// A block with its volatile values taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Digest of the canonical text with placeholders.
    pub digest: Digest,
    /// The values that were taken out, in order; without those that only measure.
    pub captures: Vec<Capture>,
}

impl Template {
    /// The template of a block without volatile values, from the digest of its canonical text.
    fn plain(digest: Digest) -> Self {
        Self { digest, captures: Vec::new() }
    }

    /// The template of a canonical text with [marks](crate::marked).
    pub fn of(text: &str) -> Self {
        if !has_marks(text) {
            return Self::plain(Digest::of(text.as_bytes()));
        }
        let (plain, mut captures) = unmarked(text);
        captures.retain(|capture| !is_measured(capture));
        Self { digest: Digest::of(plain.as_bytes()), captures }
    }
}

/// A volatile value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Capture {
    /// The class that it fits, for example `uuid`.
    pub class: String,
    /// The value itself.
    pub value: String,
}

impl Capture {
    /// Whether the value keeps its meaning wherever it stands later in the conversation.
    pub fn is_followed(&self) -> bool {
        FOLLOWED.contains(&self.class.as_str())
    }
}

/// Whether a value only measures: that two such are equal is chance.
pub(crate) fn is_measured(capture: &Capture) -> bool {
    MEASURED.contains(&capture.class.as_str())
}

/// Decides what of a block is volatile.
pub trait Normalise: Send + Sync {
    /// The block's canonical text with its volatile values [marked](crate::marked). `known` are the followed values of
    /// the blocks before it.
    fn text(&self, kind: BlockKind, raw: &str, known: &[Capture]) -> Result<String, JsonError>;

    /// Whether every block's template is that of its canonical text as it is, whatever stands in it.
    fn is_exact(&self) -> bool {
        false
    }

    /// The block's template.
    fn normalise(&self, kind: BlockKind, raw: &str, known: &[Capture]) -> Result<Template, JsonError> {
        Ok(Template::of(&self.text(kind, raw, known)?))
    }
}

/// Nothing is volatile.
#[derive(Debug)]
pub struct Exact;

impl Normalise for Exact {
    fn text(&self, _kind: BlockKind, raw: &str, _known: &[Capture]) -> Result<String, JsonError> {
        canonical(raw)
    }

    fn is_exact(&self) -> bool {
        true
    }

    fn normalise(&self, _kind: BlockKind, raw: &str, _known: &[Capture]) -> Result<Template, JsonError> {
        Ok(Template::plain(Digest::of(canonical(raw)?.as_bytes())))
    }
}

/// The keys of every prefix of one conversation. Captures are numbered by first appearance, so that values may
/// change from run to run while "the same id twice" still means the same.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    links: Vec<Link>,
    captures: Vec<Capture>,
    numbers: HashMap<Capture, u32>,
    followed: Vec<Capture>,
}

#[derive(Clone, Debug)]
struct Link {
    key: Digest,
    captures: usize,
    followed: usize,
}

impl Chain {
    /// Appends a block.
    pub fn push(&mut self, kind: BlockKind, template: &Template) {
        let mut hasher = Hasher::new("chain");
        if let Some(last) = self.links.last() {
            hasher.field(last.key.as_bytes());
        }
        hasher.number(kind as u64).field(template.digest.as_bytes());
        for capture in &template.captures {
            let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
            let number = match self.numbers.get(capture) {
                Some(number) => *number,
                None => {
                    self.captures.push(capture.clone());
                    if capture.is_followed() {
                        self.followed.push(capture.clone());
                    }
                    self.numbers.insert(capture.clone(), next);
                    next
                }
            };
            hasher.number(u64::from(number));
        }
        let (captures, followed) = (self.captures.len(), self.followed.len());
        self.links.push(Link { key: hasher.finish(), captures, followed });
    }

    /// Appends a block, normalised in the light of those before it.
    pub fn add(&mut self, block: &Block, normalise: &dyn Normalise) -> Result<(), JsonError> {
        let template = normalise.normalise(block.kind, &block.raw, &self.followed)?;
        self.push(block.kind, &template);
        Ok(())
    }

    /// The paths and other values that are followed through the conversation, by first appearance.
    pub fn followed(&self) -> &[Capture] {
        &self.followed
    }

    /// Those of them that stood before block `length`.
    pub fn followed_before(&self, length: usize) -> &[Capture] {
        let known =
            length.checked_sub(1).and_then(|last| self.links.get(last)).map_or(0, |link| link.followed);
        &self.followed[..known]
    }

    /// Every distinct volatile value, by number.
    pub fn captures(&self) -> &[Capture] {
        &self.captures
    }

    /// The number of a volatile value that was captured.
    pub fn number(&self, capture: &Capture) -> Option<u32> {
        self.numbers.get(capture).copied()
    }

    /// Forgets everything from block `length` on.
    pub fn truncate(&mut self, length: usize) {
        self.links.truncate(length);
        let (kept, followed) = self.links.last().map_or((0, 0), |link| (link.captures, link.followed));
        self.followed.truncate(followed);
        for capture in self.captures.drain(kept..) {
            self.numbers.remove(&capture);
        }
    }

    /// Number of blocks.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether it has no block.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Key of the request that ends with the last block.
    pub fn key(&self) -> Option<Digest> {
        self.links.last().map(|link| link.key)
    }

    /// Key of the request's first `length` blocks.
    pub fn prefix(&self, length: usize) -> Option<Digest> {
        self.links.get(length.checked_sub(1)?).map(|link| link.key)
    }
}

/// Follows one prompt and knows its key at any time; each block is normalised once, also where others around it
/// change.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    chain: Chain,
    /// The conversation, where it follows a prompt.
    thread: Option<Thread>,
    generation: u32,
    seen: Vec<Seen>,
}

/// A block that was normalised.
#[derive(Clone, Debug)]
struct Seen {
    stamp: u32,
    /// The followed values that it was normalised with.
    known: Arc<[Capture]>,
    template: Template,
}

impl Tracker {
    /// The key of the whole prompt, at the price of the blocks that are new in it.
    pub fn key(&mut self, prompt: &Prompt, normalise: &dyn Normalise) -> Result<Digest, JsonError> {
        if self.thread.as_ref() != Some(prompt.thread()) {
            *self = Self { thread: Some(prompt.thread().clone()), ..Self::default() };
        }
        let stamps = prompt.stamps();
        let mut same = self.chain.len();
        if prompt.generation() != self.generation {
            same = self.seen.iter().zip(stamps).take_while(|(seen, stamp)| seen.stamp == **stamp).count();
            self.generation = prompt.generation();
        }
        // Others who follow this prompt ask for the same digests.
        let exact = normalise.is_exact();
        let make = |at: usize, known: &[Capture]| {
            let block = &prompt.blocks()[at];
            match exact {
                true => prompt.digest(at).map(Template::plain),
                false => normalise.normalise(block.kind, &block.raw, known),
            }
        };
        self.bring(same, stamps, |at| prompt.blocks()[at].kind, make)
    }

    /// The key of a request from the stamps of its blocks; equal stamps mean equal blocks. Its first `same` blocks are
    /// those of the request before. For whoever keeps requests otherwise than as prompts.
    pub fn follow<'b>(
        &mut self,
        same: usize,
        stamps: &[u32],
        block: impl Fn(usize) -> &'b Block,
        normalise: &dyn Normalise,
    ) -> Result<Digest, JsonError> {
        let make = |at: usize, known: &[Capture]| {
            let block = block(at);
            normalise.normalise(block.kind, &block.raw, known)
        };
        self.bring(same, stamps, |at| block(at).kind, make)
    }

    /// Brings the chain to a request whose templates `make` gives.
    fn bring(
        &mut self,
        same: usize,
        stamps: &[u32],
        kind: impl Fn(usize) -> BlockKind,
        make: impl Fn(usize, &[Capture]) -> Result<Template, JsonError>,
    ) -> Result<Digest, JsonError> {
        self.chain.truncate(same);
        self.seen.truncate(stamps.len());
        for (at, stamp) in stamps.iter().enumerate().skip(self.chain.len()) {
            self.see(at, *stamp, |known| make(at, known))?;
            self.chain.push(kind(at), &self.seen[at].template);
        }
        Ok(self.chain.key().unwrap_or_else(|| Hasher::new("chain").finish()))
    }

    /// Makes sure that the template at a place is that of the block with this stamp.
    fn see(
        &mut self,
        at: usize,
        stamp: u32,
        make: impl FnOnce(&[Capture]) -> Result<Template, JsonError>,
    ) -> Result<(), JsonError> {
        let known = self.chain.followed.as_slice();
        if self.seen.get(at).is_some_and(|seen| seen.stamp == stamp && *seen.known == *known) {
            return Ok(());
        }
        let template = make(known)?;
        let before = at.checked_sub(1).and_then(|before| self.seen.get(before)).map(|seen| &seen.known);
        let known = before.filter(|before| ***before == *known).map_or_else(|| known.into(), Arc::clone);
        let seen = Seen { stamp, known, template };
        match self.seen.get_mut(at) {
            Some(old) => *old = seen,
            None => self.seen.push(seen),
        }
        Ok(())
    }

    /// The keys of its prefixes.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The template of a block of the prompt that was followed last.
    pub(crate) fn template(&self, at: usize) -> Option<&Template> {
        self.seen.get(at).filter(|_| at < self.chain.len()).map(|seen| &seen.template)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn template(text: &str, captures: &[&str]) -> Template {
        let capture = |value: &&str| Capture { class: "uuid".to_owned(), value: (*value).to_owned() };
        Template { digest: Digest::of(text.as_bytes()), captures: captures.iter().map(capture).collect() }
    }

    fn chain(blocks: &[(&str, &[&str])]) -> Chain {
        let mut chain = Chain::default();
        for (text, captures) in blocks {
            chain.push(BlockKind::Item, &template(text, captures));
        }
        chain
    }

    #[test]
    fn fresh_ids_keep_the_key_but_the_same_id_twice_still_means_the_same() {
        let recorded = chain(&[("call", &["x"]), ("output", &["x"])]);
        assert_eq!(recorded.key(), chain(&[("call", &["y"]), ("output", &["y"])]).key());
        assert_ne!(recorded.key(), chain(&[("call", &["y"]), ("output", &["z"])]).key());
    }

    #[test]
    fn key_order_is_no_difference_but_an_edited_value_is() {
        let key = |raw: &str| {
            let mut prompt = Prompt::default();
            prompt.push(Block::new(BlockKind::Item, raw));
            Tracker::default().key(&prompt, &Exact).unwrap()
        };
        assert_eq!(key(r#"{"a":1,"b":2}"#), key(r#"{ "b": 2, "a": 1 }"#));
        assert_ne!(key(r#"{"a":1,"b":2}"#), key(r#"{"a":1,"b":3}"#));
    }

    #[test]
    fn a_rewritten_history_is_followed_from_its_first_block() {
        let mut prompt = Prompt::default();
        let mut tracker = Tracker::default();
        prompt.push(Block::new(BlockKind::Item, "1"));
        prompt.push(Block::new(BlockKind::Item, "2"));
        tracker.key(&prompt, &Exact).unwrap();
        prompt.rewrite(1);
        prompt.push(Block::new(BlockKind::Item, "3"));
        let followed = tracker.key(&prompt, &Exact).unwrap();
        assert_eq!(followed, Tracker::default().key(&prompt, &Exact).unwrap());
    }

    #[test]
    fn another_prompt_is_another_conversation() {
        let prompt = |raw: &str| {
            let mut prompt = Prompt::default();
            prompt.push(Block::new(BlockKind::Item, raw));
            prompt
        };
        let (one, two) = (prompt("1"), prompt("2"));
        let mut tracker = Tracker::default();
        let key = tracker.key(&one, &Exact).unwrap();
        assert_ne!(key, tracker.key(&two, &Exact).unwrap());
        assert_eq!(key, tracker.key(&one.clone(), &Exact).unwrap());
    }

    /// Counts what it normalises.
    struct Counting(std::sync::atomic::AtomicUsize);

    impl Normalise for Counting {
        fn text(&self, kind: BlockKind, raw: &str, known: &[Capture]) -> Result<String, JsonError> {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Exact.text(kind, raw, known)
        }
    }

    #[test]
    fn a_replaced_block_has_another_digest_and_one_that_is_no_json_none() {
        let (mut prompt, mut tracker) = (Prompt::default(), Tracker::default());
        let pieces = |raw| [(BlockKind::Head, "{}"), (BlockKind::Item, raw)];
        prompt.follow(&pieces("1"));
        let first = tracker.key(&prompt, &Exact).unwrap();
        assert_eq!(prompt.digest(1).unwrap(), Digest::of(b"1"));
        prompt.follow(&pieces("2"));
        assert_eq!(prompt.digest(1).unwrap(), Digest::of(b"2"));
        assert_ne!(tracker.key(&prompt, &Exact).unwrap(), first);
        prompt.follow(&pieces("{"));
        assert!(prompt.digest(1).is_err() && prompt.digest(9).is_err());
    }

    #[test]
    fn a_new_head_costs_one_block_however_long_the_history() {
        let items: Vec<String> = (0..100).map(|n| format!("{{\"n\":{n}}}")).collect();
        let (mut prompt, mut tracker) = (Prompt::default(), Tracker::default());
        let counting = Counting(0.into());
        for step in 0..100 {
            let head = format!("{{\"step\":{step}}}");
            let mut pieces = vec![(BlockKind::Head, head.as_str())];
            pieces.extend(items[..step].iter().map(|raw| (BlockKind::Item, raw.as_str())));
            prompt.follow(&pieces);
            let mut afresh = Prompt::default();
            afresh.follow(&pieces);
            let key = tracker.key(&prompt, &counting).unwrap();
            assert_eq!(key, Tracker::default().key(&afresh, &Exact).unwrap());
        }
        assert_eq!(counting.0.into_inner(), 199);
    }

    proptest! {
        #[test]
        fn following_any_histories_equals_each_made_afresh(
            histories in prop::collection::vec(prop::collection::vec(0..4_u8, 0..8), 1..8),
        ) {
            let (mut prompt, mut tracker) = (Prompt::default(), Tracker::default());
            for history in histories {
                let texts: Vec<String> = history.iter().map(u8::to_string).collect();
                let pieces: Vec<_> = texts.iter().map(|text| (BlockKind::Item, text.as_str())).collect();
                prompt.follow(&pieces);
                let mut afresh = Prompt::default();
                afresh.follow(&pieces);
                prop_assert_eq!(prompt.blocks(), afresh.blocks());
                let key = tracker.key(&prompt, &Exact).unwrap();
                prop_assert_eq!(key, Tracker::default().key(&afresh, &Exact).unwrap());
            }
        }

        #[test]
        fn truncating_and_going_on_equals_a_chain_made_afresh(
            blocks in prop::collection::vec((0..3_u8, prop::collection::vec(0..3_u8, 0..3)), 1..12),
            cut in 0..12_usize,
        ) {
            let templates: Vec<Template> = blocks
                .iter()
                .map(|(text, captures)| {
                    let captures: Vec<String> = captures.iter().map(u8::to_string).collect();
                    template(&text.to_string(), &captures.iter().map(String::as_str).collect::<Vec<_>>())
                })
                .collect();
            let mut whole = Chain::default();
            templates.iter().for_each(|t| whole.push(BlockKind::Item, t));
            let mut again = whole.clone();
            let cut = cut.min(templates.len());
            again.truncate(cut);
            templates[cut..].iter().for_each(|t| again.push(BlockKind::Item, t));
            prop_assert_eq!(again.key(), whole.key());
            prop_assert_eq!(again.prefix(cut), whole.prefix(cut));
        }
    }
}
