//! What a recording says stays inert and bounded in every report.

use base::{Digest, TrialId};
use journal::{
    Acted, Attempt, Drift, DriftGrade, Event, FailureMode, Host, HostEnded, Outcome, ToolOutcome, TrialWriter,
};
use report::{Format, ReportError, RunData, TerminalOptions, terminal, transcript, write};

use crate::sample::{Sample, empty, plan};

const SCRIPT: &str =
    "=cmd|' /C calc'!A0 <script>alert(1)</script> ]]> & \x1b]0;owned\x07\x1b[2J | `x` @all \u{202e}\0";

/// A run whose texts try to run, to load, and to leave what they stand in.
pub(crate) fn hostile_run() -> Sample {
    let tries = "</script></style></title><script>window.owned=1</script><img src=x onerror=window.owned=1>\
                 \" onmouseover=\"window.owned=1 ' --> <!-- javascript:window.owned=1 <svg onload=window.owned=1>";
    hostile(&format!("{SCRIPT}{tries}")).0
}

/// A failed trial of which every text is `text`.
fn hostile(text: &str) -> (Sample, TrialId) {
    let sample = Sample::new(plan(&[("core", &["a"])], &["main"], 1));
    let id: TrialId = "core/a@main#1".parse().unwrap();
    let mut writer = TrialWriter::create(&sample.dir.trial(&id), &id, 1).unwrap();
    let acted = Event::Acted(Acted {
        step: 1,
        call_id: text.to_owned(),
        tool: text.to_owned(),
        arguments: serde_json::json!({ "command": text }).to_string(),
        outcome: ToolOutcome::Ok,
        exit: None,
        output: Digest::of(b""),
        output_bytes: 0,
        preview: text.to_owned(),
        duration_us: 0,
    });
    let drift = Some(Drift { grade: DriftGrade::Text, detail: text.to_owned() });
    writer.write(text, &acted, &Host { drift, log: text.to_owned(), ..Host::default() }).unwrap();
    writer.write("main", &Event::Said { step: 1, text: text.to_owned() }, &Host::default()).unwrap();
    let facts = HostEnded { drift: [(DriftGrade::Text, 1)].into(), ..HostEnded::default() };
    let host = Host { ended: Some(Box::new(facts)), ..Host::default() };
    writer.end("main", empty(Outcome::Failed, Some(FailureMode::WrongResult), text), host).unwrap();
    (sample, id)
}

/// Every report of a run by name.
fn reports(sample: &Sample, id: &TrialId) -> Vec<(&'static str, String)> {
    let (data, scores) = sample.read();
    write(&sample.dir, &data, &scores, &Format::ALL).unwrap();
    let files = [
        "results.json",
        "results.csv",
        "trials.csv",
        "junit.xml",
        "report.html",
        "host.html",
        "summary.md",
        "timings.csv",
        "drift.json",
    ];
    let mut reports: Vec<_> = files.into_iter().map(|name| (name, sample.file(name))).collect();
    reports.push(("terminal", terminal(&data, &scores, &TerminalOptions::default())));
    let attempt = Attempt::read(&sample.dir.trial(id).journal(1)).unwrap();
    reports.push(("transcript", transcript(&attempt, &|_| None)));
    reports
}

#[test]
fn no_control_character_or_reordering_mark_reaches_a_report() {
    let (sample, id) = hostile(SCRIPT);
    for (name, text) in reports(&sample, &id) {
        let live = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(live), "{name}: {text:?}");
    }
}

#[test]
fn markup_formulas_and_mentions_stay_text() {
    let (sample, id) = hostile(SCRIPT);
    let reports = reports(&sample, &id);
    let of = |wanted: &str| &reports.iter().find(|(name, _)| *name == wanted).unwrap().1;
    assert!(!of("junit.xml").contains("<script"));
    assert!(of("junit.xml").contains("&lt;script&gt;"));
    assert!(of("trials.csv").contains(",'=cmd|"));
    for page in ["report.html", "host.html"] {
        assert_eq!(of(page).matches("<script").count(), 1, "{page} has its own script and no other");
        assert!(of(page).contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    }
    let row = of("summary.md").lines().find(|l| l.contains("script")).unwrap();
    assert!(row.contains("| ``=cmd\\|' /C") && row.ends_with("`` |"), "{row}");
}

#[test]
fn a_line_of_ten_megabytes_is_cut_everywhere() {
    let (sample, id) = hostile(&"x".repeat(10_000_000));
    for (name, text) in reports(&sample, &id) {
        assert!(text.len() < 200_000, "{name}: {} bytes", text.len());
    }
}

#[test]
fn sums_of_absurd_counts_stop_at_the_largest_number() {
    let sample = Sample::new(plan(&[("core", &["a"])], &["main"], 2));
    for id in sample.dir.header().unwrap().plan.trial_ids() {
        let mut ended = empty(Outcome::Passed, None, "");
        ended.usage.input_tokens = u64::MAX;
        ended.times.model_us = u64::MAX;
        ended.times.tool_us = u64::MAX;
        let writer = TrialWriter::create(&sample.dir.trial(&id), &id, 1).unwrap();
        writer.end("main", ended, Host::default()).unwrap();
    }
    let (data, scores) = sample.read();
    assert_eq!(scores.total.effort.usage.input_tokens, u64::MAX);
    write(&sample.dir, &data, &scores, &Format::ALL).unwrap();
}

#[test]
fn a_header_whose_names_lead_out_of_the_run_is_refused() {
    let sample = Sample::new(plan(&[("core", &["a"])], &["main"], 1));
    let mut header = sample.dir.header().unwrap();
    header.plan.suites[0].tasks[0].name = "../../../etc".to_owned();
    sample.dir.write_json("run.json", &header).unwrap();
    let error = RunData::load(&sample.dir).unwrap_err();
    assert!(matches!(error, ReportError::Name { .. }), "{error}");
    header.plan.suites[0].tasks[0].name = "a".to_owned();
    header.plan.trials = u32::MAX;
    sample.dir.write_json("run.json", &header).unwrap();
    let error = RunData::load(&sample.dir).unwrap_err().to_string();
    assert!(error.contains("the plan has 4294967295 trials"), "{error}");
}

#[test]
fn host_facts_that_cannot_be_read_are_named() {
    let sample = Sample::new(plan(&[("core", &["a"])], &["main"], 1));
    sample.dir.write("host.json", b"{\n nonsense").unwrap();
    let error = RunData::load(&sample.dir).unwrap_err().to_string();
    assert!(
        error.contains("host.json: host facts that cannot be read") && error.contains("line 2"),
        "{error}"
    );
}
