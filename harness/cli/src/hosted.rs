//! What `record` and `replay` share: the agent that a command line means, and what people are told of its run. Knows
//! nothing of recordings.

use std::path::{Path, PathBuf};

use agent::external::{ExternalAgent, ExternalSpec};
use runner::hosted::{Command, Heard, ProgramEnd};

use crate::args::AgentArgs;
use crate::exit::Failure;
use crate::{output, settings};

/// An agent that can be started here.
pub(crate) struct HostAgent {
    pub(crate) agent: ExternalAgent,
    words: Vec<String>,
    unattended: bool,
    home: String,
    program: PathBuf,
}

impl HostAgent {
    /// From what was typed. `folder`: where it will be started.
    pub(crate) fn of(words: &[String], args: &AgentArgs, folder: &Path) -> Result<Self, Failure> {
        let agent = match &args.agent {
            None => ExternalAgent::of_command(words),
            Some(name) => {
                let spec: ExternalSpec = name.parse().map_err(Failure::usage)?;
                spec.agent
            }
        };
        let word = words.first().map(String::as_str).unwrap_or_default();
        let program = find(word, folder).ok_or_else(|| {
            Failure::usage(format!("{word}: there is no such program, here or on the PATH"))
        })?;
        let mut words = words.to_vec();
        if word.contains('/') {
            // It is started from another folder in a replay.
            words[0] = program.to_string_lossy().into_owned();
        }
        let home = settings::variable("HOME").unwrap_or_else(|| "/".to_owned());
        Ok(Self { agent, words, unattended: args.unattended, home, program })
    }

    pub(crate) fn command(&self) -> Command<'_> {
        Command { agent: &self.agent, words: &self.words, unattended: self.unattended, home: &self.home }
    }

    /// The version that it says it has.
    pub(crate) fn version(&self) -> Option<String> {
        let argv = self.agent.version_argv()?;
        let arguments: Vec<&str> = argv.iter().skip(1).map(String::as_str).collect();
        let said = settings::spawn(&self.program, &arguments)?;
        ExternalAgent::version_in(&said).map(str::to_owned)
    }
}

/// The file of a program.
fn find(word: &str, folder: &Path) -> Option<PathBuf> {
    let candidates: Vec<PathBuf> = match word.contains('/') {
        true => vec![folder.join(word)],
        false => settings::path().into_iter().map(|place| place.join(word)).collect(),
    };
    candidates.into_iter().find(|path| !word.is_empty() && path.is_file())
}

/// The exit code in a report: as a shell would say it; nothing where it was killed.
pub(crate) fn exit_code(end: ProgramEnd) -> Option<i32> {
    end.code()
}

/// Says how the agent ended where it did not simply finish, and what else was heard.
pub(crate) fn tell(end: ProgramEnd, heard: &Heard) {
    let reason = end.reason();
    if !reason.is_empty() {
        output::note(&reason);
    }
    for (what, times) in &heard.failures {
        output::note(&format!("{what} ({times} times)"));
    }
    for warning in warnings(heard) {
        output::note(&format!("warning: {warning}"));
    }
}

/// Its warnings, and a line for those that were not kept.
pub(crate) fn warnings(heard: &Heard) -> Vec<String> {
    let more = (heard.more_warnings > 0).then(|| format!("{} more warnings", heard.more_warnings));
    heard.warnings.iter().cloned().chain(more).collect()
}
