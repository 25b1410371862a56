//! At what pace an answer's frames are handed on: at once, or at the times they were recorded with; and a layer that
//! lets that time really pass. Deadlines are counted from the request, so that a late frame makes no later one late.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use base::Clock;
use wire::Frame;

use crate::{Call, Model, ModelFault, Reply, Rest, Stream};

/// At what pace frames are handed on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Pace {
    /// As soon as the model gives them.
    #[default]
    Instant,
    /// With their own gaps.
    Recorded,
    /// With their own gaps times this.
    Scaled(f64),
}

impl Pace {
    /// How long after the request a frame is due that the model gives `us` microseconds after it; nothing: at once.
    pub fn due(self, us: u64) -> Option<Duration> {
        match self {
            Self::Instant => None,
            Self::Recorded => Some(Duration::from_micros(us)),
            Self::Scaled(factor) => {
                Duration::try_from_secs_f64(us as f64 * factor / 1e6).ok().filter(|due| !due.is_zero())
            }
        }
    }
}

impl std::fmt::Display for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Instant => f.write_str("instant"),
            Self::Recorded => f.write_str("recorded"),
            Self::Scaled(factor) => write!(f, "scaled={factor}"),
        }
    }
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "instant" => return Ok(Self::Instant),
            "recorded" => return Ok(Self::Recorded),
            _ => {}
        }
        let factor = text.strip_prefix("scaled=").and_then(|factor| factor.parse::<f64>().ok());
        factor
            .filter(|factor| factor.is_finite() && *factor > 0.0)
            .map(Self::Scaled)
            .ok_or_else(|| "use instant, recorded, or scaled=FACTOR with a factor above 0".to_owned())
    }
}

/// Hands the frames of another model on when they are due.
pub struct Paced<'m> {
    inner: Box<dyn Model + 'm>,
    time: Passing<'m>,
}

/// How time passes.
#[derive(Clone)]
struct Passing<'m> {
    pace: Pace,
    clock: Arc<dyn Clock + 'm>,
    rest: Arc<dyn Rest + 'm>,
}

impl<'m> Paced<'m> {
    /// A layer over `inner`. `clock` is real time, and `rest` lets it pass.
    pub fn new(
        inner: impl Model + 'm,
        pace: Pace,
        clock: Arc<dyn Clock + 'm>,
        rest: Arc<dyn Rest + 'm>,
    ) -> Self {
        Self { inner: Box::new(inner), time: Passing { pace, clock, rest } }
    }
}

impl Passing<'_> {
    /// Returns when what the model gives `us` after a request is due; the request came at `begun`.
    fn wait(&self, begun: Duration, us: u64) {
        let Some(due) = self.pace.due(us) else { return };
        let left = begun.saturating_add(due).saturating_sub(self.clock.elapsed());
        if !left.is_zero() {
            self.rest.rest(left);
        }
    }
}

impl Model for Paced<'_> {
    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        let begun = self.time.clock.elapsed();
        match self.inner.answer(call)? {
            Reply::Body { body, total_us } => {
                self.time.wait(begun, total_us);
                Ok(Reply::Body { body, total_us })
            }
            Reply::Stream(stream) => {
                Ok(Reply::Stream(Box::new(Due { stream, time: &self.time, begun, given_us: 0 })))
            }
        }
    }
}

/// A stream whose frames come when they are due.
struct Due<'a, 'm> {
    stream: Stream<'a>,
    time: &'a Passing<'m>,
    begun: Duration,
    given_us: u64,
}

impl Iterator for Due<'_, '_> {
    type Item = Result<Frame, ModelFault>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.stream.next()?;
        if let Ok(frame) = &next {
            self.given_us = self.given_us.saturating_add(frame.gap_us);
            self.time.wait(self.begun, self.given_us);
        }
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use base::{Timestamp, VirtualClock};
    use wire::{Prompt, Protocol, sse};

    use super::*;

    /// Gives four frames, ten milliseconds apart.
    struct Four;

    impl Model for Four {
        fn answer<'a>(&'a self, _: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
            let frame = || Ok(Frame::from_event(10_000, &sse::Event::data("{}")).unwrap());
            Ok(Reply::Stream(Box::new(std::iter::repeat_with(frame).take(4))))
        }
    }

    /// Time that passes only by resting, and once by more than was asked.
    struct World {
        clock: VirtualClock,
        rests: Mutex<Vec<u64>>,
    }

    impl Rest for World {
        fn rest(&self, time: Duration) {
            let mut rests = self.rests.lock().unwrap();
            let late = Duration::from_millis(if rests.len() == 1 { 15 } else { 0 });
            rests.push(base::micros(time) / 1000);
            self.clock.advance(time + late);
        }
    }

    impl Clock for World {
        fn now(&self) -> Timestamp {
            self.clock.now()
        }

        fn elapsed(&self) -> Duration {
            self.clock.elapsed()
        }
    }

    fn rests(pace: Pace) -> (Vec<u64>, u64) {
        let start = Timestamp::parse("2026-11-02T09:00:00Z").unwrap();
        let world = Arc::new(World { clock: VirtualClock::new(start), rests: Mutex::default() });
        let paced = Paced::new(Four, pace, world.clone(), world.clone());
        let prompt = Prompt::default();
        let protocol = Protocol::Responses;
        let call = Call { protocol, lane: "main", step: 1, attempt: 1, prompt: &prompt, sent: None };
        let Ok(Reply::Stream(stream)) = paced.answer(&call) else { panic!("no stream") };
        let virtual_us = stream.map(|frame| frame.unwrap().gap_us).sum();
        let rests = world.rests.lock().unwrap().clone();
        (rests, virtual_us)
    }

    #[test]
    fn a_late_frame_makes_no_later_one_late_and_the_recorded_times_stay() {
        assert_eq!(rests(Pace::Recorded), (vec![10, 10, 5], 40_000));
        assert_eq!(rests(Pace::Scaled(2.0)), (vec![20, 20, 5, 20], 40_000));
        assert_eq!(rests(Pace::Instant), (vec![], 40_000));
    }

    #[test]
    fn a_pace_reads_as_it_is_written_and_nonsense_is_refused() {
        for text in ["instant", "recorded", "scaled=0.1"] {
            assert_eq!(text.parse::<Pace>().unwrap().to_string(), text);
        }
        for text in ["", "fast", "scaled", "scaled=0", "scaled=-1", "scaled=nan", "scaled=inf"] {
            assert!(text.parse::<Pace>().unwrap_err().contains("scaled=FACTOR"), "{text}");
        }
    }
}
