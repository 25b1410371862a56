//! A layer that notes what every model call came to, in the model's own times: with a stub or a recording they are the
//! same on every host, whatever the client does. Knows nothing of who asks.

use std::sync::{Arc, Mutex, PoisonError};

use cassette::Miss;
use model::{Call, Model, ModelFault, Reply, Stream};
use wire::{Answer, Decoder, Frame};

/// What one call came to.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) lane: String,
    pub(crate) step: u32,
    pub(crate) attempt: u32,
    pub(crate) blocks: u32,
    pub(crate) outcome: Outcome,
}

/// How it ended.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Answered(Box<Answer>),
    Failed { status: Option<u16>, reason: String },
    Diverged(Box<Miss>),
}

/// The notes of one trial.
pub(crate) type Notes = Arc<Mutex<Vec<Heard>>>;

/// Notes what the model below it answers.
pub(crate) struct Watch {
    inner: Box<dyn Model>,
    notes: Notes,
}

impl Watch {
    pub(crate) fn new(inner: impl Model + 'static, notes: Notes) -> Self {
        Self { inner: Box::new(inner), notes }
    }
}

/// The notes so far, in an order that does not depend on which call ended first.
pub(crate) fn taken(notes: &Notes) -> Vec<Heard> {
    let mut heard = std::mem::take(&mut *notes.lock().unwrap_or_else(PoisonError::into_inner));
    heard.sort_by(|a, b| (&a.lane, a.step, a.attempt).cmp(&(&b.lane, b.step, b.attempt)));
    heard
}

/// A call that is under way.
struct Note {
    notes: Notes,
    heard: Heard,
}

impl Note {
    fn end(&mut self, outcome: Outcome) {
        let heard = Heard { outcome, ..self.heard.clone() };
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
    }

    fn fail(&mut self, fault: &ModelFault) {
        self.end(match fault {
            ModelFault::Diverged { miss } => Outcome::Diverged(miss.clone()),
            ModelFault::Status { status, .. } => {
                Outcome::Failed { status: Some(*status), reason: fault.to_string() }
            }
            _ => Outcome::Failed { status: None, reason: fault.to_string() },
        });
    }
}

impl Model for Watch {
    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        let mut note = Note {
            notes: Arc::clone(&self.notes),
            heard: Heard {
                lane: call.lane.to_owned(),
                step: call.step,
                attempt: call.attempt,
                blocks: u32::try_from(call.prompt.blocks().len()).unwrap_or(u32::MAX),
                outcome: Outcome::Failed { status: None, reason: "the client went away".to_owned() },
            },
        };
        match self.inner.answer(call) {
            Ok(Reply::Stream(stream)) => {
                let decoder = Some(call.protocol.decoder());
                Ok(Reply::Stream(Box::new(Noted { stream, decoder, note })))
            }
            Ok(Reply::Body { body, total_us }) => {
                let answer = call.protocol.answer(&body, total_us).unwrap_or_default();
                note.end(Outcome::Answered(Box::new(answer)));
                Ok(Reply::Body { body, total_us })
            }
            Err(fault) => {
                note.fail(&fault);
                Err(fault)
            }
        }
    }
}

/// A stream that is noted when it ends, or when its client goes.
struct Noted<'a> {
    stream: Stream<'a>,
    decoder: Option<Decoder>,
    note: Note,
}

impl Iterator for Noted<'_> {
    type Item = Result<Frame, ModelFault>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.stream.next();
        let Some(mut decoder) = self.decoder.take() else { return next };
        match &next {
            Some(Ok(frame)) => {
                // An event that cannot be read is the client's to judge.
                let _ = decoder.feed(frame);
                self.decoder = Some(decoder);
            }
            Some(Err(fault)) => self.note.fail(fault),
            None => self.note.end(Outcome::Answered(Box::new(decoder.finish()))),
        }
        next
    }
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        // A client may go once it has read the answer's last event.
        if let Some(decoder) = self.decoder.take() {
            self.note.end(Outcome::Answered(Box::new(decoder.finish())));
        }
    }
}
