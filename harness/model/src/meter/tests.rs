//! Limits on a clock that moves only when it is told to.

use std::sync::Mutex;
use std::time::Duration;

use base::{Timestamp, VirtualClock};
use journal::Ledger;
use wire::{Block, Prompt, Protocol, sse};

use super::*;

/// Answers with a number of tokens, or refuses.
struct Stub {
    output: u64,
    refuse: Mutex<Vec<u16>>,
}

impl Model for Stub {
    fn answer<'a>(&'a self, _: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        if let Some(status) = self.refuse.lock().unwrap().pop() {
            return Err(ModelFault::status(status, ""));
        }
        let data = format!(
            r#"{{"type":"response.completed","response":{{"status":"completed","output":[],"usage":{{"input_tokens":100,"output_tokens":{}}}}}}}"#,
            self.output
        );
        let frame = Frame::from_event(1, &sse::Event::data(data)).unwrap();
        Ok(Reply::Stream(Box::new(std::iter::once(Ok(frame)))))
    }
}

struct Time(VirtualClock);

impl Clock for Time {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Rest for Time {
    fn rest(&self, time: Duration) {
        self.0.advance(time);
    }
}

fn metered(limits: Limits, output: u64) -> (Metered<Stub>, Arc<Time>) {
    let time = Arc::new(Time(VirtualClock::new(Timestamp::parse("2026-11-02T09:00:00Z").unwrap())));
    let stub = Stub { output, refuse: Mutex::default() };
    let clock = Arc::clone(&time);
    (Metered::new(stub, limits, clock, Arc::clone(&time) as Arc<dyn Rest>), time)
}

/// 350 bytes: 100 tokens.
fn ask(model: &dyn Model) -> Result<(), ModelFault> {
    let mut prompt = Prompt::default();
    let head = format!("{{\"max_output_tokens\":1000,\"x\":\"{}\"}}", "x".repeat(316));
    prompt.push(Block::new(BlockKind::Head, head));
    let call = Call {
        protocol: Protocol::Responses,
        lane: "main",
        step: 1,
        attempt: 1,
        prompt: &prompt,
        sent: None,
    };
    match model.answer(&call)? {
        Reply::Stream(mut stream) => stream.try_for_each(|frame| frame.map(drop)),
        Reply::Body { .. } => Ok(()),
    }
}

#[test]
fn requests_and_tokens_go_out_no_faster_than_they_may() {
    let (model, time) = metered(Limits { requests_per_minute: Some(60), ..Limits::default() }, 1);
    for _ in 0..36 {
        ask(&model).unwrap();
    }
    assert_eq!(time.elapsed().as_secs(), 30, "six at once, then one a second");
    let (model, time) = metered(Limits { tokens_per_minute: Some(6000), ..Limits::default() }, 200);
    for _ in 0..22 {
        ask(&model).unwrap();
    }
    // Each takes 300 tokens of 100 a second; 600 are there at once, and what the last one took comes after it.
    assert_eq!(time.elapsed().as_secs_f64().round(), 58.0);
}

#[test]
fn a_refusal_halves_what_is_asked_at_a_time_and_success_brings_it_back() {
    let (model, time) = metered(Limits { concurrent: Some(8), ..Limits::default() }, 1);
    let others: Vec<_> = (0..7).map(|_| Gate::enter(&model.gate, 0).0).collect();
    *model.inner.refuse.lock().unwrap() = vec![500, 429];
    ask(&model).unwrap_err();
    model.gate.throttled();
    assert_eq!(model.gate.allowed(), 4.0, "two at once are one sign");
    drop(others);
    time.0.advance(Duration::from_secs(10));
    ask(&model).unwrap_err();
    assert_eq!(model.gate.allowed(), 4.0, "a 500 is no sign");
    for _ in 0..60 {
        ask(&model).unwrap();
    }
    assert_eq!(model.gate.allowed(), 8.0);
}

#[test]
fn a_limit_of_calls_at_a_time_holds() {
    let (model, _) = metered(Limits { concurrent: Some(1), ..Limits::default() }, 1);
    let held = Gate::enter(&model.gate, 0).0;
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(&model));
        assert!(!waiting.is_finished());
        drop(held);
        waiting.join().unwrap().unwrap();
    });
}

#[test]
fn a_call_that_could_pass_the_spend_limit_is_not_made() {
    // A call costs 0.001 of input and at most 0.02 of output; really 0.001 + 0.002.
    let price = Price { input: 10.0, cached: 1.0, cache_write: 10.0, cache_write_1h: None, output: 20.0 };
    let (model, _) = metered(Limits::default(), 100);
    let purse = Arc::new(Purse::new(0.031));
    let model = model.paid(price, Arc::clone(&purse));
    let mut calls = 0;
    let refused = loop {
        match ask(&model) {
            Ok(()) => calls += 1,
            Err(fault) => break fault,
        }
    };
    assert_eq!(calls, 4, "{refused}");
    assert!(matches!(refused, ModelFault::Spent(_)) && !refused.is_transient());
    assert!((purse.spent() - 0.012).abs() < 1e-9, "{}", purse.spent());
    // Side by side they wait for each other's change instead of failing.
    let (model, _) = metered(Limits::default(), 100);
    let purse = Arc::new(Purse::new(0.045));
    let model = model.paid(price, Arc::clone(&purse));
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..8).map(|_| scope.spawn(|| ask(&model))).collect();
        for call in calls {
            call.join().unwrap().unwrap();
        }
    });
    assert!((purse.spent() - 0.024).abs() < 1e-9, "{}", purse.spent());
}

#[test]
fn whoever_goes_on_with_a_run_has_what_its_calls_left_and_no_more() {
    let price = Price { input: 10.0, cached: 1.0, cache_write: 10.0, cache_write_1h: None, output: 20.0 };
    let temp = tempfile::tempdir().unwrap();
    let dir = journal::RunDir { path: temp.path().to_owned() };
    let paid = |limit: f64| {
        let purse = Arc::new(Purse::new(limit));
        (metered(Limits::default(), 100).0.paid(price, Arc::clone(&purse)), purse)
    };
    // What was spent before there was a run counts, too.
    let (model, purse) = paid(0.1);
    ask(&model).unwrap();
    purse.keep(Ledger::open(&dir).unwrap()).unwrap();
    ask(&model).unwrap();
    drop((model, purse));
    // A call costs 0.003 and at most 0.021. The third was cut by a kill: it has no end.
    Ledger::open(&dir).unwrap().asked(0.021).unwrap();
    let (model, purse) = paid(0.05);
    purse.keep(Ledger::open(&dir).unwrap()).unwrap();
    assert!((purse.spent() - 0.027).abs() < 1e-9, "{}", purse.spent());
    ask(&model).unwrap();
    assert!(matches!(ask(&model), Err(ModelFault::Spent(_))));
    assert!((purse.spent() - 0.030).abs() < 1e-9, "{}", purse.spent());
}
