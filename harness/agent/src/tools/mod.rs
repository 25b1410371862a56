//! The native agent's tools: their definitions, and one call from arguments to output. What goes wrong in a call is
//! an output that the model sees; only a broken environment is an error. Knows nothing of policy, recording or time.

mod exec;
mod files;
mod plan;
mod search;

use std::time::Duration;

use journal::{PlanStep, ToolOutcome};
use sandbox::{Cancel, EnvError, Environment};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub use exec::LIMIT_DEFAULT;

/// Bytes of an output that the model is shown at most; the middle of a longer one is left out.
pub const OUTPUT_MAX: usize = 16 * 1024;

/// What one call came to.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolRun {
    /// How it went.
    pub outcome: ToolOutcome,
    /// Exit code of a command.
    pub exit: Option<i32>,
    /// What the model is shown.
    pub output: String,
    /// The new plan, where the call stated one.
    pub plan: Option<Vec<PlanStep>>,
}

impl ToolRun {
    fn new(outcome: ToolOutcome, output: impl Into<String>) -> Self {
        Self { outcome, exit: None, output: output.into(), plan: None }
    }

    fn ok(output: impl Into<String>) -> Self {
        Self::new(ToolOutcome::Ok, output)
    }

    fn failed(output: impl Into<String>) -> Self {
        Self::new(ToolOutcome::Failed, output)
    }

    /// A call that was not carried out.
    pub fn rejected(output: impl Into<String>) -> Self {
        Self::new(ToolOutcome::Rejected, output)
    }

    /// A call that the policy denied.
    pub fn denied(reason: &str) -> Self {
        Self::new(ToolOutcome::Denied, format!("denied by policy: {reason}"))
    }
}

/// One of the tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Runs a shell command.
    ExecCommand,
    /// Applies a patch.
    ApplyPatch,
    /// Reads lines of a file.
    ReadFile,
    /// Writes a whole file.
    WriteFile,
    /// Lists a folder.
    ListDir,
    /// Searches files.
    Grep,
    /// States the plan.
    UpdatePlan,
}

impl Tool {
    /// All tools, in the order in which the model is told of them.
    pub const ALL: [Self; 7] = [
        Self::ExecCommand,
        Self::ApplyPatch,
        Self::ReadFile,
        Self::WriteFile,
        Self::ListDir,
        Self::Grep,
        Self::UpdatePlan,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExecCommand => "exec_command",
            Self::ApplyPatch => "apply_patch",
            Self::ReadFile => "read_file",
            Self::WriteFile => "write_file",
            Self::ListDir => "list_dir",
            Self::Grep => "grep",
            Self::UpdatePlan => "update_plan",
        }
    }

    /// The tool of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// Whether it only looks, so that several may run at once.
    pub fn reads(self) -> bool {
        matches!(self, Self::ReadFile | Self::ListDir | Self::Grep | Self::UpdatePlan)
    }

    /// Its definition, as the model is told it.
    pub fn definition(self) -> Value {
        let (description, properties, required) = match self {
            Self::ExecCommand => exec::definition(),
            Self::ApplyPatch => files::patch_definition(),
            Self::ReadFile => files::read_definition(),
            Self::WriteFile => files::write_definition(),
            Self::ListDir => files::list_definition(),
            Self::Grep => search::definition(),
            Self::UpdatePlan => plan::definition(),
        };
        json!({
            "type": "function",
            "name": self.name(),
            "description": description,
            "strict": false,
            "parameters": {
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            },
        })
    }

    /// What the policy judges of a call that is no command: the tool and the paths it is given.
    pub fn words(self, arguments: &str) -> Vec<String> {
        let value: Value = serde_json::from_str(arguments).unwrap_or_default();
        let path = value.get("path").and_then(Value::as_str).map(str::to_owned);
        [Some(self.name().to_owned()), path].into_iter().flatten().collect()
    }

    /// The shell script of an `exec_command` call.
    pub fn script(self, arguments: &str) -> Option<String> {
        let value: Value = serde_json::from_str(arguments).ok()?;
        (self == Self::ExecCommand).then(|| value.get("cmd")?.as_str().map(str::to_owned))?
    }

    /// The plan that a call states.
    pub fn plan(self, arguments: &str) -> Option<Vec<PlanStep>> {
        if self == Self::UpdatePlan { plan::run(arguments).plan } else { None }
    }

    /// Carries one call out. `limit` says how long a command may really run, given what the model asked for.
    pub fn run(
        self,
        arguments: &str,
        env: &dyn Environment,
        cancel: &Cancel,
        limit: &dyn Fn(Duration) -> Duration,
    ) -> Result<ToolRun, EnvError> {
        match self {
            Self::ExecCommand => exec::run(arguments, env, cancel, limit),
            Self::ApplyPatch => files::patch(arguments, env),
            Self::ReadFile => files::read(arguments, env),
            Self::WriteFile => files::write(arguments, env),
            Self::ListDir => files::list(arguments, env),
            Self::Grep => search::run(arguments, env),
            Self::UpdatePlan => Ok(plan::run(arguments)),
        }
    }
}

/// What the model is told of a tool: a description, its parameters, and the names of those that it must give.
type Definition = (&'static str, Value, &'static [&'static str]);

/// Reads a call's arguments, or says what is wrong with them.
fn parse<T: DeserializeOwned>(tool: Tool, arguments: &str) -> Result<T, ToolRun> {
    // A struct would also be read from an array.
    let object = arguments.trim_start().starts_with('{');
    let parsed = serde_json::from_str(arguments).map_err(|error| error.to_string());
    parsed.and_then(|value| if object { Ok(value) } else { Err("not a JSON object".to_owned()) }).map_err(
        |error| ToolRun::rejected(format!("failed to parse the arguments of {}: {error}", tool.name())),
    )
}

/// Turns what is the agent's own fault into an output; anything else stays an error.
fn shown(result: Result<ToolRun, EnvError>) -> Result<ToolRun, EnvError> {
    match result {
        Err(error @ (EnvError::File { .. } | EnvError::Start { .. })) => {
            Ok(ToolRun::failed(error.to_string()))
        }
        other => other,
    }
}

/// A text cut to `OUTPUT_MAX` bytes, its middle left out.
fn bounded(text: String) -> String {
    if text.len() <= OUTPUT_MAX {
        return text;
    }
    let mut head = OUTPUT_MAX / 2;
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    let mut tail = text.len() - OUTPUT_MAX / 2;
    while !text.is_char_boundary(tail) {
        tail += 1;
    }
    format!("{}\n[... {} bytes left out ...]\n{}", &text[..head], tail - head, &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_outputs_lose_their_middle_at_character_borders() {
        let text = "é".repeat(OUTPUT_MAX);
        let cut = bounded(text);
        assert!(cut.len() < OUTPUT_MAX + 100);
        assert!(
            cut.contains("[... 16384 bytes left out ...]"),
            "{}",
            &cut[OUTPUT_MAX / 2 - 4..OUTPUT_MAX / 2 + 60]
        );
    }

    #[test]
    fn arguments_that_cannot_be_read_are_said_to_be_so() {
        for bad in ["", "{", "[]", "{\"cmd\":1}", "{}"] {
            let run = parse::<exec::Arguments>(Tool::ExecCommand, bad).err().unwrap();
            assert_eq!(run.outcome, ToolOutcome::Rejected);
            assert!(
                run.output.starts_with("failed to parse the arguments of exec_command: "),
                "{}",
                run.output
            );
        }
    }
}
