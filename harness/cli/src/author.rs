//! Making tasks: from nothing, from a commit, from a session. What is written is a draft; what it leaves to do is said. Runs
//! nothing but git, by a function that is passed in.

mod commit;
mod detect;
mod draft;
mod paths;
mod repo;
mod session;
mod skeleton;

pub(crate) use commit::{History, is_suitable, of_commit};
pub(crate) use detect::project;
pub(crate) use draft::{Draft, register, todos};
pub(crate) use repo::Repo;
pub(crate) use session::of_session;
pub(crate) use skeleton::skeleton;
