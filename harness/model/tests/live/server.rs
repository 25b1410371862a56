//! A server on loopback that does what a test's script says, one step for each request, and keeps what it was sent.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it does with one request, in order.
#[derive(Clone, Debug)]
pub(crate) enum Do {
    /// Writes bytes.
    Write(Vec<u8>),
    /// Waits.
    Wait(Duration),
    /// As the first step: breaks the connection off instead of reading the request.
    Reset,
}

/// What it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A server in the background; it ends with the process.
pub(crate) struct Server {
    pub(crate) url: String,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Server {
    /// Answers request n as step n says, the last for all that follow. Each connection serves one request.
    pub(crate) fn start(steps: Vec<Vec<Do>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&got);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (stream, steps, seen) = (stream.unwrap(), steps.clone(), Arc::clone(&seen));
                std::thread::spawn(move || serve(stream, number, &steps, &seen));
            }
        });
        Self { url, got }
    }

    /// Every request so far.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, number: usize, steps: &[Vec<Do>], seen: &Mutex<Vec<Got>>) {
    stream.set_nodelay(true).unwrap();
    let steps = steps.get(number).or(steps.last()).unwrap();
    if matches!(steps.first(), Some(Do::Reset)) {
        // A socket that is closed with bytes unread breaks its connection off.
        let _ = stream.read(&mut [0; 1]);
        std::thread::sleep(Duration::from_millis(50));
        seen.lock().unwrap().push(Got { head: String::new(), body: String::new() });
        return;
    }
    let Some(got) = receive(&mut stream) else { return };
    seen.lock().unwrap().push(got);
    for step in steps {
        match step {
            // A client that has gone is what some tests are about.
            Do::Write(bytes) => drop(stream.write_all(bytes)),
            Do::Wait(time) => std::thread::sleep(*time),
            Do::Reset => return,
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.read(&mut [0; 64]);
}

/// Reads one request.
fn receive(stream: &mut TcpStream) -> Option<Got> {
    let mut bytes = Vec::new();
    let mut piece = [0; 8192];
    loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..at].to_vec()).unwrap();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
            });
            if bytes.len() >= at + 4 + length.unwrap_or(0) {
                let body = String::from_utf8(bytes[at + 4..].to_vec()).unwrap();
                return Some(Got { head, body });
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&piece[..n]),
        }
    }
}

/// The head of a response whose body is events until the connection ends.
pub(crate) fn events() -> Do {
    write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
}

/// A response in one piece.
pub(crate) fn response(status: u16, headers: &str, body: &str) -> Vec<Do> {
    let length = body.len();
    vec![write(&format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
    ))]
}

/// Text, written at once.
pub(crate) fn write(text: &str) -> Do {
    Do::Write(text.as_bytes().to_vec())
}

/// One event.
pub(crate) fn event(data: &str) -> Do {
    write(&format!("data: {data}\n\n"))
}

/// Milliseconds of silence.
pub(crate) fn wait(ms: u64) -> Do {
    Do::Wait(Duration::from_millis(ms))
}
