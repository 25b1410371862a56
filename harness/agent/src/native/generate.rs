//! Generate: one request to the model, tried again as the vendors ask. Each try is an event of the journal and, where
//! it was answered at all, an exchange of the recording; so it is the loop that tries again, and no layer below it
//! does. How long it waits is `model::Backoff`'s to say. On a live model, or at a pace, the wait is real; elsewhere only
//! the trial's clock moves.

use std::time::{Duration, Instant};

use base::micros;
use cassette::Allowed;
use journal::{CallFigures, Event, FailureMode, Generated, Host};
use model::{Call, FaultLog, ModelFault, Reply};
use wire::{Answer, End, Exact, Protocol};

use super::{MAIN, Native, Step};
use crate::tally::diverged;
use crate::{AgentEnd, AgentFault};

/// What the vendors call failures of a stream that may pass.
const PASSING: [&str; 6] = [
    "api_error",
    "overloaded_error",
    "rate_limit_exceeded",
    "server_error",
    "server_is_overloaded",
    "slow_down",
];
/// How often a real wait looks whether it was cancelled.
const GLANCE: Duration = Duration::from_millis(100);

/// A try that gave no answer to go on with.
struct Failed {
    status: Option<u16>,
    reason: String,
    /// Whether another may.
    passing: bool,
    /// Whether the recording holds it.
    kept: bool,
    asked_ms: Option<u64>,
}

impl Failed {
    /// An answer that came to its end, but not to a good one.
    fn answer(reason: String, passing: bool) -> Self {
        Self { status: None, reason, passing, kept: true, asked_ms: None }
    }

    fn fault(fault: &ModelFault) -> Self {
        let status = if let ModelFault::Status { status, .. } = fault { Some(*status) } else { None };
        Self {
            status,
            reason: fault.to_string(),
            passing: fault.is_transient(),
            kept: status.is_some(),
            asked_ms: fault.asked_wait_ms(),
        }
    }
}

impl Native<'_> {
    pub(super) fn generate(&mut self, step: u32) -> Step<Answer> {
        let name = format!("{MAIN} {step}");
        // A try that nobody answered is in no recording: the next has its number there, so that a replay, in which
        // nothing is lost on the way, asks for what there is.
        let (mut waited, mut recorded) = (Duration::ZERO, 1);
        for attempt in 1.. {
            let start = Instant::now();
            let asked = self.ask(step, recorded);
            let took = start.elapsed();
            self.tally.real_model_us += micros(took);
            self.tell_met()?;
            if self.cancel.is_cancelled() {
                return Err(AgentFault::Cancelled);
            }
            self.notice()?;
            let failed = match asked {
                Ok(answer) => match &answer.end {
                    End::Completed => {
                        self.heard(step, attempt, &answer, took)?;
                        return Ok(Ok(answer));
                    }
                    End::Incomplete(why) => Failed::answer(format!("the answer is incomplete: {why}"), false),
                    End::Failed(why) => {
                        let passing = PASSING.contains(&answer.reason.as_str());
                        Failed::answer(format!("the model failed: {why}"), passing)
                    }
                    End::Cut => Failed::answer("the stream was cut".to_owned(), true),
                },
                Err(ModelFault::Diverged { miss }) => return self.diverged(&miss),
                Err(ModelFault::Recording(why)) => return Err(AgentFault::Keeping(why)),
                Err(ModelFault::Spent(why)) => return Err(AgentFault::Spent(why)),
                Err(fault) => Failed::fault(&fault),
            };
            recorded += u32::from(failed.kept);
            self.failed(step, attempt, &failed, took)?;
            let wait = self.patience.backoff.wait(&name, attempt, waited, failed.asked_ms);
            let Some(wait) = wait.filter(|_| failed.passing) else {
                let tries = if attempt > 1 { format!(" after {attempt} tries") } else { String::new() };
                let reason = format!("{}{tries}", failed.reason);
                return Ok(Err(AgentEnd::stopped(FailureMode::ModelError, reason)));
            };
            self.wait(wait)?;
            waited += wait;
        }
        Ok(Err(AgentEnd::stopped(FailureMode::ModelError, "no answer")))
    }

    /// Journals a failed try. On a live model the time that it took counts.
    fn failed(&mut self, step: u32, attempt: u32, failed: &Failed, took: Duration) -> Result<(), AgentFault> {
        let live = self.patience.live;
        if live {
            self.tally.times.model_us += micros(took);
            self.clock.advance(took);
        }
        let event =
            Event::GenerateFailed { step, attempt, status: failed.status, reason: failed.reason.clone() };
        let duration_us = live.then(|| micros(took));
        self.observer.event(event, Host { duration_us, ..Host::default() })
    }

    /// Journals the faults that were put in the way of a try. The time that was lost with them counts.
    fn notice(&mut self) -> Result<(), AgentFault> {
        for injected in self.faults.as_ref().map(FaultLog::take).unwrap_or_default() {
            let lost = Duration::from_micros(injected.lost_us);
            let event = self.tally.fault(injected);
            self.tell(event)?;
            // On a live model it is part of what the try really took.
            if !self.patience.live {
                self.pass(lost)?;
            }
        }
        Ok(())
    }

    /// Lets the time before the next try pass.
    fn wait(&mut self, wait: Duration) -> Result<(), AgentFault> {
        self.tally.retries += 1;
        self.tally.waited_us = self.tally.waited_us.saturating_add(micros(wait));
        self.pass(wait)
    }

    /// Lets time pass in which there is no answer.
    fn pass(&mut self, time: Duration) -> Result<(), AgentFault> {
        self.tally.times.model_us += micros(time);
        self.clock.advance(time);
        let mut left = time;
        while let Some(rest) = self.patience.rest.filter(|_| !left.is_zero()) {
            if self.cancel.is_cancelled() {
                return Err(AgentFault::Cancelled);
            }
            rest.rest(left.min(GLANCE));
            left = left.saturating_sub(GLANCE);
        }
        Ok(())
    }

    fn ask(&self, step: u32, attempt: u32) -> Result<Answer, ModelFault> {
        let protocol = Protocol::Responses;
        let call = Call { protocol, lane: MAIN, step, attempt, prompt: &self.prompt, sent: None };
        let frames = match self.model.answer(&call)? {
            Reply::Body { body, total_us } => {
                return protocol.answer(&body, total_us).map_err(ModelFault::malformed);
            }
            Reply::Stream(frames) => frames,
        };
        let mut decoder = protocol.decoder();
        for frame in frames {
            decoder.feed(&frame?).map_err(ModelFault::malformed)?;
            if self.cancel.is_cancelled() {
                break;
            }
        }
        Ok(decoder.finish())
    }

    fn heard(&mut self, step: u32, attempt: u32, answer: &Answer, took: Duration) -> Result<(), AgentFault> {
        let usage = answer.usage.unwrap_or_default();
        let key = self.tracker.key(&self.prompt, &Exact).map_err(|e| AgentFault::Keeping(e.to_string()))?;
        self.clock.advance(Duration::from_micros(answer.total_us));
        self.tally.steps += 1;
        self.tally.usage.add(usage);
        self.tally.times.model_us += answer.total_us;
        self.tally.calls.push(CallFigures { ttft_us: answer.ttft_us, total_us: answer.total_us, usage });
        let blocks = u32::try_from(self.prompt.blocks().len()).unwrap_or(u32::MAX);
        let event = Event::Generated(Generated {
            step,
            attempt,
            request: Some(key),
            blocks,
            served: answer.served.clone(),
            usage,
            ttft_us: answer.ttft_us,
            total_us: answer.total_us,
        });
        self.observer.event(event, Host { duration_us: Some(micros(took)), ..Host::default() })
    }

    fn diverged(&mut self, miss: &cassette::Miss) -> Step<Answer> {
        self.tell(diverged(miss.step, &miss.difference, None))?;
        Ok(Err(AgentEnd::stopped(FailureMode::Void, miss.told())))
    }

    /// Journals the differences that were let pass since it was last asked. Those that are only drift were told with
    /// the tool.
    pub(super) fn tell_met(&mut self) -> Result<(), AgentFault> {
        let fresh = self.tape.met(self.met);
        self.met += fresh.len();
        for met in fresh.iter().filter(|met| met.allowed != Allowed::Drift) {
            self.tally.met(met);
            self.tell(diverged(met.step, &met.difference, Some(met.allowed)))?;
        }
        Ok(())
    }
}
