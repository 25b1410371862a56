//! Files with one event of a provider's stream a line: answers without their requests. Knows nothing of requests.

use promptcache::{Accounting, Call, Session};
use wire::{Answer, Frame, Protocol, sse};

use crate::object::Object;
use crate::sniff::{Found, Lines};

pub(crate) fn read(source: &str, lines: Lines<'_>) -> Found {
    let mut streams: Vec<(Protocol, usize, Vec<Frame>)> = Vec::new();
    let mut faults = Vec::new();
    for (line, text) in lines {
        let Some(object) = Object::parse(text) else {
            faults.push((line, "not a JSON object".to_owned()));
            continue;
        };
        let kind = object.text("type").unwrap_or_default();
        let protocol = match kind.as_str() {
            "" => Protocol::ChatCompletions,
            kind if kind.starts_with("response.") => Protocol::Responses,
            _ => Protocol::Messages,
        };
        let begins = matches!(kind.as_str(), "response.created" | "message_start");
        if begins || streams.is_empty() {
            streams.push((protocol, line, Vec::new()));
        }
        if let (Some((_, _, frames)), Ok(frame)) =
            (streams.last_mut(), Frame::from_event(0, &sse::Event::data(text)))
        {
            frames.push(frame);
        }
    }
    let protocol = streams.first().map_or(Protocol::default(), |(protocol, _, _)| *protocol);
    let mut session = Session {
        id: source.to_owned(),
        source: source.to_owned(),
        format: "event_stream".to_owned(),
        accounting: Accounting::of(protocol),
        ..Session::default()
    };
    for (number, (protocol, line, frames)) in streams.into_iter().enumerate() {
        match answer(protocol, &frames) {
            Ok(answer) => {
                let call =
                    Call { thread: format!("stream {}", number + 1), protocol, line, ..Call::default() };
                session.calls.push(call.answered(&answer));
            }
            Err(problem) => faults.push((line, problem)),
        }
    }
    Found::session(session, faults)
}

/// What a stream's frames come to.
pub(crate) fn answer(protocol: Protocol, frames: &[Frame]) -> Result<Answer, String> {
    let mut decoder = protocol.decoder();
    for frame in frames {
        decoder
            .feed(frame)
            .map_err(|error| format!("an event of {} that cannot be read: {error}", protocol.name()))?;
    }
    Ok(decoder.finish())
}

/// The frames of the bytes of a stream.
pub(crate) fn frames(text: &str) -> Vec<Frame> {
    let mut parser = sse::Parser::default();
    let mut events = Vec::new();
    if parser.feed(text.as_bytes(), &mut events).is_err() {
        return Vec::new();
    }
    events.extend(parser.finish());
    events.iter().filter_map(|event| Frame::from_event(0, event).ok()).collect()
}
