//! How a run plays its recordings, as its plan states it. Knows nothing of how they are played.

use std::fmt;
use std::str::FromStr;

use base::Digest;
use serde::{Deserialize, Serialize};
use wire::Cause;

/// How a request that differs from the recorded one is treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matching {
    /// It is not answered: the replay has diverged.
    #[default]
    Strict,
    /// The exchange that was due is served, and each difference counted.
    Warn,
    /// Exchanges are served in the recorded order of their lane whatever is asked, and each difference counted.
    Sequence,
}

/// What a replay does with the native agent's tool calls and checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolsMode {
    /// They run; the conversation goes on with what was recorded, and what differs is drift.
    #[default]
    Run,
    /// They run, and the conversation goes on with what they really gave.
    Live,
    /// Nothing runs; the final workspace is the recording's snapshot.
    Recorded,
}

/// How recordings are played. The default is left out of a plan, so that its digest is the one it always had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaying {
    /// How a request that differs is treated.
    #[serde(default)]
    pub matching: Matching,
    /// Causes of differences that were declared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Cause>,
    /// What is done with tool calls and checks.
    #[serde(default)]
    pub tools: ToolsMode,
    /// Where the recording ends and the variant's model begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<ForkPoint>,
}

/// The history that every trial of a fork has in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkPoint {
    /// The trial it was recorded in.
    pub trial: String,
    /// Digest of its cassette.
    pub cassette: Digest,
    /// The last step that is recorded.
    pub step: u32,
}

impl Replaying {
    /// Whether nothing is said.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Enums that are named on the command line as in files.
macro_rules! named {
    ($type:ty, $what:literal, $($variant:ident = $name:literal),+) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $name,)+
                })
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(name: &str) -> Result<Self, String> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(format!(concat!("{:?} is no ", $what, "; there are {}"), name, [$($name),+].join(", "))),
                }
            }
        }
    };
}

named!(Matching, "matching", Strict = "strict", Warn = "warn", Sequence = "sequence");
named!(ToolsMode, "mode of tools", Run = "run", Live = "live", Recorded = "recorded");

/// Differences that were let pass, of one cause and for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetCount {
    /// The cause by name.
    pub cause: String,
    /// Why they passed: `declared`, `warned` or `in_sequence`.
    pub allowed: String,
    /// How many.
    pub count: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_named_alike_everywhere() {
        for matching in [Matching::Strict, Matching::Warn, Matching::Sequence] {
            assert_eq!(matching.to_string().parse(), Ok(matching));
            assert_eq!(serde_json::to_value(matching).unwrap(), matching.to_string());
        }
        for mode in [ToolsMode::Run, ToolsMode::Live, ToolsMode::Recorded] {
            assert_eq!(mode.to_string().parse(), Ok(mode));
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.to_string());
        }
        let refused = "lax".parse::<Matching>().unwrap_err();
        assert_eq!(refused, "\"lax\" is no matching; there are strict, warn, sequence");
    }
}
