//! `retake cassette gc`: recordings that nothing plays any more, and the least used above a size.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use base::Digest;
use serde::Serialize;

use super::sets::{self, Held, Set};
use super::used::Used;
use crate::args::{CassetteGcArgs, Common};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::Settings;

/// One file that can go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Orphan {
    path: String,
    bytes: u64,
    /// `task_gone`, `set_unknown` (in no suite.toml), `not_played` (by no variant) or `size`.
    why: &'static str,
}

#[derive(Serialize)]
struct Answer {
    /// Recordings that were looked at, those that wait included.
    recordings: usize,
    /// Bytes of all of them.
    bytes: u64,
    orphans: Vec<Orphan>,
    orphan_bytes: u64,
    deleted: bool,
}

/// A recording that stays unless it is above the size.
struct Kept {
    path: PathBuf,
    bytes: u64,
    last_used: Option<String>,
}

/// Carries the verb out.
pub(super) fn gc(args: &CassetteGcArgs, settings: &Settings, common: &Common) -> Result<Exit, Failure> {
    let mut orphans: BTreeSet<(PathBuf, u64, &'static str)> = BTreeSet::new();
    let (mut kept, mut recordings, mut bytes) = (Vec::new(), 0, 0);
    let used = Used::find(settings);
    for set in sets::sets(settings, &args.suites)? {
        for held in set.held()?.into_iter().chain(set.waiting()?) {
            let size = std::fs::metadata(&held.path).map_or(0, |metadata| metadata.len());
            (recordings, bytes) = (recordings + 1, bytes + size);
            match orphaned(&set, &held, settings) {
                Some(why) => drop(orphans.insert((held.path, size, why))),
                None => kept.push(Kept { last_used: last_used(&held, &used), path: held.path, bytes: size }),
            }
        }
    }
    if let Some(most) = args.max_mb {
        orphans.extend(above(kept, most.saturating_mul(1_000_000)));
    }
    if args.delete {
        for (path, ..) in &orphans {
            std::fs::remove_file(path).map_err(|e| Failure::host(format!("{}: {e}", path.display())))?;
        }
    }
    let orphan_bytes = orphans.iter().map(|(_, bytes, _)| bytes).sum();
    let shown = |(path, bytes, why): (PathBuf, u64, _)| Orphan { path: settings.shown(&path), bytes, why };
    let orphans = orphans.into_iter().map(shown).collect();
    let answer = Answer { recordings, bytes, orphans, orphan_bytes, deleted: args.delete };
    if common.json {
        output::json(&answer)?;
    } else {
        output::text(&text(&answer))?;
    }
    Ok(Exit::Done)
}

/// Why nothing plays a recording any more.
fn orphaned(set: &Set, held: &Held, settings: &Settings) -> Option<&'static str> {
    if set.names.is_empty() {
        Some("set_unknown")
    } else if !set.has_task(&held.task) {
        Some("task_gone")
    } else if !set.is_played(settings) {
        Some("not_played")
    } else {
        None
    }
}

fn last_used(held: &Held, used: &Used) -> Option<String> {
    let content = std::fs::read(&held.path).ok()?;
    used.last(Digest::of(&content))
}

/// What has to go so that no more than so many bytes stay: first what was never used, then what was used longest ago.
fn above(mut kept: Vec<Kept>, most: u64) -> Vec<(PathBuf, u64, &'static str)> {
    kept.sort_by(|a, b| (&a.last_used, &a.path).cmp(&(&b.last_used, &b.path)));
    let mut left: u64 = kept.iter().map(|kept| kept.bytes).sum();
    let mut gone = Vec::new();
    for kept in kept {
        if left <= most {
            break;
        }
        left -= kept.bytes;
        gone.push((kept.path, kept.bytes, "size"));
    }
    gone
}

fn text(answer: &Answer) -> String {
    let mut out = String::new();
    for orphan in &answer.orphans {
        let why = match orphan.why {
            "task_gone" => "its task is gone",
            "set_unknown" => "its folder is in no suite.toml",
            "not_played" => "no variant plays its set",
            _ => "above the size, and used longest ago",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{:>8} kB  {}  {why}",
            orphan.bytes.div_ceil(1000),
            Path::new(&orphan.path).display()
        );
    }
    let word = if answer.deleted { "deleted" } else { "could go" };
    let _ = writeln!(
        out,
        "{} of {} recordings {word}, {} of {} kB",
        answer.orphans.len(),
        answer.recordings,
        answer.orphan_bytes.div_ceil(1000),
        answer.bytes.div_ceil(1000)
    );
    if !answer.deleted && !answer.orphans.is_empty() {
        out.push_str("delete them: retake cassette gc --delete\n");
    }
    out
}
