//! `retake ab` on tasks of `core`, whose scripts a model on loopback plays: all four stages, and what they cost.

use std::fs;

use serde_json::Value;

use crate::ab::{Server, made, point_to, stages};
use crate::place::{Place, contained};

fn of_tasks<'a>(arguments: &[&'a str], tasks: &[&'a str]) -> Vec<&'a str> {
    let tasks = tasks.iter().flat_map(|task| ["--task", *task]);
    arguments.iter().copied().chain(tasks).collect()
}

#[test]
fn two_prompts_on_core_go_through_all_stages_and_cost_what_the_model_was_paid() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core"]);
    place.write("A.md", "Work as you like.\n");
    place.write("B.md", "QUALITY-B: read before you write.\n");
    let scripts = |set: &str| place.tree().join("tasks/core/scripts").join(set);
    let (one, two) = (scripts("agent-v1"), scripts("agent-v2"));
    let server = Server::start(&place, &["--scripts", one.to_str().unwrap(), two.to_str().unwrap()]);
    point_to(&place, &server);
    place.edit(
        "retake.toml",
        "[suite.work]\npath = \"tasks/work\"\n",
        "[suite.core]\npath = \"tasks/core\"\n",
    );
    let ask = ["ab", "A.md", "B.md", "core", "--json", "--model", "stub:two-qualities", "--max-cost", "20"];
    let tasks = [
        "next-version",
        "backup-spaces",
        "digest-queries",
        "static-traversal",
        "rate-limiter",
        "sql-injection",
    ];
    let done = place.retake(&of_tasks(&[&ask[..], &["--trials", "2", "--probes", "6"]].concat(), &tasks));
    assert!(matches!(done.code, Some(0 | 6)), "{}\n{}", done.stdout, done.stderr);
    let stages = stages(&done);
    let names: Vec<&str> = stages.iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
    assert_eq!(names, ["free", "plan", "probe", "live"]);
    let (plan, probe, live) = (&stages[1], &stages[2], &stages[3]);
    assert_eq!(
        (&plan["pairs"], &plan["affords"], &plan["assumed"]),
        (&12.into(), &"all".into(), &false.into())
    );
    assert_eq!((&probe["steps"], &probe["failed"]), (&6.into(), &Value::Array(Vec::new())), "{probe}");
    let pairs = live["pairs"].as_u64().unwrap();
    assert!(pairs == 12 || !live["stopped"].is_null(), "{live}");
    assert_eq!(live["verdict"] == "inconclusive", done.code == Some(6), "{live}");
    let spent: f64 = Server::ledger(&place).iter().map(|(_, usd)| usd).sum();
    assert!((spent - live["spent_usd"].as_f64().unwrap()).abs() < 1e-4 && spent < 20.0, "{spent} {live}");
}

#[test]
fn what_is_said_of_a_prompt_on_core_is_what_an_agent_with_it_really_asks_where_no_tool_shows_the_prompt() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core"]);
    place.write("B.md", "Read before you write; change as little as you can.\n");
    let config = fs::read_to_string(place.tree().join("retake.toml")).unwrap();
    let head = "[variant.head]\nextends = \"main\"\nfiles = { \"AGENTS.md\" = \"B.md\" }\n";
    place.write("retake.toml", &format!("{config}{head}"));
    // One has a prompt file of its own, which HEAD's takes the place of.
    let tasks = ["csv-import", "digest-queries", "static-traversal", "sql-injection"];
    let done = place.retake(&of_tasks(&["ab", "main", "head", "core", "--stage", "free", "--json"], &tasks));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let free = stages(&done).remove(0);
    let ask = ["core", "--variant", "head", "--model", "script:agent-v2", "--trials", "3"];
    let asked = place.run(&of_tasks(&ask, &tasks), 0);
    let trials = free["trials"].as_array().unwrap();
    for trial in trials {
        let name = format!("{}/head.{}", trial["task"].as_str().unwrap(), trial["number"]);
        let (keys, input, cached) = made(&asked, &name);
        assert_eq!(trial["head_keys"].as_array(), Some(&keys), "{trial}");
        let said = (&trial["head"]["input_tokens"], &trial["head"]["achievable_tokens"]);
        assert_eq!(said, (&input.into(), &cached.into()), "{trial}");
    }
    assert_eq!(trials.len(), 12, "{free}");
}
