//! One connection at a time to a backend, watched: when the last byte of a request went out and when bytes came in,
//! and how long to wait for the next. Knows nothing of what the bytes say.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};
use ureq::{Agent, Error, Timeout};

use super::Timeouts;

/// What is known of the call under way.
#[derive(Clone, Copy, Debug)]
struct State {
    sent: Instant,
    first: bool,
    first_byte: Duration,
    idle: Duration,
}

/// Watches a connection.
#[derive(Clone, Debug)]
pub(super) struct Watch(Arc<Mutex<State>>);

impl Watch {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Time since the request was sent.
    pub(super) fn since_sent(&self) -> Duration {
        self.lock().sent.elapsed()
    }

    /// Whether anything of the answer has come.
    pub(super) fn has_answer(&self) -> bool {
        !self.lock().first
    }

    /// From now on, waits no longer than this for the next bytes.
    pub(super) fn hurry(&self, idle: Duration) {
        let mut state = self.lock();
        state.idle = state.idle.min(idle);
    }

    fn begin(&self, timeouts: &Timeouts) {
        let mut state = self.lock();
        (state.first_byte, state.idle) = (timeouts.first_byte, timeouts.idle);
        (state.sent, state.first) = (Instant::now(), true);
    }

    /// How long the next read may wait.
    fn patience(&self) -> Duration {
        let state = self.lock();
        if state.first { state.first_byte.saturating_sub(state.sent.elapsed()) } else { state.idle }
    }
}

/// A client that has at most one connection, which it keeps for its next call.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) agent: Agent,
    pub(super) watch: Watch,
}

impl Line {
    pub(super) fn new(config: Config) -> Self {
        let (first_byte, idle) = (Duration::ZERO, Duration::ZERO);
        let state = State { sent: Instant::now(), first: true, first_byte, idle };
        let watch = Watch(Arc::new(Mutex::new(state)));
        let connector = DefaultConnector::new().chain(Watching(watch.clone()));
        Self { agent: Agent::with_parts(config, connector, DefaultResolver::default()), watch }
    }

    /// A call begins.
    pub(super) fn begin(&self, timeouts: &Timeouts) {
        self.watch.begin(timeouts);
    }
}

#[derive(Debug)]
struct Watching(Watch);

impl<In: Transport> Connector<In> for Watching {
    type Out = Watched<In>;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|inner| Watched { inner, watch: self.0.clone() }))
    }
}

#[derive(Debug)]
struct Watched<In> {
    inner: In,
    watch: Watch,
}

impl<In: Transport> Transport for Watched<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.inner.transmit_output(amount, timeout)?;
        let mut state = self.watch.lock();
        (state.sent, state.first) = (Instant::now(), true);
        Ok(())
    }

    fn await_input(&mut self, mut timeout: NextTimeout) -> Result<bool, Error> {
        let patience = self.watch.patience();
        if patience < *timeout.after {
            if patience.is_zero() {
                return Err(Error::Timeout(Timeout::PerRead));
            }
            (timeout.after, timeout.reason) = (patience.into(), Timeout::PerRead);
        }
        let came = self.inner.await_input(timeout)?;
        if came {
            self.watch.lock().first = false;
        }
        Ok(came)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
