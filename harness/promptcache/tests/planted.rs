//! A long session with breaks that were put there: each is found, named, placed and priced; and what a session costs to
//! analyse grows as it does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail there and then")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use promptcache::{
    Accounting, Break, Call, Change, Level, Linter, PriceTable, Profiles, Rules, Session, SessionBuilder,
    SessionReport, Tokenizer, Trigger, analyse, changes, trigger_of, what_if, what_ifs,
};
use serde_json::{Value, json};
use wire::{BlockKind, Protocol, Usage};

/// A tokenizer for tests: four bytes are a token.
#[derive(Default)]
struct Quarter(AtomicU64);

impl Tokenizer for Quarter {
    fn name(&self) -> &str {
        "quarter"
    }

    fn count(&self, text: &str) -> u64 {
        self.0.fetch_add(text.len() as u64, Ordering::Relaxed);
        text.len() as u64 / 4
    }
}

struct Ground {
    profiles: Profiles,
    prices: PriceTable,
    own: BTreeMap<String, promptcache::Price>,
    tokenizer: Quarter,
}

impl Ground {
    fn new() -> Self {
        let (profiles, prices) = (Profiles::built_in().unwrap(), PriceTable::built_in().unwrap());
        Self { profiles, prices, own: BTreeMap::new(), tokenizer: Quarter::default() }
    }

    fn rules<'a>(&'a self, forced: Option<&'a str>) -> Rules<'a> {
        let Self { profiles, prices, own, tokenizer } = self;
        Rules { profiles, forced, prices, own_prices: own, tokenizer }
    }
}

/// A conversation of the Responses protocol that a test may alter.
struct Talk {
    body: Value,
    at_s: i64,
    usage: Option<Usage>,
}

impl Talk {
    fn new() -> Self {
        let tool = |name: &str| json!({"type": "function", "name": name, "description": format!("does {name} {}", "x".repeat(400)), "parameters": {"type": "object", "properties": {"path": {"type": "string"}, "mode": {"type": "integer"}}}});
        let instructions = format!("Be brief. Session of 2026-11-25T10:00:00Z. {}", "y".repeat(6000));
        let body = json!({
            "model": "gpt-5.4", "prompt_cache_key": "k1", "reasoning": {"effort": "low"}, "stream": true,
            "instructions": instructions,
            "tools": [tool("read"), tool("write"), tool("grep")],
            "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Mend the parser."}]}],
        });
        Self { body, at_s: 1_790_000_000, usage: None }
    }

    fn items(&mut self) -> &mut Vec<Value> {
        self.body["input"].as_array_mut().unwrap()
    }

    fn grow(&mut self, step: usize) {
        let id = format!("call_{step}");
        self.items().push(json!({"type": "function_call", "call_id": id, "name": "read", "arguments": format!("{{\"path\":\"f{step}\"}}")}));
        self.items().push(json!({"type": "function_call_output", "call_id": id, "output": format!("line {step} {}", "z".repeat(300))}));
    }

    fn call(&self) -> Call {
        Call {
            thread: "main".to_owned(),
            model: self.body["model"].as_str().unwrap().to_owned(),
            protocol: Protocol::Responses,
            at_us: Some(self.at_s * 1_000_000),
            ttft_us: Some(500_000),
            usage: self.usage,
            trigger: Trigger::ToolResult,
            ..Call::default()
        }
    }
}

/// A session of so many steps; `alter` is asked before each is sent.
fn session(steps: usize, mut alter: impl FnMut(usize, &mut Talk)) -> Session {
    let mut builder = SessionBuilder::new("s", "planted", "capture", Accounting::OpenAi);
    let mut talk = Talk::new();
    for step in 1..=steps {
        talk.usage = None;
        alter(step, &mut talk);
        builder.body(talk.call(), &talk.body.to_string()).unwrap();
        talk.grow(step);
        talk.at_s += 10;
    }
    builder.finish()
}

fn planted(step: usize, talk: &mut Talk) {
    match step {
        10 => talk.body["tools"].as_array_mut().unwrap().swap(0, 1),
        20 => {
            // The keys of a schema in another order: JSON values have none, so the text is altered below.
            talk.body["tools"][2]["parameters"]["properties"] = json!({"path": {"type": "string"}, "mode": {"type": "integer"}});
        }
        30 => {
            let text = talk.body["instructions"].as_str().unwrap().replace("10:00:00", "10:05:00");
            talk.body["instructions"] = text.into();
        }
        40 => talk.items()[4]["output"] = "edited".into(),
        45 => drop(talk.items().remove(9)),
        50 => talk.items().insert(6, json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "By the way."}]})),
        60 => talk.body["model"] = "gpt-5.5".into(),
        65 => talk.body["prompt_cache_key"] = "k2".into(),
        70 => talk.body["reasoning"]["effort"] = "high".into(),
        80 => talk.at_s += 3600,
        90 => talk.usage = Some(Usage { input_tokens: 20_000, output_tokens: 50, ..Usage::default() }),
        _ => {}
    }
}

fn causes(breaks: &[Break]) -> Vec<(usize, String)> {
    breaks.iter().map(|one| (one.call, one.cause.to_string())).collect()
}

/// The planted session; at step 20 the tool's keys change their order and stay so.
fn planted_session() -> Session {
    let mut builder = SessionBuilder::new("s", "planted", "capture", Accounting::OpenAi);
    let mut talk = Talk::new();
    for step in 1..=100 {
        talk.usage = None;
        planted(step, &mut talk);
        let mut text = talk.body.to_string();
        if step >= 20 {
            let (old, new) = (
                r#"{"mode":{"type":"integer"},"path":{"type":"string"}}"#,
                r#"{"path":{"type":"string"},"mode":{"type":"integer"}}"#,
            );
            assert!(text.contains(old));
            text = text.replace(old, new);
        }
        builder.body(talk.call(), &text).unwrap();
        talk.grow(step);
        talk.at_s += 10;
    }
    builder.finish()
}

#[test]
fn every_planted_break_is_found_named_placed_and_priced() {
    let ground = Ground::new();
    let session = planted_session();
    let report = analyse(&session, &ground.rules(None));
    let expected = [
        (10, "tools_changed"),
        (20, "key_order"),
        (30, "instructions_changed"),
        (40, "item_changed"),
        (45, "item_missing"),
        (50, "item_inserted"),
        (60, "model_changed"),
        (65, "key_changed"),
        (70, "parameters_changed"),
        (80, "expired"),
        (90, "provider_miss"),
    ];
    let expected: Vec<(usize, String)> = expected.map(|(call, cause)| (call, cause.to_owned())).to_vec();
    assert_eq!(causes(&report.breaks), expected, "{:#?}", report.breaks);
    for one in &report.breaks {
        assert!(one.tokens > 1000 && one.cost_usd.unwrap() > 0.0 && !one.diff.is_empty(), "{one:?}");
    }
    let at = |call: usize| report.breaks.iter().find(|one| one.call == call).unwrap();
    assert!(at(10).diff.starts_with("reordered"), "{:?}", at(10));
    assert_eq!(at(20).path, ".tools[0].parameters.properties");
    assert!(at(20).diff.contains("mode, path") && at(20).diff.contains("path, mode"), "{:?}", at(20));
    assert!(at(30).path.starts_with(".instructions") && at(30).diff.contains("10:05:00"), "{:?}", at(30));
    assert_eq!(at(40).path, ".input[4].output");
    assert_eq!((at(60).path.as_str(), at(65).path.as_str()), (".model", ".prompt_cache_key"));
    assert_eq!(at(70).path, ".reasoning.effort");
    // What was edited stands behind instructions and tools; what changed before is lost from there on.
    assert!(at(40).token_offset > at(30).token_offset && at(30).token_offset > 0);
    assert!(at(40).tokens < at(30).tokens * 2);
    check_raw_bytes(&session, &report);
}

/// Each break by content is there in the raw bytes: the two requests differ at what was said to differ.
fn check_raw_bytes(session: &Session, report: &SessionReport) {
    let mut bodies: Vec<Vec<&str>> = Vec::new();
    let mut ids: Vec<u32> = Vec::new();
    for call in &session.calls {
        let sent = call.request.as_ref().unwrap();
        ids.truncate(sent.keep);
        ids.extend(&sent.add);
        bodies.push(ids.iter().map(|id| &*session.blocks[*id as usize].raw).collect());
    }
    let by_content = ["expired", "provider_miss"];
    for (number, pair) in bodies.windows(2).enumerate() {
        let extends = pair[1].starts_with(&pair[0]);
        let found = report
            .breaks
            .iter()
            .any(|one| one.call == number + 2 && !by_content.contains(&one.cause.to_string().as_str()));
        assert_eq!(extends, !found, "call {}", number + 2);
    }
}

#[test]
fn without_anything_planted_nothing_breaks_and_nearly_everything_is_read() {
    let ground = Ground::new();
    let report = analyse(&session(100, |_, _| {}), &ground.rules(None));
    assert_eq!(report.breaks, []);
    assert!(report.figures.achievable_hit_rate().unwrap() > 0.95, "{:?}", report.figures);
    assert!(report.figures.perfect_hit_rate() >= report.figures.achievable_hit_rate());
}

#[test]
fn short_prompts_fan_outs_and_small_caches_have_causes_of_their_own() {
    let mut ground = Ground::new();
    let mut builder = SessionBuilder::new("s", "short", "capture", Accounting::OpenAi);
    let body = |n: usize| {
        let items: Vec<Value> = (0..n).map(|i| json!({"role": "user", "content": format!("m{i}")})).collect();
        json!({"model": "gpt-5.4", "input": items}).to_string()
    };
    for n in 1..4 {
        builder
            .body(Call { thread: "main".into(), model: "gpt-5.4".into(), ..Call::default() }, &body(n))
            .unwrap();
    }
    let report = analyse(&builder.finish(), &ground.rules(None));
    assert_eq!(causes(&report.breaks), [(2, "below_minimum".to_owned()), (3, "below_minimum".to_owned())]);

    // Three at once: the second and third begin before the first answer does.
    let mut builder = SessionBuilder::new("s", "fan", "capture", Accounting::OpenAi);
    let talk = Talk::new();
    for n in 0..3_i64 {
        let call =
            Call { thread: format!("t{n}"), at_us: Some(1_790_000_000_000_000 + n * 1000), ..talk.call() };
        builder.body(call, &talk.body.to_string()).unwrap();
    }
    let late = Call { thread: "t4".into(), at_us: Some(1_790_000_010_000_000), ..talk.call() };
    builder.body(late, &talk.body.to_string()).unwrap();
    let report = analyse(&builder.finish(), &ground.rules(None));
    assert_eq!(
        causes(&report.breaks),
        [(2, "cold".to_owned()), (3, "cold".to_owned())],
        "{:#?}",
        report.breaks
    );
    assert!(report.calls[3].predicted.unwrap().cached > 1024);

    let small = r#"
[[profile]]
name = "small"
vendor = "self_hosted"
models = []
rule = "prefix"
minimum = 16
block = 16
capacity_tokens = 3000
date = 2026-11-25
source = "test"
"#;
    ground.profiles.add(std::path::Path::new("small.toml"), small).unwrap();
    let mut builder = SessionBuilder::new("s", "small", "capture", Accounting::OpenAi);
    let mut other = Talk::new();
    other.body["instructions"] = "w".repeat(6000).into();
    for (number, (thread, talk)) in [("a", &talk), ("b", &other), ("a", &talk)].into_iter().enumerate() {
        let at_us = Some(1_790_000_000_000_000 + number as i64 * 10_000_000);
        builder.body(Call { thread: thread.into(), at_us, ..talk.call() }, &talk.body.to_string()).unwrap();
    }
    let report = analyse(&builder.finish(), &ground.rules(Some("small")));
    assert_eq!(causes(&report.breaks), [(3, "evicted".to_owned())], "{:#?}", report.breaks);
}

/// A conversation of the Messages protocol with a breakpoint on its last message, as Claude Code sets it.
fn messages(steps: usize, marks: bool, results: usize) -> Session {
    let mut builder = SessionBuilder::new("m", "messages", "capture", Accounting::Anthropic);
    let mut history = vec![json!({"role": "user", "content": "Mend the parser."})];
    let mark = |value: &mut Value| value["cache_control"] = json!({"type": "ephemeral"});
    for step in 0..steps {
        let mut sent = history.clone();
        let mut system = json!({"type": "text", "text": "s".repeat(8000)});
        if marks {
            mark(&mut system);
            let last = sent.last_mut().unwrap();
            if let Some(text) = last["content"].as_str().map(str::to_owned) {
                last["content"] = json!([{"type": "text", "text": text}]);
            }
            let parts = last["content"].as_array_mut().unwrap();
            mark(parts.last_mut().unwrap());
        }
        let body =
            json!({"model": "claude-sonnet-4-6", "max_tokens": 100, "system": [system], "messages": sent});
        let trigger = trigger_of(Protocol::Messages, &history.last().unwrap().to_string());
        let call = Call {
            thread: "main".into(),
            model: "claude-sonnet-4-6".into(),
            protocol: Protocol::Messages,
            at_us: Some(1_790_000_000_000_000 + step as i64 * 400_000_000),
            trigger,
            ..Call::default()
        };
        builder.body(call, &body.to_string()).unwrap();
        let ids: Vec<String> = (0..results).map(|n| format!("t{step}_{n}")).collect();
        let uses: Vec<Value> =
            ids.iter().map(|id| json!({"type": "tool_use", "id": id, "name": "ls", "input": {}})).collect();
        let outputs: Vec<Value> = ids
            .iter()
            .map(|id| json!({"type": "tool_result", "tool_use_id": id, "content": "o".repeat(400)}))
            .collect();
        history.push(json!({"role": "assistant", "content": uses}));
        history.push(json!({"role": "user", "content": outputs}));
    }
    builder.finish()
}

#[test]
fn an_entry_of_five_minutes_expires_and_one_of_an_hour_does_not() {
    let ground = Ground::new();
    let rules = ground.rules(None);
    let session = messages(6, true, 2);
    let report = analyse(&session, &rules);
    // 400 s between calls.
    let expired: Vec<(usize, String)> = (2..=6).map(|call| (call, "expired".to_owned())).collect();
    assert_eq!(causes(&report.breaks), expired);
    let hour = what_if(&session, &Change::AnHour, &rules);
    assert!(
        report.figures.achievable_hit_rate().unwrap() < 0.01 && hour.achievable_hit_rate().unwrap() > 0.7
    );
    let all = [session];
    let given = what_ifs(&all, &changes(&all, &rules, &["openai".to_owned()]), &rules);
    let names: Vec<&str> = given.iter().map(|one| one.change.as_str()).collect();
    let expected = [
        "as sent",
        "tools sorted",
        "volatile text last",
        "1 h instead of 5 min",
        "breakpoints on tools, instructions, last message",
        "profile openai",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_read_looks_back_twenty_blocks_and_without_breakpoints_nothing_is_written() {
    let ground = Ground::new();
    let rules = ground.rules(None);
    let hour = |session: &Session| what_if(session, &Change::AnHour, &rules).achievable_hit_rate();
    // Twelve calls with their results are 24 blocks: out of reach of the last breakpoint, but for the system prompt's own.
    let (near, far) = (messages(4, true, 2), messages(4, true, 12));
    assert!(hour(&near).unwrap() > hour(&far).unwrap(), "{:?} {:?}", hour(&near), hour(&far));
    let none = messages(4, false, 2);
    assert_eq!(hour(&none), Some(0.0));
    assert!(what_if(&none, &Change::Breakpoints, &rules).costs.achievable > 0.0);
    let report = analyse(&none, &rules);
    let findings = Linter::new().unwrap().findings(&[(&none, &report, rules.profile_of(&none))]);
    assert!(findings.iter().any(|finding| finding.rule == "no_breakpoint"), "{findings:?}");
}

#[test]
fn a_lint_names_what_will_break_before_it_does() {
    let ground = Ground::new();
    let rules = ground.rules(None);
    let first = session(2, |_, _| {});
    let report = analyse(&first, &rules);
    let linter = Linter::new().unwrap();
    let of = |session: &Session, report: &SessionReport| -> Vec<(String, Level)> {
        let found = linter.findings(&[(session, report, rules.profile_of(session))]);
        found.into_iter().map(|finding| (finding.rule, finding.level)).collect()
    };
    assert_eq!(of(&first, &report), [("timestamp_in_prefix".to_owned(), Level::Breaks)]);
    let planted = planted_session();
    let report = analyse(&planted, &rules);
    let rules_found: Vec<String> = of(&planted, &report).into_iter().map(|(rule, _)| rule).collect();
    for rule in [
        "tool_order",
        "key_order",
        "instructions_changed",
        "edited_history",
        "key_changed",
        "model_changed",
        "parameters_changed",
    ] {
        assert!(rules_found.iter().any(|found| found == rule), "{rule}: {rules_found:?}");
    }
    // The same text in two sessions does not change by itself.
    let again = analyse(&first, &rules);
    let both = linter
        .findings(&[(&first, &again, rules.profile_of(&first)), (&first, &again, rules.profile_of(&first))]);
    assert_eq!(both, []);
}

#[test]
fn volatile_text_moved_behind_the_prefix_gives_it_back() {
    let ground = Ground::new();
    let rules = ground.rules(None);
    let clock = |step: usize, talk: &mut Talk| {
        let text = talk.body["instructions"].as_str().unwrap().to_owned();
        let at = text.find("10:").unwrap();
        talk.body["instructions"] =
            format!("{}10:{:02}:{:02}{}", &text[..at], step / 60, step % 60, &text[at + 8..]).into();
    };
    let session = session(40, clock);
    let sent = analyse(&session, &rules).figures.achievable_hit_rate().unwrap();
    let moved = what_if(&session, &Change::VolatileLast, &rules).achievable_hit_rate().unwrap();
    assert!(sent < 0.2 && moved > 0.8, "{sent} {moved}");
    let shuffled = |step: usize, talk: &mut Talk| {
        talk.body["tools"].as_array_mut().unwrap().swap(step % 3, (step + 1) % 3);
    };
    let session = self::session(40, shuffled);
    let sent = analyse(&session, &rules).figures.achievable_hit_rate().unwrap();
    let sorted = what_if(&session, &Change::SortedTools, &rules).achievable_hit_rate().unwrap();
    // Three tools have six orders: one that was sent before may still be there.
    assert!(sent < 0.8 && sorted > 0.9, "{sent} {sorted}");
}

#[test]
fn twice_the_steps_are_twice_the_text_that_is_counted() {
    let counted = |steps: usize| {
        let ground = Ground::new();
        let mut builder = SessionBuilder::new("s", "long", "capture", Accounting::OpenAi);
        let mut texts = vec![(BlockKind::Head, r#"{"model":"gpt-5.4"}"#.to_owned())];
        for step in 0..steps {
            let output = json!({"type": "function_call_output", "call_id": step.to_string(), "output": "z".repeat(50)});
            texts.push((BlockKind::Item, output.to_string()));
            let pieces: Vec<(BlockKind, &str)> =
                texts.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
            builder.pieces(Call { thread: "main".into(), ..Call::default() }, &pieces);
        }
        let report = analyse(&builder.finish(), &ground.rules(None));
        assert_eq!(report.calls.len(), steps);
        ground.tokenizer.0.load(Ordering::Relaxed)
    };
    let (half, whole) = (counted(500), counted(1000));
    assert!(whole as f64 <= half as f64 * 2.2, "{half} {whole}");
}
