//! What a trial leaves in its workspace: how large its changes are, where they lie, what came in that should not, and whether the
//! findings of the visible checks grew fewer.

use std::collections::BTreeMap;
use std::fs;

use crate::place::{Place, Run, contained};
use crate::work;

const TEST: &str = "#!/bin/bash\nmkdir -p /logs/verifier\necho 1 >/logs/verifier/reward.txt\n";
/// Complains once for each line of `src/lint`.
const CHECK: &str = "\n[[retake.checks]]\nname = \"style\"\nkind = \"lint\"\nparser = \"gcc\"\n\
                     command = \"cat src/lint; test ! -s src/lint\"\n";
const SCOPE: &str = "[scope]\none = [\"src/**\"]\n";

/// A task about `src`, and two agents: one mends what the check finds, the other also writes where it should not.
fn place(scope: &str) -> Place {
    let place = Place::new();
    work::task(&place, "work", "one", TEST, "mkdir src\n");
    place.write("tasks/work/one/task.toml", &(work::task_toml("one") + CHECK));
    let write = "mkdir src; printf 'a.c:1:1: warning: one\\na.c:2:1: warning: two\\n' >src/lint";
    let far = "printf 'Permission is hereby granted, free of charge,\\nto any person' >LICENSE; \
               echo 'aws_access_key_id = AKIAQ3EGRTY7MN2P5XWZ' >config.ini";
    let done = "[[turn]]\ntext = \"Done.\"\n\n";
    let script = |commands: &[&str]| {
        let turns: String = commands.iter().map(|command| work::turn(command) + done).collect();
        format!("version = \"1.0\"\nmodel = \"stub-1\"\nseed = 5\n\n{turns}")
    };
    place.write("tasks/work/scripts/near/one.toml", &script(&[write, "echo >src/kept; : >src/lint"]));
    place.write("tasks/work/scripts/far/one.toml", &script(&[write, far, "true"]));
    let suite = format!(
        "version = \"1.1\"\nname = \"work\"\ntasks = [\"one\"]\n\
         [scripts]\nnear = \"scripts/near\"\nfar = \"scripts/far\"\n{scope}"
    );
    place.write("tasks/work/suite.toml", &suite);
    let variant = |name: &str| format!("[variant.{name}]\nagent = \"native\"\nmodel = \"script:{name}\"\n");
    let settings =
        format!("version = \"1.0\"\nout = {:?}\n{}{}", place.out(), variant("near"), variant("far"));
    place.write("retake.toml", &settings);
    place
}

fn run(place: &Place) -> Run {
    place.run(&["tasks/work", "--variant", "near", "--variant", "far"], 0)
}

/// The cells of `timings.csv` by trial and column.
fn timings(run: &Run) -> BTreeMap<String, BTreeMap<String, String>> {
    let text = fs::read_to_string(run.path.join("timings.csv")).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned));
    let columns: Vec<String> = lines.next().unwrap().collect();
    let row = |cells: &mut dyn Iterator<Item = String>| {
        let cells: BTreeMap<String, String> = columns.iter().cloned().zip(cells).collect();
        (cells["trial"].clone(), cells)
    };
    lines.map(|mut cells| row(&mut cells)).collect()
}

#[test]
fn what_a_trial_leaves_is_measured_and_a_scope_changes_no_canonical_file() {
    if !contained() {
        return;
    }
    let scoped = place(SCOPE);
    let with = run(&scoped);
    let cells = timings(&with);
    let of = |trial: &str, columns: &[&str]| -> Vec<String> {
        columns.iter().map(|column| cells[trial][*column].clone()).collect()
    };
    let left = ["files_added", "files_out_of_scope", "secrets_added", "licences_added"];
    assert_eq!(of("work/one@near#1", &left), ["2", "0", "0", "0"]);
    assert_eq!(of("work/one@far#1", &left), ["3", "2", "1", "1"]);
    let found = ["check_rounds", "findings_first", "findings_last", "findings_by_kind"];
    assert_eq!(of("work/one@near#1", &found), ["2", "2", "0", "lint:2>0"]);
    assert_eq!(of("work/one@far#1", &found), ["3", "2", "2", "lint:2>2"]);
    let text = scoped.retake(&["report", "latest"]).stdout;
    for told in [
        "near: 2 files, +1 -0 lines, 0 files out of scope in 0 of 1 trials",
        "near: findings 2 to 0 (lint 2 to 0); checked again after feedback in 1 of 1 trials",
        "2 files out of scope in 1 of 1 trials, 1 secret added, 1 licence text added",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let plain = place("");
    let without = run(&plain);
    assert_eq!(timings(&without)["work/one@far#1"]["files_out_of_scope"], "");
    assert_eq!(with.canonical(), without.canonical());
    let page = |run: &Run| fs::read_to_string(run.path.join("report.html")).unwrap();
    assert_eq!(page(&with), page(&without));
    assert_eq!(with.digest(), without.digest());
}

#[test]
fn arms_are_compared_and_gated_by_what_they_leave() {
    if !contained() {
        return;
    }
    let place = place(SCOPE);
    let run = run(&place);
    let name = run.path.file_name().unwrap().to_str().unwrap();
    let compared = place.retake(&["compare", name, "--json"]).json();
    let metrics = compared["metrics"].as_array().unwrap();
    for (metric, base, head) in [("files_out_of_scope", 0.0, 2.0), ("findings_left", 0.0, 2.0)] {
        let found = metrics.iter().find(|m| m["metric"] == metric).unwrap();
        assert_eq!((found["base"].as_f64(), found["head"].as_f64()), (Some(base), Some(head)), "{found}");
    }
    let gated = |rule: &str, variant: &str, code| {
        place.run(&["tasks/work", "--variant", variant, "--gate", rule], code);
    };
    gated("files_out_of_scope <= 0", "near", 0);
    gated("files_out_of_scope <= 0", "far", 1);
    gated("secrets_added <= 0", "far", 1);
    gated("findings_left <= 1", "near", 0);
}
