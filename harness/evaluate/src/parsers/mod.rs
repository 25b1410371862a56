//! From what a tool writes to what it found: which parser reads an output, and what the parsers share. Knows
//! nothing of how the tool was run.

mod cargo;
mod compiler;
mod python;
mod tap;

use suite::Parser;

use crate::scrub::uncoloured;

/// One thing found in an output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The file, relative to the workspace where it lies in it.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The test, lint or error code.
    pub rule: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// What an output complains about; without a parser's name the output itself tells whose it is.
pub fn parse(parser: Option<Parser>, text: &str) -> Vec<Found> {
    let text = uncoloured(text);
    match parser.or_else(|| sniff(&text)) {
        Some(Parser::Unittest) => python::unittest(&text),
        Some(Parser::Pytest) => python::pytest(&text),
        Some(Parser::Cargo) => cargo::parse(&text),
        Some(Parser::Gcc) => compiler::gcc(&text),
        Some(Parser::Tsc) => compiler::tsc(&text),
        Some(Parser::Tap) => tap::parse(&text),
        Some(Parser::Plain) | None => Vec::new(),
    }
}

/// Whose output this looks like.
pub fn sniff(text: &str) -> Option<Parser> {
    let any = |test: fn(&str) -> bool| text.lines().any(test);
    if any(|line| line.starts_with("TAP version ") || line.starts_with("not ok ") || line == tap::FAILING) {
        Some(Parser::Tap)
    } else if any(|line| line.starts_with("Ran ") && line.contains(" test") && line.contains(" in ")) {
        Some(Parser::Unittest)
    } else if any(|line| {
        line.starts_with("===") && python::PYTEST_MARKS.iter().any(|mark| line.contains(mark))
    }) {
        Some(Parser::Pytest)
    } else if any(|line| line.starts_with("test result: ") || line.trim_start().starts_with("--> ")) {
        Some(Parser::Cargo)
    } else if any(|line| line.contains(": error TS") || line.contains(" - error TS")) {
        Some(Parser::Tsc)
    } else {
        any(|line| compiler::gcc_line(line).is_some()).then_some(Parser::Gcc)
    }
}

/// The last line that says anything: all there is to know of an output that no parser reads.
pub fn plain(text: &str) -> Option<Found> {
    let text = uncoloured(text);
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    Some(Found { message: last.to_owned(), ..Found::default() })
}

/// A path as the agent would write it.
fn local(path: &str) -> String {
    let path = path.strip_prefix("file://").unwrap_or(path);
    let path = path.strip_prefix("/app/").unwrap_or(path);
    path.strip_prefix("./").unwrap_or(path).to_owned()
}

/// Whether a path belongs to the work and not to the tool.
fn is_own(path: &str) -> bool {
    let foreign = ["/usr/", "/lib/", "/opt/", "/rustc/", "node:", "<frozen", "<string>"];
    let parts = ["site-packages", "node_modules", "/.cargo/registry/"];
    !path.is_empty()
        && !foreign.iter().any(|start| path.starts_with(start))
        && !parts.iter().any(|part| path.contains(part))
}

/// `file:line` or `file:line:column` as file and line.
fn place(text: &str) -> Option<(String, u32)> {
    let text = text.trim().trim_end_matches(':');
    let (before, last) = text.rsplit_once(':')?;
    let last: u32 = last.parse().ok()?;
    match before.rsplit_once(':').map(|(file, line)| (file, line.parse::<u32>())) {
        Some((file, Ok(line))) if !file.is_empty() => Some((local(file), line)),
        _ if !before.is_empty() && !before.starts_with(':') => Some((local(before), last)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::fixture;

    #[test]
    fn an_output_tells_whose_it_is() {
        for (name, parser) in [
            ("unittest.txt", Parser::Unittest),
            ("pytest.txt", Parser::Pytest),
            ("pytest-short.txt", Parser::Pytest),
            ("cargo-test.txt", Parser::Cargo),
            ("clippy.txt", Parser::Cargo),
            ("rustc.txt", Parser::Cargo),
            ("gcc.txt", Parser::Gcc),
            ("mypy.txt", Parser::Gcc),
            ("flake8.txt", Parser::Gcc),
            ("shellcheck.txt", Parser::Gcc),
            ("tsc.txt", Parser::Tsc),
            ("tsc-pretty.txt", Parser::Tsc),
            ("node-tap.txt", Parser::Tap),
            ("node-spec.txt", Parser::Tap),
        ] {
            assert_eq!(sniff(&fixture(name)), Some(parser), "{name}");
        }
        assert_eq!(sniff("at 12:30:45: it began\nhttp://host:8080: refused\n"), None);
    }

    #[test]
    fn the_last_line_stands_for_an_unknown_output() {
        assert_eq!(plain("a\n b \n\n").map(|f| f.message).as_deref(), Some("b"));
        assert_eq!(plain("\n"), None);
    }

    #[test]
    fn places_are_read_with_and_without_columns() {
        assert_eq!(place("/app/a.rs:3:4:"), Some(("a.rs".to_owned(), 3)));
        assert_eq!(place("file:///app/a.mjs:3"), Some(("a.mjs".to_owned(), 3)));
        assert_eq!((place(":3:4"), place("a"), place("a:b")), (None, None, None));
    }

    proptest! {
        #[test]
        fn no_output_makes_a_parser_panic(text in "\\PC*", noise in "[-:=_ \n.a0(')\\[\\]]*") {
            use Parser::{Cargo, Gcc, Plain, Pytest, Tap, Tsc, Unittest};
            let samples = ["cargo-test.txt", "pytest.txt", "unittest.txt", "node-tap.txt", "node-spec.txt"];
            let mut all = vec![text.clone(), noise.clone()];
            all.extend(samples.iter().map(|name| {
                let sample = fixture(name);
                let cut = crate::finding::floor_boundary(&sample, noise.len() * 37);
                format!("{}{noise}{}", &sample[..cut], &sample[cut..])
            }));
            for text in &all {
                for parser in [Cargo, Gcc, Plain, Pytest, Tap, Tsc, Unittest] {
                    let _ = parse(Some(parser), text);
                }
                let _ = (parse(None, text), plain(text));
            }
        }
    }
}
