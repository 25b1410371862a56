//! Trying again: when, how often and after what wait, as the vendors ask; and a layer that does so over any model.
//!
//! One place is responsible for a request. The native loop retries by itself, since each of its tries is an event of
//! the journal and an exchange of the recording: it asks `Backoff` how long to wait and needs no layer. An agent
//! that isn't ours retries by its own rules, and to do so for it would change what is tested. `Retrying` is for
//! callers that have neither.

use std::time::Duration;

use base::{Clock, Seed};
use wire::Frame;

use crate::{Call, Model, ModelFault, Reply, Stream, TransportFault};

/// How often to try, and how long to wait between tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Tries of one call, the first included.
    pub attempts: u32,
    /// Wait before the second try where the server asks for none; doubled for each further one.
    pub base: Duration,
    /// The longest such wait.
    pub max: Duration,
    /// All waits of one call together. A server that asks for more than is left is not waited for.
    pub total: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { attempts: 6, base: Duration::from_millis(500), max: seconds(60), total: seconds(300) }
    }
}

/// Says how long to wait.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    retry: Retry,
    seed: Option<Seed>,
}

impl Backoff {
    /// Waits that double, each cut by a random part of up to its half, so that calls which failed together do not
    /// come back together.
    pub fn jittered(retry: Retry, seed: Seed) -> Self {
        Self { retry, seed: Some(seed) }
    }

    /// Waits that double, for callers who are alone: up to five tries from 200 ms on.
    pub fn plain() -> Self {
        let retry = Retry {
            attempts: 5,
            base: Duration::from_millis(200),
            max: Duration::from_secs(3600),
            total: Duration::MAX,
        };
        Self { retry, seed: None }
    }

    /// How long to wait after try number `attempt` (from 1) of the call `name` failed, having waited `waited` for
    /// it so far; nothing where it is to be given up. `asked_ms`: what the server asked for.
    pub fn wait(
        &self,
        name: &str,
        attempt: u32,
        waited: Duration,
        asked_ms: Option<u64>,
    ) -> Option<Duration> {
        if attempt >= self.retry.attempts {
            return None;
        }
        let doubled = self.retry.base.saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
        let own = || {
            let wait = doubled.min(self.retry.max);
            let jitter = self.seed.map_or(0.0, |seed| seed.derive(&format!("{name} {attempt}")).unit());
            Duration::from_micros((wait.as_micros() as f64 * (1.0 - jitter / 2.0)) as u64)
        };
        let wait = asked_ms.map_or_else(own, Duration::from_millis);
        (waited.saturating_add(wait) <= self.retry.total).then_some(wait)
    }
}

/// Lets time pass.
pub trait Rest: Send + Sync {
    /// Returns after this time.
    fn rest(&self, time: Duration);
}

/// Lets real time pass.
#[derive(Clone, Copy, Debug)]
pub struct Sleep;

impl Rest for Sleep {
    fn rest(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// A try that failed.
#[derive(Debug)]
pub struct FailedTry<'a> {
    /// The conversation's lane.
    pub lane: &'a str,
    /// The step, from 1.
    pub step: u32,
    /// The try, from 1.
    pub attempt: u32,
    /// How.
    pub fault: &'a ModelFault,
    /// Time from its start to its failure.
    pub took: Duration,
    /// The wait before the next try; nothing where there is none.
    pub wait: Option<Duration>,
}

/// Is told of every try that failed.
pub trait TryObserver: Send + Sync {
    /// A try has failed; the wait has not begun.
    fn failed(&self, failed: &FailedTry<'_>);
}

/// Tries again what another model fails at.
pub struct Retrying<'m> {
    inner: &'m dyn Model,
    backoff: Backoff,
    clock: &'m dyn Clock,
    rest: &'m dyn Rest,
    observer: &'m dyn TryObserver,
}

impl<'m> Retrying<'m> {
    /// A layer over `inner`.
    pub fn new(
        inner: &'m dyn Model,
        backoff: Backoff,
        clock: &'m dyn Clock,
        rest: &'m dyn Rest,
        observer: &'m dyn TryObserver,
    ) -> Self {
        Self { inner, backoff, clock, rest, observer }
    }
}

impl Model for Retrying<'_> {
    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        let name = format!("{} {}", call.lane, call.step);
        let mut waited = Duration::ZERO;
        for attempt in 1.. {
            let begun = self.clock.elapsed();
            let fault = match self.inner.answer(call).and_then(first_frame) {
                Ok(reply) => return Ok(reply),
                Err(fault) => fault,
            };
            let took = self.clock.elapsed().saturating_sub(begun);
            let wait = fault
                .is_transient()
                .then(|| self.backoff.wait(&name, attempt, waited, fault.asked_wait_ms()));
            let (lane, step, wait) = (call.lane, call.step, wait.flatten());
            self.observer.failed(&FailedTry { lane, step, attempt, fault: &fault, took, wait });
            let Some(wait) = wait else { return Err(fault) };
            self.rest.rest(wait);
            waited = waited.saturating_add(wait);
        }
        Err(ModelFault::Exhausted("no try was left".to_owned()))
    }
}

/// Waits for a stream's first frame, so that one that breaks before it can be tried again. From then on its caller
/// has seen text that another try would repeat.
fn first_frame(reply: Reply<'_>) -> Result<Reply<'_>, ModelFault> {
    let mut stream = match reply {
        Reply::Stream(stream) => stream,
        body @ Reply::Body { .. } => return Ok(body),
    };
    let first = stream.next().transpose()?;
    Ok(Reply::Stream(Box::new(Begun { first, stream })))
}

/// A stream whose first frame was waited for.
struct Begun<'a> {
    first: Option<Frame>,
    stream: Stream<'a>,
}

impl Iterator for Begun<'_> {
    type Item = Result<Frame, ModelFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        Some(self.stream.next()?.map_err(|fault| match fault {
            ModelFault::Transport { kind, detail } if kind != TransportFault::Cut => {
                ModelFault::cut(format!("{kind}: {detail}"))
            }
            fault => fault,
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use base::{Timestamp, VirtualClock};
    use wire::{Prompt, Protocol, sse};

    use super::*;

    /// Fails as it is told to, then gives one frame; after a frame it may break.
    struct Flaky {
        faults: Vec<ModelFault>,
        asked: AtomicUsize,
        breaks: Option<ModelFault>,
    }

    impl Model for Flaky {
        fn answer<'a>(&'a self, _: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
            let n = self.asked.fetch_add(1, Ordering::Relaxed);
            if let Some(fault) = self.faults.get(n) {
                return match fault {
                    ModelFault::Transport { .. } => {
                        Ok(Reply::Stream(Box::new(std::iter::once(Err(fault.clone())))))
                    }
                    fault => Err(fault.clone()),
                };
            }
            let frame = Frame::from_event(1, &sse::Event::data("{}")).unwrap();
            Ok(Reply::Stream(Box::new(std::iter::once(Ok(frame)).chain(self.breaks.clone().map(Err)))))
        }
    }

    /// Time that passes only by resting; keeps what it was told.
    struct World {
        clock: VirtualClock,
        waits: Mutex<Vec<Option<Duration>>>,
    }

    impl Rest for World {
        fn rest(&self, time: Duration) {
            self.clock.advance(time);
        }
    }

    impl TryObserver for World {
        fn failed(&self, failed: &FailedTry<'_>) {
            self.waits.lock().unwrap().push(failed.wait);
        }
    }

    fn ask(faults: Vec<ModelFault>, breaks: Option<ModelFault>) -> (String, usize, Vec<Option<Duration>>) {
        let world = World {
            clock: VirtualClock::new(Timestamp::parse("2026-11-02T09:00:00Z").unwrap()),
            waits: Mutex::new(Vec::new()),
        };
        let model = Flaky { faults, asked: AtomicUsize::new(0), breaks };
        let backoff = Backoff::jittered(Retry::default(), Seed::new(7));
        let layer = Retrying::new(&model, backoff, &world.clock, &world, &world);
        let prompt = Prompt::default();
        let call = Call {
            protocol: Protocol::Responses,
            lane: "main",
            step: 1,
            attempt: 1,
            prompt: &prompt,
            sent: None,
        };
        let end = match layer.answer(&call) {
            Err(fault) => fault.to_string(),
            Ok(Reply::Body { .. }) => "a body".to_owned(),
            Ok(Reply::Stream(stream)) => match stream.collect::<Result<Vec<_>, _>>() {
                Ok(frames) => format!("{} frames", frames.len()),
                Err(fault) => fault.to_string(),
            },
        };
        let slept: Duration = world.waits.lock().unwrap().iter().flatten().sum();
        assert_eq!(slept, world.clock.elapsed());
        (end, model.asked.into_inner(), world.waits.into_inner().unwrap())
    }

    fn status(status: u16, retry_after_ms: Option<u64>) -> ModelFault {
        ModelFault::Status { status, body: String::new(), retry_after_ms }
    }

    #[test]
    fn a_server_that_asks_for_a_wait_gets_it_and_others_a_growing_one() {
        let idle = ModelFault::Transport { kind: TransportFault::Idle, detail: String::new() };
        let faults = vec![status(429, Some(1500)), status(529, None), status(500, None), idle];
        let (end, asked, waits) = ask(faults, None);
        assert_eq!((end.as_str(), asked), ("1 frames", 5));
        let waits: Vec<u128> = waits.iter().map(|wait| wait.unwrap().as_millis()).collect();
        assert_eq!(waits[0], 1500);
        for (wait, doubled) in waits[1..].iter().zip([1000, 2000, 4000]) {
            assert!((doubled / 2..=doubled).contains(wait), "{wait} of {doubled}");
        }
    }

    #[test]
    fn what_another_try_cannot_mend_is_told_at_once() {
        for code in [400, 401, 403, 404, 413, 422] {
            assert_eq!(ask(vec![status(code, Some(1))], None).1, 1, "{code}");
        }
        assert_eq!(ask(vec![status(429, Some(3_600_000))], None).1, 1, "an hour is not waited for");
        let (end, asked, waits) = ask(vec![status(500, None); 9], None);
        assert_eq!((end.as_str(), asked, waits.last().unwrap()), ("status 500: ", 6, &None));
    }

    #[test]
    fn a_stream_that_has_begun_is_never_begun_again() {
        let broken = ModelFault::Transport { kind: TransportFault::Reset, detail: "by peer".to_owned() };
        let (end, asked, _) = ask(Vec::new(), Some(broken));
        assert_eq!((end.as_str(), asked), ("stream cut: connection reset: by peer", 1));
    }
}
