//! Carries a plan out: workspaces, trials in parallel, verification, what is kept, resuming. Knows nothing of the
//! command line, of progress bars or of reports.

mod actor;
mod attempt;
mod external;
pub mod folder;
mod git_index;
mod host;
pub mod hosted;
mod keep;
mod live;
mod part;
mod plan;
mod probe;
mod prompts;
mod quality;
mod regrade;
mod rewrite;
mod run;
mod source;
mod stale;
mod template;
mod time;
mod toolchain;
mod turns;
mod watch;
mod world;

pub use host::HostFacts;
pub use live::{Live, open_live, price};
pub use model::{FaultLog, FaultProfile, Pace};
pub use plan::{
    CacheApart, ForkFrom, ModelSpec, Planned, Selection, TrialPlan, keep_tasks, plan, tamperings,
};
pub use probe::{Asking, Heard, NextAction, ProbeStep, Probed, probe};
pub use prompts::{Git, Piece, Prompts, opening, text_diff};
pub use regrade::{Recheck, Rechecked, Regraded, recheck, regrade};
pub use rewrite::{Arm, Foreign, Recorded, begins_with, not_rewritable};
pub use run::{Options, Progress, RunError, RunOutcome, resume, run};
pub use source::Speaker;
pub use stale::{Judged, Void, stale};
pub use toolchain::{Found, Needs, Spawn};
