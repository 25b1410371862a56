//! What an answer came to, put together frame by frame or from one body, whatever the protocol. Knows nothing of
//! where the frames come from.

use crate::{Fields, Frame, Protocol, Usage, chat, messages, responses};

/// What an answer came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Its items, raw, in order, in the protocol's own form: as they will stand in the next request.
    pub items: Vec<Box<str>>,
    /// Tokens, where the answer told.
    pub usage: Option<Usage>,
    /// Tokens as the vendor counts them: its own object, raw.
    pub raw_usage: Option<Box<str>>,
    /// The model that says it answered.
    pub served: String,
    /// How it ended.
    pub end: End,
    /// The vendor's own word for that: a stop reason, or the type or code of an error.
    pub reason: String,
    /// Time to the first frame that carries content, in microseconds.
    pub ttft_us: u64,
    /// Time to the last frame, in microseconds.
    pub total_us: u64,
}

/// How an answer ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// The stream stopped before its end.
    #[default]
    Cut,
    /// Completed.
    Completed,
    /// The model stopped early, for example at its token limit.
    Incomplete(String),
    /// The model failed.
    Failed(String),
}

impl Answer {
    /// Reads an answer that came whole, also one that is an error.
    pub fn of_body(protocol: Protocol, body: &str, total_us: u64) -> Result<Self, serde_json::Error> {
        let mut answer = Self { ttft_us: total_us, total_us, ..Self::default() };
        match protocol {
            Protocol::Responses => responses::whole(body, &mut answer)?,
            Protocol::ChatCompletions => chat::whole(body, &mut answer)?,
            Protocol::Messages => messages::whole(body, &mut answer)?,
        }
        Ok(answer)
    }

    /// Takes an error object of any vendor: its message, and its code or type.
    pub(crate) fn fail(&mut self, error: &str) {
        let fields = Fields::parse(error).unwrap_or_default();
        let word = fields.text("code").or_else(|| fields.text("type")).or_else(|| fields.text("status"));
        self.reason = word.or_else(|| Some(fields.get("code")?.get().to_owned())).unwrap_or_default();
        self.end = End::Failed(fields.text("message").unwrap_or_else(|| error.to_owned()));
    }

    /// Takes a reason to stop: one that is not an end is an early one.
    pub(crate) fn stop(&mut self, reason: &str, is_end: bool) {
        reason.clone_into(&mut self.reason);
        self.end = if is_end { End::Completed } else { End::Incomplete(reason.to_owned()) };
    }
}

/// Puts an answer together, frame by frame.
#[derive(Debug)]
pub struct Decoder {
    stream: Stream,
    answer: Answer,
    clock_us: u64,
    content: bool,
}

#[derive(Debug)]
enum Stream {
    Responses(responses::Stream),
    Chat(chat::Stream),
    Messages(messages::Stream),
}

impl Default for Decoder {
    /// For the Responses protocol, which the native agent speaks.
    fn default() -> Self {
        Self::new(Protocol::Responses)
    }
}

impl Decoder {
    /// For the streams of a protocol.
    pub fn new(protocol: Protocol) -> Self {
        let stream = match protocol {
            Protocol::Responses => Stream::Responses(responses::Stream),
            Protocol::ChatCompletions => Stream::Chat(chat::Stream::default()),
            Protocol::Messages => Stream::Messages(messages::Stream::default()),
        };
        Self { stream, answer: Answer::default(), clock_us: 0, content: false }
    }

    /// Takes the next frame. A frame that is no event of the protocol is an error.
    pub fn feed(&mut self, frame: &Frame) -> Result<(), serde_json::Error> {
        self.clock_us = self.clock_us.saturating_add(frame.gap_us);
        self.answer.total_us = self.clock_us;
        if frame.is_done() {
            return Ok(());
        }
        let (text, answer) = (frame.text(), &mut self.answer);
        let content = match &mut self.stream {
            Stream::Responses(stream) => stream.feed(&text, answer)?,
            Stream::Chat(stream) => stream.feed(&text, answer)?,
            Stream::Messages(stream) => stream.feed(&text, answer)?,
        };
        if content && !self.content {
            self.content = true;
            self.answer.ttft_us = self.clock_us;
        }
        Ok(())
    }

    /// The answer so far.
    pub fn finish(mut self) -> Answer {
        match self.stream {
            Stream::Responses(_) => {}
            Stream::Chat(stream) => stream.finish(&mut self.answer),
            Stream::Messages(stream) => stream.finish(&mut self.answer),
        }
        if !self.content {
            self.answer.ttft_us = self.answer.total_us;
        }
        self.answer
    }
}
