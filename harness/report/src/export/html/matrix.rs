//! Variants side by side, and the pass matrix of tasks and variants. Knows nothing of single steps.

use std::collections::BTreeMap;

use super::chart;
use super::markup::Markup;
use super::parts::{self, STATES, View, section};
use crate::score::{Score, TaskScore};
use crate::{TrialState, figures};

/// Samples of one task under one variant that are drawn one by one.
const DOTS: usize = 12;
/// Rows from which tasks that passed everywhere are folded.
const FOLD: usize = 40;
/// Rows that are shown at all.
const MOST_ROWS: usize = 2_000;

/// The variants with their rates and figures, and the suites where there are several.
pub(super) fn variants(m: &mut Markup, view: &View) {
    let lead = "Each variant over everything it ran. The line is the interval of its rate.";
    section(m, "variants", "Variants", lead, |m| {
        m.raw("<div class=\"card scroll\"><table>\n<thead><tr><th scope=\"col\">variant</th>");
        m.raw("<th scope=\"col\">agent and model</th><th scope=\"col\">passed</th><th scope=\"col\">0 to 100 %</th>");
        m.raw("<th scope=\"col\" class=\"n\">steps</th><th scope=\"col\" class=\"n\">tokens a trial</th>");
        m.raw("<th scope=\"col\" class=\"n\">cached</th><th scope=\"col\" class=\"n\">trial p50</th>");
        m.raw("<th scope=\"col\">figures</th></tr></thead>\n<tbody>\n");
        for score in &view.scores.variants {
            let planned = view.data.header.plan.variants.iter().find(|v| v.name == score.variant);
            row(m, &score.variant, &score.score, |m| {
                if let Some(planned) = planned {
                    m.text(&planned.agent).raw(", ").text(&planned.model);
                }
            });
        }
        if view.scores.suites.len() > view.scores.variants.len() {
            for suite in &view.scores.suites {
                row(m, &format!("{} in {}", suite.variant, suite.suite), &suite.score, |_| {});
            }
        }
        m.raw("</tbody></table></div>\n");
    });
}

fn row(m: &mut Markup, name: &str, score: &Score, about: impl FnOnce(&mut Markup)) {
    m.raw("<tr><th scope=\"row\">").text(name).raw("</th><td class=\"quiet\">").with(about).raw("</td><td>");
    parts::rate(m, score.pass_rate.as_ref());
    let apart = figures::apart(&score.counts);
    if !apart.is_empty() {
        m.raw("<br><small class=\"quiet\">").text(&apart).raw("</small>");
    }
    m.raw("</td><td class=\"passed\">")
        .with(|m| chart::meter(m, score.pass_rate.as_ref()))
        .raw("</td><td class=\"n\">");
    m.text(&score.effort.steps_mean.map_or("-".to_owned(), |mean| format!("{mean:.1}")))
        .raw("</td><td class=\"n\">");
    m.text(&parts::tokens_a_trial(score).map_or("-".to_owned(), figures::count)).raw("</td><td class=\"n\">");
    m.text(&figures::percent(score.effort.cache_hit_rate)).raw("</td><td class=\"n\">");
    m.text(&score.latency.trial.map_or("-".to_owned(), |p| figures::duration(p.p50_us))).raw("</td><td>");
    parts::kind(m, score.kind);
    m.raw("</td></tr>\n");
}

/// One cell: the trials of a task under a variant, by their number in the plan.
type Cells<'a> = BTreeMap<&'a str, (Vec<usize>, &'a TaskScore)>;

struct Row<'a> {
    suite: &'a str,
    task: &'a str,
    cells: Cells<'a>,
}

/// The pass matrix.
pub(super) fn matrix(m: &mut Markup, view: &View) {
    let lead =
        "A row for each task, a column for each variant, a mark for each trial. A mark leads to its trial.";
    section(m, "matrix", "Tasks", lead, |m| {
        let rows = rows(view);
        let quiet = |row: &&Row| {
            row.cells.values().all(|(_, score)| score.score.counts.passed == score.score.counts.trials)
        };
        if rows.len() <= FOLD {
            table(m, view, &rows.iter().collect::<Vec<_>>());
        } else {
            let (calm, telling): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(quiet);
            if !telling.is_empty() {
                table(m, view, &telling);
            }
            if !calm.is_empty() {
                m.raw("<details><summary>")
                    .int(calm.len() as u64)
                    .raw(" tasks that passed in every trial</summary>\n");
                table(m, view, &calm);
                m.raw("</details>\n");
            }
        }
        key(m, view);
    });
}

fn rows<'a>(view: &'a View) -> Vec<Row<'a>> {
    let mut rows: Vec<Row> = Vec::new();
    let mut number = 0;
    for score in &view.scores.tasks {
        let (suite, task) = (score.suite.as_str(), score.task.as_str());
        if rows.last().is_none_or(|row| (row.suite, row.task) != (suite, task)) {
            rows.push(Row { suite, task, cells: Cells::new() });
        }
        let trials = (number..number + score.score.counts.trials as usize).collect();
        number += score.score.counts.trials as usize;
        if let Some(row) = rows.last_mut() {
            row.cells.insert(&score.variant, (trials, score));
        }
    }
    rows
}

fn table(m: &mut Markup, view: &View, rows: &[&Row]) {
    let variants = &view.data.header.plan.variants;
    let suites = view.data.header.plan.suites.len();
    m.raw("<div class=\"card scroll\"><table>\n<thead><tr><th scope=\"col\">task</th>");
    for variant in variants {
        m.raw("<th scope=\"col\">").text(&variant.name).raw("</th>");
    }
    m.raw("</tr></thead>\n<tbody>\n");
    for row in rows.iter().take(MOST_ROWS) {
        m.raw("<tr><th scope=\"row\" class=\"w\">");
        if suites > 1 {
            m.raw("<span class=\"quiet\">").text(row.suite).raw("/</span>");
        }
        m.text(row.task).raw("</th>");
        for variant in variants {
            m.raw("<td>");
            if let Some((trials, score)) = row.cells.get(variant.name.as_str()) {
                cell(m, view, trials, &score.score);
            }
            m.raw("</td>");
        }
        m.raw("</tr>\n");
    }
    m.raw("</tbody></table></div>\n");
    if rows.len() > MOST_ROWS {
        m.raw("<p class=\"note\">")
            .int((rows.len() - MOST_ROWS) as u64)
            .raw(" more tasks are in results.csv.</p>\n");
    }
}

fn cell(m: &mut Markup, view: &View, trials: &[usize], score: &Score) {
    m.raw("<div class=\"dots\">");
    if trials.len() <= DOTS {
        for number in trials {
            dot(m, view, *number);
        }
        if trials.len() > 1 {
            m.raw("<small>").int(score.counts.passed).raw("/").int(score.counts.scored()).raw("</small>");
        }
    } else {
        let value = score.pass_rate.as_ref().map(|rate| rate.value);
        m.raw(match value {
            Some(1.0) => "<span class=\"passed\">",
            Some(0.0) => "<span class=\"failed\">",
            _ => "<span class=\"mixed\">",
        });
        m.with(|m| chart::meter(m, score.pass_rate.as_ref())).raw("</span>");
        let first = trials.iter().find(|n| view.data.trials[**n].state() != TrialState::Passed);
        let shown = first.or(trials.first()).copied().unwrap_or(0);
        view.link(m, shown, |m| {
            m.int(score.counts.passed).raw("/").int(score.counts.scored());
        });
    }
    m.raw("</div>");
}

fn dot(m: &mut Markup, view: &View, number: usize) {
    let Some(trial) = view.data.trials.get(number) else { return };
    let state = trial.state();
    let href = view.href(number);
    match &href {
        Some(href) => m.raw("<a href=\"").put(href).raw("\" class=\"dot "),
        None => m.raw("<span class=\"dot "),
    };
    m.raw(parts::class(state))
        .raw("\" title=\"")
        .text(&trial.id.to_string())
        .raw(": ")
        .raw(parts::name(state));
    m.raw("\" aria-label=\"").text(&trial.id.to_string()).raw(": ").raw(parts::name(state)).raw("\">");
    m.raw(parts::shape(state)).raw(if href.is_some() { "</a>" } else { "</span>" });
}

/// The shapes that occur, with their names.
fn key(m: &mut Markup, view: &View) {
    m.raw("<p class=\"key\">");
    for state in STATES {
        if view.data.trials.iter().any(|trial| trial.state() == state) {
            parts::badge(m, state);
        }
    }
    m.raw("</p>\n");
}
