//! One rule of a volatility profile: where it holds, what it takes, and the class that the value must still fit.
//! Knows nothing of requests.

use regex::Regex;
use serde::Deserialize;
use wire::{BlockKind, Capture, PathStep};

use super::ProfileError;

/// A rule as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    /// The kind of block it is about.
    block: BlockKind,
    /// Where in the block, as `.content[*].text`: one place or several.
    path: Places,
    /// See `CLASSES`.
    class: String,
    /// Where only a part of the text is volatile: an expression whose first group is that part.
    #[serde(default)]
    within: Option<String>,
    /// Covers exactly the values of this class that another rule took earlier in the conversation, nothing else:
    /// wherever they stand in the text, or with `within` only there.
    #[serde(default)]
    followed: bool,
    /// Holds only where the same text also has a covered value of this class.
    #[serde(default)]
    beside: Option<String>,
    /// The whole member is left out, whether it is there or not.
    #[serde(default)]
    dropped: bool,
    /// Why it is volatile.
    reason: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Places {
    One(String),
    Several(Vec<String>),
}

/// A rule that can be applied.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) block: BlockKind,
    paths: Vec<Vec<Step>>,
    pub(super) class: String,
    fits: Regex,
    what: What,
    beside: Option<String>,
    pub(super) reason: String,
}

#[derive(Debug)]
enum What {
    Whole,
    Within(Regex),
    /// Within, and only a value that is known.
    WithinKnown(Regex),
    Followed,
    Dropped,
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    AnyIndex,
}

/// A span of a text that a rule covers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The rule, by number.
    pub(super) rule: usize,
}

/// What a value may be. A value that no longer fits is a difference.
const CLASSES: [(&str, &str); 14] = [
    ("uuid", r"(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"),
    ("hex", r"^[0-9a-f]{6,64}$"),
    ("call", r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$"),
    ("token", r"^[a-z0-9]{6,32}$"),
    ("counter", r"^[0-9]{1,10}$"),
    ("pid", r"^[0-9]{1,10}$"),
    ("port", r"^[0-9]{1,5}$"),
    ("duration", r"^[0-9]+(\.[0-9]+)?( ?(ns|us|µs|ms|s|seconds|m|min))?$"),
    ("date", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9:]+)?)?$"),
    ("path", r"^/[^\x00-\x1f]+$"),
    ("slug", r"^-[A-Za-z0-9-]+$"),
    ("day", r"^[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{2} [0-9]{4}$"),
    ("build", r"^#[0-9]+[A-Za-z0-9~.-]*( [A-Za-z0-9:_@+().-]+)*$"),
    ("release", r"^[A-Za-z]+ [0-9][A-Za-z0-9.+_-]*$"),
];
/// The class of what is left out: the text of a JSON object.
const JSON: &str = "json";

impl Rule {
    pub(super) fn new(file: RuleFile) -> Result<Self, ProfileError> {
        let RuleFile { block, path, class, within, followed, beside, dropped, reason } = file;
        let paths = match path {
            Places::One(path) => vec![path],
            Places::Several(paths) => paths,
        };
        let malformed = |what: String| Err(ProfileError::Malformed(format!("rule for {paths:?}: {what}")));
        let regex = |text: &str| Regex::new(text).map_err(|e| ProfileError::Malformed(e.to_string()));
        let pattern = |class: &str| CLASSES.iter().find(|(name, _)| *name == class).map(|(_, text)| *text);
        if reason.trim().is_empty() {
            return malformed("it does not say why".to_owned());
        }
        let fits = match pattern(&class) {
            Some(_) if dropped => return malformed(format!("only {JSON:?} can be dropped")),
            None if !(dropped && class == JSON) => return malformed(format!("there is no class {class:?}")),
            Some(text) => regex(text)?,
            None => regex(r"(?s)^\{.*\}$")?,
        };
        if beside.as_deref().is_some_and(|class| pattern(class).is_none()) {
            return malformed("`beside` names no class".to_owned());
        }
        let followable = || Capture { class: class.clone(), value: String::new() }.is_followed();
        let what = match (within, followed, dropped) {
            (None, false, false) => What::Whole,
            (Some(text), false, false) => What::Within(regex(&text)?),
            (None, true, false) if followable() => What::Followed,
            (Some(text), true, false) if followable() => What::WithinKnown(regex(&text)?),
            (_, true, false) => return malformed(format!("values of class {class:?} are not followed")),
            (None, false, true) => What::Dropped,
            (_, _, true) => return malformed("what is dropped is dropped whole".to_owned()),
        };
        if matches!(&what, What::Within(within) | What::WithinKnown(within) if within.captures_len() != 2) {
            return malformed("`within` needs exactly one group".to_owned());
        }
        let steps: Option<Vec<_>> = paths.iter().map(|path| parse_path(path)).collect();
        match steps {
            Some(steps) if !steps.is_empty() => {
                Ok(Self { block, paths: steps, class, fits, what, beside, reason })
            }
            _ => malformed("not a path".to_owned()),
        }
    }

    /// Whether the rule is about the value at this place.
    pub(super) fn is_about(&self, kind: BlockKind, path: &[PathStep]) -> bool {
        let leads = |steps: &Vec<Step>| {
            steps.len() == path.len()
                && steps.iter().zip(path).all(|(rule, step)| match (rule, step) {
                    (Step::AnyIndex, PathStep::Index(_)) => true,
                    (Step::Key(key), PathStep::Key(other)) => key == other,
                    _ => false,
                })
        };
        self.block == kind && self.paths.iter().any(leads)
    }

    /// Whether it covers values that another rule took.
    pub(super) fn is_followed(&self) -> bool {
        matches!(self.what, What::Followed)
    }

    /// Whether the member with this text is left out.
    pub(super) fn drops(&self, text: &str) -> bool {
        matches!(self.what, What::Dropped)
            && serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok()
    }

    /// The spans of a text that the rule covers, `known` being the followed values seen so far.
    pub(super) fn spans(&self, number: usize, text: &str, known: &[Capture], spans: &mut Vec<Span>) {
        let mut take = |start: usize, end: usize| {
            if self.fits.is_match(&text[start..end]) && !spans.iter().any(|s| start < s.end && s.start < end)
            {
                spans.push(Span { start, end, rule: number });
            }
        };
        match &self.what {
            What::Whole => take(0, text.len()),
            What::Within(within) => within
                .captures_iter(text)
                .filter_map(|captures| captures.get(1))
                .for_each(|part| take(part.start(), part.end())),
            What::WithinKnown(within) => within
                .captures_iter(text)
                .filter_map(|captures| captures.get(1))
                .filter(|part| known.iter().any(|c| c.class == self.class && c.value == part.as_str()))
                .for_each(|part| take(part.start(), part.end())),
            What::Followed => {
                let mut values: Vec<&str> =
                    known.iter().filter(|c| c.class == self.class).map(|c| c.value.as_str()).collect();
                // The longest first: a folder within another one is itself.
                values.sort_by_key(|value| std::cmp::Reverse(value.len()));
                for value in values {
                    text.match_indices(value)
                        .map(|(start, value)| (start, start + value.len()))
                        .filter(|(start, end)| stands_alone(text, *start, *end))
                        .for_each(|(start, end)| take(start, end));
                }
            }
            What::Dropped => {}
        }
    }

    /// Whether the rule holds in a text with these spans.
    pub(super) fn holds(&self, rules: &[Self], spans: &[Span]) -> bool {
        let beside = |class: &String| spans.iter().any(|s| rules[s.rule].class == *class);
        self.beside.as_ref().is_none_or(beside)
    }

    /// The places it is about, as the file writes them.
    pub(super) fn places(&self) -> Vec<String> {
        let step = |step: &Step| match step {
            Step::Key(key) => format!(".{key}"),
            Step::AnyIndex => "[*]".to_owned(),
        };
        self.paths.iter().map(|path| path.iter().map(step).collect()).collect()
    }
}

/// Whether a found value is not a piece of a longer name: `/app` stands in `cd /app/src`, not in `/apple` or `x/app`.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut after = text[end..].chars();
    let goes_on = match after.next() {
        Some('.') => after.next().is_some_and(name),
        next => next.is_some_and(name),
    };
    let before = text[..start].chars().next_back();
    !goes_on && !before.is_some_and(|c| name(c) || c == '.' || c == '~')
}

/// Reads `.content[*].text`.
fn parse_path(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[*]") {
            steps.push(Step::AnyIndex);
            rest = after;
        } else {
            let name = rest.strip_prefix('.')?;
            let end = name.find(['.', '[']).unwrap_or(name.len());
            if end == 0 {
                return None;
            }
            steps.push(Step::Key(name[..end].to_owned()));
            rest = &name[end..];
        }
    }
    (!steps.is_empty()).then_some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_found_where_it_is_that_folder_and_not_within_another_name() {
        let found =
            |text: &str| text.match_indices("/app").filter(|(at, _)| stands_alone(text, *at, at + 4)).count();
        for text in ["/app", "cd /app/src", "in /app.", "`/app`", "(/app)", "file:///app/x", "/app:/x"] {
            assert_eq!(found(text), 1, "{text}");
        }
        for text in ["/apple", "x/app", "./app", "~/app", "/app-2", "/app.txt", "/app_old"] {
            assert_eq!(found(text), 0, "{text}");
        }
    }
}
