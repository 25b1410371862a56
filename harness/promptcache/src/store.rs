//! The entries of a cache: when each can be read, how long it lives, and, where only so much fits, which goes first.
//! Knows nothing of requests.

use std::collections::{BTreeMap, HashMap, HashSet};

use base::Digest;

/// What is kept of a prefix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Tokens of the whole prefix, as the call that wrote it counts.
    pub(crate) tokens: u64,
    /// From when on it can be read, in microseconds.
    pub(crate) readable_us: i64,
    /// When it was last written or read.
    pub(crate) used_us: i64,
    /// How long it lives from there; for ever where nothing is said.
    pub(crate) ttl_us: Option<i64>,
    /// The thread that wrote it, and at which position.
    pub(crate) owner: (usize, usize),
}

/// Why an entry can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It can.
    Alive,
    /// Its time is over.
    Expired,
    /// The answer to the request that wrote it had not begun.
    Unready,
}

impl Entry {
    pub(crate) fn state(&self, now_us: i64, used_us: i64) -> State {
        match self.ttl_us {
            _ if now_us < self.readable_us => State::Unready,
            Some(ttl) if now_us.saturating_sub(used_us) > ttl => State::Expired,
            _ => State::Alive,
        }
    }
}

/// All entries.
#[derive(Debug, Default)]
pub(crate) struct Store {
    entries: HashMap<Digest, Entry>,
    recent: Option<Recent>,
}

/// The order in which entries go, where only so many tokens fit.
#[derive(Debug)]
struct Recent {
    capacity: u64,
    held: u64,
    clock: u64,
    by_stamp: BTreeMap<u64, Digest>,
    stamps: HashMap<Digest, (u64, u64)>,
    gone: HashSet<Digest>,
}

impl Store {
    pub(crate) fn new(capacity: Option<u64>) -> Self {
        let recent = capacity.map(|capacity| Recent {
            capacity,
            held: 0,
            clock: 0,
            by_stamp: BTreeMap::new(),
            stamps: HashMap::new(),
            gone: HashSet::new(),
        });
        Self { entries: HashMap::new(), recent }
    }

    pub(crate) fn get(&self, key: &Digest) -> Option<&Entry> {
        self.entries.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &Digest) -> Option<&mut Entry> {
        self.entries.get_mut(key)
    }

    pub(crate) fn insert(&mut self, key: Digest, entry: Entry) {
        self.entries.insert(key, entry);
    }

    /// Whether only so much fits.
    pub(crate) fn is_bounded(&self) -> bool {
        self.recent.is_some()
    }

    /// Whether this was there and had to go.
    pub(crate) fn was_evicted(&self, key: &Digest) -> bool {
        self.recent.as_ref().is_some_and(|recent| recent.gone.contains(key))
    }

    /// Takes note that a request used these prefixes, shortest first, each with the tokens that it adds; drops what no
    /// longer fits, longest first among those of one request.
    pub(crate) fn touch(&mut self, prefixes: impl DoubleEndedIterator<Item = (Digest, u64)>) {
        let Some(recent) = &mut self.recent else { return };
        for (key, tokens) in prefixes.rev() {
            recent.clock += 1;
            if let Some((stamp, _)) = recent.stamps.insert(key, (recent.clock, tokens)) {
                recent.by_stamp.remove(&stamp);
            } else {
                recent.held += tokens;
            }
            recent.gone.remove(&key);
            recent.by_stamp.insert(recent.clock, key);
        }
        while recent.held > recent.capacity {
            let Some((_, key)) = recent.by_stamp.pop_first() else { break };
            if let Some((_, tokens)) = recent.stamps.remove(&key) {
                recent.held -= tokens;
            }
            recent.gone.insert(key);
            self.entries.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry { tokens: 10, readable_us: 5, used_us: 5, ttl_us: Some(100), owner: (0, 0) }
    }

    #[test]
    fn an_entry_is_read_after_the_answer_began_and_until_its_time_is_over() {
        let states: Vec<State> = [4, 5, 105, 106].map(|now| entry().state(now, 5)).to_vec();
        assert_eq!(states, [State::Unready, State::Alive, State::Alive, State::Expired]);
        assert_eq!(entry().state(200, 150), State::Alive);
        assert_eq!(Entry { ttl_us: None, ..entry() }.state(i64::MAX, 5), State::Alive);
    }

    #[test]
    fn the_least_recently_used_goes_first_and_of_one_request_the_longest() {
        let mut store = Store::new(Some(30));
        let key = |name: &str| Digest::of(name.as_bytes());
        let put = |store: &mut Store, names: &[&str]| {
            for name in names {
                store.insert(key(name), entry());
            }
            store.touch(names.iter().map(|name| (key(name), 10)));
        };
        put(&mut store, &["a", "ab", "abc"]);
        put(&mut store, &["a", "ax"]);
        let there: Vec<bool> = ["a", "ab", "abc", "ax"].map(|name| store.get(&key(name)).is_some()).to_vec();
        assert_eq!(there, [true, true, false, true]);
        assert!(store.was_evicted(&key("abc")) && !store.was_evicted(&key("ab")));
        put(&mut store, &["a", "ab", "abc"]);
        assert!(store.get(&key("ax")).is_none() && store.get(&key("abc")).is_some());
    }
}
