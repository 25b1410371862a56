//! What a session was about: what was asked for first, where, at which commit, and which commands were run. From a rollout of
//! Codex CLI or a transcript of Claude Code. Knows nothing of tasks.

use std::fs;
use std::path::Path;

use crate::object::Object;

/// What a session was about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Whose session it is: `codex` or `claude-code`.
    pub agent: &'static str,
    /// The first message of a user, as it was written.
    pub instruction: Option<String>,
    /// The folder that it worked in.
    pub cwd: Option<String>,
    /// The commit that it began at.
    pub commit: Option<String>,
    /// When it began, as the session states it.
    pub at: Option<String>,
    /// The commands that the agent ran, in order.
    pub commands: Vec<String>,
}

impl Work {
    /// Reads a session; the error says why the file is none.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut work = Self::default();
        for line in text.lines() {
            let Some(object) = Object::parse(line) else { continue };
            if object.has("payload") {
                work.agent = "codex";
                work.codex(&object);
            } else if object.has("sessionId") {
                work.agent = "claude-code";
                work.claude(&object);
            }
        }
        if work.agent.is_empty() {
            let problem = "neither a rollout of Codex CLI nor a transcript of Claude Code";
            return Err(format!("{}: {problem}", path.display()));
        }
        Ok(work)
    }

    fn codex(&mut self, line: &Object<'_>) {
        let Some(payload) = line.object("payload") else { return };
        let kind = payload.text("type").unwrap_or_default();
        match line.text("type").unwrap_or_default().as_str() {
            "session_meta" if self.cwd.is_none() => {
                self.cwd = payload.text("cwd");
                self.at = payload.text("timestamp").or_else(|| line.text("timestamp"));
                self.commit = payload.object("git").and_then(|git| git.text("commit_hash"));
            }
            "event_msg" if kind == "user_message" => self.said(payload.text("message")),
            "response_item" if kind == "message" && payload.text("role").as_deref() == Some("user") => {
                self.said(parts(&payload));
            }
            "response_item" if kind == "function_call" => {
                let arguments = payload.text("arguments").unwrap_or_default();
                self.commands.extend(Object::parse(&arguments).and_then(|arguments| command(&arguments)));
            }
            "response_item" if kind == "local_shell_call" => {
                self.commands.extend(payload.object("action").and_then(|action| command(&action)));
            }
            _ => {}
        }
    }

    fn claude(&mut self, line: &Object<'_>) {
        if self.cwd.is_none() {
            self.cwd = line.text("cwd");
            self.at = line.text("timestamp");
        }
        let Some(message) = line.object("message") else { return };
        match line.text("type").unwrap_or_default().as_str() {
            "user" if !line.is_true("isMeta") && !line.is_true("isSidechain") => {
                self.said(message.text("content").or_else(|| parts(&message)));
            }
            "assistant" => {
                for part in message.list("content").into_iter().filter_map(Object::parse) {
                    if part.text("type").as_deref() == Some("tool_use") {
                        self.commands.extend(part.object("input").and_then(|input| command(&input)));
                    }
                }
            }
            _ => {}
        }
    }

    /// Takes the first message that a person wrote: what agents put before it begins with a tag or a title of their own.
    fn said(&mut self, text: Option<String>) {
        let own = |text: &str| {
            let text = text.trim_start();
            !(text.is_empty()
                || text.starts_with('<')
                || text.starts_with("# AGENTS.md instructions")
                || text.starts_with("Caveat: ")
                || text.starts_with("[Request interrupted"))
        };
        if self.instruction.is_none() {
            self.instruction = text.filter(|text| own(text));
        }
    }
}

/// The texts of a message's parts; nothing where it holds results of tools.
fn parts(message: &Object<'_>) -> Option<String> {
    let parts: Vec<Object<'_>> = message.list("content").into_iter().filter_map(Object::parse).collect();
    let results = parts.iter().any(|part| part.text("type").as_deref() == Some("tool_result"));
    let own = |part: &Object<'_>| part.text("text").filter(|text| !text.trim_start().starts_with('<'));
    let texts: Vec<String> = parts.iter().filter_map(own).collect();
    (!results && !texts.is_empty()).then(|| texts.join("\n"))
}

/// The command of a shell's call: one text, or words of which the last is the script of a shell.
fn command(call: &Object<'_>) -> Option<String> {
    if let Some(text) = call.text("cmd").or_else(|| call.text("command")) {
        return Some(text);
    }
    let words: Vec<String> =
        call.list("command").into_iter().filter_map(|word| serde_json::from_str(word).ok()).collect();
    match words.as_slice() {
        [shell, flag, script] if shell.ends_with("sh") && flag.starts_with('-') => Some(script.clone()),
        [] => None,
        words => Some(words.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Work {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), lines.join("\n")).unwrap();
        Work::read(file.path()).unwrap()
    }

    #[test]
    fn a_rollout_tells_what_was_asked_where_and_how_it_was_tested() {
        let work = read(&[
            r#"{"timestamp":"t0","type":"session_meta","payload":{"id":"1","timestamp":"2026-06-17T06:49:45Z","cwd":"/p","git":{"commit_hash":"abc"}}}"#,
            r##"{"type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"# AGENTS.md instructions for /p"},{"type":"input_text","text":"<environment_context>"}]}}"##,
            r#"{"type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"Mend it."}]}}"#,
            r#"{"type":"response_item","payload":{"type":"function_call","name":"shell","arguments":"{\"command\":[\"bash\",\"-lc\",\"cargo test\"]}"}}"#,
            r#"{"type":"response_item","payload":{"type":"function_call","name":"exec_command","arguments":"{\"cmd\":\"ls\"}"}}"#,
        ]);
        assert_eq!((work.agent, work.instruction.as_deref()), ("codex", Some("Mend it.")));
        assert_eq!((work.cwd.as_deref(), work.commit.as_deref()), (Some("/p"), Some("abc")));
        assert_eq!(work.commands, ["cargo test", "ls"]);
    }

    #[test]
    fn a_transcript_tells_the_same_without_what_the_program_said() {
        let work = read(&[
            r#"{"type":"user","sessionId":"s","cwd":"/q","timestamp":"2026-04-10T22:26:12Z","isMeta":true,"message":{"role":"user","content":"Caveat: x"}}"#,
            r#"{"type":"user","sessionId":"s","message":{"role":"user","content":"<command-name>/clear</command-name>"}}"#,
            r#"{"type":"user","sessionId":"s","message":{"role":"user","content":[{"type":"text","text":"Add a flag."}]}}"#,
            r#"{"type":"assistant","sessionId":"s","message":{"content":[{"type":"tool_use","name":"Bash","input":{"command":"npm test"}}]}}"#,
            r#"{"type":"user","sessionId":"s","message":{"role":"user","content":[{"type":"tool_result","content":"ok"}]}}"#,
        ]);
        assert_eq!((work.agent, work.instruction.as_deref()), ("claude-code", Some("Add a flag.")));
        assert_eq!((work.cwd.as_deref(), work.commands.len()), (Some("/q"), 1));
    }
}
