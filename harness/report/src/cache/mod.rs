//! What is said of prompt caches: one summary over sessions, and how it is shown. Knows nothing of files' formats.

mod rows;
mod run;
mod summary;
mod terminal;

pub use rows::cache_csv;
pub(crate) use run::run_cache;
pub use run::{CacheCosts, CacheFigures, RunCache, TrialCache, VariantCache};
pub use summary::{
    BreakSum, CacheInput, CacheSummary, FigureSet, Given, SessionLine, TraceLine, UnreadableLine, trace_line,
};
pub use terminal::{CacheDetail, cache_lint_text, cache_text};
