//! What holds of a report as a whole: equal journals give equal bytes, and a large run can be read.

use base::{Digest, TrialId};
use journal::{FigureKind, Host, HostEnded, Outcome, TrialWriter};
use report::{Digests, Format, RunData, Scores, write};

use crate::sample::{Sample, ended, plan, small};

const CANONICAL: [&str; 5] = ["results.json", "results.csv", "trials.csv", "junit.xml", "report.html"];
const HOST: [&str; 4] = ["summary.md", "timings.csv", "drift.json", "host.html"];

fn written(sample: &Sample) {
    let (data, scores) = sample.read();
    write(&sample.dir, &data, &scores, &Format::ALL).unwrap();
}

#[test]
fn equal_journals_give_equal_bytes() {
    let (one, two) = (small(3), small(3));
    written(&one);
    written(&two);
    for name in CANONICAL.iter().chain(&HOST) {
        assert_eq!(one.file(name), two.file(name), "{name}");
    }
}

#[test]
fn canonical_files_do_not_change_with_the_host() {
    let (one, two) = (small(0), small(9));
    written(&one);
    written(&two);
    for name in CANONICAL {
        assert_eq!(one.file(name), two.file(name), "{name}");
    }
    for name in HOST {
        assert_ne!(one.file(name), two.file(name), "{name}");
    }
}

#[test]
fn canonical_files_name_no_run_no_path_and_no_moment() {
    let sample = small(0);
    written(&sample);
    let run_id = sample.dir.header().unwrap().run_id;
    let path = sample.dir.path.display().to_string();
    for name in CANONICAL {
        let text = sample.file(name);
        // A page of trials shows the date of their virtual clock, which is the same everywhere.
        let moment = if name.ends_with(".html") { "2026-11-22T" } else { "2026-" };
        for word in [run_id.as_str(), &path, "timestamp", "uuid", moment] {
            assert!(!text.contains(word), "{name} has {word}");
        }
    }
}

fn finish(sample: &Sample, id: &str, outcome: Outcome, reason: &str) {
    let id: TrialId = id.parse().unwrap();
    let writer = TrialWriter::create(&sample.dir.trial(&id), &id, 1).unwrap();
    writer.end("main", ended(outcome, None, reason, None, 1), Host::default()).unwrap();
}

#[test]
fn the_run_digest_covers_what_ran_and_nothing_else() {
    let digest = |others: &[(&str, Outcome)]| {
        let sample = Sample::new(plan(&[("core", &["a", "b"])], &["main"], 1));
        finish(&sample, "core/a@main#1", Outcome::Passed, "");
        for (id, outcome) in others {
            finish(&sample, id, *outcome, "");
        }
        let (data, _) = sample.read();
        let digests = Digests::of(&data);
        (digests.run.unwrap(), digests.left_out.len())
    };
    let (alone, left_out) = digest(&[]);
    assert_eq!(left_out, 1);
    for outcome in [Outcome::NotRunnable, Outcome::Invalid, Outcome::HarnessFault] {
        assert_eq!(digest(&[("core/b@main#1", outcome)]), (alone, 1));
    }
    for outcome in [Outcome::Passed, Outcome::Failed, Outcome::Void] {
        let (with, left_out) = digest(&[("core/b@main#1", outcome)]);
        assert_ne!(with, alone);
        assert_eq!(left_out, 0);
    }
}

#[test]
fn the_order_of_tasks_in_a_plan_does_not_change_the_digest() {
    let digests = [["a", "b"], ["b", "a"]].map(|tasks| {
        let sample = Sample::new(plan(&[("core", &tasks)], &["main"], 1));
        for task in ["a", "b"] {
            finish(&sample, &format!("core/{task}@main#1"), Outcome::Passed, "");
        }
        Digests::of(&sample.read().0).run.unwrap()
    });
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn a_run_in_which_nothing_ran_has_no_digest() {
    let (data, scores) = Sample::new(plan(&[("core", &["a"])], &["main"], 3)).read();
    assert_eq!(Digests::of(&data).run, None);
    assert_eq!(scores.total.counts.unfinished, 3);
    assert_eq!(scores.total.pass_rate, None);
}

#[test]
fn faults_and_voids_are_no_samples_of_the_pass_rate() {
    let (_, scores) = small(0).read();
    let main = &scores.variants[0].score;
    let rate = main.pass_rate.unwrap();
    assert_eq!((rate.passed, rate.of), (3, 4));
    assert_eq!((main.counts.void, main.counts.harness_faults, main.counts.not_runnable), (1, 1, 2));
    assert_eq!(main.effort.steps, 8);
    assert!((main.effort.cache_hit_rate.unwrap() - 0.05).abs() < 1e-12);
    let twice = main.repeats.last().unwrap();
    assert_eq!((twice.k, twice.tasks), (2, 2));
    assert!((twice.pass_at_k - 1.0).abs() < 1e-12 && (twice.pass_all_k - 0.5).abs() < 1e-12);
}

#[test]
fn every_figure_of_a_synthetic_plan_is_synthetic() {
    let mut synthetic = plan(&[("core", &["a"])], &["main"], 1);
    synthetic.synthetic = true;
    let sample = Sample::new(synthetic);
    finish(&sample, "core/a@main#1", Outcome::Passed, "");
    let (_, scores) = sample.read();
    let kinds = [scores.tasks[0].score.kind, scores.suites[0].score.kind, scores.total.kind];
    assert_eq!(kinds, [Some(FigureKind::Synthetic); 3]);
    written(&sample);
    assert!(sample.file("results.json").contains("SYNTHETIC: answers come from an authored stub"));
    assert!(sample.file("summary.md").contains("| SYNTHETIC |"));
}

#[test]
fn a_journal_that_states_no_digest_is_given_that_of_its_events() {
    let sample = small(0);
    let id: TrialId = "core/fix-cache@main#1".parse().unwrap();
    let before = Digests::of(&sample.read().0).run;
    let path = sample.dir.trial(&id).journal(1);
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, tail) = text.rsplit_once(r#""host":{"#).unwrap();
    let ended: HostEnded = HostEnded { digest: None::<Digest>, wall_us: 1, ..HostEnded::default() };
    let host = Host { ended: Some(Box::new(ended)), ..Host::default() };
    assert!(tail.contains("digest"));
    std::fs::write(&path, format!("{head}\"host\":{}}}\n", serde_json::to_string(&host).unwrap())).unwrap();
    assert_eq!(Digests::of(&sample.read().0).run, before);
}

#[test]
fn ten_thousand_trials_can_be_read() {
    let names: Vec<String> = (0..100).map(|n| format!("task-{n}")).collect();
    let tasks: Vec<&str> = names.iter().map(String::as_str).collect();
    let sample = Sample::new(plan(&[("core", &tasks)], &["main"], 100));
    let header = sample.dir.header().unwrap();
    for id in header.plan.trial_ids() {
        let writer = TrialWriter::create(&sample.dir.trial(&id), &id, 1).unwrap();
        let outcome = if id.number.is_multiple_of(4) { Outcome::Failed } else { Outcome::Passed };
        writer.end("main", ended(outcome, None, "", None, id.number), Host::default()).unwrap();
    }
    let data = RunData::load(&sample.dir).unwrap();
    let scores = Scores::of(&data);
    assert_eq!((scores.total.counts.trials, scores.total.counts.passed), (10_000, 7_500));
}
