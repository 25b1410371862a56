//! How many calls may be under way, and how many requests and tokens may go out per minute. After a 429 the first
//! halves; it grows back by one for each round of calls that succeed. Knows nothing of money.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::Clock;

use super::Limits;

/// Refusals within this time are one sign, not several: the calls behind them went out together.
const ONE_SIGN: Duration = Duration::from_secs(2);
/// The part of a minute's amount that may go out at once.
const BURST: f64 = 0.1;

/// What stands before a backend.
pub(super) struct Gate {
    clock: Arc<dyn Clock>,
    /// Calls at a time, at most.
    most: f64,
    state: Mutex<State>,
    left: Condvar,
}

struct State {
    under_way: u32,
    /// Calls at a time, now.
    allowed: f64,
    halved: Option<Duration>,
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
}

/// An amount that fills up evenly; it may be owed.
struct Bucket {
    per_second: f64,
    most: f64,
    level: f64,
    at: Duration,
}

impl Bucket {
    fn new(per_minute: u32, now: Duration) -> Self {
        let most = (f64::from(per_minute) * BURST).max(1.0);
        Self { per_second: f64::from(per_minute.max(1)) / 60.0, most, level: most, at: now }
    }

    /// Takes an amount; how long until it is there.
    fn take(&mut self, amount: f64, now: Duration) -> Duration {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        (self.level, self.at) = ((self.level + passed * self.per_second).min(self.most), now.max(self.at));
        self.level -= amount;
        Duration::from_secs_f64((-self.level / self.per_second).max(0.0))
    }
}

impl Gate {
    pub(super) fn new(limits: Limits, clock: Arc<dyn Clock>) -> Self {
        let now = clock.elapsed();
        let most = limits.concurrent.map_or(f64::INFINITY, |n| f64::from(n.max(1)));
        let bucket = |per_minute: Option<u32>| per_minute.map(|n| Bucket::new(n, now));
        let (requests, tokens) = (bucket(limits.requests_per_minute), bucket(limits.tokens_per_minute));
        let state = State { under_way: 0, allowed: most, halved: None, requests, tokens };
        Self { clock, most, state: Mutex::new(state), left: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place, and says how long to wait yet until the rates allow the call.
    pub(super) fn enter(gate: &Arc<Self>, tokens: u64) -> (Permit, Duration) {
        let mut state = gate.lock();
        while f64::from(state.under_way) >= state.allowed {
            state = gate.left.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.under_way += 1;
        let now = gate.clock.elapsed();
        let request = state.requests.as_mut().map_or(Duration::ZERO, |bucket| bucket.take(1.0, now));
        let token = state.tokens.as_mut().map_or(Duration::ZERO, |bucket| bucket.take(tokens as f64, now));
        (Permit(Arc::clone(gate)), request.max(token))
    }

    /// The backend said that it was too much.
    pub(super) fn throttled(&self) {
        let now = self.clock.elapsed();
        let mut state = self.lock();
        if state.halved.is_some_and(|before| now.saturating_sub(before) < ONE_SIGN) {
            return;
        }
        state.halved = Some(now);
        let held = state.allowed.min(f64::from(state.under_way.max(1)));
        state.allowed = (held / 2.0).max(1.0);
    }

    /// Calls at a time, now.
    #[cfg(test)]
    pub(super) fn allowed(&self) -> f64 {
        self.lock().allowed
    }
}

/// A call's place. Dropping it makes the place free.
pub(super) struct Permit(Arc<Gate>);

impl Permit {
    /// The call succeeded: a little more may be asked.
    pub(super) fn succeeded(&self) {
        let mut state = self.0.lock();
        state.allowed = (state.allowed + 1.0 / state.allowed.max(1.0)).min(self.0.most);
        drop(state);
        self.0.left.notify_all();
    }

    /// The call took another amount of tokens than was thought.
    pub(super) fn count(&self, thought: u64, took: u64) {
        if let Some(bucket) = &mut self.0.lock().tokens {
            bucket.level -= took as f64 - thought as f64;
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.lock().under_way -= 1;
        self.0.left.notify_one();
    }
}
