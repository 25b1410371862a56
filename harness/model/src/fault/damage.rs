//! What a fault does to an answer on its way: to its frames one by one, or to what it says as a whole. Knows nothing of
//! which answers are hit.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use wire::{Alter, Frame, Protocol, sse};

use super::{Fault, FaultRule, Kept, Place, Teller, Wrong};
use crate::{ModelFault, Reply, Rest, Stream, TransportFault};

/// How an answer is treated.
pub(crate) struct How<'r> {
    pub(crate) rule: &'r FaultRule,
    pub(crate) protocol: Protocol,
    pub(crate) one_answer: bool,
    pub(crate) rest: Option<Arc<dyn Rest>>,
}

/// Damages an answer; gives what is left of it, and the whole one where that has to be kept for the next try.
pub(crate) fn damage<'a>(
    reply: Reply<'a>,
    how: &How<'_>,
    teller: Teller,
) -> (Result<Reply<'a>, ModelFault>, Option<Kept>) {
    match reply {
        Reply::Body { body, total_us } => {
            let kept = how.loses().then(|| Kept::Body(body.clone(), total_us));
            (body_of(body, total_us, how, teller), kept)
        }
        Reply::Stream(stream) => match how.changed() {
            Some(change) => (changed(stream, how.protocol, &change, teller), None),
            None => broken(stream, how, teller),
        },
    }
}

impl How<'_> {
    /// Whether an answer that is hit has to be given again.
    fn loses(&self) -> bool {
        let fault = &self.rule.fault;
        self.one_answer
            && matches!(
                fault,
                Fault::Reset { .. }
                    | Fault::Cut { .. }
                    | Fault::Stall { .. }
                    | Fault::Malformed { .. }
                    | Fault::Error { .. }
            )
    }

    /// What the answer is to say instead, where the fault is in what it says.
    fn changed(&self) -> Option<Change> {
        match &self.rule.fault {
            Fault::Arguments { call, wrong } => Some(Change::Arguments(*call, wrong.clone())),
            Fault::UnknownTool { call, name } => Some(Change::Tool(*call, name.clone())),
            Fault::Empty => Some(Change::Empty),
            Fault::Usage(factor) => Some(Change::Usage(*factor)),
            _ => None,
        }
    }

    fn pass(&self, us: u64) {
        if let Some(rest) = &self.rest {
            rest.rest(Duration::from_micros(us));
        }
    }

    /// The error that the vendor tells of after an answer has begun.
    fn error(&self) -> (String, String) {
        let Fault::Error { code, message, .. } = &self.rule.fault else { return Default::default() };
        let usual = if self.protocol == Protocol::Messages { "" } else { "server_error" };
        (if code.is_empty() { usual.to_owned() } else { code.clone() }, message.clone())
    }
}

/// A change of what an answer says.
enum Change {
    Arguments(usize, Wrong),
    Tool(usize, String),
    Empty,
    Usage(Option<f64>),
}

impl Change {
    fn with<T>(&self, use_it: impl FnOnce(&Alter<'_>) -> T) -> T {
        match self {
            Self::Arguments(call, wrong) => {
                use_it(&Alter::Arguments(*call, &|old| wrong_arguments(old, wrong)))
            }
            Self::Tool(call, name) => use_it(&Alter::Tool(*call, name)),
            Self::Empty => use_it(&Alter::Empty),
            Self::Usage(factor) => use_it(&Alter::Usage(*factor)),
        }
    }
}

fn changed<'a>(
    stream: Stream<'a>,
    protocol: Protocol,
    change: &Change,
    teller: Teller,
) -> Result<Reply<'a>, ModelFault> {
    let mut frames = stream.collect::<Result<Vec<Frame>, ModelFault>>()?;
    let done = change.with(|alter| protocol.alter_frames(&mut frames, alter));
    if done.map_err(ModelFault::malformed)? {
        teller.tell(0);
    }
    Ok(Reply::Stream(Box::new(frames.into_iter().map(Ok))))
}

fn body_of<'a>(body: String, total_us: u64, how: &How<'_>, teller: Teller) -> Result<Reply<'a>, ModelFault> {
    if let Some(change) = how.changed() {
        let new =
            change.with(|alter| how.protocol.alter_body(&body, alter)).map_err(ModelFault::malformed)?;
        if new.is_some() {
            teller.tell(0);
        }
        return Ok(Reply::Body { body: new.unwrap_or(body), total_us });
    }
    let late = |total_us: u64| {
        how.pass(total_us);
        Ok(total_us)
    };
    let lost = |kind, teller: Teller| {
        teller.tell(total_us.saturating_add(how.rule.after_us));
        Err(ModelFault::Transport { kind, detail: "on purpose".to_owned() })
    };
    let (body, total_us) = match &how.rule.fault {
        Fault::Slow { factor } => {
            teller.tell(0);
            (body, late(times(total_us, *factor))?)
        }
        Fault::Stall { for_ms: Some(ms), .. } => {
            teller.tell(0);
            (body, late(total_us.saturating_add(ms.saturating_mul(1000)))?)
        }
        Fault::Stall { for_ms: None, .. } => return lost(TransportFault::Idle, teller),
        Fault::Reset { .. } => return lost(TransportFault::Reset, teller),
        Fault::Cut { .. } => return lost(TransportFault::Cut, teller),
        Fault::Malformed { .. } => {
            teller.tell(total_us);
            (half(&body).to_owned(), total_us)
        }
        Fault::Error { .. } => {
            teller.tell(total_us);
            let (code, message) = how.error();
            return Err(ModelFault::status(500, how.protocol.error_body(500, &code, &message)));
        }
        // There is one piece alone.
        _ => (body, total_us),
    };
    Ok(Reply::Body { body, total_us })
}

fn broken<'a>(
    stream: Stream<'a>,
    how: &How<'_>,
    teller: Teller,
) -> (Result<Reply<'a>, ModelFault>, Option<Kept>) {
    let mut kept = None;
    let stream = if how.loses() {
        let frames = match stream.collect::<Result<Vec<Frame>, ModelFault>>() {
            Ok(frames) => frames,
            Err(fault) => return (Err(fault), None),
        };
        kept = Some(Kept::Frames(frames.clone()));
        Box::new(frames.into_iter().map(Ok)) as Stream<'a>
    } else {
        stream
    };
    let damaged = Damaged {
        stream,
        fault: how.rule.fault.clone(),
        after_us: how.rule.after_us,
        error: how.protocol,
        error_words: how.error(),
        rest: how.rest.clone(),
        teller: Some(teller),
        frames: 0,
        bytes: 0,
        given_us: 0,
        again: None,
        over: false,
    };
    (Ok(Reply::Stream(Box::new(damaged))), kept)
}

/// A stream with a fault in it.
struct Damaged<'a> {
    stream: Stream<'a>,
    fault: Fault,
    after_us: u64,
    error: Protocol,
    error_words: (String, String),
    rest: Option<Arc<dyn Rest>>,
    /// Gone once the fault has happened.
    teller: Option<Teller>,
    /// Frames of the whole answer so far.
    frames: u32,
    bytes: u64,
    given_us: u64,
    again: Option<Frame>,
    over: bool,
}

impl Damaged<'_> {
    fn tell(&mut self, lost_us: u64) {
        if let Some(teller) = self.teller.take() {
            teller.tell(lost_us);
        }
    }

    /// The stream stops here.
    fn stop(&mut self, fault: ModelFault) -> Option<Result<Frame, ModelFault>> {
        self.over = true;
        self.tell(self.given_us.saturating_add(self.after_us));
        Some(Err(fault))
    }

    fn pass(&self, us: u64) {
        if let Some(rest) = &self.rest {
            rest.rest(Duration::from_micros(us));
        }
    }

    /// Where in a frame the stream stops: the bytes of it that still come.
    fn torn(&mut self, frame: &Frame, at: Place) -> Option<Box<[u8]>> {
        let mut text = Vec::new();
        frame.write(&mut text);
        let end = match at {
            Place::Frame(number) => (self.frames == number).then_some(0),
            Place::Byte(byte) => {
                let left = byte.saturating_sub(self.bytes);
                usize::try_from(left).ok().filter(|left| *left < text.len())
            }
            Place::Character => text.iter().position(|byte| !byte.is_ascii()).map(|at| at + 1),
        };
        self.bytes = self.bytes.saturating_add(text.len() as u64);
        end.map(|end| text[..end].into())
    }
}

impl Iterator for Damaged<'_> {
    type Item = Result<Frame, ModelFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        if let Some(frame) = self.again.take() {
            return Some(Ok(frame));
        }
        let mut frame = match self.stream.next()? {
            Ok(frame) => frame,
            Err(fault) => return Some(Err(fault)),
        };
        self.frames += 1;
        let place = match &self.fault {
            Fault::Cut { at } => Some((TransportFault::Cut, *at)),
            Fault::Reset { at: Some(at) } => Some((TransportFault::Reset, *at)),
            _ => None,
        };
        if let Some((kind, at)) = place
            && let Some(bytes) = self.torn(&frame, at)
        {
            return self.stop(ModelFault::Torn { kind, bytes });
        }
        match &self.fault {
            Fault::Slow { factor } => {
                frame.gap_us = times(frame.gap_us, *factor);
                self.pass(frame.gap_us);
                self.tell(0);
            }
            Fault::Stall { frame: number, for_ms } if *number == self.frames => match *for_ms {
                Some(ms) => {
                    let us = ms.saturating_mul(1000);
                    frame.gap_us = frame.gap_us.saturating_add(us);
                    self.pass(us);
                    self.tell(0);
                }
                None => {
                    let detail = "on purpose: no byte comes any more".to_owned();
                    return self.stop(ModelFault::Transport { kind: TransportFault::Idle, detail });
                }
            },
            Fault::Duplicate { frame: number } if *number == self.frames => {
                self.again = Some(Frame { gap_us: 0, ..frame.clone() });
                self.tell(0);
            }
            Fault::Malformed { frame: number } if *number == self.frames => {
                let event = sse::Event { name: frame.event.clone(), ..sse::Event::data(half(&frame.text())) };
                let lost = self.given_us.saturating_add(frame.gap_us);
                self.tell(lost);
                return Some(Frame::from_event(frame.gap_us, &event).map_err(ModelFault::malformed));
            }
            Fault::Error { frame: number, .. } if *number == self.frames => {
                self.over = true;
                let lost = self.given_us.saturating_add(frame.gap_us);
                self.tell(lost);
                let (code, message) = &self.error_words;
                let error = self.error.error_frame(code, message);
                return Some(
                    error.map(|error| Frame { gap_us: frame.gap_us, ..error }).map_err(ModelFault::malformed),
                );
            }
            _ => {}
        }
        self.given_us = self.given_us.saturating_add(frame.gap_us);
        Some(Ok(frame))
    }
}

fn times(us: u64, factor: f64) -> u64 {
    (us as f64 * factor).round() as u64
}

/// The first half of a text.
fn half(text: &str) -> &str {
    let middle = (text.len() / 2..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..middle]
}

/// Arguments that are wrong in a way. What is no JSON object can only be cut, or be missing.
fn wrong_arguments(old: &str, wrong: &Wrong) -> String {
    let object = serde_json::from_str::<Map<String, Value>>(old).ok();
    match (wrong, object) {
        (Wrong::Text(text), _) => text.clone(),
        (Wrong::NotJson, _) | (Wrong::Type | Wrong::Unknown, None) => half(old).to_owned(),
        (Wrong::Missing, None) => String::new(),
        (Wrong::Missing, Some(members)) => {
            let rest: Map<String, Value> = members.into_iter().skip(1).collect();
            Value::Object(rest).to_string()
        }
        (Wrong::Type, Some(mut members)) => {
            if let Some((_, value)) = members.iter_mut().next() {
                *value = if value.is_string() { 7.into() } else { "seven".into() };
            }
            Value::Object(members).to_string()
        }
        (Wrong::Unknown, Some(mut members)) => {
            members.insert("no_such_argument".to_owned(), true.into());
            Value::Object(members).to_string()
        }
    }
}
