//! What is kept beside a run: how its gates stand, and the runs before it with the places where a figure changed. Of
//! this host; knows nothing of statistics.

use journal::RunDir;

use super::chart;
use super::markup::Markup;
use super::parts::{self, section};
use crate::gate::{Judged, Standing};
use crate::history::{self, History, Series, Trend};
use crate::score::Rate;
use crate::{RunData, figures};

/// Runs of a series that are shown.
const MOST_RUNS: usize = 60;
/// Bytes of a list of gates that is read.
const GATES: u64 = 4 * 1024 * 1024;

/// What stands beside a run.
#[derive(Default)]
pub(super) struct Kept {
    /// How its gates stand.
    pub(super) gates: Vec<Judged>,
    /// The series of which it is a run.
    pub(super) series: Vec<Series>,
}

impl Kept {
    /// Reads them; what is not there or cannot be read is nothing: `retake history` says why.
    pub(super) fn read(dir: &RunDir, data: &RunData) -> Self {
        let path = dir.path.join("gates.json");
        let small = std::fs::metadata(&path).is_ok_and(|file| file.len() <= GATES);
        let gates = small.then(|| std::fs::read(&path).ok()).flatten();
        let gates = gates.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let file = dir.path.parent().and_then(|out| history::read(out).ok()).unwrap_or_default();
        let run = &data.header.run_id;
        let mut series = History::of(&file.lines).series;
        series.retain(|series| series.points.iter().any(|point| point.run_id == *run));
        Self { gates, series }
    }
}

/// The section on gates; nothing where the run had none.
pub(super) fn gates(m: &mut Markup, kept: &Kept) {
    if kept.gates.is_empty() {
        return;
    }
    section(m, "gates", "Gates", "What this run had to keep, and whether it did.", |m| {
        m.raw("<div class=\"card scroll\"><table><thead><tr><th scope=\"col\">gate</th><th scope=\"col\">variant</th>");
        m.raw(
            "<th scope=\"col\">stands</th><th scope=\"col\">because</th><th scope=\"col\" class=\"n\">p</th>",
        );
        m.raw("<th scope=\"col\">kind</th></tr></thead>\n<tbody>\n");
        for gate in &kept.gates {
            m.raw("<tr><th scope=\"row\"><code>")
                .text(&gate.gate)
                .raw("</code></th><td>")
                .text(&gate.variant);
            m.raw(match gate.standing {
                Standing::Held => "</td><td class=\"passed\">\u{2713} held",
                Standing::Broken => "</td><td class=\"failed\">\u{2715} broken",
                Standing::Inconclusive => "</td><td class=\"harness_fault\">? inconclusive",
            });
            m.raw("</td><td class=\"w\">").text(&gate.because).raw("</td><td class=\"n\">");
            m.text(&gate.p_value.map_or("-".to_owned(), |p| format!("{p:.3}"))).raw("</td><td>");
            m.with(|m| parts::kind(m, gate.kind)).raw("</td></tr>\n");
        }
        m.raw("</tbody></table></div>\n");
    });
}

/// The section on earlier runs; nothing where there are none.
pub(super) fn history(m: &mut Markup, kept: &Kept) {
    if kept.series.is_empty() {
        return;
    }
    let lead = "Runs of the same tasks under the same variant, in the same mode. A dot marks the first run after a change.";
    section(m, "history", "History", lead, |m| {
        for series in &kept.series {
            m.raw("<h3 class=\"arm\">").text(&series.title()).raw("</h3>\n");
            trends(m, series);
            runs(m, series);
        }
    });
}

fn trends(m: &mut Markup, series: &Series) {
    let shown = series.trends.iter().filter(|trend| trend.values.iter().flatten().count() > 1);
    let shown: Vec<&Trend> = shown.collect();
    if shown.is_empty() {
        return;
    }
    m.raw("<div class=\"figures three\">\n");
    for trend in shown {
        let from = trend.values.len().saturating_sub(MOST_RUNS);
        let value = |value: f64| history::value_text(trend.metric, value);
        m.raw("<figure class=\"card\"><figcaption>")
            .raw(trend.metric.title())
            .raw(" <small>by run</small></figcaption>");
        let marks = trend.changes.iter().filter_map(|change| change.point.checked_sub(from));
        chart::trend(m, trend.metric.title(), &trend.values[from..], &marks.collect::<Vec<_>>(), &value);
        m.raw("</figure>\n");
    }
    m.raw("</div>\n");
    for trend in &series.trends {
        for change in &trend.changes {
            let [before, after] =
                [change.before, change.after].map(|value| history::value_text(trend.metric, value));
            m.raw("<p class=\"note\"><strong>").raw(trend.metric.title());
            m.raw("</strong> changed from ").text(&before).raw(" to ").text(&after).raw(" with run ");
            m.cut(change.run_id.as_str(), 60).raw(" (p ").text(&format!("{:.1e}", change.p_value)).raw("): ");
            if change.changed.is_empty() {
                m.raw("nothing that is kept differs from the run before");
            }
            for (at, difference) in change.changed.iter().enumerate() {
                m.raw(if at == 0 { "" } else { "; " }).text(&difference.what.replace('_', " ")).raw(" ");
                m.cut(&difference.before, 80).raw(" \u{2192} ").cut(&difference.after, 80);
            }
            m.raw(".</p>\n");
        }
    }
}

fn runs(m: &mut Markup, series: &Series) {
    m.raw("<details><summary>")
        .text(&figures::counted(series.points.len() as u64, "run"))
        .raw("</summary>\n<div class=\"card scroll\"><table><thead><tr>");
    m.raw("<th scope=\"col\">began</th><th scope=\"col\">run</th><th scope=\"col\">commit</th><th scope=\"col\">passed</th>");
    m.raw("<th scope=\"col\">not passed because</th></tr></thead>\n<tbody>\n");
    for point in series.points.iter().rev().take(MOST_RUNS) {
        let (passed, of) = point.passed;
        let value = passed as f64 / of.max(1) as f64;
        let rate = point.interval.map(|interval| Rate { passed, of, value, interval, interval_tasks: None });
        let failures: Vec<String> =
            point.failures.iter().map(|(mode, n)| format!("{n} {}", figures::word(mode))).collect();
        m.raw("<tr><td>")
            .text(&point.created.to_string())
            .raw("</td><td class=\"w\">")
            .cut(point.run_id.as_str(), 60);
        m.raw("</td><td><code>").text(point.commit.as_deref().unwrap_or("-")).raw("</code></td><td>");
        m.with(|m| parts::rate(m, rate.as_ref())).raw("</td><td class=\"w\">").text(&failures.join(", "));
        m.raw("</td></tr>\n");
    }
    m.raw("</tbody></table></div>\n</details>\n");
}
