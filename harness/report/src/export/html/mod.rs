//! The HTML report: `report.html`, the same on every host, and `host.html`, what this one measured. A small run stands
//! on these two pages; of a larger one each trial has a page in `report/` and another in `host/`. Every page is whole
//! in itself: style, script and charts are in it, and nothing is loaded.

mod cache;
mod call;
mod calls;
mod chart;
mod checks;
mod compare;
mod comparison;
mod cost;
mod diff;
mod effort;
mod faults;
mod history;
mod host;
mod latency;
mod markup;
mod matrix;
mod page;
mod parts;
mod prompt;
mod quality;
mod timeline;
mod trial;
mod trials;
mod verdict;

use std::fs;
use std::path::Path;

use journal::{Attempt, RunDir, RunError};

pub use self::comparison::comparison_html;
use self::history::Kept;
use self::markup::Markup;
use self::page::{Book, Frame, Section, page};
use self::parts::{Place, UP, View, page_name};
use self::trial::Read;
use crate::exchanges::Exchanges;
use crate::{Digests, ReportError, RunData, Scores};

/// Trials up to which a run stands on one page.
const INLINE: usize = 24;
/// Bytes up to which it does.
const INLINE_BYTES: usize = 6 * 1024 * 1024;
/// Trials that get a page of their own, those first that did not pass.
const MOST_PAGES: usize = 10_000;

/// Writes the pages into the run's folder. Reads whole journals and exchanges, one trial at a time.
pub fn write_html(dir: &RunDir, data: &RunData, scores: &Scores) -> Result<(), ReportError> {
    let mut view = View { data, scores, places: Vec::new() };
    if data.trials.len() <= INLINE {
        view.places = places(&view, dir)?;
        view.places
            .iter_mut()
            .enumerate()
            .filter(|(_, p)| **p == Place::Page)
            .for_each(|(n, p)| *p = Place::Here(n));
        if let Some((report, host)) = shared(&view, dir) {
            dir.write("report.html", &index(&view, dir, &report))?;
            dir.write("host.html", &host_index(&view, dir, &host))?;
            return Ok(());
        }
    }
    view.places = places(&view, dir)?;
    for number in (0..data.trials.len()).filter(|n| view.places[*n] == Place::Page) {
        own_pages(&view, dir, number)?;
    }
    dir.write("report.html", &index(&view, dir, &Markup::new()))?;
    dir.write("host.html", &host_index(&view, dir, &Markup::new()))?;
    Ok(())
}

/// Which trials are shown: those that have a journal, as many as get pages.
fn places(view: &View, dir: &RunDir) -> Result<Vec<Place>, ReportError> {
    let mut places = Vec::with_capacity(view.data.trials.len());
    for trial in &view.data.trials {
        let began = trial.finish.is_some() || !dir.trial(&trial.id).attempts()?.is_empty();
        places.push(if began { Place::Page } else { Place::Nowhere });
    }
    let passed = |number: &usize| view.data.trials[*number].state() == crate::TrialState::Passed;
    let mut began: Vec<usize> = (0..places.len()).filter(|n| places[*n] == Place::Page).collect();
    // The sort is stable: each part stays in the plan's order.
    began.sort_by_key(passed);
    for number in began.into_iter().skip(MOST_PAGES) {
        places[number] = Place::Nowhere;
    }
    Ok(places)
}

/// Every trial on the same two pages; nothing where they would be too large.
fn shared(view: &View, dir: &RunDir) -> Option<(Markup, Markup)> {
    let (mut report, mut host) = (Markup::new(), Markup::new());
    for number in (0..view.places.len()).filter(|n| view.places[*n] != Place::Nowhere) {
        let read = read(view, dir, number);
        trial::trial(&mut report, view, number, &read);
        host::companion(&mut host, view, dir, number, read.attempt.as_ref());
        if report.len().max(host.len()) > INLINE_BYTES {
            return None;
        }
    }
    Some((report, host))
}

fn read(view: &View, dir: &RunDir, number: usize) -> Read {
    let nothing = Read { attempt: None, exchanges: None };
    let Some(trial) = view.data.trials.get(number) else { return nothing };
    let folder = dir.trial(&trial.id);
    let latest = || folder.attempts().ok()?.last().copied();
    let attempt = trial.finish.as_ref().map(|f| f.attempt).or_else(latest);
    let Some(Ok(attempt)) = attempt.map(|n| Attempt::read(&folder.journal(n))) else { return nothing };
    Read { exchanges: Exchanges::load(&folder, &attempt), attempt: Some(attempt) }
}

fn own_pages(view: &View, dir: &RunDir, number: usize) -> Result<(), ReportError> {
    let Some(shown) = view.data.trials.get(number) else { return Ok(()) };
    let read = read(view, dir, number);
    let title = shown.id.to_string();
    let mut body = Markup::new();
    trial::trial(&mut body, view, number, &read);
    let frame = Frame { title: &title, book: Book::Report, up: UP, sections: &[], foot: FOOT };
    put(dir, &page_name(&shown.id, "report"), &page(&frame, &body))?;
    let mut body = Markup::new();
    host::companion(&mut body, view, dir, number, read.attempt.as_ref());
    let frame = Frame { title: &title, book: Book::Host, up: UP, sections: &[], foot: HOST_FOOT };
    put(dir, &page_name(&shown.id, "host"), &page(&frame, &body))
}

/// Writes one of many pages. They are made again at will, so that nothing waits for the disk.
fn put(dir: &RunDir, name: &str, content: &[u8]) -> Result<(), ReportError> {
    let path = dir.path.join(name);
    let write = || {
        fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
        fs::write(&path, content)
    };
    write().map_err(|error| RunError::Io { path: path.clone(), error }.into())
}

const FOOT: &str = "Made by Retake from the journals of the trials. The same suites, recordings and seed give this page \
    byte for byte, on any host.";
const HOST_FOOT: &str =
    "Made by Retake from the journals of the trials. This page is of one host and one run.";

fn index(view: &View, dir: &RunDir, trials: &Markup) -> Vec<u8> {
    let mut body = Markup::new();
    body.raw("<div class=\"index\">\n");
    let mut comparisons = compare::comparisons(view);
    comparisons.iter_mut().for_each(|comparison| crate::find_forks(comparison, [dir, dir]));
    verdict::head(&mut body, view, &comparisons);
    matrix::variants(&mut body, view);
    if !comparisons.is_empty() {
        compare::compare(&mut body, &comparisons);
    }
    self::faults::section_of(&mut body, view);
    matrix::matrix(&mut body, view);
    latency::latency(&mut body, view);
    effort::effort(&mut body, view);
    cache::cache(&mut body, view);
    self::trials::trials(&mut body, view);
    body.raw("</div>\n").put(trials);
    let digest = Digests::of(view.data).run;
    let foot = digest.map_or(FOOT.to_owned(), |digest| format!("{FOOT} Run digest {digest}."));
    let mut sections = verdict::SECTIONS.to_vec();
    if !comparisons.is_empty() {
        sections.insert(1, ("compare", "Comparison"));
    }
    whole(view, Book::Report, &sections, &foot, &body)
}

fn host_index(view: &View, dir: &RunDir, trials: &Markup) -> Vec<u8> {
    let mut body = Markup::new();
    let kept = Kept::read(dir, view.data);
    body.raw("<div class=\"index\">\n");
    host::host(&mut body, view, &kept);
    body.raw("</div>\n").put(trials);
    whole(view, Book::Host, &host::sections(view, &kept), HOST_FOOT, &body)
}

fn whole(view: &View, book: Book, sections: &[Section], foot: &str, body: &Markup) -> Vec<u8> {
    let suites: Vec<&str> = view.data.header.plan.suites.iter().map(|s| s.name.as_str()).collect();
    let title = format!("Retake: {}", suites.join(", "));
    page(&Frame { title: &title, book, up: "", sections, foot }, body)
}
