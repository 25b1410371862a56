//! What holds for every recording: it replays itself, serves each exchange once, survives a cut, and explains what
//! differs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail there and then")]

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Digest, Timestamp};
use cassette::{
    Cassette, CassetteError, CountTokens, Header, Kind, Player, RecordedFile, Response, Snapshot, Writer,
};
use proptest::prelude::*;
use serde_json::json;
use serde_json::value::RawValue;
use wire::{Block, BlockKind, Cause, Frame, Prompt, Protocol};

struct Bytes;

impl CountTokens for Bytes {
    fn name(&self) -> &str {
        "bytes"
    }

    fn count(&self, text: &str) -> u32 {
        text.len() as u32
    }
}

fn header() -> Header {
    Header {
        version: "1.0".parse().unwrap(),
        kind: Kind::Synthetic,
        agent: "native 0.1.0".into(),
        protocol: Protocol::Responses,
        model: "stub".into(),
        clock: Timestamp::parse("2026-11-02T09:00:00Z").unwrap(),
        profile: "native".into(),
        task: "core/a".into(),
        task_digest: Digest::of(b"task"),
        workspace: Digest::of(b"workspace"),
        tokenizer: "bytes".into(),
        toolchain: Default::default(),
        start: None,
    }
}

fn item(text: &str) -> Block {
    Block::new(BlockKind::Item, json!({"type": "message", "role": "user", "content": text}).to_string())
}

fn head(prompt: &mut Prompt) {
    prompt.push(Block::new(BlockKind::Head, r#"{"model":"stub"}"#));
}

/// Each step adds some items to the prompt, or rewrites its history, then asks.
#[derive(Clone, Debug)]
struct Step {
    rewrite: bool,
    items: Vec<String>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (prop::bool::weighted(0.1), prop::collection::vec("[a-c\n\"é]{0,6}", 0..4));
    prop::collection::vec(step.prop_map(|(rewrite, items)| Step { rewrite, items }), 1..12)
}

fn walk(steps: &[Step], mut ask: impl FnMut(u32, &Prompt)) {
    let mut prompt = Prompt::default();
    head(&mut prompt);
    for (index, step) in steps.iter().enumerate() {
        if step.rewrite {
            prompt.rewrite(1);
        }
        step.items.iter().for_each(|text| prompt.push(item(text)));
        ask(index as u32 + 1, &prompt);
    }
}

fn record(path: &std::path::Path, steps: &[Step]) {
    let mut writer = Writer::create(path, header(), Arc::new(Bytes)).unwrap();
    walk(steps, |step, prompt| {
        let data = RawValue::from_string(format!("{{\"step\": {step}}}")).unwrap();
        let frame = Frame { gap_us: 1, event: None, data };
        let asked = writer.ask(Protocol::Responses, ("main", step, 1), prompt).unwrap();
        writer.exchange(asked, Response::Stream(vec![frame])).unwrap();
    });
    writer.end("").unwrap();
}

proptest! {
    #[test]
    fn every_cassette_replays_itself_and_serves_each_exchange_once(steps in steps()) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("c.jsonl");
        record(&path, &steps);
        let player = Player::new(Arc::new(Cassette::load(&path).unwrap()));
        walk(&steps, |step, prompt| {
            let (exchange, _) = player.serve("main", 1, prompt).unwrap();
            assert_eq!(exchange.frames[0].data.get(), format!("{{\"step\": {step}}}"));
        });
        prop_assert!(player.unserved("main").is_none());
        let mut last = None;
        walk(&steps, |_, prompt| last = Some(player.serve("main", 1, prompt).map(|_| ())));
        prop_assert_eq!(last.unwrap().unwrap_err().difference.cause, Cause::ExtraRequest);
    }

    /// Blocks may be replaced, inserted and taken away at any place, and another conversation may take a lane over.
    #[test]
    fn any_requests_are_kept_as_they_were_and_replay_themselves(
        threads in prop::collection::vec(prop::collection::vec(prop::collection::vec(0..4_u8, 1..9), 1..6), 1..3),
    ) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("c.jsonl");
        let mut writer = Writer::create(&path, header(), Arc::new(Bytes)).unwrap();
        let mut prompts = Vec::new();
        for thread in threads {
            let mut prompt = Prompt::default();
            for request in thread {
                let texts: Vec<String> = request.iter().map(u8::to_string).collect();
                let pieces: Vec<_> = texts.iter().map(|text| (BlockKind::Item, text.as_str())).collect();
                prompt.follow(&pieces);
                let at = ("main", prompts.len() as u32 + 1, 1);
                let asked = writer.ask(Protocol::Responses, at, &prompt).unwrap();
                writer.exchange(asked, Response::Stream(Vec::new())).unwrap();
                prompts.push(prompt.clone());
            }
        }
        writer.end("").unwrap();
        let player = Player::new(Arc::new(Cassette::load(&path).unwrap()));
        for (number, prompt) in prompts.iter().enumerate() {
            prop_assert_eq!(player.cassette().request(number), prompt.blocks());
            prop_assert!(player.serve("main", 1, prompt).is_ok());
        }
        prop_assert!(player.unserved("main").is_none());
    }

    #[test]
    fn a_cassette_cut_at_any_byte_is_refused_and_never_panics(steps in steps(), cut in any::<prop::sample::Index>()) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("c.jsonl");
        record(&path, &steps);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..cut.index(bytes.len())]).unwrap();
        let error = Cassette::load(&path).unwrap_err();
        prop_assert!(matches!(error, CassetteError::Cut { .. } | CassetteError::Line { .. }), "{error}");
    }

    #[test]
    fn a_flipped_byte_never_panics(steps in steps(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("c.jsonl");
        record(&path, &steps);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        std::fs::write(&path, bytes).unwrap();
        let _ = Cassette::load(&path);
    }
}

#[test]
fn a_request_that_differs_is_explained_with_the_step_that_was_due() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("c.jsonl");
    let said = |text: &str| Step { rewrite: false, items: vec![text.to_owned()] };
    record(&path, &[said("one"), said("two")]);
    let player = Player::new(Arc::new(Cassette::load(&path).unwrap()));
    let mut misses = Vec::new();
    walk(&[said("one"), said("too")], |_, prompt| misses.extend(player.serve("main", 1, prompt).err()));
    assert_eq!(misses.len(), 1);
    assert_eq!((misses[0].step, misses[0].difference.cause), (2, Cause::ItemChanged));
    assert_eq!((misses[0].difference.path.as_str(), misses[0].difference.offset), (".input[1].content", 1));
    assert_eq!(player.unserved("main").unwrap().step, 2);
}

#[test]
fn a_cassette_grows_with_what_was_said_and_not_with_the_square_of_the_turns() {
    let temp = tempfile::tempdir().unwrap();
    let size = |turns: usize| {
        let path = temp.path().join(format!("{turns}.jsonl"));
        let steps: Vec<Step> =
            (0..turns).map(|n| Step { rewrite: false, items: vec![format!("{n:0100}")] }).collect();
        record(&path, &steps);
        std::fs::metadata(path).unwrap().len() as f64
    };
    assert!(size(800) / size(400) < 2.1);
}

#[test]
fn recordings_of_one_workspace_say_the_same_whatever_the_files_of_its_repository_hold() {
    let temp = tempfile::tempdir().unwrap();
    let made = |name: &str, log: &str, end: &str| {
        let path = temp.path().join(name);
        let mut writer = Writer::create(&path, header(), Arc::new(Bytes)).unwrap();
        let text = |text: &str| RecordedFile::Text(text.to_owned());
        let files =
            BTreeMap::from([("a.txt".to_owned(), text("a")), (".git/logs/HEAD".to_owned(), text(log))]);
        writer.snapshot(Snapshot { step: 1, digest: Digest::of(end.as_bytes()), files }).unwrap();
        writer.end("").unwrap();
        Cassette::load(&path).unwrap()
    };
    let (one, two) = (made("1", "1795660599 +0000", "end"), made("2", "1795660601 +0000", "end"));
    assert_eq!(one.volatile_differences(&one), Some(Vec::new()));
    let found = one.volatile_differences(&two).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].class.as_str(), found[0].path.as_str()), ("repository", ".git/logs/HEAD"));
    assert_ne!(found[0].was, found[0].is);
    assert_eq!(one.volatile_differences(&made("3", "1795660599 +0000", "another end")), None);
}
