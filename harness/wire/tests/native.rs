//! The frames in this repository's own cassettes still mean what they meant, and are still what an authored answer
//! of the native agent becomes, byte for byte.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail there and then")]

use std::path::Path;

use serde_json::Value;
use wire::{Authored, AuthoredCall, CallKind, Decoder, End, Frame, Item};

#[test]
fn recorded_frames_decode_and_are_authored_again_byte_for_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tasks/core/cassettes/agent-v2");
    let list = |folder: &Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut exchanges = 0;
    for file in list(&folder) {
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let Some(frames) = line.pointer("/exchange/frames") else { continue };
            let frames: Vec<Frame> = serde_json::from_str(&frames.to_string()).unwrap();
            check(&frames);
            exchanges += 1;
        }
    }
    println!("{exchanges} exchanges of the native agent");
    assert!(exchanges > 0);
}

fn check(frames: &[Frame]) {
    let mut decoder = Decoder::default();
    frames.iter().for_each(|frame| decoder.feed(frame).unwrap());
    let answer = decoder.finish();
    assert_eq!(answer.end, End::Completed);
    let first: Value = serde_json::from_str(frames[0].data.get()).unwrap();
    let number = first["response"]["id"].as_str().unwrap().trim_start_matches("resp_").parse().unwrap();
    let mut authored = Authored {
        model: answer.served,
        number,
        usage: answer.usage.unwrap(),
        ttft_us: answer.ttft_us,
        rest_us: answer.total_us - answer.ttft_us,
        ..Authored::default()
    };
    for raw in &answer.items {
        match Item::decode(raw).unwrap() {
            Item::Message { text, .. } => authored.text = Some(text),
            Item::Reasoning { summary, .. } => authored.reasoning = Some(summary),
            Item::Call { name, arguments, kind: CallKind::Function, .. } => {
                authored.calls.push(AuthoredCall::function(name, arguments));
            }
            other => panic!("{other:?}"),
        }
    }
    let text = |frames: &[Frame]| serde_json::to_string(frames).unwrap();
    assert_eq!(text(&authored.native_frames().unwrap()), text(frames));
}
