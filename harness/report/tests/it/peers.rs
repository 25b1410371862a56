//! Programs of other makers read our files: junitparser, jsonschema, a browser. Where one is not there the test says
//! SKIPPED and proves nothing.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base::TrialId;
use journal::{FailureMode, Host, Outcome, TrialWriter};
use report::{Format, schema, write};

use crate::hostile::hostile_run;
use crate::sample::{Sample, ended, plan, small};

fn skipped(why: &str) {
    // Past the test's capture, so that a reader of the log sees it.
    std::io::stderr().write_all(format!("SKIPPED: {why}\n").as_bytes()).unwrap();
}

/// A Python that has a module: the one that `RETAKE_PYTHON` names, else the one on the path.
fn python(module: &str) -> Option<String> {
    let python = std::env::var("RETAKE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", &format!("import {module}")]).output();
    match found {
        Ok(output) if output.status.success() => Some(python),
        _ => {
            skipped(&format!("{python} has no module {module}"));
            None
        }
    }
}

fn run(python: &str, script: &str, arguments: &[&Path]) -> String {
    let output = Command::new(python).arg("-c").arg(script).args(arguments).output().unwrap();
    said(&output)
}

fn said(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn reports(sample: &Sample) -> PathBuf {
    let (data, scores) = sample.read();
    write(&sample.dir, &data, &scores, &Format::ALL).unwrap();
    sample.dir.path.clone()
}

#[test]
fn junitparser_reads_states_properties_and_reruns() {
    let Some(python) = python("junitparser") else { return };
    let sample = small(0);
    let script = r#"
import sys
from junitparser import JUnitXml
from junitparser.xunit2 import JUnitXml as Two
xml = JUnitXml.fromfile(sys.argv[1])
print(xml.tests, xml.failures, xml.errors, xml.skipped)
case = next(case for suite in xml for case in suite if case.name == "core/fix-cache@main#1")
print(case.classname, [p.value for p in case.child(__import__("junitparser").Properties) if p.name == "retries"])
case = next(case for suite in Two.fromfile(sys.argv[1]) for case in suite if case.name == "core/fix-cache@main#1")
print(case.is_passed, [(flaky.type, flaky.message) for flaky in case.flaky_errors()])
"#;
    let told = run(&python, script, &[&reports(&sample).join("junit.xml")]);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "16 2 4 4");
    assert_eq!(lines[1], "core.fix-cache ['1']");
    assert_eq!(lines[2], "True [('model_error', 'call 1 of step 2 failed (529): overloaded')]");
}

#[test]
fn jsonschema_takes_the_schemas_and_what_is_written() {
    let Some(python) = python("jsonschema") else { return };
    let sample = small(3);
    let folder = reports(&sample);
    let script = r#"
import json, sys
from jsonschema import Draft202012Validator as V
schema, written = (json.load(open(path)) for path in sys.argv[1:3])
V.check_schema(schema)
V(schema).validate(written)
"#;
    for (name, schema) in [("results.json", schema::RESULTS), ("drift.json", schema::DRIFT)] {
        let path = folder.join("schema");
        std::fs::write(&path, schema).unwrap();
        run(&python, script, &[&path, &folder.join(name)]);
    }
}

/// The page as the browser has it after its scripts ran, and what it said on its console.
fn browse(page: &Path, driver: &str) -> Option<String> {
    let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| {
        Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
    });
    let Some(chromium) = chromium else {
        skipped("there is no chromium here");
        return None;
    };
    let profile = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(page).unwrap();
    let driven = if driver.is_empty() { text } else { behind(&text, driver) };
    let place = page.with_file_name("driven.html");
    std::fs::write(&place, driven).unwrap();
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--virtual-time-budget=10000", "--enable-logging=stderr", "--window-size=1400,900"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg("--dump-dom")
        .arg(format!("file://{}", place.display()))
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    let console: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(console.is_empty(), "{}: {console:?}", page.display());
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The page with a driver behind it, and a policy that lets it run; else unchanged.
fn behind(page: &str, driver: &str) -> String {
    let (before, rest) = page.split_once("script-src 'sha256-").unwrap();
    let (_, after) = rest.split_once('\'').unwrap();
    format!("{before}script-src 'unsafe-inline'{after}<script>{driver}</script>")
}

/// What a driver found, as it wrote it into the page's title.
fn title(dom: &str) -> &str {
    dom.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap()
}

/// Presses keys, types and clicks as a reader would, and writes what came of it into the title.
const DRIVER: &str = r##"
const key = (name, target = document.body) => target.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
const seen = () => [...document.querySelectorAll("#trials tbody tr")].filter((row) => !row.hidden).length;
const told = [seen()];
document.querySelector(".chip[data-state=failed]").click(); told.push(seen());
document.querySelector(".chip[data-state=failed]").click();
const search = document.querySelector("#search");
search.value = "terse #4"; search.dispatchEvent(new Event("input")); told.push(seen());
key("Escape", search); told.push(seen());
const before = getComputedStyle(document.body).backgroundColor;
key("t"); told.push(document.documentElement.dataset.theme, before !== getComputedStyle(document.body).backgroundColor);
document.querySelectorAll("#trials th button")[8].click();
const times = [...document.querySelectorAll("#trials tbody tr")].map((row) => Number(row.cells[8].dataset.v ?? 0));
told.push(times.every((us, at) => at === 0 || us >= times[at - 1]));
key("j"); key("j"); told.push(document.querySelectorAll("tr.here").length);
key("?"); told.push(document.querySelector("#keys").open); document.querySelector("#keys").close();
document.title = told.join(" ");
"##;

fn many(trials: u32) -> Sample {
    let sample = Sample::new(plan(&[("core", &["a", "b", "c", "d", "e"])], &["main", "terse"], trials));
    for id in sample.dir.header().unwrap().plan.trial_ids() {
        let writer = TrialWriter::create(&sample.dir.trial(&id), &id, 1).unwrap();
        let failed = id.number == 4;
        let outcome = if failed { Outcome::Failed } else { Outcome::Passed };
        let mode = failed.then_some(FailureMode::Budget);
        writer.end("main", ended(outcome, mode, "", None, id.number), Host::default()).unwrap();
    }
    sample
}

#[test]
fn in_a_browser_a_thousand_trials_are_found_sorted_and_shown_in_both_themes() {
    let sample = many(100);
    let report = reports(&sample).join("report.html");
    let Some(dom) = browse(&report, DRIVER) else { return };
    assert_eq!(title(&dom), "1000 10 55 1000 dark true true 1 true");
    // As it is written, with its own policy, it says nothing on its console either.
    for page in [
        report.clone(),
        report.with_file_name("host.html"),
        report.with_file_name("report/core/a/main.4.html"),
    ] {
        browse(&page, "").unwrap();
    }
}

#[test]
fn in_a_browser_a_trial_of_a_small_run_opens_by_its_link() {
    let sample = small(0);
    let report = reports(&sample).join("report.html");
    let driver = r##"
document.querySelector("#trials tbody a").click();
setTimeout(() => {
  const open = [...document.querySelectorAll(".trial.inner")].filter((trial) => trial.offsetParent);
  const index = document.querySelector(".index").offsetParent === null;
  document.querySelector("[data-do=fold]").click();
  document.title = [open.length, open[0].querySelector("h1").textContent, index].join(" ");
}, 50);
"##;
    let Some(dom) = browse(&report, driver) else { return };
    assert_eq!(title(&dom), "1 core/fix-cache@main#1 true");
}

#[test]
fn in_a_browser_a_hostile_transcript_runs_nothing() {
    let sample = hostile_run();
    let folder = reports(&sample);
    for page in ["report.html", "host.html"] {
        let driver = r#"
document.title = [document.scripts.length, document.images.length, window.owned === undefined].join(" ");
"#;
        let Some(dom) = browse(&folder.join(page), driver) else { return };
        assert_eq!(title(&dom), "2 0 true", "{page}");
    }
    let id: TrialId = "core/a@main#1".parse().unwrap();
    assert!(folder.join("report.html").exists() && sample.dir.trial(&id).journal(1).exists());
}
