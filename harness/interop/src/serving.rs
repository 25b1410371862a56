//! Serving traces of block hashes: Mooncake's lines, and files with one trace of an agent. Knows nothing of texts.

use std::collections::BTreeMap;

use promptcache::{Trace, TraceRequest};

use crate::object::Object;
use crate::sniff::{Found, Lines};

/// The block of a trace that states none.
const MOONCAKE_BLOCK: u64 = 512;

pub(crate) fn mooncake(source: &str, lines: Lines<'_>) -> Found {
    let mut trace =
        Trace { id: source.to_owned(), source: source.to_owned(), block: 0, requests: Vec::new() };
    let mut faults = Vec::new();
    for (line, text) in lines {
        let request = Object::parse(text).and_then(|object| {
            trace.block = trace.block.max(object.number("block_size").unwrap_or_default());
            request(&object, &["input_length", "input_tokens"], &["output_length", "output_tokens"])
        });
        match request {
            Some(request) => trace.requests.push(request),
            None => faults.push((line, "a request without its length or its blocks".to_owned())),
        }
    }
    if trace.block == 0 {
        trace.block = block_of(&trace.requests);
    }
    Found { known: true, traces: vec![trace], faults, ..Found::default() }
}

pub(crate) fn trace(source: &str, value: &Object<'_>) -> Found {
    let mut trace = Trace {
        id: value.text("id").unwrap_or_else(|| source.to_owned()),
        source: source.to_owned(),
        block: value.number("block_size").unwrap_or(64).max(1),
        requests: Vec::new(),
    };
    let mut faults = Vec::new();
    requests(value, &mut trace.requests, &mut faults);
    Found { known: true, traces: vec![trace], faults, ..Found::default() }
}

/// The requests of a list; those of agents of an agent stand in lists of their own within it.
fn requests(value: &Object<'_>, found: &mut Vec<TraceRequest>, faults: &mut Vec<(usize, String)>) {
    for (number, raw) in value.list("requests").into_iter().enumerate() {
        let Some(object) = Object::parse(raw) else { continue };
        if object.has("requests") {
            requests(&object, found, faults);
            continue;
        }
        match request(
            &object,
            &["in", "input_length", "input_tokens"],
            &["out", "output_length", "output_tokens"],
        ) {
            Some(request) => found.push(request),
            None if object.has("in") => faults.push((0, format!("request {} has no hash_ids", number + 1))),
            None => {}
        }
    }
}

fn request(object: &Object<'_>, input: &[&str], output: &[&str]) -> Option<TraceRequest> {
    let number = |keys: &[&str]| keys.iter().find_map(|key| object.number(key));
    let hash_ids: Vec<u64> = serde_json::from_str(object.raw("hash_ids")?).ok()?;
    Some(TraceRequest { hash_ids, input: number(input)?, output: number(output).unwrap_or_default() })
}

/// The block by what the requests say: each has as many as its prompt needs.
fn block_of(requests: &[TraceRequest]) -> u64 {
    let fits = |block: u64| {
        requests.iter().filter(|one| one.input.div_ceil(block) == one.hash_ids.len() as u64).count()
    };
    let sizes: BTreeMap<usize, u64> =
        [1024, 256, 128, 64, 32, 16, MOONCAKE_BLOCK].map(|block| (fits(block), block)).into();
    sizes.into_iter().next_back().filter(|(count, _)| *count > 0).map_or(MOONCAKE_BLOCK, |(_, block)| block)
}
