//! Runs a task's visible checks, one after another. Knows nothing of what is done with their results.

use std::time::Duration;

use sandbox::{Cancel, EnvError, Environment, Exec, OutputLimit};
use suite::Check;

use crate::finding::{CheckResult, Ending, Finding, Output};
use crate::parsers;

/// Where checks and verifiers run.
pub(crate) const APP: &str = "/app";
/// How much of an output the parsers see.
const PARSED: OutputLimit = OutputLimit { head: 128 * 1024, tail: 128 * 1024 };
/// How much of an output is kept with a result, at either end.
pub(crate) const KEPT: usize = 8 * 1024;
/// Findings kept of one check.
const MAX_FINDINGS: usize = 100;
/// Characters kept of one finding's message.
const MAX_MESSAGE: usize = 500;

/// Runs every check in order; a cancelled one is the last. An error is the environment's own fault: what a check
/// does wrong is in its result.
pub fn run_checks(
    env: &dyn Environment,
    checks: &[Check],
    cancel: &Cancel,
) -> Result<Vec<CheckResult>, EnvError> {
    let mut results = Vec::with_capacity(checks.len());
    for check in checks {
        let result = run_check(env, check, cancel)?;
        let stop = result.end == Ending::Cancelled;
        results.push(result);
        if stop {
            break;
        }
    }
    Ok(results)
}

fn run_check(env: &dyn Environment, check: &Check, cancel: &Cancel) -> Result<CheckResult, EnvError> {
    let argv = ["bash".to_owned(), "-c".to_owned(), check.command.clone()];
    let exec = Exec { argv: &argv, cwd: APP, env: &[], stdin: &[], limit: check.timeout, output: PARSED };
    let (end, output, duration) = match env.exec(&exec, cancel) {
        Ok(output) => (Ending::from(output.end), Output::of(&output), output.duration),
        Err(EnvError::Broken(why)) => return Err(EnvError::Broken(why)),
        // An agent can delete /app or use up its processes: the check fails, and says why.
        Err(error) => {
            let head = error.to_string();
            (Ending::NotStarted, Output { head, ..Output::default() }, Duration::ZERO)
        }
    };
    let passed = end == Ending::Exited(0);
    Ok(CheckResult {
        name: check.name.clone(),
        kind: check.kind,
        passed,
        end,
        findings: findings(check, end, passed, &output.text()),
        output: output.shortened(KEPT, KEPT),
        duration,
    })
}

fn findings(check: &Check, end: Ending, passed: bool, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if end == Ending::TimedOut {
        let message = format!("did not finish within {} s", check.timeout.as_secs_f64());
        findings.push(parsers::Found { message, ..parsers::Found::default() });
    }
    let found = parsers::parse(check.parser, text);
    if found.is_empty() && !passed && findings.is_empty() {
        findings.extend(parsers::plain(text));
    }
    findings.extend(found);
    if findings.is_empty() && !passed {
        findings.push(parsers::Found { message: end.to_string(), ..parsers::Found::default() });
    }
    findings.truncate(MAX_FINDINGS);
    findings.into_iter().map(|found| named(found, &check.name)).collect()
}

fn named(found: parsers::Found, check: &str) -> Finding {
    let mut message: String = found.message.chars().take(MAX_MESSAGE).collect();
    if message.len() < found.message.len() {
        message.push('…');
    }
    Finding { file: found.file, line: found.line, rule: found.rule, message, check: check.to_owned() }
}

#[cfg(test)]
mod tests {
    use suite::{CheckKind, Parser};

    use super::*;
    use crate::testing::FakeEnvironment;

    fn check(command: &str, parser: Option<Parser>) -> Check {
        Check {
            name: "unit".to_owned(),
            kind: CheckKind::Tests,
            command: command.to_owned(),
            timeout: Duration::from_secs(60),
            parser,
        }
    }

    fn run(command: &str) -> CheckResult {
        carried_out(check(command, None))
    }

    fn carried_out(check: Check) -> CheckResult {
        run_checks(&FakeEnvironment::new(), &[check], &Cancel::default()).unwrap().remove(0)
    }

    #[test]
    fn a_check_passes_by_its_exit_code_alone() {
        assert!(run("echo 'a.c:1: error: loud'").passed);
        let failed = run("echo 'a.c:1: error: loud'; exit 3");
        assert_eq!((failed.passed, failed.end), (false, Ending::Exited(3)));
        assert_eq!((failed.findings[0].file.as_deref(), failed.findings[0].line), (Some("a.c"), Some(1)));
        assert_eq!(run("true").findings, []);
    }

    #[test]
    fn a_check_that_hangs_fails_and_says_so() {
        let hangs = check("echo before; sleep 60; true", None);
        let result = carried_out(Check { timeout: Duration::from_millis(500), ..hangs });
        assert_eq!((result.passed, result.end), (false, Ending::TimedOut));
        assert_eq!(result.findings[0].message, "did not finish within 0.5 s");
        assert_eq!(result.output.head, "before\n");
    }

    #[test]
    fn a_silent_failure_still_has_a_finding() {
        assert_eq!(run("exit 7").findings[0].message, "exit code 7");
        assert_eq!(run("echo oops; exit 7").findings[0].message, "oops");
    }

    #[test]
    fn a_cancelled_check_is_the_last() {
        let cancel = Cancel::default();
        cancel.cancel();
        let checks = [check("sleep 5", None), check("true", None)];
        let results = run_checks(&FakeEnvironment::new(), &checks, &cancel).unwrap();
        assert_eq!(results.iter().map(|r| r.end).collect::<Vec<_>>(), [Ending::Cancelled]);
    }

    #[test]
    fn findings_and_messages_are_bounded() {
        let result = run("for i in $(seq 300); do echo \"a.c:$i: error: $(printf '%600s' x)\"; done; exit 1");
        assert_eq!(result.findings.len(), MAX_FINDINGS);
        assert!(result.findings.iter().all(|f| f.message.chars().count() <= MAX_MESSAGE + 1));
        assert!(result.output.head.len() <= KEPT && result.output.tail.len() <= KEPT);
    }
}
