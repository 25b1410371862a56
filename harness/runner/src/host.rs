//! What this host and this program are, for `host.json`. Nothing here enters a digest or a canonical file.

use std::collections::BTreeMap;

use sandbox::{HostReport, Walls};
use serde::{Deserialize, Serialize};

use crate::{Found, Needs};

/// `host.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HostFacts {
    /// Version of the program.
    pub retake: String,
    /// The host's name.
    #[serde(default)]
    pub name: String,
    /// Trials at a time.
    pub jobs: usize,
    /// At what pace answers came that are not live.
    #[serde(default)]
    pub pace: String,
    /// Processors.
    pub processors: usize,
    /// What the host can contain.
    pub containment: HostReport,
    /// The walls that stood around the trials.
    pub walls: Walls,
    /// Where each program that tasks need was found.
    pub programs: BTreeMap<String, String>,
    /// Trials that were finished before this run went on with the rest.
    pub reused: u64,
    /// Real time that those had taken, in microseconds: what going on saved over beginning anew.
    #[serde(default)]
    pub reused_us: u64,
    /// Real time of the run so far, in microseconds.
    pub wall_us: u64,
}

impl HostFacts {
    pub(crate) fn programs(needs: &Needs) -> BTreeMap<String, String> {
        let word = |found: &Found| match found {
            Found::System => "system".to_owned(),
            Found::Toolchain(name) => format!("toolchain {name}"),
            Found::Missing => "missing".to_owned(),
        };
        needs.programs.iter().map(|(name, found)| (name.clone(), word(found))).collect()
    }
}
