//! Volatility profiles: which spans of a request may differ from run to run, as data. A rule is scoped to a path,
//! names a class that the value must still fit, and says why. Knows nothing of agents.

mod rule;

use std::sync::Arc;

use serde::Deserialize;
use wire::{
    Block, BlockKind, Capture, Chain, Exact, JsonError, Normalise, PathStep, Protocol, Rewrite, Template,
    canonical_with, escaped, markable, marked, path_text,
};

use crate::redact::{Found, Scanner, marks};
use rule::{Rule, RuleFile, Span};

/// The profiles that come with the program.
const BUILT_IN: [(&str, &str); 6] = [
    ("native", include_str!("../../profiles/native.toml")),
    ("codex", include_str!("../../profiles/codex.toml")),
    ("claude-code", include_str!("../../profiles/claude-code.toml")),
    ("mini-swe-agent", include_str!("../../profiles/mini-swe-agent.toml")),
    ("opencode", include_str!("../../profiles/opencode.toml")),
    ("generic", include_str!("../../profiles/generic.toml")),
];

/// A profile that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// No profile of this name comes with the program.
    #[error("there is no volatility profile named {0:?}; there are {names}", names = BUILT_IN.map(|(name, _)| name).join(", "))]
    Unknown(String),
    /// It cannot be read.
    #[error("volatility profile: {0}")]
    Malformed(String),
}

/// A set of rules, and the protocol whose equal spellings count as equal.
#[derive(Debug)]
pub struct Profile {
    name: String,
    protocol: Protocol,
    rules: Vec<Rule>,
    /// Finds what a recording has marks for.
    secrets: Option<Arc<Scanner>>,
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

/// A value of a request that a rule covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// The rule, by its number in the profile.
    pub rule: usize,
    /// The block, by its number in the request.
    pub block: usize,
    /// Where in the block.
    pub path: String,
    /// The value; a dropped member's text.
    pub value: String,
}

/// A rule as it is shown to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// The kind of block.
    pub block: BlockKind,
    /// The places in it.
    pub places: Vec<String>,
    /// What the value must fit.
    pub class: String,
    /// Why it is volatile.
    pub reason: String,
}

impl Profile {
    /// One of the profiles that come with the program.
    pub fn built_in(name: &str) -> Result<Self, ProfileError> {
        let found = BUILT_IN.iter().find(|(known, _)| *known == name);
        Self::parse(found.ok_or_else(|| ProfileError::Unknown(name.to_owned()))?.1)
    }

    /// Reads a profile from TOML.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let file: ProfileFile = toml::from_str(text).map_err(|e| ProfileError::Malformed(e.to_string()))?;
        let rules = file.rule.into_iter().map(Rule::new).collect::<Result<_, _>>()?;
        Ok(Self { name: file.name, protocol: Protocol::default(), rules, secrets: None })
    }

    /// The same for requests of a protocol.
    #[must_use]
    pub fn speaking(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// The same for a recording whose secrets were taken out: what stands for them is equal to any secret of its kind.
    #[must_use]
    pub fn redacting(mut self) -> Self {
        self.secrets = Some(Arc::default());
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The protocol of the requests.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Whether any value is followed through a conversation, so that a model's answer may name it.
    pub(crate) fn follows(&self) -> bool {
        self.rules.iter().any(Rule::is_followed)
    }

    /// Its rules, by number.
    pub fn rules(&self) -> Vec<RuleText> {
        let shown = |rule: &Rule| RuleText {
            block: rule.block,
            places: rule.places(),
            class: rule.class.clone(),
            reason: rule.reason.clone(),
        };
        self.rules.iter().map(shown).collect()
    }

    /// Whether anything is volatile at all.
    pub fn has_rules(&self) -> bool {
        !self.rules.is_empty()
    }

    /// What its rules cover in one block, the followed values of the blocks before it being known.
    pub(crate) fn covered_in(&self, block: &Block, known: &[Capture]) -> Result<Vec<Covered>, JsonError> {
        let text = self.protocol.canonical(block.kind, &block.raw)?;
        if !markable(&text) {
            return Ok(Vec::new());
        }
        let mut taken = self.taken(block.kind, known);
        canonical_with(&text, &mut taken)?;
        Ok(taken.covered)
    }

    /// What its rules cover in a request, block by block.
    pub fn covered(&self, request: &[Block]) -> Result<Vec<Covered>, JsonError> {
        let mut chain = Chain::default();
        let mut all = Vec::new();
        for (number, block) in request.iter().enumerate() {
            let covered = self.covered_in(block, chain.followed())?;
            all.extend(covered.into_iter().map(|c| Covered { block: number, ..c }));
            chain.add(block, self)?;
        }
        Ok(all)
    }

    /// The spans of a text said by the model that name followed values, or that a rule for a call's arguments covers:
    /// start, end, class. And the marks of secrets.
    pub(crate) fn said_spans(&self, text: &str, known: &[Capture]) -> Vec<(usize, usize, String)> {
        let arguments = [PathStep::Key("arguments".to_owned())];
        let mut spans = Vec::new();
        for (number, rule) in self.rules.iter().enumerate() {
            if rule.is_followed() || rule.is_about(BlockKind::Item, &arguments) {
                rule.spans(number, text, known, &mut spans);
            }
        }
        let class = |rule: usize| self.rules[rule].class.clone();
        let mut spans: Vec<_> =
            spans.into_iter().map(|span| (span.start, span.end, class(span.rule))).collect();
        for Found { start, end, kind } in self.secrets.iter().flat_map(|_| marks(text)) {
            spans.retain(|span| span.1 <= start || end <= span.0);
            spans.push((start, end, secret_class(kind)));
        }
        spans.sort_by_key(|span| span.0);
        spans
    }

    fn taken<'a>(&'a self, kind: BlockKind, known: &[Capture]) -> Taken<'a> {
        Taken { profile: self, kind, known: known.to_vec(), covered: Vec::new() }
    }
}

impl Normalise for Profile {
    fn text(&self, kind: BlockKind, raw: &str, known: &[Capture]) -> Result<String, JsonError> {
        let text = self.protocol.canonical(kind, raw)?;
        if !markable(&text) {
            return Ok(escaped(&text).into_owned());
        }
        if self.secrets.is_none() && !self.rules.iter().any(|rule| rule.block == kind) {
            return Ok(text);
        }
        // On the canonical text, so that the order of the values is always the same.
        canonical_with(&text, &mut self.taken(kind, known))
    }

    fn is_exact(&self) -> bool {
        self.rules.is_empty() && self.secrets.is_none() && self.protocol != Protocol::Messages
    }

    fn normalise(&self, kind: BlockKind, raw: &str, known: &[Capture]) -> Result<Template, JsonError> {
        if self.is_exact() {
            return Exact.normalise(kind, raw, known);
        }
        Ok(Template::of(&self.text(kind, raw, known)?))
    }
}

/// What the classes of secrets begin with; the kind follows.
const SECRET: &str = "secret:";

/// The class of the secrets of a kind.
fn secret_class(kind: &str) -> String {
    format!("{SECRET}{kind}")
}

/// Whether a class is one of secrets.
pub(crate) fn is_secret(class: &str) -> bool {
    class.starts_with(SECRET)
}

/// Takes the volatile values of one block out.
struct Taken<'a> {
    profile: &'a Profile,
    kind: BlockKind,
    known: Vec<Capture>,
    covered: Vec<Covered>,
}

impl Taken<'_> {
    fn spans(&self, path: &[PathStep], value: &str) -> Vec<Span> {
        let rules = &self.profile.rules;
        let mut spans = Vec::new();
        for (number, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.is_about(self.kind, path)) {
            rule.spans(number, value, &self.known, &mut spans);
        }
        let all = spans.clone();
        spans.retain(|span| rules[span.rule].holds(rules, &all));
        spans.sort_by_key(|span| span.start);
        spans
    }

    fn cover(&mut self, rule: usize, path: &[PathStep], value: &str) {
        let capture = Capture { class: self.profile.rules[rule].class.clone(), value: value.to_owned() };
        if capture.is_followed() && !self.known.contains(&capture) {
            self.known.push(capture);
        }
        self.covered.push(Covered { rule, block: 0, path: path_text(path), value: value.to_owned() });
    }
}

impl Taken<'_> {
    /// The secrets of a text, and their marks.
    fn secrets(&self, path: &[PathStep], value: &str) -> Vec<Found> {
        let member = path.last().and_then(|step| match step {
            PathStep::Key(key) => Some(key.as_str()),
            PathStep::Index(_) => None,
        });
        self.profile.secrets.as_ref().map_or_else(Vec::new, |secrets| secrets.find(value, member))
    }
}

impl Rewrite for Taken<'_> {
    fn string(&mut self, path: &[PathStep], value: &str) -> Option<String> {
        let mut spans: Vec<(usize, usize, Option<usize>, String)> = Vec::new();
        for Found { start, end, kind } in self.secrets(path, value) {
            spans.push((start, end, None, secret_class(kind)));
        }
        for Span { start, end, rule } in self.spans(path, value) {
            if spans.iter().all(|other| other.1 <= start || end <= other.0) {
                spans.push((start, end, Some(rule), self.profile.rules[rule].class.clone()));
            }
        }
        if spans.is_empty() {
            return None;
        }
        spans.sort_by_key(|span| span.0);
        let mut text = String::with_capacity(value.len() + 16 * spans.len());
        let mut from = 0;
        for (start, end, rule, class) in spans {
            text.push_str(&value[from..start]);
            text.push_str(&marked(&class, &value[start..end]));
            if let Some(rule) = rule {
                self.cover(rule, path, &value[start..end]);
            }
            from = end;
        }
        text.push_str(&value[from..]);
        Some(text)
    }

    fn leaves_out(&mut self, path: &[PathStep], raw: &str) -> bool {
        let mut about =
            self.profile.rules.iter().enumerate().filter(|(_, rule)| rule.is_about(self.kind, path));
        let value = || serde_json::from_str::<String>(raw).ok();
        let found = about.find_map(|(number, rule)| {
            let value = value().filter(|value| rule.drops(value))?;
            Some((number, value))
        });
        if let Some((number, value)) = &found {
            self.cover(*number, path, value);
        }
        found.is_some()
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
        within = "^(?:msg_)?(.*)$"
        reason = "made up for every run"
        [[rule]]
        block = "item"
        path = ".content[*].text"
        class = "duration"
        within = "Wall time: ([0-9.]+) seconds"
        reason = "measured"
        [[rule]]
        block = "item"
        path = ".cwd"
        class = "path"
        reason = "wherever it runs"
        [[rule]]
        block = "item"
        path = [".content[*].text", ".output"]
        class = "path"
        followed = true
        reason = "wherever it runs"
        [[rule]]
        block = "item"
        path = ".output"
        class = "counter"
        within = "^([0-9]+) bytes"
        beside = "path"
        reason = "counts the path's letters too"
        [[rule]]
        block = "item"
        path = ".extra"
        class = "json"
        dropped = true
        reason = "comes late or not at all"
    "#;

    fn item(id: &str, text: &str) -> String {
        format!(r#"{{"id":"{id}","content":[{{"text":"{text}"}}]}}"#)
    }

    fn key(items: &[&str]) -> base::Digest {
        let profile = Profile::parse(PROFILE).unwrap();
        let mut chain = Chain::default();
        for item in items {
            chain.add(&Block::new(BlockKind::Item, *item), &profile).unwrap();
        }
        chain.key().unwrap()
    }

    #[test]
    fn only_spans_of_a_rule_that_still_fit_its_class_may_differ() {
        let template = |raw: &str| key(&[raw]);
        let uuid = "msg_01234567-89ab-cdef-0123-456789abcdef";
        let other = "msg_01234567-89ab-cdef-0123-456789abcde0";
        let base = template(&item(uuid, "Wall time: 0.10 seconds. ok"));
        assert_eq!(base, template(&item(other, "Wall time: 3 seconds. ok")));
        assert_ne!(base, template(&item("msg_1", "Wall time: 0.10 seconds. ok")));
        assert_ne!(base, template(&item(uuid, "Wall time: 0.10 seconds. no")));
        assert_ne!(base, template(&item(uuid, "Wall time: later seconds. ok")));
        assert_ne!(base, template(&item(&other[4..], "Wall time: 3 seconds. ok")));
        let twice = |a: &str, b: &str| {
            template(&item("x", &format!("Wall time: {a} seconds, Wall time: {b} seconds")))
        };
        assert_eq!(twice("0.0", "0.0"), twice("0.0", "0.1"), "two equal durations are chance");
    }

    #[test]
    fn a_path_is_followed_only_as_itself_and_only_where_a_rule_says_so() {
        let run = |cwd: &str, text: &str, output: &str| {
            key(&[
                &format!(r#"{{"cwd":"{cwd}"}}"#),
                &item("x", text),
                &format!(r#"{{"output":"{output}"}}"#),
                &format!(r#"{{"other":"{text}"}}"#),
            ])
        };
        let base = run("/a", "in /x", "/a/b");
        assert_eq!(base, run("/c/d", "in /x", "/c/d/b"));
        assert_ne!(base, run("/c/d", "in /x", "/a/b"), "the recorded path is not this run's");
        assert_ne!(base, run("/c/d", "in /x", "/c/d/e"), "what follows the path counts");
        assert_ne!(base, run("/a", "in /y", "/a/b"), "another path is no path of the run");
        assert_ne!(base, run("/a", "in /x", "/ab"), "a longer name is another name");
        assert_ne!(run("/a", "in /a", "-"), run("/c", "in /c", "-"), "`.other` is no place of the rule");
        assert_eq!(run("/a", "-", "7 bytes in /a"), run("/c/d", "-", "9 bytes in /c/d"));
        assert_ne!(run("/a", "-", "7 bytes in /b"), run("/a", "-", "9 bytes in /b"));
    }

    #[test]
    fn a_dropped_member_may_be_missing_but_not_of_another_kind() {
        let base = key(&[r#"{"id":"x"}"#]);
        assert_eq!(base, key(&[r#"{"extra":"{\"a\":1}","id":"x"}"#]));
        assert_ne!(base, key(&[r#"{"extra":"a","id":"x"}"#]));
        assert_ne!(base, key(&[r#"{"extra":{"a":1},"id":"x"}"#]));
    }

    #[test]
    fn the_order_of_keys_numbers_nothing() {
        let id = "msg_01234567-89ab-cdef-0123-456789abcdef";
        let one = key(&[&format!(r#"{{"id":"{id}","cwd":"/a"}}"#)]);
        assert_eq!(one, key(&[&format!(r#"{{"cwd":"/a","id":"{id}"}}"#)]));
    }

    #[test]
    fn nothing_passes_for_a_covered_value() {
        let forged = |value: &str| item("x", &format!("\u{fdd0}uuid\u{fdd1}{value}\u{fdd0}"));
        assert_ne!(key(&[&forged("a")]), key(&[&forged("b")]));
        let escaped = |value: &str| item("x", &format!("\\ufdd0uuid\\ufdd1{value}\\ufdd0"));
        assert_ne!(key(&[&escaped("a")]), key(&[&escaped("b")]));
    }

    #[test]
    fn what_is_covered_is_told_by_rule_and_place() {
        let profile = Profile::parse(PROFILE).unwrap();
        let request = [
            Block::new(BlockKind::Item, r#"{"cwd":"/a"}"#),
            Block::new(BlockKind::Item, item("x", "in /a for Wall time: 1 seconds")),
        ];
        let covered = profile.covered(&request).unwrap();
        let told: Vec<_> =
            covered.iter().map(|c| (c.rule, c.block, c.path.as_str(), c.value.as_str())).collect();
        let expected =
            [(2, 0, ".cwd", "/a"), (3, 1, ".content[0].text", "/a"), (1, 1, ".content[0].text", "1")];
        assert_eq!(told, expected);
        assert_eq!(profile.rules()[covered[1].rule].places, [".content[*].text", ".output"]);
    }

    #[test]
    fn a_rule_that_says_too_little_or_too_much_is_refused() {
        let refused = |from: &str, to: &str| Profile::parse(&PROFILE.replacen(from, to, 1)).is_err();
        assert!(refused("\"uuid\"", "\"anything\""));
        assert!(refused("([0-9.]+)", "[0-9.]+"));
        assert!(refused("reason = \"measured\"", ""));
        assert!(refused("\"measured\"", "\" \""));
        assert!(refused("followed = true", "followed = true\nwithin = \"a\""));
        assert!(refused("\"path\"\n        followed", "\"date\"\n        followed"));
        assert!(refused("dropped = true", "dropped = true\nwithin = \"(a)\""));
        assert!(refused("class = \"json\"", "class = \"path\""));
        assert!(refused("beside = \"path\"", "beside = \"paths\""));
        assert!(refused("\".cwd\"", "\"cwd\""));
    }

    #[test]
    fn the_native_profile_covers_nothing_and_all_others_can_be_read() {
        assert!(Profile::built_in("native").unwrap().rules.is_empty());
        for (name, _) in BUILT_IN {
            assert_eq!(Profile::built_in(name).unwrap().name(), name);
        }
        assert!(Profile::built_in("other").unwrap_err().to_string().contains("claude-code"));
    }
}
