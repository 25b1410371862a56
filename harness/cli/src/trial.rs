//! A trial of a finished run, by its name or a part of it. Knows nothing of what is done with it.

use base::TrialId;
use journal::RunDir;

use crate::exit::Failure;

/// The trial of that name, or the only one of whose name it is a part.
pub(crate) fn find(run: &RunDir, name: &str) -> Result<TrialId, Failure> {
    let header = run.header()?;
    let ids: Vec<TrialId> = header.plan.trial_ids().collect();
    if let Some(id) = ids.iter().find(|id| id.to_string() == name) {
        return Ok(id.clone());
    }
    let found: Vec<&TrialId> = ids.iter().filter(|id| id.to_string().contains(name)).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Failure::usage(format!("run {} has no trial {name:?}", header.run_id))),
        many => {
            let names: Vec<String> = many.iter().take(10).map(ToString::to_string).collect();
            Err(Failure::usage(format!("{name:?} fits {} trials: {}", many.len(), names.join(", "))))
        }
    }
}
