//! The tools that read, write, patch and list files.

use sandbox::{EntryKind, EnvError, Environment, FileFault};
use serde::Deserialize;
use serde_json::json;

use super::{Definition, Tool, ToolRun, bounded, parse, shown};
use crate::patch::{self, Hunk};

/// Bytes of the largest file that is read or patched.
const FILE_MAX: u64 = 4 * 1024 * 1024;
/// Lines that `read_file` shows where the model does not say.
const LINES_DEFAULT: usize = 400;
/// Entries that `list_dir` shows.
const ENTRIES_MAX: usize = 500;
/// Levels that `list_dir` goes down.
const DEPTH_MAX: u32 = 5;

#[derive(Deserialize)]
struct ReadArguments {
    path: String,
    #[serde(default)]
    offset: Option<usize>,
    #[serde(default)]
    limit: Option<usize>,
}

pub(super) fn read_definition() -> Definition {
    let properties = json!({
        "path": {"type": "string", "description": "The file."},
        "offset": {"type": "number", "description": "The first line to show, from 1."},
        "limit": {"type": "number", "description": "How many lines; 400 by default."},
    });
    ("Shows lines of a text file, each with its number.", properties, &["path"])
}

pub(super) fn read(arguments: &str, env: &dyn Environment) -> Result<ToolRun, EnvError> {
    let arguments: ReadArguments = match parse(Tool::ReadFile, arguments) {
        Ok(arguments) => arguments,
        Err(run) => return Ok(run),
    };
    shown(env.read(&arguments.path, FILE_MAX).map(|content| {
        let text = String::from_utf8_lossy(&content);
        let first = arguments.offset.unwrap_or(1).max(1);
        let limit = arguments.limit.unwrap_or(LINES_DEFAULT);
        let total = text.lines().count();
        let numbered = text.lines().enumerate().skip(first - 1).take(limit);
        let mut output: String = numbered.map(|(n, line)| format!("{:>5}  {line}\n", n + 1)).collect();
        if total == 0 {
            output.push_str("[the file is empty]");
        } else if first > total {
            return ToolRun::failed(format!("{}: has only {total} lines", arguments.path));
        } else if total >= first.saturating_add(limit) {
            output.push_str(&format!("[{} more lines]", total - (first - 1) - limit));
        }
        ToolRun::ok(bounded(output))
    }))
}

#[derive(Deserialize)]
struct WriteArguments {
    path: String,
    content: String,
}

pub(super) fn write_definition() -> Definition {
    let properties = json!({
        "path": {"type": "string", "description": "The file; its folders are made where they are missing."},
        "content": {"type": "string", "description": "Its whole new content."},
    });
    ("Writes a whole file, new or old.", properties, &["path", "content"])
}

pub(super) fn write(arguments: &str, env: &dyn Environment) -> Result<ToolRun, EnvError> {
    let arguments: WriteArguments = match parse(Tool::WriteFile, arguments) {
        Ok(arguments) => arguments,
        Err(run) => return Ok(run),
    };
    let (path, content) = (&arguments.path, arguments.content.as_bytes());
    shown(
        env.write(path, content, None)
            .map(|()| ToolRun::ok(format!("wrote {} bytes to {path}", content.len()))),
    )
}

#[derive(Deserialize)]
struct ListArguments {
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    depth: Option<u32>,
}

pub(super) fn list_definition() -> Definition {
    let properties = json!({
        "path": {"type": "string", "description": "The folder; the workspace by default."},
        "depth": {"type": "number", "description": "How many levels; 1 by default, 5 at most."},
    });
    ("Lists a folder, sorted; names of folders end in a slash.", properties, &[])
}

pub(super) fn list(arguments: &str, env: &dyn Environment) -> Result<ToolRun, EnvError> {
    let arguments: ListArguments = match parse(Tool::ListDir, arguments) {
        Ok(arguments) => arguments,
        Err(run) => return Ok(run),
    };
    let path = arguments.path.as_deref().unwrap_or("/app");
    let depth = arguments.depth.unwrap_or(1).clamp(1, DEPTH_MAX);
    shown(env.list(path, depth, ENTRIES_MAX + 1).map(|entries| {
        let shown = entries.iter().take(ENTRIES_MAX).map(|entry| {
            let mark = match entry.kind {
                EntryKind::Folder => "/",
                EntryKind::Link => "@",
                EntryKind::File | EntryKind::Other => "",
            };
            format!("{}{mark}\n", entry.path)
        });
        let mut output: String = shown.collect();
        if entries.is_empty() {
            output.push_str("[the folder is empty]");
        } else if entries.len() > ENTRIES_MAX {
            output.push_str("[more entries are left out]");
        }
        ToolRun::ok(bounded(output))
    }))
}

#[derive(Deserialize)]
struct PatchArguments {
    patch: String,
}

pub(super) fn patch_definition() -> Definition {
    let description = "Changes files by a patch. It opens with the line `*** Begin Patch` and closes with \
        `*** End Patch`; between them stand hunks: `*** Add File: PATH` and lines that begin with +; \
        `*** Delete File: PATH`; or `*** Update File: PATH` (then, if it moves, `*** Move to: PATH`) and changes. A \
        change opens with `@@`, optionally followed by a line of the file that stands before the place, and holds \
        lines that begin with a space (kept), - (removed) or + (added); `*** End of File` may close it. Paths are \
        relative to the workspace.";
    let properties = json!({"patch": {"type": "string", "description": "The patch."}});
    (description, properties, &["patch"])
}

/// What a patch comes to, found out before the first file is touched.
enum Edit {
    Write { path: String, from: Option<String>, content: String },
    Remove(String),
}

pub(super) fn patch(arguments: &str, env: &dyn Environment) -> Result<ToolRun, EnvError> {
    let arguments: PatchArguments = match parse(Tool::ApplyPatch, arguments) {
        Ok(arguments) => arguments,
        Err(run) => return Ok(run),
    };
    let hunks = match patch::parse(&arguments.patch) {
        Ok(hunks) => hunks,
        Err(error) => return Ok(ToolRun::failed(format!("apply_patch: {error}"))),
    };
    shown(work_out(&hunks, env).and_then(|edits| match edits {
        Err(why) => Ok(ToolRun::failed(format!("apply_patch: {why}"))),
        Ok(edits) => carry_out(&edits, env),
    }))
}

fn work_out(hunks: &[Hunk], env: &dyn Environment) -> Result<Result<Vec<Edit>, String>, EnvError> {
    let mut edits: Vec<Edit> = Vec::new();
    for hunk in hunks {
        match hunk {
            Hunk::Add { path, content } => {
                edits.push(Edit::Write { path: path.clone(), from: None, content: content.clone() });
            }
            Hunk::Delete { path } => {
                exists(path, env)?;
                edits.push(Edit::Remove(path.clone()));
            }
            Hunk::Update { path, to, chunks } => {
                // An earlier hunk of the same patch may have changed the file.
                let earlier = edits.iter().rev().find_map(|edit| match edit {
                    Edit::Write { path: other, content, .. } if other == path => Some(content.clone()),
                    _ => None,
                });
                let text = match earlier {
                    Some(text) => text,
                    None => match String::from_utf8(env.read(path, FILE_MAX)?) {
                        Ok(text) => text,
                        Err(_) => return Ok(Err(format!("{path}: is not UTF-8 text"))),
                    },
                };
                let content = match patch::apply(path, &text, chunks) {
                    Ok(content) => content,
                    Err(error) => return Ok(Err(error.to_string())),
                };
                let target = to.as_ref().unwrap_or(path).clone();
                edits.push(Edit::Write { path: target, from: to.is_some().then(|| path.clone()), content });
            }
        }
    }
    Ok(Ok(edits))
}

/// Fails where there is no such file. Reads none of it.
fn exists(path: &str, env: &dyn Environment) -> Result<(), EnvError> {
    match env.read(path, 0) {
        Ok(_) | Err(EnvError::File { fault: FileFault::TooLarge, .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn carry_out(edits: &[Edit], env: &dyn Environment) -> Result<ToolRun, EnvError> {
    let mut done = String::from("updated:\n");
    for edit in edits {
        match edit {
            Edit::Remove(path) => {
                env.remove(path)?;
                done.push_str(&format!("D {path}\n"));
            }
            Edit::Write { path, from, content } => {
                if let Some(from) = from {
                    env.rename(from, path)?;
                }
                env.write(path, content.as_bytes(), None)?;
                done.push_str(&match from {
                    Some(from) => format!("R {from} -> {path}\n"),
                    None => format!("W {path}\n"),
                });
            }
        }
    }
    Ok(ToolRun::ok(done))
}
