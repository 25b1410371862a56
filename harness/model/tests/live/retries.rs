//! The layers over a live backend: how many requests reach it, what is kept, and that the key is nowhere.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{Digest, Seed, SystemClock, Timestamp};
use model::{
    Backoff, FailedTry, Limits, Metered, Model, ModelFault, O200k, Recorder, Rest, Retry, Retrying, Sleep,
    TransportFault, TryObserver,
};

use crate::backend::{CREATED, DONE, KEY, ask, backend, open};
use crate::server::{Do, Server, event, events, response, wait};

/// Takes no time; keeps how long it should have been.
#[derive(Default)]
struct World(Mutex<Vec<(String, Option<Duration>)>>);

impl Rest for World {
    fn rest(&self, _: Duration) {}
}

impl TryObserver for World {
    fn failed(&self, failed: &FailedTry<'_>) {
        self.0.lock().unwrap().push((failed.fault.to_string(), failed.wait));
    }
}

fn whole() -> Vec<Do> {
    vec![events(), event(CREATED), event(DONE)]
}

/// Frames, fault, requests, and the waits.
fn through(steps: Vec<Vec<Do>>) -> (usize, Option<ModelFault>, usize, Vec<Option<Duration>>) {
    let server = Server::start(steps);
    let (live, world, clock) = (open(backend(&server.url)), World::default(), SystemClock::start());
    let backoff = Backoff::jittered(Retry { attempts: 4, ..Retry::default() }, Seed::new(1));
    let layer = Retrying::new(&live, backoff, &clock, &world, &world);
    let (frames, fault) = ask(&layer);
    let told = world.0.into_inner().unwrap();
    assert!(told.iter().all(|(reason, _)| !reason.contains(KEY)), "{told:?}");
    (frames.len(), fault, server.got().len(), told.into_iter().map(|(_, wait)| wait).collect())
}

#[test]
fn what_may_pass_is_tried_again() {
    let steps = vec![
        response(429, "retry-after-ms: 250\r\n", KEY),
        response(500, "", "{}"),
        response(529, "", "{}"),
        whole(),
    ];
    let (frames, fault, requests, waits) = through(steps);
    assert!(fault.is_none(), "{fault:?}");
    assert_eq!((frames, requests, waits[0]), (2, 4, Some(Duration::from_millis(250))));
    // A stream that is cut or falls silent before its first frame.
    let (frames, fault, requests, _) = through(vec![vec![events()], vec![events(), wait(1500)], whole()]);
    assert!(fault.is_none(), "{fault:?}");
    assert_eq!((frames, requests), (2, 3));
}

#[test]
fn what_will_not_pass_is_not() {
    let (_, fault, requests, _) = through(vec![response(400, "", "{}")]);
    assert!(matches!(fault, Some(ModelFault::Status { status: 400, .. })));
    assert_eq!(requests, 1);
    let (_, fault, requests, waits) = through(vec![response(503, "", "{}")]);
    assert!(matches!(fault, Some(ModelFault::Status { status: 503, .. })));
    assert_eq!((requests, waits.len(), waits[3]), (4, 4, None));
    let (frames, fault, requests, _) = through(vec![vec![events(), event(CREATED)]]);
    assert!(matches!(fault, Some(ModelFault::Transport { kind: TransportFault::Cut, .. })), "{fault:?}");
    assert_eq!((frames, requests), (1, 1));
}

#[test]
fn a_recording_holds_what_came_and_never_the_key() {
    // A server that tells the key back, in an answer and in an error.
    let leak = format!("{{\"type\":\"response.output_text.delta\",\"delta\":\"{KEY}\"}}");
    let server = Server::start(vec![
        response(500, "", &format!("your key is {KEY}")),
        vec![events(), event(CREATED), event(&leak), event(DONE)],
    ]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let header = cassette::Header {
        version: cassette::VERSION,
        kind: cassette::Kind::Live,
        agent: "test".to_owned(),
        protocol: wire::Protocol::Responses,
        model: "m".to_owned(),
        clock: Timestamp::parse("2026-11-22T09:00:00Z").unwrap(),
        profile: "native".to_owned(),
        task: "a/b".to_owned(),
        task_digest: Digest::of(b""),
        workspace: Digest::of(b""),
        tokenizer: "o200k_base".to_owned(),
        toolchain: std::collections::BTreeMap::new(),
        start: None,
    };
    let writer = cassette::Writer::create(&path, header, Arc::new(O200k)).unwrap();
    let live = Metered::new(
        open(backend(&server.url)),
        Limits::default(),
        Arc::new(SystemClock::start()),
        Arc::new(Sleep),
    );
    let recorder = Recorder::new(&live, Arc::new(Mutex::new(writer)));
    let (_, fault) = ask(&recorder);
    assert_eq!(fault.unwrap().to_string(), "status 500: your key is [key]");
    let (frames, fault) = ask(&recorder as &dyn Model);
    assert!(fault.is_none() && frames.len() == 3, "{fault:?}");
    drop(recorder);
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept.contains("served-1") && kept.contains("[key]") && !kept.contains(KEY), "{kept}");
}
