//! A layer that keeps every exchange of the model below it. The caller sees the same frames, as they come.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cassette::{Asked, Response, Writer};
use wire::Frame;

use crate::{Call, Model, ModelFault, Reply, Stream};

/// A cassette in the making, shared between the layer that records answers and the loop that records tools.
pub type SharedWriter = Arc<Mutex<Writer>>;

/// Records what another model answers. An exchange is kept once its answer is whole: half of one answers nobody.
pub struct Recorder<'m> {
    inner: Box<dyn Model + 'm>,
    writer: SharedWriter,
}

impl<'m> Recorder<'m> {
    /// A layer over `inner` that writes to `writer`.
    pub fn new(inner: impl Model + 'm, writer: SharedWriter) -> Self {
        Self { inner: Box::new(inner), writer }
    }
}

impl Model for Recorder<'_> {
    fn blocks(&self) -> bool {
        self.inner.blocks()
    }

    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        let at = (call.lane, call.step, call.attempt);
        let asked = lock(&self.writer).ask(call.protocol, at, call.prompt).map_err(unwritten)?;
        let keep = Keep { writer: Arc::clone(&self.writer), asked };
        match self.inner.answer(call) {
            Ok(Reply::Stream(stream)) => {
                Ok(Reply::Stream(Box::new(Tee { stream, frames: Vec::new(), keep: Some(keep) })))
            }
            Ok(Reply::Body { body, total_us }) => {
                keep.keep(Response::Body {
                    status: 200,
                    body: body.clone(),
                    total_us,
                    retry_after_ms: None,
                })?;
                Ok(Reply::Body { body, total_us })
            }
            Err(ModelFault::Status { status, body, retry_after_ms }) => {
                keep.keep(Response::Body { status, body: body.clone(), total_us: 0, retry_after_ms })?;
                Err(ModelFault::Status { status, body, retry_after_ms })
            }
            Err(fault) => Err(fault),
        }
    }
}

fn lock(writer: &SharedWriter) -> MutexGuard<'_, Writer> {
    writer.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unwritten(error: std::io::Error) -> ModelFault {
    ModelFault::Recording(error.to_string())
}

/// A request whose answer is to be kept.
struct Keep {
    writer: SharedWriter,
    asked: Asked,
}

impl Keep {
    fn keep(self, response: Response) -> Result<(), ModelFault> {
        lock(&self.writer).exchange(self.asked, response).map_err(unwritten)
    }
}

/// A stream that is kept when its last frame has passed.
struct Tee<'a> {
    stream: Stream<'a>,
    frames: Vec<Frame>,
    keep: Option<Keep>,
}

impl Iterator for Tee<'_> {
    type Item = Result<Frame, ModelFault>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.stream.next() {
            Some(Ok(frame)) => {
                self.frames.push(frame.clone());
                Some(Ok(frame))
            }
            Some(Err(fault)) => {
                self.keep = None;
                Some(Err(fault))
            }
            None => {
                let kept = self.keep.take()?.keep(Response::Stream(std::mem::take(&mut self.frames)));
                kept.err().map(Err)
            }
        }
    }
}
