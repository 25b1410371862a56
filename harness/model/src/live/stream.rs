//! The frames of an answer as their bytes arrive, until the protocol's own end. Knows nothing of what they say but
//! whether they are events and which of them is the last.

use std::collections::VecDeque;
use std::io::Read;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use ureq::{BodyReader, Error};
use wire::{Frame, Protocol, sse};

use super::Timeouts;
use super::fault;
use super::http::{Lines, Secret};
use super::line::Line;
use crate::ModelFault;

/// Bytes of one read.
const PIECE: usize = 16 * 1024;
/// How long to wait for the end of the connection's part after the answer's own end.
const GOODBYE: Duration = Duration::from_millis(500);

/// An answer that is being received. Dropping it before its end closes the connection.
pub(super) struct Frames<'a> {
    pub(super) protocol: Protocol,
    pub(super) timeouts: Timeouts,
    pub(super) secret: &'a Secret,
    pub(super) lines: &'a Lines,
    pub(super) line: Option<Line>,
    pub(super) body: BodyReader<'static>,
    pub(super) parser: Option<sse::Parser>,
    pub(super) ready: VecDeque<sse::Event>,
    /// When the frame before came, since the request was sent.
    pub(super) last: Duration,
    /// When the bytes that are being read came.
    pub(super) arrived: Duration,
    pub(super) end: Ending,
}

/// How far an answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ending {
    /// More is to come.
    #[default]
    Open,
    /// The protocol's end may still come, but the answer is whole: it has said why it stops.
    Said,
    /// The protocol's own end has come.
    Whole,
    /// Nothing more will be given.
    Over,
}

impl Frames<'_> {
    /// Reads on until there is an event; nothing at the end of the bytes.
    fn fill(&mut self) -> Result<bool, ModelFault> {
        let mut piece = [0; PIECE];
        while self.ready.is_empty() {
            let Some(parser) = &mut self.parser else { return Ok(false) };
            let read = self.body.read(&mut piece);
            let Some(line) = &self.line else { return Ok(false) };
            self.arrived = line.watch.since_sent();
            let mut events = Vec::new();
            match read {
                Ok(0) => {
                    // An event without its blank line is one all the same: what matters is whether it is whole.
                    events.extend(self.parser.take().and_then(sse::Parser::finish));
                    self.lines.give_back(self.line.take());
                }
                Ok(n) => parser.feed(&piece[..n], &mut events).map_err(ModelFault::malformed)?,
                Err(error) => {
                    let fault = fault::transport(Error::from(error), true, &self.timeouts);
                    return Err(self.secret.hide_in(fault));
                }
            }
            self.ready.extend(events);
        }
        Ok(true)
    }

    fn frame(&mut self, event: &sse::Event) -> Result<Frame, ModelFault> {
        let hidden = self.secret.hide(&event.data).map(|data| sse::Event { data, ..event.clone() });
        let event = hidden.as_ref().unwrap_or(event);
        let gap = base::micros(self.arrived) - base::micros(self.last.min(self.arrived));
        let frame = Frame::from_event(gap, event).map_err(ModelFault::malformed)?;
        let said = ending(self.protocol, &frame).map_err(|why| {
            let text: String = event.data.chars().take(80).collect();
            ModelFault::malformed(format!("{why}: {text}"))
        })?;
        self.last = self.arrived;
        if self.end != Ending::Whole && said != Ending::Open {
            self.end = said;
        }
        if let (Ending::Whole, Some(line)) = (self.end, &self.line) {
            line.watch.hurry(GOODBYE);
        }
        Ok(frame)
    }
}

impl Iterator for Frames<'_> {
    type Item = Result<Frame, ModelFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.end == Ending::Over {
            return None;
        }
        let result = match self.fill() {
            // After its end an answer is whole, however the connection ends.
            Err(_) if self.end == Ending::Whole => None,
            Err(fault) => Some(Err(fault)),
            Ok(true) => {
                let event = self.ready.pop_front()?;
                Some(self.frame(&event))
            }
            Ok(false) if self.end == Ending::Open => {
                Some(Err(ModelFault::cut("the stream ended before its answer did")))
            }
            Ok(false) => None,
        };
        if !matches!(result, Some(Ok(_))) {
            self.end = Ending::Over;
            // Not given back: dropping it closes the connection.
            self.line = None;
        }
        result
    }
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    choices: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
}

/// Whether a frame ends its answer. The error says why it is no event.
fn ending(protocol: Protocol, frame: &Frame) -> Result<Ending, &'static str> {
    if frame.is_done() {
        return Ok(Ending::Whole);
    }
    // A list would be taken for the members of one, in order.
    let object = Some(frame.data.get()).filter(|data| data.starts_with('{'));
    let event =
        object.and_then(|data| serde_json::from_str::<Event<'_>>(data).ok()).ok_or("no JSON object")?;
    let kind = event.kind.map_or("", |kind| kind.get().trim_matches('"'));
    Ok(match (protocol, kind) {
        (Protocol::Responses, "response.completed" | "response.incomplete" | "response.failed" | "error")
        | (Protocol::Messages, "message_stop" | "error") => Ending::Whole,
        (Protocol::ChatCompletions, _) if event.error.is_some() => Ending::Whole,
        (Protocol::ChatCompletions, _) => {
            let choices =
                event.choices.and_then(|raw| serde_json::from_str::<Vec<Choice<'_>>>(raw.get()).ok());
            let stopped = choices.unwrap_or_default().iter().any(|choice| choice.finish_reason.is_some());
            if stopped { Ending::Said } else { Ending::Open }
        }
        _ => Ending::Open,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_has_its_own_end() {
        let end =
            |protocol, data: &str| ending(protocol, &Frame::from_event(0, &sse::Event::data(data)).unwrap());
        use Ending::{Open, Said, Whole};
        assert_eq!(end(Protocol::Responses, r#"{"type":"response.completed"}"#), Ok(Whole));
        assert_eq!(end(Protocol::Responses, r#"{"type":"response.created"}"#), Ok(Open));
        assert_eq!(end(Protocol::Messages, r#"{"type":"message_stop"}"#), Ok(Whole));
        assert_eq!(end(Protocol::ChatCompletions, "[DONE]"), Ok(Whole));
        let chunk =
            |reason: &str| format!(r#"{{"choices":[{{"index":0,"finish_reason":{reason}}}],"error":null}}"#);
        assert_eq!(end(Protocol::ChatCompletions, &chunk("null")), Ok(Open));
        assert_eq!(end(Protocol::ChatCompletions, &chunk("\"stop\"")), Ok(Said));
        for bad in ["{\"type\":", "[1]", "hello", "\"text\""] {
            assert!(end(Protocol::Responses, bad).is_err(), "{bad}");
        }
    }
}
