//! The agent's part of each step of a trial, whoever the agent is.

use std::sync::Arc;
use std::time::Duration;

use agent::{AgentEnd, AgentFault, Native, Observer, Tally, Tamper};
use journal::{Event, Host};
use sandbox::{Cancel, Container, Environment};
use suite::Step;

use crate::external::External;

/// Who acts.
pub(crate) enum Actor<'a> {
    /// The built-in loop.
    Native(Box<Native<'a>>),
    /// A program that is not ours.
    External(Box<External<'a>>),
    /// The reference solution.
    Oracle {
        /// Variables of the solution.
        env: Vec<(String, String)>,
        /// How long it may take where a step does not say.
        limit: Duration,
        cancel: &'a Cancel,
        observer: &'a mut dyn Observer,
    },
    /// A named wrong answer: a patch.
    Wrong { patch: Vec<u8>, cancel: &'a Cancel, observer: &'a mut dyn Observer },
    /// Somebody who wants the reward without the work.
    Tamper { tamper: Tamper, task: String, cancel: &'a Cancel, observer: &'a mut dyn Observer },
    /// Nobody.
    Noop(&'a mut dyn Observer),
}

impl Actor<'_> {
    /// One step of the task; `last`: no other follows.
    pub(crate) fn act(
        &mut self,
        step: &Step,
        last: bool,
        container: &Arc<Container>,
    ) -> Result<AgentEnd, AgentFault> {
        match self {
            Self::Native(native) => {
                native.move_to(Arc::clone(container) as Arc<dyn Environment>);
                native.run(&step.instruction, last)
            }
            Self::External(external) => external.act(&step.instruction, container),
            Self::Oracle { env, limit, cancel, observer } => {
                let limit = step.agent_timeout.unwrap_or(*limit);
                agent::oracle(&**container, env, limit, cancel, *observer)
            }
            Self::Wrong { patch, cancel, observer } => agent::patched(&**container, patch, cancel, *observer),
            Self::Tamper { tamper, task, cancel, observer } => {
                tamper.act(&**container, task, cancel, *observer)
            }
            Self::Noop(observer) => {
                let end = AgentEnd::finished("nothing was done");
                let event = Event::AgentEnded { failure: None, reason: end.reason.clone() };
                observer.event(event, Host::default())?;
                Ok(end)
            }
        }
    }

    /// What its part adds up to so far.
    pub(crate) fn tally(&self) -> Tally {
        match self {
            Self::Native(native) => native.tally.clone(),
            Self::External(external) => external.tally.clone(),
            Self::Oracle { .. } | Self::Wrong { .. } | Self::Tamper { .. } | Self::Noop(_) => {
                Tally::default()
            }
        }
    }

    /// Whether it is shown the reference solution.
    pub(crate) fn is_oracle(&self) -> bool {
        matches!(self, Self::Oracle { .. })
    }
}
