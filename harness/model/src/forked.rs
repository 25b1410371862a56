//! A recording up to a cursor, and from there on another model: the same history, asked on. Which step a request is tells
//! its client. Knows nothing of what either of them is.

use std::sync::atomic::{AtomicBool, Ordering};

use cassette::MAIN_LANE;

use crate::{Call, Model, ModelFault, Reply};

/// Serves the first steps of a recording's main lane; then another model answers.
pub struct Forked<'m> {
    recorded: Box<dyn Model + 'm>,
    rest: Box<dyn Model + 'm>,
    last_step: u32,
    passed: AtomicBool,
}

impl<'m> Forked<'m> {
    /// `recorded` answers the main lane up to step `last_step`, and other lanes as long as it knows their requests;
    /// `rest` everything after.
    pub fn new(recorded: impl Model + 'm, rest: impl Model + 'm, last_step: u32) -> Self {
        let (recorded, rest) = (Box::new(recorded), Box::new(rest));
        Self { recorded, rest, last_step, passed: AtomicBool::new(false) }
    }

    fn is_recorded(&self, call: &Call<'_>) -> bool {
        if call.lane != MAIN_LANE {
            return !self.passed.load(Ordering::SeqCst);
        }
        let recorded = call.step <= self.last_step;
        if !recorded {
            self.passed.store(true, Ordering::SeqCst);
        }
        recorded
    }
}

impl Model for Forked<'_> {
    fn blocks(&self) -> bool {
        self.rest.blocks() || self.recorded.blocks()
    }

    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        if self.is_recorded(call) {
            return self.recorded.answer(call);
        }
        if call.lane != MAIN_LANE {
            // A lane that began before the fork may still be going on as it was recorded.
            match self.recorded.answer(call) {
                Err(ModelFault::Diverged { .. }) => {}
                answered => return answered,
            }
        }
        self.rest.answer(call)
    }
}

#[cfg(test)]
mod tests {
    use wire::{Prompt, Protocol};

    use super::*;

    /// Says its name, or does not know the request.
    struct Named(&'static str, bool);

    impl Model for Named {
        fn answer<'a>(&'a self, _call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
            if self.1 {
                return Ok(Reply::Body { body: self.0.to_owned(), total_us: 0 });
            }
            Err(ModelFault::Diverged {
                miss: Box::new(cassette::Miss { step: 1, difference: wire::Difference::default() }),
            })
        }
    }

    fn asked(model: &Forked<'_>, lane: &str, step: u32) -> String {
        let prompt = Prompt::default();
        let call =
            Call { protocol: Protocol::Responses, lane, step, attempt: 1, prompt: &prompt, sent: None };
        match model.answer(&call) {
            Ok(Reply::Body { body, .. }) => body,
            _ => "none".to_owned(),
        }
    }

    #[test]
    fn the_recording_answers_up_to_the_cursor_and_another_model_from_there() {
        let model = Forked::new(Named("recorded", true), Named("rest", true), 2);
        let told = [("main", 1), ("lane-2", 1), ("main", 2), ("main", 3), ("lane-2", 2)];
        let told = told.map(|(lane, step)| asked(&model, lane, step));
        assert_eq!(told, ["recorded", "recorded", "recorded", "rest", "recorded"]);
        let unknown = Forked::new(Named("recorded", false), Named("rest", true), 0);
        assert_eq!(["main", "lane-2"].map(|lane| asked(&unknown, lane, 1)), ["rest", "rest"]);
    }
}
