//! Runs a task's hidden verifier and reads its reward. Knows nothing of the tests inside, nor of what a reward is
//! used for.

use std::collections::BTreeMap;
use std::time::Duration;

use sandbox::{Cancel, EntryKind, EnvError, Environment, Exec, FileFault, OutputLimit};
use serde::{Deserialize, Serialize};

use crate::check::{APP, KEPT};
use crate::finding::{Ending, Output, floor_boundary};

/// Where a verifier leaves its reward.
const LOGS: &str = "/logs/verifier";
/// The largest reward file that is read.
const MAX_REWARD: u64 = 1024 * 1024;
/// Bytes of a reward that is none which are shown.
const SHOWN: usize = 200;
/// The name of the reward in a `reward.txt`.
const ONLY_REWARD: &str = "reward";
/// Runs a script as an executable where it is one, else by bash; no process more than the script's own.
const START: &str =
    r##"IFS= read -rn2 mark <"$0"; [[ -x $0 && $mark == '#!' ]] && exec "$0"; exec bash "$0""##;

/// How to verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierPlan {
    /// The script inside, `/tests/test.sh`.
    pub script: String,
    /// Where it starts, `/app`.
    pub cwd: String,
    /// The reward that decides.
    pub reward_key: String,
    /// How long it may run.
    pub timeout: Duration,
    /// Its variables.
    pub env: Vec<(String, String)>,
}

impl Default for VerifierPlan {
    fn default() -> Self {
        Self {
            script: "/tests/test.sh".to_owned(),
            cwd: APP.to_owned(),
            reward_key: suite::DEFAULT_REWARD_KEY.to_owned(),
            timeout: suite::DEFAULT_VERIFIER,
            env: Vec::new(),
        }
    }
}

/// What a verifier said, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// Its verdict, or why it has none.
    pub outcome: Outcome,
    /// How its script ended; never decides.
    pub end: Ending,
    /// What it wrote.
    pub output: Output,
    /// Real time it took: a fact about the host.
    pub duration: Duration,
}

/// A verdict, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It gave rewards.
    Rewarded {
        /// The one that decides.
        reward: f64,
        /// All of them by name.
        rewards: BTreeMap<String, f64>,
    },
    /// It gave none that counts.
    Failed(VerifierFault),
}

/// Why a verifier gave no reward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum VerifierFault {
    /// Neither file is there.
    #[error("the verifier wrote neither {LOGS}/reward.json nor {LOGS}/reward.txt")]
    NoReward,
    /// The file doesn't hold finite numbers.
    #[error("the verifier's reward is no finite number: {text:?}")]
    NotANumber {
        /// What it holds, shortened.
        text: String,
    },
    /// Its time was up.
    #[error("the verifier timed out")]
    TimedOut,
    /// Something killed it.
    #[error("the verifier was killed by signal {signal}")]
    KilledBySignal {
        /// The signal's number.
        signal: i32,
    },
    /// The reward that decides is not among those it gave.
    #[error("the verifier gave no reward `{key}`, only {}", found.join(", "))]
    MissingKey {
        /// The one that decides.
        key: String,
        /// Those that are there.
        found: Vec<String>,
    },
    /// The file is too large to be a reward.
    #[error("the verifier's reward file is larger than 1 MiB")]
    TooLarge,
    /// The script could not be started.
    #[error("the verifier could not be started")]
    NotStarted,
    /// Somebody stopped the trial.
    #[error("the verifier was cancelled")]
    Cancelled,
}

/// Runs the verifier's script and reads what it rewards. Rewards that stood there before are removed first.
pub fn verify(env: &dyn Environment, plan: &VerifierPlan, cancel: &Cancel) -> Result<Verification, EnvError> {
    clear_rewards(env, cancel)?;
    let argv = ["bash", "-c", START, &plan.script].map(str::to_owned);
    let output = OutputLimit { head: KEPT, tail: KEPT };
    let exec = Exec { argv: &argv, cwd: &plan.cwd, env: &plan.env, stdin: &[], limit: plan.timeout, output };
    let (end, output, duration) = match env.exec(&exec, cancel) {
        Ok(done) => (Ending::from(done.end), Output::of(&done), done.duration),
        Err(EnvError::Broken(why)) => return Err(EnvError::Broken(why)),
        Err(error) => {
            let head = error.to_string();
            (Ending::NotStarted, Output { head, ..Output::default() }, Duration::ZERO)
        }
    };
    // What the code under test has left running could still write a reward of its own.
    env.still()?;
    let outcome = match end {
        Ending::Exited(_) => rewards(env, &plan.reward_key)?.unwrap_or_else(Outcome::Failed),
        Ending::Signaled(signal) => Outcome::Failed(VerifierFault::KilledBySignal { signal }),
        Ending::TimedOut => Outcome::Failed(VerifierFault::TimedOut),
        Ending::Cancelled => Outcome::Failed(VerifierFault::Cancelled),
        Ending::NotStarted => Outcome::Failed(VerifierFault::NotStarted),
    };
    Ok(Verification { outcome, end, output: output.shortened(KEPT, KEPT), duration })
}

/// Empties the verifier's folder, which the agent could write to, and makes it where it is not there.
fn clear_rewards(env: &dyn Environment, cancel: &Cancel) -> Result<(), EnvError> {
    let entries = match env.list(LOGS, 1, 1000) {
        Ok(entries) => entries,
        Err(EnvError::File { fault: FileFault::NotFound, .. }) => {
            let made = format!("{LOGS}/.made");
            env.write(&made, b"", None)?;
            return env.remove(&made);
        }
        Err(EnvError::File { .. }) => return force_clear(env, cancel),
        Err(error) => return Err(error),
    };
    for entry in entries.iter().filter(|entry| entry.path.starts_with("reward.")) {
        let removed = match entry.kind {
            EntryKind::Folder => return force_clear(env, cancel),
            _ => env.remove(&format!("{LOGS}/{}", entry.path)),
        };
        match removed {
            Err(EnvError::File { fault: FileFault::NotFound, .. }) | Ok(()) => {}
            Err(EnvError::File { .. }) => return force_clear(env, cancel),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn force_clear(env: &dyn Environment, cancel: &Cancel) -> Result<(), EnvError> {
    let script = format!("chmod -R u+rwX {LOGS} 2>/dev/null; rm -rf {LOGS}; mkdir -p {LOGS}");
    let argv = ["bash".to_owned(), "-c".to_owned(), script];
    let output = OutputLimit { head: 0, tail: 0 };
    let limit = Duration::from_secs(30);
    env.exec(&Exec { argv: &argv, cwd: "/", env: &[], stdin: &[], limit, output }, cancel).map(drop)
}

fn rewards(env: &dyn Environment, key: &str) -> Result<Result<Outcome, VerifierFault>, EnvError> {
    let json = match read_reward(env, "reward.json")? {
        Ok(json) => json,
        Err(fault) => return Ok(Err(fault)),
    };
    if let Some(json) = json {
        return Ok(from_json(&json, key));
    }
    Ok(match read_reward(env, "reward.txt")? {
        Ok(Some(text)) => from_text(&text),
        Ok(None) => Err(VerifierFault::NoReward),
        Err(fault) => Err(fault),
    })
}

type Found = Result<Option<String>, VerifierFault>;

fn read_reward(env: &dyn Environment, name: &str) -> Result<Found, EnvError> {
    match env.read(&format!("{LOGS}/{name}"), MAX_REWARD) {
        Ok(bytes) => Ok(Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))),
        Err(EnvError::File { fault: FileFault::TooLarge, .. }) => Ok(Err(VerifierFault::TooLarge)),
        Err(EnvError::Broken(why)) => Err(EnvError::Broken(why)),
        Err(_) => Ok(Ok(None)),
    }
}

fn from_json(json: &str, key: &str) -> Result<Outcome, VerifierFault> {
    let rewards: BTreeMap<String, f64> = serde_json::from_str(json).map_err(|_| not_a_number(json))?;
    if rewards.values().any(|reward| !reward.is_finite()) {
        return Err(not_a_number(json));
    }
    match rewards.get(key) {
        Some(reward) => Ok(Outcome::Rewarded { reward: *reward, rewards }),
        None => {
            Err(VerifierFault::MissingKey { key: key.to_owned(), found: rewards.keys().cloned().collect() })
        }
    }
}

fn from_text(text: &str) -> Result<Outcome, VerifierFault> {
    match text.trim().parse::<f64>() {
        Ok(reward) if reward.is_finite() => {
            Ok(Outcome::Rewarded { reward, rewards: BTreeMap::from([(ONLY_REWARD.to_owned(), reward)]) })
        }
        _ => Err(not_a_number(text)),
    }
}

fn not_a_number(text: &str) -> VerifierFault {
    VerifierFault::NotANumber { text: text[..floor_boundary(text, SHOWN)].to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeEnvironment;

    fn verification(env: &FakeEnvironment, script: &str, plan: &VerifierPlan) -> Verification {
        env.write("/tests/test.sh", script.as_bytes(), None).unwrap();
        verify(env, plan, &Cancel::default()).unwrap()
    }

    fn outcome(script: &str) -> Outcome {
        verification(&FakeEnvironment::new(), script, &VerifierPlan::default()).outcome
    }

    fn reward(script: &str) -> f64 {
        match outcome(script) {
            Outcome::Rewarded { reward, .. } => reward,
            Outcome::Failed(fault) => panic!("{fault}"),
        }
    }

    fn fault(script: &str) -> VerifierFault {
        match outcome(script) {
            Outcome::Failed(fault) => fault,
            Outcome::Rewarded { reward, .. } => panic!("{reward}"),
        }
    }

    const TXT: &str = "/logs/verifier/reward.txt";
    const JSON: &str = "/logs/verifier/reward.json";

    #[test]
    fn the_reward_decides_and_the_exit_code_does_not() {
        assert_eq!(reward(&format!("echo ' 0.5 ' > {TXT}; exit 1")), 0.5);
        assert_eq!(
            reward(&format!("echo 0 > {TXT}; echo '{{\"reward\": 1, \"style\": 0.2}}' > {JSON}")),
            1.0
        );
        assert_eq!(fault("exit 0"), VerifierFault::NoReward);
    }

    #[test]
    fn only_finite_numbers_are_rewards() {
        for text in ["NaN", "inf", "1 2", "", "one", "1e999"] {
            let fault = fault(&format!("echo '{text}' > {TXT}"));
            assert!(matches!(fault, VerifierFault::NotANumber { .. }), "{text}: {fault}");
        }
        for json in ["{\"reward\": NaN}", "{\"reward\": \"1\"}", "[1]", "1", "", "{\"reward\": 1e999}"] {
            let fault = fault(&format!("echo 1 > {TXT}; echo '{json}' > {JSON}"));
            assert!(matches!(fault, VerifierFault::NotANumber { .. }), "{json}: {fault}");
        }
    }

    #[test]
    fn the_key_that_decides_must_be_among_the_rewards() {
        let script = format!("echo '{{\"tests\": 1, \"style\": 0}}' > {JSON}");
        let missing = VerifierFault::MissingKey {
            key: "reward".to_owned(),
            found: vec!["style".to_owned(), "tests".to_owned()],
        };
        assert_eq!(fault(&script), missing);
        let plan = VerifierPlan { reward_key: "tests".to_owned(), ..VerifierPlan::default() };
        let outcome = verification(&FakeEnvironment::new(), &script, &plan).outcome;
        assert!(matches!(outcome, Outcome::Rewarded { reward: 1.0, .. }));
    }

    #[test]
    fn a_verifier_that_hangs_or_is_killed_gives_no_reward() {
        let plan = VerifierPlan { timeout: Duration::from_millis(300), ..VerifierPlan::default() };
        let late = verification(&FakeEnvironment::new(), &format!("echo 1 > {TXT}; sleep 60"), &plan);
        assert_eq!(late.outcome, Outcome::Failed(VerifierFault::TimedOut));
        assert_eq!(
            fault(&format!("echo 1 > {TXT}; kill -9 $$")),
            VerifierFault::KilledBySignal { signal: 9 }
        );
    }

    #[test]
    fn a_reward_of_an_agents_own_making_does_not_count() {
        let env = FakeEnvironment::new();
        env.write(JSON, b"{\"reward\": 1}", None).unwrap();
        let plan = VerifierPlan::default();
        assert_eq!(verification(&env, "true", &plan).outcome, Outcome::Failed(VerifierFault::NoReward));
        env.write(&format!("{JSON}/sub/file"), b"", None).unwrap();
        let told = verification(&env, &format!("echo 1 > {TXT}"), &plan).outcome;
        assert!(matches!(told, Outcome::Rewarded { reward: 1.0, .. }));
    }

    #[test]
    fn a_reward_file_is_read_up_to_a_bound() {
        assert_eq!(fault(&format!("head -c 2000000 /dev/zero > {TXT}")), VerifierFault::TooLarge);
    }

    #[test]
    fn a_script_with_a_shebang_runs_as_what_it_says_and_any_other_by_bash() {
        let env = FakeEnvironment::new();
        let script = "#!/usr/bin/env python3\nopen('/logs/verifier/reward.txt', 'w').write('0.25')\n";
        env.write("/tests/test.sh", script.as_bytes(), Some(true)).unwrap();
        let done = verify(&env, &VerifierPlan::default(), &Cancel::default()).unwrap();
        assert!(matches!(done.outcome, Outcome::Rewarded { reward: 0.25, .. }), "{done:?}");
        assert_eq!(reward(&format!("[[ 1 == 1 ]] && echo 1 > {TXT}")), 1.0);
    }

    #[test]
    fn a_verifier_gets_its_variables() {
        let plan =
            VerifierPlan { env: vec![("POINTS".to_owned(), "0.75".to_owned())], ..VerifierPlan::default() };
        let done = verification(&FakeEnvironment::new(), &format!("echo $POINTS > {TXT}"), &plan);
        assert!(matches!(done.outcome, Outcome::Rewarded { reward: 0.75, .. }), "{done:?}");
    }
}
