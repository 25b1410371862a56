//! The tables of a Harbor `task.toml` (schema 1.0 to 1.4), as data with Harbor's own names and defaults.
//! Knows nothing of what Retake makes of them.

use std::collections::BTreeMap;
use std::time::Duration;

use base::FormatVersion;
use serde::{Deserialize, Deserializer};

use crate::retake::RetakeTable;

/// Environment variables by name.
pub type Vars = BTreeMap<String, String>;

/// A whole number or fraction of seconds, as `timeout_sec = 90.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Seconds(pub Duration);

impl TryFrom<f64> for Seconds {
    type Error = String;

    fn try_from(seconds: f64) -> Result<Self, String> {
        match Duration::try_from_secs_f64(seconds) {
            Ok(duration) if seconds <= 1e9 => Ok(Self(duration)),
            _ => Err(format!("a duration is a number of seconds from 0 to 1e9, not {seconds}")),
        }
    }
}

impl Seconds {
    const fn of(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

/// All tables of a `task.toml` that Harbor defines.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct HarborTask {
    /// `[task]`: what the registry knows the task by.
    pub task: Option<PackageInfo>,
    /// `[metadata]`: free.
    pub metadata: toml::Table,
    /// `[agent]`.
    pub agent: AgentTable,
    /// `[verifier]`.
    pub verifier: VerifierTable,
    /// `[environment]`.
    pub environment: EnvironmentTable,
    /// `[solution]`.
    pub solution: SolutionTable,
    /// Where the task came from.
    pub source: Option<String>,
    /// How the rewards of several steps become one; `None` means `mean`.
    pub multi_step_reward_strategy: Option<RewardStrategy>,
    /// `[[steps]]`.
    pub steps: Vec<StepTable>,
    /// Files to keep after the trial.
    pub artifacts: Vec<Artifact>,
    /// The schema that the file was written for.
    pub schema_version: Option<FormatVersion>,
    /// The same, as older files call it.
    pub version: Option<FormatVersion>,
    /// The one table that is ours.
    pub(crate) retake: Option<RetakeTable>,
}

/// `[task]`.
#[derive(Clone, Debug, Deserialize)]
pub struct PackageInfo {
    /// `org/name`.
    pub name: String,
    /// A semantic version.
    #[serde(default)]
    pub version: Option<String>,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// Who wrote it.
    #[serde(default)]
    pub authors: Vec<Author>,
    /// For search.
    #[serde(default)]
    pub keywords: Vec<String>,
}

/// One of `[task] authors`.
#[derive(Clone, Debug, Deserialize)]
pub struct Author {
    /// Their name.
    pub name: String,
    /// Their address.
    #[serde(default)]
    pub email: Option<String>,
}

/// A user by name or number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum User {
    /// By number.
    Id(u32),
    /// By name.
    Name(String),
}

/// What the network lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkMode {
    /// Everything.
    Public,
    /// Nothing.
    NoNetwork,
    /// The listed hosts.
    Allowlist,
}

/// `[agent]`, of a task or a step.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AgentTable {
    /// How long the agent may work.
    pub timeout_sec: Option<Seconds>,
    /// Whom it runs as.
    pub user: Option<User>,
    /// Its network, where it differs from the environment's.
    pub network_mode: Option<NetworkMode>,
    /// Hosts under `allowlist`.
    pub allowed_hosts: Vec<String>,
}

/// Where a verifier runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentMode {
    /// In the agent's environment.
    Shared,
    /// In one of its own.
    Separate,
}

/// `[verifier]`, of a task or a step.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct VerifierTable {
    /// How long it may run; 600 s.
    pub timeout_sec: Option<Seconds>,
    /// Its variables.
    pub env: Vars,
    /// Whom it runs as.
    pub user: Option<User>,
    /// In the agent's environment or its own.
    pub environment_mode: Option<EnvironmentMode>,
    /// Its own environment.
    pub environment: Option<EnvironmentTable>,
    /// Its network, where it differs from the environment's.
    pub network_mode: Option<NetworkMode>,
    /// Hosts under `allowlist`.
    pub allowed_hosts: Vec<String>,
    /// Commands that gather files before it runs.
    pub collect: Vec<Collect>,
}

impl VerifierTable {
    /// Whether the verifier asks for an environment of its own.
    pub fn is_separate(&self) -> bool {
        self.environment_mode == Some(EnvironmentMode::Separate) || self.environment.is_some()
    }
}

/// One of `[[verifier.collect]]`.
#[derive(Clone, Debug, Deserialize)]
pub struct Collect {
    /// The command.
    pub command: String,
    /// The compose service that it runs in.
    #[serde(default)]
    pub service: Option<String>,
    /// How long it may run.
    #[serde(default)]
    pub timeout_sec: Option<Seconds>,
    /// Whom it runs as.
    #[serde(default)]
    pub user: Option<User>,
}

/// `[environment]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct EnvironmentTable {
    /// How long building it may take.
    pub build_timeout_sec: Seconds,
    /// A ready image.
    pub docker_image: Option<String>,
    /// The operating system.
    #[serde(deserialize_with = "any_case")]
    pub os: Os,
    /// Processors.
    pub cpus: Option<f64>,
    /// Memory in MB.
    pub memory_mb: Option<u64>,
    /// Disk in MB.
    pub storage_mb: Option<u64>,
    /// Memory, as older schemas write it (`"2G"`).
    pub memory: Option<String>,
    /// Disk, as older schemas write it.
    pub storage: Option<String>,
    /// Graphics processors.
    pub gpus: Option<u32>,
    /// Which ones will do.
    pub gpu_types: Option<Vec<String>>,
    /// A tensor processor.
    pub tpu: Option<Tpu>,
    /// What older schemas say in place of `network_mode`.
    pub allow_internet: Option<bool>,
    /// What the network lets through.
    pub network_mode: Option<NetworkMode>,
    /// Hosts under `allowlist`.
    pub allowed_hosts: Vec<String>,
    /// Tool servers for the agent.
    pub mcp_servers: Vec<McpServer>,
    /// Its variables; `${NAME}` and `${NAME:-default}` stand for the host's.
    pub env: Vars,
    /// A folder of skills inside the environment.
    pub skills_dir: Option<String>,
    /// When it is ready.
    pub healthcheck: Option<Healthcheck>,
    /// Where commands start.
    pub workdir: Option<String>,
}

impl Default for EnvironmentTable {
    fn default() -> Self {
        Self {
            build_timeout_sec: Seconds::of(600),
            docker_image: None,
            os: Os::Linux,
            cpus: None,
            memory_mb: None,
            storage_mb: None,
            memory: None,
            storage: None,
            gpus: None,
            gpu_types: None,
            tpu: None,
            allow_internet: None,
            network_mode: None,
            allowed_hosts: Vec::new(),
            mcp_servers: Vec::new(),
            env: Vars::new(),
            skills_dir: None,
            healthcheck: None,
            workdir: None,
        }
    }
}

/// The operating system of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Os {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
}

fn any_case<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Os, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.to_ascii_lowercase().as_str() {
        "linux" => Ok(Os::Linux),
        "windows" => Ok(Os::Windows),
        _ => Err(serde::de::Error::unknown_variant(&text, &["linux", "windows"])),
    }
}

/// `[environment.tpu]`.
#[derive(Clone, Debug, Deserialize)]
pub struct Tpu {
    /// The generation.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many, in which shape.
    #[serde(default)]
    pub topology: Option<String>,
}

/// One of `environment.mcp_servers`.
#[derive(Clone, Debug, Deserialize)]
pub struct McpServer {
    /// Its name.
    pub name: String,
    /// `stdio`, `sse` or `streamable-http`.
    #[serde(default)]
    pub transport: Option<String>,
    /// Where it listens.
    #[serde(default)]
    pub url: Option<String>,
    /// What starts it.
    #[serde(default)]
    pub command: Option<String>,
    /// Its arguments.
    #[serde(default)]
    pub args: Vec<String>,
}

/// `[environment.healthcheck]`, or a step's.
#[derive(Clone, Debug, Deserialize)]
pub struct Healthcheck {
    /// Exit code 0 means ready.
    pub command: String,
    /// Between two tries; 5 s.
    #[serde(default = "five")]
    pub interval_sec: Seconds,
    /// For one try; 30 s.
    #[serde(default = "thirty")]
    pub timeout_sec: Seconds,
    /// While failures don't count.
    #[serde(default = "zero")]
    pub start_period_sec: Seconds,
    /// Between two tries of the start period; 5 s.
    #[serde(default = "five")]
    pub start_interval_sec: Seconds,
    /// Failures in a row that mean broken; 3.
    #[serde(default = "three")]
    pub retries: u32,
}

fn zero() -> Seconds {
    Seconds::of(0)
}

fn five() -> Seconds {
    Seconds::of(5)
}

fn thirty() -> Seconds {
    Seconds::of(30)
}

fn three() -> u32 {
    3
}

/// `[solution]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SolutionTable {
    /// Variables of `solve.sh`.
    pub env: Vars,
}

/// How the rewards of several steps become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RewardStrategy {
    /// The mean over the steps, by key; a missing key is 0.
    #[default]
    Mean,
    /// The last step's.
    Final,
}

/// One of `[[steps]]`.
#[derive(Clone, Debug, Deserialize)]
pub struct StepTable {
    /// The folder below `steps/`.
    pub name: String,
    /// Its own `[agent]`.
    #[serde(default)]
    pub agent: AgentTable,
    /// Its own `[verifier]`.
    #[serde(default)]
    pub verifier: VerifierTable,
    /// What has to be reached for the next step to begin.
    #[serde(default)]
    pub min_reward: Option<MinReward>,
    /// When its environment is ready.
    #[serde(default)]
    pub healthcheck: Option<Healthcheck>,
    /// Files to keep after it.
    #[serde(default)]
    pub artifacts: Vec<Artifact>,
}

/// The reward that a step has to reach.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum MinReward {
    /// Of the task's reward key.
    One(f64),
    /// By key.
    ByKey(BTreeMap<String, f64>),
}

/// A file or folder to keep after the trial.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Artifact {
    /// Its path inside the environment.
    Path(String),
    /// With a name of its own and exclusions.
    Table {
        /// Its path inside the environment.
        source: String,
        /// Its name among the artifacts.
        #[serde(default)]
        destination: Option<String>,
        /// What to leave out.
        #[serde(default)]
        exclude: Vec<String>,
    },
}
