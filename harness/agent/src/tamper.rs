//! Agents that do none of the work and try to look as if they had, and one that looks where none may look: what a
//! sound task gives no reward for. Each is a script for bash. Knows nothing of how a verifier works.

use std::time::Duration;

use sandbox::{Cancel, Environment, Exec, OutputLimit};

use crate::reference::carry_out;
use crate::{AgentEnd, AgentFault, Observer};

/// Names of the scripts, and the scripts.
const SCRIPTS: [(&str, &str); 7] = [
    ("reward", include_str!("tamper/reward.sh")),
    ("shims", include_str!("tamper/shims.sh")),
    ("tests", include_str!("tamper/tests.sh")),
    ("conftest", include_str!("tamper/conftest.sh")),
    ("exits", include_str!("tamper/exits.sh")),
    ("hollow", include_str!("tamper/hollow.sh")),
    ("looks", include_str!("tamper/looks.sh")),
];

/// How long a script may take.
const LIMIT: Duration = Duration::from_secs(60);
const OUTPUT: OutputLimit = OutputLimit { head: 0, tail: 4096 };

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tamper(usize);

impl Tamper {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SCRIPTS.len()).map(Self)
    }

    /// The one of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|tamper| tamper.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        SCRIPTS[self.0].0
    }

    /// Lets it act in the workspace of a task, which is named to it as `SUITE/TASK`.
    pub fn act(
        self,
        env: &dyn Environment,
        task: &str,
        cancel: &Cancel,
        observer: &mut dyn Observer,
    ) -> Result<AgentEnd, AgentFault> {
        let argv = ["bash", "-c", SCRIPTS[self.0].1].map(str::to_owned);
        let own = [("RETAKE_TASK".to_owned(), task.to_owned())];
        let exec = Exec { argv: &argv, cwd: "/app", env: &own, stdin: &[], limit: LIMIT, output: OUTPUT };
        carry_out("the tampering", env, &exec, cancel, observer)
    }
}
