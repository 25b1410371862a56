//! Asks a live model for its next action at recorded steps: as base, as base again, as head. Carries no action out. Knows nothing of
//! what the answers amount to.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use agent::external::ExternalSpec;
use base::{Seed, SystemClock};
use cassette::align::{Glimpse, spelled};
use model::{
    Backoff, Call, FailedTry, MAIN_LANE, Model, ModelFault, Reply, Retrying, Sent, Sleep, TryObserver,
};
use sandbox::Cancel;
use wire::{End, Item, Prompt, Protocol, Usage};

use crate::live::Live;
use crate::{ModelSpec, RunError};

/// A recorded step at which the model is asked.
#[derive(Clone, Debug)]
pub struct ProbeStep {
    /// The suite and the task, as `suite/task`.
    pub task: String,
    /// Which recording of it.
    pub number: u32,
    /// The step, from 1.
    pub step: u32,
    /// What the agent speaks, and how it asks in it.
    pub asked: Asking,
    /// The request as base makes it.
    pub base: Prompt,
    /// The request as head makes it.
    pub head: Prompt,
}

/// How a recorded request is sent.
#[derive(Clone, Debug)]
pub struct Asking {
    /// What its client speaks.
    pub protocol: Protocol,
    /// Whose client it is, as `codex 0.169.0`.
    pub agent: String,
}

impl Asking {
    /// What goes around a request where its client sends more than the protocol wants. Recordings hold no headers: these are
    /// those of the version that is known.
    fn envelope(&self) -> Option<(&'static str, Vec<(String, String)>)> {
        let name = self.agent.split(' ').next().unwrap_or_default();
        let (path, headers) = name.parse::<ExternalSpec>().ok()?.agent.envelope()?;
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Some((path, headers.collect()))
    }
}

/// What a model did next.
#[derive(Clone, Debug)]
pub struct NextAction {
    /// Equal for actions that do the same, however they are spelled; what is only said isn't compared.
    pub key: String,
    /// Its first call, or what it said.
    pub shown: Glimpse,
}

/// The answers at one step: as base, as base again, as head.
#[derive(Clone, Debug)]
pub struct Probed {
    /// Which step, by its place in the list.
    pub at: usize,
    /// The actions.
    pub actions: [NextAction; 3],
}

/// What was heard.
#[derive(Debug, Default)]
pub struct Heard {
    /// The steps with all three answers, in the order of the list.
    pub probed: Vec<Probed>,
    /// Steps that got none, with the reason.
    pub failed: Vec<(usize, String)>,
    /// Models that said they answered, as base and as head.
    pub served: [std::collections::BTreeSet<String>; 2],
    /// Tokens of all answers, as base and as head.
    pub usage: [Usage; 2],
    /// Why it ended before all steps were asked.
    pub spent: Option<String>,
}

/// Asks at every step, `jobs` at a time. The three requests of a step go out one after the other, in an order that is drawn.
pub fn probe(
    steps: &[ProbeStep],
    specs: [&ModelSpec; 2],
    live: &Live,
    (jobs, seed, cancel): (usize, Seed, &Cancel),
) -> Result<Heard, RunError> {
    let model = |spec: &ModelSpec| {
        live.model(spec).ok_or_else(|| RunError::Usage("probing needs a live model".to_owned()))
    };
    let asked = Asked { models: [model(specs[0])?, model(specs[1])?], specs, seed };
    let heard = Mutex::new(Heard::default());
    let (next, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(steps.len()).max(1) {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) && !cancel.is_cancelled() {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(step) = steps.get(at) else { return };
                    if let Err(spent) = asked.at(at, step, &heard) {
                        over.store(true, Ordering::Relaxed);
                        heard.lock().unwrap_or_else(PoisonError::into_inner).spent = Some(spent);
                    }
                }
            });
        }
    });
    let mut heard = heard.into_inner().unwrap_or_else(PoisonError::into_inner);
    heard.probed.sort_by_key(|probed| probed.at);
    heard.failed.sort();
    Ok(heard)
}

struct Asked<'a> {
    models: [Arc<dyn Model>; 2],
    specs: [&'a ModelSpec; 2],
    seed: Seed,
}

/// What one request gave.
struct Given {
    action: NextAction,
    served: String,
    usage: Usage,
}

impl Asked<'_> {
    /// Asks three times; an error where there is no more to spend.
    fn at(&self, at: usize, step: &ProbeStep, heard: &Mutex<Heard>) -> Result<(), String> {
        let mut order = [0, 1, 2];
        for last in (1..order.len()).rev() {
            let name = format!("probe {} {} {} {last}", step.task, step.number, step.step);
            order.swap(last, (self.seed.derive(&name).unit() * (last as f64 + 1.0)) as usize);
        }
        let mut given: [Option<Given>; 3] = [None, None, None];
        for which in order {
            match self.ask(which, step) {
                Ok(one) => given[which] = Some(one),
                Err(ModelFault::Spent(why)) => return Err(why),
                Err(fault) => {
                    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                    heard.failed.push((at, fault.to_string()));
                    break;
                }
            }
        }
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        for (which, given) in given.iter().enumerate() {
            let Some(given) = given else { continue };
            let arm = usize::from(which == 2);
            heard.usage[arm].add(given.usage);
            if !given.served.is_empty() {
                heard.served[arm].insert(given.served.clone());
            }
        }
        if let [Some(base), Some(again), Some(head)] = given {
            heard.probed.push(Probed { at, actions: [base.action, again.action, head.action] });
        }
        Ok(())
    }

    fn ask(&self, which: usize, step: &ProbeStep) -> Result<Given, ModelFault> {
        let arm = usize::from(which == 2);
        let prompt = if arm == 1 { &step.head } else { &step.base };
        let retry = match self.specs[arm] {
            ModelSpec::Live { backend, .. } => backend.retry,
            _ => model::Retry::default(),
        };
        let clock = SystemClock::start();
        let backoff = Backoff::jittered(retry, self.seed);
        let retrying = Retrying::new(&self.models[arm], backoff, &clock, &Sleep, &Unheard);
        let protocol = step.asked.protocol;
        let envelope = step.asked.envelope();
        let body = protocol.join(prompt.blocks());
        let sent = envelope.as_ref().map(|(path, headers)| Sent { path, headers, body: &body });
        let call = Call { protocol, lane: MAIN_LANE, step: step.step, attempt: 1, prompt, sent };
        let answer = match retrying.answer(&call)? {
            Reply::Body { body, total_us } => {
                protocol.answer(&body, total_us).map_err(ModelFault::malformed)?
            }
            Reply::Stream(frames) => {
                let mut decoder = protocol.decoder();
                for frame in frames {
                    decoder.feed(&frame?).map_err(ModelFault::malformed)?;
                }
                decoder.finish()
            }
        };
        match &answer.end {
            End::Completed => {}
            End::Cut => return Err(ModelFault::cut("the answer has no end")),
            End::Incomplete(why) | End::Failed(why) => return Err(ModelFault::malformed(why)),
        }
        let action = action(protocol, step.step, &answer.items);
        Ok(Given { action, served: answer.served, usage: answer.usage.unwrap_or_default() })
    }
}

/// What an answer does: its calls, or that it ends the turn.
fn action(protocol: Protocol, step: u32, items: &[Box<str>]) -> NextAction {
    let (mut keys, mut first, mut said) = (Vec::new(), None, String::new());
    for item in items.iter().flat_map(|raw| protocol.items(raw)) {
        match item {
            Item::Call { name, arguments, .. } => {
                keys.push(spelled(&name, &arguments));
                first.get_or_insert_with(|| Glimpse::told(step, &name, &arguments));
            }
            Item::Message { text, .. } => said.push_str(&text),
            _ => {}
        }
    }
    NextAction { key: keys.join("\n"), shown: first.unwrap_or_else(|| Glimpse::told(step, "", &said)) }
}

/// Nobody is told of single tries.
struct Unheard;

impl TryObserver for Unheard {
    fn failed(&self, _: &FailedTry<'_>) {}
}
