//! The conformance round against a gateway, in each protocol, and against servers that lack something.

use std::sync::Arc;

use base::SystemClock;
use gateway::{Gateway, Options};
use model::conform::{Conformance, Verdict, conform};
use model::live::{Backend, LiveModel};
use model::{Call, Model, ModelFault, Reply};
use wire::{Authored, AuthoredCall, Item, Protocol, Request, Usage};

use crate::fakes::start;

/// What a server lacks.
#[derive(Clone, Copy, Debug, Default)]
struct Lacks {
    streams: bool,
    usage: bool,
    tools: bool,
    two_calls: bool,
    /// It answers what it should refuse.
    refusals: bool,
    everything: bool,
}

/// A model that does as it is asked, but for what it lacks.
struct Obeys(Lacks);

impl Model for Obeys {
    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        let lacks = self.0;
        let request = Request::read(call.prompt.blocks(), call.protocol);
        if lacks.everything {
            return Err(ModelFault::status(404, "no such path"));
        }
        if !lacks.refusals && request.model != "m" {
            return Err(ModelFault::status(404, call.protocol.error_body(404, "", "no such model")));
        }
        if !lacks.refusals && request.items.is_empty() {
            return Err(ModelFault::status(400, call.protocol.error_body(400, "", "no list of messages")));
        }
        let last = request.items.last();
        let said = match last {
            Some(Item::Message { text, .. }) => text.as_str(),
            _ => "",
        };
        let answered = matches!(last, Some(Item::Output { .. }));
        if !request.tools.is_empty() && lacks.tools {
            return Err(ModelFault::status(400, call.protocol.error_body(400, "", "no tools here")));
        }
        let calls = match said {
            _ if request.tools.is_empty() || answered => 0,
            said if said.contains("twice") && !lacks.two_calls => 2,
            _ => 1,
        };
        let usage = Usage { input_tokens: 40, output_tokens: 7, ..Usage::default() };
        let authored = Authored {
            model: "m-1".to_owned(),
            number: 1,
            text: (calls == 0).then(|| if answered { "marble".to_owned() } else { "ready".to_owned() }),
            calls: (1..=calls)
                .map(|n| AuthoredCall::function("get_word", format!("{{\"number\":{n}}}")))
                .collect(),
            usage: if lacks.usage { Usage::default() } else { usage },
            ..Authored::default()
        };
        if !call.streams() || lacks.streams {
            return Ok(Reply::Body { body: authored.body(call.protocol), total_us: 1 });
        }
        let frames = authored.frames(call.protocol).map_err(ModelFault::malformed)?;
        Ok(Reply::Stream(Box::new(frames.into_iter().map(Ok))))
    }
}

fn gateway(lacks: Lacks) -> Gateway {
    start(Arc::new(Obeys(lacks)), Options::default()).0
}

fn told(lacks: Lacks, protocol: Protocol) -> Conformance {
    let gateway = gateway(lacks);
    let backend = Backend::at("live", protocol, &format!("http://{}", gateway.address()));
    let server = LiveModel::open(backend, &|_| None, Box::new(SystemClock::start())).unwrap();
    let told = conform(&server, protocol, "m", &mut || true);
    gateway.close();
    told
}

fn verdicts(told: &Conformance) -> Vec<(&'static str, Verdict)> {
    told.findings.iter().map(|finding| (finding.check, finding.verdict)).collect()
}

#[test]
fn a_gateway_speaks_all_three_protocols_and_does_all_that_is_asked() {
    for protocol in Protocol::ALL {
        let told = told(Lacks::default(), protocol);
        let all = [
            "stream",
            "usage",
            "cached_tokens",
            "body",
            "tool_call",
            "tool_round_trip",
            "parallel_tool_calls",
            "unknown_model",
            "bad_request",
        ];
        assert_eq!(verdicts(&told), all.map(|check| (check, Verdict::Yes)), "{told:#?}");
        assert_eq!((told.speaks, told.served.as_str(), told.requests), (true, "m-1", 7));
        assert_eq!((told.input_tokens, told.output_tokens), (200, 35));
    }
}

#[test]
fn what_a_server_lacks_is_told() {
    let verdict = |lacks: Lacks, check: &str| {
        let told = told(lacks, Protocol::ChatCompletions);
        let finding = told.findings.iter().find(|finding| finding.check == check);
        finding.unwrap_or_else(|| panic!("no {check} in {told:?}")).verdict
    };
    let lacks = Lacks::default();
    assert_eq!(verdict(Lacks { streams: true, ..lacks }, "stream"), Verdict::No);
    assert_eq!(verdict(Lacks { usage: true, ..lacks }, "usage"), Verdict::No);
    assert_eq!(verdict(Lacks { tools: true, ..lacks }, "tool_call"), Verdict::No);
    assert_eq!(verdict(Lacks { tools: true, ..lacks }, "tool_round_trip"), Verdict::Skipped);
    assert_eq!(verdict(Lacks { two_calls: true, ..lacks }, "parallel_tool_calls"), Verdict::Unclear);
    assert_eq!(verdict(Lacks { refusals: true, ..lacks }, "unknown_model"), Verdict::No);
    assert_eq!(verdict(Lacks { refusals: true, ..lacks }, "bad_request"), Verdict::No);
    let nothing = told(Lacks { everything: true, ..lacks }, Protocol::Messages);
    assert!(!nothing.speaks && nothing.requests == 1, "{nothing:?}");
}

#[test]
fn a_round_ends_when_its_time_is_up() {
    let gateway = gateway(Lacks::default());
    let backend = Backend::at("live", Protocol::Responses, &format!("http://{}", gateway.address()));
    let server = LiveModel::open(backend, &|_| None, Box::new(SystemClock::start())).unwrap();
    let mut left = 2;
    let told = conform(&server, Protocol::Responses, "m", &mut || {
        left -= 1;
        left >= 0
    });
    assert_eq!(told.requests, 2);
    assert!(verdicts(&told).contains(&("tool_call", Verdict::Skipped)), "{told:?}");
    gateway.close();
}
