//! Which conversation a request belongs to: the one whose last request it continues. Keeps of each conversation one
//! prompt that grows, so that whoever follows it looks at what is new alone. Knows nothing of HTTP or of answers.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wire::{Block, BlockKind, Fields, Item, Pairs, Problem, Prompt, Protocol};

use crate::Position;
use crate::pipe::Pipe;

/// How long a request that continues an answer may wait for that answer's end to be known.
const END_OF_ANSWER: Duration = Duration::from_secs(1);

/// A request in pieces, the head first.
pub(crate) type Pieces<'a> = [(BlockKind, &'a str)];

/// All conversations of a gateway.
#[derive(Debug)]
pub(crate) struct Lanes {
    limit: usize,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lanes: Vec<Lane>,
    opened: u64,
    tickets: u64,
    /// Requests that wait for the end of the answer before.
    waiting: usize,
}

#[derive(Debug)]
struct Lane {
    name: Arc<str>,
    protocol: Protocol,
    prompt: Arc<Prompt>,
    pairs: Pairs,
    /// Requests that were answered.
    answered: u32,
    /// How often the last request was asked without being answered.
    tries: u32,
    /// The request under way, or one whose client went away: it may have had the answer.
    pending: Option<(u64, Arc<Pipe>)>,
    /// The ticket of its last request.
    used: u64,
}

/// A request with its place.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) at: Position,
    pub(crate) prompt: Arc<Prompt>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) ticket: u64,
}

/// How well a request continues a lane; the greatest wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It begins as the lane's last request did and goes on otherwise: so many items are common.
    Rewritten(usize),
    /// It holds all items of the lane's last request; whether tools and instructions are the same, and so many items.
    Extends(bool, usize),
}

impl Lanes {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), state: Mutex::default(), ended: Condvar::new() }
    }

    /// How many conversations there were.
    pub(crate) fn opened(&self) -> u64 {
        self.lock().opened
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds the conversation of a request, or opens one, and makes it the conversation's last request.
    pub(crate) fn place(&self, protocol: Protocol, pieces: &Pieces<'_>, pipe: &Arc<Pipe>) -> Placed {
        let mut state = self.lock();
        let mut found = state.find(protocol, pieces);
        if pipe.may_wait() && found.is_some_and(|at| state.lanes[at].is_busy()) {
            // Its client has the whole answer and was faster than the thread that gave it.
            let busy =
                |state: &mut State| state.find(protocol, pieces).is_some_and(|at| state.lanes[at].is_busy());
            state.waiting += 1;
            let waited = self.ended.wait_timeout_while(state, END_OF_ANSWER, busy);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.waiting -= 1;
            found = state.find(protocol, pieces);
        }
        let at = found.unwrap_or_else(|| state.open(protocol, self.limit));
        state.tickets += 1;
        let ticket = state.tickets;
        state.lanes[at].take(pieces, ticket, pipe)
    }

    /// Says that a request was answered, or was not. Of one whose client went away nothing is known.
    pub(crate) fn finish(&self, placed: &Position, ticket: u64, answered: bool) {
        let mut state = self.lock();
        let lane = state.lanes.iter_mut().find(|lane| lane.name == placed.lane);
        if let Some(lane) = lane.filter(|lane| lane.pending.as_ref().is_some_and(|(t, _)| *t == ticket)) {
            lane.pending = None;
            if answered {
                lane.answered += 1;
                lane.tries = 0;
            }
        }
        let waiting = state.waiting > 0;
        drop(state);
        if waiting {
            self.ended.notify_all();
        }
    }
}

impl State {
    fn find(&self, protocol: Protocol, pieces: &Pieces<'_>) -> Option<usize> {
        let mut best: Option<(Fit, u64, usize)> = None;
        for (at, lane) in self.lanes.iter().enumerate().filter(|(_, lane)| lane.protocol == protocol) {
            if let Some(fit) = lane.fit(pieces)
                && best.is_none_or(|(other, used, _)| (fit, lane.used) > (other, used))
            {
                best = Some((fit, lane.used, at));
            }
        }
        best.map(|(_, _, at)| at)
    }

    fn open(&mut self, protocol: Protocol, limit: usize) -> usize {
        if self.lanes.len() >= limit {
            let idle = self.lanes.iter().enumerate().filter(|(_, lane)| !lane.is_busy());
            if let Some((at, _)) = idle.min_by_key(|(_, lane)| lane.used) {
                self.lanes.remove(at);
            }
        }
        self.opened += 1;
        let name =
            if self.opened == 1 { model::MAIN_LANE.into() } else { format!("lane-{}", self.opened).into() };
        let (prompt, pairs) = (Arc::default(), Pairs::default());
        let lane =
            Lane { name, protocol, prompt, pairs, answered: 0, tries: 0, pending: None, used: self.tickets };
        self.lanes.push(lane);
        self.lanes.len() - 1
    }
}

impl Lane {
    /// Whether a request of it is under way and its client still waits.
    fn is_busy(&self) -> bool {
        self.pending.as_ref().is_some_and(|(_, pipe)| !pipe.is_gone())
    }

    fn fit(&self, pieces: &Pieces<'_>) -> Option<Fit> {
        let blocks = self.prompt.blocks();
        let start = blocks.iter().take_while(|block| block.kind != BlockKind::Item).count();
        let new_start = pieces.iter().take_while(|(kind, _)| *kind != BlockKind::Item).count();
        let (old, new) = (&blocks[start..], &pieces[new_start..]);
        let same_frame = || {
            start == new_start && blocks[..start].iter().zip(pieces).skip(1).all(|(old, new)| is(old, new))
        };
        if new.len() == old.len() {
            let again = !self.is_busy() && same_frame() && all(old, new);
            if again {
                return Some(Fit::Extends(true, old.len()));
            }
        } else if let Some((last, before)) = old.split_last()
            && new.len() > old.len()
            && (is(last, &new[before.len()]) || self.says_the_same(last, new[before.len()].1))
            && all(before, new)
        {
            return Some(Fit::Extends(same_frame(), old.len()));
        }
        if self.is_busy() || !same_frame() {
            return None;
        }
        let common = old.iter().zip(new).take_while(|(old, new)| is(old, new)).count();
        let opening = self.opening(old);
        let more = opening.is_some_and(|opening| common > opening && new.len() > opening + 1);
        let thread = || {
            common > 0
                && thread_of(blocks.first().map(|b| &*b.raw)).is_some_and(|old| {
                    thread_of(pieces.first().map(|piece| piece.1)).is_some_and(|new| old == new)
                })
        };
        (more || thread()).then_some(Fit::Rewritten(common))
    }

    /// The place of the first item that a user said.
    fn opening(&self, items: &[Block]) -> Option<usize> {
        let says = |item: &Item| matches!(item, Item::Message { role, .. } if role == "user");
        items.iter().position(|block| self.protocol.items(&block.raw).iter().any(says))
    }

    /// Whether two spellings say the same: a client may move its cache marks from message to message.
    fn says_the_same(&self, old: &Block, new: &str) -> bool {
        old.kind == BlockKind::Item && {
            let (old, new) = (self.protocol.items(&old.raw), self.protocol.items(new));
            !old.is_empty() && old == new
        }
    }

    fn take(&mut self, pieces: &Pieces<'_>, ticket: u64, pipe: &Arc<Pipe>) -> Placed {
        let before = self.prompt.blocks();
        let same = before.len() == pieces.len()
            && all(before.get(1..).unwrap_or_default(), &pieces[1..])
            && same_head(&before[0].raw, pieces[0].1);
        let longer = pieces.len() > before.len() && !before.is_empty();
        if self.pending.is_some() && longer {
            // It goes on, so it has the answer, whatever became of the connection.
            self.answered += 1;
        }
        self.tries = if same { self.tries + 1 } else { 1 };
        let prompt = Arc::make_mut(&mut self.prompt);
        prompt.follow(pieces);
        let problems = self.pairs.follow(prompt, self.protocol);
        self.pending = Some((ticket, Arc::clone(pipe)));
        self.used = ticket;
        let at = Position { lane: Arc::clone(&self.name), step: self.answered + 1, attempt: self.tries };
        Placed { at, prompt: Arc::clone(&self.prompt), problems, ticket }
    }
}

fn is(block: &Block, piece: &(BlockKind, &str)) -> bool {
    block.kind == piece.0 && *block.raw == *piece.1
}

/// Whether the pieces begin with the blocks; from the end, where conversations differ.
fn all(blocks: &[Block], pieces: &Pieces<'_>) -> bool {
    blocks.len() <= pieces.len() && blocks.iter().zip(pieces).rev().all(|(block, piece)| is(block, piece))
}

/// Whether two heads ask for the same; what only tells of the client may differ.
fn same_head(old: &str, new: &str) -> bool {
    let told = |key: &str| key == "client_metadata" || key == "metadata";
    let (Ok(old), Ok(new)) = (Fields::parse(old), Fields::parse(new)) else { return false };
    let asked = |(key, value): (&str, &serde_json::value::RawValue)| (key.to_owned(), value.get().to_owned());
    let old = old.iter().filter(|(key, _)| !told(key)).map(asked);
    old.eq(new.iter().filter(|(key, _)| !told(key)).map(asked))
}

/// What a client calls the conversation, where it says so in the request's head.
fn thread_of(head: Option<&str>) -> Option<String> {
    let fields = Fields::parse(head?).ok()?;
    let key = fields.get("prompt_cache_key")?;
    serde_json::from_str::<String>(key.get()).ok().filter(|key| !key.is_empty())
}
