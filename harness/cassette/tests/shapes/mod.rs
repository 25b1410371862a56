//! Requests in the shape of Codex's and Claude Code's, made up and short, of one run or another.

use serde_json::{Value, json};

/// What is different in every run.
#[derive(Clone)]
pub(crate) struct Run {
    cwd: String,
    home: String,
    date: String,
    /// Ids are made of it.
    pub(crate) seed: u32,
    /// Seconds that a command took.
    wall: String,
}

impl Run {
    pub(crate) fn first() -> Self {
        let (cwd, home) = ("/work/one/app".to_owned(), "/home/ann".to_owned());
        Self { cwd, home, date: "2026-11-02".to_owned(), seed: 1, wall: "0.0000".to_owned() }
    }

    pub(crate) fn second() -> Self {
        let (cwd, home) = ("/srv/x".to_owned(), "/root".to_owned());
        Self { cwd, home, date: "2027-01-31".to_owned(), seed: 7, wall: "1.2345".to_owned() }
    }

    pub(crate) fn uuid(&self, number: u32) -> String {
        format!(
            "01a202eb-{:04x}-7b23-9e4f-{:012x}",
            self.seed,
            u64::from(self.seed) * 1000 + u64::from(number)
        )
    }

    /// A process of the operating system.
    pub(crate) fn process(&self) -> u32 {
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

pub(crate) fn codex_call(number: u32, name: &str, arguments: &Value) -> Value {
    let (id, call_id) = (format!("fc_{number}"), format!("call_{number}"));
    json!({"type": "function_call", "id": id, "name": name, "arguments": arguments.to_string(), "call_id": call_id})
}

pub(crate) fn codex(run: &Run) -> Value {
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

pub(crate) fn claude(run: &Run) -> Value {
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
