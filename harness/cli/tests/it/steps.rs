//! Tasks of several steps: one conversation, a verdict after each step, one reward.

use crate::place::{Place, contained};
use crate::work;

fn test(file: &str) -> String {
    format!("#!/bin/bash\n[[ -e /app/{file} ]]; echo $((1 - $?)) >/logs/verifier/reward.txt\n")
}

/// A task that wants a file `a`, then a file `b`; and a stub that makes these files, one an instruction.
fn task(place: &Place, name: &str, min_reward: &str, made: [&str; 2]) {
    let folder = format!("tasks/steps/{name}");
    let steps = ["a", "b"].map(|step| format!("[[steps]]\nname = \"{step}\"\n{min_reward}\n"));
    place.write(&format!("{folder}/task.toml"), &(work::task_toml(name) + &steps.concat()));
    place.write(&format!("{folder}/environment/Dockerfile"), "FROM scratch\nWORKDIR /app\n");
    for step in ["a", "b"] {
        let own = format!("{folder}/steps/{step}");
        place.write(&format!("{own}/instruction.md"), &format!("Make the file {step}.\n"));
        place.write(&format!("{own}/tests/test.sh"), &test(step));
        place.write(&format!("{own}/solution/solve.sh"), &format!("touch {step}\n"));
    }
    let turns = made.map(|file| work::turn(&format!("touch {file}")) + "[[turn]]\ntext = \"Made.\"\n\n");
    let script = format!("version = \"1.0\"\nmodel = \"stub-1\"\nseed = 3\n\n{}", turns.concat());
    place.write(&format!("tasks/steps/scripts/main/{name}.toml"), &script);
}

#[test]
fn each_step_is_asked_for_and_verified_in_turn_and_a_missed_one_ends_the_task() {
    if !contained() {
        return;
    }
    let place = Place::new();
    task(&place, "both", "", ["a", "b"]);
    task(&place, "half", "", ["a", "c"]);
    task(&place, "gated", "min_reward = 1.0", ["c", "b"]);
    work::suite(&place, "steps", &["both", "half", "gated"]);
    let oracle = place.run(&["tasks/steps", "--agent", "oracle"], 0);
    assert_eq!(oracle.count("passed"), 3, "{}", oracle.summary);
    let recorded =
        place.run(&["tasks/steps", "--model", "script", "--record", "tasks/steps/cassettes/main"], 0);
    let replayed = place.run(&["tasks/steps"], 0);
    assert_eq!((replayed.count("drift"), replayed.count("void")), (0, 0));
    for run in [recorded, replayed] {
        let ends = run.ends();
        let of = |task: &str| (ends[task]["reward"].as_f64(), ends[task]["steps"].as_u64());
        assert_eq!(of("both"), (Some(1.0), Some(4)));
        assert_eq!(of("half"), (Some(0.5), Some(4)));
        // The second step was never asked for.
        assert_eq!(of("gated"), (Some(0.0), Some(2)));
    }
}
