//! What a variant puts into an agent's prompt beside the task: files that are laid over the workspace, and text after
//! its instructions; read from the working tree or from a revision. Knows nothing of trials.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use agent::PromptSpec;
use agent::tools::Tool;
use base::{Digest, Hasher};
use sandbox::{EnvError, Environment};
use serde::Serialize;
use similar::TextDiff;
use suite::Variant;
use wire::{Block, BlockKind};

use crate::RunError;
use crate::source::default_clock;

/// Runs git in a folder of the host and gives what it writes, or why it could not.
pub type Git<'a> = &'a dyn Fn(&Path, &[&str]) -> Result<Vec<u8>, String>;

/// The contents of a variant's prompt files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompts {
    /// By path in the workspace.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What follows the agent's own instructions.
    pub append: Option<String>,
}

impl Prompts {
    /// Reads what a variant names.
    pub fn read(variant: &Variant, git: Git<'_>) -> Result<Self, RunError> {
        let revision = variant.base.as_deref().and_then(|base| base.strip_prefix("git:"));
        let read = |path: &PathBuf| match revision {
            None => fs::read(path).map_err(|error| RunError::Io { path: path.clone(), error }),
            Some(revision) => at_revision(path, revision, git)
                .map_err(|why| RunError::Usage(format!("variant {:?}: {why}", variant.name))),
        };
        let files = variant.files.iter().map(|(to, from)| Ok((to.clone(), read(from)?)));
        let files = files.collect::<Result<_, RunError>>()?;
        let append = variant.append.as_ref().map(|path| {
            String::from_utf8(read(path)?)
                .map_err(|_| RunError::Usage(format!("{}: it is not UTF-8", path.display())))
        });
        Ok(Self { files, append: append.transpose()? })
    }

    /// Lays the files over a workspace.
    pub(crate) fn lay(&self, env: &dyn Environment) -> Result<(), EnvError> {
        self.files.iter().try_for_each(|(path, content)| env.write(&format!("/app/{path}"), content, None))
    }

    /// Names what is in it; nothing where nothing is.
    pub fn digest(&self) -> Option<Digest> {
        let mut hasher = Hasher::new("prompts");
        self.hash(&mut hasher);
        (*self != Self::default()).then(|| hasher.finish())
    }

    /// Everything in it, by content.
    pub(crate) fn hash(&self, hasher: &mut Hasher) {
        hasher.number(self.files.len() as u64);
        for (path, content) in &self.files {
            hasher.field(path.as_bytes()).field(content);
        }
        hasher.number(u64::from(self.append.is_some()));
        hasher.field(self.append.as_deref().unwrap_or_default().as_bytes());
    }
}

fn at_revision(path: &Path, revision: &str, git: Git<'_>) -> Result<Vec<u8>, String> {
    let folder = path.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    let below = path.strip_prefix(folder).unwrap_or(path);
    // `./` is relative to the folder that git runs in, wherever the repository's root is.
    git(folder, &["show", &format!("{revision}:./{}", below.display())])
}

/// One piece of what a conversation of the native agent begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// What it is: `model and parameters`, `tool grep`, `instructions`, `AGENTS.md`, `environment`, `instruction`.
    pub name: String,
    /// Its raw JSON, as it is sent.
    pub raw: String,
}

/// What every conversation of a variant begins with, where the project's own AGENTS.md is `docs` unless the variant
/// lays another over it. Nothing for an agent that is not the native one: its prompt is its own.
pub fn opening(variant: &Variant, prompts: &Prompts, docs: &str) -> Result<Option<Vec<Piece>>, RunError> {
    if variant.agent != "native" {
        return Ok(None);
    }
    let laid = prompts.files.get("AGENTS.override.md").or_else(|| prompts.files.get("AGENTS.md"));
    let docs = laid.map_or_else(|| docs.to_owned(), |content| agent::honoured(content));
    let tools = tools(variant).map_err(RunError::Usage)?;
    let spec = PromptSpec {
        thread: "SUITE/TASK",
        model: &variant.model,
        parameters: &variant.parameters,
        append: prompts.append.as_deref(),
        salt: None,
        tools: &tools,
    };
    let clock = default_clock().map_err(RunError::Usage)?;
    let prompt = agent::opening(&spec, "(the task's instruction)", clock, Some(&docs));
    let mut items = ["AGENTS.md", "environment", "instruction"].into_iter();
    let mut names = tools.iter().map(|tool| tool.name());
    let piece = |block: &Block| Piece {
        name: match block.kind {
            BlockKind::Head => "model and parameters".to_owned(),
            BlockKind::Tool => format!("tool {}", names.next().unwrap_or_default()),
            BlockKind::Instructions => "instructions".to_owned(),
            BlockKind::Item => items.next().unwrap_or_default().to_owned(),
        },
        raw: block.raw.to_string(),
    };
    Ok(Some(prompt.blocks().iter().map(piece).collect()))
}

/// The tools of a variant; or which one there is not.
pub(crate) fn tools(variant: &Variant) -> Result<Vec<Tool>, String> {
    let Some(names) = &variant.tools else { return Ok(Tool::ALL.to_vec()) };
    let tool = |name: &String| Tool::named(name).ok_or_else(|| format!("there is no tool named {name:?}"));
    names.iter().map(tool).collect()
}

/// The lines in which two texts differ, with the lines around them.
pub fn text_diff(a: &str, b: &str) -> String {
    TextDiff::from_lines(a, b).unified_diff().context_radius(1).to_string()
}
