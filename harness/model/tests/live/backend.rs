//! One call: what comes through, and what each fault is called.

use std::time::Duration;

use base::SystemClock;
use model::live::{Backend, LiveModel, OpenError, Timeouts};
use model::{Call, Model, ModelFault, Reply, Sent, TransportFault};
use wire::{Block, BlockKind, Frame, Prompt, Protocol};

use crate::server::{Do, Server, event, events, response, wait, write};

pub(crate) const KEY: &str = "sk-test-0123456789abcdef";
pub(crate) const CREATED: &str =
    r#"{"type":"response.created","response":{"id":"r1","status":"in_progress"}}"#;
pub(crate) const DONE: &str = r#"{"type":"response.completed","response":{"id":"r1","model":"served-1","status":"completed","output":[],"usage":{"input_tokens":3,"output_tokens":2}}}"#;

pub(crate) fn open(backend: Backend) -> LiveModel {
    let lookup = |name: &str| (name == "TEST_KEY").then(|| KEY.to_owned());
    LiveModel::open(backend, &lookup, Box::new(SystemClock::start())).unwrap()
}

/// A backend with a key and short time-outs.
pub(crate) fn backend(url: &str) -> Backend {
    let ms = Duration::from_millis;
    Backend {
        key_env: Some("TEST_KEY".to_owned()),
        timeouts: Timeouts { connect: ms(2000), first_byte: ms(3000), idle: ms(300), total: ms(6000) },
        ..Backend::at("local", Protocol::Responses, url)
    }
}

pub(crate) fn prompt() -> Prompt {
    let mut prompt = Prompt::default();
    prompt.push(Block::new(BlockKind::Head, r#"{"model":"m","stream":true}"#));
    prompt.push(Block::new(BlockKind::Item, r#"{"type":"message","role":"user","content":"hé"}"#));
    prompt
}

/// The frames of an answer, and how it ended.
pub(crate) fn ask(model: &dyn Model) -> (Vec<Frame>, Option<ModelFault>) {
    let prompt = prompt();
    let call = Call {
        protocol: Protocol::Responses,
        lane: "main",
        step: 1,
        attempt: 1,
        prompt: &prompt,
        sent: None,
    };
    let stream = match model.answer(&call) {
        Ok(Reply::Stream(stream)) => stream,
        Ok(Reply::Body { body, .. }) => panic!("a body: {body}"),
        Err(fault) => return (Vec::new(), Some(fault)),
    };
    let mut frames = Vec::new();
    for frame in stream {
        match frame {
            Ok(frame) => frames.push(frame),
            Err(fault) => return (frames, Some(fault)),
        }
    }
    (frames, None)
}

#[track_caller]
fn fails(steps: Vec<Do>, kind: TransportFault, frames: usize) -> ModelFault {
    let server = Server::start(vec![steps]);
    let (got, fault) = ask(&open(backend(&server.url)));
    let fault = fault.unwrap();
    assert!(matches!(&fault, ModelFault::Transport { kind: found, .. } if *found == kind), "{fault:?}");
    assert_eq!((got.len(), server.got().len()), (frames, 1));
    fault
}

#[test]
fn an_answer_comes_frame_by_frame_with_the_gaps_of_the_socket() {
    // A character and an event split over writes; a comment keeps the connection alive.
    let split = "data: {\"type\":\"response.output_text.delta\",\"delta\":\"h\u{e9}\"}\n\n".as_bytes();
    let at = split.iter().position(|byte| *byte == 0xc3).unwrap() + 1;
    let server = Server::start(vec![vec![
        wait(200),
        events(),
        event(CREATED),
        Do::Write(split[..at].to_vec()),
        wait(200),
        write(""),
        Do::Write(split[at..].to_vec()),
        write(": still here\n\n"),
        wait(150),
        event(DONE),
    ]]);
    let (frames, fault) = ask(&open(backend(&server.url)));
    assert!(fault.is_none(), "{fault:?}");
    let texts: Vec<&str> = frames.iter().map(|frame| frame.data.get()).collect();
    let delta = r#"{"type":"response.output_text.delta","delta":"hé"}"#;
    assert_eq!(texts, [CREATED, delta, DONE]);
    let gaps: Vec<u64> = frames.iter().map(|frame| frame.gap_us).collect();
    for (gap, least) in gaps.iter().zip([190_000, 190_000, 140_000]) {
        assert!(*gap >= least, "{gaps:?}");
    }
    let mut decoder = Protocol::Responses.decoder();
    frames.iter().for_each(|frame| decoder.feed(frame).unwrap());
    assert_eq!(decoder.finish().served, "served-1");
    let [got] = &server.got()[..] else { panic!("one request") };
    assert!(got.head.starts_with("POST /v1/responses HTTP/1.1\r\n"), "{}", got.head);
    assert!(got.head.contains(&format!("authorization: Bearer {KEY}")), "{}", got.head);
    assert!(got.head.contains("accept: text/event-stream"), "{}", got.head);
    assert_eq!(got.body, Protocol::Responses.join(prompt().blocks()));
}

#[test]
fn what_a_client_sent_passes_through_untouched() {
    let body = "{ \"model\":\"m\",\n \"stream\" : false, \"big\": 12345678901234567890, \"\\u00e9\": [1.0] }";
    let answer = "{\"id\": 1.0,  \"type\":\"message\"}";
    let server = Server::start(vec![response(200, "", answer)]);
    let backend = Backend { protocol: Protocol::Messages, ..backend(&server.url) };
    let model =
        open(Backend { headers: [("anthropic-version".into(), "2023-06-01".into())].into(), ..backend });
    let mut prompt = Prompt::default();
    Protocol::Messages.split(body).unwrap().into_iter().for_each(|block| prompt.push(block));
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = [
        header("anthropic-version", "2099-01-01"),
        header("x-api-key", "theirs"),
        header("anthropic-beta", "a,b"),
    ];
    let sent = Some(Sent { path: "/v1/messages?beta=true", headers: &headers, body });
    let call =
        Call { protocol: Protocol::Messages, lane: "main", step: 1, attempt: 1, prompt: &prompt, sent };
    let Ok(Reply::Body { body: got, total_us }) = model.answer(&call) else { panic!("no body") };
    assert_eq!((got.as_str(), total_us > 0), (answer, true));
    let [got] = &server.got()[..] else { panic!("one request") };
    assert_eq!(got.body, body);
    assert!(got.head.starts_with("POST /v1/messages?beta=true HTTP/1.1\r\n"), "{}", got.head);
    for line in ["anthropic-version: 2099-01-01", "anthropic-beta: a,b", &format!("x-api-key: {KEY}")] {
        assert!(got.head.contains(line), "{line}: {}", got.head);
    }
    assert!(!got.head.contains("theirs") && !got.head.contains("2023-06-01"), "{}", got.head);
    let other = Call { protocol: Protocol::Responses, ..call };
    let Err(fault) = model.answer(&other) else { panic!("translated") };
    assert!(fault.to_string().contains("speaks messages, not responses"), "{fault}");
    assert!(!fault.is_transient());
}

#[test]
fn an_error_comes_with_its_body_and_its_wish_to_wait() {
    let refusal = format!("{{\"error\":{{\"message\":\"slow down, {KEY}\"}}}}");
    let server = Server::start(vec![
        response(429, "retry-after-ms: 1500\r\nretry-after: 2\r\n", &refusal),
        response(529, "retry-after: 3\r\n", "{}"),
        response(500, "", "oops"),
        response(307, "location: http://127.0.0.1:9/\r\n", ""),
    ]);
    let model = open(backend(&server.url));
    let mut told = Vec::new();
    for _ in 0..4 {
        let (_, fault) = ask(&model);
        let Some(ModelFault::Status { status, body, retry_after_ms }) = fault else { panic!("{fault:?}") };
        told.push((status, body, retry_after_ms));
    }
    let hidden = "{\"error\":{\"message\":\"slow down, [key]\"}}".to_owned();
    assert_eq!(
        told,
        [
            (429, hidden, Some(1500)),
            (529, "{}".to_owned(), Some(3000)),
            (500, "oops".to_owned(), None),
            (307, String::new(), None)
        ]
    );
}

#[test]
fn a_stream_that_ends_before_its_answer_is_cut() {
    fails(vec![events(), event(CREATED)], TransportFault::Cut, 1);
    // Half an event.
    fails(vec![events(), event(CREATED), write("data: {\"type\":")], TransportFault::Malformed, 1);
    // Chunks without their end.
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    fails(vec![write(head), write("10\r\ndata: {\"a\":1}\n\n\r\n")], TransportFault::Cut, 1);
}

#[test]
fn silence_is_idle_and_a_slow_answer_is_not() {
    fails(vec![events(), event(CREATED), wait(1500)], TransportFault::Idle, 1);
    // Its first byte may take longer than a pause may.
    let server = Server::start(vec![vec![wait(700), events(), event(DONE)]]);
    let (frames, fault) = ask(&open(backend(&server.url)));
    assert!(fault.is_none() && frames.len() == 1 && frames[0].gap_us >= 690_000, "{fault:?} {frames:?}");
    // But no longer than it may.
    let server = Server::start(vec![vec![wait(1500)]]);
    let mut slow = backend(&server.url);
    slow.timeouts.first_byte = Duration::from_millis(200);
    let (_, fault) = ask(&open(slow));
    assert!(matches!(fault, Some(ModelFault::Transport { kind: TransportFault::Idle, .. })), "{fault:?}");
}

#[test]
fn an_answer_that_never_ends_is_timed_out() {
    let drip = [event(CREATED), wait(100)].into_iter().cycle().take(80);
    let server = Server::start(vec![[events()].into_iter().chain(drip).collect()]);
    let mut short = backend(&server.url);
    short.timeouts.total = Duration::from_millis(700);
    let (frames, fault) = ask(&open(short));
    assert!(matches!(fault, Some(ModelFault::Transport { kind: TransportFault::TimedOut, .. })), "{fault:?}");
    assert!(!frames.is_empty());
}

#[test]
fn an_event_that_is_none_is_malformed() {
    let fault =
        fails(vec![events(), event(CREATED), event("{\"type\": oops}")], TransportFault::Malformed, 1);
    assert!(fault.to_string().contains("{\"type\": oops}"), "{fault}");
}

#[test]
fn a_connection_that_is_broken_off_or_refused_says_so() {
    fails(vec![Do::Reset], TransportFault::Reset, 0);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (_, fault) = ask(&open(backend(&format!("http://{closed}"))));
    assert!(matches!(fault, Some(ModelFault::Transport { kind: TransportFault::Refused, .. })), "{fault:?}");
}

#[test]
fn after_its_end_an_answer_is_whole_however_the_connection_ends() {
    let server = Server::start(vec![vec![events(), event(CREATED), event(DONE), wait(3000)]]);
    let begun = std::time::Instant::now();
    let (frames, fault) = ask(&open(backend(&server.url)));
    assert!(fault.is_none() && frames.len() == 2, "{fault:?}");
    assert!(begun.elapsed() < Duration::from_millis(2500));
}

#[test]
fn a_key_that_is_missing_or_cannot_be_sent_is_told_without_it() {
    let open = |key: Option<&str>| {
        let lookup = |_: &str| key.map(str::to_owned);
        let backend = backend("http://127.0.0.1:9");
        LiveModel::open(backend, &lookup, Box::new(SystemClock::start())).err().map(|error| error.to_string())
    };
    let missing = "backend local needs a key: set the environment variable TEST_KEY";
    assert_eq!(open(None).as_deref(), Some(missing));
    assert_eq!(open(Some("  ")).as_deref(), Some(missing));
    let bad = open(Some("sk-se\ncret")).unwrap();
    assert!(!bad.contains("cret"), "{bad}");
    let address = Backend::at("x", Protocol::Responses, "ftp://a.example");
    let opened = LiveModel::open(address, &|_| None, Box::new(SystemClock::start()));
    assert!(matches!(opened.err(), Some(OpenError::Setting { .. })));
}
