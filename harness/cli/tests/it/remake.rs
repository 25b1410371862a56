//! The cassettes of `tasks/` come out of their scripts again as they are; and the variant that breaks its prompt cache
//! does so in five ways that have names.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::place::{Done, Place, contained, repository};

/// A repository with suites of `tasks/`, everything committed.
fn committed(suites: &[&str]) -> Place {
    let place = Place::with(suites);
    let script = place.tree().join("tasks/record.sh");
    fs::copy(repository().join("tasks/record.sh"), &script).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    for arguments in [&["init", "-q"][..], &["add", "-A"], &["commit", "-q", "-m", "All"]] {
        git(&place, arguments);
    }
    place
}

fn git(place: &Place, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=A", "-c", "user.email=a@example.org"]).args(arguments);
    assert!(command.current_dir(place.tree()).status().unwrap().success());
}

fn remake(place: &Place, arguments: &[&str]) -> Done {
    let mut command = place.command(&[]);
    let program = command.get_program().to_owned();
    let mut script = Command::new("bash");
    script.env_clear().current_dir(place.tree());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            script.env(name, value);
        }
    }
    command.env_clear();
    script.env("RETAKE", program).arg("tasks/record.sh").arg("--check").args(arguments);
    Done::of(script.output().unwrap())
}

#[test]
fn cassettes_come_out_of_their_scripts_as_they_are_damaged_ones_too() {
    if !contained() {
        return;
    }
    let place = committed(&["core", "failures"]);
    let done = remake(&place, &["--task", "next-version", "agent-v1", "agent-v2", "codex", "failures"]);
    assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
    assert!(done.stdout.contains("every recording is as it was"), "{}", done.stdout);
    assert!(done.stderr.contains("SKIPPED: codex"), "{}", done.stderr);
}

#[test]
fn a_recording_that_says_the_same_on_another_toolchain_stays_and_what_differs_is_printed() {
    if !contained() {
        return;
    }
    let place = committed(&["core"]);
    let path = "tasks/core/cassettes/agent-v2/next-version.1.jsonl";
    let text = fs::read_to_string(place.tree().join(path)).unwrap();
    let other = text.replacen("\"bash\":\"GNU bash", "\"bash\":\"GNU bash of old", 1);
    assert_ne!(text, other);
    place.write(path, &other);
    git(&place, &["commit", "-qam", "Another toolchain"]);
    let done = remake(&place, &["--task", "next-version", "agent-v2"]);
    assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
    assert!(done.stderr.contains("toolchain at bash: \"GNU bash of old"), "{}", done.stderr);
    place.write(path, &text.replacen("gap_us\":", "gap_us\":1", 1));
    git(&place, &["commit", "-qam", "Another time"]);
    let done = remake(&place, &["--task", "next-version", "agent-v2"]);
    assert_eq!(done.code, Some(1), "{}\n{}", done.stdout, done.stderr);
    assert_eq!(fs::read_to_string(place.tree().join(path)).unwrap(), text);
}

#[test]
fn a_client_that_breaks_its_prompt_cache_has_each_of_five_causes_named_and_replays() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core"]);
    let bad = ["core", "--task", "courier-restart", "--variant", "agent-v2-badcache"];
    let folder = "tasks/core/cassettes/agent-v2-badcache";
    let run = place.run(&[&bad[..], &["--model", "script:agent-v2", "--record", folder]].concat(), 0);
    let causes = |path: &std::path::Path| {
        let done = place.retake(&["cache", "--json", "--profile", "openai", path.to_str().unwrap()]);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        let breaks = done.json()["breaks"].as_array().unwrap().clone();
        let names = breaks.iter().map(|one| one["cause"].as_str().unwrap().to_owned());
        names.collect::<BTreeSet<String>>()
    };
    let found = causes(&run.path);
    for cause in
        ["instructions_changed", "tools_changed", "item_changed", "key_changed", "parameters_changed"]
    {
        assert!(found.contains(cause), "{cause}: {found:?}");
    }
    let replayed = place.run(&bad, 0);
    assert_eq!((replayed.count("void"), replayed.count("trials")), (0, 1));
    let good = place.run(&["core", "--task", "courier-restart", "--variant", "agent-v2"], 0);
    let content = |cause: &&String| cause.ends_with("_changed");
    assert_eq!(causes(&good.path).iter().filter(content).count(), 0, "nobody else has the layer");
}
