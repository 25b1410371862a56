//! A faults profile on disk: which faults to put in the way of a model, where, and how often, as TOML. Knows nothing of
//! how they are put there.

use std::fmt;
use std::path::Path;

use base::toml_file::Diagnostic;
use base::{Digest, FormatVersion};
use serde::Deserialize;
use serde::de::{self, SeqAccess, Visitor};

use super::{Fault, Place, Wrong};
use crate::file::{self, FileError};

const VERSION: FormatVersion = FormatVersion::new(1, 0);

/// Keys that say where and how often; the others belong to kinds.
const WHERE: [&str; 8] = ["kind", "lane", "step", "attempt", "request", "every", "probability", "times"];

/// Faults, with where and how often each happens.
#[derive(Debug)]
pub struct FaultProfile {
    /// The file's name without its ending.
    pub name: String,
    /// Digest of the file.
    pub digest: Digest,
    /// Its rules, in order: of those that fit a request the first counts.
    pub rules: Vec<FaultRule>,
}

/// One fault, with where and how often it happens.
#[derive(Debug)]
pub struct FaultRule {
    /// What happens.
    pub fault: Fault,
    /// Virtual time that the fault takes where it stands in place of an answer, in microseconds.
    pub after_us: u64,
    pub(super) lane: Option<String>,
    pub(super) step: Numbers,
    pub(super) attempt: Numbers,
    pub(super) request: Numbers,
    pub(super) every: Option<u32>,
    pub(super) probability: Option<f64>,
    pub(super) times: Option<u32>,
}

/// Which numbers are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Numbers {
    #[default]
    Any,
    These(Vec<u32>),
}

impl Numbers {
    pub(super) fn has(&self, number: u32) -> bool {
        match self {
            Self::Any => true,
            Self::These(numbers) => numbers.contains(&number),
        }
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Meant;
        impl<'de> Visitor<'de> for Meant {
            type Value = Numbers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 1, a list of them, or \"any\"")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Numbers, E> {
                let number = u32::try_from(number).ok().filter(|number| *number > 0);
                number
                    .map(|number| Numbers::These(vec![number]))
                    .ok_or_else(|| E::custom("expected a number from 1, a list of them, or \"any\""))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Numbers, E> {
                if text == "any" {
                    Ok(Numbers::Any)
                } else {
                    Err(E::invalid_value(de::Unexpected::Str(text), &self))
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Numbers, A::Error> {
                let mut numbers = Vec::new();
                while let Some(number) = list.next_element::<u32>()? {
                    numbers.push(number);
                }
                Ok(Numbers::These(numbers))
            }
        }
        deserializer.deserialize_any(Meant)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    version: FormatVersion,
    #[serde(default)]
    fault: Vec<RuleFile>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Status,
    Refused,
    Reset,
    Cut,
    Stall,
    Slow,
    Duplicate,
    Malformed,
    Error,
    Arguments,
    UnknownTool,
    Empty,
    Usage,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    kind: Kind,
    #[serde(default)]
    lane: Option<String>,
    #[serde(default)]
    step: Numbers,
    #[serde(default)]
    attempt: Option<Numbers>,
    #[serde(default)]
    request: Numbers,
    #[serde(default)]
    every: Option<u32>,
    #[serde(default)]
    probability: Option<f64>,
    #[serde(default)]
    times: Option<u32>,
    #[serde(default)]
    after_ms: Option<u64>,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    retry_after_ms: Option<u64>,
    #[serde(default)]
    for_ms: Option<u64>,
    #[serde(default)]
    frame: Option<u32>,
    #[serde(default)]
    byte: Option<u64>,
    #[serde(default)]
    character: Option<bool>,
    #[serde(default)]
    factor: Option<f64>,
    #[serde(default)]
    call: Option<u32>,
    #[serde(default)]
    wrong: Option<Wrong>,
    #[serde(default)]
    arguments: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    tokens: Option<Tokens>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tokens {
    High,
    Low,
    Absent,
}

impl Kind {
    /// The keys that it takes beside those of every rule.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Status => &["status", "code", "message", "body", "retry_after_ms", "after_ms"],
            Self::Refused => &["after_ms"],
            Self::Reset => &["frame", "byte", "after_ms"],
            Self::Cut => &["frame", "byte", "character"],
            Self::Stall => &["frame", "for_ms", "after_ms"],
            Self::Slow => &["factor"],
            Self::Duplicate | Self::Malformed => &["frame"],
            Self::Error => &["frame", "code", "message"],
            Self::Arguments => &["call", "wrong", "arguments"],
            Self::UnknownTool => &["call", "name"],
            Self::Empty => &[],
            Self::Usage => &["factor", "tokens"],
        }
    }
}

impl FaultProfile {
    /// Reads a profile.
    pub fn load(path: &Path) -> Result<Self, FileError> {
        Self::parse(path, &file::text(path)?)
    }

    /// Reads a profile from its text; `path` names it, also in errors.
    pub fn parse(path: &Path, text: &str) -> Result<Self, FileError> {
        let file: ProfileFile = file::parse(path, text, VERSION, |file: &ProfileFile| file.version)?;
        if file.fault.is_empty() {
            let diagnostic = Diagnostic::whole(path, "it has no fault");
            return Err(diagnostic.with_help("write at least one [[fault]] with a `kind`").into());
        }
        let mut rules = Vec::with_capacity(file.fault.len());
        for (number, rule) in file.fault.into_iter().enumerate() {
            let place = number.to_string();
            let at =
                |key: &str, message: String| Diagnostic::at_key(path, text, &["fault", &place, key], message);
            let kind = rule.kind;
            if let Some(key) = rule.stated().into_iter().find(|key| !kind.keys().contains(key)) {
                let known: Vec<&str> = kind.keys().iter().chain(&WHERE[1..]).copied().collect();
                let fault = at(key, format!("a fault of this kind has no `{key}`"));
                return Err(fault.with_help(format!("it takes {}", known.join(", "))).into());
            }
            rules.push(rule.build().map_err(|(key, message)| at(key, message))?);
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, digest: Digest::of(text.as_bytes()), rules })
    }

    /// What the report calls each rule, in order: its number and what happens.
    pub fn labels(&self) -> Vec<String> {
        self.rules.iter().enumerate().map(|(number, rule)| label(number, &rule.fault)).collect()
    }

    /// The first rule, by its label, after which another conversation goes on than the recorded one: a cassette does
    /// not answer that.
    pub fn changes_conversation(&self) -> Option<String> {
        let number = self.rules.iter().position(|rule| rule.fault.changes_conversation())?;
        Some(label(number, &self.rules[number].fault))
    }
}

/// What the report calls a rule.
pub(super) fn label(number: usize, fault: &Fault) -> String {
    format!("#{} {fault}", number + 1)
}

/// What is wrong with a rule: the key and a message.
type Problem = (&'static str, String);

impl RuleFile {
    /// The keys of kinds that it states.
    fn stated(&self) -> Vec<&'static str> {
        let keys = [
            ("after_ms", self.after_ms.is_some()),
            ("status", self.status.is_some()),
            ("code", self.code.is_some()),
            ("message", self.message.is_some()),
            ("body", self.body.is_some()),
            ("retry_after_ms", self.retry_after_ms.is_some()),
            ("for_ms", self.for_ms.is_some()),
            ("frame", self.frame.is_some()),
            ("byte", self.byte.is_some()),
            ("character", self.character.is_some()),
            ("factor", self.factor.is_some()),
            ("call", self.call.is_some()),
            ("wrong", self.wrong.is_some()),
            ("arguments", self.arguments.is_some()),
            ("name", self.name.is_some()),
            ("tokens", self.tokens.is_some()),
        ];
        keys.into_iter().filter(|(_, stated)| *stated).map(|(key, _)| key).collect()
    }

    fn build(self) -> Result<FaultRule, Problem> {
        if let Some(p) = self.probability.filter(|p| !(0.0..=1.0).contains(p)) {
            return Err(("probability", format!("a probability lies from 0 to 1, this is {p}")));
        }
        if self.every == Some(0) {
            return Err(("every", "`every` counts from 1".to_owned()));
        }
        // A fault that hits every try of a request lets nothing through, so that has to be asked for.
        let attempt = self.attempt.clone().unwrap_or(Numbers::These(vec![1]));
        for (key, numbers) in [("step", &self.step), ("attempt", &attempt), ("request", &self.request)] {
            if matches!(numbers, Numbers::These(numbers) if numbers.contains(&0)) {
                return Err((key, "these are counted from 1".to_owned()));
            }
        }
        let after_us = self.after_ms.unwrap_or(0).saturating_mul(1000);
        let fault = self.fault()?;
        Ok(FaultRule {
            fault,
            after_us,
            lane: self.lane,
            step: self.step,
            attempt,
            request: self.request,
            every: self.every,
            probability: self.probability,
            times: self.times,
        })
    }

    fn fault(&self) -> Result<Fault, Problem> {
        let call = self.call.unwrap_or(1).max(1) as usize;
        let frame = self.frame.unwrap_or(1);
        if frame == 0 {
            return Err(("frame", "frames are counted from 1".to_owned()));
        }
        Ok(match self.kind {
            Kind::Status => self.status()?,
            Kind::Refused => Fault::Refused,
            Kind::Reset if self.frame.is_none() && self.byte.is_none() => Fault::Reset { at: None },
            Kind::Reset => Fault::Reset { at: Some(self.place()?) },
            Kind::Cut => Fault::Cut { at: self.place()? },
            Kind::Stall => Fault::Stall { frame, for_ms: self.for_ms },
            Kind::Slow => Fault::Slow { factor: self.factor(("factor", "`slow` needs a `factor`"))? },
            Kind::Duplicate => Fault::Duplicate { frame },
            Kind::Malformed => Fault::Malformed { frame },
            Kind::Error => Fault::Error {
                frame,
                code: self.code.clone().unwrap_or_default(),
                message: self.message.clone().unwrap_or_else(|| "the answer was broken off".to_owned()),
            },
            Kind::Arguments => Fault::Arguments { call, wrong: self.wrong()? },
            Kind::UnknownTool => {
                let name = self.name.clone().unwrap_or_else(|| "no_such_tool".to_owned());
                Fault::UnknownTool { call, name }
            }
            Kind::Empty => Fault::Empty,
            Kind::Usage => Fault::Usage(match (self.tokens, self.factor) {
                (Some(_), Some(_)) => {
                    return Err(("factor", "`usage` has either `tokens` or `factor`".to_owned()));
                }
                (Some(Tokens::Absent), None) => None,
                (Some(Tokens::High), None) => Some(10.0),
                (Some(Tokens::Low), None) => Some(0.1),
                (None, _) => Some(self.factor(("kind", "`usage` needs `tokens` or a `factor`"))?),
            }),
        })
    }

    fn status(&self) -> Result<Fault, Problem> {
        let status = self.status.ok_or(("kind", "`status` needs a `status`".to_owned()))?;
        if !(400..600).contains(&status) {
            return Err(("status", format!("{status} is no error status: those lie from 400 to 599")));
        }
        if self.body.is_some() && (self.code.is_some() || self.message.is_some()) {
            let what = "a `body` is the whole answer: `code` and `message` would stand nowhere";
            return Err(("body", what.to_owned()));
        }
        Ok(Fault::Status {
            status,
            code: self.code.clone().unwrap_or_default(),
            message: self.message.clone(),
            body: self.body.clone(),
            retry_after_ms: self.retry_after_ms,
        })
    }

    fn place(&self) -> Result<Place, Problem> {
        match (self.frame, self.byte, self.character) {
            (Some(0), ..) => Err(("frame", "frames are counted from 1".to_owned())),
            (Some(frame), None, None | Some(false)) => Ok(Place::Frame(frame)),
            (None, Some(byte), None | Some(false)) => Ok(Place::Byte(byte)),
            (None, None, Some(true)) => Ok(Place::Character),
            _ => Err(("kind", "say where: one of `frame`, `byte` and `character = true`".to_owned())),
        }
    }

    fn factor(&self, missing: (&'static str, &str)) -> Result<f64, Problem> {
        let factor = self.factor.ok_or((missing.0, missing.1.to_owned()))?;
        let good = factor.is_finite() && factor >= 0.0;
        good.then_some(factor).ok_or_else(|| ("factor", "a factor is a number from 0".to_owned()))
    }

    fn wrong(&self) -> Result<Wrong, Problem> {
        match (&self.arguments, &self.wrong) {
            (Some(_), Some(_)) => Err(("arguments", "`arguments` stands in the place of `wrong`".to_owned())),
            (Some(text), None) => Ok(Wrong::Text(text.clone())),
            (None, wrong) => Ok(wrong.clone().unwrap_or(Wrong::NotJson)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        FaultProfile::parse(Path::new("faults.toml"), &format!("version = \"1.0\"\n{text}"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_rule_says_what_where_and_how_often() {
        let text = r#"
            version = "1.0"
            [[fault]]
            kind = "status"
            status = 429
            retry_after_ms = 1500
            step = [2, 4]
            attempt = "any"
            times = 3
            [[fault]]
            kind = "cut"
            byte = 100
            lane = "main"
            every = 2
            probability = 0.5
        "#;
        let profile = FaultProfile::parse(Path::new("a/flaky.toml"), text).unwrap();
        assert_eq!(profile.name, "flaky");
        assert_eq!(profile.labels(), ["#1 status 429", "#2 cut at byte 100"]);
        let rule = &profile.rules[0];
        assert!(rule.step.has(4) && !rule.step.has(3) && rule.attempt.has(9));
        assert!(profile.rules[1].attempt.has(1) && !profile.rules[1].attempt.has(2));
        assert_eq!(profile.changes_conversation(), None);
    }

    #[test]
    fn what_is_wrong_is_shown_in_its_place_with_what_to_do() {
        for (text, line, expected) in [
            ("[[fault]]\nkind = \"sttus\"", 3, "did you mean `status`?"),
            ("[[fault]]\nkind = \"status\"", 3, "needs a `status`"),
            ("[[fault]]\nkind = \"status\"\nstatus = 200", 4, "no error status"),
            ("[[fault]]\nkind = \"empty\"\nframe = 2", 4, "has no `frame`"),
            ("[[fault]]\nkind = \"cut\"\nframe = 2\nbyte = 7", 3, "say where"),
            ("[[fault]]\nkind = \"empty\"\nprobability = 1.5", 4, "from 0 to 1"),
            ("[[fault]]\nkind = \"empty\"\nstep = \"all\"", 4, "\"any\""),
            ("[[fault]]\nkind = \"empty\"\nstep = 0", 4, "from 1"),
            ("[[fault]]\nkind = \"usage\"\nfactor = -1.0", 4, "from 0"),
            ("[[fault]]\nkind = \"empty\"\ntimse = 1", 4, "did you mean `times`?"),
        ] {
            let shown = problem(text);
            assert!(shown.contains(expected) && shown.contains(&format!("faults.toml:{line}:")), "{shown}");
        }
        assert!(problem("").contains("[[fault]]"));
        assert!(problem("version = 2").contains("faults.toml:2:"));
    }
}
