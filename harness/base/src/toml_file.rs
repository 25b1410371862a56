//! Reading TOML that people write: what is wrong is said with file, line, column and the likely fix.
//! Knows nothing of what the files mean.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

/// Longest part of a source line that a diagnostic shows, in characters.
const SNIPPET_MAX: usize = 120;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file is used; a part of it is not understood.
    Warning,
}

/// Something wrong at one place of a file, shown the way rustc shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file, as the caller named it.
    pub file: PathBuf,
    /// The line, from 1; 0 where the fault has no place in the file.
    pub line: u32,
    /// The column in characters, from 1; 0 where the fault has no place in the file.
    pub column: u32,
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The source line, without control characters and shortened.
    pub snippet: String,
    /// How many characters from `column` on are at fault.
    pub width: u32,
}

impl std::error::Error for Diagnostic {}

impl Diagnostic {
    /// An error that concerns a file as a whole.
    pub fn whole(file: &Path, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            file: file.to_owned(),
            line: 0,
            column: 0,
            message: message.into(),
            help: None,
            snippet: String::new(),
            width: 0,
        }
    }

    /// An error at the bytes `span` of `text`, the content of `file`.
    pub fn at(file: &Path, text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let start = floor_boundary(text, span.start);
        let end = floor_boundary(text, span.end.max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
        let line = 1 + text[..start].bytes().filter(|b| *b == b'\n').count();
        let column = 1 + text[line_start..start].chars().count();
        let width = text[start..end.min(line_end).max(start)].trim_end().chars().count().max(1);
        let shown = text[line_start..line_end].trim_end();
        let snippet = shown.chars().take(SNIPPET_MAX).map(|c| if c.is_control() { ' ' } else { c });
        Self {
            line: clamp(line),
            column: clamp(column),
            snippet: snippet.collect(),
            width: clamp(width),
            ..Self::whole(file, message)
        }
    }

    /// An error at a key (or an index of an array) of a TOML file; at the nearest part of the path that is there.
    pub fn at_key(file: &Path, text: &str, path: &[&str], message: impl Into<String>) -> Self {
        let span = (1..=path.len()).rev().find_map(|n| locate(text, &path[..n]));
        match span {
            Some(span) => Self::at(file, text, span, message),
            None => Self::whole(file, message),
        }
    }

    /// The same with a line that says what to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same as a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}", self.message)?;
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        if self.line == 0 {
            write!(f, "\n --> {}", self.file.display())?;
        } else {
            write!(f, "\n{margin}--> {}:{}:{}", self.file.display(), self.line, self.column)?;
            let before = usize::try_from(self.column).unwrap_or(1).saturating_sub(1);
            let shown = self.snippet.chars().count();
            if shown > 0 && before < shown {
                let width = usize::try_from(self.width).unwrap_or(1).clamp(1, shown - before);
                let carets = "^".repeat(width);
                write!(f, "\n{margin} |\n{number} | {}\n{margin} | {:before$}{carets}", self.snippet, "")?;
            }
        }
        match &self.help {
            Some(help) => write!(f, "\n{margin} = help: {help}"),
            None => Ok(()),
        }
    }
}

/// Reads a table whose every key is ours; types refuse unknown keys by serde's `deny_unknown_fields`.
pub fn parse<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, Diagnostic> {
    toml::Deserializer::parse(text).and_then(T::deserialize).map_err(|error| explain(file, text, &error))
}

/// Reads a table that other programs own, too: keys which nothing reads come back as warnings.
pub fn parse_lenient<T: DeserializeOwned>(
    file: &Path,
    text: &str,
) -> Result<(T, Vec<Diagnostic>), Diagnostic> {
    let mut unread = Vec::new();
    let value = toml::Deserializer::parse(text)
        .and_then(|source| serde_ignored::deserialize(source, |path| unread.push(segments(&path))))
        .map_err(|error| explain(file, text, &error))?;
    let warn = |path: &Vec<String>| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let message = format!("unknown key `{}`: it has no effect here", path.join("."));
        Diagnostic::at_key(file, text, &path, message).warning()
    };
    Ok((value, unread.iter().map(warn).collect()))
}

/// Where a key stands in a TOML text; the parts of a path are keys, or indices of arrays.
pub fn locate(text: &str, path: &[&str]) -> Option<Range<usize>> {
    let document = DeTable::parse(text).ok()?;
    let (last, parents) = path.split_last()?;
    let mut table = document.get_ref();
    let mut array = None;
    for part in parents {
        let value = match array.take() {
            Some(list) => element(list, part)?.get_ref(),
            None => table.get(*part)?.get_ref(),
        };
        match value {
            DeValue::Table(inner) => table = inner,
            DeValue::Array(list) => array = Some(list),
            _ => return None,
        }
    }
    match array {
        Some(list) => element(list, last).map(toml::Spanned::span),
        None => table.get_key_value(*last).map(|(key, _)| key.span()),
    }
}

fn element<'a, 'i>(list: &'a toml::de::DeArray<'i>, index: &str) -> Option<&'a toml::Spanned<DeValue<'i>>> {
    list.get(index.parse::<usize>().ok()?)
}

fn segments(path: &serde_ignored::Path<'_>) -> Vec<String> {
    use serde_ignored::Path as P;
    let (parent, own) = match path {
        P::Root => return Vec::new(),
        P::Seq { parent, index } => (parent, Some(index.to_string())),
        P::Map { parent, key } => (parent, Some(key.clone())),
        P::Some { parent } | P::NewtypeStruct { parent } | P::NewtypeVariant { parent } => (parent, None),
    };
    let mut all = segments(parent);
    all.extend(own);
    all
}

/// A serde error in the words of somebody who writes TOML.
fn explain(file: &Path, text: &str, error: &toml::de::Error) -> Diagnostic {
    let raw = error.message();
    let (message, help) = reword(raw);
    match error.span() {
        Some(span) => Diagnostic { help, ..Diagnostic::at(file, text, span, message) },
        None => Diagnostic { help, ..Diagnostic::whole(file, message) },
    }
}

fn reword(raw: &str) -> (String, Option<String>) {
    let quoted: Vec<&str> = raw.split('`').skip(1).step_by(2).collect();
    for (prefix, what) in [("unknown field `", "key"), ("unknown variant `", "value")] {
        if let (true, [found, known @ ..]) = (raw.starts_with(prefix), quoted.as_slice()) {
            let help = match nearest(found, known) {
                Some(near) => Some(format!("did you mean `{near}`?")),
                None if known.is_empty() => None,
                None => Some(format!("known {what}s: {}", known.join(", "))),
            };
            return (format!("unknown {what} `{found}`"), help);
        }
    }
    match raw.strip_prefix("missing field ") {
        Some(rest) => (format!("missing key {rest}"), None),
        None => (lower_first(raw.trim_end()).replace('\n', ": "), None),
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

/// The known word nearest to what was written, where it is close enough to be meant.
pub fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let limit = (found.chars().count() / 3).max(1);
    known
        .iter()
        .map(|word| (distance(found, word), *word))
        .filter(|(d, word)| *d <= limit && *d < word.chars().count())
        .min_by_key(|(d, _)| *d)
        .map(|(_, word)| word)
}

/// Edits (insert, delete, replace, swap neighbours) from one word to the other; far for very long words.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(65).collect();
    let b: Vec<char> = b.chars().take(65).collect();
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

fn clamp(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what cannot be read matters here")]
    struct Ours {
        timeout: u32,
        mode: Option<Mode>,
        list: Option<Vec<Inner>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Mode {
        Strict,
        Warn,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what cannot be read matters here")]
    struct Inner {
        name: String,
    }

    fn fault(text: &str) -> Diagnostic {
        parse::<Ours>(Path::new("suite.toml"), text).unwrap_err()
    }

    #[test]
    fn an_unknown_key_is_shown_in_place_with_the_key_that_was_meant() {
        let shown = fault("# a comment\n\ntimeout = 1\ntiemout = 2\n").to_string();
        assert_eq!(
            shown,
            "error: unknown key `tiemout`\n --> suite.toml:4:1\n  |\n4 | tiemout = 2\n  | ^^^^^^^\n  \
             = help: did you mean `timeout`?"
        );
    }

    #[test]
    fn a_far_word_gets_the_list_and_no_guess() {
        let error = fault("timeout = 1\nzebra = 2\n");
        assert_eq!(error.help.as_deref(), Some("known keys: timeout, mode, list"));
    }

    #[test]
    fn a_wrong_type_a_wrong_value_and_a_missing_key_have_a_place() {
        let error = fault("timeout = \"long\"\n");
        assert_eq!((error.line, error.column, error.width), (1, 11, 6));
        assert!(error.message.contains("expected u32"), "{}", error.message);
        let error = fault("timeout = 1\nmode = \"stirct\"\n");
        assert_eq!((error.line, error.column), (2, 8));
        assert_eq!(error.help.as_deref(), Some("did you mean `strict`?"));
        let error = fault("timeout = 1\n[[list]]\nname = \"a\"\n[[list]]\n");
        assert_eq!((error.line, error.message.as_str()), (4, "missing key `name`"));
        assert!(fault("timeout = \n").line == 1);
    }

    #[test]
    fn keys_that_nothing_reads_are_warnings_where_others_own_the_table() {
        #[derive(Deserialize)]
        struct Theirs {
            retake: Option<Ours>,
            #[serde(default)]
            table: BTreeMap<String, Known>,
        }
        #[derive(Deserialize)]
        struct Known {}
        let file = Path::new("task.toml");
        let text = "extra = 1\n[table.one]\nnew = 2\n";
        let (theirs, warnings) = parse_lenient::<Theirs>(file, text).unwrap();
        assert!(theirs.retake.is_none() && theirs.table.len() == 1);
        let places: Vec<_> = warnings.iter().map(|w| (w.line, w.column, w.message.clone())).collect();
        assert_eq!(places[0].0, 1);
        assert_eq!((places[1].0, places[1].1), (3, 1));
        assert!(places[1].2.contains("`table.one.new`"), "{places:?}");
        let error =
            parse_lenient::<Theirs>(file, "[retake]\ntimeout = 1\ntimeoot = 1\n").map(|_| ()).unwrap_err();
        assert_eq!((error.line, error.help.as_deref()), (3, Some("did you mean `timeout`?")));
    }

    #[test]
    fn a_key_is_found_through_tables_and_arrays() {
        let text = "[a]\n[[a.b]]\nc = 1\n[[a.b]]\nc = 2\n";
        assert_eq!(locate(text, &["a", "b", "1", "c"]).map(|s| s.start), text.rfind('c'));
        assert_eq!(locate(text, &["a", "x"]), None);
        let error = Diagnostic::at_key(Path::new("t"), text, &["a", "b", "1", "missing"], "m");
        assert_eq!(error.line, 4);
    }

    proptest! {
        #[test]
        fn no_text_makes_a_diagnostic_panic(text in ".*", start in 0_usize..200, length in 0_usize..200) {
            let _ = Diagnostic::at(Path::new("f"), &text, start..start + length, "m").to_string();
            if let Err(error) = parse::<Ours>(Path::new("f"), &text) {
                let _ = error.to_string();
            }
        }
    }
}
