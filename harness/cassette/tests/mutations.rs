//! Changes at every place of recorded requests: each is told, with the block that it is in, or lies in a span that a
//! named rule covers and still fits its class; what is only spelt differently is told as such. Prints what was found.
//! As in a replay, only the blocks that are new cost anything. `RETAKE_MUTATIONS` is how many are made of each agent's.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail there and then")]

mod shapes;

use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use cassette::{Cassette, Covered, Profile};
use shapes::Run;
use wire::{
    Block, BlockKind, Chain, Comparison, Exact, Normalise, Prompt, Protocol, Side, Tracker, canonical,
    difference, spelling,
};

/// Mutations of each agent's requests, unless said otherwise.
const MUTATIONS: usize = if cfg!(debug_assertions) { 1_000 } else { 10_000 };

/// Small, the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// A request's body, and where each of its blocks stands in it.
struct Body {
    text: String,
    blocks: Vec<Block>,
    spans: Vec<Range<usize>>,
    recorded: Followed,
    now: Followed,
}

/// A request, and its key with and without what is volatile.
#[derive(Default)]
struct Followed {
    prompt: Prompt,
    tracker: Tracker,
    exact: Tracker,
}

impl Followed {
    /// The keys of a request; nothing where it is none.
    fn keys(&mut self, pieces: &[(BlockKind, &str)], profile: &Profile) -> Option<[base::Digest; 2]> {
        self.prompt.follow(pieces);
        let key = self.tracker.key(&self.prompt, profile).ok()?;
        Some([key, self.exact.key(&self.prompt, &Exact).ok()?])
    }

    fn side(&self) -> Side<'_> {
        Side { prompt: &self.prompt, tracker: &self.tracker }
    }
}

fn pieces(blocks: &[Block]) -> Vec<(BlockKind, &str)> {
    blocks.iter().map(|block| (block.kind, &*block.raw)).collect()
}

impl Body {
    fn new(protocol: Protocol, blocks: Vec<Block>) -> Self {
        let text = protocol.join(&blocks);
        let mut from = 0;
        let mut spans = Vec::new();
        for block in &blocks {
            // The head's members stand first, without its braces.
            let raw =
                if block.kind == BlockKind::Head { &block.raw[1..block.raw.len() - 1] } else { &*block.raw };
            let at = from + text[from..].find(raw).unwrap();
            from = at + raw.len();
            spans.push(at..from);
        }
        Self { text, blocks, spans, recorded: Followed::default(), now: Followed::default() }
    }

    fn block_at(&self, at: usize) -> Option<usize> {
        self.spans.iter().position(|span| span.contains(&at))
    }
}

/// The requests that an agent's recordings hold.
struct Agent {
    name: &'static str,
    profile: Profile,
    bodies: Vec<Body>,
}

fn tasks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tasks/core/cassettes")
}

/// The last request of each committed cassette of a profile: it holds those before it.
fn recorded(profile: &str) -> Vec<(Protocol, Vec<Block>)> {
    let sets = std::fs::read_dir(tasks()).unwrap().map(|set| set.unwrap().path());
    let mut paths: Vec<PathBuf> =
        sets.flat_map(|set| std::fs::read_dir(set).unwrap().map(|file| file.unwrap().path())).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "jsonl"));
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let Ok(cassette) = Cassette::load(&path) else { continue };
        if cassette.header.profile == profile && !cassette.exchanges.is_empty() {
            let last = cassette.exchanges.len() - 1;
            let protocol = cassette.exchanges[last].protocol.unwrap_or(cassette.header.protocol);
            found.push((protocol, cassette.request(last)));
        }
    }
    found
}

fn agents() -> Vec<Agent> {
    let of = |name: &'static str, protocol: Protocol, made: &[serde_json::Value]| {
        let profile = Profile::built_in(name).unwrap().speaking(protocol);
        let mut bodies: Vec<Body> =
            made.iter().map(|body| Body::new(protocol, protocol.split(&body.to_string()).unwrap())).collect();
        bodies.extend(recorded(name).into_iter().map(|(protocol, blocks)| Body::new(protocol, blocks)));
        Agent { name, profile, bodies }
    };
    vec![
        of("native", Protocol::Responses, &[]),
        of("codex", Protocol::Responses, &[Run::first(), Run::second()].map(|run| shapes::codex(&run))),
        of("claude-code", Protocol::Messages, &[Run::first(), Run::second()].map(|run| shapes::claude(&run))),
    ]
}

fn key(blocks: &[Block], normalise: &dyn Normalise) -> Option<base::Digest> {
    let mut chain = Chain::default();
    blocks.iter().try_for_each(|block| chain.add(block, normalise)).ok()?;
    chain.key()
}

/// The text with one character replaced, left out or put in before another.
fn mutated(text: &str, at: usize, random: &mut Random) -> String {
    const OTHERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCXYZ0123456789 _-./\\\"{}[],:\n";
    let c = text[at..].chars().next().unwrap();
    let other = OTHERS[random.below(OTHERS.len())] as char;
    let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
    match random.below(4) {
        0 => format!("{before}{after}"),
        1 => format!("{before}{other}{c}{after}"),
        _ if other == c => format!("{before}~{after}"),
        _ => format!("{before}{other}{after}"),
    }
}

#[derive(Debug, Default)]
struct Table {
    no_request: usize,
    told: usize,
    right_block: usize,
    between: usize,
    covered: usize,
    spelt: usize,
    same: usize,
}

/// What a mutation comes to.
fn judge(name: &str, profile: &Profile, body: &mut Body, at: usize, text: &str, table: &mut Table) {
    let protocol = profile.protocol();
    let split = protocol.split(text).ok();
    let Some([key, exact]) = split.and_then(|blocks| body.now.keys(&pieces(&blocks), profile)) else {
        table.no_request += 1;
        return;
    };
    let recorded = body.recorded.keys(&pieces(&body.blocks), profile).unwrap();
    if key != recorded[0] {
        let mut comparison = Comparison::default();
        let found = comparison.follow(protocol, body.recorded.side(), body.now.side(), profile).first();
        let found = found.unwrap_or_else(|| panic!("another key and no difference: {text}"));
        table.told += 1;
        match body.block_at(at) {
            None => table.between += 1,
            Some(block) if block == found.block => table.right_block += 1,
            Some(_) => {}
        }
        return;
    }
    let blocks = body.now.prompt.blocks();
    let spelt = body.blocks.iter().zip(blocks).find_map(|(old, new)| spelling(&old.raw, &new.raw));
    if exact == recorded[1] {
        // White space between blocks is in none of them.
        table.spelt += usize::from(spelt.is_some());
        table.same += usize::from(spelt.is_none());
        return;
    }
    let values = |blocks: &[Block]| -> Vec<Covered> { profile.covered(blocks).unwrap() };
    let (old, new) = (values(&body.blocks), values(blocks));
    let differs = old.iter().zip(&new).any(|(old, new)| {
        (old.rule, old.block, &old.path) == (new.rule, new.block, &new.path) && old.value != new.value
    });
    // A member that is left out whole, or a mark for the cache.
    assert!(
        differs || spelt.is_some() || old.len() != new.len(),
        "{name}: not told and covered by no rule:\n{text}"
    );
    table.covered += 1;
}

fn mutations() -> usize {
    let said = std::env::var("RETAKE_MUTATIONS").ok();
    said.map_or(MUTATIONS, |said| said.parse().unwrap_or_else(|_| panic!("RETAKE_MUTATIONS: {said:?}")))
}

#[test]
fn a_change_anywhere_in_a_request_is_told_or_lies_in_a_span_of_a_named_rule() {
    let mut out = String::from(
        "\nagent        mutations  bytes     told  no request  right block  spelt  covered  covered bytes\n",
    );
    let mutations = mutations();
    for Agent { name, profile, mut bodies } in agents() {
        let mut random = Random(20_261_125);
        let total: usize = bodies.iter().map(|body| body.text.len()).sum();
        let mut table = Table::default();
        for _ in 0..mutations {
            let mut at = random.below(total);
            let body = bodies.iter_mut().find(|body| {
                let here = at < body.text.len();
                at -= if here { 0 } else { body.text.len() };
                here
            });
            let body = body.unwrap();
            while !body.text.is_char_boundary(at) {
                at -= 1;
            }
            let text = mutated(&body.text, at, &mut random);
            judge(name, &profile, body, at, &text, &mut table);
        }
        let covered = bodies.iter().flat_map(|body| profile.covered(&body.blocks).unwrap());
        let bytes: usize = covered.map(|covered| covered.value.len()).sum();
        let right = table.right_block as f64 / (table.told - table.between).max(1) as f64;
        out += &format!(
            "{:12} {:9}  {:8}  {:4}  {:10}  {:9.2} %  {:5}  {:7}  {:11.3} %\n",
            name,
            mutations,
            total,
            table.told,
            table.no_request,
            right * 100.0,
            table.spelt + table.same,
            table.covered,
            bytes as f64 / total as f64 * 100.0
        );
        assert!(right >= 0.99, "{out}");
        if name == "native" {
            assert_eq!((bytes, table.covered), (0, 0), "{out}");
        }
    }
    std::io::stderr().write_all(out.as_bytes()).unwrap();
}

#[test]
fn one_of_two_equal_ids_is_not_changed_alone() {
    for agent in agents() {
        for body in &agent.bodies {
            let covered = agent.profile.covered(&body.blocks).unwrap();
            let ids = covered.iter().filter(|c| ["uuid", "hex", "pid"].contains(&class(&agent, c).as_str()));
            let mut seen: Vec<&Covered> = Vec::new();
            for id in ids {
                if !seen.iter().any(|other| other.value == id.value) {
                    seen.push(id);
                    continue;
                }
                // The last of several equal ones becomes another; but for those within a text that is left out whole,
                // as no model sees it.
                let all = body.text.match_indices(&id.value).map(|(at, _)| at);
                let Some(last) = all.filter(|at| !body.text[..*at].ends_with("\\\"")).last() else {
                    continue;
                };
                let digit = if body.text[last..].starts_with('1') { "2" } else { "1" };
                let text = format!("{}{digit}{}", &body.text[..last], &body.text[last + 1..]);
                let blocks = agent.profile.protocol().split(&text).unwrap();
                let told =
                    difference(agent.profile.protocol(), &body.blocks, &blocks, &agent.profile).unwrap();
                assert!(told.is_some(), "{}: {} at {} is changed alone", agent.name, id.value, id.path);
            }
        }
    }
}

fn class(agent: &Agent, covered: &Covered) -> String {
    agent.profile.rules()[covered.rule].class.clone()
}

#[test]
fn a_request_that_is_only_spelt_differently_has_the_recorded_key_and_its_finding() {
    for agent in agents() {
        for body in &agent.bodies {
            let again: Vec<Block> = body
                .blocks
                .iter()
                .map(|block| Block::new(block.kind, canonical(&block.raw).unwrap()))
                .collect();
            assert_eq!(key(&again, &agent.profile), key(&body.blocks, &agent.profile), "{}", agent.name);
            for (old, new) in body.blocks.iter().zip(&again).filter(|(old, new)| old.raw != new.raw) {
                assert!(spelling(&old.raw, &new.raw).is_some(), "{}\n{}", old.raw, new.raw);
            }
        }
    }
}
