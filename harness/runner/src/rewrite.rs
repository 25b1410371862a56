//! What a recorded conversation would have begun with under another variant: the same task, model and date, another
//! prompt and other tools. Asks nothing and runs nothing.

mod foreign;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use agent::PromptSpec;
use base::Timestamp;
use suite::{RecipeStep, Runnable, Task, Variant};
use wire::{Block, BlockKind};

pub use foreign::{Arm, Foreign, not_rewritable};

use crate::{Prompts, RunError, prompts};

/// Bytes of the largest file with instructions that is read from a task.
const DOCS_MAX: u64 = 1024 * 1024;
/// Entries of a native conversation before its first answer: the project's instructions, where it has some, the
/// environment, the instruction.
const OPENING_ITEMS: usize = 3;

/// A recording that is to begin otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// The suite's name.
    pub suite: &'a str,
    /// The task that was recorded.
    pub task: &'a Task,
    /// The moment of the trial's clock at its start.
    pub clock: Timestamp,
    /// The first request, block by block.
    pub opening: &'a [Block],
    /// Whether its project instructions are the task's own: no variant's file lay over them.
    pub own_docs: bool,
}

/// What the conversation begins with under a variant of the native agent, which asks for the model `asked`.
pub fn begins_with(
    recorded: &Recorded<'_>,
    variant: &Variant,
    prompts: &Prompts,
    asked: &str,
) -> Result<Vec<Block>, RunError> {
    let Recorded { suite, task, clock, opening, own_docs } = *recorded;
    let thread = format!("{suite}/{}", task.name);
    let tools = prompts::tools(variant).map_err(RunError::Usage)?;
    let spec = PromptSpec {
        thread: &thread,
        model: asked,
        parameters: &variant.parameters,
        append: prompts.append.as_deref(),
        salt: None,
        tools: &tools,
    };
    let instruction = task.steps.first().map(|step| step.instruction.as_str()).unwrap_or_default();
    let laid = agent::PROJECT_DOCS.iter().any(|name| prompts.files.contains_key(*name));
    if !laid && own_docs {
        let docs = recorded_docs(opening).cloned();
        let prompt = agent::opening(&spec, instruction, clock, None);
        let mut blocks = prompt.blocks().to_vec();
        let at = blocks.iter().position(|block| block.kind == BlockKind::Item).unwrap_or(blocks.len());
        blocks.splice(at..at, docs);
        return Ok(blocks);
    }
    let docs = project_docs(task, &prompts.files);
    Ok(agent::opening(&spec, instruction, clock, docs.as_deref()).blocks().to_vec())
}

/// The block with the project's instructions, where the recording has one.
fn recorded_docs(opening: &[Block]) -> Option<&Block> {
    let items: Vec<&Block> = opening.iter().filter(|block| block.kind == BlockKind::Item).collect();
    (items.len() == OPENING_ITEMS).then(|| items[0])
}

/// What the agent would read of the project's instructions, where `laid` lies over the task's own files.
fn project_docs(task: &Task, laid: &BTreeMap<String, Vec<u8>>) -> Option<String> {
    agent::PROJECT_DOCS.iter().find_map(|name| {
        let content = laid.get(*name).cloned().or_else(|| own_file(task, name))?;
        Some(agent::honoured(&content))
    })
}

/// A file at the root of a task's workspace, as the recipe copies it there. What a command of the recipe writes isn't seen.
fn own_file(task: &Task, name: &str) -> Option<Vec<u8>> {
    let Runnable::Here(recipe) = &task.runnable else { return None };
    let copies = recipe.steps.iter().rev().filter_map(|step| match step {
        RecipeStep::Copy { from, to, .. } => Some((from, to)),
        _ => None,
    });
    let target = format!("/app/{name}");
    copies.into_iter().find_map(|(from, to)| {
        let source = task.environment_dir().join(from);
        if *to == target && source.is_file() {
            return read(&source);
        }
        let inside = Path::new(&target).strip_prefix(to).ok()?;
        read(&source.join(inside))
    })
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let small = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= DOCS_MAX);
    if small { fs::read(path).ok() } else { None }
}
