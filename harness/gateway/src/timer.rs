//! Waits for a moment as exactly as the system can: the runtime's own timers count in milliseconds, as do threads that
//! are woken by the dozen. Knows nothing of what is due then.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::net::unix::pipe::Receiver;

/// A longer wait is made in pieces of this.
const PIECE: Duration = Duration::from_secs(3600);

/// One wait after the other.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    /// A timer of the system is read like a pipe: once it has rung, how often it did.
    rings: Option<Receiver>,
    set: Option<Instant>,
}

impl Timer {
    /// Ready from the moment on; an error where the system has no more timers.
    pub(crate) fn poll(&mut self, moment: Instant, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Poll::Ready(Ok(()));
            }
            let rings = match &self.rings {
                Some(rings) => rings,
                None => self.rings.insert(open()?),
            };
            if self.set != Some(moment) {
                set(rings.as_fd(), left.min(PIECE))?;
                self.set = Some(moment);
            }
            let Poll::Ready(ready) = rings.poll_read_ready(context) else { return Poll::Pending };
            ready?;
            // Nothing is read where it was set anew before it rang.
            if rings.try_read(&mut [0; 8]).is_ok() {
                self.set = None;
            }
        }
    }
}

fn open() -> io::Result<Receiver> {
    let flags = TimerfdFlags::NONBLOCK.union(TimerfdFlags::CLOEXEC);
    Receiver::from_owned_fd_unchecked(timerfd_create(TimerfdClockId::Monotonic, flags)?)
}

/// Rings once, after so long.
fn set(clock: BorrowedFd<'_>, left: Duration) -> io::Result<()> {
    let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
    let left = Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: left.subsec_nanos().into(),
    };
    let once = Itimerspec { it_interval: zero, it_value: left };
    timerfd_settime(clock, TimerfdTimerFlags::empty(), &once)?;
    Ok(())
}
