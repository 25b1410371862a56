//! Whose turn it is among live trials: so many agents act at a time, and so many trials set up or verify beside them.
//! Knows nothing of what a trial does in its turn.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use sandbox::Cancel;

/// How soon somebody who waits sees that everything is being stopped.
const LOOK: Duration = Duration::from_millis(100);

/// The turns of a run's live trials. An agent that waits for its model costs this host nothing, so a trial that is being
/// set up or verified doesn't hold the place of one that asks.
pub(crate) struct Turns {
    /// For agents to act.
    pub(crate) agents: Places,
    /// To make or to judge a workspace, which is this host's own work.
    pub(crate) hands: Places,
}

impl Turns {
    /// `live_jobs` agents act at a time, while `jobs` trials are set up or verified.
    pub(crate) fn new(live_jobs: usize, jobs: usize) -> Self {
        Self { agents: Places::new(live_jobs), hands: Places::new(jobs) }
    }
}

/// A number of places, each held by one at a time; who has waited longest is next.
pub(crate) struct Places(Mutex<State>);

struct State {
    free: usize,
    waiting: VecDeque<Arc<Waiter>>,
}

/// Somebody who waits.
struct Waiter {
    thread: Thread,
    has_place: AtomicBool,
}

impl Places {
    fn new(free: usize) -> Self {
        Self(Mutex::new(State { free: free.max(1), waiting: VecDeque::new() }))
    }

    /// Waits for a place; nothing where everything is being stopped.
    pub(crate) fn take(&self, cancel: &Cancel) -> Option<Place<'_>> {
        let me = {
            let mut state = self.state();
            if state.free > 0 {
                state.free -= 1;
                return Some(Place(self));
            }
            let me = Arc::new(Waiter { thread: thread::current(), has_place: AtomicBool::new(false) });
            state.waiting.push_back(Arc::clone(&me));
            me
        };
        while !me.has_place.load(Ordering::Acquire) {
            if cancel.is_cancelled() {
                let mut state = self.state();
                state.waiting.retain(|other| !Arc::ptr_eq(other, &me));
                drop(state);
                // Somebody may have given it a place before it left the queue: that one is given on.
                return me.has_place.load(Ordering::Acquire).then(|| Place(self));
            }
            thread::park_timeout(LOOK);
        }
        Some(Place(self))
    }

    fn leave(&self) {
        let mut state = self.state();
        match state.waiting.pop_front() {
            Some(next) => {
                next.has_place.store(true, Ordering::Release);
                next.thread.unpark();
            }
            None => state.free += 1,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place that is held until this is dropped.
pub(crate) struct Place<'a>(&'a Places);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn who_has_waited_longest_gets_the_place_that_is_left() {
        let (places, cancel) = (Places::new(1), Cancel::default());
        let held = places.take(&cancel);
        let (told, order) = mpsc::channel();
        thread::scope(|scope| {
            for number in 0..8 {
                let (told, places, cancel) = (told.clone(), &places, &cancel);
                scope.spawn(move || {
                    let place = places.take(cancel);
                    assert!(place.is_some() && told.send(number).is_ok());
                });
                while places.state().waiting.len() <= number {
                    thread::yield_now();
                }
            }
            drop(held);
        });
        assert_eq!(order.try_iter().collect::<Vec<_>>(), (0..8).collect::<Vec<_>>());
        assert_eq!(places.state().free, 1);
    }

    #[test]
    fn a_stop_ends_all_waiting_and_no_place_is_lost() {
        let (places, cancel) = (Places::new(1), Cancel::default());
        let held = places.take(&cancel);
        thread::scope(|scope| {
            let waiting: Vec<_> = (0..4).map(|_| scope.spawn(|| places.take(&cancel).is_none())).collect();
            while places.state().waiting.len() < 4 {
                thread::yield_now();
            }
            cancel.cancel();
            assert!(waiting.into_iter().all(|thread| thread.join().is_ok_and(|none| none)));
        });
        drop(held);
        let state = places.state();
        assert_eq!((state.free, state.waiting.len()), (1, 0));
    }
}
