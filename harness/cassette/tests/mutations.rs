//! Changes at every place of recorded requests: each is told, with the block that it is in, or lies in a span that a
//! named rule covers and still fits its class; what is only spelt differently is told as such. Prints what was found.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail there and then")]

mod shapes;

use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use cassette::{Cassette, Covered, Profile};
use shapes::Run;
use wire::{Block, BlockKind, Chain, Exact, Normalise, Protocol, canonical, difference, spelling};

/// Mutations of each agent's requests.
const MUTATIONS: usize = if cfg!(debug_assertions) { 150 } else { 10_000 };

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
        Self { text, blocks, spans }
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
fn judge(agent: &Agent, body: &Body, at: usize, text: &str, table: &mut Table) {
    let protocol = agent.profile.protocol();
    let split = protocol.split(text).ok().filter(|blocks| key(blocks, &agent.profile).is_some());
    let Some(blocks) = split else {
        table.no_request += 1;
        return;
    };
    if key(&blocks, &agent.profile) != key(&body.blocks, &agent.profile) {
        let found = difference(protocol, &body.blocks, &blocks, &agent.profile).unwrap();
        let found = found.unwrap_or_else(|| panic!("another key and no difference: {text}"));
        table.told += 1;
        match body.block_at(at) {
            None => table.between += 1,
            Some(block) if block == found.block => table.right_block += 1,
            Some(_) => {}
        }
        return;
    }
    if key(&blocks, &Exact) == key(&body.blocks, &Exact) {
        let spelt = body.blocks.iter().zip(&blocks).find_map(|(old, new)| spelling(&old.raw, &new.raw));
        // White space between blocks is in none of them.
        table.spelt += usize::from(spelt.is_some());
        table.same += usize::from(spelt.is_none());
        return;
    }
    let values = |blocks: &[Block]| -> Vec<Covered> { agent.profile.covered(blocks).unwrap() };
    let (old, new) = (values(&body.blocks), values(&blocks));
    let differs = old.iter().zip(&new).any(|(old, new)| {
        (old.rule, old.block, &old.path) == (new.rule, new.block, &new.path) && old.value != new.value
    });
    // A member that is left out whole, or a mark for the cache.
    let marks = body.blocks.iter().zip(&blocks).any(|(old, new)| spelling(&old.raw, &new.raw).is_some());
    let dropped = old.len() != new.len();
    assert!(differs || marks || dropped, "{}: not told and covered by no rule:\n{text}", agent.name);
    table.covered += 1;
}

#[test]
fn a_change_anywhere_in_a_request_is_told_or_lies_in_a_span_of_a_named_rule() {
    let mut out = String::from(
        "\nagent        mutations  bytes     told  no request  right block  spelt  covered  covered bytes\n",
    );
    for agent in agents() {
        let mut random = Random(20_261_125);
        let total: usize = agent.bodies.iter().map(|body| body.text.len()).sum();
        let mut table = Table::default();
        for _ in 0..MUTATIONS {
            let mut at = random.below(total);
            let body = agent.bodies.iter().find(|body| {
                let here = at < body.text.len();
                at -= if here { 0 } else { body.text.len() };
                here
            });
            let body = body.unwrap();
            while !body.text.is_char_boundary(at) {
                at -= 1;
            }
            let text = mutated(&body.text, at, &mut random);
            judge(&agent, body, at, &text, &mut table);
        }
        let bytes: usize = agent
            .bodies
            .iter()
            .flat_map(|body| agent.profile.covered(&body.blocks).unwrap())
            .map(|covered| covered.value.len())
            .sum();
        let of = (table.told - table.between).max(1);
        let right = table.right_block as f64 / of as f64;
        out += &format!(
            "{:12} {:9}  {:8}  {:4}  {:10}  {:9.2} %  {:5}  {:7}  {:11.3} %\n",
            agent.name,
            MUTATIONS,
            total,
            table.told,
            table.no_request,
            right * 100.0,
            table.spelt + table.same,
            table.covered,
            bytes as f64 / total as f64 * 100.0
        );
        assert!(right >= 0.99, "{out}");
        if agent.name == "native" {
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
