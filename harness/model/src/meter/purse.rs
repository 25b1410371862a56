//! Money that may be spent. A call is paid for in advance with the most it can cost, and settled when its tokens are
//! known; so what is spent never passes the limit. Knows nothing of models.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use wire::Usage;

use crate::ModelFault;
use promptcache::Price;

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
}

impl Purse {
    /// A purse with so many USD in it.
    pub fn new(limit: f64) -> Self {
        Self { limit, state: Mutex::default(), settled: Condvar::new() }
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
        state.reserved += amount;
        Ok(Reserved { purse: Arc::clone(purse), price, amount })
    }
}

/// Money set aside for a call.
pub(super) struct Reserved {
    purse: Arc<Purse>,
    price: Price,
    amount: f64,
}

impl Reserved {
    /// The call cost these tokens.
    pub(super) fn settle(self, usage: Usage) {
        let mut state = self.purse.lock();
        state.spent += self.price.cost(usage);
        // Sums of fractions may leave a trace.
        state.reserved = if state.reserved - self.amount > 1e-9 { state.reserved - self.amount } else { 0.0 };
        drop(state);
        self.purse.settled.notify_all();
    }
}
