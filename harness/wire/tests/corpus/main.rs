//! Every request and every answer that others recorded from real providers decodes, and encodes again to equal JSON.
//! The recordings are not part of the project: where they are absent, the test says so.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail there and then")]

mod extract;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use extract::{Exchange, Response, exchanges};
use wire::{Answer, CallKind, End, Frame, Item, Protocol, Request, Usage, canonical, pairing, sse};

/// Says something that a passing test shows too: its captured output would not be seen.
macro_rules! tell {
    ($($words:tt)*) => {
        std::io::stderr().write_all((format!($($words)*) + "\n").as_bytes()).unwrap()
    };
}

#[derive(Default)]
struct Count {
    requests: usize,
    blocks: usize,
    streams: usize,
    frames: usize,
    wholes: usize,
    calls: usize,
    usage: Usage,
}

fn folder() -> PathBuf {
    let shared = std::env::var_os("RETAKE_SHARED").map(PathBuf::from);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    shared.unwrap_or_else(|| workspace.join("../shared")).join("data/sse")
}

#[test]
fn every_recorded_exchange_decodes_and_encodes_again_to_equal_json() {
    let folder = folder();
    let Ok(listed) = std::fs::read_dir(&folder) else {
        tell!("SKIPPED: no recordings of real providers (RETAKE_SHARED names their folder)");
        return;
    };
    let mut files: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let (found, skipped) = exchanges(file);
        for what in skipped {
            tell!("SKIPPED: {name}: {what}");
        }
        for (index, exchange) in found.iter().enumerate() {
            let count = counts.entry(exchange.protocol.name()).or_default();
            let place = format!("{name}#{index}");
            check_request(&place, exchange, count);
            let answer = check_response(&place, exchange, count);
            check_answer(&place, exchange.protocol, &answer, count);
            let next = found.get(index + 1).and_then(|next| next.request.as_deref());
            check_history(&place, exchange.protocol, &answer, next);
        }
    }
    for (protocol, count) in &counts {
        let Count { requests, blocks, streams, frames, wholes, calls, usage } = count;
        tell!(
            "{protocol}: {requests} requests of {blocks} blocks, {streams} streams of {frames} frames, \
             {wholes} whole answers, {calls} calls; {usage:?}"
        );
    }
    let all: Vec<&str> = counts.into_keys().collect();
    assert_eq!(all, ["chat_completions", "messages", "responses"]);
}

fn same(place: &str, original: &str, again: &str) {
    assert_eq!(canonical(again).unwrap(), canonical(original).unwrap(), "{place}");
}

fn check_request(place: &str, exchange: &Exchange, count: &mut Count) {
    let (Some(body), protocol) = (&exchange.request, exchange.protocol) else { return };
    let blocks = protocol.split(body).unwrap_or_else(|error| panic!("{place}: {error}"));
    assert!(blocks.is_sorted_by_key(|block| block.kind), "{place}");
    assert!(blocks.iter().skip(1).all(|block| body.contains(&*block.raw)), "{place}");
    same(place, body, &protocol.join(&blocks));
    // What a provider took has no problem.
    assert_eq!(pairing(&blocks, protocol), [], "{place}");
    let request = Request::read(&blocks, protocol);
    assert!(!request.model.is_empty() && !request.items.is_empty(), "{place}");
    assert_eq!(request.stream, !matches!(exchange.response, Response::Whole(_)), "{place}");
    count.requests += 1;
    count.blocks += blocks.len();
}

fn check_response(place: &str, exchange: &Exchange, count: &mut Count) -> Answer {
    let protocol = exchange.protocol;
    let frames = match &exchange.response {
        Response::Whole(body) => {
            count.wholes += 1;
            same(place, body, &protocol.recode_body(body).unwrap());
            return protocol.answer(body, 1000).unwrap();
        }
        Response::Stream(text) => frames(place, text),
        Response::Events(events) => {
            let event = |text: &String| Frame::from_event(1, &sse::Event::data(text.as_str())).unwrap();
            events.iter().map(event).collect()
        }
    };
    let mut decoder = protocol.decoder();
    for frame in &frames {
        if !frame.is_done() {
            same(place, &frame.text(), &protocol.recode_event(&frame.text()).unwrap());
        }
        decoder.feed(frame).unwrap_or_else(|error| panic!("{place}: {error}"));
    }
    count.streams += 1;
    count.frames += frames.len();
    decoder.finish()
}

/// The frames of a stream: the same for any pieces of its bytes, and after writing them.
fn frames(place: &str, text: &str) -> Vec<Frame> {
    let parse = |bytes: &[u8], size: usize| {
        let mut parser = sse::Parser::default();
        let mut events = Vec::new();
        for piece in bytes.chunks(size) {
            parser.feed(piece, &mut events).unwrap();
        }
        events.extend(parser.finish());
        events
    };
    let events = parse(text.as_bytes(), usize::MAX);
    assert_eq!(events.len(), text.lines().filter(|line| line.starts_with("data:")).count(), "{place}");
    for size in [1, 2, 7, 1000] {
        assert_eq!(parse(text.as_bytes(), size), events, "{place}");
    }
    let frames: Vec<Frame> = events.iter().map(|event| Frame::from_event(1, event).unwrap()).collect();
    let mut written = Vec::new();
    frames.iter().for_each(|frame| frame.to_event().write(&mut written));
    assert_eq!(String::from_utf8(written).unwrap().trim_end(), text.trim_end(), "{place}");
    frames
}

fn check_answer(place: &str, protocol: Protocol, answer: &Answer, count: &mut Count) {
    // An answer that only hands over to a tool has no text, and its message may have come with its first event.
    assert_eq!(answer.end, End::Completed, "{place}");
    assert!(!answer.served.is_empty() && !answer.items.is_empty(), "{place}: {answer:?}");
    for raw in &answer.items {
        let items = protocol.items(raw);
        assert!(!items.is_empty(), "{place}: {raw}");
        for item in items {
            match item {
                Item::Call { call_id, name, arguments, kind } => {
                    assert!(!call_id.is_empty() && !name.is_empty() && kind == CallKind::Function, "{place}");
                    assert!(
                        serde_json::from_str::<serde_json::Value>(&arguments).is_ok(),
                        "{place}: {arguments}"
                    );
                    count.calls += 1;
                }
                Item::Other(kind) => tell!("{place}: {kind} is kept and not read"),
                _ => {}
            }
        }
    }
    match answer.usage {
        Some(usage) => {
            assert!(
                usage.cached_tokens + usage.cache_write_tokens <= usage.input_tokens,
                "{place}: {usage:?}"
            );
            count.usage.add(usage);
        }
        // Chat tells its tokens only to those who ask.
        None => assert_eq!(protocol, Protocol::ChatCompletions, "{place}"),
    }
}

/// The calls of an answer stand in the request that answers them, put together as the client did.
fn check_history(place: &str, protocol: Protocol, answer: &Answer, next: Option<&str>) {
    let calls = |items: Vec<Item>| -> Vec<(String, serde_json::Value)> {
        let of = |item| match item {
            Item::Call { call_id, arguments, .. } => {
                Some((call_id, serde_json::from_str(&arguments).unwrap_or_default()))
            }
            _ => None,
        };
        items.into_iter().filter_map(of).collect()
    };
    let asked = calls(answer.items.iter().flat_map(|raw| protocol.items(raw)).collect());
    let Some(blocks) = next.and_then(|next| protocol.split(next).ok()) else { return };
    let sent = calls(Request::read(&blocks, protocol).items);
    if sent.iter().any(|(id, _)| asked.iter().any(|(asked, _)| asked == id)) {
        assert!(asked.iter().all(|call| sent.contains(call)), "{place}: {asked:?} {sent:?}");
    }
}
