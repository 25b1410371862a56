//! Requests in the shape of Codex's and Claude Code's, made up and short: what differs from run to run passes with
//! their profiles, and whatever else differs is told with its cause and place.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use cassette::Profile;
use serde_json::{Value, json};
use wire::{Block, Cause, Chain, Difference, Exact, Normalise, Protocol, difference};

fn codex_profile() -> Profile {
    Profile::built_in("codex").unwrap().speaking(Protocol::Responses)
}

fn claude_profile() -> Profile {
    Profile::built_in("claude-code").unwrap().speaking(Protocol::Messages)
}

/// What is different in every run.
#[derive(Clone)]
struct Run {
    cwd: String,
    home: String,
    date: String,
    /// Ids are made of it.
    seed: u32,
    /// Seconds that a command took.
    wall: String,
}

impl Run {
    fn first() -> Self {
        let (cwd, home) = ("/work/one/app".to_owned(), "/home/ann".to_owned());
        Self { cwd, home, date: "2026-11-02".to_owned(), seed: 1, wall: "0.0000".to_owned() }
    }

    fn second() -> Self {
        let (cwd, home) = ("/srv/x".to_owned(), "/root".to_owned());
        Self { cwd, home, date: "2027-01-31".to_owned(), seed: 7, wall: "1.2345".to_owned() }
    }

    fn uuid(&self, number: u32) -> String {
        format!(
            "01a202eb-{:04x}-7b23-9e4f-{:012x}",
            self.seed,
            u64::from(self.seed) * 1000 + u64::from(number)
        )
    }

    /// A process of the operating system.
    fn process(&self) -> u32 {
        4000 + self.seed
    }
}

fn message(run: &Run, number: u32, role: &str, texts: &[String]) -> Value {
    let part = |text: &String| json!({"type": "input_text", "text": text});
    let content: Vec<Value> = texts.iter().map(part).collect();
    json!({"type": "message", "id": format!("msg_{}", run.uuid(number)), "role": role, "content": content})
}

fn codex_output(run: &Run, number: u32, how: &str, tokens: usize, output: &str) -> Value {
    let text = format!(
        "Chunk ID: {:06x}\nWall time: {} seconds\n{how}\nOriginal token count: {tokens}\nOutput:\n{output}",
        0x00ab_0000 + run.seed * 100 + number,
        run.wall
    );
    let (id, call_id) = (format!("fco_{}", run.uuid(100 + number)), format!("call_{number}"));
    json!({"type": "function_call_output", "id": id, "call_id": call_id, "output": text})
}

fn codex_call(number: u32, name: &str, arguments: &Value) -> Value {
    let (id, call_id) = (format!("fc_{number}"), format!("call_{number}"));
    json!({"type": "function_call", "id": id, "name": name, "arguments": arguments.to_string(), "call_id": call_id})
}

fn codex(run: &Run) -> Value {
    let (thread, turn) = (run.uuid(1), run.uuid(2));
    let metadata =
        json!({"session_id": thread, "turn_started_at_unix_ms": 1_795_345_349_662_u64 + u64::from(run.seed)});
    let agents = format!(
        "# AGENTS.md instructions for {}\n\n<INSTRUCTIONS>\nBe brief.\nRun the tests.\n</INSTRUCTIONS>",
        run.cwd
    );
    let context = format!(
        "<environment_context>\n  <cwd>{cwd}</cwd>\n  <shell>bash</shell>\n  <current_date>{date}</current_date>\n  <timezone>Etc/UTC</timezone>\n  <roots><root>{cwd}</root></roots>\n</environment_context>",
        cwd = run.cwd,
        date = run.date
    );
    let skills = format!(
        "<skills_instructions>\n## Skills\n- `r0` = `{}/.codex/skills/.system`\n- one: does it\n</skills_instructions>",
        run.home
    );
    let exited = "Process exited with code 0";
    let running = format!("Process running with session ID {}", run.process());
    let here = format!("{}/notes.txt\n", run.cwd);
    let patched = format!(
        "Exit code: 0\nWall time: {} seconds\nOutput:\nSuccess. Updated the following files:\nM notes.txt\n",
        if run.seed == 1 { "0" } else { "0.3" }
    );
    let input = vec![
        message(run, 10, "developer", &["You are an agent. Do the work.".to_owned()]),
        message(run, 11, "developer", &[skills, "Approval policy is never.".to_owned()]),
        message(run, 12, "user", &[agents, context]),
        message(run, 13, "user", &["Fix the notes of 2026-11-02.".to_owned()]),
        json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "AAAA"}),
        codex_call(1, "exec_command", &json!({"cmd": "ls $PWD/notes.txt"})),
        codex_output(run, 1, exited, here.len() / 4, &here),
        codex_call(2, "exec_command", &json!({"cmd": "cat log"})),
        codex_output(run, 2, exited, 9, "2026-11-02 took 3 seconds in /var/tmp\n"),
        json!({"type": "custom_tool_call", "id": "ctc_3", "call_id": "call_3", "name": "apply_patch", "input": "*** Begin Patch\n*** End Patch\n"}),
        json!({"type": "custom_tool_call_output", "id": format!("ctco_{}", run.uuid(103)), "call_id": "call_3", "output": patched}),
        codex_call(4, "exec_command", &json!({"cmd": "read x"})),
        codex_output(run, 4, &running, 0, ""),
        codex_call(5, "write_stdin", &json!({"chars": "y\n", "session_id": run.process()})),
        codex_output(run, 5, exited, 1, "y\n"),
    ];
    let client = json!({
        "session_id": thread,
        "thread_id": thread,
        "turn_id": turn,
        "root_turn_id": turn,
        "x-codex-installation-id": run.uuid(3),
        "x-codex-window-id": format!("{thread}:0"),
        "x-codex-turn-metadata": metadata.to_string(),
    });
    let tool = |name: &str, about: &str| json!({"type": "function", "name": name, "description": about});
    json!({
        "model": "gpt-5.5",
        "tools": [tool("exec_command", "Runs a command."), tool("write_stdin", "Writes to a command.")],
        "input": input,
        "prompt_cache_key": thread,
        "client_metadata": client,
        "stream": true,
    })
}

fn claude(run: &Run) -> Value {
    let user =
        format!(r#"{{"device_id":"{:064x}","account_uuid":"","session_id":"{}"}}"#, run.seed, run.uuid(1));
    let slug = run.cwd.replace('/', "-");
    let memory = format!(
        "\nYou are an agent.\n\nYou have a persistent file-based memory at `{}/.claude/projects/{slug}/memory/`. Use it.",
        run.home
    );
    let rules = format!(
        "<system-reminder>\nFollow these.\n\nContents of {}/AGENTS.md (project instructions, checked into the codebase):\n\nBe brief.\nRun the tests.\n</system-reminder>",
        run.cwd
    );
    let environment = format!(
        "# Environment\nYou have been invoked in the following environment: \n - Primary working directory: {}\n - Platform: linux\n - OS Version: {}\n - Shell: bash\n\nToday's date is {}.",
        run.cwd,
        if run.seed == 1 { "Linux 6.18.44-a" } else { "Linux 7.0.1" },
        run.date
    );
    let part = |text: &str| json!({"type": "text", "text": text});
    let marked = |text: &str| json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral"}});
    let environment = if run.seed == 1 { json!([marked(&environment)]) } else { json!(environment) };
    let use_of = |id: &str, name: &str, input: Value| json!({"role": "assistant", "content": [{"type": "tool_use", "id": id, "name": name, "input": input}]});
    let result = |id: &str, text: String| json!({"role": "user", "content": [{"tool_use_id": id, "type": "tool_result", "content": text}]});
    let saved = format!(
        "<persisted-output>\nOutput too large (9KB). Full output saved to: {}/.claude/projects/{slug}/{}/tool-results/b{:08}.txt\n\nPreview:\n1\n",
        run.home,
        run.uuid(1),
        run.seed
    );
    let report = format!(
        "The report follows:\n  Done.\nagentId: a{0:016x} (use SendMessage with to: 'a{0:016x}' to go on)\n<usage>subagent_tokens: 20\ntool_uses: 0\nduration_ms: {1}</usage>",
        run.seed,
        run.seed * 211
    );
    let messages = vec![
        json!({"role": "user", "content": [part(&rules), part("Fix the notes of 2026-11-02.")]}),
        json!({"role": "system", "content": environment}),
        use_of("t1", "Read", json!({"file_path": format!("{}/notes.txt", run.cwd)})),
        result("t1", "1\told line".to_owned()),
        use_of("t2", "Bash", json!({"command": "pwd; cat log"})),
        result("t2", format!("{}\n2026-11-02 took 3 seconds in /var/tmp", run.cwd)),
        use_of("t3", "Bash", json!({"command": "seq 99999"})),
        result("t3", saved),
        use_of("t4", "Agent", json!({"prompt": "look"})),
        json!({"role": "user", "content": [{"tool_use_id": "t4", "type": "tool_result", "content": [part(&report)]}]}),
    ];
    json!({
        "model": "claude-opus-5-5",
        "system": [part("cc_version=2.1.330.73a;"), marked(&memory)],
        "tools": [{"name": "Bash", "description": "Runs a command."}, {"name": "Read", "description": "Reads a file."}],
        "messages": messages,
        "metadata": {"user_id": user},
        "stream": true,
    })
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
