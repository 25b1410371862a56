//! The agents that need no model: the oracle carries out the task's reference solution.

use std::time::{Duration, Instant};

use journal::{Event, FailureMode, Host};
use sandbox::{Cancel, EnvError, Environment, Exec, ExecEnd, OutputLimit};

use crate::tape::micros;
use crate::{AgentEnd, AgentFault, Observer};

/// Bytes of the solution's output that are kept.
const OUTPUT_KEPT: usize = 4096;

/// Runs `/solution/solve.sh` in the workspace.
pub fn oracle(
    env: &dyn Environment,
    variables: &[(String, String)],
    limit: Duration,
    cancel: &Cancel,
    observer: &mut dyn Observer,
) -> Result<AgentEnd, AgentFault> {
    let argv = ["bash".to_owned(), "/solution/solve.sh".to_owned()];
    let output = OutputLimit { head: 0, tail: OUTPUT_KEPT };
    let exec = Exec { argv: &argv, cwd: "/app", env: variables, stdin: &[], limit, output };
    let start = Instant::now();
    let (end, log) = match env.exec(&exec, cancel) {
        Ok(output) => {
            let end = match output.end {
                ExecEnd::Exited(0) => AgentEnd::finished("the reference solution was carried out"),
                ExecEnd::TimedOut => {
                    AgentEnd::stopped(FailureMode::TimeOut, "the reference solution took too long")
                }
                ExecEnd::Cancelled => return Err(AgentFault::Cancelled),
                ExecEnd::Exited(code) => AgentEnd::stopped(
                    FailureMode::AgentCrash,
                    format!("solve.sh ended with exit code {code}"),
                ),
                ExecEnd::Signaled(signal) => AgentEnd::stopped(
                    FailureMode::AgentCrash,
                    format!("solve.sh was killed by signal {signal}"),
                ),
            };
            (end, String::from_utf8_lossy(&output.tail).into_owned())
        }
        Err(error @ EnvError::Start { .. }) => {
            (AgentEnd::stopped(FailureMode::AgentCrash, error.to_string()), String::new())
        }
        Err(error) => return Err(error.into()),
    };
    let ended = Event::AgentEnded { failure: end.failure, reason: end.reason.clone() };
    observer.event(ended, Host { duration_us: Some(micros(start.elapsed())), log, ..Host::default() })?;
    Ok(end)
}
