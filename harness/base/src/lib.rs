//! What everything else is given: digests, seeds, ids, clocks and format versions. Knows nothing of agents,
//! models, tasks or files.

mod clock;
mod digest;
mod ids;
mod seed;
mod text;
pub mod toml_file;
mod version;

pub use clock::{Clock, SystemClock, Timestamp, VirtualClock, micros};
pub use digest::{Digest, DigestError, Hasher};
pub use ids::{IdError, RunId, TrialId};
pub use seed::Seed;
pub use version::{FormatVersion, VersionError};
