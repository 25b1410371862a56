//! Sessions from what was recorded: a cassette, or an attempt's journal beside the exchanges that were kept of it. Knows
//! nothing of files.

use std::collections::{BTreeMap, HashMap, VecDeque};

use base::Digest;
use journal::{Acted, Attempt, CheckResult, Event, ToolOutcome};
use wire::{Answer, BlockKind, Item, Protocol};

use super::{Did, Outcome, Output, Session};
use crate::{Cassette, CheckRound, Effect, Exchange};

/// Bytes at each end of an output in which an exit code is looked for.
const EXIT_WITHIN: usize = 200;
/// How agents' own tools state an exit code.
const EXIT_WORDS: [&str; 4] = ["exited with code ", "exit code: ", "exit code ", "\"exit_code\":"];

impl Session {
    /// What the recorded agent did.
    pub fn of_cassette(cassette: &Cassette) -> Self {
        Self::recorded(cassette, None)
    }

    /// What the agent did in an attempt. `cassette` is what was recorded of it, or what it was answered from; without
    /// it outputs are known by their digests and first lines alone.
    pub fn of_attempt(attempt: &Attempt, cassette: Option<&Cassette>) -> Self {
        let acted = attempt.records.iter().any(|record| matches!(record.event, Event::Acted(_)));
        match cassette {
            Some(cassette) if !acted => {
                let mut steps: BTreeMap<&str, u32> = BTreeMap::new();
                for record in &attempt.records {
                    if let Event::Generated(generated) = &record.event {
                        let last = steps.entry(&record.lane).or_default();
                        *last = generated.step.max(*last);
                    }
                }
                Self::recorded(cassette, Some(&steps))
            }
            _ => Journaled::new(attempt, cassette).session(),
        }
    }

    fn opened(cassette: &Cassette) -> Self {
        let first = cassette.exchanges.iter().position(|exchange| exchange.lane == "main").unwrap_or(0);
        let opening = cassette.request(first);
        let protocol = cassette.exchanges.get(first).and_then(|exchange| exchange.protocol);
        Self::new(protocol.unwrap_or(cassette.header.protocol), opening, &cassette.profile)
    }

    /// `steps`: how far each lane came, where that is known.
    fn recorded(cassette: &Cassette, steps: Option<&BTreeMap<&str, u32>>) -> Self {
        let mut session = Self::opened(cassette);
        session.effects = !cassette.tools.is_empty();
        let mut outputs = Outputs::new(cassette);
        let mut checks = cassette.checks.iter();
        for exchange in &cassette.exchanges {
            if steps.is_some_and(|steps| {
                steps.get(exchange.lane.as_str()).is_none_or(|last| exchange.step > *last)
            }) {
                continue;
            }
            let protocol = exchange.protocol.unwrap_or(cassette.header.protocol);
            let Some(answer) = answer(exchange, protocol) else { continue };
            let (mut text, mut called) = (String::new(), false);
            for item in answer.items.iter().flat_map(|raw| protocol.items(raw)) {
                match item {
                    Item::Call { call_id, name, arguments, .. } => {
                        called = true;
                        let outcome = outputs.of(exchange, &call_id);
                        let did = Did::Called { tool: name, arguments };
                        session.push(&exchange.lane, exchange.step, did, outcome);
                    }
                    Item::Message { text: said, .. } => text.push_str(&said),
                    _ => {}
                }
            }
            if !called {
                let round = checks.next().filter(|_| exchange.lane == "main");
                let outcome = round.map(|CheckRound { checks, .. }| checked(checks)).unwrap_or_default();
                session.push(&exchange.lane, exchange.step, Did::Answered { text }, outcome);
            }
        }
        session
    }
}

/// The whole answer of an exchange; nothing where the model failed.
fn answer(exchange: &Exchange, protocol: Protocol) -> Option<Answer> {
    if !(200..300).contains(&exchange.status) {
        return None;
    }
    if let Some(body) = &exchange.body {
        return protocol.answer(body, exchange.total_us).ok();
    }
    let mut decoder = protocol.decoder();
    // What comes after a frame that cannot be read was not understood by the agent either.
    let _ = exchange.frames.iter().try_for_each(|frame| decoder.feed(frame));
    let answer = decoder.finish();
    let failed = matches!(answer.end, wire::End::Failed(_) | wire::End::Cut);
    (!failed || !answer.items.is_empty()).then_some(answer)
}

/// What a round of checks came to, as an outcome of the answer before it.
fn checked(checks: &[CheckResult]) -> Outcome {
    let lines = checks.iter().map(|check| {
        let verdict = if check.passed { "passed" } else { "failed" };
        let findings: Vec<String> =
            check.findings.iter().map(|found| format!("\n  {}", found.message)).collect();
        format!("{} {verdict}{}\n", check.name, findings.concat())
    });
    let output = Output::Text(lines.collect());
    let passed = checks.iter().all(|check| check.passed);
    let outcome = Some(if passed { ToolOutcome::Ok } else { ToolOutcome::Failed });
    Outcome { outcome, output, ..Outcome::default() }
}

/// The outputs of a cassette, by the call that they answer.
struct Outputs<'c> {
    cassette: &'c Cassette,
    /// By the call's id, in the order in which they were first sent: an id may be used again.
    texts: HashMap<String, VecDeque<(String, bool)>>,
}

impl<'c> Outputs<'c> {
    fn new(cassette: &'c Cassette) -> Self {
        let mut protocols: Vec<Protocol> = vec![cassette.header.protocol];
        for protocol in cassette.exchanges.iter().filter_map(|exchange| exchange.protocol) {
            if !protocols.contains(&protocol) {
                protocols.push(protocol);
            }
        }
        let mut texts: HashMap<String, VecDeque<(String, bool)>> = HashMap::new();
        let items = cassette.blocks.iter().filter(|stored| stored.block.kind == BlockKind::Item);
        for raw in items.map(|stored| &stored.block.raw) {
            for item in protocols.iter().flat_map(|protocol| protocol.items(raw)) {
                if let Item::Output { call_id, output, is_error, .. } = item {
                    let known = texts.entry(call_id).or_default();
                    if known.iter().all(|(text, _)| *text != output) {
                        known.push_back((output, is_error));
                    }
                }
            }
        }
        Self { cassette, texts }
    }

    fn of(&mut self, exchange: &Exchange, call_id: &str) -> Outcome {
        let key = (exchange.lane.clone(), exchange.step, call_id.to_owned());
        if let Some(run) = self.cassette.tools.get(&key) {
            let text = self.cassette.text(run.output).unwrap_or_default();
            let (outcome, effect) = (Some(run.outcome), run.effect.clone());
            return Outcome { outcome, exit: run.exit, output: Output::Text(text), effect };
        }
        let Some(known) = self.texts.get_mut(call_id) else { return Outcome::default() };
        let taken = if known.len() > 1 { known.pop_front() } else { known.front().cloned() };
        let Some((text, is_error)) = taken else { return Outcome::default() };
        let exit = exit_code(&text);
        let outcome = is_error.then_some(ToolOutcome::Failed);
        Outcome { outcome, exit, output: Output::Text(text), effect: Effect::default() }
    }
}

/// The exit code that an agent's own tool states at the beginning or the end of its output.
fn exit_code(output: &str) -> Option<i32> {
    let head = output.char_indices().nth(EXIT_WITHIN).map_or(output, |(at, _)| &output[..at]);
    let tail = output.char_indices().rev().nth(EXIT_WITHIN).map_or("", |(at, _)| &output[at..]);
    [head, tail].into_iter().find_map(|part| {
        let lower = part.to_ascii_lowercase();
        EXIT_WORDS.iter().find_map(|word| {
            let rest = lower[lower.find(word)? + word.len()..].trim_start();
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest[..end].parse().ok()
        })
    })
}

/// An attempt of which each call was journaled.
struct Journaled<'a> {
    attempt: &'a Attempt,
    cassette: Option<&'a Cassette>,
    texts: HashMap<Digest, String>,
}

impl<'a> Journaled<'a> {
    fn new(attempt: &'a Attempt, cassette: Option<&'a Cassette>) -> Self {
        let blocks = cassette.into_iter().flat_map(|cassette| {
            let ids = (0..cassette.blocks.len()).filter_map(|id| u32::try_from(id).ok());
            ids.filter_map(|id| cassette.text(id))
        });
        let texts = blocks.map(|text| (Digest::of(text.as_bytes()), text)).collect();
        Self { attempt, cassette, texts }
    }

    fn session(&self) -> Session {
        let mut session = self.cassette.map(Session::opened).unwrap_or_default();
        session.effects = self.cassette.is_some_and(|cassette| !cassette.tools.is_empty());
        // What was said, and the step, until it is known whether the step has calls.
        let mut open: BTreeMap<&str, (u32, String)> = BTreeMap::new();
        let mut rounds = self.rounds();
        let mut close = |session: &mut Session, lane: &str, open: Option<(u32, String)>| {
            if let Some((step, text)) = open {
                let round = if lane == "main" { rounds.next() } else { None };
                let outcome = round.map(checked).unwrap_or_default();
                session.push(lane, step, Did::Answered { text }, outcome);
            }
        };
        for record in &self.attempt.records {
            let lane = record.lane.as_str();
            match &record.event {
                Event::Generated(generated) => {
                    let before = open.insert(lane, (generated.step, String::new()));
                    close(&mut session, lane, before);
                }
                Event::Said { text, .. } => {
                    open.entry(lane).and_modify(|(_, said)| said.push_str(text));
                }
                Event::Acted(acted) => {
                    open.remove(lane);
                    let did = Did::Called { tool: acted.tool.clone(), arguments: acted.arguments.clone() };
                    session.push(lane, acted.step, did, self.outcome(lane, acted));
                }
                _ => {}
            }
        }
        for (lane, left) in open {
            close(&mut session, lane, Some(left));
        }
        session
    }

    fn rounds(&self) -> impl Iterator<Item = &'a [CheckResult]> {
        self.attempt.records.iter().filter_map(|record| match &record.event {
            Event::Evaluated { checks, .. } => Some(checks.as_slice()),
            _ => None,
        })
    }

    fn outcome(&self, lane: &str, acted: &Acted) -> Outcome {
        let key = (lane.to_owned(), acted.step, acted.call_id.clone());
        let run = self.cassette.and_then(|cassette| cassette.tools.get(&key));
        let output = match self.texts.get(&acted.output) {
            Some(text) => Output::Text(text.clone()),
            None => Output::Digest(acted.output, acted.preview.clone()),
        };
        let effect = run.map(|run| run.effect.clone()).unwrap_or_default();
        Outcome { outcome: Some(acted.outcome), exit: acted.exit, output, effect }
    }
}
