//! A trial's world: its workspace, a container for the agent, then, when everything of the agent is dead, one for
//! the verifier. Knows nothing of models or journals.

use std::collections::BTreeMap;
use std::path::Path;

use sandbox::{
    Container, ContainerSpec, CopyIn, EnvError, Environment, Manifest, Sandbox, SandboxError, Trial,
    TrialSpec,
};
use suite::{Step, Task};

use crate::template::Template;

/// Megabytes of a workspace where the task does not say.
const STORAGE_MB_DEFAULT: u64 = 512;
/// The date of commits that an agent makes, so that they get the same ids on every host.
const COMMIT_DATE: &str = "2026-11-02T09:00:00+00:00";

/// One trial's workspace and the containers around it.
pub(crate) struct World<'a> {
    trial: Trial,
    task: &'a Task,
    /// Variables of the whole run.
    around: &'a [(String, String)],
    /// Variables of the variant, for the agent's container alone.
    own: &'a BTreeMap<String, String>,
    pub(crate) template: &'a Template,
}

impl<'a> World<'a> {
    /// A fresh workspace for a task.
    pub(crate) fn new(
        sandbox: &Sandbox,
        around: &'a [(String, String)],
        task: &'a Task,
        template: &'a Template,
        own: &'a BTreeMap<String, String>,
    ) -> Result<Self, SandboxError> {
        let storage = task.harbor.environment.storage_mb.map_or(STORAGE_MB_DEFAULT, u64::from);
        let spec = TrialSpec { workspace_bytes: storage << 20, ..TrialSpec::on(&template.path) };
        Ok(Self { trial: sandbox.trial(&spec)?, task, around, own, template })
    }

    fn variables(&self) -> Vec<(String, String)> {
        let own = self.task.harbor.environment.env.iter().map(|(name, value)| (name.clone(), value.clone()));
        self.around.iter().cloned().chain(self.template.env.iter().cloned()).chain(own).collect()
    }

    /// A container for the agent; the oracle's holds the reference solution.
    pub(crate) fn agent(&self, solution: Option<&Path>) -> Result<Container, SandboxError> {
        let copies = solution.map(|source| CopyIn {
            source: source.to_owned(),
            target: "/solution".to_owned(),
            writable: false,
        });
        let mut env = self.variables();
        for name in ["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"] {
            env.push((name.to_owned(), COMMIT_DATE.to_owned()));
        }
        env.extend(self.own.iter().map(|(name, value)| (name.clone(), value.clone())));
        let copies = copies.into_iter().collect();
        self.trial.container(&ContainerSpec { env, copies, ..ContainerSpec::default() })
    }

    /// A container for the verifier: fresh but for the workspace, with the hidden tests.
    pub(crate) fn verifier(&self, step: &Step) -> Result<Container, SandboxError> {
        let copies = step.tests_dirs.iter().map(|source| CopyIn {
            source: source.clone(),
            target: "/tests".to_owned(),
            writable: false,
        });
        self.trial.container(&ContainerSpec {
            home: "/home/verifier".to_owned(),
            env: self.variables(),
            copies: copies.collect(),
            ..ContainerSpec::default()
        })
    }

    /// Every file of the workspace that matters.
    pub(crate) fn files(&self, env: &dyn Environment) -> Result<Manifest, EnvError> {
        env.manifest("/app", &self.task.settings.exclude)
    }
}

/// Versions of the programs that tools are likely to run, as they say it inside the sandbox.
pub(crate) fn versions(env: &dyn Environment, needs: &[String]) -> BTreeMap<String, String> {
    let names = ["bash", "git"].into_iter().chain(needs.iter().map(String::as_str));
    let version = |name: &str| {
        let argv = [name.to_owned(), "--version".to_owned()];
        let limit = std::time::Duration::from_secs(20);
        let output = sandbox::OutputLimit { head: 256, tail: 0 };
        let exec = sandbox::Exec { argv: &argv, cwd: "/", env: &[], stdin: &[], limit, output };
        let done = env.exec(&exec, &sandbox::Cancel::default()).ok()?;
        let line = String::from_utf8_lossy(&done.head).lines().next()?.to_owned();
        (done.end == sandbox::ExecEnd::Exited(0)).then_some(line)
    };
    names.filter_map(|name| Some((name.to_owned(), version(name)?))).collect()
}
