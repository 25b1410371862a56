//! Judging anew what finished trials left: a mended verifier and mended checks, without an agent.

use std::collections::BTreeMap;
use std::fs;

use crate::place::{Place, Run, attempts, contained};
use crate::work;

const TEST: &str = "#!/bin/bash\nmkdir -p /logs/verifier\n\
                    [[ $(cat /app/said) == yes ]]; echo $((1 - $?)) >/logs/verifier/reward.txt\n";
const BROKEN: &str = "#!/bin/bash\nmkdir -p /logs/verifier\n\
                      [[ $(cat /app/sayd) == yes ]]; echo $((1 - $?)) >/logs/verifier/reward.txt\n";
const CHECK: &str = "\n[[retake.checks]]\nname = \"said\"\nkind = \"tests\"\ncommand = \"test -f sayd\"\n\
                     [retake.budget]\nrounds = 0\n";

/// Two tasks; the verifier and the check of the first look into a file that nobody writes.
fn place() -> Place {
    let place = Place::new();
    for (name, test) in [("one", BROKEN), ("two", TEST)] {
        work::task(&place, "work", name, test, "echo yes >said\n");
        place.write(
            &format!("tasks/work/scripts/main/{name}.toml"),
            &work::script(&["echo yes >said".to_owned()]),
        );
    }
    place.write("tasks/work/one/task.toml", &(work::task_toml("one") + CHECK));
    work::suite(&place, "work", &["one", "two"]);
    place.write("retake.toml", &format!("version = \"1.0\"\nout = {:?}\n", place.out()));
    place
}

fn run(place: &Place, passed: u64) -> Run {
    let run = place.run(&["tasks/work", "--model", "script"], 0);
    assert_eq!((run.count("trials"), run.count("passed")), (2, passed), "{}", run.summary);
    run
}

/// Every journal of a run, whole.
fn journals(run: &Run) -> BTreeMap<String, String> {
    let journal = |attempt: &crate::place::Attempt| fs::read_to_string(&attempt.path).unwrap();
    attempts(&run.path).iter().map(|a| (a.path.display().to_string(), journal(a))).collect()
}

fn name(run: &Run) -> &str {
    run.path.file_name().unwrap().to_str().unwrap()
}

#[test]
fn a_mended_verifier_changes_the_comparison_and_no_agent_runs() {
    if !contained() {
        return;
    }
    let place = place();
    let wrong = run(&place, 1);
    place.write("tasks/work/one/tests/test.sh", TEST);
    let right = run(&place, 2);
    let compare = || place.retake(&["compare", name(&wrong), name(&right), "--json"]).json();
    let before = compare();
    assert_eq!((before["tasks"].as_u64(), before["base"].as_f64()), (Some(1), Some(1.0)), "{before}");
    let journals_before = journals(&wrong);
    let regraded = place.retake(&["regrade", name(&wrong), "--json"]);
    assert_eq!(regraded.code, Some(0), "{}", regraded.stderr);
    let regraded = regraded.json();
    assert_eq!((&regraded["trials"], &regraded["changed"]), (&2.into(), &1.into()), "{regraded}");
    assert_eq!(journals(&wrong), journals_before, "no attempt was made, and no journal was touched");
    let after = compare();
    assert_eq!((after["tasks"].as_u64(), after["base"].as_f64()), (Some(2), Some(1.0)), "{after}");
    assert_eq!(after["head"], 1.0);
    let said = after["mismatches"].as_array().unwrap().iter().find(|m| m["what"] == "regraded").unwrap();
    assert!(said["base"].as_str().unwrap().contains("1 of them new"), "{said}");
    assert_eq!(said["head"], "its own verdicts");
    let text = place.retake(&["compare", name(&wrong), name(&right)]).stdout;
    assert!(text.contains("regraded"), "{text}");
}

#[test]
fn visible_checks_are_run_again_beside_what_they_said() {
    if !contained() {
        return;
    }
    let place = place();
    let run = run(&place, 1);
    let before = journals(&run);
    place.edit("tasks/work/one/task.toml", "test -f sayd", "test -f said");
    let checked = place.retake(&["regrade", name(&run), "--checks", "--json"]);
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    let checked = checked.json();
    assert_eq!((&checked["changed"], &checked["left"]), (&1.into(), &1.into()), "{checked}");
    let one =
        checked["each"].as_array().unwrap().iter().find(|one| one["trial"] == "work/one@main#1").unwrap();
    assert_eq!((&one["checks"][0]["then"], &one["checks"][0]["now"]), (&false.into(), &true.into()), "{one}");
    assert_eq!(journals(&run), before);
    let text = place.retake(&["regrade", name(&run), "--checks"]).stdout;
    assert!(text.contains("fails    then, holds now"), "{text}");
}
