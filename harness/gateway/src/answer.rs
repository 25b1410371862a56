//! One request from its body to the end of its answer, on a thread of its own. Knows nothing of connections.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Bytes;
use model::{Call, ModelFault, Reply, Sent, Stream, TransportFault};
use wire::{BlockKind, Decoder, Frame, Protocol, Usage};

use crate::lanes::Placed;
use crate::pipe::{Break, Head, Pipe};
use crate::server::Shared;
use crate::{Event, Position};

/// A request that was received whole.
pub(crate) struct Received {
    pub(crate) protocol: Protocol,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) moment: Instant,
}

impl Received {
    fn elapsed_us(&self) -> u64 {
        base::micros(self.moment.elapsed())
    }
}

/// How an answer ended.
enum Outcome {
    Answered { ttft_us: u64, usage: Option<Usage>, served: String, body: Option<String> },
    Abandoned,
    Fault(ModelFault),
}

/// Ends an answer whatever happens to its thread.
struct Ended<'a>(&'a Pipe);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.begin(Head::Nothing(Break::Closed));
        self.0.end(Err(Break::Closed));
    }
}

/// Answers one request.
pub(crate) fn answer(shared: &Shared, received: &Received, pipe: &Arc<Pipe>) {
    let _ended = Ended(pipe);
    let refuse = |reason: String| {
        let body = received.protocol.error_body(400, "", &reason);
        pipe.begin(Head::Body { status: 400, body, headers: Vec::new() });
        shared.tell(Event::Refused { path: received.path.clone(), status: 400, reason });
    };
    let Ok(body) = std::str::from_utf8(&received.body) else {
        return refuse("the request's body is not UTF-8".to_owned());
    };
    let (head, mut pieces) = match received.protocol.pieces(body) {
        Ok(pieces) => pieces,
        Err(error) => return refuse(format!("the request's body is {error}")),
    };
    pieces.insert(0, (BlockKind::Head, &head));
    let placed = shared.lanes.place(received.protocol, &pieces, pipe);
    drop(pieces);
    let Placed { at, prompt, problems, ticket } = placed;
    let sent = Sent { path: &received.path, headers: &received.headers, body };
    let call = Call {
        protocol: received.protocol,
        lane: &at.lane,
        step: at.step,
        attempt: at.attempt,
        prompt: &prompt,
        sent: Some(sent),
    };
    let (protocol, bytes, streams) = (received.protocol, received.body.len(), call.streams());
    shared.tell(Event::Asked { at: at.clone(), protocol, bytes, streams });
    for problem in problems {
        shared.tell(Event::Problem { at: at.clone(), problem });
    }
    let reply = shared.model.answer(&call);
    // The lane's prompt grows in place once nobody else holds it.
    drop(prompt);
    let outcome = match reply {
        Ok(Reply::Stream(stream)) => stream_out(shared, received, pipe, stream),
        Ok(Reply::Body { body, total_us }) => body_out(shared, received, pipe, body, total_us),
        Err(fault) => Outcome::Fault(fault),
    };
    finish(shared, received, pipe, &at, ticket, outcome);
}

fn stream_out(shared: &Shared, received: &Received, pipe: &Pipe, stream: Stream<'_>) -> Outcome {
    if !pipe.begin(Head::Stream) {
        return Outcome::Abandoned;
    }
    let mut told = Told::new(received.protocol);
    let (mut given_us, mut ttft_us, mut times) = (0_u64, None, Times::default());
    let mut text = Vec::new();
    for frame in stream {
        let frame = match frame {
            Ok(frame) => frame,
            Err(fault) => {
                times.pass(pipe);
                return Outcome::Fault(fault);
            }
        };
        given_us = given_us.saturating_add(frame.gap_us);
        told.take(&frame);
        text.clear();
        frame.write(&mut text);
        let due = shared.options.pace.due(given_us).and_then(|due| received.moment.checked_add(due));
        let there = pipe.write(&text, due);
        ttft_us.get_or_insert_with(|| {
            let due = due.map_or(0, |due| base::micros(due.saturating_duration_since(received.moment)));
            received.elapsed_us().max(due)
        });
        if !there && times.complete.is_none() {
            return Outcome::Abandoned;
        }
        times.take(&frame, due);
    }
    if !times.pass(pipe) {
        return Outcome::Abandoned;
    }
    let ttft_us = ttft_us.unwrap_or_else(|| received.elapsed_us());
    let wire::Answer { usage, served, .. } = told.decoder.finish();
    Outcome::Answered { ttft_us, usage, served, body: None }
}

/// When frames are due that were handed over.
#[derive(Default)]
struct Times {
    last: Option<Instant>,
    /// Of the last event, once it was handed over; nothing within: at once.
    complete: Option<Option<Instant>>,
}

impl Times {
    fn take(&mut self, frame: &Frame, due: Option<Instant>) {
        self.last = due.max(self.last);
        if self.complete.is_none() && is_last(frame) {
            self.complete = Some(self.last);
        }
    }

    /// Returns when all of it is due; false where the client went before. One that has the last event may go before the
    /// stream's end, which a recording still wants.
    fn pass(&self, pipe: &Pipe) -> bool {
        let wait = |due: Option<Instant>| due.is_none_or(|due| pipe.wait_until(due));
        match self.complete {
            Some(complete) => {
                let there = wait(complete);
                wait(self.last);
                there
            }
            None => wait(self.last),
        }
    }
}

fn is_last(frame: &Frame) -> bool {
    let last = ["response.completed", "response.incomplete", "response.failed", "message_stop"];
    frame.event.as_deref().is_some_and(|event| last.contains(&event)) || frame.is_done()
}

fn body_out(shared: &Shared, received: &Received, pipe: &Pipe, body: String, total_us: u64) -> Outcome {
    let due = shared.options.pace.due(total_us).and_then(|due| received.moment.checked_add(due));
    let answer = received.protocol.answer(&body, total_us).unwrap_or_default();
    if !due.is_none_or(|due| pipe.wait_until(due)) || pipe.is_gone() {
        return Outcome::Abandoned;
    }
    let ttft_us = received.elapsed_us();
    Outcome::Answered { ttft_us, usage: answer.usage, served: answer.served, body: Some(body) }
}

/// Tells the lane, whoever listens, then the client: one that asks again at once finds its lane free.
fn finish(shared: &Shared, received: &Received, pipe: &Pipe, at: &Position, ticket: u64, outcome: Outcome) {
    if !matches!(outcome, Outcome::Abandoned) {
        shared.lanes.finish(at, ticket, matches!(outcome, Outcome::Answered { .. }));
    }
    let (at, protocol) = (at.clone(), received.protocol);
    match outcome {
        Outcome::Answered { ttft_us, usage, served, body } => {
            let total_us = received.elapsed_us();
            shared.tell(Event::Answered { at, protocol, status: 200, ttft_us, total_us, usage, served });
            if let Some(body) = body {
                pipe.begin(Head::Body { status: 200, body, headers: Vec::new() });
            }
            pipe.end(Ok(()));
        }
        Outcome::Abandoned => shared.tell(Event::Abandoned { at }),
        Outcome::Fault(fault) => fail(shared, pipe, at, protocol, fault),
    }
}

fn fail(shared: &Shared, pipe: &Pipe, at: Position, protocol: Protocol, fault: ModelFault) {
    let reason = fault.to_string();
    let begin = |status: u16, body: String, headers| pipe.begin(Head::Body { status, body, headers });
    let (mut status, mut transport) = (None, None);
    match fault {
        ModelFault::Status { status: code, body, retry_after_ms } => {
            status = Some(code);
            begin(code, body, retry_headers(retry_after_ms));
        }
        ModelFault::Transport { kind, .. } => {
            transport = Some(kind);
            if kind == TransportFault::Refused {
                shared.door.shut();
            }
            pipe.begin(Head::Nothing(break_of(kind)));
            pipe.end(Err(break_of(kind)));
        }
        ModelFault::Torn { kind, bytes } => {
            transport = Some(kind);
            pipe.begin(Head::Stream);
            pipe.write(&bytes, None);
            pipe.end(Err(break_of(kind)));
        }
        ModelFault::Diverged { miss } => {
            let code = final_status(protocol);
            begin(code, protocol.error_body(code, "", &explain(&at, &miss)), not_again());
            pipe.end(Err(Break::Closed));
            return shared.tell(Event::Diverged { at, miss });
        }
        ModelFault::Exhausted(_) | ModelFault::Spent(_) | ModelFault::Recording(_) => {
            let code = final_status(protocol);
            status = Some(code);
            begin(code, protocol.error_body(code, "", &reason), not_again());
        }
    }
    pipe.end(Err(Break::Closed));
    shared.tell(Event::Failed { at, protocol, status, transport, reason });
}

/// How a client sees that a connection failed.
fn break_of(kind: TransportFault) -> Break {
    match kind {
        TransportFault::Refused | TransportFault::Reset => Break::Reset,
        TransportFault::Idle | TransportFault::TimedOut => Break::Idle,
        TransportFault::Cut | TransportFault::Malformed | TransportFault::Other => Break::Closed,
    }
}

/// A status that the protocol's clients neither retry nor read in a way of their own. Codex CLI 0.169.0 asks six
/// times unless it is a 400. Claude Code 2.1.330 asks again after 400 and 422 (a beta flag less, then without a
/// stream), 404, 409 and 5xx, and takes 403 and 413 for something else.
fn final_status(protocol: Protocol) -> u16 {
    match protocol {
        Protocol::Messages => 410,
        Protocol::Responses | Protocol::ChatCompletions => 400,
    }
}

/// What the vendors' own clients listen to.
fn not_again() -> Vec<(&'static str, String)> {
    vec![("x-should-retry", "false".to_owned())]
}

fn retry_headers(after_ms: Option<u64>) -> Vec<(&'static str, String)> {
    let Some(ms) = after_ms else { return Vec::new() };
    vec![("retry-after", ms.div_ceil(1000).to_string()), ("retry-after-ms", ms.to_string())]
}

/// A divergence in one paragraph.
fn explain(at: &Position, miss: &cassette::Miss) -> String {
    let difference = &miss.difference;
    let (told, diff) = (difference.told(), &difference.diff);
    format!(
        "retake: this request is not the recorded one ({told}). It is step {} of lane {}; step {} of the recording was \
         due. The recording is not served any further, since what follows would answer another conversation. {diff}",
        at.step, at.lane, miss.step
    )
}

/// What an answer says of itself, from the few frames that can say it.
struct Told {
    decoder: Decoder,
    frames: usize,
}

impl Told {
    fn new(protocol: Protocol) -> Self {
        Self { decoder: protocol.decoder(), frames: 0 }
    }

    fn take(&mut self, frame: &Frame) {
        self.frames += 1;
        if self.frames == 1 || frame.data.get().contains("\"usage\"") {
            // A frame that is no event says nothing; the client is to see it all the same.
            let _ = self.decoder.feed(frame);
        }
    }
}
