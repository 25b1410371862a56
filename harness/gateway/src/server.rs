//! A running server: its thread, its options, its end. Knows nothing of requests.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use model::{Model, Pace};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::connection::{Door, Line, Listening};
use crate::lanes::Lanes;
use crate::{Event, Observer, routes};

/// How long threads that answer may still take once every connection is closed.
const THREADS_END: Duration = Duration::from_secs(1);

/// How to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// At what pace frames are written.
    pub pace: Pace,
    /// Bytes that a request's body may have.
    pub body_limit: usize,
    /// Threads that answer: as many requests as this are answered at once, the others wait. They start when they
    /// are needed.
    pub threads: usize,
    /// Conversations that are kept apart; the one that was quiet for longest is forgotten for a new one.
    pub lanes: usize,
    /// How long answers that are under way may still take when the server closes.
    pub drain: Duration,
    /// The models that clients are told of.
    pub models: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            pace: Pace::Instant,
            body_limit: 256 << 20,
            threads: 256,
            lanes: 64,
            drain: Duration::from_secs(2),
            models: Vec::new(),
        }
    }
}

/// Why there is no gateway.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// It would be open to other hosts.
    #[error("{0}: a gateway listens on loopback alone")]
    NotLoopback(SocketAddr),
    /// The system refused a socket or a thread.
    #[error("gateway: {0}")]
    Io(#[from] io::Error),
}

/// What a gateway did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Requests that went to the model.
    pub asked: u64,
    /// Answered to their end.
    pub answered: u64,
    /// Answered with an error, or cut.
    pub failed: u64,
    /// Not in the recording.
    pub diverged: u64,
    /// Left by their client.
    pub abandoned: u64,
    /// Refused before they came to the model.
    pub refused: u64,
    /// Calls beside the main one.
    pub beside: u64,
    /// Calls that nothing answers.
    pub unknown: u64,
    /// Conversations.
    pub lanes: u64,
}

/// The numbers behind a [`Summary`].
#[derive(Debug, Default)]
struct Counts {
    asked: AtomicU64,
    answered: AtomicU64,
    failed: AtomicU64,
    diverged: AtomicU64,
    abandoned: AtomicU64,
    refused: AtomicU64,
    beside: AtomicU64,
    unknown: AtomicU64,
}

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) model: Arc<dyn Model>,
    pub(crate) options: Options,
    pub(crate) lanes: Lanes,
    pub(crate) door: Arc<Door>,
    observer: Arc<dyn Observer>,
    counts: Counts,
}

impl Shared {
    /// Counts an event and passes it on.
    pub(crate) fn tell(&self, event: Event) {
        let count = match &event {
            Event::Asked { .. } => Some(&self.counts.asked),
            Event::Answered { .. } => Some(&self.counts.answered),
            Event::Failed { .. } => Some(&self.counts.failed),
            Event::Abandoned { .. } => Some(&self.counts.abandoned),
            Event::Diverged { .. } => Some(&self.counts.diverged),
            Event::Refused { .. } => Some(&self.counts.refused),
            Event::Beside { .. } => Some(&self.counts.beside),
            Event::Unknown { .. } => Some(&self.counts.unknown),
            Event::Problem { .. } => None,
        };
        if let Some(count) = count {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.observer.event(event);
    }

    fn summary(&self) -> Summary {
        let Counts { asked, answered, failed, diverged, abandoned, refused, beside, unknown } = &self.counts;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Summary {
            asked: read(asked),
            answered: read(answered),
            failed: read(failed),
            diverged: read(diverged),
            abandoned: read(abandoned),
            refused: read(refused),
            beside: read(beside),
            unknown: read(unknown),
            lanes: self.lanes.opened(),
        }
    }
}

/// A running server. Dropped, it closes.
pub struct Gateway {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Gateway {
    /// Serves a model on a listener: one on loopback, also one that was made in another network namespace.
    pub fn start(
        listener: TcpListener,
        model: Arc<dyn Model>,
        options: Options,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, GatewayError> {
        let address = listener.local_addr()?;
        if !address.ip().to_canonical().is_loopback() {
            return Err(GatewayError::NotLoopback(address));
        }
        listener.set_nonblocking(true)?;
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(options.threads.max(1))
            .thread_name("gateway-answer")
            .build()?;
        let door = Arc::new(Door::default());
        let listener = {
            let _entered = runtime.enter();
            let listener = tokio::net::TcpListener::from_std(listener)?;
            Listening { listener, door: Arc::clone(&door) }
        };
        let lanes = Lanes::new(options.lanes);
        let shared = Arc::new(Shared { model, options, lanes, door, observer, counts: Counts::default() });
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("gateway".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || serve(runtime, listener, shared, stopped)
        })?;
        Ok(Self { address, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it did so far.
    pub fn summary(&self) -> Summary {
        self.shared.summary()
    }

    /// Takes no more connections, lets the answers that are under way end within [`Options::drain`], cuts the rest,
    /// and ends the threads. A model that blocks keeps its own thread until it returns.
    pub fn close(mut self) -> Summary {
        self.end();
        self.shared.summary()
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked is as ended as any.
            let _ = thread.join();
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.end();
    }
}

fn serve(runtime: Runtime, listener: Listening, shared: Arc<Shared>, stopped: oneshot::Receiver<()>) {
    let drain = shared.options.drain;
    let app = Router::new()
        .fallback(routes::handle)
        .with_state(shared)
        .into_make_service_with_connect_info::<Line>();
    runtime.block_on(async {
        let (closing, closed) = oneshot::channel::<()>();
        let server = axum::serve(listener, app).with_graceful_shutdown(async {
            // It does not matter whether it was said or its sender dropped.
            let _ = stopped.await;
            drop(closing);
        });
        let bound = async {
            let _ = closed.await;
            tokio::time::sleep(drain).await;
        };
        let (mut server, mut bound) = (std::pin::pin!(server.into_future()), std::pin::pin!(bound));
        std::future::poll_fn(|context| {
            use std::future::Future as _;
            let served = server.as_mut().poll(context).is_ready();
            if served || bound.as_mut().poll(context).is_ready() {
                return std::task::Poll::Ready(());
            }
            std::task::Poll::Pending
        })
        .await;
    });
    runtime.shutdown_timeout(THREADS_END);
}
