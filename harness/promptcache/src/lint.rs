//! What will break a cache, named before it costs anything: from the text of the prefix, and from how requests of a
//! thread follow each other. Knows nothing of what was reported.

use std::collections::{BTreeMap, HashMap};

use base::Digest;
use regex::{Regex, RegexBuilder};
use serde::Serialize;
use wire::{BlockKind, Cause, Item, Protocol};

use crate::analysis::SessionReport;
use crate::breaks::{Break, BreakCause};
use crate::profile::{Profile, Rule};
use crate::session::Session;

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It breaks the cache, or has done so.
    Breaks,
    /// It may, now and then.
    Note,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LintFinding {
    /// Which rule.
    pub rule: String,
    /// How sure it is.
    pub level: Level,
    /// The source.
    pub source: String,
    /// The session.
    pub session: String,
    /// The first call that shows it, from 1.
    pub call: usize,
    /// How many calls show it.
    pub count: usize,
    /// JSON path in the request.
    pub path: String,
    /// The text there.
    pub text: String,
    /// What to do.
    pub suggestion: String,
}

/// A pattern of what changes by itself.
struct Volatile {
    rule: &'static str,
    level: Level,
    pattern: Regex,
}

/// Finds what changes by itself.
pub struct Linter {
    patterns: Vec<Volatile>,
}

const PATTERNS: [(&str, Level, &str); 6] = [
    (
        "timestamp",
        Level::Breaks,
        r"\b(?:19|20)\d\d-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?",
    ),
    ("timestamp", Level::Breaks, r"\b(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\b"),
    ("timestamp", Level::Breaks, r"\b1[5-9]\d{8}(?:\d{3}|\d{6})?\b"),
    ("id", Level::Breaks, r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"),
    (
        "id",
        Level::Breaks,
        r"\b(?:req|msg|call|toolu|sess|session|run|trace|chatcmpl|resp)[_-][0-9A-Za-z]{16,}\b",
    ),
    ("date", Level::Note, r"\b20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b"),
];

impl Linter {
    /// A linter with the built-in patterns.
    pub fn new() -> Result<Self, regex::Error> {
        let pattern = |(rule, level, text): &(&'static str, Level, &str)| {
            let pattern = RegexBuilder::new(text).unicode(false).build()?;
            Ok(Volatile { rule, level: *level, pattern })
        };
        Ok(Self { patterns: PATTERNS.iter().map(pattern).collect::<Result<_, regex::Error>>()? })
    }

    /// The findings over sessions, each with its analysis. A text that is the same in several sessions does not change by
    /// itself, whatever it looks like.
    pub fn findings(&self, sessions: &[(&Session, &SessionReport, Option<&Profile>)]) -> Vec<LintFinding> {
        let mut uses: HashMap<Digest, usize> = HashMap::new();
        for (session, _, _) in sessions {
            for (_, raw, _) in prefix(session) {
                *uses.entry(Digest::of(raw.as_bytes())).or_default() += 1;
            }
        }
        let mut found = Vec::new();
        for (session, report, profile) in sessions {
            found.extend(self.texts(session, &uses));
            found.extend(follows(session, &report.breaks));
            found.extend(profile.and_then(|profile| breakpoints(session, profile)));
        }
        found.sort_by(|a, b| (a.level, &a.source, a.call).cmp(&(b.level, &b.source, b.call)));
        found
    }

    /// What changes by itself in the prefix of a session's first requests.
    fn texts(&self, session: &Session, uses: &HashMap<Digest, usize>) -> Vec<LintFinding> {
        let mut found: BTreeMap<(String, &str), LintFinding> = BTreeMap::new();
        for (path, raw, call) in prefix(session) {
            if uses.get(&Digest::of(raw.as_bytes())).is_some_and(|uses| *uses > 1) {
                continue;
            }
            let mut taken: Vec<std::ops::Range<usize>> = Vec::new();
            for volatile in &self.patterns {
                for hit in volatile.pattern.find_iter(raw) {
                    // A time stamp has a date in it.
                    if taken.iter().any(|range| range.start < hit.end() && hit.start() < range.end) {
                        continue;
                    }
                    taken.push(hit.range());
                    let finding = found.entry((path.clone(), volatile.rule)).or_insert_with(|| LintFinding {
                        rule: format!("{}_in_prefix", volatile.rule),
                        level: volatile.level,
                        source: session.source.clone(),
                        session: session.id.clone(),
                        call,
                        count: 0,
                        path: path.clone(),
                        text: around(raw, hit.range()),
                        suggestion:
                            "move it behind the stable prefix, into the last message, or leave it out"
                                .to_owned(),
                    });
                    finding.count += 1;
                }
            }
        }
        found.into_values().collect()
    }
}

/// Tools, instructions and developer messages of each thread's first request: path, raw text, call from 1.
fn prefix(session: &Session) -> Vec<(String, &str, usize)> {
    let mut found = Vec::new();
    let mut began: Vec<&str> = Vec::new();
    for (number, call) in session.calls.iter().enumerate() {
        let Some(sent) = &call.request else { continue };
        if began.contains(&call.thread.as_str()) {
            continue;
        }
        began.push(&call.thread);
        let mut counts: BTreeMap<BlockKind, usize> = BTreeMap::new();
        for id in &sent.add {
            let block = &session.blocks[*id as usize];
            let at = counts.entry(block.kind).or_default();
            let key = match (block.kind, call.protocol) {
                (BlockKind::Head, _) => continue,
                (BlockKind::Tool, _) => "tools",
                (BlockKind::Instructions, Protocol::Messages) => "system",
                (BlockKind::Instructions, _) => "instructions",
                (BlockKind::Item, Protocol::Responses) => "input",
                (BlockKind::Item, _) => "messages",
            };
            let is_prefix =
                block.kind != BlockKind::Item || speaks_for_the_harness(call.protocol, &block.raw);
            if is_prefix {
                found.push((format!(".{key}[{at}]"), &*block.raw, number + 1));
            }
            *at += 1;
        }
    }
    found
}

fn speaks_for_the_harness(protocol: Protocol, raw: &str) -> bool {
    let system =
        |item: &Item| matches!(item, Item::Message { role, .. } if role == "system" || role == "developer");
    protocol.items(raw).iter().any(system)
}

fn around(raw: &str, range: std::ops::Range<usize>) -> String {
    let before: Vec<char> = raw[..range.start].chars().rev().take(24).collect();
    let after: String = raw[range.end..].chars().take(24).collect();
    format!("{}{}{after}", before.into_iter().rev().collect::<String>(), &raw[range])
        .escape_debug()
        .to_string()
}

/// What the requests of a thread did to each other's prefix; compactions are meant to.
fn follows(session: &Session, breaks: &[Break]) -> Vec<LintFinding> {
    let mut found: BTreeMap<(String, String), LintFinding> = BTreeMap::new();
    for one in breaks.iter().filter(|one| !one.compaction) {
        let rule = match one.cause {
            BreakCause::Content(Cause::ToolsChanged) if one.diff.starts_with("reordered") => "tool_order",
            BreakCause::Content(Cause::ToolsChanged) => "tools_changed",
            BreakCause::Content(Cause::InstructionsChanged) => "instructions_changed",
            BreakCause::Content(Cause::ModelChanged) => "model_changed",
            BreakCause::Content(Cause::ParametersChanged) => "parameters_changed",
            BreakCause::Content(_) => "edited_history",
            BreakCause::KeyOrder => "key_order",
            BreakCause::KeyChanged => "key_changed",
            _ => continue,
        };
        let finding = found.entry((rule.to_owned(), one.path.clone())).or_insert_with(|| LintFinding {
            rule: rule.to_owned(),
            level: Level::Breaks,
            source: session.source.clone(),
            session: session.id.clone(),
            call: one.call,
            count: 0,
            path: one.path.clone(),
            text: one.diff.replace('\n', "  "),
            suggestion: one.cause.suggestion().to_owned(),
        });
        finding.count += 1;
    }
    found.into_values().collect()
}

/// What is wrong with the breakpoints of a session that could have some.
fn breakpoints(session: &Session, profile: &Profile) -> Option<LintFinding> {
    if profile.rule != Rule::Explicit {
        return None;
    }
    let marks = |id: &u32| session.blocks[*id as usize].raw.matches("\"cache_control\":").count();
    let longest =
        session.calls.iter().enumerate().filter_map(|(number, call)| Some((number, call.request.as_ref()?)));
    let (number, sent) = longest.max_by_key(|(_, sent)| sent.bytes)?;
    let used = session.blocks.iter().any(|block| block.raw.contains("\"cache_control\":"));
    let first = session.calls.first()?.request.as_ref()?;
    let whole: usize =
        if sent.keep == 0 { sent.add.iter().map(marks).sum() } else { first.add.iter().map(marks).sum() };
    let (rule, text, suggestion) = match (used, whole) {
        // About three and a half bytes are a token.
        (false, _) if sent.bytes > profile.minimum * 4 => (
            "no_breakpoint",
            "no cache_control in any request".to_owned(),
            "set cache_control on the last tool, the system prompt and the last message",
        ),
        (true, marks) if marks > profile.breakpoints => (
            "too_many_breakpoints",
            format!("{marks} breakpoints, {} are allowed", profile.breakpoints),
            "keep those on the last tool, the system prompt and the last message",
        ),
        _ => return None,
    };
    Some(LintFinding {
        rule: rule.to_owned(),
        level: Level::Breaks,
        source: session.source.clone(),
        session: session.id.clone(),
        call: number + 1,
        count: 1,
        path: String::new(),
        text,
        suggestion: suggestion.to_owned(),
    })
}
