//! What agents tell on standard output of how it went: just enough to say why one stopped. Knows nothing of trials.

use serde_json::Value;

/// What an agent's output told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentLog {
    /// Whether it said that it finished, or that it failed; nothing: it said neither.
    pub finished: Option<bool>,
    /// Its last message.
    pub message: String,
    /// The error it stopped with. Errors that it went on after are none.
    pub error: String,
}

/// The objects of an output with one on each line. Anything else is passed over.
fn events(stdout: &str) -> impl Iterator<Item = Value> {
    stdout.lines().filter(|line| line.starts_with('{')).filter_map(|line| serde_json::from_str(line).ok())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The output of `codex exec --json`. Lines of type `error` tell of retries too and decide nothing.
pub(super) fn codex(stdout: &str) -> AgentLog {
    let mut log = AgentLog::default();
    for event in events(stdout) {
        match event["type"].as_str() {
            Some("item.completed") if event["item"]["type"] == "agent_message" => {
                log.message = text(&event["item"]["text"]);
            }
            Some("turn.completed") => log.finished = Some(true),
            Some("turn.failed") => {
                log.finished = Some(false);
                log.error = text(&event["error"]["message"]);
            }
            _ => {}
        }
    }
    log
}

/// The output of `claude -p --output-format stream-json`.
pub(super) fn claude_code(stdout: &str) -> AgentLog {
    let Some(result) = events(stdout).filter(|event| event["type"] == "result").last() else {
        return AgentLog::default();
    };
    let failed = result["is_error"] == true;
    let said = text(&result["result"]);
    let (message, error) = if failed { (String::new(), said) } else { (said, String::new()) };
    AgentLog { finished: Some(!failed), message, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codex_tells_its_turns_end_and_retries_are_no_failure() {
        let log = codex(concat!(
            "Reading additional input from stdin...\n",
            "{\"type\":\"error\",\"message\":\"Reconnecting... 1/5\"}\n",
            "{\"type\":\"item.completed\",\"item\":{\"type\":\"agent_message\",\"text\":\"done\"}}\n",
            "{\"type\":\"turn.completed\",\"usage\":{}}\n",
        ));
        assert_eq!((log.finished, log.message.as_str(), log.error.as_str()), (Some(true), "done", ""));
        let log = codex("{\"type\":\"turn.failed\",\"error\":{\"message\":\"no\"}}\n");
        assert_eq!((log.finished, log.error.as_str()), (Some(false), "no"));
        assert_eq!(codex("{\"type\":\"turn.started\"}\n{\"cut"), AgentLog::default());
    }

    #[test]
    fn claude_code_tells_its_result() {
        let log = claude_code("{\"type\":\"result\",\"is_error\":false,\"result\":\"done\"}\n");
        assert_eq!((log.finished, log.message.as_str()), (Some(true), "done"));
        let log = claude_code("{\"type\":\"result\",\"is_error\":true,\"result\":\"API Error\"}\n");
        assert_eq!((log.finished, log.error.as_str()), (Some(false), "API Error"));
        assert_eq!(claude_code(""), AgentLog::default());
    }
}
