//! Runs that are killed or stopped, and go on: the same digest, nothing done twice, nothing left behind.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use base::Seed;
use rustix::process::{Pid, Signal, kill_process};

use crate::place::{Done, Place, Run, attempts, contained, wait_until};
use crate::work;

/// Moments at which a run is killed.
const KILLS: u32 = 10;
/// Those of them that must find finished and unfinished trials.
const MIXED_MIN: usize = 7;
const PATIENCE: Duration = Duration::from_secs(120);

/// Lines of all journals of a run that is going on.
pub(crate) fn events(out: &Path) -> usize {
    let runs: Vec<PathBuf> =
        fs::read_dir(out).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    let lines = |path: &Path| fs::read(path).map_or(0, |text| text.iter().filter(|b| **b == b'\n').count());
    runs.iter().flat_map(|run| attempts(run)).map(|attempt| lines(&attempt.path)).sum()
}

/// Processes of a binary, and those whose command line has a mark.
pub(crate) fn processes(binary: &Path, mark: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let found = entries.filter_map(|entry| {
        entry.file_name().to_str()?.parse::<u32>().ok()?;
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let program = fs::read_link(entry.path().join("exe")).ok();
        (line.contains(mark) || program.as_deref() == Some(binary))
            .then(|| format!("{} {line}", entry.path().display()))
    });
    found.collect()
}

/// Mounts that lie in, or are made of, a folder.
fn mounts(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap();
    text.lines().filter(|line| line.contains(folder.to_str().unwrap())).map(str::to_owned).collect()
}

/// Says what is left of a run: processes by the binary's own path and by what its trials started, and mounts.
fn nothing_is_left(place: &Place, mark: &str) {
    wait_until("every process of the run is gone", Duration::from_secs(20), || {
        processes(&place.binary(), mark).is_empty()
    });
    assert_eq!(mounts(place.root()), Vec::<String>::new());
}

fn start(place: &Place, arguments: &[&str]) -> Child {
    let out = place.out();
    let begin = ["run", "--json", "--jobs", "2", "--out", out.to_str().unwrap()];
    let mut command = place.command(&[begin.as_slice(), arguments].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What is finished, and the content of its journal.
fn finished(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let done = attempts(run).into_iter().filter(|attempt| attempt.end().is_some());
    done.map(|attempt| (attempt.path.clone(), fs::read(&attempt.path).unwrap())).collect()
}

/// Checks a resumed run against what was there when it was stopped.
fn went_on(place: &Place, run: &Path, before: &BTreeMap<PathBuf, Vec<u8>>, undisturbed: &Run) {
    let cut: Vec<PathBuf> =
        attempts(run).into_iter().map(|a| a.path).filter(|path| !before.contains_key(path)).collect();
    let done = place.retake(&["run", "--json", "--resume", run.to_str().unwrap()]);
    assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
    let resumed = Run::of(&done);
    assert_eq!(resumed.digest(), undisturbed.digest());
    assert_eq!(resumed.canonical(), undisturbed.canonical());
    assert_eq!(resumed.count("reused"), before.len() as u64, "{}", resumed.summary);
    for (path, content) in before {
        assert_eq!(&fs::read(path).unwrap(), content, "{} was written to", path.display());
        let next = path.with_file_name("attempt-2.jsonl");
        assert!(!next.exists(), "{} although the trial was finished", next.display());
    }
    for path in cut {
        assert!(path.is_file(), "{} was not kept", path.display());
        let next = path.with_file_name("attempt-2.jsonl");
        assert!(next.is_file(), "{} has no next attempt", path.display());
    }
    assert!(!run.join(".scratch").exists(), "the scratch folder is still there");
}

/// Kills one run after so many events; gives whether it had finished and unfinished trials.
fn kill_after(place: &Place, arguments: &[&str], moment: usize, mark: &str, undisturbed: &Run) -> bool {
    let out = place.out();
    let mut child = start(place, arguments);
    wait_until("the moment to kill has come", PATIENCE, || {
        events(&out) >= moment || child.try_wait().unwrap().is_some()
    });
    let seen = processes(&place.binary(), mark);
    assert!(
        seen.is_empty() == child.try_wait().unwrap().is_some(),
        "the run's processes are not recognised: {seen:?}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    nothing_is_left(place, mark);
    let run = place.only_run();
    let before = finished(&run);
    let mixed = !before.is_empty() && (before.len() as u64) < undisturbed.count("trials");
    went_on(place, &run, &before, undisturbed);
    nothing_is_left(place, mark);
    fs::remove_dir_all(&run).unwrap();
    mixed
}

fn kill_at_seeded_moments(place: &Place, arguments: &[&str], mark: &str) {
    let undisturbed = place.run(arguments, 0);
    let whole = attempts(&undisturbed.path).iter().map(|attempt| attempt.events().len()).sum::<usize>();
    // Moved out of the way: what is counted is the run that goes on.
    let aside = place.root().join("undisturbed");
    fs::rename(&undisturbed.path, &aside).unwrap();
    let undisturbed = Run { path: aside, summary: undisturbed.summary };
    let mut mixed = 0;
    for kill in 0..KILLS {
        let within = Seed::new(2026).derive(&format!("kill {kill}")).unit();
        let share = 0.05 + 0.9 * (f64::from(kill) + within) / f64::from(KILLS);
        let moment = (whole as f64 * share) as usize;
        mixed += usize::from(kill_after(place, arguments, moment, mark, &undisturbed));
    }
    assert!(mixed >= MIXED_MIN, "only {mixed} of {KILLS} kills found finished and unfinished trials");
}

#[test]
fn a_run_killed_at_any_moment_goes_on_to_the_same_digest() {
    if !contained() {
        return;
    }
    let mark = "retake-it-killed";
    let place = work::recorded(12, mark);
    kill_at_seeded_moments(&place, &["tasks/work"], mark);
}

#[test]
#[ignore = "takes minutes: the same on the suite core"]
fn a_run_of_core_killed_at_any_moment_goes_on_to_the_same_digest() {
    if contained() {
        kill_at_seeded_moments(&Place::with(&["core", "failures"]), &["core"], "no mark but the binary");
    }
}

#[test]
fn a_stopped_run_ends_with_130_and_goes_on() {
    if !contained() {
        return;
    }
    let mark = "retake-it-stopped";
    let place = work::recorded(6, mark);
    let undisturbed = place.run(&["tasks/work"], 0);
    let aside = place.root().join("undisturbed");
    fs::rename(&undisturbed.path, &aside).unwrap();
    let undisturbed = Run { path: aside, summary: undisturbed.summary };
    let child = start(&place, &["tasks/work"]);
    let out = place.out();
    wait_until("some trials have ended", PATIENCE, || {
        fs::read_dir(&out).unwrap().flatten().any(|run| finished(&run.path()).len() >= 2)
    });
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let done = Done::of(child.wait_with_output().unwrap());
    assert_eq!(done.code, Some(130), "{}\n{}", done.stdout, done.stderr);
    assert!(done.stderr.contains("retake run --resume "), "{}", done.stderr);
    nothing_is_left(&place, mark);
    let run = place.only_run();
    assert!(!run.join(".scratch").exists(), "a clean stop leaves no scratch folder");
    let before = finished(&run);
    assert!((before.len() as u64) < undisturbed.count("trials"), "it was too late to stop");
    went_on(&place, &run, &before, &undisturbed);
}

#[test]
fn a_changed_task_or_cassette_refuses_to_go_on() {
    if !contained() {
        return;
    }
    let place = work::recorded(4, "retake-it-changed");
    let mut child = start(&place, &["tasks/work"]);
    let out = place.out();
    wait_until("the run has begun", PATIENCE, || events(&out) > 5);
    child.kill().unwrap();
    child.wait().unwrap();
    let run = place.only_run();
    let refused = |what: &str| {
        let done = place.retake(&["run", "--json", "--resume", run.to_str().unwrap()]);
        assert_eq!(done.code, Some(2), "{}\n{}", done.stdout, done.stderr);
        assert!(done.stderr.contains("cannot go on") && done.stderr.contains(what), "{}", done.stderr);
    };
    let cassette = "tasks/work/cassettes/main/task-04.1.jsonl";
    place.edit(cassette, "\"Done.\"", "\"Done!\"");
    refused("variant main or one of its cassettes");
    place.edit(cassette, "\"Done!\"", "\"Done.\"");
    place.edit("tasks/work/task-03/instruction.md", "has to", "must");
    refused("task work/task-03 has changed");
    place.edit("tasks/work/task-03/instruction.md", "must", "has to");
    let done = place.retake(&["run", "--json", "--resume", run.to_str().unwrap()]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}
