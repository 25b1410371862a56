//! Whether a recording that was made again says the same: all of it, but for values that its profile calls volatile and
//! versions of programs and of the format, and times in a repository's own files. Knows nothing of files on disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base::Digest;

use crate::{Cassette, Exchange, Header, RecordedFile, VERSION};

/// A value that differs between two recordings that say the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Volatile {
    /// The class that its rule gives it; `toolchain` for the version of a program, `repository` for a file of a
    /// repository that holds times.
    pub class: String,
    /// Where it stands: a path in a block, the program, or the file.
    pub path: String,
    /// What it was; for a file a digest.
    pub was: String,
    /// What it is.
    pub is: String,
}

impl Cassette {
    /// What differs of a recording that says the same as this one; nothing where it says anything else. Neither may be cut.
    pub fn volatile_differences(&self, again: &Self) -> Option<Vec<Volatile>> {
        let same = self.whole
            && again.whole
            && bare(&self.header) == bare(&again.header)
            && self.exchanges.len() == again.exchanges.len()
            && self.keys() == again.keys()
            && self.exchanges.iter().zip(&again.exchanges).all(|(a, b)| answers_alike(a, b))
            && self.same_tools(again)
            && self.same_checks(again)
            && self.workspace() == again.workspace()
            && self.reward == again.reward;
        same.then(|| self.differences(again))
    }

    /// The key of each exchange's request.
    fn keys(&self) -> Vec<Option<Digest>> {
        let mut keys = vec![None; self.exchanges.len()];
        for ((_, key, _), numbers) in &self.index {
            for number in numbers {
                keys[*number] = Some(*key);
            }
        }
        keys
    }

    /// What the last workspace comes to. A repository's logs hold times that belong to no digest.
    fn workspace(&self) -> Option<(u32, Digest)> {
        self.snapshot.as_ref().map(|snapshot| (snapshot.step, snapshot.digest))
    }

    fn files(&self) -> Option<&BTreeMap<String, RecordedFile>> {
        self.snapshot.as_ref().map(|snapshot| &snapshot.files)
    }

    /// The files that differ between two last workspaces of one digest, each by the digest of what it holds.
    fn repository(&self, again: &Self) -> Vec<Volatile> {
        let none = BTreeMap::new();
        let files = |cassette| Self::files(cassette).unwrap_or(&none);
        let (old, new) = (files(self), files(again));
        let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let differ = paths.into_iter().filter(|path| old.get(*path) != new.get(*path));
        let held = |file: Option<&RecordedFile>| {
            let json = file.and_then(|file| serde_json::to_vec(file).ok());
            json.map_or_else(String::new, |json| Digest::of(&json).short())
        };
        let made = |path: &String| Volatile {
            class: "repository".to_owned(),
            path: path.clone(),
            was: held(old.get(path)),
            is: held(new.get(path)),
        };
        differ.map(made).collect()
    }

    fn raw(&self, block: u32) -> Option<&str> {
        self.blocks.get(block as usize).map(|stored| &*stored.block.raw)
    }

    fn same_tools(&self, again: &Self) -> bool {
        self.tools.len() == again.tools.len()
            && self.tools.iter().all(|(at, run)| {
                again.tools.get(at).is_some_and(|other| {
                    (run.outcome, run.exit, run.duration_us, &run.effect)
                        == (other.outcome, other.exit, other.duration_us, &other.effect)
                        && self.raw(run.output) == again.raw(other.output)
                })
            })
    }

    fn same_checks(&self, again: &Self) -> bool {
        self.checks.len() == again.checks.len()
            && self.checks.iter().zip(&again.checks).all(|(a, b)| {
                let back =
                    |cassette: &Self, id: Option<u32>| id.and_then(|id| cassette.raw(id)).map(str::to_owned);
                (a.round, &a.checks, a.duration_us) == (b.round, &b.checks, b.duration_us)
                    && back(self, a.feedback) == back(again, b.feedback)
            })
    }

    /// Volatile values by the rules of the profile, in the last request of each lane, which holds all before it; and programs.
    fn differences(&self, again: &Self) -> Vec<Volatile> {
        let mut found = BTreeSet::new();
        let programs: BTreeSet<&String> =
            self.header.toolchain.keys().chain(again.header.toolchain.keys()).collect();
        for program in programs {
            let version = |header: &Header| header.toolchain.get(program).cloned().unwrap_or_default();
            let (was, is) = (version(&self.header), version(&again.header));
            if was != is {
                found.insert(Volatile { class: "toolchain".to_owned(), path: program.clone(), was, is });
            }
        }
        found.extend(self.repository(again));
        let rules = self.profile.rules();
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        for (number, exchange) in self.exchanges.iter().enumerate() {
            last.insert(&exchange.lane, number);
        }
        for number in last.into_values() {
            let values = |cassette: &Self| {
                let covered = cassette.profile.covered(&cassette.request(number)).unwrap_or_default();
                let places = covered.into_iter().map(|c| ((c.block, c.rule, c.path), c.value));
                places.collect::<HashMap<_, _>>()
            };
            let (old, new) = (values(self), values(again));
            for ((block, rule, path), was) in old {
                let class = rules.get(rule).map(|rule| rule.class.clone()).unwrap_or_default();
                match new.get(&(block, rule, path.clone())) {
                    Some(is) if *is != was => {
                        found.insert(Volatile { class, path, was, is: is.clone() });
                    }
                    _ => {}
                }
            }
        }
        found.into_iter().collect()
    }
}

/// A header without what may differ: another version of the format says the same in other words.
fn bare(header: &Header) -> Header {
    Header { toolchain: BTreeMap::new(), version: VERSION, ..header.clone() }
}

/// Whether two exchanges belong to the same place and have the same answer.
fn answers_alike(a: &Exchange, b: &Exchange) -> bool {
    let place = |e: &Exchange| (e.lane.clone(), e.step, e.attempt, e.protocol, e.status);
    let answer = |e: &Exchange| (e.body.clone(), e.total_us, e.retry_after_ms);
    let frames = a.frames.len() == b.frames.len()
        && a.frames
            .iter()
            .zip(&b.frames)
            .all(|(a, b)| (a.gap_us, &a.event) == (b.gap_us, &b.event) && a.text() == b.text());
    place(a) == place(b) && answer(a) == answer(b) && frames
}
