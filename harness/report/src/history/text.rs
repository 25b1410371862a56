//! A history for people at a terminal: the last runs of each series, where it changed, and what changed there. Computes nothing.

use super::{History, Point, QuestionKind, Series, Trend, TrendMetric};
use crate::TerminalOptions;
use crate::figures::{self, word};
use crate::score::Rate;
use crate::text::line;

/// Runs of a series that are shown.
const MOST_RUNS: usize = 14;
/// Runs that a curve shows.
const CURVE: usize = 60;

/// The history as text.
pub fn history_text(history: &History, options: &TerminalOptions) -> String {
    let mut page = Page { text: String::new(), color: options.color };
    page.line(&format!("{} runs in {} series", history.runs, history.series.len()));
    for series in &history.series {
        page.series(series);
    }
    page.questions(history);
    if !history.flaky.is_empty() {
        page.title("verdicts that changed although nothing was sampled anew (flaky verifiers)");
        for flaky in &history.flaky {
            let runs = flaky.usual + flaky.odd;
            let last = line(flaky.last.as_str(), 60);
            page.line(&format!(
                "  {}@{}: {} of {runs} runs disagree, last {last}",
                flaky.task, flaky.variant, flaky.odd
            ));
        }
    }
    page.text
}

struct Page {
    text: String,
    color: bool,
}

impl Page {
    fn questions(&mut self, history: &History) {
        if history.questions.is_empty() {
            return;
        }
        self.title("questions (retake ab)");
        for (run, question) in history.questions.iter().rev().take(MOST_RUNS) {
            let (base, head) = (line(&question.base, 60), line(&question.head, 60));
            let told = match question.kind {
                QuestionKind::Ab => format!("{head} against {base}: {}", word(&question.verdict)),
                QuestionKind::Aa => format!(
                    "{base} against itself: a pair's passes differ by {:.2}, its cost by {:.0} %",
                    question.pass_variance.sqrt(),
                    100.0 * question.cost_variance.sqrt()
                ),
            };
            self.line(&format!("  {}  {told}; {} pairs", line(run.as_str(), 60), question.pairs));
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn title(&mut self, title: &str) {
        let title = self.paint("1", title);
        self.line("");
        self.line(&title);
    }

    fn series(&mut self, series: &Series) {
        self.title(&line(&series.title(), 200));
        let hidden = series.points.len().saturating_sub(MOST_RUNS);
        if hidden > 0 {
            self.line(&format!("  ... {hidden} earlier runs"));
        }
        for (at, point) in series.points.iter().enumerate().skip(hidden) {
            let row = row(series, at, point);
            self.line(&row);
        }
        for trend in &series.trends {
            self.trend(series, trend);
        }
    }

    fn trend(&mut self, series: &Series, trend: &Trend) {
        if trend.values.iter().flatten().count() > 2 {
            self.line(&format!("  {:<12} {}", word(&trend.metric), curve(&trend.values, self.color)));
        }
        for change in &trend.changes {
            let [before, after] = [change.before, change.after].map(|value| value_text(trend.metric, value));
            let at = series.points.get(change.point).map_or(String::new(), |point| point.created.date());
            let what = format!("{} changed: {before} -> {after}", word(&trend.metric));
            let what = self.paint("33", &what);
            let run = line(change.run_id.as_str(), 60);
            self.line(&format!("  {what} with run {run} of {at} (p {:.1e})", change.p_value));
            if change.changed.is_empty() {
                self.line("      nothing that is kept differs from the run before");
            }
            for difference in &change.changed {
                let [before, after] = [&difference.before, &difference.after].map(|text| line(text, 80));
                self.line(&format!("      {}: {before} -> {after}", difference.what));
            }
        }
    }
}

fn row(series: &Series, at: usize, point: &Point) -> String {
    let (passed, of) = point.passed;
    let rate = point.interval.map(|interval| Rate {
        passed,
        of,
        value: passed as f64 / of as f64,
        interval,
        interval_tasks: None,
    });
    let value = |metric: TrendMetric| {
        let trend = series.trends.iter().find(|trend| trend.metric == metric);
        trend
            .and_then(|trend| *trend.values.get(at)?)
            .map_or("-".to_owned(), |value| value_text(metric, value))
    };
    let failures: Vec<String> =
        point.failures.iter().map(|(mode, n)| format!("{n} {}", word(mode))).collect();
    format!(
        "  {}  {:<13} {:<24} {:>12} {:>9} {:>7} {:>9}  {}",
        point.created,
        point.commit.as_deref().unwrap_or("-"),
        figures::rate(rate.as_ref()),
        value(TrendMetric::CostUsd),
        value(TrendMetric::Tokens),
        value(TrendMetric::CacheHit),
        value(TrendMetric::TrialP50S),
        failures.join(", ")
    )
}

/// A value in its unit.
pub(crate) fn value_text(metric: TrendMetric, value: f64) -> String {
    match metric {
        TrendMetric::PassRate | TrendMetric::CacheHit => figures::percent(Some(value)),
        TrendMetric::CostUsd => format!("{value:.4} USD"),
        TrendMetric::Tokens => figures::count(value.round().max(0.0) as u64),
        TrendMetric::Steps => format!("{value:.1}"),
        TrendMetric::TrialP50S => figures::duration((value.max(0.0) * 1e6) as u64),
    }
}

/// The last values as a line of levels between the smallest and the largest; plain digits where there is no colour.
fn curve(values: &[Option<f64>], fancy: bool) -> String {
    let shown = &values[values.len().saturating_sub(CURVE)..];
    let known = || shown.iter().flatten().copied();
    let (lo, hi) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let level = |value: f64| if hi > lo { ((value - lo) / (hi - lo) * 7.0).round() as u32 } else { 3 };
    let mark = |value: &Option<f64>| match value {
        None => ' ',
        Some(value) if fancy => char::from_u32(0x2581 + level(*value)).unwrap_or(' '),
        Some(value) => char::from_digit(level(*value) + 1, 10).unwrap_or(' '),
    };
    shown.iter().map(mark).collect()
}
