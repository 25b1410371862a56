//! A round of small requests that shows what a server of one protocol can do: answers with and without a stream, tool
//! calls there and back, several at once, token counts, errors. Bounded in calls and tokens. Knows nothing of how the
//! server is reached.

mod bodies;

use serde::Serialize;
use wire::{Answer, BlockKind, CallKind, End, Fields, Item, Prompt, Protocol};

use crate::{Call, Model, ModelFault, Reply, Sent};
use bodies::{Wish, body, outputs};

/// Tokens that one answer may have: enough for a short thought and a call.
pub const OUTPUT_TOKENS: u32 = 512;
/// A model that nobody serves.
const NO_MODEL: &str = "retake-no-such-model";

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Shown.
    Yes,
    /// Shown not to be so.
    No,
    /// The server did as asked, the model did something else: another model may show it.
    Unclear,
    /// Not asked: time was up, or what it builds on is not there.
    Skipped,
}

/// One check and what it came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check: `stream`, `body`, `tool_call`, `tool_round_trip`, `parallel_tool_calls`, `usage`, `cached_tokens`,
    /// `unknown_model`, `bad_request`.
    pub check: &'static str,
    /// What it came to.
    pub verdict: Verdict,
    /// In a few words.
    pub detail: String,
}

/// What a server does in one protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Conformance {
    /// The protocol's name.
    pub protocol: &'static str,
    /// Whether it gave an answer in it.
    pub speaks: bool,
    /// The model that it says answered.
    pub served: String,
    /// Requests that were made.
    pub requests: u32,
    /// Tokens that they took, as far as the server told.
    pub input_tokens: u64,
    /// Tokens of the answers, likewise.
    pub output_tokens: u64,
    /// Each check.
    pub findings: Vec<Finding>,
}

/// Asks a server what it can do in a protocol. `may_go_on` is asked before every request.
pub fn conform(
    model: &dyn Model,
    protocol: Protocol,
    name: &str,
    may_go_on: &mut dyn FnMut() -> bool,
) -> Conformance {
    let told = Conformance { protocol: protocol.name(), ..Conformance::default() };
    let mut round = Round { model, protocol, name, may_go_on, told };
    if round.stream() {
        round.whole();
        round.tools();
        round.errors();
    }
    round.told
}

struct Round<'a> {
    model: &'a dyn Model,
    protocol: Protocol,
    name: &'a str,
    may_go_on: &'a mut dyn FnMut() -> bool,
    told: Conformance,
}

/// Why there is no answer.
enum NoAnswer {
    TimeIsUp,
    Fault(ModelFault),
}

impl Round<'_> {
    fn find(&mut self, check: &'static str, verdict: Verdict, detail: impl Into<String>) {
        self.told.findings.push(Finding { check, verdict, detail: detail.into() });
    }

    /// Says what came instead of an answer.
    fn none(&mut self, check: &'static str, why: &NoAnswer) {
        match why {
            NoAnswer::TimeIsUp => self.find(check, Verdict::Skipped, "the time was up"),
            NoAnswer::Fault(fault) => self.find(check, Verdict::No, short(&fault.to_string())),
        }
    }

    /// Makes one request, and reads the whole answer; whether it came as a stream.
    fn ask(&mut self, text: &str) -> Result<(Answer, bool), NoAnswer> {
        if !(self.may_go_on)() {
            return Err(NoAnswer::TimeIsUp);
        }
        self.told.requests += 1;
        let malformed = |error: serde_json::Error| ModelFault::malformed(error);
        let answered = self.answer(text).map_err(NoAnswer::Fault)?;
        let (answer, streamed) = match answered {
            Answered::Frames(answer) => (*answer, true),
            Answered::Whole(body, total_us) => {
                let answer =
                    self.protocol.answer(&body, total_us).map_err(malformed).map_err(NoAnswer::Fault)?;
                (answer, false)
            }
        };
        let usage = answer.usage.unwrap_or_default();
        self.told.input_tokens += usage.input_tokens;
        self.told.output_tokens += usage.output_tokens;
        Ok((answer, streamed))
    }

    fn answer(&self, text: &str) -> Result<Answered, ModelFault> {
        let (head, mut pieces) = self.protocol.pieces(text).map_err(ModelFault::malformed)?;
        pieces.insert(0, (BlockKind::Head, &head));
        let mut prompt = Prompt::default();
        prompt.follow(&pieces);
        let sent = Sent { path: self.protocol.path(), headers: &[], body: text };
        let (protocol, sent) = (self.protocol, Some(sent));
        let call = Call { protocol, lane: "main", step: 1, attempt: 1, prompt: &prompt, sent };
        match self.model.answer(&call)? {
            Reply::Body { body, total_us } => Ok(Answered::Whole(body, total_us)),
            Reply::Stream(frames) => {
                let mut decoder = self.protocol.decoder();
                for frame in frames {
                    decoder.feed(&frame?).map_err(ModelFault::malformed)?;
                }
                Ok(Answered::Frames(Box::new(decoder.finish())))
            }
        }
    }

    /// A short answer as a stream: without it the protocol is not spoken.
    fn stream(&mut self) -> bool {
        let wish = Wish { stream: true, ..Wish::say("Answer with the one word: ready") };
        match self.ask(&body(self.protocol, self.name, &wish)) {
            Ok((answer, streamed)) => {
                self.told.speaks = !matches!(answer.end, End::Failed(_));
                answer.served.clone_into(&mut self.told.served);
                match (&answer.end, streamed) {
                    (End::Failed(why), _) => self.find("stream", Verdict::No, short(why)),
                    (End::Cut, true) => self.find("stream", Verdict::No, "the stream has no end"),
                    (_, true) => self.find("stream", Verdict::Yes, timing(&answer)),
                    (_, false) => self.find("stream", Verdict::No, "the answer came in one piece"),
                }
                self.usage(&answer, "usage");
            }
            Err(why) => self.none("stream", &why),
        }
        self.told.speaks
    }

    fn usage(&mut self, answer: &Answer, check: &'static str) {
        let Some(usage) = answer.usage.filter(|usage| usage.input_tokens > 0) else {
            self.find(check, Verdict::No, "the answer does not say how many tokens it took");
            return self.find("cached_tokens", Verdict::No, "no token counts at all");
        };
        self.find(check, Verdict::Yes, format!("{} in, {} out", usage.input_tokens, usage.output_tokens));
        let raw = answer.raw_usage.as_deref().unwrap_or_default();
        let counted = ["cached_tokens", "cache_read_input_tokens", "prompt_cache_hit_tokens"];
        match counted.iter().find(|member| raw.contains(&format!("\"{member}\""))) {
            Some(member) => {
                self.find("cached_tokens", Verdict::Yes, format!("{member}: {}", usage.cached_tokens));
            }
            None => self.find("cached_tokens", Verdict::No, "the token counts do not tell the cached ones"),
        }
    }

    /// The same in one piece.
    fn whole(&mut self) {
        match self.ask(&body(self.protocol, self.name, &Wish::say("Answer with the one word: ready"))) {
            Ok((Answer { end: End::Failed(why), .. }, _)) => self.find("body", Verdict::No, short(&why)),
            Ok((answer, false)) => self.find("body", Verdict::Yes, format!("{} ms", answer.total_us / 1000)),
            Ok((_, true)) => self.find("body", Verdict::No, "a stream came that nobody asked for"),
            Err(why) => self.none("body", &why),
        }
    }

    /// A tool call, its output and what the model says then; and two calls at once.
    fn tools(&mut self) {
        let wish = Wish {
            stream: true,
            tools: true,
            forced: true,
            ..Wish::say("Call the tool get_word once, with the number 1. Then repeat the word it gives.")
        };
        let first = self.ask(&body(self.protocol, self.name, &wish));
        let answer = match first {
            Ok((answer, _)) => answer,
            Err(why) => {
                self.none("tool_call", &why);
                self.find("tool_round_trip", Verdict::Skipped, "no call to answer");
                return self.find("parallel_tool_calls", Verdict::Skipped, "no tool calls");
            }
        };
        let calls = calls(self.protocol, &answer);
        match calls.first() {
            None => {
                self.find("tool_call", Verdict::Unclear, "the model made no call");
                self.find("tool_round_trip", Verdict::Skipped, "no call to answer");
            }
            Some((id, arguments)) => {
                let fits = Fields::parse(arguments).is_ok();
                let (verdict, detail) = match (id.is_empty(), fits) {
                    (true, _) => (Verdict::No, "the call has no id".to_owned()),
                    (_, false) => {
                        (Verdict::No, format!("arguments that are no object: {}", short(arguments)))
                    }
                    _ => (Verdict::Yes, format!("with {}", short(arguments))),
                };
                self.find("tool_call", verdict, detail);
                self.round_trip(&wish, &answer, &calls);
            }
        }
        self.parallel(&wish);
    }

    fn round_trip(&mut self, wish: &Wish<'_>, answer: &Answer, calls: &[(String, String)]) {
        let ids: Vec<&str> = calls.iter().map(|(id, _)| id.as_str()).collect();
        let mut said: Vec<String> = answer.items.iter().map(ToString::to_string).collect();
        said.extend(outputs(self.protocol, &ids, "marble"));
        let wish = Wish { said: &said, forced: false, ..*wish };
        match self.ask(&body(self.protocol, self.name, &wish)) {
            Ok((Answer { end: End::Failed(why), .. }, _)) => {
                self.find("tool_round_trip", Verdict::No, short(&why));
            }
            Ok((answer, _)) => {
                let heard = answer.items.iter().any(|item| item.contains("marble"));
                let detail = if heard {
                    "the model repeats the output"
                } else {
                    "accepted; the model says something else"
                };
                self.find("tool_round_trip", Verdict::Yes, detail);
            }
            Err(why) => self.none("tool_round_trip", &why),
        }
    }

    fn parallel(&mut self, wish: &Wish<'_>) {
        let text = "Call the tool get_word twice at once, in one answer: with the numbers 1 and 2.";
        match self.ask(&body(self.protocol, self.name, &Wish { text, ..*wish })) {
            Ok((answer, _)) => match calls(self.protocol, &answer).len() {
                0 | 1 => {
                    self.find("parallel_tool_calls", Verdict::Unclear, "the model made no two calls at once");
                }
                n => self.find("parallel_tool_calls", Verdict::Yes, format!("{n} calls in one answer")),
            },
            Err(why) => self.none("parallel_tool_calls", &why),
        }
    }

    /// A model that is not there, and a request that makes no sense: both are to be refused, in the vendor's shape.
    fn errors(&mut self) {
        let unknown = body(self.protocol, NO_MODEL, &Wish::say("ready"));
        self.refusal("unknown_model", &unknown);
        let list = if self.protocol == Protocol::Responses { "input" } else { "messages" };
        let bad = serde_json::json!({"model": self.name, list: 5, "max_tokens": 1}).to_string();
        self.refusal("bad_request", &bad);
    }

    fn refusal(&mut self, check: &'static str, text: &str) {
        match self.ask(text) {
            Ok((Answer { end: End::Failed(why), .. }, _)) => {
                self.find(check, Verdict::No, format!("status 200 with an error in it: {}", short(&why)));
            }
            Ok(_) => self.find(check, Verdict::No, "it was answered"),
            Err(NoAnswer::Fault(ModelFault::Status { status, body, .. })) => {
                let told = self.protocol.answer(&body, 0).ok().map(|answer| answer.end);
                let (verdict, detail) = match told {
                    _ if status >= 500 => (Verdict::No, format!("status {status}: clients try that again")),
                    Some(End::Failed(why)) => (Verdict::Yes, format!("status {status}: {}", short(&why))),
                    _ => (Verdict::No, format!("status {status} without an error object: {}", short(&body))),
                };
                self.find(check, verdict, detail);
            }
            Err(why) => self.none(check, &why),
        }
    }
}

enum Answered {
    Frames(Box<Answer>),
    Whole(String, u64),
}

/// Ids and arguments of an answer's function calls.
fn calls(protocol: Protocol, answer: &Answer) -> Vec<(String, String)> {
    let items = answer.items.iter().flat_map(|item| protocol.items(item));
    let call = |item| match item {
        Item::Call { call_id, arguments, kind: CallKind::Function, .. } => Some((call_id, arguments)),
        _ => None,
    };
    items.filter_map(call).collect()
}

fn timing(answer: &Answer) -> String {
    format!("first token after {} ms, all after {} ms", answer.ttft_us / 1000, answer.total_us / 1000)
}

/// The beginning of a text, on one line.
fn short(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > 120 { line.chars().take(120).chain("...".chars()).collect() } else { line }
}
