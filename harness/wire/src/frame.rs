//! One event of an answer's stream, as it went over the wire, with the time since the one before. Knows nothing of
//! what it says.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::sse;

/// What ends a stream of Chat Completions.
const DONE: &str = "[DONE]";

/// One server-sent event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Frame {
    /// Time since the frame before, or since the request was sent, in microseconds.
    pub gap_us: u64,
    /// The event's name, where the wire has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Its data: JSON, byte for byte. A text that is no JSON, or not on one line, or a JSON string, stands here as
    /// a string.
    pub data: Box<RawValue>,
}

impl Frame {
    /// Length of the data in bytes.
    pub fn bytes(&self) -> usize {
        self.data.get().len()
    }

    /// The frame of an event.
    pub fn from_event(gap_us: u64, event: &sse::Event) -> Result<Self, serde_json::Error> {
        let text = event.data.as_str();
        // White space around the JSON, and a string, would not come out as they went in; a line break would not
        // stay on its line.
        let plain = text.trim() != text || text.starts_with('"') || text.contains('\n');
        let json = if plain { None } else { RawValue::from_string(text.to_owned()).ok() };
        let data = json.map_or_else(|| to_raw_value(text), Ok)?;
        Ok(Self { gap_us, event: event.name.clone(), data })
    }

    /// The event of a frame.
    pub fn to_event(&self) -> sse::Event {
        sse::Event { name: self.event.clone(), ..sse::Event::data(self.text()) }
    }

    /// Appends its text, as the wire has it, to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let text = self.text();
        let name = self.event.as_deref().unwrap_or_default();
        let plain = |text: &str| !text.as_bytes().contains(&b'\n') && !text.as_bytes().contains(&b'\r');
        if !plain(&text) || !plain(name) {
            return self.to_event().write(out);
        }
        for (field, value) in [("event", self.event.as_deref()), ("data", Some(&*text))] {
            if let Some(value) = value {
                for part in [field, ": ", value, "\n"] {
                    out.extend_from_slice(part.as_bytes());
                }
            }
        }
        out.push(b'\n');
    }

    /// The frame that ends a stream of Chat Completions.
    pub fn done() -> Result<Self, serde_json::Error> {
        Self::from_event(0, &sse::Event::data(DONE))
    }

    /// Whether it ends a stream of Chat Completions.
    pub fn is_done(&self) -> bool {
        self.text() == DONE
    }

    /// The data as the wire has it.
    pub fn text(&self) -> Cow<'_, str> {
        let raw = self.data.get();
        let string = if raw.starts_with('"') { serde_json::from_str(raw).ok() } else { None };
        string.map_or(Cow::Borrowed(raw), Cow::Owned)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_json_is_kept_as_a_string() {
        let done = Frame::done().unwrap();
        assert_eq!((done.data.get(), done.is_done()), ("\"[DONE]\"", true));
        assert_eq!(done.to_event().data, "[DONE]");
        let json = Frame::from_event(3, &sse::Event::data("{\"a\": 1.0}")).unwrap();
        assert_eq!((json.data.get(), json.is_done()), ("{\"a\": 1.0}", false));
        let lines = Frame::from_event(3, &sse::Event::data("{\n}")).unwrap();
        assert_eq!((lines.data.get(), lines.text().as_ref()), (r#""{\n}""#, "{\n}"));
    }

    proptest! {
        #[test]
        fn every_event_comes_out_as_it_went_in(data in "([ \n]?[\\[{\"]?[a1:\"\\\\]{0,4}[\\]}\"]?[ \n]?|[^\r]{0,20})", name in prop::option::of("[a-z.]{1,9}")) {
            let event = sse::Event { name, ..sse::Event::data(data) };
            let frame = Frame::from_event(0, &event).unwrap();
            let (mut short, mut long) = (Vec::new(), Vec::new());
            frame.write(&mut short);
            event.write(&mut long);
            prop_assert_eq!(short, long);
            prop_assert_eq!(frame.to_event(), event);
            let line = serde_json::to_string(&frame).unwrap();
            let again: Frame = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(again.data.get(), frame.data.get());
            prop_assert!(!line.contains('\n'));
        }
    }
}
