//! Requests and answers, byte for byte.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gateway::{Event, Gateway, GatewayError, Options, Silent};
use model::{ModelFault, Pace, TransportFault};
use wire::Protocol;

use crate::client::{Client, request};
use crate::fakes::{Does, Frames, Gate, Remembers, frame, frames, script, start, until};

const HELLO: &str = r#"
    version = "1.0"
    model = "stub-1"
    [[turn]]
    text = "Hello."
"#;

fn body(protocol: Protocol, stream: bool) -> String {
    let items = if protocol == Protocol::Responses { "input" } else { "messages" };
    format!(r#"{{"model":"m","stream":{stream},"{items}":[{{"role":"user","content":"hi"}}]}}"#)
}

#[test]
fn every_protocol_is_served_at_any_prefix_as_a_stream_and_whole() {
    for protocol in Protocol::ALL {
        for prefix in ["", "/api/openai"] {
            for stream in [true, false] {
                let (gateway, observer) = start(script(HELLO), Options::default());
                let path = format!("{prefix}{}?beta=true", protocol.path());
                let got = Client::open(gateway.address()).post(&path, &body(protocol, stream));
                assert_eq!((got.status, got.whole), (200, true), "{got:?}");
                assert!(got.body.contains("Hello."), "{got:?}");
                assert_eq!(got.header("content-type").unwrap().contains("event-stream"), stream);
                assert_eq!(gateway.close().answered, 1);
                let Some(Event::Answered { at, usage, served, .. }) = observer.all().pop() else {
                    panic!("{:?}", observer.all());
                };
                assert_eq!((&*at.lane, at.step, at.attempt, served.as_str()), ("main", 1, 1, "stub-1"));
                assert!(usage.unwrap().output_tokens > 0);
            }
        }
    }
}

#[test]
fn frames_are_written_byte_for_byte() {
    let given = || {
        let odd = "{ \"a\" : 1.0,\"b\":\"\u{e9}\\u00e9\" }";
        frames(vec![
            Ok(frame(0, Some("message_start"), odd)),
            Ok(frame(5, None, "two\nlines")),
            Ok(frame(5, None, "[DONE]")),
        ])
    };
    let (gateway, _) = start(Arc::new(Does(move || Ok(given()), Arc::default())), Options::default());
    let got = Client::open(gateway.address()).post("/v1/messages", &body(Protocol::Messages, true));
    let expected = "event: message_start\ndata: { \"a\" : 1.0,\"b\":\"\u{e9}\\u00e9\" }\n\ndata: two\ndata: lines\n\ndata: [DONE]\n\n";
    assert_eq!(got.body, expected);
}

#[test]
fn what_clients_ask_beside_the_main_call_is_answered() {
    let options = Options { models: vec!["m".into()], ..Options::default() };
    let (gateway, observer) = start(script(HELLO), options);
    let mut client = Client::open(gateway.address());
    let openai = client.ask("GET", "/v1/models", "", "");
    assert_eq!((openai.status, &openai.json()["data"][0]["id"]), (200, &"m".into()));
    let anthropic = client.ask("GET", "/v1/models", "anthropic-version: 2023-06-01\r\n", "");
    assert_eq!(anthropic.json()["has_more"], false);
    for (method, path) in [("HEAD", "/api/hello"), ("GET", "/api/hello"), ("HEAD", "/")] {
        assert_eq!(client.ask(method, path, "", "").status, 200, "{method} {path}");
    }
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\n";
    assert_eq!(Client::open(gateway.address()).ask("GET", "/v1/responses", upgrade, "").status, 426);
    let count = client.post("/v1/messages/count_tokens", &body(Protocol::Messages, false));
    assert!(count.json()["input_tokens"].as_u64().unwrap() > 1);
    assert_eq!(count.header("retake-estimate"), Some("bytes/4"));
    let unknown = client.post("/v1/embeddings", "{}");
    assert_eq!(
        (unknown.status, unknown.json()["error"]["type"].as_str()),
        (404, Some("invalid_request_error"))
    );
    assert_eq!(client.ask("GET", "/v1/responses/resp_1", "", "").status, 404);
    let summary = gateway.close();
    assert_eq!((summary.asked, summary.beside, summary.unknown), (0, 7, 2));
    assert!(
        observer.all().iter().any(|e| matches!(e, Event::Unknown { path, .. } if path == "/v1/embeddings"))
    );
}

#[test]
fn what_is_no_request_is_refused_in_the_vendors_shape() {
    let options = Options { body_limit: 1000, ..Options::default() };
    let (gateway, _) = start(script(HELLO), options);
    let post = |headers: &str, body: &str| {
        Client::open(gateway.address()).ask("POST", "/v1/messages", headers, body)
    };
    for (headers, body, status) in [
        ("", "{\"a\":", 400),
        ("", "[1]", 400),
        ("content-encoding: zstd\r\n", "{}", 415),
        ("", &format!("{{\"a\":\"{}\"}}", "x".repeat(1000)), 413),
    ] {
        let got = post(headers, body);
        assert_eq!((got.status, got.json()["type"].as_str()), (status, Some("error")), "{got:?}");
    }
    let mut client = Client::open(gateway.address());
    client.write(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    client.write(format!("600\r\n{}\r\n0\r\n\r\n", "x".repeat(0x600)).as_bytes());
    assert_eq!(client.read(false).unwrap().status, 413);
    assert_eq!(gateway.close().refused, 5);
}

#[test]
fn a_request_in_single_bytes_and_many_on_one_connection() {
    let (gateway, observer) = start(script(HELLO), Options::default());
    let mut client = Client::open(gateway.address());
    let text = request("POST", "/v1/responses", "", &body(Protocol::Responses, true));
    for byte in text.as_bytes() {
        client.write(&[*byte]);
    }
    assert_eq!(client.read(false).unwrap().status, 200);
    for _ in 0..20 {
        client.post("/v1/responses", &body(Protocol::Responses, true));
    }
    assert_eq!(gateway.close().asked, 21);
    assert_eq!(observer.asked().last(), Some(&("main".to_owned(), 21, 1)));
}

#[test]
fn a_fault_is_what_its_client_sees() {
    let fault = |at: usize| match at {
        0 => ModelFault::Status { status: 429, body: "{\"x\":1}".into(), retry_after_ms: Some(1500) },
        1 => ModelFault::status(529, "busy"),
        2 => ModelFault::Exhausted("no turn".into()),
        3 => ModelFault::Recording("disk full".into()),
        4 => ModelFault::Transport { kind: TransportFault::Cut, detail: String::new() },
        _ => ModelFault::Transport { kind: TransportFault::Reset, detail: String::new() },
    };
    let number = AtomicUsize::new(0);
    let model = Does(move || Err::<Frames, _>(fault(number.fetch_add(1, Ordering::SeqCst))), Arc::default());
    let (gateway, observer) = start(Arc::new(model), Options::default());
    let ask = |protocol: Protocol| {
        let mut client = Client::open(gateway.address());
        client.write(request("POST", protocol.path(), "", &body(protocol, true)).as_bytes());
        client.read(false)
    };
    let limited = ask(Protocol::Messages).unwrap();
    assert_eq!((limited.status, limited.body.as_str()), (429, "{\"x\":1}"));
    assert_eq!((limited.header("retry-after"), limited.header("retry-after-ms")), (Some("2"), Some("1500")));
    assert_eq!(ask(Protocol::Messages).unwrap().status, 529);
    let exhausted = ask(Protocol::Responses).unwrap();
    assert_eq!((exhausted.status, exhausted.header("x-should-retry")), (400, Some("false")));
    assert!(exhausted.json()["error"]["message"].as_str().unwrap().contains("no turn"));
    assert_eq!(ask(Protocol::Messages).unwrap().status, 410);
    assert_eq!(ask(Protocol::Messages).unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    assert_eq!(ask(Protocol::Messages).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    let attempts: Vec<u32> = observer.asked().iter().map(|(_, _, attempt)| *attempt).collect();
    assert_eq!((attempts, gateway.close().failed), (vec![1, 2, 1, 3, 4, 5], 6));
}

#[test]
fn a_stream_that_is_cut_gives_what_came_before_and_no_end() {
    for kind in [TransportFault::Cut, TransportFault::Reset] {
        let cut = move || {
            let fault = ModelFault::Transport { kind, detail: String::new() };
            Ok(frames(vec![Ok(frame(0, None, "{\"a\":1}")), Err(fault)]))
        };
        let (gateway, observer) = start(Arc::new(Does(cut, Arc::default())), Options::default());
        let got = Client::open(gateway.address()).post("/v1/responses", &body(Protocol::Responses, true));
        assert_eq!((got.status, got.whole), (200, false));
        if kind == TransportFault::Cut {
            assert_eq!(got.body, "data: {\"a\":1}\n\n");
        }
        let failed = |e: &Event| matches!(e, Event::Failed { transport: Some(k), .. } if *k == kind);
        until("the fault is told", || observer.all().iter().any(failed));
    }
}

#[test]
fn a_client_that_goes_away_drops_the_models_stream() {
    let dropped = Arc::new(AtomicUsize::new(0));
    // Frames for ever: only a client that goes ends them.
    let endless = || Ok(Box::new(std::iter::repeat_with(|| Ok(frame(0, None, "{}")))) as Frames);
    let (gateway, observer) = start(Arc::new(Does(endless, Arc::clone(&dropped))), Options::default());
    let mut client = Client::open(gateway.address());
    client.write(request("POST", "/v1/responses", "", &body(Protocol::Responses, true)).as_bytes());
    let mut some = [0; 4096];
    std::io::Read::read_exact(&mut client.stream, &mut some).unwrap();
    drop(client);
    until("the stream is dropped", || dropped.load(Ordering::SeqCst) == 1);
    until("it is told", || observer.all().iter().any(|e| matches!(e, Event::Abandoned { .. })));
    // While the pace holds a frame back, too.
    let late = || Ok(frames(vec![Ok(frame(3_600_000_000, None, "{}"))]));
    let options = Options { pace: Pace::Recorded, ..Options::default() };
    let (slow, _) = start(Arc::new(Does(late, Arc::clone(&dropped))), options);
    let mut client = Client::open(slow.address());
    client.write(request("POST", "/v1/responses", "", &body(Protocol::Responses, true)).as_bytes());
    let mut some = [0; 12];
    std::io::Read::read_exact(&mut client.stream, &mut some).unwrap();
    assert_eq!(&some, b"HTTP/1.1 200");
    drop(client);
    until("the paced stream is dropped", || dropped.load(Ordering::SeqCst) == 2);
}

#[test]
fn frames_go_out_as_they_come() {
    let gate = Gate::default();
    let held = gate.clone();
    let two = move || {
        let held = held.clone();
        let second = std::iter::once_with(move || {
            held.wait();
            Ok(frame(0, None, "2"))
        });
        Ok(Box::new(std::iter::once(Ok(frame(0, None, "1"))).chain(second)) as Frames)
    };
    let (gateway, _) = start(Arc::new(Does(two, Arc::default())), Options::default());
    let mut client = Client::open(gateway.address());
    client.write(request("POST", "/v1/responses", "", &body(Protocol::Responses, true)).as_bytes());
    let mut seen = Vec::new();
    while !seen.ends_with(b"data: 1\n\n") {
        let mut byte = [0];
        std::io::Read::read_exact(&mut client.stream, &mut byte).unwrap();
        seen.push(byte[0]);
    }
    gate.open();
    let mut rest = Vec::new();
    gateway.close();
    std::io::Read::read_to_end(&mut client.stream, &mut rest).unwrap();
    assert!(String::from_utf8(rest).unwrap().contains("data: 2\n\n"));
}

#[test]
fn pace_changes_no_byte_and_no_order() {
    let many: Vec<_> = (0..40).map(|n| frame(n * 50, None, &format!("{{\"n\":{n}}}"))).collect();
    let given = many.clone();
    let model = Arc::new(Does(move || Ok(frames(given.iter().cloned().map(Ok).collect())), Arc::default()));
    let bodies = [Pace::Instant, Pace::Recorded, Pace::Scaled(0.5), Pace::Scaled(f64::NAN)].map(|pace| {
        let (gateway, _) = start(Arc::clone(&model) as _, Options { pace, ..Options::default() });
        let clients: Vec<_> = (0..8)
            .map(|_| {
                let address = gateway.address();
                std::thread::spawn(move || {
                    Client::open(address).post("/v1/responses", &body(Protocol::Responses, true))
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap().body).collect::<Vec<_>>()
    });
    let mut expected = Vec::new();
    many.iter().for_each(|frame| frame.write(&mut expected));
    for body in bodies.iter().flatten() {
        assert_eq!(body.as_bytes(), expected);
    }
}

#[test]
fn many_at_once_are_each_in_a_lane_of_their_own() {
    let gate = Gate::default();
    let held = gate.clone();
    let model = Does(
        move || {
            held.wait();
            Ok(frames(vec![Ok(frame(0, None, "{}"))]))
        },
        Arc::default(),
    );
    let (gateway, observer) = start(Arc::new(model), Options::default());
    let address = gateway.address();
    let ask = move || Client::open(address).post("/v1/responses", &body(Protocol::Responses, true)).status;
    let clients: Vec<_> = (0..64).map(|_| std::thread::spawn(ask)).collect();
    until("all are asked", || observer.asked().len() == 64);
    gate.open();
    assert!(clients.into_iter().all(|client| client.join().unwrap() == 200));
    let lanes: std::collections::HashSet<_> = observer.asked().into_iter().collect();
    assert_eq!((lanes.len(), gateway.close().lanes), (64, 64));
}

#[test]
fn only_loopback_is_listened_on() {
    let open = TcpListener::bind("0.0.0.0:0").unwrap();
    let refused = Gateway::start(open, script(HELLO), Options::default(), Arc::new(Silent));
    assert!(matches!(refused.map(|_| ()), Err(GatewayError::NotLoopback(_))));
}

#[test]
fn a_server_that_closes_takes_no_more_and_ends_within_its_bound() {
    let held = || Ok(frames(vec![Ok(frame(3_600_000_000, None, "{}"))]));
    let options = Options { pace: Pace::Recorded, drain: std::time::Duration::ZERO, ..Options::default() };
    let (gateway, observer): (_, Arc<Remembers>) = start(Arc::new(Does(held, Arc::default())), options);
    let address = gateway.address();
    let mut client = Client::open(address);
    client.write(request("POST", "/v1/responses", "", &body(Protocol::Responses, true)).as_bytes());
    until("it is asked", || observer.asked().len() == 1);
    let summary = gateway.close();
    assert_eq!((summary.asked, summary.answered), (1, 0));
    assert!(std::net::TcpStream::connect(address).is_err());
}
