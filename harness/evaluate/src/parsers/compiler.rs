//! Compilers and linters that write one line a finding: gcc, clang, shellcheck, mypy, flake8 and their like, and
//! `tsc`. Knows nothing of other tools.

use super::{Found, local};

/// How bad a line says it is; the longest words first.
const SEVERITIES: [&str; 8] = [
    "fatal error: ",
    "error: ",
    "warning: ",
    "note: ",
    "info: ",
    "style: ",
    "performance: ",
    "portability: ",
];

/// `file:line[:column]: [severity:] message`, notes without a rule of their own left out.
pub(super) fn gcc(text: &str) -> Vec<Found> {
    text.lines().filter_map(gcc_line).collect()
}

/// One such line.
pub(super) fn gcc_line(line: &str) -> Option<Found> {
    let (file, number, rest) = split_place(line)?;
    let severity = SEVERITIES.iter().find(|word| rest.starts_with(**word));
    let message = rest[severity.map_or(0, |word| word.len())..].trim();
    let named = severity.is_some() || (!file.contains([' ', '\'', '"']) && file.contains(['.', '/']));
    if message.is_empty() || !named || file.contains("://") {
        return None;
    }
    let (code, message) = code(message);
    let word = severity.map(|word| word.trim_end_matches(": "));
    if code.is_none() && word == Some("note") {
        return None;
    }
    let rule = code.or_else(|| word.map(str::to_owned));
    Some(Found { file: Some(local(file)), line: Some(number), rule, message: message.to_owned() })
}

/// File, line and the text after `file:line: ` or `file:line:column: `.
fn split_place(line: &str) -> Option<(&str, u32, &str)> {
    if line.starts_with(char::is_whitespace) {
        return None;
    }
    let mut from = 0;
    while let Some(at) = line[from..].find(':').map(|at| from + at) {
        let after = &line[at + 1..];
        if let Some((number, rest)) = take_number(after).filter(|_| at > 0) {
            let rest = take_number(rest).map_or(rest, |(_, rest)| rest);
            return rest.strip_prefix(' ').map(|rest| (&line[..at], number, rest));
        }
        from = at + 1;
    }
    None
}

/// The number before a colon, and what follows the colon.
fn take_number(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_once(':')?;
    let number = digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))?;
    Some((number, rest))
}

/// The code at the end (`[SC2086]`, `[-Wunused]`) or at the start (`F401`) of a message, and the rest of it.
fn code(message: &str) -> (Option<String>, &str) {
    if let Some((rest, code)) = message.strip_suffix(']').and_then(|text| text.rsplit_once('['))
        && !code.is_empty()
        && !code.contains(' ')
        && !rest.trim().is_empty()
    {
        return (Some(code.to_owned()), rest.trim_end());
    }
    let (first, rest) = message.split_once(' ').unwrap_or((message, ""));
    let letters = first.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = first.bytes().skip(letters).take_while(u8::is_ascii_digit).count();
    let is_code = (1..=4).contains(&letters) && (2..=5).contains(&digits) && letters + digits == first.len();
    if is_code && !rest.is_empty() { (Some(first.to_owned()), rest.trim()) } else { (None, message) }
}

/// `a.ts(1,7): error TS2322: message`, or with colons and a dash where it is made pretty.
pub(super) fn tsc(text: &str) -> Vec<Found> {
    text.lines().filter_map(tsc_line).collect()
}

fn tsc_line(line: &str) -> Option<Found> {
    let (place, rest) = line.split_once(": error TS").or_else(|| line.split_once(" - error TS"))?;
    let (code, message) = rest.split_once(": ")?;
    let (file, number) = match place.strip_suffix(')').and_then(|place| place.rsplit_once('(')) {
        Some((file, at)) => (local(file), at.split(',').next()?.parse().ok()?),
        None => super::place(place)?,
    };
    let rule = Some(format!("TS{code}"));
    Some(Found { file: Some(file), line: Some(number), rule, message: message.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixture;

    fn shown(found: Vec<Found>) -> Vec<(String, u32, String, String)> {
        let show = |f: Found| (f.file.unwrap(), f.line.unwrap(), f.rule.unwrap_or_default(), f.message);
        found.into_iter().map(show).collect()
    }

    #[test]
    fn gcc_errors_and_warnings_have_place_and_flag() {
        let found = shown(gcc(&fixture("gcc.txt")));
        assert_eq!(found.len(), 5);
        assert_eq!(
            found[1],
            ("bad.c".into(), 3, "-Wunused-variable".into(), "unused variable ‘unused’".into())
        );
        assert_eq!(found[4], ("bad.c".into(), 6, "error".into(), "expected ‘;’ before ‘}’ token".into()));
    }

    #[test]
    fn linters_that_write_like_gcc_are_read() {
        let found = shown(gcc(&fixture("shellcheck.txt")));
        assert_eq!((found.len(), found[2].2.as_str()), (3, "SC2086"));
        let found = shown(gcc(&fixture("mypy.txt")));
        let untyped = "Function is missing a type annotation";
        assert_eq!(found[0], ("calc.py".into(), 1, "no-untyped-def".into(), untyped.into()));
        assert_eq!(found.len(), 2);
        let found = shown(gcc(&fixture("flake8.txt")));
        let unused = "'nothing_here' imported but unused";
        assert_eq!(found[1], ("test_broken.py".into(), 1, "F401".into(), unused.into()));
    }

    #[test]
    fn tsc_is_read_plain_and_pretty() {
        let plain = tsc(&fixture("tsc.txt"));
        assert_eq!(plain, tsc(&fixture("tsc-pretty.txt")));
        let found = shown(plain);
        assert_eq!(
            (found.len(), found[2].0.as_str(), found[2].1, found[2].2.as_str()),
            (3, "ts/a.ts", 5, "TS2345")
        );
    }

    #[test]
    fn times_and_addresses_are_no_places() {
        for line in
            ["12:30:45 began", "at 12:30:45: x", "http://host:80: refused", "a:1:", " a.c:1: error: x", "::"]
        {
            assert_eq!(gcc_line(line), None, "{line}");
        }
    }
}
