//! What a variant is, and how `extends` and tiers resolve. Knows nothing of what is in the files that it names, and
//! opens none but policies.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wire::Perturb;

use crate::config::{DEFAULT_VARIANT, Source};
use crate::error::SuiteError;
use crate::harbor::Seconds;
use crate::policy::{Policy, PolicyTable};

/// The members of a request that are not a variant's to set: what they hold is the loop's own affair.
const RESERVED: [&str; 7] =
    ["model", "input", "tools", "instructions", "stream", "store", "prompt_cache_key"];

/// Agent x model x prompt files x tools x policy x tier.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// `native`, `oracle`, `noop` or a program such as `codex@0.169.0`.
    pub agent: String,
    /// `cassette`, `script` or a live one such as `openai:gpt-5.6`.
    pub model: String,
    /// Members that each request gets beside the loop's own, as `temperature` or `reasoning`.
    pub parameters: BTreeMap<String, Value>,
    /// Prompt files: the path in the workspace, and the file that goes there.
    pub files: BTreeMap<String, PathBuf>,
    /// A file whose text is put after the agent's own instructions.
    pub append: Option<PathBuf>,
    /// A revision that `files` and `append` are taken from, as `git:HEAD~1`.
    pub base: Option<String>,
    /// Variables of the agent's commands.
    pub env: BTreeMap<String, String>,
    /// How much the agent may do by itself, and how long it may take to be of use.
    pub tier: Tier,
    /// Rules for commands, over those of suite and task.
    pub policy: Option<Policy>,
    /// The tools the agent has; all of them where it doesn't say.
    pub tools: Option<Vec<String>>,
    /// In which ways its requests break the prompt cache on purpose; none unless it says so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub perturb: Vec<Perturb>,
}

/// How much runs unattended, how often failed checks go back, and within which time a pass is of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// Whether an agent of another maker may do everything without asking, for it is contained from outside. Where it
    /// may not, what it would ask for is denied: nobody answers.
    pub unattended: bool,
    /// Rounds of feedback, in place of the task's.
    pub rounds: Option<u32>,
    /// A pass within this time, on the trial's clock, counts as in time.
    pub latency_budget: Option<Duration>,
}

impl Tier {
    /// The tier of variants that name none.
    pub fn unattended() -> Self {
        Self { name: "unattended".to_owned(), unattended: true, rounds: None, latency_budget: None }
    }

    /// The tiers that need no table.
    fn built_in(name: &str) -> Option<Self> {
        let plain = Self { name: name.to_owned(), ..Self::unattended() };
        match name {
            "unattended" => Some(plain),
            "attended" => Some(Self { unattended: false, ..plain }),
            _ => None,
        }
    }
}

impl Variant {
    /// The built-in loop on its recordings.
    pub fn plain(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            agent: "native".to_owned(),
            model: "cassette".to_owned(),
            parameters: BTreeMap::new(),
            files: BTreeMap::new(),
            append: None,
            base: None,
            env: BTreeMap::new(),
            tier: Tier::unattended(),
            policy: None,
            tools: None,
            perturb: Vec::new(),
        }
    }
}

/// `[variant.NAME]` as written: whatever it doesn't say comes from what it extends.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct VariantTable {
    extends: Option<String>,
    agent: Option<String>,
    model: Option<String>,
    parameters: BTreeMap<String, Value>,
    files: BTreeMap<String, PathBuf>,
    append: Option<PathBuf>,
    base: Option<String>,
    env: BTreeMap<String, String>,
    tier: Option<String>,
    policy: Option<PolicyTable>,
    tools: Option<Vec<String>>,
    perturb: Option<Vec<Perturb>>,
}

/// `[tier.NAME]` as written.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TierTable {
    #[serde(default = "yes")]
    unattended: bool,
    #[serde(default)]
    rounds: Option<u32>,
    #[serde(default)]
    latency_budget_sec: Option<Seconds>,
}

fn yes() -> bool {
    true
}

/// A variant with all that it extends, the nearest word winning.
pub(crate) fn resolve(
    source: &Source<'_>,
    name: &str,
    tables: &BTreeMap<String, VariantTable>,
    tiers: &BTreeMap<String, TierTable>,
) -> Result<Variant, SuiteError> {
    let mut variant = Variant::plain(name);
    for ancestor in chain(source, name, tables)?.iter().rev() {
        if let Some(table) = tables.get(*ancestor) {
            lay_over(source, &mut variant, table.clone(), ancestor, tiers)?;
        }
    }
    if variant.base.is_some() && variant.files.is_empty() && variant.append.is_none() {
        let message = "`base` says which revision `files` and `append` are taken from, and there are none";
        return Err(source.fault(&["variant", name, "base"], message.to_owned()).into());
    }
    Ok(variant)
}

/// A variant's name, then what it extends, and so on.
fn chain<'t>(
    source: &Source<'_>,
    name: &'t str,
    tables: &'t BTreeMap<String, VariantTable>,
) -> Result<Vec<&'t str>, SuiteError> {
    let mut chain = Vec::new();
    let mut next = Some(name);
    while let Some(current) = next {
        if chain.contains(&current) {
            let circle = format!("it extends itself: {} -> {current}", chain.join(" -> "));
            return Err(source.fault(&["variant", name, "extends"], circle).into());
        }
        chain.push(current);
        next = match tables.get(current) {
            Some(table) => table.extends.as_deref(),
            None if current == DEFAULT_VARIANT => None,
            None => {
                let child = chain[chain.len().saturating_sub(2)];
                let path = ["variant", child, "extends"];
                return Err(source.unknown(&path, "variant", current, tables).into());
            }
        };
    }
    Ok(chain)
}

fn lay_over(
    source: &Source<'_>,
    variant: &mut Variant,
    table: VariantTable,
    name: &str,
    tiers: &BTreeMap<String, TierTable>,
) -> Result<(), SuiteError> {
    check(source, &table, name)?;
    if let Some(agent) = table.agent {
        variant.agent = agent;
    }
    if let Some(model) = table.model {
        variant.model = model;
    }
    if let Some(policy) = table.policy {
        variant.policy = Some(policy.resolve(source.file, source.text, &["variant", name, "policy"])?);
    }
    if let Some(tier) = table.tier {
        variant.tier = find_tier(source, &tier, name, tiers)?;
    }
    variant.parameters.extend(table.parameters);
    variant.env.extend(table.env);
    variant.files.extend(table.files.into_iter().map(|(to, from)| (to, source.root.join(from))));
    variant.append = table.append.map(|file| source.root.join(file)).or(variant.append.take());
    variant.base = table.base.or(variant.base.take());
    variant.tools = table.tools.or(variant.tools.take());
    if let Some(perturb) = table.perturb {
        variant.perturb = perturb;
    }
    Ok(())
}

fn check(source: &Source<'_>, table: &VariantTable, name: &str) -> Result<(), SuiteError> {
    let outside = |path: &&String| {
        path.is_empty()
            || path.starts_with('/')
            || path.split('/').any(|part| matches!(part, "" | "." | ".." | ".git"))
    };
    if let Some(path) = table.files.keys().find(outside) {
        let message =
            format!("a prompt file goes to a place in the workspace, as `docs/AGENTS.md`: `{path}`");
        return Err(source.fault(&["variant", name, "files", path], message).into());
    }
    if let Some(key) = table.parameters.keys().find(|key| RESERVED.contains(&key.as_str())) {
        let message = format!("`{key}` is not a parameter: the loop sets it");
        return Err(source.fault(&["variant", name, "parameters", key], message).into());
    }
    if let Some(base) = table.base.as_ref().filter(|base| base.strip_prefix("git:").is_none_or(str::is_empty))
    {
        let message = format!("`base` names a revision, as `git:HEAD~1`: `{base}`");
        return Err(source.fault(&["variant", name, "base"], message).into());
    }
    let odd = |key: &&String| key.is_empty() || key.contains(['=', '\0']);
    if let Some(key) = table.env.keys().find(odd) {
        let message = format!("a variable's name is not empty and holds no `=`: `{key}`");
        return Err(source.fault(&["variant", name, "env"], message).into());
    }
    Ok(())
}

fn find_tier(
    source: &Source<'_>,
    tier: &str,
    variant: &str,
    tiers: &BTreeMap<String, TierTable>,
) -> Result<Tier, SuiteError> {
    if let Some(table) = tiers.get(tier) {
        return Ok(Tier {
            name: tier.to_owned(),
            unattended: table.unattended,
            rounds: table.rounds,
            latency_budget: table.latency_budget_sec.map(|seconds| seconds.0),
        });
    }
    let found = Tier::built_in(tier);
    found.ok_or_else(|| {
        let error = source.unknown(&["variant", variant, "tier"], "tier", tier, tiers);
        error.with_help("write a table `[tier.NAME]`, or name `unattended` or `attended`").into()
    })
}
