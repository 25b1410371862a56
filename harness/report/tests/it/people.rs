//! What people read: the terminal's report, the transcript and the summary.

use base::TrialId;
use insta::assert_snapshot;
use journal::{Attempt, Host, Outcome, TrialWriter};
use report::{RunSummary, TerminalOptions, summary_md, terminal, transcript};

use crate::sample::{Sample, empty, plan, small};

#[test]
fn the_terminal_report_of_the_small_run_is_as_snapshotted() {
    let (data, scores) = small(3).read();
    let text = terminal(&data, &scores, &TerminalOptions { color: false, width: Some(130) });
    assert_snapshot!("terminal", text);
    assert!(text.is_ascii());
    assert!(text.lines().all(|line| line.len() <= 130));
}

#[test]
fn colour_adds_escapes_and_takes_no_words() {
    let (data, scores) = small(0).read();
    let text = terminal(&data, &scores, &TerminalOptions { color: true, width: None });
    assert!(text.contains("\x1b[31mfailed: wrong_result\x1b[0m"));
}

#[test]
fn a_synthetic_run_says_so_beside_its_figures() {
    let mut synthetic = plan(&[("core", &["a"])], &["main"], 1);
    synthetic.synthetic = true;
    let (data, scores) = Sample::new(synthetic).read();
    let text = terminal(&data, &scores, &TerminalOptions::default());
    assert!(text.contains("SYNTHETIC: answers come from an authored stub"), "{text}");
}

#[test]
fn a_large_run_folds_to_its_suites() {
    let names: Vec<String> = (0..41).map(|n| format!("task-{n}")).collect();
    let tasks: Vec<&str> = names.iter().map(String::as_str).collect();
    let (data, scores) = Sample::new(plan(&[("core", &tasks)], &["main"], 1)).read();
    let text = terminal(&data, &scores, &TerminalOptions::default());
    assert!(!text.contains("\ntasks\n") && text.contains("\nsuites\n"), "{text}");
    assert!(text.contains("core/task-40@main#1  unfinished"), "{text}");
}

fn attempt(sample: &Sample, trial: &str, number: u32) -> Attempt {
    let id: TrialId = trial.parse().unwrap();
    Attempt::read(&sample.dir.trial(&id).journal(number)).unwrap()
}

#[test]
fn the_transcript_shows_every_stage_of_a_trial() {
    let sample = small(3);
    let read = attempt(&sample, "core/fix-cache@main#2", 2);
    let text = transcript(&read, &|_| Some("1 failed\nassert 1 == 2\n".to_owned()));
    assert_snapshot!("transcript", text);
}

#[test]
fn a_transcript_without_outputs_shows_their_first_line() {
    let sample = small(0);
    let text = transcript(&attempt(&sample, "core/fix-cache@main#1", 1), &|_| None);
    assert!(text.contains("  < 1 failed\n"), "{text}");
    let unfinished = transcript(&attempt(&sample, "edge/odd@terse#2", 1), &|_| None);
    assert!(unfinished.ends_with("the attempt is unfinished\n"), "{unfinished}");
}

#[test]
fn the_summary_has_every_field_by_its_name() {
    let sample = small(3);
    let (data, scores) = sample.read();
    let summary = RunSummary::of(&data, &scores, std::path::Path::new("runs/one"));
    assert_snapshot!("summary", serde_json::to_string_pretty(&summary).unwrap());
}

#[test]
fn the_summary_of_any_run_fits_a_comment_on_github() {
    let long = |word: &str, n: usize| format!("{word}{n:0>90}");
    let names: Vec<String> = (0..20).map(|n| long("suite-", n)).collect();
    let tasks: Vec<String> = (0..3).map(|n| long("task-", n)).collect();
    let tasks: Vec<&str> = tasks.iter().map(String::as_str).collect();
    let suites: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), tasks.as_slice())).collect();
    let variants: Vec<String> = (0..60).map(|n| long("variant-", n)).collect();
    let variants: Vec<&str> = variants.iter().map(String::as_str).collect();
    let sample = Sample::new(plan(&suites, &variants, 1));
    for id in sample.dir.header().unwrap().plan.trial_ids().take(200) {
        let writer = TrialWriter::create(&sample.dir.trial(&id), &id, 1).unwrap();
        let reason = "\u{202e}".repeat(400);
        writer.end("main", empty(Outcome::Failed, None, &reason), Host::default()).unwrap();
    }
    let (data, scores) = sample.read();
    let page = String::from_utf8(summary_md(&data, &scores).unwrap()).unwrap();
    let characters = page.chars().count();
    assert!((60_000..=65_536).contains(&characters), "{characters}");
    assert!(page.ends_with("`trials.csv`.\n"));
}
