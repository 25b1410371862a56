//! `retake cassette list`: what each recording was made of and with, and when it was used.

use std::fmt::Write as _;

use base::{Digest, Hasher};
use cassette::{Cassette, Kind};
use promptcache::Session;
use serde::Serialize;
use wire::{Block, BlockKind};

use super::sets::{self, Held, Set};
use super::used::Used;
use crate::args::{CassetteListArgs, Common};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::Settings;

/// One recording.
#[derive(Default, Serialize)]
struct Row {
    suite: String,
    task: String,
    number: u32,
    /// What the suite calls the set.
    sets: Vec<String>,
    path: String,
    /// The agent and its version.
    agent: String,
    /// The model that was asked for.
    model: String,
    /// The model that says it answered; empty where none does.
    served: String,
    /// The date of the recording; of a synthetic one, of its script's clock.
    date: String,
    /// `live` or `synthetic`.
    kind: String,
    /// Digest of the instructions of its first request, in short.
    prompt: String,
    /// Digest of its tools, in short.
    tools: String,
    steps: usize,
    bytes: u64,
    /// What the hidden checks gave; null where the recording does not say.
    reward: Option<f64>,
    /// The last run that played it; null where none is left.
    last_used: Option<String>,
    /// Why it cannot be read; empty where it can.
    problem: String,
}

/// Carries the verb out.
pub(super) fn list(args: &CassetteListArgs, settings: &Settings, common: &Common) -> Result<Exit, Failure> {
    let used = Used::find(settings);
    let mut rows = Vec::new();
    for set in sets::sets(settings, &args.suites)? {
        for held in set.held()? {
            rows.push(row(&set, &held, &used, settings));
        }
    }
    if common.json {
        output::json(&rows)?;
    } else {
        output::text(&text(&rows))?;
    }
    Ok(if rows.is_empty() { Exit::Nothing } else { Exit::Done })
}

fn row(set: &Set, held: &Held, used: &Used, settings: &Settings) -> Row {
    let mut row = Row {
        suite: set.suite.clone(),
        task: held.task.clone(),
        number: held.number,
        sets: set.names.clone(),
        path: settings.shown(&held.path),
        bytes: std::fs::metadata(&held.path).map_or(0, |metadata| metadata.len()),
        ..Row::default()
    };
    let cassette = match Cassette::load(&held.path) {
        Ok(cassette) => cassette,
        Err(error) => {
            row.problem = error.to_string();
            return row;
        }
    };
    let session = Session::of_cassette(&cassette, "");
    let opening = cassette.request(0);
    let header = cassette.header;
    row.agent = header.agent;
    row.served = session.calls.first().map(|call| call.model.clone()).unwrap_or_default();
    row.model = header.model;
    row.date = header.clock.date();
    row.kind = match header.kind {
        Kind::Live => "live".to_owned(),
        Kind::Synthetic => "synthetic".to_owned(),
    };
    row.prompt = digest(&opening, BlockKind::Instructions).short();
    row.tools = digest(&opening, BlockKind::Tool).short();
    row.steps = session.calls.len();
    row.reward = cassette.reward;
    row.last_used = used.last(cassette.digest);
    row
}

/// Over the blocks of one kind.
fn digest(opening: &[Block], kind: BlockKind) -> Digest {
    let mut hasher = Hasher::new("blocks");
    for block in opening.iter().filter(|block| block.kind == kind) {
        hasher.field(block.raw.as_bytes());
    }
    hasher.finish()
}

fn text(rows: &[Row]) -> String {
    let name = |row: &Row| format!("{}/{}.{}", row.suite, row.task, row.number);
    let wide = rows.iter().map(|row| name(row).len()).max().unwrap_or(0);
    let mut out = String::new();
    let mut set = "";
    for row in rows {
        let folder = row.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if folder != set {
            let names = if row.sets.is_empty() { "in no suite.toml".to_owned() } else { row.sets.join(", ") };
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{}{folder} ({names})", if out.is_empty() { "" } else { "\n" });
            set = folder;
        }
        if !row.problem.is_empty() {
            let _ = writeln!(out, "  {:<wide$}  CANNOT BE READ: {}", name(row), report::inert(&row.problem));
            continue;
        }
        let served = if row.served.is_empty() { &row.model } else { &row.served };
        let reward = row.reward.map_or_else(|| "-".to_owned(), |reward| reward.to_string());
        let _ = writeln!(
            out,
            "  {:<wide$}  {:<9} {}  {}  {}  {:>3} steps {:>5} kB  reward {reward}  prompt {}  tools {}  used {}",
            name(row),
            row.kind,
            row.date,
            report::inert(&row.agent),
            report::inert(served),
            row.steps,
            row.bytes.div_ceil(1000),
            row.prompt,
            row.tools,
            row.last_used.as_deref().unwrap_or("-")
        );
    }
    let bytes: u64 = rows.iter().map(|row| row.bytes).sum();
    let _ = writeln!(out, "{} recordings, {} kB", rows.len(), bytes.div_ceil(1000));
    out
}
