//! How a provider's cache behaves, as dated data. Knows nothing of requests.

use std::path::Path;

use base::toml_file::{self, Diagnostic};
use serde::{Deserialize, Serialize};

use crate::price::fits;
use crate::session::Accounting;

/// The profiles that come with the program.
const BUILT_IN: &str = include_str!("../data/profiles.toml");

/// What is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Any earlier prefix, in whole blocks.
    Prefix,
    /// What ends at a breakpoint that the request sets.
    Explicit,
    /// The same, and what ends behind the latest message.
    Implicit,
}

/// The rules of one cache.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Who runs it.
    pub vendor: String,
    /// The models it holds for: names, with `*` at the end for what begins alike.
    pub models: Vec<String>,
    /// What is read and written.
    pub rule: Rule,
    /// Tokens below which nothing is cached.
    pub minimum: u64,
    /// A prefix is read in multiples of so many tokens.
    #[serde(default = "one")]
    pub block: u64,
    /// Seconds that an entry lives after its last use; for ever where it isn't said.
    pub ttl_s: Option<u64>,
    /// The same where the request asks for an hour.
    pub ttl_hour_s: Option<u64>,
    /// Entries that one request may write.
    #[serde(default = "four")]
    pub breakpoints: usize,
    /// How far a read looks back: segments before a breakpoint, or breakpoints and ends of messages.
    #[serde(default = "twenty")]
    pub lookback: usize,
    /// Tokens that fit; the least recently used go first.
    pub capacity_tokens: Option<u64>,
    /// Members of the request, as `reasoning.effort`, that belong to every entry's key.
    #[serde(default)]
    pub scope: Vec<String>,
    /// Those that belong only to the keys of entries within the conversation.
    #[serde(default)]
    pub item_scope: Vec<String>,
    /// When it was looked up.
    pub date: toml::value::Datetime,
    /// Where it is published.
    pub source: String,
}

fn one() -> u64 {
    1
}

fn four() -> usize {
    4
}

fn twenty() -> usize {
    20
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    profile: Vec<Profile>,
}

/// All profiles that are known.
#[derive(Clone, Debug)]
pub struct Profiles(Vec<Profile>);

impl Profiles {
    /// Those that come with the program.
    pub fn built_in() -> Result<Self, Diagnostic> {
        let file: File = toml_file::parse(Path::new("profiles.toml"), BUILT_IN)?;
        Ok(Self(file.profile))
    }

    /// Adds those of a file's text; they go before the others of the same pattern. Gives their names.
    pub fn add(&mut self, file: &Path, text: &str) -> Result<Vec<String>, Diagnostic> {
        let added: File = toml_file::parse(file, text)?;
        let names = added.profile.iter().map(|profile| profile.name.clone()).collect();
        self.0.splice(0..0, added.profile);
        Ok(names)
    }

    /// The profile of a name.
    pub fn named(&self, name: &str) -> Option<&Profile> {
        self.0.iter().find(|profile| profile.name == name)
    }

    /// The names of all.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|profile| profile.name.as_str()).collect()
    }

    /// The profile of a model: the longest fitting pattern; else the usual one of whoever counts like this.
    pub fn of(&self, model: &str, accounting: Accounting) -> Option<&Profile> {
        // A router puts the vendor before the name.
        let model = model.rsplit('/').next().unwrap_or(model);
        let longest = |profile: &Profile| {
            profile.models.iter().filter(|pattern| fits(pattern, model)).map(String::len).max()
        };
        let mut best: Option<(usize, &Profile)> = None;
        for profile in &self.0 {
            if let Some(length) = longest(profile)
                && best.is_none_or(|(other, _)| length > other)
            {
                best = Some((length, profile));
            }
        }
        best.map(|(_, profile)| profile).or_else(|| {
            self.named(if accounting == Accounting::Anthropic { "anthropic-1024" } else { "openai" })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pattern_decides_and_a_file_of_ones_own_goes_first() {
        let mut profiles = Profiles::built_in().unwrap();
        let name = |profiles: &Profiles, model: &str| {
            profiles.of(model, Accounting::OpenAi).map(|profile| profile.name.clone()).unwrap()
        };
        assert_eq!(name(&profiles, "gpt-5.4"), "openai");
        assert_eq!(name(&profiles, "openai/gpt-5.6-sol"), "openai-5.6");
        assert_eq!(name(&profiles, "claude-opus-4-6"), "anthropic-4096");
        assert_eq!(name(&profiles, "claude-sonnet-4-5-20250929"), "anthropic-1024");
        assert_eq!(name(&profiles, "somebody's"), "openai");
        let own = r#"
[[profile]]
name = "ours"
vendor = "self_hosted"
models = ["gpt-5.4*"]
rule = "prefix"
minimum = 32
date = 2026-11-25
source = "measured"
"#;
        assert_eq!(profiles.add(Path::new("own.toml"), own).unwrap(), ["ours"]);
        assert_eq!(name(&profiles, "gpt-5.4"), "ours");
        let odd = own.replace("minimum", "minimun");
        let error = profiles.add(Path::new("own.toml"), &odd).unwrap_err().to_string();
        assert!(error.contains("own.toml") && error.contains("minimun"), "{error}");
    }
}
