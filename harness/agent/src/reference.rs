//! The agents that need no model: the oracle carries out the task's reference solution, another one a wrong answer.

use std::time::{Duration, Instant};

use base::micros;
use journal::{Event, FailureMode, Host};
use sandbox::{Cancel, EnvError, Environment, Exec, ExecEnd, OutputLimit};

use crate::{AgentEnd, AgentFault, Observer};

/// What is kept of the output.
const OUTPUT: OutputLimit = OutputLimit { head: 0, tail: 4096 };

/// How long a patch may take to apply.
const PATCH_LIMIT: Duration = Duration::from_secs(60);

/// Runs `/solution/solve.sh` in the workspace.
pub fn oracle(
    env: &dyn Environment,
    variables: &[(String, String)],
    limit: Duration,
    cancel: &Cancel,
    observer: &mut dyn Observer,
) -> Result<AgentEnd, AgentFault> {
    let argv = ["bash", "/solution/solve.sh"].map(str::to_owned);
    let exec = Exec { argv: &argv, cwd: "/app", env: variables, stdin: &[], limit, output: OUTPUT };
    carry_out("the reference solution", env, &exec, cancel, observer)
}

/// Applies a named wrong answer to the workspace.
pub fn patched(
    env: &dyn Environment,
    patch: &[u8],
    cancel: &Cancel,
    observer: &mut dyn Observer,
) -> Result<AgentEnd, AgentFault> {
    let argv = ["git", "apply", "--whitespace=nowarn", "-"].map(str::to_owned);
    let exec = Exec { argv: &argv, cwd: "/app", env: &[], stdin: patch, limit: PATCH_LIMIT, output: OUTPUT };
    carry_out("the patch", env, &exec, cancel, observer)
}

/// Runs a command as the agent's whole part.
pub(crate) fn carry_out(
    what: &str,
    env: &dyn Environment,
    exec: &Exec<'_>,
    cancel: &Cancel,
    observer: &mut dyn Observer,
) -> Result<AgentEnd, AgentFault> {
    let start = Instant::now();
    let crash = |why: String| AgentEnd::stopped(FailureMode::AgentCrash, format!("{what} {why}"));
    let (end, log) = match env.exec(exec, cancel) {
        Ok(output) => {
            let end = match output.end {
                ExecEnd::Exited(0) => AgentEnd::finished(format!("{what} was carried out")),
                ExecEnd::TimedOut => AgentEnd::stopped(FailureMode::TimeOut, format!("{what} took too long")),
                ExecEnd::Cancelled => return Err(AgentFault::Cancelled),
                ExecEnd::Exited(code) => crash(format!("ended with exit code {code}")),
                ExecEnd::Signaled(signal) => crash(format!("was killed by signal {signal}")),
            };
            (end, String::from_utf8_lossy(&output.tail).into_owned())
        }
        Err(error @ EnvError::Start { .. }) => (crash(error.to_string()), String::new()),
        Err(error) => return Err(error.into()),
    };
    let ended = Event::AgentEnded { failure: end.failure, reason: end.reason.clone() };
    observer.event(ended, Host { duration_us: Some(micros(start.elapsed())), log, ..Host::default() })?;
    Ok(end)
}
