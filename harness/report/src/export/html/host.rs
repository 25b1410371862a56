//! What this host has to say of a run: which run it is, the machine, real time, drift, final diffs, the verifier's own
//! words. Not canonical; the report's pages lead here and hold none of it.

use std::fs::File;
use std::io::Read as _;

use journal::{Attempt, Event, Record, RunDir};
use serde_json::Value;

use super::chart::{self, Whole};
use super::diff;
use super::history::{self, Kept};
use super::markup::Markup;
use super::page::Section;
use super::parts::{self, Place, UP, View, section};
use super::quality;
use super::timeline::{Ids, TEXT};
use crate::{Digests, Finish, TrialData, figures, highlights};

/// The links of the bar.
pub(super) fn sections(view: &View, kept: &Kept) -> Vec<Section> {
    let all = [
        (true, ("run", "Run")),
        (!kept.gates.is_empty(), ("gates", "Gates")),
        (!kept.series.is_empty(), ("history", "History")),
        (!crate::quality::of_variants(view.data).is_empty(), ("quality", "Quality")),
        (true, ("time", "Real time")),
        (true, ("drift", "Drift")),
        (true, ("machine", "Machine")),
    ];
    all.into_iter().filter(|(there, _)| *there).map(|(_, section)| section).collect()
}

/// Trials whose real time is drawn.
const SLOWEST: usize = 15;
/// Trials that are listed as drifted.
const MOST_DRIFTED: usize = 500;
/// Facts of host.json that stand in the tiles.
const SHOWN: [&str; 3] = ["reused", "reused_us", "wall_us"];
/// Bytes of a final diff that are read.
const PATCH: u64 = 400_000;

/// The page of the run.
pub(super) fn host(m: &mut Markup, view: &View, kept: &Kept) {
    run(m, view);
    history::gates(m, kept);
    history::history(m, kept);
    quality::quality(m, view);
    time(m, view);
    drift(m, view);
    machine(m, view);
}

fn run(m: &mut Markup, view: &View) {
    let header = &view.data.header;
    m.raw("<div class=\"over\"><span class=\"tag\">of this host</span></div>\n<h1>Run ");
    m.cut(header.run_id.as_str(), 100).raw("</h1>\n<p class=\"lead\">What stands here was measured on this host or names \
        this run. The <a href=\"report.html\">report</a> holds none of it and is the same wherever the run is repeated.</p>\n");
    let reused = view.data.reused();
    let saved = match view.data.reused_us() {
        0 => String::new(),
        us => format!(": saved {}", figures::duration(us)),
    };
    let before = format!("{reused} finished before it was resumed{saved}");
    let drift: u64 = view.data.drift().values().sum();
    let all = [
        (
            "wall",
            view.data.wall_us().map_or("-".to_owned(), figures::duration),
            "resumed parts included".to_owned(),
        ),
        ("trials", view.data.trials.len().to_string(), before),
        (
            "harness",
            figures::percent(crate::quality::harness_share(view.data)),
            "of the trials' real time".to_owned(),
        ),
        ("drift", drift.to_string(), highlights::drift(view.data)),
    ];
    section(m, "run", "The run", "", |m| {
        parts::tiles(m, &all);
        m.raw("<dl class=\"facts\">");
        fact(m, "began", &header.created.to_string());
        fact(m, "retake", &header.retake);
        let digest = Digests::of(view.data).run;
        fact(m, "digest", &digest.map_or("none: no trial ran".to_owned(), |d| d.to_string()));
        fact(m, "seed", &header.plan.seed.to_string());
        m.raw("</dl>\n");
    });
}

fn fact(m: &mut Markup, name: &'static str, value: &str) {
    m.raw("<dt>").raw(name).raw("</dt><dd class=\"w\">").text(value).raw("</dd>\n");
}

/// Real time of one trial by stage; what is left is the harness's own and, live, the model's.
fn stages(finish: &Finish, name: String) -> Whole {
    let host = &finish.host;
    let parts = [
        ("fe", host.setup_us),
        ("fd", host.model_us),
        ("fb", host.tool_us),
        ("fc", host.evaluate_us),
        ("fa", host.verify_us),
    ];
    let known = parts.iter().fold(0_u64, |sum, (_, us)| sum.saturating_add(*us));
    let rest = host.wall_us.saturating_sub(known);
    let parts = parts.into_iter().chain([("rest", rest)]).map(|(class, us)| (class, us as f64)).collect();
    Whole { name, total: figures::duration(host.wall_us), parts }
}

const STAGES: [(&str, &str); 6] = [
    ("fe", "setting up"),
    ("fd", "model"),
    ("fb", "tools"),
    ("fc", "visible checks"),
    ("fa", "verifier"),
    ("rest", "the rest: the harness itself"),
];

fn time(m: &mut Markup, view: &View) {
    section(m, "time", "Real time", "The slowest trials, as this host took them.", |m| {
        let slowest = highlights::slowest(view.data, SLOWEST);
        let wholes = slowest
            .iter()
            .filter_map(|(trial, _)| Some(stages(trial.finish.as_ref()?, trial.id.to_string())));
        let wholes: Vec<Whole> = wholes.collect();
        if wholes.is_empty() {
            m.raw("<p class=\"quiet\">Nothing was measured.</p>\n");
            return;
        }
        m.raw("<figure class=\"card wide\">")
            .with(|m| chart::stacks(m, "Real time of the slowest trials", &wholes, chart::WIDE));
        chart::legend(m, &STAGES);
        m.raw("</figure>\n");
    });
}

fn drift(m: &mut Markup, view: &View) {
    let lead = "Tools and checks that really ran and did something else than when they were recorded, the gravest first.";
    section(m, "drift", "Drift", lead, |m| {
        let mut drifted: Vec<(usize, &Finish)> = view
            .numbered()
            .filter_map(|(number, trial)| {
                Some((number, trial.finish.as_ref().filter(|f| !f.host.drift.is_empty())?))
            })
            .collect();
        drifted.sort_by_key(|(_, finish)| std::cmp::Reverse(finish.host.drift.keys().copied().max()));
        if drifted.is_empty() {
            m.raw("<p class=\"quiet\">Nothing drifted.</p>\n");
            return;
        }
        m.raw("<div class=\"card scroll\"><table><thead><tr><th scope=\"col\">trial</th>");
        m.raw("<th scope=\"col\">calls and checks</th></tr></thead><tbody>\n");
        for (number, finish) in drifted.iter().take(MOST_DRIFTED) {
            m.raw("<tr><td class=\"w\">");
            companion_link(m, view, *number);
            let grades =
                finish.host.drift.iter().rev().map(|(grade, n)| format!("{n} {}", figures::word(grade)));
            m.raw("</td><td>").text(&grades.collect::<Vec<_>>().join(", ")).raw("</td></tr>\n");
        }
        m.raw("</tbody></table></div>\n");
        if drifted.len() > MOST_DRIFTED {
            m.raw("<p class=\"note\">")
                .int((drifted.len() - MOST_DRIFTED) as u64)
                .raw(" more are in drift.json.</p>\n");
        }
    });
}

/// A link to what this host measured of a trial.
pub(super) fn companion_link(m: &mut Markup, view: &View, number: usize) {
    let Some(trial) = view.data.trials.get(number) else { return };
    match view.places.get(number) {
        Some(Place::Here(_)) => m.raw("<a href=\"#t").int(number as u64).raw("\">"),
        Some(Place::Page) => m.raw("<a href=\"").text(&parts::page_name(&trial.id, "host")).raw("\">"),
        _ => m.raw("<a>"),
    };
    m.text(&trial.id.to_string()).raw("</a>");
}

/// The machine, as `host.json` has it: nested names joined, lists of walls as words.
fn machine(m: &mut Markup, view: &View) {
    section(m, "machine", "Machine", "From host.json.", |m| {
        let Some(host) = &view.data.host else {
            m.raw("<p class=\"quiet\">Nothing is known of it.</p>\n");
            return;
        };
        let mut facts = Vec::new();
        flatten(host, String::new(), &mut facts);
        m.raw("<dl class=\"facts\">");
        for (name, value) in facts.iter().take(200) {
            m.raw("<dt>").text(name).raw("</dt><dd class=\"w\">").text(value).raw("</dd>\n");
        }
        m.raw("</dl>\n");
    });
}

fn flatten(value: &Value, name: String, facts: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) if fields.contains_key("name") && fields.contains_key("fault") => {
            let fault = fields.get("fault").and_then(Value::as_str);
            let wall = fields.get("name").and_then(Value::as_str).unwrap_or_default();
            facts.push((wall.to_owned(), fault.unwrap_or("stands").to_owned()));
        }
        Value::Object(fields) => {
            // What the tiles above show stands here no second time.
            for (key, value) in fields.iter().filter(|(key, _)| !SHOWN.contains(&key.as_str())) {
                let key = key.replace('_', " ");
                let name = if name.is_empty() { key } else { format!("{name}, {key}") };
                flatten(value, name, facts);
            }
        }
        Value::Array(values) if values.iter().any(Value::is_object) => {
            values.iter().for_each(|value| flatten(value, name.clone(), facts));
        }
        Value::Array(values) => {
            let words =
                values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            facts.push((name, words.collect::<Vec<_>>().join(", ")));
        }
        Value::Null => {}
        Value::String(text) => facts.push((name, text.clone())),
        other => facts.push((name, other.to_string())),
    }
}

/// What this host measured of one trial: a page of its own, or a part of the shared one.
pub(super) fn companion(m: &mut Markup, view: &View, run: &RunDir, number: usize, attempt: Option<&Attempt>) {
    let Some(trial) = view.data.trials.get(number) else { return };
    let inner = matches!(view.places.get(number), Some(Place::Here(_)));
    if inner {
        m.raw("<article class=\"trial inner\" id=\"t").int(number as u64).raw("\">\n");
    } else {
        m.raw("<article class=\"trial\">\n");
    }
    m.raw("<nav class=\"pager\" aria-label=\"Trials\"><a rel=\"up\" href=\"").raw(if inner {
        ""
    } else {
        UP
    });
    m.raw("host.html\">\u{2190} this host</a><a href=\"").raw(if inner { "report.html" } else { UP });
    if let Some(href) = view.href(number) {
        m.put(&href);
    }
    m.raw("\">what happened in it</a></nav>\n<div class=\"over\"><span class=\"tag\">of this host</span>");
    m.with(|m| parts::badge(m, trial.state())).raw("</div>\n<h1>").text(&trial.id.to_string()).raw("</h1>\n");
    if let Some(finish) = &trial.finish {
        m.raw("<p class=\"note\">").text(&format!("Attempt {}.", finish.attempt)).raw("</p>\n");
        m.raw("<figure class=\"card wide\"><figcaption>Real time</figcaption>");
        chart::stacks(m, "Real time by stage", &[stages(finish, String::new())], chart::WIDE);
        chart::legend(m, &STAGES);
        m.raw("</figure>\n");
    }
    if let Some(attempt) = attempt {
        final_diff(m, run, attempt, trial);
        let ids = Ids { trial: inner.then_some(number) };
        drifts(m, view, number, attempt, ids);
        logs(m, attempt);
    }
    m.raw("</article>\n");
}

/// The final workspace as what differs from its start.
fn final_diff(m: &mut Markup, run: &RunDir, attempt: &Attempt, trial: &TrialData) {
    let path = run.trial(&attempt.trial).workspace(attempt.number).join("final.patch");
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(PATCH).read_to_end(&mut bytes));
    m.raw("<h2>Final diff</h2>\n");
    if let Some(said) = crate::quality::of_trial(trial) {
        m.raw("<p class=\"lead\">").text(&said).raw(".</p>\n");
    }
    match read {
        Ok(0) | Err(_) => m.raw("<p class=\"quiet\">The files are as they were at the start.</p>\n"),
        Ok(_) => {
            m.raw("<div class=\"call\">")
                .with(|m| diff::patch(m, &String::from_utf8_lossy(&bytes), PATCH as usize));
            m.raw("</div>\n")
        }
    };
}

fn drifts(m: &mut Markup, view: &View, number: usize, attempt: &Attempt, ids: Ids) {
    let drifted = attempt.records.iter().enumerate().filter(|(_, record)| record.host.drift.is_some());
    let drifted: Vec<(usize, &Record)> = drifted.collect();
    m.raw("<h2>Drift</h2>\n");
    if drifted.is_empty() {
        m.raw("<p class=\"quiet\">Every tool and check did what it did when it was recorded.</p>\n");
        return;
    }
    m.raw("<p class=\"lead\">")
        .text(&figures::counted(drifted.len() as u64, "call"))
        .raw(" of tools or checks.</p>\n");
    for (index, record) in drifted.iter().take(MOST_DRIFTED) {
        let Some(drift) = &record.host.drift else { continue };
        m.raw("<div class=\"call warn ev\"><header><strong>")
            .text(&figures::word(&drift.grade))
            .raw("</strong><a href=\"");
        match view.places.get(number) {
            Some(Place::Here(_)) => m.raw("report.html#"),
            _ => m.raw(UP).text(&parts::page_name(&attempt.trial, "report")).raw("#"),
        };
        ids.event(m, *index);
        m.raw("\">").text(&highlights::what(&record.event)).raw("</a></header>");
        if diff::is_patch(&drift.detail) {
            diff::patch(m, &drift.detail, TEXT);
        } else {
            diff::folded(m, &drift.detail, TEXT);
        }
        m.raw("</div>\n");
    }
}

/// What verifiers and checks printed, and a fault's own words.
fn logs(m: &mut Markup, attempt: &Attempt) {
    for record in attempt.records.iter().filter(|record| !record.host.log.is_empty()).take(MOST_DRIFTED) {
        let title = match &record.event {
            Event::Verified { .. } => "What the verifier printed",
            Event::Evaluated { .. } => "What the checks printed",
            _ => "In its own words",
        };
        m.raw("<h2>")
            .raw(title)
            .raw("</h2>\n<div class=\"call\"><pre class=\"out\">")
            .lines(&record.host.log, TEXT);
        m.raw("</pre></div>\n");
    }
}
