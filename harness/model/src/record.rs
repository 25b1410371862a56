//! A layer that keeps every exchange of the model below it. The caller sees the same frames.

use std::sync::{Arc, Mutex, PoisonError};

use cassette::Writer;
use wire::{Frame, Prompt};

use crate::{Call, Model, ModelFault, Stream};

/// A cassette in the making, shared between the layer that records answers and the loop that records tools.
pub type SharedWriter = Arc<Mutex<Writer>>;

/// Records what another model answers.
pub struct Recorder<'m> {
    inner: &'m dyn Model,
    writer: SharedWriter,
}

impl<'m> Recorder<'m> {
    /// A layer over `inner` that writes to `writer`.
    pub fn new(inner: &'m dyn Model, writer: SharedWriter) -> Self {
        Self { inner, writer }
    }

    fn keep(
        &self,
        call: &Call<'_>,
        status: u16,
        frames: Vec<Frame>,
        body: Option<String>,
    ) -> Result<(), ModelFault> {
        keep(&self.writer, (call.lane, call.step, call.attempt), call.prompt, status, frames, body)
    }
}

fn keep(
    writer: &SharedWriter,
    at: (&str, u32, u32),
    prompt: &Prompt,
    status: u16,
    frames: Vec<Frame>,
    body: Option<String>,
) -> Result<(), ModelFault> {
    let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
    writer.exchange(at, prompt, status, frames, body).map_err(|e| ModelFault::Recording(e.to_string()))
}

impl Model for Recorder<'_> {
    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Stream<'a>, ModelFault> {
        // An answer is kept once it is whole: half an exchange answers nobody.
        match self.inner.answer(call) {
            Ok(stream) => {
                let mut frames = Vec::new();
                for frame in stream {
                    frames.push(frame?);
                }
                self.keep(call, 200, frames.clone(), None)?;
                Ok(Box::new(frames.into_iter().map(Ok)))
            }
            Err(ModelFault::Status { status, body }) => {
                self.keep(call, status, Vec::new(), Some(body.clone()))?;
                Err(ModelFault::Status { status, body })
            }
            Err(fault) => Err(fault),
        }
    }
}
