//! Money that may be spent. A call is paid for in advance with the most it can cost, and settled when its tokens are
//! known; so what is spent never passes the limit. With a run's ledger it knows what the run spent before. Knows nothing of models.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use journal::{JournalError, Ledger};
use promptcache::Price;
use wire::Usage;

use crate::ModelFault;

/// A limit in USD, and what has gone from it.
#[derive(Debug)]
pub struct Purse {
    limit: f64,
    state: Mutex<State>,
    settled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    spent: f64,
    reserved: f64,
    /// Where each call is noted before it is made.
    ledger: Option<Ledger>,
}

impl Purse {
    /// A purse with so many USD in it; infinitely many where only what is spent is to be known.
    pub fn new(limit: f64) -> Self {
        Self { limit, state: Mutex::default(), settled: Condvar::new() }
    }

    /// Whether it has a bottom.
    pub fn is_limited(&self) -> bool {
        self.limit.is_finite()
    }

    /// Notes every call in a run's ledger from now on. What had gone by the ledger has gone from the purse, and what has gone
    /// from the purse is noted.
    pub fn keep(&self, mut ledger: Ledger) -> Result<(), JournalError> {
        let mut state = self.lock();
        if state.spent > 0.0 {
            let call = ledger.asked(state.spent)?;
            ledger.settled(call, state.spent);
        }
        state.spent += ledger.before();
        state.ledger = Some(ledger);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has been spent, in USD.
    pub fn spent(&self) -> f64 {
        self.lock().spent
    }

    /// Sets aside what a call can cost. Where that is only free once others are settled, waits for them.
    pub(super) fn reserve(purse: &Arc<Self>, price: Price, most: Usage) -> Result<Reserved, ModelFault> {
        let amount = price.most(most);
        let mut state = purse.lock();
        while state.spent + state.reserved + amount > purse.limit {
            if state.spent + amount > purse.limit || state.reserved <= 0.0 {
                let (limit, spent) = (purse.limit, state.spent);
                return Err(ModelFault::Spent(format!(
                    "{spent:.4} of {limit:.4} USD are spent, and the next call can cost {amount:.4}"
                )));
            }
            state = purse.settled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let call = state.ledger.as_mut().map(|ledger| ledger.asked(amount)).transpose();
        let call = call.map_err(|error| ModelFault::Recording(error.to_string()))?;
        state.reserved += amount;
        Ok(Reserved { purse: Arc::clone(purse), price, amount, call })
    }
}

/// Money set aside for a call.
pub(super) struct Reserved {
    purse: Arc<Purse>,
    price: Price,
    amount: f64,
    /// Its number in the ledger.
    call: Option<u64>,
}

impl Reserved {
    /// The call cost these tokens.
    pub(super) fn settle(self, usage: Usage) {
        let (cost, mut state) = (self.price.cost(usage), self.purse.lock());
        state.spent += cost;
        if let (Some(call), Some(ledger)) = (self.call, &mut state.ledger) {
            ledger.settled(call, cost);
        }
        // Sums of fractions may leave a trace.
        state.reserved = if state.reserved - self.amount > 1e-9 { state.reserved - self.amount } else { 0.0 };
        drop(state);
        self.purse.settled.notify_all();
    }
}
