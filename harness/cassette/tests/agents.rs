//! Requests in the shape of Codex's and Claude Code's, made up and short: what differs from run to run passes with
//! their profiles, and whatever else differs is told with its cause and place.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod shapes;

use cassette::Profile;
use serde_json::{Value, json};
use shapes::{Run, claude, codex, codex_call};
use wire::{Block, Cause, Chain, Difference, Exact, Normalise, Protocol, difference};

fn codex_profile() -> Profile {
    Profile::built_in("codex").unwrap().speaking(Protocol::Responses)
}

fn claude_profile() -> Profile {
    Profile::built_in("claude-code").unwrap().speaking(Protocol::Messages)
}

fn blocks(protocol: Protocol, body: &Value) -> Vec<Block> {
    protocol.split(&body.to_string()).unwrap()
}

fn key(blocks: &[Block], normalise: &dyn Normalise) -> base::Digest {
    let mut chain = Chain::default();
    blocks.iter().for_each(|block| chain.add(block, normalise).unwrap());
    chain.key().unwrap()
}

/// The difference that an edit of the second run's text makes; it must be found once in it.
fn edited(profile: &Profile, make: fn(&Run) -> Value, from: &str, to: &str) -> Difference {
    let text = make(&Run::second()).to_string();
    assert!(text.contains(from), "{from} is not in {text}");
    let edited: Value = serde_json::from_str(&text.replacen(from, to, 1)).unwrap();
    let (old, new) = (blocks(profile.protocol(), &make(&Run::first())), blocks(profile.protocol(), &edited));
    assert_ne!(key(&old, profile), key(&new, profile), "{from} -> {to} is no difference");
    difference(profile.protocol(), &old, &new, profile).unwrap().unwrap()
}

#[test]
fn another_run_in_another_place_on_another_day_is_the_same_request() {
    for (profile, make) in [(codex_profile(), codex as fn(&Run) -> Value), (claude_profile(), claude)] {
        let protocol = profile.protocol();
        let (one, two) = (blocks(protocol, &make(&Run::first())), blocks(protocol, &make(&Run::second())));
        assert_eq!(difference(protocol, &one, &two, &profile).unwrap(), None, "{}", profile.name());
        assert_eq!(key(&one, &profile), key(&two, &profile));
        assert_ne!(key(&one, &Exact), key(&two, &Exact));
        let used: std::collections::BTreeSet<usize> =
            profile.covered(&one).unwrap().iter().map(|covered| covered.rule).collect();
        let unused: Vec<_> =
            profile.rules().into_iter().enumerate().filter(|(rule, _)| !used.contains(rule)).collect();
        assert!(unused.is_empty(), "rules of {} that no request here needs: {unused:?}", profile.name());
    }
}

#[test]
fn every_real_change_of_codex_is_told_with_cause_and_place() {
    let told = |from: &str, to: &str| {
        let found = edited(&codex_profile(), codex, from, to);
        (found.cause, found.path)
    };
    let at = |cause, path: &str| (cause, path.to_owned());
    use Cause::{InstructionsChanged, ItemChanged, ModelChanged, ParametersChanged, ToolsChanged};
    assert_eq!(told("Run the tests.", "Run no test."), at(InstructionsChanged, ".input[2].content[0].text"));
    assert_eq!(told("Do the work.", "Do the job."), at(InstructionsChanged, ".input[0].content[0].text"));
    assert_eq!(told("Runs a command.", "Runs one."), at(ToolsChanged, ".tools[0].description"));
    assert_eq!(told("gpt-5.5", "gpt-5.6"), at(ModelChanged, ".model"));
    assert_eq!(told("Fix the notes", "Fit the notes"), at(ItemChanged, ".input[3].content[0].text"));
    // Dates, durations and paths that a tool printed are what it printed.
    for (from, to) in [
        ("2026-11-02 took", "2026-11-03 took"),
        ("took 3 seconds", "took 4 seconds"),
        ("/var/tmp", "/var/opt"),
        ("token count: 9", "token count: 8"),
        ("code 0\\nOriginal token count: 9", "code 1\\nOriginal token count: 9"),
    ] {
        assert_eq!(told(from, to), at(ItemChanged, ".input[8].output"), "{from}");
    }
    assert_eq!(told("/srv/x/notes.txt", "/srv/y/notes.txt"), at(ItemChanged, ".input[6].output"));
    assert_eq!(told("AAAA", "AAAB"), at(ItemChanged, ".input[4].encrypted_content"));
    assert_eq!(told(":0\"", ":1\""), at(ParametersChanged, ".client_metadata.x-codex-window-id"));
    // The working directory moved: nothing else moved with it.
    let cwd = told("<cwd>/srv/x</cwd>", "<cwd>/srv/z</cwd>");
    assert_eq!(cwd, at(InstructionsChanged, ".input[2].content[1].text"));
}

#[test]
fn every_real_change_of_claude_code_is_told_with_cause_and_place() {
    let told = |from: &str, to: &str| {
        let found = edited(&claude_profile(), claude, from, to);
        (found.cause, found.path)
    };
    let at = |cause, path: &str| (cause, path.to_owned());
    use Cause::{InstructionsChanged, ItemChanged, ToolsChanged};
    assert_eq!(told("You are an agent.", "You are one."), at(InstructionsChanged, ".system[1].text"));
    assert_eq!(told("Runs a command.", "Runs one."), at(ToolsChanged, ".tools[0].description"));
    assert_eq!(
        told("Platform: linux", "Platform: macos"),
        at(InstructionsChanged, ".messages[1].content[0].text")
    );
    assert_eq!(
        told("Run the tests.", "Run no test."),
        at(InstructionsChanged, ".messages[0].content[0].text")
    );
    assert_eq!(told("Fix the notes", "Fit the notes"), at(ItemChanged, ".messages[0].content[1].text"));
    for (from, to) in [("2026-11-02 took", "2026-11-03 took"), ("/var/tmp", "/var/opt")] {
        assert_eq!(told(from, to), at(ItemChanged, ".messages[5].content[0].content"), "{from}");
    }
    assert_eq!(told("/srv/x/notes.txt", "/srv/y/notes.txt").1, ".messages[2].content[0].input.file_path");
    assert_eq!(told("Preview:\\n1", "Preview:\\n2").1, ".messages[7].content[0].content");
    assert_eq!(
        told("subagent_tokens: 20", "subagent_tokens: 21").1,
        ".messages[9].content[0].content[0].text"
    );
}

#[test]
fn the_same_id_twice_stays_meaningful() {
    let second = Run::second();
    let (thread, process) = (second.uuid(1), second.process().to_string());
    let other = edited(
        &codex_profile(),
        codex,
        &format!("\"thread_id\":\"{thread}\""),
        &format!("\"thread_id\":\"{}\"", second.uuid(99)),
    );
    assert_eq!((other.cause, other.path.as_str()), (Cause::ParametersChanged, ".client_metadata.thread_id"));
    let other =
        edited(&codex_profile(), codex, &format!("\\\"session_id\\\":{process}"), "\\\"session_id\\\":5");
    assert_eq!((other.cause, other.path.as_str()), (Cause::ItemChanged, ".input[13].arguments"));
    let agent = format!("to: 'a{:016x}'", second.seed);
    let other = edited(&claude_profile(), claude, &agent, &agent.replace("'a0", "'a1"));
    assert_eq!(other.path, ".messages[9].content[0].content[0].text");
}

#[test]
fn a_process_that_no_output_named_is_a_number_like_any_other() {
    let without = |number: u32| {
        let call = codex_call(5, "write_stdin", &json!({"chars": "y", "session_id": number}));
        blocks(Protocol::Responses, &json!({"model": "m", "input": [call]}))
    };
    let profile = codex_profile();
    assert_ne!(key(&without(1), &profile), key(&without(2), &profile));
}

#[test]
fn a_value_that_no_longer_fits_its_class_is_a_difference() {
    let second = Run::second();
    let codex_told = |from: &str, to: &str| edited(&codex_profile(), codex, from, to).path;
    assert_eq!(codex_told("Wall time: 1.2345 seconds", "Wall time: long seconds"), ".input[6].output");
    assert_eq!(codex_told("Chunk ID: ab", "Chunk ID: xy"), ".input[6].output");
    assert_eq!(
        codex_told("<current_date>2027-01-31", "<current_date>2027-01-3x"),
        ".input[2].content[1].text"
    );
    let id = format!("msg_{}", second.uuid(10));
    assert_eq!(codex_told(&id, &id.replace("01a202eb", "01a202eg")), ".input[0].id");
    assert_eq!(codex_told(&id, &id.replace("msg_", "fco_")), ".input[0].id");
    let claude_told = |from: &str, to: &str| edited(&claude_profile(), claude, from, to).path;
    assert_eq!(claude_told("Linux 7.0.1", "Linux"), ".messages[1].content[0].text");
    assert_eq!(claude_told("date is 2027-01-31.", "date is 2027-1-31."), ".messages[1].content[0].text");
    assert_eq!(
        claude_told("duration_ms: 1477", "duration_ms: 1 477"),
        ".messages[9].content[0].content[0].text"
    );
}

#[test]
fn a_breakpoint_that_moves_is_no_difference_and_stays_in_the_raw_blocks() {
    let profile = claude_profile();
    let (one, two) = (claude(&Run::first()), claude(&Run::second()));
    let (one, two) = (blocks(Protocol::Messages, &one), blocks(Protocol::Messages, &two));
    let marked = |blocks: &[Block]| blocks.iter().filter(|block| block.raw.contains("cache_control")).count();
    assert_eq!((marked(&one), marked(&two)), (2, 1));
    assert_eq!(key(&one, &profile), key(&two, &profile));
    // Another protocol treats neither as equal.
    let other = claude_profile().speaking(Protocol::ChatCompletions);
    assert_ne!(key(&one, &other), key(&two, &other));
}
