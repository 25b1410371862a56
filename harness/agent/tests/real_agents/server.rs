//! A tiny loopback server that answers one conversation from a script and keeps the requests. Knows nothing of
//! agents.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use cassette::{Profile, Renames};
use wire::{Authored, AuthoredCall, Chain, Protocol};

/// One answer.
pub(crate) enum Turn {
    /// Tool calls.
    Calls(Vec<AuthoredCall>),
    /// A message, the end.
    Says(&'static str),
    /// An error of this status.
    Fails(u16),
}

struct State {
    protocol: Protocol,
    turns: Vec<Turn>,
    requests: Vec<String>,
    /// The profile and the requests of an earlier run, whose answers are given again.
    recorded: Option<(Profile, Vec<String>)>,
}

pub(crate) struct Server {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub(crate) fn start(
        protocol: Protocol,
        turns: Vec<Turn>,
        recorded: Option<(Profile, Vec<String>)>,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { protocol, turns, requests: Vec::new(), recorded }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || drop(answer(stream, &state)));
            }
        });
        Self { port, state }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The bodies of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }
}

fn answer(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some((key, value)) = line.split_once(':')
            && key.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = first.split(' ').nth(1).unwrap_or_default();
    let (status, kind, text) = match Protocol::of_path(path) {
        Some(_) if first.starts_with("POST ") => {
            state.lock().unwrap().next(String::from_utf8_lossy(&body).into_owned())
        }
        _ => (404, "application/json", b"{}".to_vec()),
    };
    let mut stream = stream;
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        text.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&text)
}

impl State {
    fn next(&mut self, request: String) -> (u16, &'static str, Vec<u8>) {
        let number = self.requests.len();
        self.requests.push(request);
        let mut authored =
            Authored { model: "stub".into(), number: number as u32 + 1, ..Authored::default() };
        match self.turns.get(number) {
            Some(Turn::Calls(calls)) => authored.calls = calls.clone(),
            Some(Turn::Says(text)) => authored.text = Some((*text).to_owned()),
            Some(Turn::Fails(status)) => {
                let body = self.protocol.error_body(*status, "", "try again");
                return (*status, "application/json", body.into_bytes());
            }
            None => authored.text = Some("The script has ended.".to_owned()),
        }
        let mut text = Vec::new();
        let mut frames = authored.frames(self.protocol).unwrap();
        if let Some((profile, recorded)) = &self.recorded
            && let (Some(old), Some(new)) = (recorded.get(number), self.requests.last())
        {
            let chain = |body: &str| chain(self.protocol, body, profile);
            frames = Renames::new(profile, &chain(old), &chain(new)).frames(self.protocol, &frames);
        }
        for frame in frames {
            frame.to_event().write(&mut text);
        }
        (200, "text/event-stream", text)
    }
}

fn chain(protocol: Protocol, body: &str, profile: &Profile) -> Chain {
    let mut chain = Chain::default();
    protocol.split(body).unwrap().iter().for_each(|block| chain.add(block, profile).unwrap());
    chain
}
