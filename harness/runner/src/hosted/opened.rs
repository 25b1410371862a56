//! What answers an agent while it is recorded, from its name: a script, another recording, or a live backend, whose
//! client decides which of its models it asks.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use cassette::{Cassette, Kind, Player};
use model::{CassetteModel, Model, Purse, Script};
use suite::Backend;

use crate::source::{Speaker, stub};
use crate::{ModelSpec, RunError, live};

/// A model that was opened.
pub struct Opened {
    pub(crate) model: Arc<dyn Model>,
    /// Its name, for the recording.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Models that clients are told of.
    pub(crate) models: Vec<String>,
    /// What it is paid from, where there is a limit.
    pub(crate) purse: Option<Arc<Purse>>,
}

/// A model that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// Its name means nothing, or this program cannot reach it.
    #[error(transparent)]
    Usage(#[from] RunError),
    /// Its script is none.
    #[error(transparent)]
    Script(#[from] model::ScriptError),
    /// Its recording is none.
    #[error(transparent)]
    Cassette(#[from] cassette::CassetteError),
}

/// Opens `script:FILE`, `cassette:FILE` or `BACKEND[:MODEL]`, paths taken from `folder`; a file may be named alone,
/// where its ending tells what it is. `lookup` gives the value of an environment variable; `max_cost`: USD that may be
/// spent on a backend.
pub fn open(
    name: &str,
    speaker: Speaker<'_>,
    folder: &Path,
    backends: &BTreeMap<String, Backend>,
    lookup: &dyn Fn(&str) -> Option<String>,
    max_cost: Option<f64>,
) -> Result<Opened, OpenFault> {
    let (kind, rest) = name.split_once(':').unwrap_or((name, ""));
    let ends = |ending: &str| Path::new(name).extension().is_some_and(|extension| extension == ending);
    match kind {
        "script" if !rest.is_empty() => script(&folder.join(rest), speaker),
        "cassette" if !rest.is_empty() => recording(&folder.join(rest)),
        _ if ends("toml") => script(&folder.join(name), speaker),
        _ if ends("jsonl") => recording(&folder.join(name)),
        "script" | "cassette" => Err(RunError::Usage(format!("which {kind}? Write {kind}:FILE")).into()),
        _ => backend(kind, rest, backends, lookup, max_cost),
    }
}

fn script(path: &Path, speaker: Speaker<'_>) -> Result<Opened, OpenFault> {
    let script = Arc::new(Script::load(path)?);
    let name = script.model.clone();
    let model = Arc::new(stub(script, speaker).map_err(RunError::Usage)?);
    Ok(Opened { model, models: vec![name.clone()], name, kind: Kind::Synthetic, purse: None })
}

fn recording(path: &Path) -> Result<Opened, OpenFault> {
    let cassette = Arc::new(Cassette::load_cut(path)?);
    let (name, kind) = (cassette.header.model.clone(), cassette.header.kind);
    let model = Arc::new(CassetteModel::any_lane(Arc::new(Player::new(cassette))));
    Ok(Opened { model, models: vec![name.clone()], name, kind, purse: None })
}

fn backend(
    name: &str,
    asked: &str,
    backends: &BTreeMap<String, Backend>,
    lookup: &dyn Fn(&str) -> Option<String>,
    max_cost: Option<f64>,
) -> Result<Opened, OpenFault> {
    // The agent itself says which model it asks for.
    let wanted = if asked.is_empty() { "as-asked" } else { asked };
    let spec = live::spec(name, Some(wanted), backends)?;
    let models: Vec<String> = Some(asked.to_owned()).filter(|name| !name.is_empty()).into_iter().collect();
    let purse = max_cost.map(|usd| Arc::new(Purse::new(usd)));
    let model = live::open_one(&spec, lookup, purse.as_ref())?;
    let name = if let ModelSpec::Live { backend, .. } = &spec { backend.name.clone() } else { String::new() };
    let name = models.first().map_or_else(|| name.clone(), |model| format!("{name}:{model}"));
    Ok(Opened { model, name, kind: Kind::Live, models, purse })
}
