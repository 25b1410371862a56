//! Authored answers come out of every protocol as they were written; and nothing that comes in makes a codec panic.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail there and then")]

use proptest::prelude::*;
use serde_json::Value;
use wire::{
    Answer, Authored, AuthoredCall, CallKind, End, Frame, Item, Protocol, Usage, canonical, pairing, sse,
};

fn call() -> impl Strategy<Value = AuthoredCall> {
    let arguments = prop::collection::btree_map("[a-z]{1,5}", any::<(String, i32)>(), 0..4);
    let function = ("[a-z_]{1,9}", arguments).prop_map(|(name, arguments)| {
        AuthoredCall::function(name, serde_json::to_string(&arguments).unwrap())
    });
    let custom = ("[a-z_]{1,9}", any::<String>()).prop_map(|(name, text)| AuthoredCall::custom(name, text));
    prop_oneof![3 => function, 1 => custom]
}

fn usage() -> impl Strategy<Value = Usage> {
    let counts = (0..9999_u64, 0..9999_u64, 0..9999_u64, 0..9999_u64, 0..9999_u64);
    counts.prop_map(|(fresh, read, written, said, reasoning_tokens)| Usage {
        input_tokens: fresh + read + written,
        cached_tokens: read,
        cache_write_tokens: written,
        output_tokens: said + reasoning_tokens,
        reasoning_tokens,
    })
}

fn authored() -> impl Strategy<Value = Authored> {
    let text = || prop::option::of(prop_oneof!["[^\u{0}]{1,200}", ".{1,20}"]);
    let times = (0..5_000_000_u64, 0..5_000_000_u64);
    (text(), text(), prop::collection::vec(call(), 0..4), usage(), times, 1..99_u32).prop_map(
        |(reasoning, text, calls, usage, (ttft_us, rest_us), number)| Authored {
            model: "stub-1".to_owned(),
            number,
            reasoning,
            text,
            calls,
            usage,
            ttft_us,
            rest_us,
        },
    )
}

/// What is to be read of an answer.
fn expected(authored: &Authored, protocol: Protocol) -> Vec<Item> {
    let thought = authored.reasoning.iter().cloned();
    let mut items: Vec<Item> = thought.map(|summary| Item::Reasoning { summary, sealed: false }).collect();
    let role = || "assistant".to_owned();
    items.extend(authored.text.iter().map(|text| Item::Message {
        role: role(),
        text: text.clone(),
        images: 0,
    }));
    for (index, call) in authored.calls.iter().enumerate() {
        let messages = protocol == Protocol::Messages;
        let prefix = if messages { "toolu" } else { "call" };
        let free = call.custom && messages;
        let input = || serde_json::json!({"input": call.arguments}).to_string();
        items.push(Item::Call {
            call_id: format!("{prefix}_{}_{}", authored.number, index + 1),
            name: call.name.clone(),
            arguments: if free { input() } else { call.arguments.clone() },
            kind: if call.custom && !messages { CallKind::Custom } else { CallKind::Function },
        });
    }
    items
}

fn items(answer: &Answer, protocol: Protocol) -> Vec<Item> {
    let sorted = |item| match item {
        // The protocol's own form of arguments may have another key order.
        Item::Call { call_id, name, arguments, kind } => {
            let arguments = canonical(&arguments).unwrap_or(arguments);
            Item::Call { call_id, name, arguments, kind }
        }
        other => other,
    };
    answer.items.iter().flat_map(|raw| protocol.items(raw)).map(sorted).collect()
}

fn through_bytes(frames: &[Frame], size: usize) -> Vec<Frame> {
    let mut bytes = Vec::new();
    frames.iter().for_each(|frame| frame.to_event().write(&mut bytes));
    let (mut parser, mut events) = (sse::Parser::default(), Vec::new());
    bytes.chunks(size).for_each(|piece| parser.feed(piece, &mut events).unwrap());
    let gaps = frames.iter().map(|frame| frame.gap_us);
    events.iter().zip(gaps).map(|(event, gap_us)| Frame::from_event(gap_us, event).unwrap()).collect()
}

fn decode(frames: &[Frame], protocol: Protocol) -> Answer {
    let mut decoder = protocol.decoder();
    frames.iter().for_each(|frame| decoder.feed(frame).unwrap());
    decoder.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_authored_answer_decodes_to_what_was_written(authored in authored(), size in 1..400_usize) {
        for protocol in Protocol::ALL {
            let frames = through_bytes(&authored.frames(protocol).unwrap(), size);
            for frame in frames.iter().filter(|frame| !frame.is_done()) {
                let again = protocol.recode_event(frame.data.get()).unwrap();
                prop_assert_eq!(canonical(&again).unwrap(), canonical(frame.data.get()).unwrap());
            }
            let answer = decode(&frames, protocol);
            prop_assert_eq!(items(&answer, protocol), expected(&authored, protocol));
            prop_assert_eq!(answer.usage, Some(authored.usage));
            prop_assert_eq!((answer.served.as_str(), &answer.end), ("stub-1", &End::Completed));
            if !answer.items.is_empty() {
                prop_assert_eq!(answer.ttft_us, authored.ttft_us);
                prop_assert_eq!(answer.total_us, authored.ttft_us + authored.rest_us);
            }
            let whole = protocol.answer(&authored.body(protocol), 7).unwrap();
            prop_assert_eq!(items(&whole, protocol), expected(&authored, protocol));
            prop_assert_eq!((&whole.usage, &whole.end, &whole.reason), (&answer.usage, &answer.end, &answer.reason));
        }
    }

    #[test]
    fn the_short_stream_and_the_full_one_come_to_the_same(authored in authored()) {
        let short = decode(&authored.native_frames().unwrap(), Protocol::Responses);
        let full = decode(&authored.frames(Protocol::Responses).unwrap(), Protocol::Responses);
        prop_assert_eq!(&short.items, &full.items);
        prop_assert_eq!((short.usage, short.end), (full.usage, full.end));
        let items: Vec<Value> = short.items.iter().map(|raw| serde_json::from_str(raw).unwrap()).collect();
        prop_assert_eq!(items, authored.items());
    }

    #[test]
    fn damaged_streams_and_arbitrary_bytes_never_panic(
        authored in authored(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        for protocol in Protocol::ALL {
            let mut bytes = Vec::new();
            authored.frames(protocol).unwrap().iter().for_each(|frame| frame.to_event().write(&mut bytes));
            damage.iter().for_each(|(at, byte)| { let at = at.index(bytes.len()); bytes[at] = *byte; });
            bytes.extend_from_slice(&noise);
            let (mut parser, mut events) = (sse::Parser::default(), Vec::new());
            parser.feed(&bytes, &mut events).unwrap();
            events.extend(parser.finish());
            let mut decoder = protocol.decoder();
            for event in &events {
                let frame = Frame::from_event(0, event).unwrap();
                prop_assert_eq!(&frame.to_event().data, &event.data);
                let _ = decoder.feed(&frame);
                let _ = protocol.recode_event(&frame.text());
            }
            let answer = decoder.finish();
            answer.items.iter().for_each(|raw| drop(protocol.items(raw)));
            let text = String::from_utf8_lossy(&noise);
            let _ = (protocol.answer(&text, 0), protocol.split(&text), protocol.recode_body(&text));
        }
    }
}

#[test]
fn frames_are_named_where_the_protocol_names_them() {
    let authored = Authored { text: Some("hi".into()), ..Authored::default() };
    for protocol in Protocol::ALL {
        for frame in authored.frames(protocol).unwrap() {
            let data: Value = serde_json::from_str(frame.data.get()).unwrap();
            assert_eq!(frame.event.as_deref(), data["type"].as_str(), "{frame:?}");
        }
    }
    assert!(authored.native_frames().unwrap().iter().all(|frame| frame.event.is_none()));
    assert!(authored.frames(Protocol::ChatCompletions).unwrap().last().unwrap().is_done());
}

#[test]
fn an_answer_and_the_outputs_of_its_calls_make_a_request_without_a_problem() {
    let calls = vec![AuthoredCall::function("ls", "{}"), AuthoredCall::custom("patch", "***")];
    let authored = Authored { number: 1, calls, ..Authored::default() };
    let answer = |protocol: Protocol| protocol.answer(&authored.body(protocol), 0).unwrap();
    let body = |key: &str, items: &[Box<str>], outputs: &str| {
        format!(r#"{{"{key}":[{},{outputs}]}}"#, items.join(","))
    };
    let responses = body(
        "input",
        &answer(Protocol::Responses).items,
        r#"{"type":"function_call_output","call_id":"call_1_1","output":""},{"type":"custom_tool_call_output","call_id":"call_1_2","output":""}"#,
    );
    let chat = body(
        "messages",
        &answer(Protocol::ChatCompletions).items,
        r#"{"role":"tool","tool_call_id":"call_1_1"},{"role":"tool","tool_call_id":"call_1_2"}"#,
    );
    let messages = body(
        "messages",
        &answer(Protocol::Messages).items,
        r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1_1"},{"type":"tool_result","tool_use_id":"toolu_1_2"}]}"#,
    );
    let bodies = [responses, chat, messages];
    for (protocol, body) in Protocol::ALL.into_iter().zip(bodies) {
        assert_eq!(pairing(&protocol.split(&body).unwrap(), protocol), [], "{body}");
    }
}
