//! Answers of the Responses protocol, put together. Unknown events are passed over, never lost: the frames
//! themselves are what is kept.

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::value::RawValue;

use super::{Event, Response};
use crate::{Answer, End, Fields, Usage};

/// Takes the next event of a stream; says whether it carries content. Every event carries all that it needs.
pub(crate) fn feed(text: &str, answer: &mut Answer) -> Result<bool, serde_json::Error> {
    let event = Event::decode(text)?;
    let kind = match (event.kind.as_deref(), event.error) {
        (Some(kind), _) => kind,
        (None, Some(error)) => {
            answer.fail(error.get());
            return Ok(false);
        }
        (None, None) => return Err(serde_json::Error::custom("an event without a type")),
    };
    if kind == "response.output_item.done" {
        answer.items.extend(event.item.map(|item| Box::from(item.get())));
    }
    if kind == "error" {
        // Its parts stand in the event itself or in an object of their own.
        answer.fail(event.error.map_or(text, RawValue::get));
    }
    if let Some(response) = &event.response {
        let end = match kind {
            "response.completed" => "completed",
            "response.incomplete" => "incomplete",
            "response.failed" => "failed",
            _ => "",
        };
        take(response, end, answer);
    }
    Ok(carries_content(kind))
}

fn carries_content(kind: &str) -> bool {
    kind.ends_with(".delta") || kind == "response.output_item.added" || kind == "response.output_item.done"
}

/// Takes a whole response, or an error.
pub(crate) fn whole(body: &str, answer: &mut Answer) -> Result<(), serde_json::Error> {
    let response = Response::decode(body)?;
    match (response.error, response.status.as_deref()) {
        (Some(error), None) => answer.fail(error.get()),
        (_, status) => take(&response, status.unwrap_or_default(), answer),
    }
    Ok(())
}

fn take(response: &Response<'_>, end: &str, answer: &mut Answer) {
    if let Some(model) = &response.model {
        answer.served = model.clone().into_owned();
    }
    if let Some(raw) = response.usage {
        answer.usage = usage(raw).or(answer.usage);
        answer.raw_usage = Some(raw.get().into());
    }
    if answer.items.is_empty()
        && let (Some(output), false) = (&response.output, end.is_empty())
    {
        answer.items.extend(output.iter().map(|item| Box::from(item.get())));
    }
    match end {
        "completed" => answer.stop(end, true),
        "incomplete" => {
            let details = response.incomplete_details.map_or("null", RawValue::get);
            let reason = Fields::parse(details).ok().and_then(|fields| fields.text("reason"));
            answer.stop(reason.as_deref().unwrap_or(details), false);
        }
        "failed" => answer.fail(response.error.map_or("null", RawValue::get)),
        "cancelled" => answer.end = End::Failed("cancelled".to_owned()),
        _ => {}
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawUsage {
    input_tokens: u64,
    input_tokens_details: Option<InputDetails>,
    output_tokens: u64,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct InputDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: Option<u64>,
}

/// Cached tokens are a part of the input here.
fn usage(raw: &RawValue) -> Option<Usage> {
    let raw: RawUsage = serde_json::from_str(raw.get()).ok()?;
    let input = raw.input_tokens_details.unwrap_or_default();
    Some(Usage {
        input_tokens: raw.input_tokens,
        cached_tokens: input.cached_tokens.unwrap_or_default(),
        cache_write_tokens: input.cache_write_tokens.unwrap_or_default(),
        output_tokens: raw.output_tokens,
        reasoning_tokens: raw.output_tokens_details.unwrap_or_default().reasoning_tokens.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decoder, Frame, Protocol, sse};

    fn answer(events: &[&str]) -> Answer {
        let mut decoder = Decoder::default();
        for event in events {
            decoder.feed(&Frame::from_event(10, &sse::Event::data(*event)).unwrap()).unwrap();
        }
        decoder.finish()
    }

    #[test]
    fn a_stream_without_its_last_frame_is_cut_and_a_failure_tells_why() {
        let created = r#"{"type":"response.created","response":{"model":"m"}}"#;
        let new = r#"{"type":"response.shiny_new_thing","x":1}"#;
        assert_eq!(answer(&[created, new]).end, End::Cut);
        let failed = r#"{"type":"response.failed","response":{"error":{"code":"x","message":"too busy"}}}"#;
        let failed = answer(&[created, new, failed]);
        assert_eq!((failed.end, failed.reason.as_str()), (End::Failed("too busy".into()), "x"));
        let error =
            answer(&[r#"{"type":"error","code":"rate_limit_exceeded","message":"wait","param":null}"#]);
        assert_eq!((error.end, error.reason.as_str()), (End::Failed("wait".into()), "rate_limit_exceeded"));
        let early = answer(&[
            r#"{"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"}}}"#,
        ]);
        assert_eq!(early.end, End::Incomplete("max_output_tokens".into()));
    }

    #[test]
    fn items_come_from_the_last_event_where_none_came_before() {
        let completed = r#"{"type":"response.completed","response":{"output":[{"type":"message"}],"usage":{"input_tokens":9,"input_tokens_details":null,"output_tokens":2,"new":1}}}"#;
        let one = answer(&[completed]);
        assert_eq!(one.items, [Box::from(r#"{"type":"message"}"#)]);
        assert_eq!(one.usage, Some(Usage { input_tokens: 9, output_tokens: 2, ..Usage::default() }));
        assert!(one.raw_usage.unwrap().contains("\"new\":1"));
        let done = r#"{"type":"response.output_item.done","item":{"type":"reasoning"}}"#;
        assert_eq!(answer(&[done, completed]).items, [Box::from(r#"{"type":"reasoning"}"#)]);
    }

    #[test]
    fn an_event_without_a_type_is_an_error_and_a_whole_body_tells_its_status() {
        let feed = |text: &str| feed(text, &mut Answer::default());
        assert!(feed("{}").is_err() && feed("[]").is_err() && feed("nope").is_err());
        let body = r#"{"status":"incomplete","model":"m","output":[],"incomplete_details":{"reason":"content_filter"},"error":null}"#;
        let answer = Protocol::Responses.answer(body, 5).unwrap();
        assert_eq!((answer.end, answer.served.as_str()), (End::Incomplete("content_filter".into()), "m"));
    }
}
