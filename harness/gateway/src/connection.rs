//! Connections of our own: without delay, and such that an answer can break the one it goes over, or have nobody listen
//! for a while. Knows nothing of what goes over them.

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustix::net::Shutdown;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::pipe::Break;

/// How long to wait when no connection can be taken, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long nobody listens where a client is to be refused: longer than its first pause, shorter than its last.
const SHUT: Duration = Duration::from_millis(300);
/// Connections that may wait to be taken.
const WAITING: i32 = 1024;

/// Whether a connection is to be broken, and how.
#[derive(Debug, Default)]
pub(crate) struct Broken(AtomicU8);

impl Broken {
    /// Breaks it at its next write.
    pub(crate) fn set(&self, kind: Break) {
        self.0.store(1 + u8::from(kind == Break::Reset), Ordering::Release);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire) > 0
    }

    fn is_reset(&self) -> bool {
        self.0.load(Ordering::Acquire) > 1
    }
}

/// Shuts the port for a while.
#[derive(Debug, Default)]
pub(crate) struct Door(Notify);

impl Door {
    /// Whoever connects next is refused, until it opens again by itself.
    pub(crate) fn shut(&self) {
        self.0.notify_one();
    }
}

/// Takes connections.
pub(crate) struct Listening {
    pub(crate) listener: TcpListener,
    pub(crate) door: Arc<Door>,
}

impl Listening {
    /// The next connection; nothing where the door was shut.
    async fn next(&self) -> Option<io::Result<(TcpStream, SocketAddr)>> {
        let mut shut = pin!(self.door.0.notified());
        std::future::poll_fn(|context| {
            if shut.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            self.listener.poll_accept(context).map(Some)
        })
        .await
    }

    /// Listens no more, and again after a while, on the same port.
    async fn pause(&self) -> io::Result<()> {
        let address = self.listener.local_addr()?;
        rustix::net::shutdown(&self.listener, Shutdown::Read)?;
        tokio::time::sleep(SHUT).await;
        // The port is still its own where it was asked for by number.
        let _ = rustix::net::bind(&self.listener, &address);
        Ok(rustix::net::listen(&self.listener, WAITING)?)
    }
}

impl Listener for Listening {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            let Some(accepted) = self.next().await else {
                // Where it cannot be shut the client sees no more than its broken connection.
                let _ = self.pause().await;
                continue;
            };
            match accepted {
                Ok((stream, address)) => {
                    // Where it cannot be set, frames are only later.
                    let _ = stream.set_nodelay(true);
                    return (Connection { stream, broken: Arc::default() }, address);
                }
                Err(error) if is_of_one_client(&error) => {}
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// One connection.
pub(crate) struct Connection {
    stream: TcpStream,
    broken: Arc<Broken>,
}

impl Connection {
    fn check(&self) -> io::Result<()> {
        if self.broken.is_set() { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.broken.is_reset() {
            // Without it the client sees an end instead of a reset.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// What a request knows of its connection.
#[derive(Clone)]
pub(crate) struct Line(pub(crate) Arc<Broken>);

impl Connected<IncomingStream<'_, Listening>> for Line {
    fn connect_info(stream: IncomingStream<'_, Listening>) -> Self {
        Self(Arc::clone(&stream.io().broken))
    }
}
