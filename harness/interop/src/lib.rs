//! Other tools' sessions, traces and captures, read. Knows nothing of caches and their rules: it gives sessions as the
//! analysis takes them, and says what it could not read, with the line.

mod bundle;
mod capture;
mod claude;
mod claude_requests;
mod codex;
mod dedupe;
mod files;
mod object;
mod pi;
mod prompts;
mod serving;
mod sniff;
mod stream;
mod tracelab;
mod work;
mod yaml;

pub use files::{Observer, Read, Silent, Unreadable, read_paths};
pub use work::Work;
