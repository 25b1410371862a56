//! Agents that are not ours: what has to be known to start each one against a gateway, quiet, unattended and without a
//! word to anybody else. Pure data: nothing is started here. Knows nothing of trials or sandboxes.

mod claude_code;
mod codex;
mod docs;
mod log;
mod others;
mod point;
mod words;

use std::fmt;
use std::str::FromStr;

use wire::Protocol;

pub use docs::{Docs, INSTRUCTIONS, Shown, shows};
pub use log::AgentLog;
pub use point::{Pointed, Pointing};

/// The key that agents are given: the gateway asks for none, but most programs refuse to start without one.
pub const DUMMY_KEY: &str = "retake";

/// A program that turns an instruction into actions with answers from a model behind HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExternalAgent {
    /// OpenAI's Codex CLI.
    Codex,
    /// Anthropic's Claude Code.
    ClaudeCode,
    /// mini-swe-agent.
    MiniSweAgent,
    /// aider.
    Aider,
    /// opencode.
    OpenCode,
    /// Any program that honours `OPENAI_BASE_URL` or `ANTHROPIC_BASE_URL`: its words.
    Command(Vec<String>),
}

/// An agent and the version that is asked for, as `codex@0.169.0`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExternalSpec {
    /// The agent.
    pub agent: ExternalAgent,
    /// Its version; nothing: whichever is installed.
    pub version: Option<String>,
}

/// A name that means no external agent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExternalError {
    /// There is no such agent.
    #[error(
        "there is no agent {0:?}; external ones are codex, claude-code, mini-swe-agent, aider, opencode (each with @VERSION if it matters) and command:PROGRAM ARGS"
    )]
    Unknown(String),
    /// The version is missing after the `@`.
    #[error("{0:?} has no version after its @")]
    NoVersion(String),
    /// The words after `command:` cannot be told apart.
    #[error("{0:?}: {1}")]
    Words(String, &'static str),
}

/// What an agent is to do, and where.
#[derive(Clone, Copy, Debug)]
pub struct LaunchPlan<'a> {
    /// Where the model answers, without `/v1` and without a slash at its end: `http://127.0.0.1:4000`.
    pub base_url: &'a str,
    /// The model to ask for.
    pub model: &'a str,
    /// The task.
    pub instruction: &'a str,
    /// The workspace. Launch the agent there.
    pub cwd: &'a str,
    /// A home folder of its own, writable; the same path in recording and replay keeps the requests alike.
    pub home: &'a str,
    /// Whether it may do everything without asking, because it is contained from outside.
    pub unattended: bool,
    /// What follows its own instructions.
    pub append: Option<&'a str>,
}

/// How to start an agent. Its PATH and anything else of its environment is the caller's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Variables.
    pub env: Vec<(String, String)>,
    /// Files to write first, with their folders: absolute path and content.
    pub files: Vec<(String, String)>,
    /// What it reads.
    pub stdin: String,
}

impl ExternalAgent {
    /// Its name, as a variant writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Codex => "codex",
            Self::ClaudeCode => "claude-code",
            Self::MiniSweAgent => "mini-swe-agent",
            Self::Aider => "aider",
            Self::OpenCode => "opencode",
            Self::Command(_) => "command",
        }
    }

    /// The program that is started, as it is looked up on the PATH.
    pub fn program(&self) -> &str {
        match self {
            Self::Codex => "codex",
            Self::ClaudeCode => "claude",
            Self::MiniSweAgent => "mini",
            Self::Aider => "aider",
            Self::OpenCode => "opencode",
            Self::Command(words) => words.first().map(String::as_str).unwrap_or_default(),
        }
    }

    /// What it speaks; nothing where that is known only once it has asked.
    pub fn protocol(&self) -> Option<Protocol> {
        match self {
            Self::Codex => Some(Protocol::Responses),
            Self::ClaudeCode => Some(Protocol::Messages),
            Self::MiniSweAgent | Self::Aider | Self::OpenCode => Some(Protocol::ChatCompletions),
            Self::Command(_) => None,
        }
    }

    /// What it puts around a request beyond what its protocol wants: path and headers without which a provider would not take
    /// its body. Nothing where the protocol's own will do.
    pub fn envelope(&self) -> Option<(&'static str, &'static [(&'static str, &'static str)])> {
        match self {
            Self::ClaudeCode => Some((claude_code::PATH, &claude_code::HEADERS)),
            _ => None,
        }
    }

    /// The volatility profile of its requests.
    pub fn profile(&self) -> &'static str {
        match self {
            Self::Codex => "codex",
            Self::ClaudeCode => "claude-code",
            Self::MiniSweAgent => "mini-swe-agent",
            Self::OpenCode => "opencode",
            Self::Aider | Self::Command(_) => "generic",
        }
    }

    /// Whether it can be told what follows its own instructions.
    pub fn takes_append(&self) -> bool {
        matches!(self, Self::Codex | Self::ClaudeCode)
    }

    /// The version that its preset and its profile were found out with.
    pub fn known_version(&self) -> Option<&'static str> {
        match self {
            Self::Codex => Some(codex::VERSION),
            Self::ClaudeCode => Some(claude_code::VERSION),
            Self::MiniSweAgent => Some(others::MINI_SWE_AGENT),
            Self::Aider => Some(others::AIDER),
            Self::OpenCode => Some(others::OPENCODE),
            Self::Command(_) => None,
        }
    }

    /// How to ask for its version: quick, offline, writes nothing. Nothing where there is no such question.
    pub fn version_argv(&self) -> Option<Vec<String>> {
        match self {
            Self::Command(_) => None,
            // It has no question for its version, and says it before its help.
            Self::MiniSweAgent => Some(vec!["mini".to_owned(), "--help".to_owned()]),
            _ => Some(vec![self.program().to_owned(), "--version".to_owned()]),
        }
    }

    /// The version in what it answered: `codex-cli 0.169.0`, `2.1.330 (Claude Code)`.
    pub fn version_in(answer: &str) -> Option<&str> {
        let is_version = |word: &&str| {
            word.starts_with(|c: char| c.is_ascii_digit())
                && word.contains('.')
                && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))
        };
        let words = answer.lines().find(|line| !line.trim().is_empty())?.split_whitespace();
        words.map(|word| word.strip_prefix('v').unwrap_or(word).trim_end_matches('.')).find(is_version)
    }

    /// How to start it.
    pub fn launch(&self, plan: &LaunchPlan<'_>) -> Launch {
        match self {
            Self::Codex => codex::launch(plan),
            Self::ClaudeCode => claude_code::launch(plan),
            Self::MiniSweAgent => others::mini_swe_agent(plan),
            Self::Aider => others::aider(plan),
            Self::OpenCode => others::opencode(plan),
            Self::Command(words) => others::command(words, plan),
        }
    }

    /// What its standard output tells, as far as it is understood. Neither this nor an exit code decides whether a
    /// trial passed: the verifier does.
    pub fn read_log(&self, stdout: &str) -> AgentLog {
        match self {
            Self::Codex => log::codex(stdout),
            Self::ClaudeCode => log::claude_code(stdout),
            _ => AgentLog::default(),
        }
    }
}

impl fmt::Display for ExternalSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ExternalAgent::Command(words) = &self.agent {
            return write!(f, "command:{}", words::joined(words));
        }
        f.write_str(self.agent.name())?;
        self.version.iter().try_for_each(|version| write!(f, "@{version}"))
    }
}

impl FromStr for ExternalSpec {
    type Err = ExternalError;

    fn from_str(text: &str) -> Result<Self, ExternalError> {
        if let Some(line) = text.strip_prefix("command:") {
            let words = words::split(line).map_err(|why| ExternalError::Words(text.to_owned(), why))?;
            return Ok(Self { agent: ExternalAgent::Command(words), version: None });
        }
        let (name, version) = match text.split_once('@') {
            Some((_, "")) => return Err(ExternalError::NoVersion(text.to_owned())),
            Some((name, version)) => (name, Some(version.to_owned())),
            None => (text, None),
        };
        use ExternalAgent::{Aider, ClaudeCode, Codex, MiniSweAgent, OpenCode};
        let agent = [Codex, ClaudeCode, MiniSweAgent, Aider, OpenCode].into_iter().find(|a| a.name() == name);
        let agent = agent.ok_or_else(|| ExternalError::Unknown(text.to_owned()))?;
        Ok(Self { agent, version })
    }
}

/// Variables from pairs.
fn variables<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Words that a program is given.
fn strings<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_named_with_or_without_its_version() {
        let spec = |text: &str| text.parse::<ExternalSpec>();
        assert_eq!(spec("codex").unwrap(), ExternalSpec { agent: ExternalAgent::Codex, version: None });
        let pinned = spec("claude-code@2.1.330").unwrap();
        assert_eq!((&pinned.agent, pinned.version.as_deref()), (&ExternalAgent::ClaudeCode, Some("2.1.330")));
        for text in ["codex@0.169.0", "aider", "opencode@1.0", "mini-swe-agent", "command:python3 -c 'a b'"] {
            assert_eq!(spec(text).unwrap().to_string(), text);
        }
        assert_eq!(spec("codex@").unwrap_err(), ExternalError::NoVersion("codex@".into()));
        for text in ["", "native", "Codex", "@1"] {
            assert_eq!(spec(text).unwrap_err(), ExternalError::Unknown(text.into()));
        }
        assert!(spec("command:").is_err() && spec("command:a 'b").is_err());
    }

    #[test]
    fn a_version_is_read_from_what_each_one_answers() {
        let answers = [
            ("codex-cli 0.169.0\n", "0.169.0"),
            ("2.1.330 (Claude Code)", "2.1.330"),
            ("aider 0.86.1", "0.86.1"),
            ("\nv1.2.3-beta.1", "1.2.3-beta.1"),
        ];
        for (answer, version) in answers {
            assert_eq!(ExternalAgent::version_in(answer), Some(version));
        }
        assert_eq!(ExternalAgent::version_in("error: 12 things"), None);
        assert_eq!(ExternalAgent::version_in(""), None);
    }

    #[test]
    fn every_agent_has_a_profile_that_comes_with_the_program() {
        use ExternalAgent::{Aider, ClaudeCode, Codex, Command, MiniSweAgent, OpenCode};
        for agent in [Codex, ClaudeCode, MiniSweAgent, Aider, OpenCode, Command(vec!["x".into()])] {
            assert!(cassette::Profile::built_in(agent.profile()).is_ok(), "{agent:?}");
        }
    }
}
