//! Rules about documents: what they say about the program is true, and where they point there is something.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::crates::crates;
use crate::{files, none, read, root};

/// Lines of ARCHITECTURE.md.
const ARCHITECTURE_MAX: usize = 200;
/// People of the sandbox, whose homes may be named.
const INSIDE: [&str; 2] = ["agent", "verifier"];

#[test]
fn the_architecture_is_short_and_names_every_crate() {
    let text = read("ARCHITECTURE.md");
    let mut faults = Vec::new();
    let lines = text.lines().count();
    if lines > ARCHITECTURE_MAX {
        faults.push(format!("ARCHITECTURE.md has {lines} lines, at most {ARCHITECTURE_MAX}"));
    }
    for name in crates() {
        if !text.contains(&format!("\n**{name}.** ")) {
            faults.push(format!("ARCHITECTURE.md has no paragraph that begins with **{name}.**"));
        }
    }
    none(&faults, "One paragraph a crate: what it owns, its invariants. Only what does not change often.");
}

#[test]
fn the_readme_shows_the_exit_codes_of_the_program() {
    let source = read("harness/cli/src/exit.rs");
    let table = source.split("enum Exit {").nth(1).and_then(|rest| rest.split('}').next()).unwrap();
    let (mut codes, mut about) = (BTreeMap::new(), "");
    for line in table.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            about = text;
        } else if let Some((_, number)) = line.trim_end_matches(',').split_once(" = ") {
            codes.insert(number.parse::<u8>().unwrap(), about.to_owned());
        }
    }
    let readme = read("README.md");
    let section =
        readme.split("\n## Exit codes\n").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        Some((cells.next()?.parse::<u8>().ok()?, cells.next()?.to_owned()))
    };
    let shown: BTreeMap<u8, String> = section.lines().filter_map(row).collect();
    assert!(!codes.is_empty());
    assert_eq!(
        shown, codes,
        "README.md's exit codes (left) and those of harness/cli/src/exit.rs (right) differ"
    );
}

#[test]
fn the_readme_begins_with_the_two_commands() {
    let readme = read("README.md");
    let screen: Vec<&str> = readme.lines().take(40).collect();
    for command in ["cargo run --release -- run ", "cargo test --workspace "] {
        let shown = screen.iter().any(|line| format!("{line} ").starts_with(command));
        assert!(shown, "README.md's first 40 lines do not show `{}`", command.trim());
    }
    let script = read(".ci/run");
    assert!(
        script.contains("\ncargo test --workspace --no-fail-fast\n"),
        ".ci/run does not run README.md's test command"
    );
}

#[test]
fn every_relative_link_leads_to_a_file() {
    let mut faults = Vec::new();
    for path in files().iter().filter(|path| is_document(path)) {
        let folder = path.parent().unwrap_or(Path::new(""));
        for (line, link) in links(&read(path)) {
            let target = link.split('#').next().unwrap_or_default();
            if !target.is_empty() && !root().join(folder).join(target).exists() {
                faults.push(format!("{}:{line}: {link}", path.display()));
            }
        }
    }
    none(&faults, "Mend the link, or write what it should lead to.");
}

/// A document of the repository; what lies in a task's workspace or beside its tests is data.
fn is_document(path: &Path) -> bool {
    let data = ["environment", "fixtures", "solution", "tests"];
    let part = |part: Component<'_>| data.iter().any(|name| part.as_os_str() == *name);
    let readme = path == Path::new("fixtures/README.md");
    path.extension().is_some_and(|kind| kind == "md") && (readme || !path.components().any(part))
}

/// The links of a text that lead neither to the net nor to mail, outside code, with their lines.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Between backticks is code.
        let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("` `");
        for (at, open) in plain.match_indices("](") {
            let rest = &plain[at + open.len()..];
            let link = rest.split([')', ' ']).next().unwrap_or_default();
            if !link.contains("://") && !link.starts_with("mailto:") {
                found.push((index + 1, link.to_owned()));
            }
        }
    }
    found
}

#[test]
fn no_file_names_a_machine() {
    let mut faults = Vec::new();
    let looked_at = |path: &&PathBuf| {
        let lock = path.ends_with("Cargo.lock");
        !lock && !path.components().any(|part| part.as_os_str() == "tests")
    };
    for path in files().iter().filter(looked_at) {
        let Ok(text) = String::from_utf8(std::fs::read(root().join(path)).unwrap()) else { continue };
        for (index, line) in text.lines().enumerate() {
            faults
                .extend(machine_path(line).map(|found| format!("{}:{}: {found}", path.display(), index + 1)));
        }
    }
    none(
        &faults,
        "Name a place relative to the repository, or one inside the sandbox: /app, /tests, /home/agent.",
    );
}

/// A path that only one machine has: in somebody's home, or below the root of a workplace.
fn machine_path(line: &str) -> Option<&str> {
    for start in ["/work/", "/root/", "/home/", "/Users/"] {
        for (at, _) in line.match_indices(start) {
            let inner = line[..at].ends_with(|c: char| c.is_alphanumeric() || "_-.*/}>~".contains(c));
            let rest = &line[at..];
            let end = rest.find(|c: char| !(c.is_alphanumeric() || "/_-.".contains(c))).unwrap_or(rest.len());
            let (path, name) = (&rest[..end], rest[start.len()..end].split('/').next().unwrap_or_default());
            let inside = start == "/home/" && INSIDE.contains(&name.trim_end_matches('.'));
            if !inner && !name.is_empty() && !inside {
                return Some(path);
            }
        }
    }
    None
}

#[test]
fn machine_paths_are_told_from_others() {
    assert_eq!(machine_path("see /root/x.rs, please"), Some("/root/x.rs"));
    assert_eq!(machine_path("HOME=/home/jo"), Some("/home/jo"));
    for fine in
        ["/home/agent/.cache", "/proc/1/root/etc", "./work/x", "https://a.example/work/y", "/root", "/home/"]
    {
        assert_eq!(machine_path(fine), None, "{fine}");
    }
}

#[test]
fn links_are_found_outside_code() {
    let text = "[a](b.md#c) `[d](e)` [f](https://g.example)\n```\n[h](i)\n```\n[j](k.md)";
    assert_eq!(links(text), [(1, "b.md#c".to_owned()), (5, "k.md".to_owned())]);
}
