//! "Is my change better?", stage by stage: what a change of the prompt does to recorded requests, what an answer would cost and
//! could show, whether the model acts otherwise, and what live trials say. Makes figures and text; asks no model.

mod live;
mod pairs;
mod plan;
mod probe;
mod rewrite;
mod text;

pub use live::{Decider, LiveResult, OWN_CACHE, Stop, Told, decide, relative_difference};
pub use pairs::{Half, Pairs};
pub use plan::{
    ASSUMED_TRIAL, Affords, Estimate, Known, NoiseSource, PlanInput, PlanResult, Range, TaskCost,
};
pub use probe::{ChangedStep, ProbeInput, ProbeResult, ProbedStep};
pub use rewrite::{
    ArmFigures, CauseCount, Conversation, Pair, Recording, RewriteInput, RewriteResult, TrialFigures, rewrite,
};
pub use text::{live_text, plan_text, probe_text, rewrite_text};

/// How far a question goes: each stage costs more than the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Recorded requests, rewritten. Costs nothing.
    Free,
    /// What live trials would cost and could show. Costs nothing.
    Plan,
    /// The model's next action at recorded steps.
    Probe,
    /// Whole trials of both arms.
    Live,
}
