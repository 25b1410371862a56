//! Time that is passed in: the host's clock for host facts, a virtual one for everything that must repeat.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use crate::text::as_text;

/// A moment in UTC, with microseconds; shown as RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// Parses RFC 3339, for example `2026-11-22T09:00:00Z`; nothing where the text is no such moment.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// Parses a date of HTTP, for example `Sun, 22 Nov 2026 09:00:00 GMT`.
    pub fn parse_http(text: &str) -> Option<Self> {
        let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(Self(zoned.timestamp()))
    }

    /// Time from this moment to a later one; zero where it is none.
    pub fn until(self, later: Self) -> Duration {
        later.0.duration_since(self.0).try_into().unwrap_or_default()
    }

    /// This moment plus a duration; saturates at the end of time.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.checked_add(duration).unwrap_or(jiff::Timestamp::MAX))
    }

    /// The date in UTC, as `YYYY-MM-DD`.
    pub fn date(self) -> String {
        self.0.to_zoned(TimeZone::UTC).date().to_string()
    }

    /// Seconds since the Unix epoch.
    pub fn unix_seconds(self) -> i64 {
        self.0.as_second()
    }

    /// As `YYYYMMDDTHHMMSS`, for names of files.
    pub fn compact(self) -> String {
        self.0.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%S").to_string()
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.0}", self.0)
    }
}

impl std::str::FromStr for Timestamp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| format!("not an RFC 3339 time: {text:?}"))
    }
}

as_text!(Timestamp);

/// A duration in whole microseconds, as files state it; one too long to state is the longest.
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The moment now.
    fn now(&self) -> Timestamp;
    /// Time since some fixed moment; never runs backwards.
    fn elapsed(&self) -> Duration;
}

/// The host's own clock.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl SystemClock {
    /// A clock whose `elapsed` starts at zero.
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A clock that moves only when it is told to: a trial's time is the sum of recorded durations.
#[derive(Debug)]
pub struct VirtualClock {
    start: Timestamp,
    elapsed_us: AtomicU64,
}

impl VirtualClock {
    /// A clock that stands at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self { start, elapsed_us: AtomicU64::new(0) }
    }

    /// Moves the clock on.
    pub fn advance(&self, duration: Duration) {
        self.elapsed_us.fetch_add(micros(duration), Ordering::Relaxed);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.start.plus(self.elapsed())
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.elapsed_us.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_clock_moves_only_when_told() {
        let clock = VirtualClock::new(Timestamp::parse("2026-01-31T23:59:59Z").unwrap());
        assert_eq!(clock.now().date(), "2026-01-31");
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now().to_string(), "2026-02-01T00:00:00Z");
        assert_eq!(clock.elapsed(), Duration::from_millis(1500));
    }
}
