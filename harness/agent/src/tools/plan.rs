//! `update_plan`: the agent states its plan. It changes nothing; it is there to be journaled.

use journal::PlanStep;
use serde::Deserialize;
use serde_json::json;

use super::{Definition, Tool, ToolRun, parse};

#[derive(Deserialize)]
struct Arguments {
    plan: Vec<PlanStep>,
}

pub(super) fn definition() -> Definition {
    let properties = json!({
        "explanation": {"type": "string", "description": "Why the plan changed."},
        "plan": {
            "type": "array",
            "description": "All steps in order; at most one in progress.",
            "items": {
                "type": "object",
                "properties": {
                    "step": {"type": "string"},
                    "status": {"type": "string", "enum": ["pending", "in_progress", "completed"]},
                },
                "required": ["step", "status"],
                "additionalProperties": false,
            },
        },
    });
    ("States or changes the plan.", properties, &["plan"])
}

pub(super) fn run(arguments: &str) -> ToolRun {
    let arguments: Arguments = match parse(Tool::UpdatePlan, arguments) {
        Ok(arguments) => arguments,
        Err(run) => return run,
    };
    let known = |step: &PlanStep| matches!(step.status.as_str(), "pending" | "in_progress" | "completed");
    if let Some(step) = arguments.plan.iter().find(|step| !known(step)) {
        return ToolRun::failed(format!("update_plan: there is no status {:?}", step.status));
    }
    if arguments.plan.iter().filter(|step| step.status == "in_progress").count() > 1 {
        return ToolRun::failed("update_plan: more than one step is in progress");
    }
    ToolRun { plan: Some(arguments.plan), ..ToolRun::ok("the plan is noted") }
}
