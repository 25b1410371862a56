//! The faults profile that a verb was given. Knows nothing of what it is used for.

use std::path::Path;
use std::sync::Arc;

use runner::FaultProfile;

use crate::exit::Failure;
use crate::settings::Settings;

/// Reads it, where one was asked for.
pub(crate) fn faults(path: Option<&Path>, settings: &Settings) -> Result<Option<Arc<FaultProfile>>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let profile = FaultProfile::load(&settings.directory.join(path)).map_err(Failure::input)?;
    Ok(Some(Arc::new(profile)))
}
