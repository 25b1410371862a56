//! The suite `core` as it is delivered: the reference agents, and the default run on other jobs, folders and users.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::place::{Done, Place, Run, contained, skipped};

/// What a default run left, read before its place went.
pub(crate) struct Left {
    pub(crate) run: Run,
    pub(crate) canonical: BTreeMap<&'static str, String>,
    digests: BTreeMap<String, Value>,
    files: Vec<String>,
    report: String,
}

/// The default run, on one job, in a copy of the tree.
pub(crate) fn default_run() -> &'static Left {
    static LEFT: OnceLock<Left> = OnceLock::new();
    LEFT.get_or_init(|| {
        let place = Place::with(&["core"]);
        place.edit("retake.toml", "[suite.failures]\npath = \"tasks/failures\"\n", "");
        let run = place.run(&["--jobs", "1"], 0);
        say_skipped(&run);
        let files = fs::read_dir(&run.path).unwrap();
        Left {
            canonical: run.canonical(),
            digests: task_digests(&run),
            files: files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect(),
            report: place.retake(&["report", run.path.to_str().unwrap()]).stdout,
            run,
        }
    })
}

/// Trials that this host cannot run are no failure, but they are said.
fn say_skipped(run: &Run) {
    let skipped_trials = run.count("not_runnable");
    if skipped_trials > 0 {
        let lines: Vec<String> = run
            .ends()
            .iter()
            .filter(|(_, end)| end["outcome"] == "not_runnable")
            .map(|(task, end)| format!("{task} ({})", end["reason"]))
            .collect();
        skipped(false, &format!("{skipped_trials} trials of core: {}", lines.join(", ")));
    }
}

fn task_digests(run: &Run) -> BTreeMap<String, Value> {
    let text = fs::read_to_string(run.path.join("results.json")).unwrap();
    let results: Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(results["task_digests"].clone()).unwrap()
}

#[test]
fn the_reference_solution_of_every_task_passes_and_doing_nothing_passes_none() {
    if !contained() {
        return;
    }
    let place = Place::with(&["core"]);
    let oracle = place.run(&["core", "--agent", "oracle"], 0);
    say_skipped(&oracle);
    assert_eq!(oracle.count("passed") + oracle.count("not_runnable"), oracle.count("trials"));
    assert!(oracle.count("trials") >= 8 && oracle.count("passed") > 0);
    let noop = place.run(&["core", "--agent", "noop"], 0);
    assert_eq!(noop.count("passed"), 0);
    assert_eq!(noop.count("failed"), oracle.count("passed"));
}

#[test]
fn the_default_run_replays_without_drift_and_says_that_it_is_synthetic() {
    if !contained() {
        return;
    }
    let Left { run, files, report, .. } = default_run();
    assert_eq!((run.count("drift"), run.count("void"), run.count("harness_faults")), (0, 0, 0));
    assert!(report.contains("SYNTHETIC"), "{report}");
    for name in ["summary.md", "timings.csv", "host.json", "drift.json"] {
        assert!(files.iter().any(|file| file == name), "{name}");
    }
}

#[test]
fn the_default_run_is_the_same_on_four_jobs_in_another_folder_with_another_home() {
    if !contained() {
        return;
    }
    let first = default_run();
    let place = Place::with(&["core", "failures"]);
    let second = place.run(&["--jobs", "4"], 0);
    assert_eq!(second.digest(), first.run.digest());
    assert_eq!(second.canonical(), first.canonical);
    for text in second.canonical().values() {
        assert!(!text.contains(place.root().to_str().unwrap()), "a path of the host");
        assert!(!text.contains(second.summary["run_id"].as_str().unwrap()), "a run id");
    }
}

/// Tasks whose programs an ordinary user finds as root does: none of a toolchain in somebody's home folder.
const FOR_EVERYBODY: [&str; 5] = [
    "--task=backup-spaces",
    "--task=next-version",
    "--task=lost-commit",
    "--task=courier-restart",
    "--task=access-report",
];

#[test]
fn an_ordinary_user_gets_the_digest_and_the_files_that_root_gets() {
    if !contained() {
        return;
    }
    if !rustix::process::geteuid().is_root() {
        return skipped(false, "not root here: runs of root and of a user cannot be compared");
    }
    if !Path::new("/usr/bin/setpriv").exists() {
        return skipped(false, "there is no setpriv");
    }
    let place = Place::with(&["core", "failures"]);
    let first = place.run(&FOR_EVERYBODY, 0);
    let place = Place::with(&["core", "failures"]);
    for folder in ["home", "out"] {
        fs::set_permissions(place.root().join(folder), fs::Permissions::from_mode(0o777)).unwrap();
    }
    let out = place.out();
    let begin = ["run", "--json", "--out", out.to_str().unwrap()];
    let own = place.command(&[begin.as_slice(), &FOR_EVERYBODY].concat());
    let mut command = Command::new("/usr/bin/setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all"]);
    command.arg(own.get_program()).args(own.get_args()).env_clear();
    command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir("/");
    let done = Done::of(command.output().unwrap());
    assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
    let second = Run::of(&done);
    say_skipped(&second);
    assert!(second.count("passed") > 0, "{}", second.summary);
    assert_eq!(second.digest(), first.digest());
    assert_eq!(second.canonical(), first.canonical());
    // One trial's digest is the same whatever else ran.
    let digests = &default_run().digests;
    for (task, digest) in task_digests(&second) {
        assert_eq!(digests.get(&task), Some(&digest), "{task}");
    }
}
