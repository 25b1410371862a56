//! Questions and live runs that are killed or stopped, and go on by the command that they printed: the same answer, and no more money.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use base::Seed;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::ab::{MODEL, Server, TASKS, live_place, point_to, stages};
use crate::place::{Done, Place, attempts, contained, wait_until};
use crate::stops::events;

const PATIENCE: Duration = Duration::from_secs(120);
const QUESTION: [&str; 4] = ["ab", "A.md", "B.md", "--cache=cold"];

/// Where runs land.
fn runs(place: &Place) -> PathBuf {
    place.tree().join("runs")
}

/// Tasks with recordings, and a model that answers equal requests alike; nothing where trials can't be contained.
fn served(tasks: &[&str], looks: usize, options: &[&str]) -> Option<(Place, Server)> {
    if !contained() {
        return None;
    }
    let place = live_place(tasks, looks);
    let server = Server::start(&place, &[&["--steady"], options].concat());
    point_to(&place, &server);
    Some((place, server))
}

fn start(place: &Place, arguments: &[&str]) -> Child {
    let mut command = place.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until the journals have so many lines, or it has ended by itself.
fn wait_for(place: &Place, child: &mut Child, lines: usize) {
    wait_until("the moment has come", PATIENCE, || {
        events(&runs(place)) >= lines || child.try_wait().unwrap().is_some()
    });
}

/// The command that it printed to go on with, without the program.
fn printed(done: &Done) -> Vec<String> {
    let found = done.stderr.lines().find_map(|line| Some(line.split_once("go on with: retake ")?.1));
    let command = found.unwrap_or_else(|| panic!("no command in {}", done.stderr));
    command.split(' ').map(str::to_owned).chain(["--json".to_owned()]).collect()
}

/// Kills it when the journals have so many lines; the command that goes on with it, where that was before its end.
fn kill(place: &Place, mut child: Child, lines: usize) -> Option<Vec<String>> {
    wait_for(place, &mut child, lines);
    child.kill().unwrap();
    let done = Done::of(child.wait_with_output().unwrap());
    done.code.is_none().then(|| printed(&done))
}

fn words(command: &[String]) -> Vec<&str> {
    command.iter().map(String::as_str).collect()
}

/// What a question came to, without what was measured, where it lies, what it cost in all, and the words that keep the caches of
/// attempts apart.
fn told(done: &Done) -> Value {
    let mut live = stages(done).pop().unwrap();
    let fields = live.as_object_mut().unwrap();
    assert_eq!(fields["stage"], "live", "{}", done.stderr);
    fields.retain(|name, _| !["out", "spent_usd", "time_to_solve", "mismatches"].contains(&name.as_str()));
    for arm in ["base", "head"] {
        fields["arms"][arm]["run_id"] = Value::Null;
    }
    for metric in fields["metrics"].as_array_mut().unwrap() {
        let name = metric["metric"].as_str().unwrap().to_owned();
        if ["time_s", "solve_s"].contains(&name.as_str()) {
            *metric = Value::Null;
        }
    }
    live
}

/// The run's canonical table of trials, without the columns of real time.
fn trials(run: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(run.join("trials.csv")).unwrap();
    let names: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let measured = |name: &str| ["_s", "_ms", "_us", "digest"].iter().any(|mark| name.ends_with(mark));
    let row = |line: &str| {
        let cells = line.split(',').zip(&names).filter(|(_, name)| !measured(name));
        cells.map(|(cell, _)| cell.to_owned()).collect()
    };
    text.lines().map(row).collect()
}

fn history(place: &Place) -> usize {
    fs::read_to_string(runs(place).join("history.jsonl")).map_or(0, |text| text.lines().count())
}

fn only_run(place: &Place) -> PathBuf {
    let entries = fs::read_dir(runs(place)).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// Asks without disturbance, then asks the same and kills it at so many moments one after the other; both have to say the same.
fn killed_says_the_same(place: &Place, question: &[&str], kills: u32) {
    let whole = place.retake(question);
    let lines = events(&runs(place));
    let undisturbed = only_run(place);
    let rows = trials(&undisturbed);
    // The history would be the noise that the next plan reckons with.
    fs::remove_dir_all(runs(place)).unwrap();
    let mut child = start(place, question);
    let mut command = Vec::new();
    for kill_at in 0..kills {
        let within = Seed::new(2026).derive(&format!("kill {kill_at} of a question")).unit();
        let moment = lines as f64 * (f64::from(kill_at) + within) / f64::from(kills + 1);
        command =
            kill(place, child, moment as usize).unwrap_or_else(|| panic!("it ended before kill {kill_at}"));
        assert_eq!(history(place), 0);
        child = start(place, &words(&command));
    }
    let done = Done::of(child.wait_with_output().unwrap());
    assert_eq!(done.code, whole.code, "{}\n{}", done.stdout, done.stderr);
    assert_eq!((told(&done), stages(&done).len()), (told(&whole), 1));
    assert!(told(&done)["stopped"].is_string() || trials(&only_run(place)) == rows);
    assert_eq!(history(place), 1);
    // Whoever goes on with what is at its end hears the same again, and nothing is asked or noted.
    let paid = Server::ledger(place).len();
    let again = place.retake(&words(&command));
    assert_eq!((again.code, told(&again)), (whole.code, told(&whole)));
    assert_eq!((history(place), Server::ledger(place).len()), (1, paid));
}

#[test]
fn a_question_that_is_killed_again_and_again_says_what_it_says_undisturbed() {
    let Some((place, _server)) = served(&TASKS, 2, &[]) else { return };
    // One whose answer stops it early, and one that makes all its pairs.
    let early =
        [&QUESTION[..], &["--max-cost=20", "--trials=12", "--probes=0", "--live-jobs=3"], &MODEL].concat();
    killed_says_the_same(&place, &early, 2);
    let stopped = told(&place.retake(&["run", "--resume", "latest", "--json"]));
    assert_eq!((&stopped["stopped"], &stopped["verdict"]), (&"cost".into(), &"better".into()));
    fs::remove_dir_all(runs(&place)).unwrap();
    let all = [&QUESTION[..], &["--yes", "--trials=2", "--probes=2", "--live-jobs=2"], &MODEL].concat();
    killed_says_the_same(&place, &all, 3);
}

#[test]
fn a_question_that_is_stopped_by_hand_ends_with_130_and_goes_on() {
    let Some((place, _server)) = served(&TASKS[..2], 0, &["--delay", "0.1"]) else { return };
    let question = [&QUESTION[..], &["--yes", "--trials=2", "--probes=0", "--live-jobs=1"], &MODEL].concat();
    // Before there is a pair, and then again with two signals, of which the second ends it at once.
    let mut child = start(&place, &question);
    wait_for(&place, &mut child, 4);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let done = Done::of(child.wait_with_output().unwrap());
    assert_eq!((done.code, stages(&done).len()), (Some(130), 2), "{}\n{}", done.stdout, done.stderr);
    assert!(
        done.stderr.lines().last().unwrap().contains("go on with: retake run --resume "),
        "{}",
        done.stderr
    );
    let command = printed(&done);
    let before = events(&runs(&place));
    let mut child = start(&place, &words(&command));
    wait_for(&place, &mut child, before + 12);
    for _ in 0..2 {
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    }
    let done = Done::of(child.wait_with_output().unwrap());
    assert_eq!((done.code, printed(&done)), (Some(130), command.clone()), "{}", done.stderr);
    assert_eq!(history(&place), 0);
    let done = place.retake(&words(&command));
    let live = stages(&done).pop().unwrap();
    assert_eq!((&live["pairs"], &live["stopped"]), (&4.into(), &Value::Null), "{live}");
    assert_eq!((done.code, history(&place)), (Some(6), 1));
}

/// Kills what it starts at each of these numbers of journal lines, and goes on to its end.
fn in_parts(place: &Place, first: &[&str], kills: &[usize]) -> (Done, Vec<String>) {
    let mut command: Vec<String> = first.iter().map(|word| (*word).to_owned()).collect();
    for lines in kills {
        let child = start(place, &words(&command));
        command = kill(place, child, *lines).unwrap();
    }
    (place.retake(&words(&command)), command)
}

fn paid(place: &Place) -> f64 {
    Server::ledger(place).iter().map(|(_, usd)| usd).sum()
}

#[test]
fn the_parts_of_a_run_together_never_pass_its_spend_limit() {
    let Some((place, _server)) = served(&TASKS[..3], 0, &["--delay", "0.05"]) else { return };
    let run = ["run", "--model=stub:two-qualities", "--trials=8", "--live-jobs=4", "--max-cost=1.2"];
    let (done, command) = in_parts(&place, &run, &[25, 50, 90]);
    assert_eq!(done.code, Some(130), "{}", done.stderr);
    assert!(done.stderr.contains("the spend limit would be passed"), "{}", done.stderr);
    let spent = paid(&place);
    assert!(0.6 < spent && spent <= 1.2, "{spent}");
    // There is nothing left, however often it goes on.
    let again = place.retake(&words(&command));
    assert!(again.code == Some(130) && paid(&place) <= 1.2, "{} {}", again.stderr, paid(&place));
    // Without what it has cost no limit can be kept.
    fs::remove_file(only_run(&place).join("spent.jsonl")).unwrap();
    let refused = place.retake(&words(&command));
    assert!(refused.code == Some(2) && refused.stderr.contains("was not kept"), "{}", refused.stderr);
}

/// Model calls that were answered.
fn answered(place: &Place) -> usize {
    let events = attempts(&only_run(place)).into_iter().flat_map(|attempt| attempt.events());
    events.filter(|line| line["event"]["type"] == "generated").count()
}

#[test]
fn what_a_run_has_cost_without_a_limit_counts_towards_one_that_comes_later() {
    let Some((place, _server)) = served(&TASKS[..2], 0, &["--delay", "0.05"]) else { return };
    let run = ["run", "--model=stub:two-qualities", "--trials=4", "--live-jobs=2"];
    let command = kill(&place, start(&place, &run), 30).unwrap();
    let (spent, calls) = (paid(&place), answered(&place));
    let limit = format!("--max-cost={spent}");
    let stopped = place.retake(&[&words(&command)[..], &[&limit]].concat());
    assert_eq!((stopped.code, answered(&place)), (Some(130), calls), "{}", stopped.stderr);
    let limit = format!("--max-cost={}", spent + 20.0);
    let done = place.retake(&[&words(&command)[..], &[&limit]].concat());
    assert!(done.code == Some(0) && answered(&place) > calls, "{}", done.stderr);
}

#[test]
fn what_a_question_has_cost_counts_when_it_goes_on_probing_included() {
    let Some((place, _server)) = served(&TASKS[..3], 0, &["--delay", "0.05"]) else { return };
    let asked = ["--max-cost=1.6", "--trials=8", "--probes=3", "--live-jobs=4"];
    let (done, command) = in_parts(&place, &[&QUESTION[..], &asked, &MODEL].concat(), &[25, 60]);
    let live = stages(&done).pop().unwrap();
    assert_eq!(live["stopped"], "max_cost", "{live}");
    let (spent, said) = (paid(&place), live["spent_usd"].as_f64().unwrap());
    assert!(0.8 < spent && spent <= said && said <= 1.6, "{spent} {live}");
    // With more to spend it comes to its end.
    let more = place.retake(&[&words(&command)[..], &["--max-cost=20"]].concat());
    let live = stages(&more).pop().unwrap();
    assert!(live["stopped"] != "max_cost" && live["planned_pairs"].as_u64() > Some(0), "{live}");
    assert!(paid(&place) > 1.6);
}
