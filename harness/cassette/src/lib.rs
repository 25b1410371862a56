//! What was recorded of one trial: its exchanges, tool results and checks, on disk and in memory; which recorded
//! answer belongs to a request; and what may differ between two equal requests. Knows nothing of how an agent or a
//! model is run.

pub mod align;
mod alike;
mod any;
mod beside;
mod deltas;
mod format;
mod load;
mod play;
mod profile;
mod redact;
mod rename;
mod terms;
mod write;

pub use alike::Volatile;
pub use beside::{Finding, RuleUse};
pub use format::{
    CheckRound, Effect, Exchange, FileState, Header, Kind, MAIN_LANE, RecordedFile, Response, Snapshot,
    Start, ToolRun, VERSION,
};
pub use load::{Cassette, CassetteError, StoredBlock};
pub use play::{Miss, Player, Progress, Served};
pub use profile::{Covered, Profile, ProfileError, RuleText};
pub use redact::{Found, Redactor, Scanner, has_marks, same_text};
pub use rename::{Recorded, Renames};
pub use terms::{Allowed, Met, Terms};
pub use write::{Asked, CountTokens, Writer};
