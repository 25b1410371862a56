//! The events of a trial and the header of a run, and their formats on disk. Every report is a function of these
//! files; nothing here knows how a trial is carried out.

mod event;
mod host;
mod ledger;
mod replaying;
mod run;
mod trial;

pub use event::{
    Acted, CallFigures, CheckResult, Ended, Event, FailureMode, FaultFigures, FigureKind, Finding, Generated,
    LaneTimes, ModelSource, Outcome, PlanStep, Record, Recovery, ToolOutcome,
};
pub use host::{Drift, DriftGrade, FindingFigures, Host, HostEnded, PatchFigures};
pub use ledger::Ledger;
pub use replaying::{ForkPoint, Matching, MetCount, Replaying, ToolsMode};
pub use run::{
    GitState, Mode, Plan, PlannedFaults, PlannedSuite, PlannedTask, PlannedVariant, RunDir, RunError,
    RunHeader, Terms,
};
pub use trial::{Attempt, JournalError, Scrub, TrialDir, TrialWriter};
