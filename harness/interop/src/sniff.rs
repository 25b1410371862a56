//! What kind of source a text is, by what it says and not by its name; each kind has a reader of its own. Knows nothing
//! of files beyond their names.

use std::path::Path;

use cassette::{Cassette, CassetteError};
use promptcache::{Session, Trace};

use crate::object::Object;
use crate::{bundle, capture, claude, codex, pi, prompts, serving, stream, tracelab, yaml};

/// How many lines are looked at to tell a kind.
const LOOKED_AT: usize = 60;

/// What one file gave.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Whether its kind is known.
    pub(crate) known: bool,
    pub(crate) sessions: Vec<Session>,
    pub(crate) traces: Vec<Trace>,
    /// Lines that could not be read, from 1, and why; 0: the file.
    pub(crate) faults: Vec<(usize, String)>,
    /// Where JSON of no known kind breaks off: what it was, nobody knows.
    pub(crate) broken: Option<(usize, String)>,
}

impl Found {
    pub(crate) fn session(session: Session, faults: Vec<(usize, String)>) -> Self {
        let sessions = if session.calls.is_empty() { Vec::new() } else { vec![session] };
        Self { known: true, sessions, faults, ..Self::default() }
    }
}

/// What a line of JSON belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Cassette,
    Codex,
    Claude,
    Pi,
    Rounds,
    Mooncake,
    Prompts,
    Stream,
    Bundle,
    Capture,
    Ours,
}

/// Reads one file's text.
pub(crate) fn read(path: &Path, text: &str) -> Found {
    let source = path.to_string_lossy();
    let start = text.trim_start();
    if tracelab::is_raw(text) {
        return tracelab::raw(&source, text);
    }
    if !start.starts_with(['{', '[']) {
        let yaml = start.starts_with("interactions:")
            || start.starts_with("when:")
            || start.starts_with("---")
            || start.starts_with("version:");
        return if yaml { yaml::read(&source, text) } else { Found::default() };
    }
    if let Some(found) = whole(&source, path, start) {
        return found;
    }
    let kinds = text.lines().filter(|line| !line.trim().is_empty()).take(LOOKED_AT);
    let Some(kind) = kinds.filter_map(|line| kind_of(&Object::parse(line)?)).next() else {
        return Found { broken: broken(text), ..Found::default() };
    };
    match kind {
        Kind::Cassette => match Cassette::salvage(path, text.as_bytes()) {
            Ok((cassette, stopped)) => Found::session(
                Session::of_cassette(&cassette, &source),
                stopped.iter().map(|error| of_recording(path, error)).collect(),
            ),
            Err(error) => Found { known: true, faults: vec![of_recording(path, &error)], ..Found::default() },
        },
        Kind::Codex => codex::read(&source, lines(text)),
        Kind::Claude => claude::read(&source, lines(text)),
        Kind::Pi => pi::read(&source, lines(text)),
        Kind::Rounds => tracelab::rounds(&source, lines(text)),
        Kind::Mooncake => serving::mooncake(&source, lines(text)),
        Kind::Prompts => prompts::read(&source, lines(text)),
        Kind::Stream => stream::read(&source, lines(text)),
        Kind::Bundle => bundle::read(path, lines(text)),
        Kind::Capture => capture::lines(&source, lines(text)),
        Kind::Ours => Found { known: true, ..Found::default() },
    }
}

/// What is wrong with a recording of ours: the line, and why.
fn of_recording(path: &Path, error: &CassetteError) -> (usize, String) {
    match error {
        CassetteError::Line { line, problem, .. } => (*line, problem.clone()),
        CassetteError::Cut { lines, exchanges, .. } => {
            (lines + 1, format!("the recording is cut here, after {exchanges} whole exchanges"))
        }
        other => {
            let text = other.to_string();
            let place = format!("{}: ", path.display());
            (0, text.strip_prefix(&place).unwrap_or(&text).to_owned())
        }
    }
}

/// Where a text that begins like JSON breaks off; nothing where it is whole, or a list of whole lines.
fn broken(text: &str) -> Option<(usize, String)> {
    let error = serde_json::from_str::<&serde_json::value::RawValue>(text).err()?;
    let lines = text.lines().next().is_some_and(|first| Object::parse(first).is_some());
    (!lines).then(|| (error.line(), format!("not JSON (column {}): {error}", error.column())))
}

/// Lines with their numbers, empty ones left out.
pub(crate) type Lines<'a> = Box<dyn Iterator<Item = (usize, &'a str)> + 'a>;

fn lines(text: &str) -> Lines<'_> {
    Box::new(
        text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim().is_empty()),
    )
}

/// A file that is one JSON value.
fn whole(source: &str, path: &Path, text: &str) -> Option<Found> {
    // A file of lines has an object on its first one.
    let first = text.lines().next().unwrap_or_default();
    if text.starts_with('{') && Object::parse(first).is_some() && text.trim_end().lines().nth(1).is_some() {
        return None;
    }
    if text.starts_with('[') {
        return capture::list(source, text);
    }
    let value = Object::parse(text)?;
    if value.has("hash_id_scope") || value.has("block_size") && value.has("requests") {
        return Some(serving::trace(source, &value));
    }
    if value.object("log").is_some_and(|log| log.has("entries")) {
        return Some(capture::har(source, &value));
    }
    if value.has("interactions") {
        return Some(capture::vcr(source, &value));
    }
    if let Some(found) = capture::bare(source, text, &value) {
        return Some(found);
    }
    // A file of one line of some kind.
    let kind = kind_of(&value);
    if kind.is_some_and(|kind| kind != Kind::Stream) {
        None
    } else {
        Some(Found { known: path.ends_with("run.json"), ..Found::default() })
    }
}

fn kind_of(line: &Object<'_>) -> Option<Kind> {
    let kind = line.text("type").unwrap_or_default();
    if line.has("cassette") {
        return Some(Kind::Cassette);
    }
    if line.has("provider") && line.has("round_id") && line.has("prefix_tokens") {
        return Some(Kind::Rounds);
    }
    if line.has("hash_ids") && (line.has("input_length") || line.has("input_tokens")) {
        return Some(Kind::Mooncake);
    }
    if line.has("session_id") && line.has("input") && line.has("output") && line.has("timestamp") {
        return Some(Kind::Prompts);
    }
    if line.has("seq") && line.has("wall_time_unix_ms") {
        return Some(Kind::Bundle);
    }
    if line.has("payload")
        && matches!(
            kind.as_str(),
            "session_meta"
                | "turn_context"
                | "response_item"
                | "event_msg"
                | "compacted"
                | "world_state"
                | "token_usage_record"
        )
    {
        return Some(Kind::Codex);
    }
    let claude =
        ["parentUuid", "sessionId", "leafUuid", "isSidechain", "messageId"].iter().any(|key| line.has(key));
    if claude && line.has("type") {
        return Some(Kind::Claude);
    }
    if kind == "session" && (line.has("id") || line.has("cwd")) {
        return Some(Kind::Pi);
    }
    if line.has("request") && line.has("response") {
        return Some(Kind::Capture);
    }
    let stream = kind.starts_with("response.")
        || kind == "message_start"
        || line.text("object").is_some_and(|object| object == "chat.completion.chunk");
    if stream {
        return Some(Kind::Stream);
    }
    // Journals of ours hold no request.
    (line.has("event") && line.has("n") || line.has("lane") && line.has("event")).then_some(Kind::Ours)
}
