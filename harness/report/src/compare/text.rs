//! A comparison for people at a terminal: plain lines, what decides first. Computes nothing.

use std::fmt::Write;

use super::{Comparison, Flip, Matrix, Metric, MetricComparison, Test, Verdict, Weight};
use cassette::align::Glimpse;

use crate::TerminalOptions;
use crate::figures::{self, word};
use crate::score::Interval;
use crate::text::line;

/// Tasks that are listed as gained or lost.
const MOST_FLIPS: usize = 20;
/// Mismatches that are listed of one weight.
const MOST_MISMATCHES: usize = 12;

/// One comparison as text.
pub fn comparison_text(comparison: &Comparison, options: &TerminalOptions) -> String {
    let mut page = Page { text: String::new(), color: options.color, synthetic: comparison.synthetic };
    page.head(comparison);
    page.figures(comparison);
    page.flips("gained", &comparison.gained_tasks);
    page.flips("lost", &comparison.lost_tasks);
    page.rest(comparison);
    page.mismatches(comparison);
    page.text
}

/// All pairs as text: one line each, then what they rest on.
pub fn matrix_text(matrix: &Matrix, options: &TerminalOptions) -> String {
    let synthetic = matrix.comparisons.iter().any(|c| c.synthetic);
    let mut page = Page { text: String::new(), color: options.color, synthetic };
    page.line(&format!(
        "{} variants, {} pairs; p-values adjusted after Holm",
        matrix.arms.len(),
        matrix.comparisons.len()
    ));
    page.claim();
    page.line("");
    let width = matrix.arms.iter().map(|arm| arm.variant.len()).max().unwrap_or(0);
    for (comparison, p) in matrix.comparisons.iter().zip(&matrix.p_adjusted) {
        let (base, head) = (&comparison.arms.base.variant, &comparison.arms.head.variant);
        let rate = &comparison.rate;
        let verdict = page.verdict(rate.verdict);
        let (difference, interval) = (points(rate.difference), range(rate.interval, Metric::PassRate));
        page.line(&format!(
            "  {head:width$} against {base:width$}  {verdict}  {difference} {interval}, p {}",
            p_text(*p)
        ));
    }
    page.line("");
    page.line("differences of pass rates in percentage points, for tasks like these");
    page.text
}

struct Page {
    text: String,
    color: bool,
    synthetic: bool,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn verdict(&self, verdict: Verdict) -> String {
        let code = match verdict {
            Verdict::Better => "32",
            Verdict::Worse => "31",
            Verdict::Equivalent => "36",
            Verdict::Inconclusive => "33",
        };
        let text = word(&verdict);
        let mark = if self.synthetic { " (SYNTHETIC)" } else { "" };
        self.paint(code, &format!("{text}{mark}"))
    }

    fn claim(&mut self) {
        if self.synthetic {
            let claim =
                "SYNTHETIC: answers come from an authored stub; nothing here says anything about a model";
            let claim = self.paint("33", claim);
            self.line(&claim);
        }
    }

    fn head(&mut self, c: &Comparison) {
        let runs = c.arms.base.run_id != c.arms.head.run_id;
        let name = |arm: &super::ArmName| {
            if runs {
                format!("{} ({})", arm.variant, line(arm.run_id.as_str(), 60))
            } else {
                arm.variant.clone()
            }
        };
        let verdict = self.verdict(c.rate.verdict);
        self.line(&format!("{} against {}: {verdict}", name(&c.arms.head), name(&c.arms.base)));
        self.claim();
        let why = because(c);
        self.line(&why);
        if let Some(needed) = needed(&c.rate) {
            self.line(&needed);
        }
    }

    fn figures(&mut self, c: &Comparison) {
        self.line("");
        let first = c.metrics.first().map(|m| m.metric);
        if first != Some(Metric::PassRate) {
            self.line("pass rates don't tell the arms apart, so cost and effort come first");
        }
        let heading =
            ["figure", "base", "head", "difference", "95 % interval", "p", "verdict"].map(str::to_owned);
        let mut rows = vec![heading.to_vec()];
        rows.extend(c.metrics.iter().map(row));
        let widths: Vec<usize> = (0..heading.len())
            .map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0))
            .collect();
        for row in rows {
            let mut text = String::from(" ");
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                // Numbers stand on the right.
                let right = (1..=5).contains(&at);
                let _ =
                    if right { write!(text, " {cell:>width$} ") } else { write!(text, " {cell:width$} ") };
            }
            let text = if self.synthetic && row[0] != "figure" { format!("{text} SYNTHETIC") } else { text };
            self.line(&text);
        }
        let kind = c.rate.kind.map(|kind| word(&kind)).unwrap_or_default();
        let tasks = c.rate.tasks;
        self.line(&format!("  over {tasks} tasks in both; for {}; figures are {kind}", c.estimand));
    }

    fn flips(&mut self, what: &str, flips: &[Flip]) {
        if flips.is_empty() {
            return;
        }
        self.line("");
        self.line(&format!("{what} ({})", flips.len()));
        for flip in flips.iter().take(MOST_FLIPS) {
            let (was, is) = (figures::percent(Some(flip.base)), figures::percent(Some(flip.head)));
            self.line(&format!("  {}/{}  {was} -> {is}", flip.suite, flip.task));
            if let Some(fork) = &flip.fork {
                let did = |did: Option<&Glimpse>| match did {
                    None => "had ended".to_owned(),
                    Some(did) if did.tool.is_empty() => format!("said {}", line(&did.text, 120)),
                    Some(did) => format!("{} {}", line(&did.tool, 40), line(&did.text, 120)),
                };
                self.line(&format!("      base, step {}: {}", fork.a_step, did(fork.a.as_ref())));
                self.line(&format!("      head, step {}: {}", fork.b_step, did(fork.b.as_ref())));
            }
        }
        if flips.len() > MOST_FLIPS {
            self.line(&format!("  ... and {} more", flips.len() - MOST_FLIPS));
        }
    }

    fn rest(&mut self, c: &Comparison) {
        self.line("");
        let solves = [("base", c.time_to_solve.base), ("head", c.time_to_solve.head)].map(|(name, solve)| {
            let half = solve.and_then(|s| s.p50_us).map_or("never for half".to_owned(), figures::duration);
            format!("{name} {half}")
        });
        self.line(&format!(
            "half are solved by: {} (virtual time; budgets that were spent are censored)",
            solves.join(", ")
        ));
        let f = &c.faults;
        if f.base[0] + f.head[0] > 0 {
            let (lo, hi) = (points(f.worst_case.lo), points(f.worst_case.hi));
            let [base, head] = [f.base, f.head].map(|[lost, all]| format!("{lost}/{all}"));
            self.line(&format!(
                "trials without a verdict (faults, void): base {base}, head {head}, p {}; at worst the difference is {lo} to {hi}",
                p_text(f.p_value)
            ));
        }
        if let Some(usd) = c.cost_usd {
            self.line(&format!("both arms together cost {usd:.4} USD"));
        }
    }

    fn mismatches(&mut self, c: &Comparison) {
        let titles = [
            (Weight::Grave, "not the same, and the results may be due to it"),
            (Weight::Circumstance, "not the same, and may shift times or costs"),
            (Weight::Subject, "not the same: what is compared"),
        ];
        for (weight, title) in titles {
            let of: Vec<_> = c.mismatches.iter().filter(|m| m.weight == weight).collect();
            if of.is_empty() {
                continue;
            }
            self.line("");
            let title = if weight == Weight::Grave { self.paint("31", title) } else { title.to_owned() };
            self.line(&title);
            for m in of.iter().take(MOST_MISMATCHES) {
                let [what, base, head] = [&m.what, &m.base, &m.head].map(|text| line(text, 90));
                self.line(&format!("  {what}: {base} -> {head}"));
            }
            if of.len() > MOST_MISMATCHES {
                self.line(&format!("  ... and {} more", of.len() - MOST_MISMATCHES));
            }
        }
    }
}

/// Why the verdict is what it is.
pub(crate) fn because(c: &Comparison) -> String {
    let rate = &c.rate;
    if c.identical {
        return "every trial is the same byte for byte: nothing was sampled anew".to_owned();
    }
    let (difference, interval) = (points(rate.difference), range(rate.interval, Metric::PassRate));
    let test = match rate.test {
        Test::Mcnemar => "McNemar's exact test",
        Test::SignFlip => "signs flipped over tasks",
        Test::Sequence => "bets on each pair, whenever it is looked at",
    };
    let detectable =
        rate.detectable.map_or(String::new(), |d| format!("; {} would show 4 times of 5", points(d)));
    format!("pass rate {difference} {interval}, p {} ({test}){detectable}", p_text(rate.p_value))
}

/// What it would take to decide.
pub(crate) fn needed(rate: &MetricComparison) -> Option<String> {
    if rate.verdict != Verdict::Inconclusive {
        return None;
    }
    let margin = points(rate.margin);
    let margin = margin.trim_start_matches('+');
    let tasks = rate.tasks_needed.map(|n| format!("{n} tasks with as many trials"));
    let trials = rate.trials_needed.map(|n| format!("{n} trials of each of these tasks"));
    let what = [tasks, trials].into_iter().flatten().collect::<Vec<_>>();
    (!what.is_empty())
        .then(|| format!("a difference of {margin} would be decided by {}", what.join(", or by ")))
}

/// A figure as cells: its name, base, head, difference, interval, p-value, verdict.
pub(crate) fn row(m: &MetricComparison) -> Vec<String> {
    let show = |value: f64| value_text(m.metric, value);
    // Difference and interval are both factors, or both in the figure's unit.
    let (difference, interval) = match (m.ratio, m.ratio_interval) {
        _ if m.metric.is_share() => (points(m.difference), range(m.interval, m.metric)),
        (Some(ratio), Some(interval)) => {
            (format!("{ratio:.3}x"), format!("[{:.3}, {:.3}]x", interval.lo, interval.hi))
        }
        _ => (signed(m.metric, m.difference), range(m.interval, m.metric)),
    };
    vec![
        word(&m.metric),
        show(m.base),
        show(m.head),
        difference,
        interval,
        p_text(m.p_value),
        word(&m.verdict),
    ]
}

/// A value in its unit.
fn value_text(metric: Metric, value: f64) -> String {
    match metric {
        Metric::PassRate | Metric::CacheHit => figures::percent(Some(value)),
        Metric::CostUsd => format!("{value:.4} USD"),
        Metric::Tokens => figures::count(value.round().max(0.0) as u64),
        Metric::Steps | Metric::FilesOutOfScope | Metric::FindingsLeft => {
            format!("{value:.1}")
        }
        Metric::TimeS | Metric::SolveS => figures::duration((value.max(0.0) * 1e6) as u64),
    }
}

fn signed(metric: Metric, value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "+" };
    format!("{sign}{}", value_text(metric, value.abs()))
}

/// A difference of shares in percentage points, with its sign.
fn points(share: f64) -> String {
    format!("{:+.1} pp", share * 100.0)
}

fn range(interval: Option<Interval>, metric: Metric) -> String {
    interval.map_or("-".to_owned(), |i| match metric.is_share() {
        true => format!("[{:+.1}, {:+.1}]", i.lo * 100.0, i.hi * 100.0),
        false => format!("[{}, {}]", signed(metric, i.lo), signed(metric, i.hi)),
    })
}

/// A p-value with as many digits as it is good for.
fn p_text(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}
