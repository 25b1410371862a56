//! `retake cassette`: the life of recordings. One file a verb below `cassette/`.

mod accept;
mod gc;
mod list;
mod sets;
mod stale;
mod used;

use crate::args::{CassetteVerb, Common};
use crate::exit::{Exit, Failure};
use crate::settings::Settings;

pub(crate) use stale::narrowed;

/// Carries the verb out.
pub(crate) fn cassette(verb: &CassetteVerb, common: &Common) -> Result<Exit, Failure> {
    let settings = Settings::read(common)?;
    match verb {
        CassetteVerb::List(args) => list::list(args, &settings, common),
        CassetteVerb::Stale(args) => stale::stale(args, &settings, common),
        CassetteVerb::Accept(args) => accept::accept(args, &settings, common),
        CassetteVerb::Gc(args) => gc::gc(args, &settings, common),
    }
}
