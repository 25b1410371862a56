//! Drift: the suite on a host with another python3, another git and another locale has the same digest, with what is
//! different listed and graded call by call; and a tool that is broken on purpose is caught, as drift and by the gate.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::core::{Left, default_run};
use crate::place::{Place, Run, attempts, contained, skipped};

/// Programs of another host: each says that it is another one, in another language, and does the same.
const OTHERS: [(&str, &str); 2] = [
    (
        "python3",
        "#!/bin/bash\nexport LC_ALL=de_DE.UTF-8\ncase \"$1\" in --version) echo 'Python 3.99.0'; exit;; esac\necho 'python3: another one' >&2\nexec /usr/bin/python3 \"$@\"\n",
    ),
    (
        "git",
        "#!/bin/bash\nexport LC_ALL=de_DE.UTF-8\ncase \"$1\" in --version) echo 'git version 9.9.9'; exit;; status) echo 'hint: another git';; esac\nexec /usr/bin/git \"$@\"\n",
    ),
];

/// A toolchain of other programs, declared in retake.toml.
fn other_programs(place: &Place) {
    let bin = place.root().join("others/bin");
    fs::create_dir_all(&bin).unwrap();
    for (name, script) in OTHERS {
        let path = bin.join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let config = fs::read_to_string(place.tree().join("retake.toml")).unwrap();
    let root = place.root().join("others");
    place.write("retake.toml", &format!("{config}\n[toolchain.others]\nroot = \"{}\"\n", root.display()));
}

/// How often calls and checks of a run drifted, by grade, as their journals say.
fn grades(run: &Run) -> BTreeMap<String, u64> {
    let mut grades = BTreeMap::new();
    for line in attempts(&run.path).into_iter().flat_map(|attempt| attempt.events()) {
        if let Some(grade) = line["host"]["drift"]["grade"].as_str() {
            *grades.entry(grade.to_owned()).or_default() += 1;
        }
    }
    grades
}

#[test]
fn with_other_programs_the_whole_suite_has_the_same_digest_and_each_drift_is_listed_and_graded() {
    if !contained() {
        return;
    }
    let Left { run: plain, canonical, .. } = default_run();
    let there = Place::with(&["core"]);
    other_programs(&there);
    let out = there.out();
    let done = there.retake(&["run", "core", "--json", "--out", out.to_str().unwrap()]);
    let other = Run::of(&done);
    assert_eq!(plain.count("drift"), 0, "{}", plain.summary);
    assert_eq!(other.digest(), plain.digest(), "what the model was told is what was recorded");
    assert_eq!(&other.canonical(), canonical);
    let found = grades(&other);
    assert!(other.count("drift") > 0 && found.values().sum::<u64>() == other.count("drift"), "{found:?}");
    assert!(found.contains_key("text"), "{found:?}");
    // A gate stands over what matters more than words.
    let grave = found.get("exit").unwrap_or(&0) + found.get("files").unwrap_or(&0);
    assert_eq!(done.code, Some(i32::from(grave > 0)), "{found:?}\n{}", done.stderr);
    let listed = fs::read_to_string(other.path.join("drift.json")).unwrap();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let text = listed.to_string();
    assert!(text.contains("another one") && text.contains("hint: another git"), "{text}");
    let host = fs::read_to_string(other.path.join("host.json")).unwrap();
    assert!(host.contains("others"), "{host}");
}

#[test]
fn a_patch_that_does_something_else_is_drift_and_breaks_the_gate() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core"]);
    let path = "tasks/core/cassettes/agent-v2/next-version.1.jsonl";
    let text = fs::read_to_string(place.tree().join(path)).unwrap();
    // As a recording whose apply_patch did something else: one file's state after it is another.
    let mut broken = Vec::new();
    let mut changed = None;
    for line in text.lines() {
        let mut value: Value = serde_json::from_str(line).unwrap();
        let effect = value["tool"]["effect"].as_object_mut();
        if let Some((file, state)) = effect.and_then(|effect| effect.iter_mut().next())
            && changed.is_none()
            && state.as_str().is_some_and(|state| state != "deleted")
        {
            changed = Some(file.clone());
            *state = Value::from("000000000000");
            broken.push(value.to_string());
        } else {
            broken.push(line.to_owned());
        }
    }
    let changed = changed.unwrap();
    place.write(path, &(broken.join("\n") + "\n"));
    let run = place.run(&["core", "--task", "next-version"], 1);
    assert_eq!((run.count("drift"), run.count("passed")), (1, 1), "{}", run.summary);
    assert_eq!(grades(&run), BTreeMap::from([("files".to_owned(), 1)]));
    let drift = fs::read_to_string(run.path.join("drift.json")).unwrap();
    assert!(drift.contains(&format!("other effect on {changed}")), "{drift}");
}

/// Gives a place a program whose `apply_patch` no longer knows a change of a file; false where that cannot be done.
fn break_apply_patch(place: &Place) -> bool {
    const WORD: &[u8] = b"*** Update File: ";
    let mut program = fs::read(place.binary()).unwrap();
    // Texts for people, the model among them, put it between backticks.
    let starts =
        |at: &usize| program[*at] == b'*' && program[*at..].starts_with(WORD) && program[*at - 1] != b'`';
    let found: Vec<usize> = (1..program.len() - WORD.len()).filter(starts).collect();
    for at in &found {
        program[*at..*at + WORD.len()].copy_from_slice(b"*** Broken File: ");
    }
    // What is there is shared with others.
    fs::remove_file(place.binary()).unwrap();
    fs::write(place.binary(), program).unwrap();
    fs::set_permissions(place.binary(), fs::Permissions::from_mode(0o755)).unwrap();
    found.len() == 1
}

#[test]
fn a_broken_apply_patch_is_drift_call_by_call_breaks_the_gate_and_fails_the_trial() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core"]);
    if !break_apply_patch(&place) {
        return skipped(false, "this build of the program keeps its words in another way");
    }
    let run = place.run(&["core", "--task", "next-version"], 1);
    assert_eq!((run.count("passed"), run.count("void")), (0, 0), "{}", run.summary);
    let gate = &run.summary["gates"][0];
    assert_eq!((&gate["gate"], &gate["standing"]), (&"drift <= text".into(), &"broken".into()), "{gate}");
    assert!(grades(&run).get("exit") >= Some(&2), "{:?}", grades(&run));
    let drift = fs::read_to_string(run.path.join("drift.json")).unwrap();
    assert!(
        drift.contains(": apply_patch call_") && drift.contains("ok was recorded, now failed"),
        "{drift}"
    );
}
