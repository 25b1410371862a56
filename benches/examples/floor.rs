//! A bare server, the least that any gateway has to do: `frames` receives a request and writes the same frames each
//! time; `parse` also reads the request as JSON and hashes it. It is asked for `FRAMES MODE PORT` and prints its address;
//! it serves until its standard input ends.

#![expect(clippy::print_stdout, reason = "who starts it reads the address there")]

use std::error::Error;
use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use futures_core::Stream;
use wire::Frame;

struct Server {
    frames: Vec<Bytes>,
    parses: bool,
}

/// The frames, one by one.
struct Frames {
    server: Arc<Server>,
    next: usize,
}

impl Stream for Frames {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let frame = self.server.frames.get(self.next).cloned();
        self.next += 1;
        Poll::Ready(frame.map(Ok))
    }
}

async fn answer(State(server): State<Arc<Server>>, body: Bytes) -> Response {
    if server.parses {
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(&body) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        std::hint::black_box((value, base::Digest::of(&body)));
    }
    let body = Body::from_stream(Frames { server, next: 0 });
    ([("content-type", "text/event-stream")], body).into_response()
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [frames, mode, port] = arguments.as_slice() else {
        return Err("usage: floor FRAMES frames|parse PORT".into());
    };
    let mut texts = Vec::new();
    for line in std::fs::read_to_string(frames)?.lines() {
        let mut text = Vec::new();
        serde_json::from_str::<Frame>(line)?.write(&mut text);
        texts.push(Bytes::from(text));
    }
    let server = Arc::new(Server { frames: texts, parses: mode == "parse" });
    let app = Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(server);
    let port: u16 = port.parse()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_io().build()?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        drop(stop);
    });
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        println!("{}", listener.local_addr()?);
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let stopped = async {
            let _ = stopped.await;
        };
        Ok(axum::serve(listener, app).with_graceful_shutdown(stopped).await?)
    })
}
