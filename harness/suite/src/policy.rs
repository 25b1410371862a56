//! What an agent's commands may be, as data: rules by prefix, checked against their own examples. Knows nothing
//! of how a command line is taken apart; that is the evaluator's.

use std::path::Path;

use base::toml_file::{self, Diagnostic};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{SuiteError, read_text};

/// What happens to a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It runs.
    #[default]
    Allow,
    /// It doesn't, and the agent is told why.
    Deny,
}

/// The rules for an agent's commands. Without a table: everything is allowed, for the sandbox contains it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// For a command that no rule names.
    pub default: Decision,
    /// After so many denied actions the trial stops with the failure mode `policy`.
    pub max_denials: Option<u32>,
    /// The rules, in the order of the file.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
}

/// One rule: commands whose first words are `prefix`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The first words of the command.
    pub prefix: Vec<String>,
    /// What happens to it.
    pub decision: Decision,
    /// Why; told to the agent.
    #[serde(default)]
    pub reason: Option<String>,
    /// Commands that this rule must match.
    #[serde(default, rename = "match", skip_serializing)]
    pub matches: Vec<Example>,
    /// Commands that it must not match.
    #[serde(default, rename = "not_match", skip_serializing)]
    pub not_matches: Vec<Example>,
}

impl Rule {
    /// Whether a command, taken apart into words, begins with this rule's prefix.
    pub fn applies_to(&self, words: &[String]) -> bool {
        words.starts_with(&self.prefix)
    }
}

/// A command as an example: a list of words, or one text that is split at blanks outside quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example(pub Vec<String>);

impl<'de> Deserialize<'de> for Example {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = Example;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a command: a text or a list of words")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Example, E> {
                split_words(text).map(Example).ok_or_else(|| E::custom("a quote is not closed"))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Example, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = seq.next_element()? {
                    words.push(word);
                }
                Ok(Example(words))
            }
        }
        deserializer.deserialize_any(Words)
    }
}

fn split_words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// A policy as it stands in a file: a table, `{ file = "policy.toml" }`, or the file's path alone.
#[derive(Clone, Debug)]
pub(crate) struct PolicyTable(PolicyFile);

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PolicyFile {
    file: Option<String>,
    default: Option<Decision>,
    max_denials: Option<u32>,
    rule: Vec<Rule>,
}

impl<'de> Deserialize<'de> for PolicyTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = PolicyTable;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a policy table or the path of a policy file")
            }

            fn visit_str<E: serde::de::Error>(self, path: &str) -> Result<PolicyTable, E> {
                Ok(PolicyTable(PolicyFile { file: Some(path.to_owned()), ..PolicyFile::default() }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PolicyTable, A::Error> {
                PolicyFile::deserialize(MapAccessDeserializer::new(map)).map(PolicyTable)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl PolicyTable {
    /// The policy that this table says, whose place in `file` is `key`; paths are relative to the file's folder.
    pub(crate) fn resolve(self, file: &Path, text: &str, key: &[&str]) -> Result<Policy, SuiteError> {
        let table = self.0;
        let Some(path) = &table.file else {
            return table.check(file, text, key).map_err(SuiteError::from);
        };
        if table.default.is_some() || table.max_denials.is_some() || !table.rule.is_empty() {
            let message = "a policy is either a `file` or rules of its own";
            return Err(Diagnostic::at_key(file, text, key, message).into());
        }
        Policy::load(&file.parent().unwrap_or(Path::new("")).join(path))
    }
}

impl PolicyFile {
    fn check(self, file: &Path, text: &str, key: &[&str]) -> Result<Policy, Diagnostic> {
        for (index, rule) in self.rule.iter().enumerate() {
            let earlier = &self.rule[..index];
            if let Some((part, message)) = rule_fault(rule, earlier) {
                let index = index.to_string();
                let path: Vec<&str> = key.iter().copied().chain(["rule", &index, part]).collect();
                return Err(Diagnostic::at_key(file, text, &path, message));
            }
        }
        Ok(Policy {
            default: self.default.unwrap_or_default(),
            max_denials: self.max_denials,
            rules: self.rule,
        })
    }
}

fn rule_fault(rule: &Rule, earlier: &[Rule]) -> Option<(&'static str, String)> {
    if rule.prefix.is_empty() || rule.prefix.iter().any(String::is_empty) {
        return Some(("prefix", "a prefix has at least one word, and no empty ones".to_owned()));
    }
    let shown = rule.prefix.join(" ");
    if earlier.iter().any(|other| other.prefix == rule.prefix && other.decision != rule.decision) {
        return Some(("decision", format!("an earlier rule for `{shown}` decides otherwise")));
    }
    if let Some(example) = rule.matches.iter().find(|e| !rule.applies_to(&e.0)) {
        return Some(("match", format!("`{}` does not begin with `{shown}`", example.0.join(" "))));
    }
    let example = rule.not_matches.iter().find(|e| rule.applies_to(&e.0))?;
    Some(("not_match", format!("`{}` does begin with `{shown}`", example.0.join(" "))))
}

impl Policy {
    /// Reads and checks a file that holds one policy.
    pub fn load(path: &Path) -> Result<Self, SuiteError> {
        let text = read_text(path, "the policy file")?;
        let table: PolicyFile = toml_file::parse(path, &text)?;
        if table.file.is_some() {
            return Err(Diagnostic::at_key(path, &text, &["file"], "a policy file names no other").into());
        }
        Ok(table.check(path, &text, &[])?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Result<Policy, Diagnostic> {
        let file = Path::new("policy.toml");
        toml_file::parse::<PolicyFile>(file, text)?.check(file, text, &[])
    }

    #[test]
    fn a_rule_must_match_its_own_examples() {
        let rule = "[[rule]]\nprefix = [\"git\", \"push\"]\ndecision = \"deny\"\nreason = \"no\"\n";
        let good = format!("{rule}match = [\"git push 'my fork'\"]\nnot_match = [[\"git\", \"pull\"]]\n");
        let read = policy(&good).unwrap();
        assert_eq!(read.rules[0].matches[0].0, ["git", "push", "my fork"]);
        let error = policy(&format!("{rule}match = [\"git pull\"]\n")).unwrap_err();
        assert_eq!((error.line, error.message.as_str()), (5, "`git pull` does not begin with `git push`"));
        assert!(policy(&format!("{rule}not_match = [\"git push -f\"]\n")).is_err());
        assert!(policy(&format!("{rule}match = [\"git 'push\"]\n")).is_err());
    }

    #[test]
    fn empty_and_contradicting_rules_are_refused_in_place() {
        assert_eq!(policy("[[rule]]\nprefix = []\ndecision = \"deny\"\n").unwrap_err().line, 2);
        let twice = "[[rule]]\nprefix = [\"rm\"]\ndecision = \"deny\"\n\
                     [[rule]]\nprefix = [\"rm\"]\ndecision = \"allow\"\n";
        assert_eq!(policy(twice).unwrap_err().line, 6);
        let typo = policy("max_denial = 3\n").unwrap_err();
        assert_eq!(typo.help.as_deref(), Some("did you mean `max_denials`?"));
        let typo = policy("[[rule]]\nprefix = [\"rm\"]\ndecision = \"denny\"\n").unwrap_err();
        assert_eq!((typo.line, typo.help.as_deref()), (3, Some("did you mean `deny`?")));
    }

    #[test]
    fn no_table_means_that_everything_is_allowed() {
        assert_eq!(policy("").unwrap(), Policy::default());
        assert_eq!(Policy::default().default, Decision::Allow);
    }
}
