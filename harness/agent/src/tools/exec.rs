//! `exec_command`: a shell command in the workspace.

use std::time::Duration;

use journal::ToolOutcome;
use sandbox::{Cancel, EnvError, Environment, Exec, ExecEnd, ExecOutput, OutputLimit};
use serde::Deserialize;
use serde_json::json;

use super::{Definition, OUTPUT_MAX, Tool, ToolRun, parse, shown};

/// How long a command may run where the model does not say.
pub const LIMIT_DEFAULT: Duration = Duration::from_secs(60);
/// How long it may ask for.
const LIMIT_MAX: Duration = Duration::from_secs(600);

#[derive(Deserialize)]
pub(super) struct Arguments {
    cmd: String,
    #[serde(default)]
    workdir: Option<String>,
    #[serde(default)]
    timeout_ms: Option<u64>,
}

pub(super) fn definition() -> Definition {
    let description = "Runs a command with bash in the workspace and returns its output (standard output and error \
                       together) and exit code. Long output loses its middle. There is no network.";
    let properties = json!({
        "cmd": {"type": "string", "description": "The command line, as for bash -c."},
        "workdir": {"type": "string", "description": "The folder to run in; the workspace by default."},
        "timeout_ms": {"type": "number", "description": "Kill it after this long; 60000 by default."},
    });
    (description, properties, &["cmd"])
}

pub(super) fn run(
    arguments: &str,
    env: &dyn Environment,
    cancel: &Cancel,
    limit: &dyn Fn(Duration) -> Duration,
) -> Result<ToolRun, EnvError> {
    let arguments: Arguments = match parse(Tool::ExecCommand, arguments) {
        Ok(arguments) => arguments,
        Err(run) => return Ok(run),
    };
    let asked = arguments.timeout_ms.map_or(LIMIT_DEFAULT, Duration::from_millis).min(LIMIT_MAX);
    let argv = ["bash".to_owned(), "-c".to_owned(), arguments.cmd];
    let exec = Exec {
        argv: &argv,
        cwd: arguments.workdir.as_deref().unwrap_or("/app"),
        env: &[],
        stdin: &[],
        limit: limit(asked),
        output: OutputLimit { head: OUTPUT_MAX / 2, tail: OUTPUT_MAX / 2 },
    };
    shown(env.exec(&exec, cancel).map(|output| report(&output, asked)))
}

fn report(output: &ExecOutput, asked: Duration) -> ToolRun {
    let mut text = String::from_utf8_lossy(&output.head).into_owned();
    if output.omitted > 0 {
        text.push_str(&format!("\n[... {} bytes left out ...]\n", output.omitted));
    }
    text.push_str(&String::from_utf8_lossy(&output.tail));
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let (outcome, exit, end) = match output.end {
        ExecEnd::Exited(0) => (ToolOutcome::Ok, Some(0), "[exit code 0]".to_owned()),
        ExecEnd::Exited(code) => (ToolOutcome::Failed, Some(code), format!("[exit code {code}]")),
        ExecEnd::Signaled(signal) => {
            (ToolOutcome::Failed, Some(128 + signal), format!("[killed by signal {signal}]"))
        }
        ExecEnd::TimedOut | ExecEnd::Cancelled => {
            (ToolOutcome::TimedOut, None, format!("[killed after {} s]", asked.as_secs_f64()))
        }
    };
    ToolRun { outcome, exit, output: text + &end, plan: None }
}
