//! Rust sources as the rules look at them: without comments and literals, and without what is only there for tests.
//! Knows nothing of the rules.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::{files, read};

const TEST_ONLY: &str = "#[cfg(test)]";

/// One file of ours.
pub(crate) struct Source {
    /// Relative to the repository.
    pub(crate) path: PathBuf,
    /// As it stands there.
    pub(crate) text: String,
    /// The same with comments and the inside of literals blanked, so that what is left is code. Lines stay.
    pub(crate) code: String,
}

/// A function of a source.
pub(crate) struct Function {
    pub(crate) name: String,
    /// Its first line, from 1.
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

/// Every Rust file of the program and its tests; those in tasks are data.
pub(crate) fn all() -> Vec<Source> {
    let ours = |path: &PathBuf| {
        path.extension().is_some_and(|kind| kind == "rs")
            && (path.starts_with("harness") || path.starts_with("benches"))
            && !path.components().any(|part| part.as_os_str() == "fixtures")
    };
    let source = |path: PathBuf| {
        let text = read(&path);
        Source { code: blank(&text), path, text }
    };
    files().into_iter().filter(ours).map(source).collect()
}

/// The files below `src/` with their tests blanked.
pub(crate) fn production() -> Vec<Source> {
    let all = all();
    let only_tests: BTreeSet<PathBuf> = all.iter().flat_map(Source::test_files).collect();
    let shipped = all.into_iter().filter(|source| {
        source.path.components().any(|part| part.as_os_str() == "src") && !only_tests.contains(&source.path)
    });
    shipped.map(|source| Source { code: without_tests(&source.code), ..source }).collect()
}

impl Source {
    /// Each line of code with its number, from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// `path:line`, as a terminal makes a link of it.
    pub(crate) fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }

    /// Whether a line of the file, from 1, or the one before it holds a comment.
    pub(crate) fn explained(&self, line: usize) -> bool {
        let lines = self.text.lines().skip(line.saturating_sub(2)).take(if line > 1 { 2 } else { 1 });
        lines.into_iter().any(|line| line.contains("//"))
    }

    /// The files of the modules that this one declares for tests only.
    fn test_files(&self) -> Vec<PathBuf> {
        let stem = self.path.file_stem().unwrap_or_default();
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let own = ["mod", "lib", "main"].iter().any(|name| stem == *name);
        let folder = if own { folder.to_owned() } else { folder.join(stem) };
        let after = self.code.split(TEST_ONLY).skip(1).filter_map(|rest| {
            let name = rest.trim_start().strip_prefix("mod ")?.split([';', '{']).next()?;
            rest.trim_start()[4 + name.len()..].starts_with(';').then(|| folder.join(format!("{name}.rs")))
        });
        after.collect()
    }

    /// Its functions with a body, by counting braces.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let mut found = Vec::new();
        for (at, _) in self.code.match_indices("fn ") {
            let before = self.code[..at].chars().next_back();
            let name: String = self.code[at + 3..].chars().take_while(|c| is_word(*c)).collect();
            if before.is_some_and(is_word) || name.is_empty() {
                continue;
            }
            if let Some(end) = body_end(&self.code, at) {
                let line = line_of(&self.code, at);
                found.push(Function { name, line, lines: line_of(&self.code, end) - line + 1 });
            }
        }
        found
    }
}

/// Whether code names a module of the standard library, alone or in a group as `std::{fs, io}`.
pub(crate) fn uses_std(code: &str, module: &str) -> bool {
    let named = code.match_indices("std::").map(|(at, found)| &code[at + found.len()..]);
    named.into_iter().any(|rest| match rest.strip_prefix('{') {
        Some(group) => has_word(group.split(';').next().unwrap_or(group), module),
        None => rest.strip_prefix(module).is_some_and(|rest| !rest.starts_with(is_word)),
    })
}

/// Whether a word stands in a text.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    text.split(|c| !is_word(c)).any(|part| part == word)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}

/// Where the body of the item at `from` ends; nothing where a semicolon ends it before a body begins.
fn body_end(code: &str, from: usize) -> Option<usize> {
    let (mut brackets, mut braces) = (0_i32, 0_i32);
    for (at, c) in code[from..].char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            '{' => braces += 1,
            '}' => {
                braces -= 1;
                if braces == 0 && brackets == 0 {
                    return Some(from + at);
                }
            }
            ';' if brackets == 0 && braces == 0 => return None,
            _ => {}
        }
    }
    None
}

fn without_tests(code: &str) -> String {
    let mut rest = code.to_owned();
    while let Some(at) = rest.find(TEST_ONLY) {
        let item = at + TEST_ONLY.len();
        let end = body_end(&rest, item).or_else(|| rest[item..].find(';').map(|end| item + end));
        let end = end.map_or(rest.len(), |end| end + 1);
        let blanked: String = rest[at..end].chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
        rest.replace_range(at..end, &blanked);
    }
    rest
}

/// Blanks comments and the inside of literals.
fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = raw_string(rest).filter(|_| !ends_in_word(&out)) {
            length
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\'' && is_character(rest) {
            quoted(rest, '\'')
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        out.extend(rest[..length].chars().map(|c| if c == '\n' { c } else { ' ' }));
        rest = &rest[length..];
    }
    out
}

fn ends_in_word(out: &str) -> bool {
    out.ends_with(|c| is_word(c) && !matches!(c, 'b' | 'c'))
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of a raw string that begins here.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let inside = after[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let length = inside.find(&close).map_or(inside.len(), |end| end + close.len());
    Some(1 + hashes + 1 + length)
}

/// Whether a quote begins a character and not a lifetime.
fn is_character(text: &str) -> bool {
    let mut inside = text.chars().skip(1);
    match inside.next() {
        Some('\\') => true,
        Some(_) => inside.next() == Some('\''),
        None => false,
    }
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[test]
fn comments_and_literals_are_blanked_and_code_is_not() {
    let code = |text: &str| blank(text).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(code("a(); // b()\n/* c /* d */ */ e();"), "a(); e();");
    assert_eq!(code(r##"f("x \" {", r#"y " }"#, b"z", br"w\");"##), "f( , , b , b );");
    assert_eq!(code(r"g::<'a>('\'', '{', b'\\');"), "g::<'a>( , , b );");
    assert_eq!(blank("\"a\nb\"\nc"), "  \n  \nc");
}

#[test]
fn functions_are_measured_and_tests_are_not() {
    let text = "fn a() {\n    b({\n        1\n    });\n}\ntype F = fn (u8);\nfn d(x: [u8; 2]);\n\
                #[cfg(test)]\nmod tests {\n    fn e() {}\n}\nfn f() {}\n#[cfg(test)]\nmod g;\n";
    let source =
        Source { path: "src/lib.rs".into(), text: text.to_owned(), code: without_tests(&blank(text)) };
    let found: Vec<_> = source.functions().into_iter().map(|f| (f.name, f.line, f.lines)).collect();
    assert_eq!(found, [("a".to_owned(), 1, 5), ("f".to_owned(), 12, 1)]);
    let source = Source { code: blank(text), ..source };
    assert_eq!(source.test_files(), [PathBuf::from("src/g.rs")]);
}

#[test]
fn modules_are_found_alone_and_in_groups() {
    assert!(uses_std("use std::fs;", "fs") && uses_std("use std::{io, fs::File};", "fs"));
    assert!(!uses_std("use std::fsync; use std::{io, net};", "fs"));
}
