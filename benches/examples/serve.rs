//! A gateway that serves one recorded exchange again and again: what the peers in `peers/` are measured beside. It is
//! asked for `REQUEST FRAMES PACE PORT`: the body of a Chat Completions request, its answer's frames as JSON Lines, a
//! pace and a port; it prints the address and serves until its standard input ends. The whole way is the product's:
//! cassette, key, player, gateway. A recording serves each exchange once, so it holds many copies, and is played anew
//! when they are served.

#![expect(clippy::print_stdout, reason = "who starts it reads the address there")]

use std::error::Error;
use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base::{Digest, Timestamp};
use cassette::{Cassette, CountTokens, Header, Kind, Player, Response, Writer};
use gateway::{Gateway, Options, Silent};
use model::{Call, CassetteModel, Model, ModelFault, Pace, Reply};
use wire::{BlockKind, Frame, Prompt, Protocol};

/// Copies of the exchange in the recording.
const COPIES: u32 = 256;
/// How often the recording can be played.
const PLAYS: usize = 1 << 14;

/// The same recording, one play after the other.
struct Plays {
    models: Vec<CassetteModel>,
    asked: AtomicUsize,
}

impl Model for Plays {
    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        let play = self.asked.fetch_add(1, Ordering::Relaxed) / COPIES as usize;
        self.models[play % PLAYS].answer(call)
    }

    fn blocks(&self) -> bool {
        false
    }
}

/// Counts no tokens: nobody reads them here.
struct NoTokens;

impl CountTokens for NoTokens {
    fn name(&self) -> &str {
        "none"
    }

    fn count(&self, _: &str) -> u32 {
        0
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [request, frames, pace, port] = arguments.as_slice() else {
        return Err("usage: serve REQUEST FRAMES PACE PORT".into());
    };
    let body = std::fs::read_to_string(request)?;
    let frames = std::fs::read_to_string(frames)?;
    let frames: Vec<Frame> = frames.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("exchange.jsonl");
    record(&path, &body, &frames)?;
    let cassette = Arc::new(Cassette::load(&path)?);
    let play = |_| CassetteModel::any_lane(Arc::new(Player::new(Arc::clone(&cassette))));
    let model = Plays { models: (0..PLAYS).map(play).collect(), asked: AtomicUsize::new(0) };
    let listener = TcpListener::bind(("127.0.0.1", port.parse()?))?;
    let options = Options { pace: pace.parse::<Pace>()?, ..Options::default() };
    let gateway = Gateway::start(listener, Arc::new(model), options, Arc::new(Silent))?;
    println!("{}", gateway.address());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    gateway.close();
    Ok(())
}

fn record(path: &std::path::Path, body: &str, frames: &[Frame]) -> Result<(), Box<dyn Error>> {
    let protocol = Protocol::ChatCompletions;
    let header = Header {
        version: cassette::VERSION,
        kind: Kind::Synthetic,
        agent: "bench".to_owned(),
        protocol,
        model: "bench".to_owned(),
        clock: Timestamp::parse("2026-11-02T09:00:00Z").ok_or("no time")?,
        profile: "generic".to_owned(),
        task: "bench/bench".to_owned(),
        task_digest: Digest::of(b""),
        workspace: Digest::of(b""),
        tokenizer: "none".to_owned(),
        toolchain: std::collections::BTreeMap::new(),
        start: None,
    };
    let mut writer = Writer::create(path, header, Arc::new(NoTokens))?;
    let (head, mut pieces) = protocol.pieces(body).map_err(|error| format!("the request is {error}"))?;
    pieces.insert(0, (BlockKind::Head, &head));
    let mut prompt = Prompt::default();
    prompt.follow(&pieces);
    for step in 1..=COPIES {
        let asked = writer.ask(protocol, ("main", step, 1), &prompt)?;
        writer.exchange(asked, Response::Stream(frames.to_vec()))?;
    }
    Ok(writer.end("")?)
}
