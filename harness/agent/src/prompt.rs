//! Understand: the blocks that every conversation of the native agent begins with, stable parts first. Nothing in
//! them depends on the host, the run or the time but for the date of the trial's own clock.

use std::collections::BTreeMap;

use base::Timestamp;
use sandbox::{EnvError, Environment, FileFault};
use serde_json::{Value, json};
use wire::responses::items;
use wire::{Block, BlockKind, Prompt};

use crate::tools::Tool;

/// Bytes of project instructions that are honoured, over all files.
const PROJECT_DOCS_MAX: usize = 32 * 1024;
/// The files that may hold them, at the project's root; the first that is there counts.
pub const PROJECT_DOCS: [&str; 2] = ["AGENTS.override.md", "AGENTS.md"];

const INSTRUCTIONS: &str = "\
You are a coding agent. You work alone in a sandbox, on the project in /app, until what you were asked for is done.

- Look before you change: read the files, the tests and the history that matter.
- Change as little as the task needs. Keep the project's style. Do not touch tests to make them pass.
- After a change, run what shows that it works, and read what it says.
- For work of several steps, state a plan with update_plan and keep it true.
- A tool's output may be cut in the middle; ask for the part that you need.
- Some commands may be denied by a policy. The reason is shown; find another way or say that there is none.
- When you are done, answer without calling a tool: say in a few lines what you did and how you know that it works. \
The project's checks then run; if one fails you are shown what it found, and go on.
";

/// What a variant and a task put into the first blocks of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct PromptSpec<'a> {
    /// The conversation's name, the same in every run of the task.
    pub thread: &'a str,
    /// The model that is asked for.
    pub model: &'a str,
    /// Members of each request beside the loop's own.
    pub parameters: &'a BTreeMap<String, Value>,
    /// What follows the agent's own instructions.
    pub append: Option<&'a str>,
    /// What stands before them and before the first tool's description, so that no other conversation's cache can be read,
    /// whichever of the two a provider puts first; nothing but for live questions.
    pub salt: Option<&'a str>,
    /// The tools it has.
    pub tools: &'a [Tool],
}

/// What a conversation begins with, and what was honoured for it.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) prompt: Prompt,
    pub(crate) project_docs: Vec<String>,
}

/// Puts the first blocks of a conversation together.
pub(crate) fn open(
    spec: &PromptSpec<'_>,
    instruction: &str,
    clock: Timestamp,
    env: &dyn Environment,
) -> Result<Opening, EnvError> {
    let (project_docs, text) = project_docs(env)?;
    let text = (!project_docs.is_empty()).then_some(text);
    Ok(Opening { prompt: opening(spec, instruction, clock, text.as_deref()), project_docs })
}

/// What a conversation begins with, where the project's own instructions are `docs`.
pub fn opening(spec: &PromptSpec<'_>, instruction: &str, clock: Timestamp, docs: Option<&str>) -> Prompt {
    let mut prompt = Prompt::default();
    let mut head = json!({
        "model": spec.model,
        "tool_choice": "auto",
        "parallel_tool_calls": true,
        "store": false,
        "stream": true,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": spec.thread,
    });
    for (name, value) in spec.parameters {
        head[name] = value.clone();
    }
    prompt.push(Block::new(BlockKind::Head, head.to_string()));
    let salted = |text: &str| match spec.salt {
        Some(salt) => format!("[{salt}]\n\n{text}"),
        None => text.to_owned(),
    };
    for (number, tool) in spec.tools.iter().enumerate() {
        let mut definition = tool.definition();
        if let (0, Some(Value::String(description))) = (number, definition.get_mut("description")) {
            *description = salted(description);
        }
        prompt.push(Block::new(BlockKind::Tool, definition.to_string()));
    }
    let own = match spec.append {
        Some(text) => salted(&format!("{INSTRUCTIONS}\n{text}")),
        None => salted(INSTRUCTIONS),
    };
    prompt.push(Block::new(BlockKind::Instructions, json!(own).to_string()));
    if let Some(text) = docs {
        let text = format!("# AGENTS.md instructions for /app\n\n<INSTRUCTIONS>\n{text}\n</INSTRUCTIONS>");
        prompt.push(Block::new(BlockKind::Item, items::message("user", &text)));
    }
    let world = format!(
        "<environment_context>\n  <cwd>/app</cwd>\n  <shell>bash</shell>\n  <current_date>{}</current_date>\n  \
         <timezone>UTC</timezone>\n  <sandbox>no network; writes to /app and /tmp only</sandbox>\n\
         </environment_context>",
        clock.date()
    );
    prompt.push(Block::new(BlockKind::Item, items::message("user", &world)));
    prompt.push(Block::new(BlockKind::Item, items::message("user", instruction.trim_end())));
    prompt
}

/// As much of a file with a project's instructions as is honoured.
pub fn honoured(content: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(content).into_owned();
    let mut end = text.len().min(PROJECT_DOCS_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

/// The project's own instructions, from its root down to the working folder (here the two are the same): the files that
/// were honoured, and their text.
pub fn project_docs(env: &dyn Environment) -> Result<(Vec<String>, String), EnvError> {
    for name in PROJECT_DOCS {
        match env.read(name, 16 * PROJECT_DOCS_MAX as u64) {
            Ok(content) => return Ok((vec![format!("/app/{name}")], honoured(&content))),
            Err(EnvError::File {
                fault: FileFault::NotFound | FileFault::Denied | FileFault::IsFolder,
                ..
            }) => {}
            Err(EnvError::File { fault: FileFault::TooLarge, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok((Vec::new(), String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_salt_stands_before_whatever_a_provider_may_put_first_and_changes_nothing_else() {
        let parameters = BTreeMap::new();
        let tools = [Tool::ExecCommand, Tool::ApplyPatch];
        let blocks = |salt| {
            let spec = PromptSpec {
                thread: "t",
                model: "m",
                parameters: &parameters,
                append: None,
                salt,
                tools: &tools,
            };
            let prompt = opening(&spec, "Do it.", Timestamp::parse("2026-11-02T09:00:00Z").unwrap(), None);
            prompt.blocks().iter().map(|block| block.raw.to_string()).collect::<Vec<_>>()
        };
        let (plain, salted) = (blocks(None), blocks(Some("0a1b")));
        let differing: Vec<usize> = (0..plain.len()).filter(|at| plain[*at] != salted[*at]).collect();
        assert_eq!(differing, [1, 3], "the first tool and the instructions: {salted:?}");
        let without = |text: &str| text.replace("[0a1b]\\n\\n", "");
        assert_eq!(salted.iter().map(|text| without(text)).collect::<Vec<_>>(), plain);
        assert!(salted[3].starts_with("\"[0a1b]"), "{}", salted[3]);
    }
}
