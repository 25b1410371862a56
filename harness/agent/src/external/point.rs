//! How a command line that somebody wrote for an agent is pointed at a gateway: as little is added as makes it ask
//! there, over plain HTTP, quiet and alike from run to run. Knows nothing of tasks.

use super::{DUMMY_KEY, ExternalAgent, claude_code, codex, others, variables};

/// Where an agent is pointed.
#[derive(Clone, Copy, Debug)]
pub struct Pointing<'a> {
    /// Where the model answers, without `/v1` and without a slash at its end.
    pub base_url: &'a str,
    /// The home folder that the agent sees.
    pub home: &'a str,
    /// Whether it may do everything without asking.
    pub unattended: bool,
}

/// A command line that asks the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointed {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Variables, in addition to the caller's.
    pub env: Vec<(String, String)>,
}

impl ExternalAgent {
    /// The agent that a command line starts, by the name of its program; else one that honours the usual variables.
    pub fn of_command(words: &[String]) -> Self {
        let program = words.first().map(String::as_str).unwrap_or_default();
        let name = program.rsplit('/').next().unwrap_or_default();
        let known = [Self::Codex, Self::ClaudeCode, Self::MiniSweAgent, Self::Aider, Self::OpenCode];
        known
            .into_iter()
            .find(|agent| agent.program() == name)
            .unwrap_or_else(|| Self::Command(words.to_vec()))
    }

    /// A command line of this agent, pointed at a gateway.
    pub fn point(&self, words: &[String], at: &Pointing<'_>) -> Pointed {
        let mut pointed = match self {
            Self::Codex => codex::point(words, at),
            Self::ClaudeCode => claude_code::point(words, at),
            _ => Pointed { argv: words.to_vec(), env: endpoints(at.base_url) },
        };
        pointed.env.extend(others::point(self, at));
        // A proxy of the caller's would be asked for the gateway.
        pointed
            .env
            .extend(variables([("NO_PROXY", "127.0.0.1,localhost"), ("no_proxy", "127.0.0.1,localhost")]));
        pointed
    }
}

/// The variables that clients of the two vendors read.
pub(super) fn endpoints(base_url: &str) -> Vec<(String, String)> {
    let v1 = format!("{base_url}/v1");
    variables([
        ("OPENAI_BASE_URL", &v1),
        ("OPENAI_API_BASE", &v1),
        ("OPENAI_API_KEY", DUMMY_KEY),
        ("ANTHROPIC_BASE_URL", base_url),
        ("ANTHROPIC_API_KEY", DUMMY_KEY),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Pointing<'_> =
        Pointing { base_url: "http://127.0.0.1:4000", home: "/home/agent", unattended: true };

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn an_agent_is_known_by_its_program() {
        assert_eq!(ExternalAgent::of_command(&words("/opt/bin/codex exec hi")), ExternalAgent::Codex);
        assert_eq!(ExternalAgent::of_command(&words("claude -p hi")), ExternalAgent::ClaudeCode);
        assert!(matches!(ExternalAgent::of_command(&words("python3 codex")), ExternalAgent::Command(_)));
    }

    #[test]
    fn what_was_typed_stays_in_its_order() {
        let pointed = ExternalAgent::Codex.point(&words("codex exec -m gpt-5.5 hi"), &AT);
        let line = pointed.argv.join(" ");
        assert!(
            line.starts_with("codex -c ") && line.contains("base_url=\"http://127.0.0.1:4000/v1\""),
            "{line}"
        );
        assert!(line.ends_with("exec --dangerously-bypass-approvals-and-sandbox -m gpt-5.5 hi"), "{line}");
        let attended = Pointing { unattended: false, ..AT };
        let line = ExternalAgent::Codex.point(&words("codex exec hi"), &attended).argv.join(" ");
        assert!(line.ends_with(" exec hi"), "{line}");
        let pointed = ExternalAgent::ClaudeCode.point(&words("claude -p hi"), &AT);
        assert_eq!(pointed.argv.join(" "), "claude --dangerously-skip-permissions -p hi");
        let set = |key: &str| pointed.env.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str());
        assert_eq!(set("ANTHROPIC_BASE_URL"), Some(AT.base_url));
        assert_eq!(set("NO_PROXY"), Some("127.0.0.1,localhost"));
        assert_eq!(set("HOME"), None);
    }
}
