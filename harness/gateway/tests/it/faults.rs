//! Faults of a profile as a client sees them at its socket, in all three protocols.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use base::Seed;
use gateway::{Gateway, Options};
use model::{FaultLog, FaultOptions, FaultProfile, Faulty};
use wire::Protocol;

use crate::client::{Client, request};
use crate::fakes::{script, start, until};

const SAYS: &str = "version = \"1.0\"\nmodel = \"stub\"\n[[turn]]\ntext = \"Grüße aus der Aufnahme\"\n";

fn body(protocol: Protocol) -> String {
    let items = if protocol == Protocol::Responses { "input" } else { "messages" };
    format!("{{\"model\":\"m\",\"stream\":true,\"{items}\":[{{\"role\":\"user\",\"content\":\"hi\"}}]}}")
}

fn faulty(rule: &str) -> (Gateway, FaultLog) {
    let text = format!("version = \"1.0\"\n[[fault]]\n{rule}");
    let profile = Arc::new(FaultProfile::parse(Path::new("faults.toml"), &text).unwrap());
    let options = FaultOptions { profile, seed: Seed::new(1), one_answer: true, rest: None };
    let log = FaultLog::default();
    let model = Faulty::new(script(SAYS), options, log.clone());
    (start(Arc::new(model), Options::default()).0, log)
}

/// The bytes of a body in chunks, and whether it came to its end.
fn raw(gateway: &Gateway, protocol: Protocol) -> (Vec<u8>, bool) {
    let mut client = Client::open(gateway.address());
    let head = "connection: close\r\n";
    client.write(request("POST", protocol.path(), head, &body(protocol)).as_bytes());
    let mut all = Vec::new();
    // A reset ends it like anything else.
    let _ = client.stream.read_to_end(&mut all);
    let find = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).position(|window| window == part);
    let Some(start) = find(&all, b"\r\n\r\n") else { return (Vec::new(), false) };
    let (mut rest, mut out) = (&all[start + 4..], Vec::new());
    while let Some(end) = find(rest, b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return (out, true);
        }
        out.extend_from_slice(&rest[end + 2..end + 2 + length]);
        rest = &rest[end + 2 + length + 2..];
    }
    (out, false)
}

#[test]
fn a_stream_is_cut_at_the_byte_and_the_next_try_gets_all_of_it() {
    for protocol in Protocol::ALL {
        let (clean, _) = faulty("kind = \"refused\"\nlane = \"none\"");
        let (whole, ended) = raw(&clean, protocol);
        assert!(ended && whole.len() > 200);
        let (gateway, log) = faulty("kind = \"cut\"\nbyte = 150");
        assert_eq!(raw(&gateway, protocol), (whole[..150].to_vec(), false), "{protocol:?}");
        assert_eq!(raw(&gateway, protocol), (whole, true), "{protocol:?}");
        assert_eq!(log.take().len(), 1);
    }
}

#[test]
fn a_stream_is_cut_within_a_character() {
    for protocol in Protocol::ALL {
        let (gateway, _) = faulty("kind = \"cut\"\ncharacter = true");
        let (bytes, ended) = raw(&gateway, protocol);
        let error = std::str::from_utf8(&bytes).unwrap_err();
        assert_eq!((ended, error.error_len(), error.valid_up_to() + 1), (false, None, bytes.len()));
    }
}

#[test]
fn an_error_status_has_its_vendors_body_and_asks_to_wait_in_both_ways() {
    for protocol in Protocol::ALL {
        let (gateway, _) = faulty("kind = \"status\"\nstatus = 429\nretry_after_ms = 1500");
        let got = Client::open(gateway.address()).post(protocol.path(), &body(protocol));
        assert_eq!(
            (got.status, got.header("retry-after"), got.header("retry-after-ms")),
            (429, Some("2"), Some("1500"))
        );
        let kind = got.json()["error"]["type"].as_str().unwrap().to_owned();
        let usual = if protocol == Protocol::Messages { "rate_limit_error" } else { "rate_limit_exceeded" };
        assert_eq!(kind, usual);
    }
}

#[test]
fn a_connection_is_reset_before_the_answer_and_within_it() {
    let (gateway, _) = faulty("kind = \"reset\"");
    let protocol = Protocol::Messages;
    let mut client = Client::open(gateway.address());
    client.write(request("POST", protocol.path(), "", &body(protocol)).as_bytes());
    assert_eq!(client.read(false).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    let (gateway, _) = faulty("kind = \"reset\"\nframe = 3");
    assert!(!raw(&gateway, protocol).1);
    assert!(raw(&gateway, protocol).1, "the next try gets all of it");
}

#[test]
fn where_nobody_is_to_listen_the_port_refuses_for_a_while_and_then_answers_again() {
    let protocol = Protocol::Responses;
    let (gateway, _) = faulty("kind = \"refused\"\nattempt = 1");
    let mut client = Client::open(gateway.address());
    client.write(request("POST", protocol.path(), "", &body(protocol)).as_bytes());
    assert_eq!(client.read(false).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    let connect = || TcpStream::connect(gateway.address()).map(drop).map_err(|error| error.kind());
    until("it is refused", || connect() == Err(ErrorKind::ConnectionRefused));
    until("it listens again", || connect().is_ok());
    assert!(raw(&gateway, protocol).1, "the next try is answered at the same address");
}
