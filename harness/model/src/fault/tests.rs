//! Faults over a model that has one answer for each request, as a client sees them.

use std::path::Path;

use wire::{Authored, AuthoredCall, Block, BlockKind, Prompt, Protocol, Usage};

use super::*;

/// Gives the same answer to each request, and an error where it was asked before.
struct Once(Mutex<Vec<(usize, u32)>>);

impl Model for Once {
    fn answer<'a>(&'a self, call: &Call<'_>) -> Result<Reply<'a>, ModelFault> {
        let asked = (call.prompt.blocks().len(), call.attempt);
        let mut before = lock(&self.0);
        if before.contains(&asked) {
            return Err(ModelFault::Exhausted(format!("asked twice for {asked:?}")));
        }
        before.push(asked);
        let authored = Authored {
            model: "stub".to_owned(),
            number: 1,
            text: Some("Grüße".to_owned()),
            calls: vec![AuthoredCall::function("exec_command", r#"{"cmd":"ls"}"#)],
            usage: Usage { input_tokens: 100, output_tokens: 10, ..Usage::default() },
            ttft_us: 100_000,
            rest_us: 400_000,
            ..Authored::default()
        };
        let frames = authored.native_frames().unwrap();
        Ok(Reply::Stream(Box::new(frames.into_iter().map(Ok))))
    }
}

fn profile(rules: &str) -> Arc<FaultProfile> {
    let text = format!("version = \"1.0\"\n{rules}");
    Arc::new(FaultProfile::parse(Path::new("faults.toml"), &text).unwrap())
}

/// Asks for steps until each has an answer; gives what each try came to, and what the log says.
fn ask(rules: &str, seed: u64, steps: u32) -> (Vec<String>, Vec<Injected>) {
    let options =
        FaultOptions { profile: profile(rules), seed: Seed::new(seed), one_answer: true, rest: None };
    let log = FaultLog::default();
    let model = Faulty::new(Once(Mutex::default()), options, log.clone());
    let mut prompt = Prompt::default();
    let (mut came, mut logged) = (Vec::new(), Vec::new());
    for step in 1..=steps {
        prompt.push(Block::new(BlockKind::Item, format!("{{\"n\":{step}}}")));
        for _ in 0..6 {
            let (shown, ended) = one(&model, step, &prompt);
            came.push(shown);
            logged.extend(log.take());
            if ended {
                break;
            }
        }
    }
    (came, logged)
}

fn one(model: &Faulty<'_>, step: u32, prompt: &Prompt) -> (String, bool) {
    let protocol = Protocol::Responses;
    let call = Call { protocol, lane: "main", step, attempt: 1, prompt, sent: None };
    let stream = match model.answer(&call) {
        Ok(Reply::Stream(stream)) => stream,
        Ok(Reply::Body { body, .. }) => return (body, true),
        Err(fault) => return (fault.to_string(), false),
    };
    let mut decoder = protocol.decoder();
    let mut frames = 0;
    for frame in stream {
        match frame {
            Ok(frame) => match decoder.feed(&frame) {
                Ok(()) => frames += 1,
                Err(_) => return (format!("frame {} is no event", frames + 1), false),
            },
            Err(fault) => return (format!("{frames} frames, {fault}"), false),
        }
    }
    let answer = decoder.finish();
    let end = format!("{frames} frames, {:?}, {} ms", answer.end, answer.total_us / 1000);
    (end, answer.end == wire::End::Completed)
}

#[test]
fn a_fault_hits_the_first_try_and_the_next_gets_the_answer_that_was_lost() {
    let whole = "5 frames, Completed, 500 ms";
    for (rule, first, lost_ms) in [
        ("kind = \"status\"\nstatus = 529\nafter_ms = 20", "status 529: {", 20),
        ("kind = \"refused\"", "connection refused", 0),
        ("kind = \"reset\"", "connection reset", 0),
        ("kind = \"reset\"\nframe = 2", "1 frames, connection reset", 50),
        ("kind = \"cut\"\nframe = 3", "2 frames, stream cut", 100),
        ("kind = \"cut\"\nbyte = 10", "0 frames, stream cut: 10 bytes of an event came", 0),
        ("kind = \"cut\"\ncharacter = true", "1 frames, stream cut", 50),
        ("kind = \"stall\"\nframe = 2\nafter_ms = 1000", "1 frames, stream idle", 1050),
        ("kind = \"malformed\"\nframe = 2", "frame 2 is no event", 100),
        ("kind = \"error\"\nframe = 2", "2 frames, Failed", 100),
    ] {
        let (came, logged) = ask(&format!("[[fault]]\n{rule}"), 1, 1);
        assert!(came[0].starts_with(first), "{rule}: {came:?}");
        assert_eq!(came[1..], [whole], "{rule}");
        assert_eq!(logged.len(), 1, "{rule}: {logged:?}");
        assert_eq!((logged[0].attempt, logged[0].lost_us / 1000), (1, lost_ms), "{rule}");
    }
}

#[test]
fn an_answer_that_is_late_or_says_something_else_still_comes() {
    for (rule, expected) in [
        ("kind = \"slow\"\nfactor = 3.0", "5 frames, Completed, 1500 ms"),
        ("kind = \"stall\"\nframe = 2\nfor_ms = 700", "5 frames, Completed, 1200 ms"),
        ("kind = \"duplicate\"\nframe = 2", "6 frames, Completed, 500 ms"),
        ("kind = \"empty\"", "2 frames, Completed, 500 ms"),
        ("kind = \"usage\"\ntokens = \"absent\"", "5 frames, Completed, 500 ms"),
        ("kind = \"unknown_tool\"", "5 frames, Completed, 500 ms"),
    ] {
        let (came, logged) = ask(&format!("[[fault]]\n{rule}"), 1, 1);
        assert_eq!((came, logged.len()), (vec![expected.to_owned()], 1), "{rule}");
    }
}

#[test]
fn what_cannot_happen_does_not_and_is_not_told_of() {
    for rule in
        ["kind = \"cut\"\nframe = 9", "kind = \"arguments\"\ncall = 3", "kind = \"cut\"\nbyte = 100000"]
    {
        let (came, logged) = ask(&format!("[[fault]]\n{rule}"), 1, 1);
        assert_eq!((came.len(), logged), (1, Vec::new()), "{rule}");
    }
}

#[test]
fn a_rule_hits_where_it_says_and_as_often_as_it_says() {
    let hits = |place: &str| -> Vec<(u32, u32)> {
        let (_, logged) = ask(&format!("[[fault]]\nkind = \"status\"\nstatus = 500\n{place}"), 1, 4);
        logged.iter().map(|injected| (injected.step, injected.attempt)).collect()
    };
    assert_eq!(hits(""), [(1, 1), (2, 1), (3, 1), (4, 1)]);
    assert_eq!(hits("step = [2, 3]\nattempt = [1, 2]"), [(2, 1), (2, 2), (3, 1), (3, 2)]);
    assert_eq!(hits("times = 2"), [(1, 1), (2, 1)]);
    assert_eq!(hits("every = 3"), [(3, 1)]);
    assert_eq!(hits("request = 4\nattempt = \"any\""), [(4, 1)]);
    assert_eq!(hits("lane = \"lane-2\""), []);
}

#[test]
fn of_two_rules_that_fit_the_first_counts() {
    let (_, logged) = ask("[[fault]]\nkind = \"refused\"\ntimes = 1\n[[fault]]\nkind = \"reset\"", 1, 2);
    let rules: Vec<&str> = logged.iter().map(|injected| injected.rule.as_str()).collect();
    assert_eq!(rules, ["#1 refused", "#2 reset"]);
}

#[test]
fn the_same_seed_gives_the_same_faults_and_another_gives_others() {
    let rules = "[[fault]]\nkind = \"status\"\nstatus = 500\nattempt = \"any\"\nprobability = 0.5";
    let (one, other) = (ask(rules, 7, 40), ask(rules, 8, 40));
    assert_eq!(one, ask(rules, 7, 40));
    assert_ne!(one.1, other.1);
    assert!((20..60).contains(&one.1.len()), "{} of 40 and their tries", one.1.len());
}

#[test]
fn wrong_arguments_are_wrong_in_the_way_that_is_named() {
    for (wrong, expected) in [
        ("wrong = \"not_json\"", "{\"cmd\""),
        ("wrong = \"missing\"", "{}"),
        ("wrong = \"type\"", "{\"cmd\":7}"),
        ("wrong = \"unknown\"", "{\"cmd\":\"ls\",\"no_such_argument\":true}"),
        ("arguments = \"\"", ""),
    ] {
        let options = FaultOptions {
            profile: profile(&format!("[[fault]]\nkind = \"arguments\"\n{wrong}")),
            seed: Seed::new(1),
            one_answer: true,
            rest: None,
        };
        let model = Faulty::new(Once(Mutex::default()), options, FaultLog::default());
        let prompt = Prompt::default();
        let protocol = Protocol::Responses;
        let call = Call { protocol, lane: "main", step: 1, attempt: 1, prompt: &prompt, sent: None };
        let Ok(Reply::Stream(stream)) = model.answer(&call) else { panic!("no stream") };
        let mut decoder = protocol.decoder();
        stream.for_each(|frame| decoder.feed(&frame.unwrap()).unwrap());
        let items = decoder.finish().items;
        let arguments = items.iter().find_map(|raw| match wire::Item::decode(raw) {
            Some(wire::Item::Call { arguments, .. }) => Some(arguments),
            _ => None,
        });
        assert_eq!(arguments.as_deref(), Some(expected), "{wrong}");
    }
}
