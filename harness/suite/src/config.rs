//! `retake.toml`: which suites, variants, profiles and toolchains a repository has. Knows nothing of what is in
//! them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base::toml_file::{self, Diagnostic};
use base::{FormatVersion, TrialId};
use serde::Deserialize;

use crate::backend::{self, Backend};
use crate::error::{SuiteError, read_text};
use crate::variant::{self, TierTable, Variant, VariantTable};

/// The name of the file.
pub const FILE_NAME: &str = "retake.toml";
/// The version of `retake.toml` that this program writes.
pub const CONFIG_VERSION: FormatVersion = FormatVersion::new(1, 0);
/// Where runs land unless `out` says otherwise, below the root.
pub const DEFAULT_OUT: &str = ".retake";
/// The variant there is where none is described, and the profile-less default.
pub const DEFAULT_VARIANT: &str = "main";

/// What a repository says about its evaluations, with everything resolved.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file; none where there is none and the defaults hold.
    pub file: Option<PathBuf>,
    /// The folder of the file, to which its paths are relative.
    pub root: PathBuf,
    /// Where runs land.
    pub out: PathBuf,
    /// Folders of suites by the name they are called here.
    pub suites: BTreeMap<String, PathBuf>,
    /// Variants by name, what they extend included.
    pub variants: BTreeMap<String, Variant>,
    /// Profiles by name.
    pub profiles: BTreeMap<String, Profile>,
    /// Toolchains by name.
    pub toolchains: BTreeMap<String, Toolchain>,
    /// What is said of live backends, by name.
    pub backends: BTreeMap<String, Backend>,
}

/// A named selection of what to run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// Names of suites; empty: all.
    pub suites: Vec<String>,
    /// Names of variants; empty: `main`, else the first.
    pub variants: Vec<String>,
    /// Trials of each task.
    pub trials: Option<u32>,
    /// Trials at a time.
    pub jobs: Option<u32>,
    /// Rules that the run must keep, as text.
    pub gates: Vec<String>,
}

/// Programs of the host that trials may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// The folder that is shown inside the sandbox, read-only.
    pub root: PathBuf,
    /// Folders below it that go on the PATH.
    pub bin: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ConfigFile {
    version: FormatVersion,
    out: Option<PathBuf>,
    suite: BTreeMap<String, SuiteTable>,
    variant: BTreeMap<String, VariantTable>,
    tier: BTreeMap<String, TierTable>,
    profile: BTreeMap<String, Profile>,
    toolchain: BTreeMap<String, ToolchainTable>,
    backend: BTreeMap<String, Backend>,
}

impl Default for ConfigFile {
    fn default() -> Self {
        Self {
            version: CONFIG_VERSION,
            out: None,
            suite: BTreeMap::new(),
            variant: BTreeMap::new(),
            tier: BTreeMap::new(),
            profile: BTreeMap::new(),
            toolchain: BTreeMap::new(),
            backend: BTreeMap::new(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SuiteTable {
    path: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolchainTable {
    root: PathBuf,
    #[serde(default = "bin")]
    bin: OneOrMany,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

fn bin() -> OneOrMany {
    OneOrMany::One("bin".to_owned())
}

#[derive(Deserialize)]
struct VersionOnly {
    version: Option<FormatVersion>,
}

impl Config {
    /// The nearest `retake.toml` at or above a folder; the defaults for that folder where there is none.
    pub fn find(start: &Path) -> Result<Self, SuiteError> {
        let start = start.canonicalize().map_err(|error| SuiteError::io(start, error))?;
        match start.ancestors().map(|dir| dir.join(FILE_NAME)).find(|file| file.is_file()) {
            Some(file) => Self::load(&file),
            None => Self::resolve(ConfigFile::default(), None, &start, ""),
        }
    }

    /// Reads one file.
    pub fn load(file: &Path) -> Result<Self, SuiteError> {
        let text = read_text(file, "the configuration")?;
        let version =
            toml_file::parse_lenient::<VersionOnly>(file, &text)?.0.version.unwrap_or(CONFIG_VERSION);
        CONFIG_VERSION
            .check(version)
            .map_err(|error| Diagnostic::at_key(file, &text, &["version"], error.to_string()))?;
        let table: ConfigFile = toml_file::parse(file, &text)?;
        let root = file.parent().unwrap_or(Path::new(""));
        Self::resolve(table, Some(file), root, &text)
    }

    fn resolve(table: ConfigFile, file: Option<&Path>, root: &Path, text: &str) -> Result<Self, SuiteError> {
        let source = Source { file: file.unwrap_or(Path::new(FILE_NAME)), text, root };
        source.check_names("suite", table.suite.keys())?;
        source.check_names("variant", table.variant.keys())?;
        source.check_names("tier", table.tier.keys())?;
        source.check_names("profile", table.profile.keys())?;
        source.check_names("toolchain", table.toolchain.keys())?;
        source.check_names("backend", table.backend.keys())?;
        for (name, backend) in &table.backend {
            if ["cassette", "script"].contains(&name.as_str()) {
                let message = format!("`{name}` is not free: it means recordings or scripts");
                return Err(source.fault(&["backend", name], message).into());
            }
            backend::check(source.file, text, name, backend)?;
        }
        let mut suites: BTreeMap<String, PathBuf> =
            table.suite.into_iter().map(|(name, suite)| (name, root.join(suite.path))).collect();
        if suites.is_empty() {
            suites = found_suites(&root.join("tasks"));
        }
        let mut variants = BTreeMap::new();
        for name in table.variant.keys() {
            variants.insert(name.clone(), variant::resolve(&source, name, &table.variant, &table.tier)?);
        }
        if variants.is_empty() {
            variants.insert(DEFAULT_VARIANT.to_owned(), Variant::plain(DEFAULT_VARIANT));
        }
        for (name, profile) in &table.profile {
            source.check_profile(name, profile, &suites, &variants)?;
        }
        let toolchain = |table: ToolchainTable| Toolchain {
            root: root.join(table.root),
            bin: match table.bin {
                OneOrMany::One(bin) => vec![bin],
                OneOrMany::Many(bins) => bins,
            },
        };
        Ok(Self {
            file: file.map(Path::to_owned),
            root: root.to_owned(),
            out: root.join(table.out.unwrap_or_else(|| PathBuf::from(DEFAULT_OUT))),
            suites,
            variants,
            profiles: table.profile,
            toolchains: table.toolchain.into_iter().map(|(name, t)| (name, toolchain(t))).collect(),
            backends: table.backend,
        })
    }
}

/// The file that is being resolved.
pub(crate) struct Source<'a> {
    pub(crate) file: &'a Path,
    pub(crate) text: &'a str,
    pub(crate) root: &'a Path,
}

impl Source<'_> {
    pub(crate) fn fault(&self, path: &[&str], message: String) -> Diagnostic {
        Diagnostic::at_key(self.file, self.text, path, message)
    }

    fn check_names<'n>(
        &self,
        key: &str,
        mut names: impl Iterator<Item = &'n String>,
    ) -> Result<(), Diagnostic> {
        match names.find(|name| !TrialId::valid_name(name)) {
            Some(name) => {
                let message = format!("a {key} is named with letters, digits, `-`, `_` and `.`: `{name}`");
                Err(self.fault(&[key, name], message))
            }
            None => Ok(()),
        }
    }

    pub(crate) fn unknown<T>(
        &self,
        path: &[&str],
        what: &str,
        name: &str,
        known: &BTreeMap<String, T>,
    ) -> Diagnostic {
        let known: Vec<&str> = known.keys().map(String::as_str).collect();
        let error = self.fault(path, format!("there is no {what} `{name}`"));
        match toml_file::nearest(name, &known) {
            Some(near) => error.with_help(format!("did you mean `{near}`?")),
            None if known.is_empty() => error,
            None => error.with_help(format!("known {what}s: {}", known.join(", "))),
        }
    }

    fn check_profile(
        &self,
        name: &str,
        profile: &Profile,
        suites: &BTreeMap<String, PathBuf>,
        variants: &BTreeMap<String, Variant>,
    ) -> Result<(), Diagnostic> {
        if let Some(missing) = profile.suites.iter().find(|suite| !suites.contains_key(*suite)) {
            return Err(self.unknown(&["profile", name, "suites"], "suite", missing, suites));
        }
        if let Some(missing) = profile.variants.iter().find(|variant| !variants.contains_key(*variant)) {
            return Err(self.unknown(&["profile", name, "variants"], "variant", missing, variants));
        }
        for (key, number) in [("trials", profile.trials), ("jobs", profile.jobs)] {
            if number == Some(0) {
                return Err(self.fault(&["profile", name, key], format!("{key} is at least 1")));
            }
        }
        Ok(())
    }
}

/// The folders below `tasks/` that hold a `suite.toml`.
fn found_suites(tasks: &Path) -> BTreeMap<String, PathBuf> {
    let entries = std::fs::read_dir(tasks).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.path().join("suite.toml").is_file())
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .filter(|(name, _)| TrialId::valid_name(name))
        .collect()
}
