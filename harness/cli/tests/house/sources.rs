//! Rules about Rust sources.

use crate::none;
use crate::source::{self, has_word, uses_std};

/// Parts that do no I/O at all.
const PURE: [&str; 3] = ["harness/wire/src", "harness/promptcache/src", "harness/report/src/score"];
/// What would be some.
const IO: [&str; 4] = ["fs", "net", "process", "os"];
/// The one file with unsafe code.
const UNSAFE: &str = "harness/sandbox/src/sys.rs";
/// Lines of a source file, its unit tests included.
const FILE_MAX: usize = 600;
/// Lines of a function.
const FUNCTION_MAX: usize = 70;

#[test]
fn every_file_opens_with_what_it_is_about() {
    let all = source::all();
    assert!(all.len() > 100, "the sources were not found");
    let faults: Vec<String> = all
        .iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| source.path.display().to_string())
        .collect();
    none(&faults, "Begin with `//! `: what the file owns, and what it knows nothing of.");
}

#[test]
fn unsafe_code_stands_in_one_file() {
    let mut faults = Vec::new();
    for source in source::all().iter().filter(|source| !source.path.ends_with(UNSAFE)) {
        let found =
            source.lines().filter(|(_, line)| has_word(line, "unsafe") || has_word(line, "unsafe_code"));
        faults.extend(found.map(|(line, _)| source.place(line)));
    }
    none(
        &faults,
        "Use a safe library; else wrap the call in harness/sandbox/src/sys.rs, behind a safe function.",
    );
}

#[test]
fn nothing_below_the_command_line_prints() {
    let printers = ["print!", "println!", "eprint!", "eprintln!", "dbg!"];
    let mut faults = Vec::new();
    for source in source::production().iter().filter(|source| !source.path.starts_with("harness/cli")) {
        for (line, code) in source.lines() {
            let found = printers.iter().find(|printer| has_macro(code, printer));
            faults.extend(found.map(|printer| format!("{}: {printer}", source.place(line))));
        }
    }
    none(
        &faults,
        "Give the text back, or an event to an observer; harness/cli/src/output.rs is where it is printed.",
    );
}

#[test]
fn nothing_is_left_undone() {
    let mut faults = Vec::new();
    for source in source::all() {
        for (line, code) in source.lines() {
            let found = ["todo!", "unimplemented!"].iter().find(|left| has_macro(code, left));
            faults.extend(found.map(|left| format!("{}: {left}", source.place(line))));
        }
    }
    none(&faults, "Do it, or give back an error that says what is not supported.");
}

#[test]
fn whoever_may_panic_says_why_it_cannot() {
    let mut faults = Vec::new();
    for source in source::production() {
        for (line, code) in source.lines() {
            if [".unwrap()", ".expect("].iter().any(|call| code.contains(call)) && !source.explained(line) {
                faults.push(source.place(line));
            }
        }
    }
    none(
        &faults,
        "Give the error back with `?`; where there can be none, a comment on the line before says why.",
    );
}

#[test]
fn what_is_pure_does_no_input_or_output() {
    let mut faults = Vec::new();
    for source in source::production() {
        if PURE.iter().any(|part| source.path.starts_with(part)) {
            let found = IO.iter().filter(|module| uses_std(&source.code, module));
            faults.extend(found.map(|module| format!("{}: std::{module}", source.path.display())));
        }
    }
    none(&faults, "Let the caller read and write, and pass bytes or values.");
}

#[test]
fn files_and_functions_fit_on_a_few_screens() {
    let mut faults = Vec::new();
    for source in source::production() {
        let lines = source.text.lines().count();
        if lines > FILE_MAX {
            faults.push(format!("{}: {lines} lines, at most {FILE_MAX}", source.path.display()));
        }
        for function in source.functions().iter().filter(|function| function.lines > FUNCTION_MAX) {
            let (name, lines) = (&function.name, function.lines);
            faults.push(format!(
                "{}: {name} has {lines} lines, at most {FUNCTION_MAX}",
                source.place(function.line)
            ));
        }
    }
    none(
        &faults,
        "Split along what the parts know: a file owns one thing, a function reads from top to bottom.",
    );
}

/// Whether code calls a macro of exactly this name.
fn has_macro(code: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| !code[..at].ends_with(word))
}
