//! The pages: they hold together, lead nowhere that isn't there, and load nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use base::{Digest, TrialId};
use journal::{FailureMode, FindingFigures, Host, HostEnded, Outcome, PatchFigures, TrialWriter};
use report::write_html;

use crate::sample::{Sample, ended, plan, small};

/// Every page of a run, by its place in the run's folder.
fn pages(sample: &Sample) -> BTreeMap<PathBuf, String> {
    let (data, scores) = sample.read();
    write_html(&sample.dir, &data, &scores).unwrap();
    let mut found = BTreeMap::new();
    let mut folders = vec![sample.dir.path.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "html") {
                let name = path.strip_prefix(&sample.dir.path).unwrap().to_owned();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// A run of more trials than one page holds.
fn large() -> Sample {
    let sample = Sample::new(plan(&[("core", &["a", "b", "c"])], &["main", "terse"], 10));
    for id in sample.dir.header().unwrap().plan.trial_ids() {
        let writer = TrialWriter::create(&sample.dir.trial(&id), &id, 1).unwrap();
        let failed = id.number == 4;
        let outcome = if failed { Outcome::Failed } else { Outcome::Passed };
        let mode = failed.then_some(FailureMode::Budget);
        writer.end("main", ended(outcome, mode, "", None, id.number), Host::default()).unwrap();
    }
    sample
}

/// The values of an attribute.
fn attribute<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    page.match_indices(&start).map(|(at, _)| page[at + start.len()..].split('"').next().unwrap()).collect()
}

#[test]
fn a_small_run_stands_on_two_pages_and_a_large_one_has_two_for_each_trial() {
    let names: Vec<String> = pages(&small(0)).keys().map(|path| path.display().to_string()).collect();
    assert_eq!(names, ["host.html", "report.html"]);
    let pages = pages(&large());
    assert_eq!(pages.len(), 2 + 2 * 60);
    assert!(pages.contains_key(Path::new("report/core/b/terse.10.html")));
    assert!(pages.contains_key(Path::new("host/core/b/terse.10.html")));
}

#[test]
fn every_link_leads_to_a_page_and_a_place_on_it() {
    for sample in [small(0), small(3), large()] {
        let pages = pages(&sample);
        let ids: BTreeMap<&Path, BTreeSet<&str>> = pages
            .iter()
            .map(|(path, page)| (path.as_path(), attribute(page, "id").into_iter().collect()))
            .collect();
        let mut followed = 0;
        for (path, page) in &pages {
            for link in attribute(page, "href") {
                let (file, place) = link.split_once('#').unwrap_or((link, ""));
                let mut target =
                    if file.is_empty() { path.clone() } else { path.parent().unwrap().to_owned() };
                for part in file.split('/').filter(|part| !part.is_empty()) {
                    if part == ".." { assert!(target.pop(), "{link}") } else { target.push(part) }
                }
                let known = ids.get(target.as_path()).unwrap_or_else(|| panic!("{}: {link}", path.display()));
                assert!(place.is_empty() || known.contains(place), "{}: {link}", path.display());
                followed += 1;
            }
        }
        assert!(followed > 60, "{followed}");
    }
}

#[test]
fn no_id_stands_twice_on_a_page() {
    for sample in [small(3), large()] {
        for (path, page) in pages(&sample) {
            let ids = attribute(&page, "id");
            let distinct: BTreeSet<&str> = ids.iter().copied().collect();
            assert_eq!(ids.len(), distinct.len(), "{}", path.display());
        }
    }
}

#[test]
fn every_element_is_closed_where_it_was_opened() {
    for sample in [small(0), small(3), large()] {
        for (path, page) in pages(&sample) {
            let problem = nesting(&page);
            assert_eq!(problem, None, "{}", path.display());
        }
    }
}

/// What is wrong with the nesting of a page's elements.
fn nesting(page: &str) -> Option<String> {
    const EMPTY: [&str; 4] = ["!doctype", "meta", "br", "input"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let tag = rest.split('>').next()?;
        let name = tag.split([' ', '\n', '/']).find(|name| !name.is_empty())?;
        if tag.starts_with('/') {
            if open.pop() != Some(name) {
                return Some(format!("</{name}> closes nothing that is open: {open:?}"));
            }
        } else if !EMPTY.contains(&name) && !tag.ends_with('/') {
            open.push(name);
        }
        if matches!(name, "style" | "script") && !tag.starts_with('/') {
            rest = &rest[rest.find("</")?..];
        }
    }
    (!open.is_empty()).then(|| format!("{open:?} stay open"))
}

#[test]
fn pages_load_nothing_and_allow_nothing_but_their_own_style_and_script() {
    for (path, page) in pages(&large()).into_iter().chain(pages(&small(3))) {
        assert!(page.contains("content=\"default-src 'none'; "), "{}", path.display());
        assert!(
            attribute(&page, "src").is_empty() && attribute(&page, "style").is_empty(),
            "{}",
            path.display()
        );
        let outward = attribute(&page, "href").into_iter().find(|link| link.contains(':'));
        assert_eq!(outward, None, "{}", path.display());
        for word in ["<link", "<img", "<iframe", "<object", " onclick=", " onload="] {
            assert!(!page.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn pages_of_trials_do_not_change_with_the_host() {
    let pages_of = |attempt: u32, wall_us: u64| {
        let sample = Sample::new(plan(&[("core", &["a"])], &["main", "terse"], 30));
        for id in sample.dir.header().unwrap().plan.trial_ids() {
            let writer = TrialWriter::create(&sample.dir.trial(&id), &id, attempt).unwrap();
            let patch = PatchFigures {
                lines_added: u64::from(attempt),
                files_out_of_scope: Some(wall_us),
                ..PatchFigures::default()
            };
            let mut findings = FindingFigures::default();
            findings.last.insert("lint".to_owned(), wall_us);
            let facts = HostEnded {
                wall_us,
                workspace: Some(Digest::of(b"w")),
                patch: Some(patch),
                findings: Some(findings),
                ..HostEnded::default()
            };
            let host = Host { ended: Some(Box::new(facts)), log: format!("{wall_us}"), ..Host::default() };
            writer.end("main", ended(Outcome::Passed, None, "", None, id.number), host).unwrap();
        }
        pages(&sample)
    };
    let (one, two) = (pages_of(1, 5), pages_of(2, 7_000_000));
    for (path, page) in &one {
        let same = two.get(path) == Some(page);
        assert_eq!(same, path.starts_with("report") || path.starts_with("report.html"), "{}", path.display());
    }
}

#[test]
fn a_journal_that_cannot_be_read_is_said_and_stops_no_other_page() {
    let sample = large();
    let id: TrialId = "core/b@main#2".parse().unwrap();
    let path = sample.dir.trial(&id).journal(1);
    let text = std::fs::read(&path).unwrap();
    let broken: Vec<u8> = text.iter().map(|byte| if *byte == b'n' { 0xff } else { *byte }).collect();
    std::fs::write(&path, broken).unwrap();
    let pages = pages(&sample);
    assert!(pages[Path::new("report/core/b/main.2.html")].contains("Its journal cannot be read"));
    assert!(pages[Path::new("report/core/b/main.3.html")].contains("Verdict"));
}
