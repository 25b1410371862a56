//! Which recordings a change has made void, and by which cause: what each agent would be asked with today, beside what its
//! recording begins with. Workspaces are made, as for a trial; no agent runs. Knows nothing of how it is shown.

mod foreign;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use agent::PromptSpec;
use agent::external::ExternalSpec;
use base::Digest;
use cassette::Cassette;
use model::{MAIN_LANE, Script};
use rayon::prelude::*;
use sandbox::{Environment, Sandbox};
use serde::Serialize;
use suite::{Suite, Task, TaskEntry, Variant};
use wire::{Block, Cause, Protocol};

use crate::attempt::Fault;
use crate::keep;
use crate::plan::{ModelSpec, Selection, keep_tasks};
use crate::prompts::{self, Git, Prompts};
use crate::regrade::said;
use crate::run::{Options, RunError, surroundings};
use crate::template::Templates;
use crate::world::World;

pub(crate) use foreign::{is_other, texts};

/// A recording beside what would be asked today.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// Its suite.
    pub suite: String,
    /// Its task.
    pub task: String,
    /// The variant that plays it, or that records it anew.
    pub variant: String,
    /// Which sample it is, from 1.
    pub number: u32,
    /// The file.
    pub path: PathBuf,
    /// What has made it void; empty where nothing has.
    pub causes: Vec<Void>,
    /// What could not be looked at here, and why; empty where all was.
    pub left: String,
}

/// Why a recording is void.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Void {
    /// The cause of a difference, as `instructions_changed`; or one of `task_changed` (files of the task that no request
    /// shows), `workspace_changed`, `agent_changed`, `unreadable`, `missing`.
    pub cause: &'static str,
    /// Where in the request; empty for what stands in none.
    pub path: String,
    /// The two in short: lines `- recorded`, lines `+ now`.
    pub diff: String,
}

impl Void {
    fn new(cause: &'static str, diff: String) -> Self {
        Self { cause, path: String::new(), diff }
    }

    fn versus(cause: &'static str, recorded: &str, now: &str) -> Self {
        Self::new(cause, format!("- {recorded}\n+ {now}"))
    }
}

/// The recordings of one task under one variant.
struct Group<'a> {
    key: (usize, usize),
    suite: &'a Suite,
    entry: &'a TaskEntry,
    variant: &'a Variant,
    prompts: &'a Prompts,
    spec: &'a ModelSpec,
    files: BTreeMap<u32, PathBuf>,
}

/// What a trial would begin with today.
struct Today {
    task: Digest,
    workspace: Digest,
    /// The project's own instructions, as the native agent reads them.
    docs: Option<String>,
    /// Files with instructions in the workspace's root, by name.
    files: BTreeMap<&'static str, String>,
    /// The version that an agent of another maker says it has here.
    version: Option<String>,
}

/// Looks at every recording of the selection. Without `record` those are the files of the sets that its variants play; with
/// it the ones that its trials would write into that folder, whether they are there or not.
pub fn stale(
    mut selection: Selection,
    git: Git<'_>,
    options: &Options<'_>,
    record: Option<&Path>,
) -> Result<Vec<Judged>, RunError> {
    keep_tasks(&mut selection.suites, &selection.tasks)?;
    let read = selection.variants.iter().map(|variant| Prompts::read(variant, git));
    let read = read.collect::<Result<Vec<_>, _>>()?;
    let models = selection.variants.iter().map(|variant| ModelSpec::of(variant, &selection.backends));
    let models = models.collect::<Result<Vec<_>, _>>()?;
    let mut groups = Vec::new();
    for (place, suite) in selection.suites.iter().enumerate() {
        for (number, entry) in suite.tasks.iter().enumerate() {
            for (index, variant) in selection.variants.iter().enumerate() {
                let (spec, prompts) = (&models[index], &read[index]);
                let files = files(suite, entry.name(), spec, record, selection.trials)?;
                if !files.is_empty() {
                    groups.push(Group { key: (place, number), suite, entry, variant, prompts, spec, files });
                }
            }
        }
    }
    let (_, sandbox) = surroundings(&selection, options)?;
    let scratch = tempfile::tempdir().map_err(|error| RunError::Io { path: std::env::temp_dir(), error })?;
    let templates = Templates::new(scratch.path().to_owned());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs).build();
    let pool = pool.map_err(|e| RunError::Usage(format!("cannot start {} workers: {e}", options.jobs)))?;
    let judge = |group: &Group<'_>| group.judge(&templates, &sandbox);
    let judged: Vec<Vec<Judged>> = pool.install(|| groups.par_iter().with_max_len(1).map(judge).collect());
    Ok(judged.into_iter().flatten().collect())
}

/// The recordings of a task, by number.
fn files(
    suite: &Suite,
    task: &str,
    spec: &ModelSpec,
    record: Option<&Path>,
    trials: u32,
) -> Result<BTreeMap<u32, PathBuf>, RunError> {
    if let Some(folder) = record {
        return Ok((1..=trials).map(|n| (n, folder.join(format!("{task}.{n}.jsonl")))).collect());
    }
    let ModelSpec::Cassette(set) = spec else { return Ok(BTreeMap::new()) };
    let Some(folder) = suite.cassettes.get(set) else { return Ok(BTreeMap::new()) };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(RunError::Io { path: folder.clone(), error }),
    };
    let own = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let number = name.strip_prefix(task)?.strip_prefix('.')?.strip_suffix(".jsonl")?.parse().ok()?;
        Some((number, entry.path()))
    });
    Ok(own.collect())
}

impl Group<'_> {
    fn judge(&self, templates: &Templates, sandbox: &Sandbox) -> Vec<Judged> {
        let today = match self.entry {
            TaskEntry::Ready(task) => self.today(task, templates, sandbox).map(|today| (&**task, today)),
            TaskEntry::Invalid { error, .. } => Err(error.to_string()),
        };
        let one = |(number, path): (&u32, &PathBuf)| {
            let (causes, left) = match (Cassette::load(path), &today) {
                (Err(cassette::CassetteError::Io { error, .. }), _)
                    if error.kind() == std::io::ErrorKind::NotFound =>
                {
                    (vec![Void::new("missing", String::new())], String::new())
                }
                (Err(error), _) => (vec![Void::new("unreadable", error.to_string())], String::new()),
                (Ok(cassette), Ok((task, today))) => match self.causes(&cassette, task, today) {
                    Ok(causes) => (causes, self.unseen(&cassette, today)),
                    Err(why) => (Vec::new(), why),
                },
                (Ok(_), Err(why)) => (Vec::new(), why.clone()),
            };
            Judged {
                suite: self.suite.name.clone(),
                task: self.entry.name().to_owned(),
                variant: self.variant.name.clone(),
                number: *number,
                path: path.clone(),
                causes,
                left,
            }
        };
        self.files.iter().map(one).collect()
    }

    /// Makes the workspace and looks at it, as before a trial's first step.
    fn today(&self, task: &Task, templates: &Templates, sandbox: &Sandbox) -> Result<Today, String> {
        let broken = |error: &dyn std::fmt::Display| error.to_string();
        let template = templates.get(self.key, task, sandbox).map_err(|error| said(Fault::from(error)))?;
        let world = World::new(sandbox, &[], task, &template, &self.variant.env).map_err(|e| broken(&e))?;
        let container = world.agent(None).map_err(|e| broken(&e))?;
        self.prompts.lay(&container).map_err(|e| broken(&e))?;
        let files = keep::without_git(&world.files(&container).map_err(|e| broken(&e))?);
        let (honoured, docs) = agent::project_docs(&container).map_err(|e| broken(&e))?;
        let external: Option<ExternalSpec> = self.variant.agent.parse().ok();
        let today = Today {
            task: task.digest().map_err(|e| broken(&e))?,
            workspace: keep::digest(&container, &files).map_err(|e| broken(&e))?,
            docs: (!honoured.is_empty()).then_some(docs),
            files: foreign::instructions(&container as &dyn Environment),
            version: external.and_then(|spec| crate::external::version(&spec, &container)),
        };
        container.close().map_err(|e| broken(&e))?;
        Ok(today)
    }

    fn causes(&self, cassette: &Cassette, task: &Task, today: &Today) -> Result<Vec<Void>, String> {
        let mut causes = if self.variant.agent == "native" {
            self.asked_natively(cassette, task, today)?
        } else {
            foreign::causes(cassette, &self.variant.agent, self.prompts, task, today)
        };
        // The project's own instructions lie in the workspace: then nothing else of it need differ.
        let told = causes.iter().any(|void| void.cause == Cause::InstructionsChanged.name());
        if cassette.header.workspace != today.workspace && !told {
            let [recorded, now] = [cassette.header.workspace, today.workspace].map(|digest| digest.short());
            causes.push(Void::versus("workspace_changed", &recorded, &now));
        }
        if cassette.header.task_digest != today.task && causes.is_empty() {
            let [recorded, now] = [cassette.header.task_digest, today.task].map(|digest| digest.short());
            causes.push(Void::versus("task_changed", &recorded, &now));
        }
        Ok(causes)
    }

    /// How the native agent's first request differs from the recorded one.
    fn asked_natively(&self, cassette: &Cassette, task: &Task, today: &Today) -> Result<Vec<Void>, String> {
        if !cassette.header.agent.starts_with("native ") {
            return Ok(vec![Void::versus("agent_changed", &cassette.header.agent, agent::NATIVE)]);
        }
        let asked = match self.spec {
            ModelSpec::Live { model, .. } => model.clone(),
            ModelSpec::Script(_) => self.script_model()?.unwrap_or_else(|| cassette.header.model.clone()),
            _ => cassette.header.model.clone(),
        };
        let tools = prompts::tools(self.variant)?;
        let thread = format!("{}/{}", self.suite.name, task.name);
        let spec = PromptSpec {
            thread: &thread,
            model: &asked,
            parameters: &self.variant.parameters,
            append: self.prompts.append.as_deref(),
            salt: None,
            tools: &tools,
        };
        let instruction = task.steps.first().map_or("", |step| step.instruction.as_str());
        let now = agent::opening(&spec, instruction, cassette.header.clock, today.docs.as_deref());
        let recorded = first_request(cassette);
        let found = wire::differences(Protocol::Responses, &recorded, now.blocks(), &cassette.profile);
        let found = found.map_err(|error| error.to_string())?;
        let void = |d: wire::Difference| Void { cause: d.cause.name(), path: d.path, diff: d.diff };
        Ok(found.into_iter().map(void).collect())
    }

    /// The model that the task's script names, where there is one.
    fn script_model(&self) -> Result<Option<String>, String> {
        let ModelSpec::Script(set) = self.spec else { return Ok(None) };
        let Some(folder) = self.suite.scripts.get(set) else { return Ok(None) };
        let task = self.entry.name();
        let first = self.files.keys().next().copied().unwrap_or(1);
        let names = [format!("{task}.{first}.toml"), format!("{task}.toml")];
        let Some(path) = names.iter().map(|name| folder.join(name)).find(|path| path.is_file()) else {
            return Ok(None);
        };
        Script::load(&path).map(|script| Some(script.model)).map_err(|error| error.to_string())
    }

    /// What of another maker's agent cannot be looked at without starting it.
    fn unseen(&self, cassette: &Cassette, today: &Today) -> String {
        if self.variant.agent == "native" {
            return String::new();
        }
        match &today.version {
            Some(_) => String::new(),
            None => format!("{} is not on this host: its version was not compared", cassette.header.agent),
        }
    }
}

/// The first request of the agent's own lane.
fn first_request(cassette: &Cassette) -> Vec<Block> {
    let main = cassette.exchanges.iter().position(|exchange| exchange.lane == MAIN_LANE);
    cassette.request(main.unwrap_or(0))
}
