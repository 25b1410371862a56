//! `grep`: a regular expression over the files below a folder.

use regex::Regex;
use sandbox::{EntryKind, EnvError, Environment};
use serde::Deserialize;
use serde_json::json;

use super::{Definition, Tool, ToolRun, bounded, parse, shown};

/// Files that are looked at.
const FILES_MAX: usize = 20_000;
/// Bytes of the largest file that is looked at.
const FILE_MAX: u64 = 1024 * 1024;
/// Matching lines that are shown.
const MATCHES_MAX: usize = 200;
/// Characters of a matching line that are shown.
const LINE_MAX: usize = 240;
/// Levels that are gone down.
const DEPTH_MAX: u32 = 32;

#[derive(Deserialize)]
struct Arguments {
    pattern: String,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    include: Option<String>,
}

pub(super) fn definition() -> Definition {
    let properties = json!({
        "pattern": {"type": "string", "description": "A regular expression."},
        "path": {"type": "string", "description": "The folder or file to search; the workspace by default."},
        "include": {"type": "string", "description": "Only files whose name fits, for example *.py."},
    });
    (
        "Finds lines that match, as path:line: text. Leaves .git and binary files out.",
        properties,
        &["pattern"],
    )
}

pub(super) fn run(arguments: &str, env: &dyn Environment) -> Result<ToolRun, EnvError> {
    let arguments: Arguments = match parse(Tool::Grep, arguments) {
        Ok(arguments) => arguments,
        Err(run) => return Ok(run),
    };
    let pattern = match Regex::new(&arguments.pattern) {
        Ok(pattern) => pattern,
        Err(error) => return Ok(ToolRun::failed(format!("grep: {error}"))),
    };
    let include = arguments.include.as_deref().and_then(glob);
    let path = arguments.path.as_deref().unwrap_or("/app");
    shown(files(path, include.as_ref(), env).and_then(|files| search(&files, &pattern, env)))
}

/// The files to look at: the path itself, or what lies below it, with the name to show.
fn files(
    path: &str,
    include: Option<&Regex>,
    env: &dyn Environment,
) -> Result<Vec<(String, String)>, EnvError> {
    let entries = match env.list(path, DEPTH_MAX, FILES_MAX) {
        Err(EnvError::File { fault: sandbox::FileFault::NotFolder, .. }) => {
            return Ok(vec![(path.to_owned(), path.to_owned())]);
        }
        entries => entries?,
    };
    let shown = |name: &str| match path {
        "/app" | "." => name.to_owned(),
        other => format!("{}/{name}", other.trim_end_matches('/')),
    };
    let wanted = entries.into_iter().filter(|entry| {
        let name = entry.path.rsplit('/').next().unwrap_or(&entry.path);
        let hidden = entry.path.split('/').any(|part| part == ".git");
        entry.kind == EntryKind::File && !hidden && include.is_none_or(|include| include.is_match(name))
    });
    Ok(wanted.map(|entry| (format!("{path}/{}", entry.path), shown(&entry.path))).collect())
}

fn search(files: &[(String, String)], pattern: &Regex, env: &dyn Environment) -> Result<ToolRun, EnvError> {
    let mut output = String::new();
    let mut found = 0;
    'files: for (path, shown) in files {
        let content = match env.read(path, FILE_MAX) {
            Err(EnvError::File { .. }) if files.len() > 1 => continue,
            content => content?,
        };
        if content.contains(&0) {
            continue;
        }
        for (number, line) in String::from_utf8_lossy(&content).lines().enumerate() {
            if !pattern.is_match(line) {
                continue;
            }
            if found == MATCHES_MAX {
                output.push_str("[more matches are left out]");
                break 'files;
            }
            found += 1;
            let line: String = line.chars().take(LINE_MAX).collect();
            output.push_str(&format!("{shown}:{}: {line}\n", number + 1));
        }
    }
    Ok(if found == 0 { ToolRun::ok("[no line matches]") } else { ToolRun::ok(bounded(output)) })
}

/// A file name pattern with `*` and `?` as an expression.
fn glob(pattern: &str) -> Option<Regex> {
    let name = pattern.rsplit('/').next().unwrap_or(pattern);
    let expression: String = name
        .chars()
        .map(|c| match c {
            '*' => ".*".to_owned(),
            '?' => ".".to_owned(),
            c => regex::escape(&c.to_string()),
        })
        .collect();
    Regex::new(&format!("^{expression}$")).ok()
}
