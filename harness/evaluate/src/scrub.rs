//! Takes out of an output what differs from host to host and run to run: times, addresses, thread numbers, hashes
//! of builds. Knows nothing of checks or findings.

/// Marks what was taken out.
const CUT: &str = "…";

/// The text without colours and other control sequences, with plain line ends.
pub(crate) fn uncoloured(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' if chars.peek() == Some(&'[') => {
                chars.next();
                while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
            }
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// The text as it would be on every host: volatile parts cut, lines without news left out.
pub(crate) fn scrub(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in uncoloured(text).lines().filter(|line| !is_volatile(line)) {
        let line = without_duration(line.trim_end());
        let line = without_thread(&line);
        let line = cut_run(&line, "0x", 5);
        let line = cut_run(&line, "/rustc/", 40);
        let line = cut_names(&line, "/tmp/tmp");
        out.push_str(&without_build_hash(&line));
        out.push('\n');
    }
    out
}

/// Lines that tell of the host or whose order is a race: versions, progress, single tests of parallel runs.
fn is_volatile(line: &str) -> bool {
    let start = line.trim_start();
    let libtest = start.starts_with("test ")
        && [" ... ok", " ... FAILED", " ... ignored"].iter().any(|end| start.ends_with(end));
    let pytest = (start.starts_with("platform ") && start.contains(" -- Python"))
        || start.starts_with("plugins: ")
        || start.starts_with("cachedir: ");
    let cargo = line.starts_with("    ")
        && ["Compiling ", "Checking ", "Downloading ", "Downloaded ", "Blocking ", "Locking ", "Updating "]
            .iter()
            .any(|verb| start.starts_with(verb));
    let cargo = cargo || line.starts_with("   Compiling ");
    libtest || pytest || cargo
}

fn without_duration(line: &str) -> String {
    let start = line.trim_start();
    for mark in ["duration_ms: ", "duration_ms "] {
        if let Some(at) = line.find(mark) {
            return format!("{}{CUT}", &line[..at + mark.len()]);
        }
    }
    if start.starts_with("Ran ") && start.contains(" test") {
        return cut_after(line, " in ");
    }
    if ["ok", "FAIL", "---"].iter().any(|word| start.starts_with(word))
        && let Some((before, last)) = line.rsplit_once('\t')
        && is_duration(last)
    {
        return before.to_owned();
    }
    if start.starts_with(['✔', '✖', '▶', '﹣', '✓', '✗', '×', '√']) || start.starts_with("--- ")
    {
        return without_bracket(line);
    }
    let summary =
        ["passed", "failed", "error", "finished", "Finished", "skipped", "no tests ran", "deselected"];
    if summary.iter().any(|word| line.contains(word)) { without_in(line) } else { line.to_owned() }
}

fn cut_after(line: &str, mark: &str) -> String {
    line.rfind(mark).map_or_else(|| line.to_owned(), |at| line[..at].to_owned())
}

/// Takes out ` (12.3ms)`.
fn without_bracket(line: &str) -> String {
    let Some(open) = line.rfind(" (") else { return line.to_owned() };
    let Some(length) = line[open..].find(')') else { return line.to_owned() };
    let inside = &line[open + 2..open + length];
    if is_duration(inside) {
        format!("{}{}", &line[..open], &line[open + length + 1..])
    } else {
        line.to_owned()
    }
}

/// Takes out ` in 0.12s`, and the `; finished` that may stand before it.
fn without_in(line: &str) -> String {
    let Some(at) = line.rfind(" in ") else { return line.to_owned() };
    let rest = &line[at + 4..];
    let end = rest.find([' ', ')', '=']).unwrap_or(rest.len());
    if !is_duration(&rest[..end]) {
        return line.to_owned();
    }
    let before = line[..at].strip_suffix("; finished").unwrap_or(&line[..at]);
    format!("{before}{}", &rest[end..])
}

fn is_duration(text: &str) -> bool {
    let number = text.trim_end_matches(|c: char| c.is_alphabetic() || c == ' ');
    let unit = text[number.len()..].trim();
    let digits = number.chars().all(|c| c.is_ascii_digit() || c == '.');
    !number.is_empty() && digits && ["s", "ms", "us", "µs", "ns", "m"].contains(&unit)
}

/// Takes the number out of `thread 'name' (123) panicked`.
fn without_thread(line: &str) -> String {
    let Some(at) = line.find(") panicked at ").filter(|_| line.starts_with("thread '")) else {
        return line.to_owned();
    };
    match line[..at].rfind(" (") {
        Some(open) if line[open + 2..at].bytes().all(|b| b.is_ascii_digit()) => {
            format!("{}{}", &line[..open], &line[at + 1..])
        }
        _ => line.to_owned(),
    }
}

/// Cuts the hexadecimal digits after a mark, where there are at least so many.
fn cut_run(line: &str, mark: &str, least: usize) -> String {
    cut_while(line, mark, least, |b| b.is_ascii_hexdigit())
}

/// Cuts the random name after a mark.
fn cut_names(line: &str, mark: &str) -> String {
    cut_while(line, mark, 6, |b| b.is_ascii_alphanumeric() || b == b'_')
}

fn cut_while(line: &str, mark: &str, least: usize, belongs: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(mark) {
        let (before, after) = rest.split_at(at + mark.len());
        let length = after.bytes().take_while(|b| belongs(*b)).count();
        out.push_str(before);
        out.push_str(if length >= least { CUT } else { &after[..length] });
        rest = &after[length..];
    }
    out + rest
}

/// Cuts the hash of a build in `deps/name-0123456789abcdef`.
fn without_build_hash(line: &str) -> String {
    let Some(deps) = line.find("/deps/") else { return line.to_owned() };
    let after = &line[deps..];
    let Some(dash) = after.find('-').map(|at| deps + at + 1) else { return line.to_owned() };
    let length = line[dash..].bytes().take_while(u8::is_ascii_hexdigit).count();
    if length == 16 { format!("{}{CUT}{}", &line[..dash], &line[dash + length..]) } else { line.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::fixture;

    #[test]
    fn what_differs_between_two_runs_is_cut() {
        for (before, after) in [
            ("Ran 5 tests in 0.001s", "Ran 5 tests"),
            ("===== 2 failed, 1 passed in 0.03s =====", "===== 2 failed, 1 passed ====="),
            ("2 failed, 1 passed in 62.10s (0:01:02)", "2 failed, 1 passed (0:01:02)"),
            (
                "test result: FAILED. 1 passed; 0 filtered out; finished in 0.08s",
                "test result: FAILED. 1 passed; 0 filtered out",
            ),
            (
                "    Finished `dev` profile [unoptimized] target(s) in 0.33s",
                "    Finished `dev` profile [unoptimized] target(s)",
            ),
            ("  duration_ms: 10.35", "  duration_ms: …"),
            ("# duration_ms 218.7", "# duration_ms …"),
            ("✖ adds (2.214982ms)", "✖ adds"),
            ("✖ f (x) (2ms) # TODO", "✖ f (x) # TODO"),
            ("--- FAIL: TestAdd (0.00s)", "--- FAIL: TestAdd"),
            ("FAIL\texample.com/calc\t0.003s", "FAIL\texample.com/calc"),
            ("thread 'a::b' (991) panicked at src/lib.rs:1:2:", "thread 'a::b' panicked at src/lib.rs:1:2:"),
            ("<Obj at 0x7f12ab34cd56>, 0x1f", "<Obj at 0x…>, 0x1f"),
            ("open('/tmp/tmpab12_xyz/f')", "open('/tmp/tmp…/f')"),
            ("Running (target/debug/deps/calc-c6626fb655a8d231)", "Running (target/debug/deps/calc-…)"),
            ("\u{1b}[31mred\u{1b}[0m\r", "red"),
        ] {
            assert_eq!(scrub(before), format!("{after}\n"));
        }
    }

    #[test]
    fn what_a_program_means_to_say_stays() {
        for line in
            ["AssertionError: '1.5s' != '1.50s'", "failed to connect in time", "expected 0x10", "ok then"]
        {
            assert_eq!(scrub(line), format!("{line}\n"));
        }
        assert_eq!(scrub("test a ... ok\ntest b ... FAILED\n   Compiling calc v0.1.0 (/app)\n"), "");
    }

    #[test]
    fn real_outputs_hold_no_durations_afterwards() {
        for name in
            ["cargo-test.txt", "unittest.txt", "pytest.txt", "node-tap.txt", "node-spec.txt", "clippy.txt"]
        {
            let text = scrub(&fixture(name));
            let timed =
                |word: &str| word.trim_matches(['(', ')', ';', '=']).ends_with('s') && is_duration(word);
            assert!(!text.split_whitespace().any(timed), "{name}: {text}");
            assert!(!text.contains("(991)") && !text.contains("Python 3."), "{name}: {text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*|[ -~\n(.)0x/-]*") {
            let _ = scrub(&text);
        }
    }
}
