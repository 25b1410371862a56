//! What answers of the Chat Completions protocol come to.

use super::*;
use crate::{Decoder, Frame, Protocol, sse};

fn answer(events: &[&str]) -> Answer {
    let mut decoder = Decoder::new(Protocol::ChatCompletions);
    for event in events {
        decoder.feed(&Frame::from_event(10, &sse::Event::data(*event)).unwrap()).unwrap();
    }
    decoder.finish()
}

fn delta(delta: &str) -> String {
    format!(r#"{{"model":"m","choices":[{{"index":0,"delta":{delta}}}]}}"#)
}

fn finish(reason: &str) -> String {
    format!(r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"{reason}"}}]}}"#)
}

#[test]
fn pieces_become_one_message_with_what_is_not_known_kept() {
    let answer = answer(&[
        &delta(r#"{"role":"assistant","content":""}"#),
        &delta(r#"{"reasoning_content":"h","x":[1]}"#),
        &delta(r#"{"reasoning_content":"m","x":[2],"y":1.0}"#),
        &delta(r#"{"content":"I "}"#),
        &delta(r#"{"content":"look"}"#),
        &delta(
            r#"{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"ls","arguments":""}}]}"#,
        ),
        &delta(
            r#"{"tool_calls":[{"index":1,"id":"b","type":"custom","custom":{"name":"p","input":"*"},"z":7}]}"#,
        ),
        &delta(
            r#"{"tool_calls":[{"index":0,"function":{"arguments":"{}"}},{"index":1,"custom":{"input":"!"}}]}"#,
        ),
        &finish("tool_calls"),
        r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":1}}}"#,
        "[DONE]",
    ]);
    let expected = r#"{"role":"assistant","reasoning_content":"hm","content":"I look","tool_calls":[{"id":"a","type":"function","function":{"name":"ls","arguments":"{}"}},{"id":"b","type":"custom","custom":{"name":"p","input":"*!"},"z":7}],"x":[1,2],"y":1.0}"#;
    assert_eq!(answer.items, [Box::from(expected)]);
    assert_eq!(
        (answer.end, answer.reason.as_str(), answer.served.as_str()),
        (End::Completed, "tool_calls", "m")
    );
    assert_eq!((answer.ttft_us, answer.total_us), (20, 110));
    let usage = Usage {
        input_tokens: 9,
        cached_tokens: 4,
        output_tokens: 3,
        reasoning_tokens: 1,
        ..Usage::default()
    };
    assert_eq!(answer.usage, Some(usage));
}

#[test]
fn calls_without_an_index_are_told_apart_by_their_id() {
    let call = |id: &str| {
        delta(&format!(r#"{{"tool_calls":[{{"id":"{id}","function":{{"name":"f","arguments":"{{}}"}}}}]}}"#))
    };
    let answer = answer(&[&call("a"), &call("b"), &finish("tool_calls")]);
    let items = Protocol::ChatCompletions.items(&answer.items[0]);
    let ids: Vec<&str> = items
        .iter()
        .filter_map(|item| match item {
            crate::Item::Call { call_id, .. } => Some(call_id.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(ids, ["a", "b"]);
}

#[test]
fn a_limit_a_cut_and_an_error_each_end_as_what_they_are() {
    assert_eq!(answer(&[&delta(r#"{"content":"x"}"#)]).end, End::Cut);
    assert_eq!(answer(&[&finish("length")]).end, End::Incomplete("length".into()));
    let error = answer(&[r#"{"error":{"code":502,"message":"down"}}"#, &finish("error")]);
    assert_eq!((error.end, error.reason.as_str()), (End::Failed("down".into()), "502"));
}

#[test]
fn cached_tokens_are_found_by_every_vendors_name() {
    for raw in [
        r#"{"prompt_tokens":10,"prompt_cache_hit_tokens":6,"prompt_cache_miss_tokens":4}"#,
        r#"{"prompt_cache_hit_tokens":6,"prompt_cache_miss_tokens":4,"completion_tokens":null}"#,
        r#"{"prompt_tokens":10,"cached_tokens":6}"#,
        r#"{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":6,"audio_tokens":null}}"#,
    ] {
        let found = usage(&RawValue::from_string(raw.to_owned()).unwrap()).unwrap();
        assert_eq!((found.input_tokens, found.cached_tokens), (10, 6), "{raw}");
    }
}
