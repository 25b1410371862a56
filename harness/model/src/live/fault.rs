//! From what went wrong on the way to a fault that says so. No text of a fault holds the backend's key.

use std::io::ErrorKind;
use std::time::Duration;

use base::Timestamp;
use ureq::http::HeaderMap;
use ureq::{Error, Timeout};

use super::Timeouts;
use crate::{ModelFault, TransportFault};

/// Why there was no answer, or no more of it. `begun`: bytes of the answer had come.
pub(super) fn transport(error: Error, begun: bool, timeouts: &Timeouts) -> ModelFault {
    let seconds = |time: Duration| time.as_secs_f64();
    let (kind, detail) = match error {
        Error::Timeout(Timeout::PerRead) if begun => {
            (TransportFault::Idle, format!("no byte for {} s", seconds(timeouts.idle)))
        }
        Error::Timeout(Timeout::PerRead) => {
            (TransportFault::Idle, format!("no byte of an answer for {} s", seconds(timeouts.first_byte)))
        }
        Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
            (TransportFault::TimedOut, format!("no connection after {} s", seconds(timeouts.connect)))
        }
        Error::Timeout(Timeout::Global) => {
            (TransportFault::TimedOut, format!("the answer took more than {} s", seconds(timeouts.total)))
        }
        Error::Timeout(other) => (TransportFault::TimedOut, other.to_string()),
        Error::Io(error) => (of_io(error.kind(), begun), error.to_string()),
        error @ (Error::Protocol(_) | Error::BodyStalled) if begun => {
            (TransportFault::Cut, error.to_string())
        }
        error => (TransportFault::Other, error.to_string()),
    };
    ModelFault::Transport { kind, detail }
}

fn of_io(kind: ErrorKind, begun: bool) -> TransportFault {
    match kind {
        ErrorKind::ConnectionRefused => TransportFault::Refused,
        ErrorKind::UnexpectedEof if begun => TransportFault::Cut,
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::NotConnected
        | ErrorKind::BrokenPipe => TransportFault::Reset,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => TransportFault::TimedOut,
        _ => TransportFault::Other,
    }
}

/// How long the headers of an error ask to wait, in milliseconds: `retry-after-ms`, else `retry-after` in seconds
/// or as a date.
pub(super) fn retry_after_ms(headers: &HeaderMap, now: Timestamp) -> Option<u64> {
    let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim().to_owned());
    let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    if let Some(ms) = text("retry-after-ms").as_deref().and_then(number) {
        return Some(ms.ceil() as u64);
    }
    let text = text("retry-after")?;
    if let Some(seconds) = number(&text) {
        return Some((seconds * 1000.0).ceil() as u64);
    }
    let wait = now.until(Timestamp::parse_http(&text)?);
    u64::try_from(wait.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use ureq::http::HeaderValue;

    use super::*;

    #[test]
    fn a_wait_is_asked_for_in_three_ways() {
        let now = Timestamp::parse("2026-11-22T08:59:30Z").unwrap();
        let asked = |headers: &[(&'static str, &'static str)]| {
            let map =
                headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
            retry_after_ms(&map.collect(), now)
        };
        assert_eq!(asked(&[("retry-after", "2"), ("retry-after-ms", "1500")]), Some(1500));
        assert_eq!(asked(&[("retry-after", "1.5")]), Some(1500));
        assert_eq!(asked(&[("retry-after", "Sun, 22 Nov 2026 09:00:00 GMT")]), Some(30_000));
        assert_eq!(asked(&[("retry-after", "Sun, 22 Nov 2026 08:00:00 GMT")]), Some(0));
        assert_eq!(asked(&[("retry-after", "soon")]), None);
        assert_eq!(asked(&[("retry-after", "-1")]), None);
        assert_eq!(asked(&[]), None);
    }
}
