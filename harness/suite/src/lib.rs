//! Tasks on disk: their format and its validation, suites, and the user's configuration. Runs no process; knows
//! nothing of agents, models, sandboxes or results.

pub mod backend;
pub mod config;
mod dockerfile;
mod error;
pub mod harbor;
mod place;
mod policy;
mod recipe;
mod retake;
mod scope;
mod suite;
mod task;
mod tree;
mod variant;

pub use backend::Backend;
pub use config::{Config, Profile, Toolchain};
pub use error::SuiteError;
pub use policy::{Decision, Example, Policy, Rule};
pub use recipe::{Recipe, RecipeStep, Runnable, Unfollowable};
pub use retake::{
    Budget, BudgetTable, Check, CheckKind, DEFAULT_CHECK, DEFAULT_REWARD_KEY, DEFAULT_ROUNDS, DEFAULT_STEPS,
    DEFAULT_TOKENS, DEFAULT_VERIFIER, DEFAULT_WALL, Defaults, Parser, Settings, TaskKind,
};
pub use scope::Scope;
pub use suite::{SUITE_VERSION, Suite, TaskEntry};
pub use task::{Step, TASK_VERSION, Task};
pub use variant::{Tier, Variant};
