//! What stands between the thread that answers and the connection that writes: bytes in order, bounded, each with the
//! moment from which it may be written, and each side told when the other goes. The connection itself keeps the moments:
//! a thread that were woken for each would be one more that has to get its turn. Knows nothing of HTTP beyond a status.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use futures_core::Stream;

use crate::timer::Timer;

/// Bytes that may wait for a slow client.
const WAITING_MAX_BYTES: usize = 1 << 20;

/// How an answer begins.
#[derive(Debug)]
pub(crate) enum Head {
    /// A stream of events follows.
    Stream,
    /// A whole body.
    Body { status: u16, body: String, headers: Vec<(&'static str, String)> },
    /// No answer at all: the connection breaks.
    Nothing(Break),
}

/// How an answer stops without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// The connection is closed.
    Closed,
    /// The connection is reset.
    Reset,
    /// Nothing comes any more, until the client goes.
    Idle,
}

/// One answer on its way.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    state: Mutex<State>,
    changed: Condvar,
    /// Whether nobody reads before the end: then nothing may wait for a reader.
    unread: bool,
}

#[derive(Debug, Default)]
struct State {
    head: Option<Head>,
    /// What may be written now.
    bytes: Vec<u8>,
    /// What may be written later, in order.
    later: VecDeque<(Instant, Box<[u8]>)>,
    /// Bytes of it.
    later_bytes: usize,
    end: Option<Result<(), Break>>,
    waker: Option<Waker>,
    gone: bool,
    /// Whether the thread that answers waits: telling nobody costs a system call too.
    waits: bool,
    /// Whether it waits for room.
    full: bool,
}

impl State {
    /// Takes what may be written now.
    fn due(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.bytes);
        if !self.later.is_empty() {
            let now = Instant::now();
            while let Some((_, piece)) = self.later.pop_front_if(|(due, _)| *due <= now) {
                self.later_bytes -= piece.len();
                bytes.extend_from_slice(&piece);
            }
        }
        bytes
    }
}

impl Pipe {
    /// One that is filled before it is read.
    pub(crate) fn filled_first() -> Self {
        Self { unread: true, ..Self::default() }
    }

    /// Whether whoever fills it may wait.
    pub(crate) fn may_wait(&self) -> bool {
        !self.unread
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes the reader, outside the lock.
    fn tell(&self, change: impl FnOnce(&mut State)) -> bool {
        let mut state = self.lock();
        change(&mut state);
        let (waker, gone) = (state.waker.take(), state.gone);
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        !gone
    }

    /// Whether the client is gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.lock().gone
    }

    /// Begins the answer; false where the client is gone.
    pub(crate) fn begin(&self, head: Head) -> bool {
        self.tell(|state| {
            state.head.get_or_insert(head);
        })
    }

    /// Hands bytes over that may be written from a moment on, and behind those before them; waits while too many wait
    /// already. False where the client is gone.
    pub(crate) fn write(&self, bytes: &[u8], due: Option<Instant>) -> bool {
        let mut state = self.lock();
        while self.may_wait() && state.bytes.len() + state.later_bytes > WAITING_MAX_BYTES && !state.gone {
            (state.waits, state.full) = (true, true);
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        self.tell(|state| {
            let last = state.later.back().map(|(last, _)| *last);
            match due.max(last) {
                _ if state.gone => {}
                None => state.bytes.extend_from_slice(bytes),
                Some(due) => {
                    state.later_bytes += bytes.len();
                    state.later.push_back((due, bytes.into()));
                }
            }
        })
    }

    /// Ends the answer. Only the first end counts.
    pub(crate) fn end(&self, end: Result<(), Break>) -> bool {
        self.tell(|state| {
            state.end.get_or_insert(end);
        })
    }

    /// Waits until a moment; false where the client goes before it.
    pub(crate) fn wait_until(&self, moment: Instant) -> bool {
        let mut state = self.lock();
        while !state.gone {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            // In pieces, so that no clock arithmetic overflows.
            let left = left.min(Duration::from_secs(3600));
            state.waits = true;
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }
}

/// The connection's side. Dropped, it tells the other side that the client is gone.
#[derive(Debug)]
pub(crate) struct Reader(pub(crate) Arc<Pipe>);

impl Reader {
    /// How the answer begins.
    pub(crate) async fn head(&self) -> Head {
        std::future::poll_fn(|context| {
            let mut state = self.0.lock();
            match state.head.take() {
                Some(head) => Poll::Ready(head),
                None => {
                    state.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.gone = true;
        (state.bytes, state.later, state.later_bytes) = (Vec::new(), VecDeque::new(), 0);
        let waits = std::mem::take(&mut state.waits);
        drop(state);
        if waits {
            self.0.changed.notify_all();
        }
    }
}

/// The bytes of an answer, as a body reads them.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) reader: Reader,
    pub(crate) broken: Arc<crate::connection::Broken>,
    pub(crate) flushed: bool,
    pub(crate) timer: Timer,
}

impl Stream for Body {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let pipe = Arc::clone(&self.reader.0);
        let mut state = loop {
            let mut state = pipe.lock();
            let bytes = state.due();
            if !bytes.is_empty() {
                let full = std::mem::take(&mut state.full);
                drop(state);
                if full {
                    pipe.changed.notify_all();
                }
                return Poll::Ready(Some(Ok(Bytes::from(bytes))));
            }
            // Whatever else comes stands behind it: nothing but the time has to be waited for.
            let Some((due, _)) = state.later.front() else { break state };
            let due = *due;
            drop(state);
            match self.timer.poll(due, context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
            }
        };
        let Some(end) = state.end else {
            state.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        drop(state);
        match end {
            Ok(()) => Poll::Ready(None),
            Err(Break::Idle) => Poll::Pending,
            // What was written before goes out first: a pending body is flushed.
            Err(_) if !self.flushed => {
                self.flushed = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Err(kind) => {
                self.broken.set(kind);
                Poll::Ready(Some(Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))))
            }
        }
    }
}
