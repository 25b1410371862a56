//! How a trial's recorded time passes on this host: not at all, or at a pace; and never longer than until the run is
//! stopped. Knows nothing of what is waited for.

use std::sync::Arc;
use std::time::Duration;

use base::{SystemClock, micros};
use model::{Model, Pace, Paced, Rest, Sleep};
use sandbox::Cancel;

/// How often a wait looks whether the run was stopped.
const GLANCE: Duration = Duration::from_millis(100);

/// Lets real time pass, until the run is stopped.
pub(crate) struct Wait<'a>(pub(crate) &'a Cancel);

impl Rest for Wait<'_> {
    fn rest(&self, time: Duration) {
        let mut left = time;
        while !left.is_zero() && !self.0.is_cancelled() {
            let piece = left.min(GLANCE);
            Sleep.rest(piece);
            left -= piece;
        }
    }
}

/// The waits between tries, at the pace of the run.
pub(crate) struct AtPace<'a> {
    pub(crate) pace: Pace,
    pub(crate) cancel: &'a Cancel,
}

impl Rest for AtPace<'_> {
    fn rest(&self, time: Duration) {
        if let Some(time) = self.pace.due(micros(time)) {
            Wait(self.cancel).rest(time);
        }
    }
}

/// A model whose frames come at the pace of the run.
pub(crate) fn paced<'m>(inner: impl Model + 'm, pace: Pace, cancel: &'m Cancel) -> Paced<'m> {
    Paced::new(inner, pace, Arc::new(SystemClock::start()), Arc::new(Wait(cancel)))
}
