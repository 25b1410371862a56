//! The patch grammar of the apply_patch tool: parsed, and applied to texts. No I/O; what a hunk does to files is
//! the tool's.

/// A patch that cannot be read or does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The text is no patch.
    #[error("line {line} of the patch: {problem}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// Lines that the patch expects are not in the file.
    #[error("failed to find expected lines in {path}:\n{lines}")]
    NotFound {
        /// The file.
        path: String,
        /// The lines.
        lines: String,
    },
}

/// What a patch does to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hunk {
    /// A new file.
    Add {
        /// Its path.
        path: String,
        /// Its content.
        content: String,
    },
    /// A file goes.
    Delete {
        /// Its path.
        path: String,
    },
    /// A file changes, and may move.
    Update {
        /// Its path.
        path: String,
        /// Its new path.
        to: Option<String>,
        /// The changes, first to last.
        chunks: Vec<Chunk>,
    },
}

/// One change of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Lines that narrow the place down, each found after the one before.
    context: Vec<String>,
    /// Lines before: kept and removed ones.
    old: Vec<String>,
    /// Lines after: kept and added ones.
    new: Vec<String>,
    /// Whether it must stand at the end of the file.
    at_end: bool,
}

/// Reads a patch.
pub fn parse(text: &str) -> Result<Vec<Hunk>, PatchError> {
    let lines: Vec<&str> = text.trim_end_matches(['\n', ' ', '\t', '\r']).split('\n').collect();
    let mut reader = Reader { lines, at: 0 };
    if reader.next().map(str::trim_end) != Some("*** Begin Patch") {
        return Err(reader.error(1, "the first line must be `*** Begin Patch`"));
    }
    let mut hunks = Vec::new();
    loop {
        let number = reader.at + 1;
        let Some(line) = reader.next().map(str::trim_end) else {
            return Err(reader.error(number - 1, "the last line must be `*** End Patch`"));
        };
        if line == "*** End Patch" {
            break;
        }
        hunks.push(if let Some(path) = line.strip_prefix("*** Add File: ") {
            Hunk::Add { path: path.to_owned(), content: reader.added() }
        } else if let Some(path) = line.strip_prefix("*** Delete File: ") {
            Hunk::Delete { path: path.to_owned() }
        } else if let Some(path) = line.strip_prefix("*** Update File: ") {
            reader.update(path)?
        } else {
            let problem =
                "expected `*** Add File: `, `*** Delete File: `, `*** Update File: ` or `*** End Patch`";
            return Err(reader.error(number, problem));
        });
    }
    match reader.next() {
        Some(_) => Err(reader.error(reader.at, "something follows `*** End Patch`")),
        None if hunks.is_empty() => Err(reader.error(1, "the patch has no hunk")),
        None => Ok(hunks),
    }
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    at: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let line = self.lines.get(self.at).copied();
        self.at += usize::from(line.is_some());
        line
    }

    fn peek(&self) -> Option<&'a str> {
        self.lines.get(self.at).copied()
    }

    fn error(&self, line: usize, problem: &str) -> PatchError {
        PatchError::Malformed { line, problem: problem.to_owned() }
    }

    fn added(&mut self) -> String {
        let mut content = String::new();
        while let Some(line) = self.peek().and_then(|line| line.strip_prefix('+')) {
            content.push_str(line);
            content.push('\n');
            self.at += 1;
        }
        content
    }

    fn update(&mut self, path: &str) -> Result<Hunk, PatchError> {
        let to = self
            .peek()
            .and_then(|line| line.strip_prefix("*** Move to: "))
            .map(|to| to.trim_end().to_owned());
        self.at += usize::from(to.is_some());
        let mut chunks: Vec<Chunk> = Vec::new();
        let mut open = false;
        while let Some(line) = self.peek() {
            if line.trim_end() == "*** End of File" {
                self.at += 1;
                match chunks.last_mut() {
                    Some(chunk) if open => chunk.at_end = true,
                    _ => return Err(self.error(self.at, "`*** End of File` follows no change")),
                }
                open = false;
                continue;
            }
            if line.starts_with("*** ") {
                break;
            }
            self.at += 1;
            if let Some(rest) = line.strip_prefix("@@") {
                let fresh = chunks.last().is_none_or(|chunk| !chunk.old.is_empty() || !chunk.new.is_empty());
                if fresh {
                    chunks.push(Chunk::default());
                }
                let context = rest.strip_prefix(' ').unwrap_or(rest);
                if let Some(chunk) = chunks.last_mut().filter(|_| !context.trim().is_empty()) {
                    chunk.context.push(context.to_owned());
                }
                open = true;
                continue;
            }
            if !open {
                chunks.push(Chunk::default());
                open = true;
            }
            self.change(line, &mut chunks)?;
        }
        if chunks.iter().any(|chunk| chunk.old.is_empty() && chunk.new.is_empty()) {
            return Err(self.error(self.at, "a change has no lines"));
        }
        if chunks.is_empty() && to.is_none() {
            return Err(self.error(self.at, "the update changes nothing"));
        }
        Ok(Hunk::Update { path: path.to_owned(), to, chunks })
    }

    fn change(&self, line: &str, chunks: &mut [Chunk]) -> Result<(), PatchError> {
        let Some(chunk) = chunks.last_mut() else { return Ok(()) };
        let mut characters = line.chars();
        let sign = characters.next();
        let rest = characters.as_str().to_owned();
        match sign {
            Some('+') => chunk.new.push(rest),
            Some('-') => chunk.old.push(rest),
            // An empty line stands for an empty line that is kept.
            Some(' ') | None => {
                chunk.old.push(rest.clone());
                chunk.new.push(rest);
            }
            Some(_) => return Err(self.error(self.at, "a changed line begins with `+`, `-` or a space")),
        }
        Ok(())
    }
}

/// The text of a file after its chunks. Keeps the file's own line ends and whether its last line is ended.
pub fn apply(path: &str, text: &str, chunks: &[Chunk]) -> Result<String, PatchError> {
    let crlf = text.contains("\r\n");
    let mut lines: Vec<String> =
        text.split('\n').map(|line| line.trim_end_matches('\r').to_owned()).collect();
    let ended = lines.last().is_some_and(String::is_empty);
    if ended {
        lines.pop();
    }
    let mut from = 0;
    for chunk in chunks {
        let missing =
            |lines: &[String]| PatchError::NotFound { path: path.to_owned(), lines: lines.join("\n") };
        for context in &chunk.context {
            let one = std::slice::from_ref(context);
            from = find(&lines, one, from, false).ok_or_else(|| missing(one))? + 1;
        }
        let at = if chunk.old.is_empty() {
            if chunk.context.is_empty() || chunk.at_end { lines.len() } else { from }
        } else {
            find(&lines, &chunk.old, from, chunk.at_end).ok_or_else(|| missing(&chunk.old))?
        };
        lines.splice(at..at + chunk.old.len(), chunk.new.iter().cloned());
        from = at + chunk.new.len();
    }
    let end = if crlf { "\r\n" } else { "\n" };
    let mut result = lines.join(end);
    if (ended || text.is_empty()) && !lines.is_empty() {
        result.push_str(end);
    }
    Ok(result)
}

/// Where `wanted` stands in `lines` from `from` on: exactly, else but for trailing, else but for all outer blanks.
fn find(lines: &[String], wanted: &[String], from: usize, at_end: bool) -> Option<usize> {
    let last = lines.len().checked_sub(wanted.len())?;
    let same: [fn(&str, &str) -> bool; 3] =
        [|a, b| a == b, |a, b| a.trim_end() == b.trim_end(), |a, b| a.trim() == b.trim()];
    let start = if at_end { last } else { from };
    same.iter().find_map(|same| {
        (start.max(from)..=last).find(|at| lines[*at..].iter().zip(wanted).all(|(a, b)| same(a, b)))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn patched(text: &str, body: &str) -> Result<String, PatchError> {
        let patch = format!("*** Begin Patch\n*** Update File: f\n{body}\n*** End Patch\n");
        match parse(&patch)?.remove(0) {
            Hunk::Update { chunks, .. } => apply("f", text, &chunks),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn hunks_of_all_kinds_are_read() {
        let text = "*** Begin Patch\n*** Add File: a/b.txt\n+one\n+\n*** Delete File: c\n*** Update File: d\n\
                    *** Move to: e\n@@ fn x\n-1\n+2\n*** End Patch";
        let hunks = parse(text).unwrap();
        assert_eq!(hunks[0], Hunk::Add { path: "a/b.txt".into(), content: "one\n\n".into() });
        assert_eq!(hunks[1], Hunk::Delete { path: "c".into() });
        assert!(
            matches!(&hunks[2], Hunk::Update { to: Some(to), chunks, .. } if to == "e" && chunks.len() == 1)
        );
    }

    #[test]
    fn context_lines_narrow_the_place() {
        let text = "def a():\n    return 1\n\ndef b():\n    return 1\n";
        let changed = patched(text, "@@ def b():\n-    return 1\n+    return 2").unwrap();
        assert_eq!(changed, "def a():\n    return 1\n\ndef b():\n    return 2\n");
    }

    #[test]
    fn several_changes_apply_in_order_and_the_end_of_the_file_can_be_asked_for() {
        let changed = patched("x\na\nx\n", "@@\n-x\n+1\n@@\n-x\n+2\n*** End of File").unwrap();
        assert_eq!(changed, "1\na\n2\n");
        assert_eq!(patched("x\na\nx", "@@\n a\n-x\n+y").unwrap(), "x\na\ny");
        assert_eq!(patched("a\r\nb\r\n", "@@\n-b\n+c").unwrap(), "a\r\nc\r\n");
        assert_eq!(patched("a\n", "@@\n+b").unwrap(), "a\nb\n");
    }

    #[test]
    fn what_does_not_fit_or_is_no_patch_says_where() {
        assert!(matches!(patched("a\n", "@@\n-z\n+b"), Err(PatchError::NotFound { .. })));
        for (bad, line) in [
            ("nothing", 1),
            ("*** Begin Patch\n*** End Patch", 1),
            ("*** Begin Patch\n*** Frob File: x\n*** End Patch", 2),
            ("*** Begin Patch\n*** Update File: x\n@@\n?what\n*** End Patch", 4),
            ("*** Begin Patch\n*** Add File: x\n+a", 3),
        ] {
            match parse(bad) {
                Err(PatchError::Malformed { line: at, .. }) => assert_eq!(at, line, "{bad}"),
                other => panic!("{bad}: {other:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "(\\*\\*\\* (Begin Patch|Update File: f|End Patch|End of File)|@@|[-+ ]?[ab]{0,2}|\n){0,20}") {
            if let Ok(hunks) = parse(&text) {
                for hunk in hunks {
                    if let Hunk::Update { chunks, .. } = hunk {
                        let _ = apply("f", "a\nb\n", &chunks);
                    }
                }
            }
        }

        #[test]
        fn replacing_one_line_of_a_file_changes_just_that_line(lines in prop::collection::vec("[a-z]{1,4}", 1..12), at in any::<prop::sample::Index>()) {
            let at = at.index(lines.len());
            let unique: Vec<String> = lines.iter().enumerate().map(|(n, line)| format!("{n}{line}")).collect();
            let text = unique.join("\n") + "\n";
            let changed = patched(&text, &format!("@@\n-{}\n+new", unique[at])).unwrap();
            let mut expected = unique.clone();
            expected[at] = "new".to_owned();
            prop_assert_eq!(changed, expected.join("\n") + "\n");
        }
    }
}
