//! Volatility profiles: which spans of a request may differ from run to run, as data. A rule is scoped to a path,
//! names a class that the value must still fit, and says why. Knows nothing of agents.

use regex::Regex;
use serde::Deserialize;
use wire::{BlockKind, Capture, JsonError, Normalise, PathStep, Rewrite, Template, canonical_with};

/// A profile that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// No profile of this name comes with the program.
    #[error("there is no volatility profile named {0:?}")]
    Unknown(String),
    /// It cannot be read.
    #[error("volatility profile: {0}")]
    Malformed(String),
}

/// A set of rules.
#[derive(Debug)]
pub struct Profile {
    name: String,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    block: BlockKind,
    path: Vec<Step>,
    class: String,
    fits: Regex,
    within: Option<Regex>,
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    AnyIndex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    #[expect(dead_code, reason = "read so that it must be there")]
    version: base::FormatVersion,
    name: String,
    #[serde(default)]
    rule: Vec<RuleFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    /// The kind of block it is about.
    block: BlockKind,
    /// Path inside the block, as `.content[*].text`.
    path: String,
    /// uuid, hex, counter, duration, date, path, port or pid.
    class: String,
    /// Where only a part of the text is volatile: an expression whose first group is that part.
    #[serde(default)]
    within: Option<String>,
    /// Why it is volatile.
    #[expect(dead_code, reason = "read so that every rule must say why")]
    reason: String,
}

/// The text that stands where a volatile value was; no JSON string of an agent holds this character.
fn placeholder(class: &str) -> String {
    format!("\u{fdd0}{class}\u{fdd0}")
}

fn class_pattern(class: &str) -> Option<&'static str> {
    Some(match class {
        "uuid" => r"(?i)^[a-z]{0,8}_?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        "hex" => r"(?i)^[0-9a-f]{6,64}$",
        "counter" | "pid" | "port" => r"^[0-9]{1,10}$",
        "duration" => r"^[0-9]+(\.[0-9]+)?( ?(ns|us|µs|ms|s|seconds|m|min))?$",
        "date" => r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9:]+)?)?$",
        "path" => r"^/[^\x00\n]*$",
        _ => return None,
    })
}

impl Profile {
    /// One of the profiles that come with the program.
    pub fn built_in(name: &str) -> Result<Self, ProfileError> {
        match name {
            "native" => Self::parse(include_str!("../profiles/native.toml")),
            _ => Err(ProfileError::Unknown(name.to_owned())),
        }
    }

    /// Reads a profile from TOML.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let file: ProfileFile = toml::from_str(text).map_err(|e| ProfileError::Malformed(e.to_string()))?;
        let rules = file.rule.into_iter().map(Rule::new).collect::<Result<_, _>>()?;
        Ok(Self { name: file.name, rules })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Rule {
    fn new(file: RuleFile) -> Result<Self, ProfileError> {
        let malformed = |what: String| ProfileError::Malformed(what);
        let pattern = class_pattern(&file.class)
            .ok_or_else(|| malformed(format!("there is no class {:?}", file.class)))?;
        let regex = |text: &str| Regex::new(text).map_err(|e| ProfileError::Malformed(e.to_string()));
        let within = file.within.as_deref().map(regex).transpose()?;
        if within.as_ref().is_some_and(|r| r.captures_len() != 2) {
            return Err(malformed(format!("`within` of {} needs exactly one group", file.path)));
        }
        let path = parse_path(&file.path).ok_or_else(|| malformed(format!("not a path: {:?}", file.path)))?;
        Ok(Self { block: file.block, path, class: file.class, fits: regex(pattern)?, within })
    }

    fn covers(&self, kind: BlockKind, path: &[PathStep]) -> bool {
        self.block == kind
            && self.path.len() == path.len()
            && self.path.iter().zip(path).all(|(rule, step)| match (rule, step) {
                (Step::AnyIndex, PathStep::Index(_)) => true,
                (Step::Key(key), PathStep::Key(other)) => key == other,
                _ => false,
            })
    }

    /// The text with its volatile part taken out; nothing where it has none that fits the class.
    fn take(&self, value: &str, captures: &mut Vec<Capture>) -> Option<String> {
        let mut capture =
            |value: &str| captures.push(Capture { class: self.class.clone(), value: value.to_owned() });
        let Some(within) = &self.within else {
            return self.fits.is_match(value).then(|| {
                capture(value);
                placeholder(&self.class)
            });
        };
        let mut text = String::with_capacity(value.len());
        let mut from = 0;
        for part in within.captures_iter(value).filter_map(|c| c.get(1)) {
            if self.fits.is_match(part.as_str()) {
                capture(part.as_str());
                text.push_str(&value[from..part.start()]);
                text.push_str(&placeholder(&self.class));
                from = part.end();
            }
        }
        (from > 0).then(|| text + &value[from..])
    }
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
            steps.push(Step::Key(name[..end].to_owned()).nonempty()?);
            rest = &name[end..];
        }
    }
    Some(steps)
}

impl Step {
    fn nonempty(self) -> Option<Self> {
        (self != Self::Key(String::new())).then_some(self)
    }
}

impl Normalise for Profile {
    fn normalise(&self, kind: BlockKind, raw: &str) -> Result<Template, JsonError> {
        if !self.rules.iter().any(|rule| rule.block == kind) {
            return wire::Exact.normalise(kind, raw);
        }
        let mut taken = Taken { profile: self, kind, captures: Vec::new() };
        let text = canonical_with(raw, &mut taken)?;
        Ok(Template { digest: base::Digest::of(text.as_bytes()), captures: taken.captures })
    }
}

struct Taken<'a> {
    profile: &'a Profile,
    kind: BlockKind,
    captures: Vec<Capture>,
}

impl Rewrite for Taken<'_> {
    fn string(&mut self, path: &[PathStep], value: &str) -> Option<String> {
        let mut text: Option<String> = None;
        for rule in self.profile.rules.iter().filter(|rule| rule.covers(self.kind, path)) {
            let now = text.as_deref().unwrap_or(value);
            text = rule.take(now, &mut self.captures).or(text);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = r#"
        version = "1.0"
        name = "example"
        [[rule]]
        block = "item"
        path = ".id"
        class = "uuid"
        reason = "made up for every run"
        [[rule]]
        block = "item"
        path = ".content[*].text"
        class = "duration"
        within = "Wall time: ([0-9.]+) seconds"
        reason = "measured"
    "#;

    fn item(id: &str, text: &str) -> String {
        format!(r#"{{"id":"{id}","content":[{{"text":"{text}"}}]}}"#)
    }

    #[test]
    fn only_spans_of_a_rule_that_still_fit_its_class_may_differ() {
        let profile = Profile::parse(PROFILE).unwrap();
        let template = |raw: &str| profile.normalise(BlockKind::Item, raw).unwrap().digest;
        let uuid = "msg_01234567-89ab-cdef-0123-456789abcdef";
        let other = "msg_01234567-89ab-cdef-0123-456789abcde0";
        let base = template(&item(uuid, "Wall time: 0.10 seconds. ok"));
        assert_eq!(base, template(&item(other, "Wall time: 3 seconds. ok")));
        assert_ne!(base, template(&item("msg_1", "Wall time: 0.10 seconds. ok")));
        assert_ne!(base, template(&item(uuid, "Wall time: 0.10 seconds. no")));
        assert_ne!(base, template(&item(uuid, "Wall time: later seconds. ok")));
    }

    #[test]
    fn a_rule_without_a_class_or_a_group_is_refused() {
        assert!(Profile::parse(&PROFILE.replace("uuid", "anything")).is_err());
        assert!(Profile::parse(&PROFILE.replace("([0-9.]+)", "[0-9.]+")).is_err());
        assert!(Profile::parse(&PROFILE.replace("reason = \"measured\"", "")).is_err());
    }

    #[test]
    fn the_native_profile_covers_nothing() {
        assert!(Profile::built_in("native").unwrap().rules.is_empty());
    }
}
