//! Server-sent events: bytes to events and back, whatever the pieces the bytes come in. No I/O; knows nothing of
//! what the events say.

use std::ops::Range;

/// Bytes that one event may have, unless said otherwise.
const EVENT_MAX_BYTES: usize = 64 << 20;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its name (`event:`), where it has one.
    pub name: Option<String>,
    /// Its data, the lines joined by line feeds.
    pub data: String,
    /// Its id, where it sets one.
    pub id: Option<String>,
    /// The reconnection time that it sets, in milliseconds.
    pub retry: Option<u64>,
    /// Its bytes, counted from the start of the stream. The ranges of all events follow each other without a gap:
    /// comments and blank lines belong to the event after them.
    pub bytes: Range<u64>,
}

impl Event {
    /// An event with data alone.
    pub fn data(data: impl Into<String>) -> Self {
        Self { data: data.into(), ..Self::default() }
    }

    /// Appends its text to `out`. A carriage return in the data is written as a line feed (the format cannot hold
    /// one), a line break in a name or an id ends it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let line = |out: &mut Vec<u8>, field: &str, value: &str| {
            out.extend_from_slice(field.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value.as_bytes());
            out.push(b'\n');
        };
        let one_line = |text: &str| text.split(['\r', '\n']).next().unwrap_or_default().to_owned();
        if let Some(name) = &self.name {
            line(out, "event", &one_line(name));
        }
        if let Some(id) = &self.id {
            line(out, "id", &one_line(id));
        }
        if let Some(retry) = self.retry {
            line(out, "retry", &retry.to_string());
        }
        for part in self.data.replace("\r\n", "\n").split(['\r', '\n']) {
            line(out, "data", part);
        }
        out.push(b'\n');
    }
}

/// An event that has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event has more than {limit} bytes")]
pub struct TooLong {
    /// What was allowed.
    pub limit: usize,
}

/// Takes a stream's bytes in any pieces and gives its events. A line may end with a line feed, a carriage return or
/// both; bytes that are no UTF-8 are replaced, as the standard says.
#[derive(Debug)]
pub struct Parser {
    limit: usize,
    /// The line that has not ended yet.
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    /// Bytes of the event's lines so far.
    held: usize,
    /// Bytes taken in all.
    taken: u64,
    first_line: bool,
    after_return: bool,
    failed: bool,
}

impl Default for Parser {
    fn default() -> Self {
        Self::with_limit(EVENT_MAX_BYTES)
    }
}

impl Parser {
    /// A parser that refuses an event of more than `limit` bytes.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            event: Event::default(),
            has_data: false,
            held: 0,
            taken: 0,
            first_line: true,
            after_return: false,
            failed: false,
        }
    }

    /// Takes the next bytes and appends the events that they complete to `out`. After an error it takes no more.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Event>) -> Result<(), TooLong> {
        let error = TooLong { limit: self.limit };
        if self.failed {
            return Err(error);
        }
        let mut rest = bytes;
        if self.after_return && !rest.is_empty() {
            self.after_return = false;
            if rest[0] == b'\n' {
                self.taken += 1;
                rest = &rest[1..];
            }
        }
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.hold(&rest[..end]).ok_or(error)?;
            self.taken += 1;
            self.end_line(out);
            let both = rest[end] == b'\r' && rest.get(end + 1) == Some(&b'\n');
            self.after_return = rest[end] == b'\r' && end + 1 == rest.len();
            self.taken += u64::from(both);
            rest = &rest[end + 1 + usize::from(both)..];
        }
        self.hold(rest).ok_or(error)
    }

    /// The event that was begun and has not been ended by a blank line, where it has data: what is left of a stream
    /// that was cut, or that ends without its last line.
    pub fn finish(mut self) -> Option<Event> {
        let mut out = Vec::new();
        if !self.line.is_empty() {
            self.end_line(&mut out);
        }
        if out.is_empty() {
            self.dispatch(&mut out);
        }
        out.pop()
    }

    fn hold(&mut self, bytes: &[u8]) -> Option<()> {
        self.taken += bytes.len() as u64;
        self.held += bytes.len();
        self.failed = self.held > self.limit;
        if self.failed {
            self.line = Vec::new();
            return None;
        }
        self.line.extend_from_slice(bytes);
        Some(())
    }

    fn end_line(&mut self, out: &mut Vec<Event>) {
        let line = std::mem::take(&mut self.line);
        let mut text = line.as_slice();
        if std::mem::take(&mut self.first_line) {
            text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        }
        if text.is_empty() {
            self.dispatch(out);
        } else {
            self.field(text);
        }
        self.line = line;
        self.line.clear();
    }

    fn field(&mut self, line: &[u8]) {
        let colon = line.iter().position(|byte| *byte == b':');
        let (field, value) = colon.map_or((line, &b""[..]), |at| (&line[..at], &line[at + 1..]));
        let value = String::from_utf8_lossy(value.strip_prefix(b" ").unwrap_or(value));
        match field {
            b"data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(&value);
            }
            b"event" => self.event.name = (!value.is_empty()).then(|| value.into_owned()),
            b"id" if !value.contains('\0') => self.event.id = Some(value.into_owned()),
            b"retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.event.retry = value.parse().ok();
            }
            _ => {}
        }
    }

    fn dispatch(&mut self, out: &mut Vec<Event>) {
        self.held = 0;
        let start = self.event.bytes.end;
        let mut event = std::mem::take(&mut self.event);
        if std::mem::take(&mut self.has_data) {
            event.bytes = start..self.taken;
            self.event.bytes = self.taken..self.taken;
            out.push(event);
        } else {
            self.event.bytes = start..start;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(pieces: &[&[u8]]) -> (Vec<Event>, Option<Event>) {
        let mut parser = Parser::default();
        let mut events = Vec::new();
        for piece in pieces {
            parser.feed(piece, &mut events).unwrap();
        }
        (events, parser.finish())
    }

    #[test]
    fn every_field_line_end_comment_and_byte_order_mark_is_read() {
        let text = "\u{feff}event: a\r\ndata: 1\r\ndata:2\rdata\n: comment\nid: 7\nretry: 30\nnope: x\n\n\n\
                    : alone\n\nevent: b\n\ndata: {\"x\":1}\r\r";
        let (events, left) = parse(&[text.as_bytes()]);
        let first = Event {
            name: Some("a".into()),
            data: "1\n2\n".into(),
            id: Some("7".into()),
            retry: Some(30),
            bytes: events[0].bytes.clone(),
        };
        assert_eq!((&events[0], events.len(), left), (&first, 2, None));
        assert_eq!((events[1].name.as_deref(), events[1].data.as_str()), (None, "{\"x\":1}"));
        assert_eq!((events[0].bytes.start, events[0].bytes.end), (0, events[1].bytes.start));
        assert_eq!(events[1].bytes.end, text.len() as u64);
    }

    #[test]
    fn an_event_without_its_blank_line_is_left_for_the_end() {
        let (events, left) = parse(&[b"data: a\n\ndata: b"]);
        assert_eq!(
            (events.len(), left.map(|event| (event.data, event.bytes))),
            (1, Some(("b".into(), 9..16)))
        );
        assert_eq!(parse(&[b"event: x\n"]).1, None);
    }

    #[test]
    fn an_event_that_is_too_long_is_refused_after_those_before_it() {
        let mut parser = Parser::with_limit(16);
        let mut events = Vec::new();
        let text = b"data: a\n\ndata: bbbbbbb\ndata: cccccccccc\n\n";
        assert_eq!(parser.feed(text, &mut events), Err(TooLong { limit: 16 }));
        assert_eq!(events.len(), 1);
        assert!(parser.feed(b"\n\n", &mut events).is_err());
    }

    /// Texts in which everything that matters to the format is frequent.
    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(b"\n".to_vec()),
            Just(b"\r".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"data: ".to_vec()),
            Just(b"event:".to_vec()),
            Just(b"id: 1".to_vec()),
            Just(b"retry: 5".to_vec()),
            Just(b": c".to_vec()),
            Just("\u{feff}".as_bytes().to_vec()),
            Just("é{\"a\":1}".as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..4),
        ];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    fn event() -> impl Strategy<Value = Event> {
        let name = prop::option::of("[^\r\n\u{0}]{1,12}");
        let id = prop::option::of("[^\r\n\u{0}]{0,8}");
        ("[^\r]{0,60}", name, id, prop::option::of(any::<u64>())).prop_map(|(data, name, id, retry)| Event {
            name,
            data,
            id,
            retry,
            bytes: 0..0,
        })
    }

    proptest! {
        #[test]
        fn bytes_cut_at_any_place_give_the_same_events(bytes in stream()) {
            let whole = parse(&[&bytes]);
            for at in 0..=bytes.len() {
                prop_assert_eq!(&parse(&[&bytes[..at], &bytes[at..]]), &whole);
            }
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(&parse(&single), &whole);
        }

        #[test]
        fn what_is_written_is_read_again(events in prop::collection::vec(event(), 0..6)) {
            let mut bytes = Vec::new();
            for event in &events {
                event.write(&mut bytes);
            }
            let (mut read, left) = parse(&[&bytes]);
            prop_assert_eq!(read.last().map_or(0, |event| event.bytes.end), bytes.len() as u64);
            read.iter_mut().for_each(|event| event.bytes = 0..0);
            prop_assert_eq!((read, left), (events, None));
        }

        #[test]
        fn a_limit_refuses_the_same_wherever_the_bytes_are_cut(bytes in stream(), limit in 0..40_usize) {
            let run = |pieces: &[&[u8]]| {
                let mut parser = Parser::with_limit(limit);
                let mut events = Vec::new();
                let done = pieces.iter().try_for_each(|piece| parser.feed(piece, &mut events));
                (events, done)
            };
            let whole = run(&[&bytes]);
            for at in 0..=bytes.len() {
                prop_assert_eq!(&run(&[&bytes[..at], &bytes[at..]]), &whole);
            }
        }
    }
}
