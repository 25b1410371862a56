//! What a person at a terminal is told of a run. Makes text; prints nothing and asks no terminal.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use journal::FigureKind;

use crate::cache::{CacheFigures, VariantCache};
use crate::highlights::{self, MOST_ROWS, one_suite};
use crate::score::Score;
use crate::text::line;
use crate::{Digests, RunData, Scores, faults, figures, quality, text};

/// Trials that are listed as not passed.
const MOST_TRIALS: usize = 100;
/// Causes of cache breaks that are listed.
const MOST_BREAKS: usize = 5;

/// How to write for a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TerminalOptions {
    /// Colours and box-drawing characters; without them our own text is plain ASCII.
    pub color: bool,
    /// Columns of the terminal; tables are as wide as they need where it is unknown.
    pub width: Option<u16>,
}

/// The report of a run for a terminal. Over 40 rows of tasks it folds to suites and what did not pass.
pub fn terminal(data: &RunData, scores: &Scores, options: &TerminalOptions) -> String {
    let mut page = Page { text: String::new(), options: *options };
    heading(&mut page, data, scores);
    tables(&mut page, scores);
    faults_part(&mut page, data, scores);
    cache(&mut page, data);
    quality_part(&mut page, data);
    not_passed(&mut page, data);
    missing(&mut page, data);
    host(&mut page, data);
    page.text
}

/// The text so far and how to write on.
struct Page {
    text: String,
    options: TerminalOptions,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// A line that begins a part.
    fn title(&mut self, title: &str) {
        let title = self.paint("1", title);
        self.line("");
        self.line(&title);
    }

    /// Text in a colour or weight, by the number of its escape sequence.
    fn paint(&self, code: &str, text: &str) -> String {
        if self.options.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn table(&mut self, names: &[&str], rows: impl Iterator<Item = (Vec<String>, Score)>) {
        let mut table = Table::new();
        let (color, width) = (self.options.color, self.options.width);
        let rule = if color { '\u{2500}' } else { '-' };
        table.load_style(TableStyle::new().header_separator(LineStyle::new(rule, rule, rule, rule)));
        if let Some(width) = width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(40));
        }
        table.set_header(names.iter().chain(&figures::COLUMNS));
        for (mut row, score) in rows {
            row.extend(figures::cells(&score));
            table.add_row(row);
        }
        for column in table.column_iter_mut().skip(names.len() + 2).take(4) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        for row in table.lines() {
            self.line(&row);
        }
    }
}

fn heading(page: &mut Page, data: &RunData, scores: &Scores) {
    let plan = &data.header.plan;
    let run = line(data.header.run_id.as_str(), 100);
    let total = figures::rate(scores.total.pass_rate.as_ref());
    page.line(&format!("run {run}: {} trials, passed {total}", data.trials.len()));
    let claim = figures::claim(plan.mode, plan.synthetic);
    let claim = if plan.synthetic { page.paint("33", claim) } else { claim.to_owned() };
    page.line(&claim);
    if let Some(warning) = faults::warning(data) {
        let warning = page.paint("33", &warning);
        page.line(&warning);
    }
    if let Some(reservations) = figures::reservations(data) {
        let reservations = page.paint("33", &reservations);
        page.line(&reservations);
    }
}

fn faults_part(page: &mut Page, data: &RunData, scores: &Scores) {
    let Some(total) = faults::total(scores) else { return };
    page.title("faults");
    let rows = faults::rows(data);
    for [trial, injected, retries, lost, waited, outcome] in rows.iter().take(MOST_TRIALS) {
        page.line(&format!("  {trial}  {outcome}  {injected}"));
        page.line(&format!("      retries {retries}, lost {lost}, waited {waited}"));
    }
    if rows.len() > MOST_TRIALS {
        page.line(&format!("  ... and {} more, in trials.csv", rows.len() - MOST_TRIALS));
    }
    page.line(&total);
    let idle = faults::idle(data, scores);
    if !idle.is_empty() {
        page.line(&format!("never happened: {}", idle.join(", ")));
    }
}

fn tables(page: &mut Page, scores: &Scores) {
    if scores.tasks.len() <= MOST_ROWS {
        page.title("tasks");
        let rows = scores.tasks.iter().map(|t| {
            let names = vec![format!("{}/{}", t.suite, t.task), t.variant.clone()];
            (names, t.score.clone())
        });
        page.table(&["task", "variant"], rows);
    }
    page.title("suites");
    let suites = scores.suites.iter().filter(|_| !one_suite(scores));
    let suites = suites.map(|s| (vec![s.suite.clone(), s.variant.clone()], s.score.clone()));
    let totals = scores.variants.iter().map(|v| (vec!["all".to_owned(), v.variant.clone()], v.score.clone()));
    page.table(&["suite", "variant"], suites.chain(totals));
    for variant in &scores.variants {
        let score = &variant.score;
        let notes = [figures::repeats(score), figures::in_time(score), figures::beyond(score)];
        for note in notes.into_iter().flatten() {
            page.line(&format!("{}: {note}", variant.variant));
        }
    }
    page.line("rates with their Wilson 95 % interval, for these tasks as sampled; times are virtual");
}

/// Prompt caches by variant, and what broke them.
fn cache(page: &mut Page, data: &RunData) {
    let Some(cache) = &data.cache else { return };
    let CacheFigures { reported_kind, achievable_kind, .. } = cache.total;
    let kind = |kind: FigureKind| match kind {
        FigureKind::Synthetic => "SYNTHETIC".to_owned(),
        kind => figures::word(&kind),
    };
    let (reported, achievable) = (kind(reported_kind), kind(achievable_kind));
    page.title(&if reported == achievable {
        format!("prompt cache ({reported})")
    } else {
        format!("prompt cache (reported: {reported}; achievable, gap and cost: {achievable})")
    });
    for VariantCache { variant, figures } in &cache.variants {
        let amplification = figures
            .prefill_amplification
            .map_or(String::new(), |value| format!(", amplification {value:.2}"));
        let compactions = match figures.compactions {
            0 => String::new(),
            n => format!(", compactions {n}"),
        };
        page.line(&format!(
            "  {variant}: reported {}, achievable {}, gap {}{amplification}{compactions}",
            figures::percent(figures.reported_hit_rate),
            figures::percent(figures.achievable_hit_rate),
            figures::points(figures.gap),
        ));
        if let Some(costs) = &figures.cost_usd {
            page.line(&format!(
                "      cost {:.4} USD, without a cache {:.4}, achievable {:.4}, perfect {:.4}",
                costs.reported, costs.without_cache, costs.achievable, costs.perfect
            ));
        }
    }
    for sum in cache.total.breaks.iter().take(MOST_BREAKS) {
        let usd = sum.cost_usd.map_or(String::new(), |usd| format!(", {usd:.4} USD"));
        let (cause, count, tokens) = (sum.cause.to_string(), sum.count, figures::count(sum.tokens));
        page.line(&format!("  break {cause}: {count} x, {tokens} tokens{usd}"));
        page.line(&format!("      {}", sum.suggestion));
    }
    let more = cache.total.breaks.len().saturating_sub(MOST_BREAKS);
    if more > 0 {
        page.line(&format!("  ... and {more} more causes, in results.json"));
    }
}

/// What the trials of each variant left in their workspaces.
fn quality_part(page: &mut Page, data: &RunData) {
    let variants = quality::of_variants(data);
    if variants.is_empty() {
        return;
    }
    page.title(&format!("quality of the result ({})", quality::worth(data)));
    for (variant, quality) in variants {
        for sentence in quality::sentences(&quality) {
            page.line(&format!("  {variant}: {sentence}"));
        }
    }
}

fn not_passed(page: &mut Page, data: &RunData) {
    let trials = highlights::not_passed(data);
    if trials.is_empty() {
        return;
    }
    page.title(&format!("did not pass ({}): {}", trials.len(), highlights::verdicts(&trials)));
    let run = line(data.header.run_id.as_str(), 100);
    for trial in trials.iter().take(MOST_TRIALS) {
        let verdict = page.paint("31", &highlights::verdict(trial));
        page.line(&format!("  {}  {verdict}  {}", trial.id, text::sentence(trial.reason())));
        page.line(&format!("      retake show {run} {}", trial.id));
    }
    if trials.len() > MOST_TRIALS {
        page.line(&format!("  ... and {} more, in trials.csv", trials.len() - MOST_TRIALS));
    }
}

fn missing(page: &mut Page, data: &RunData) {
    let reasons = highlights::missing(data);
    if reasons.is_empty() {
        return;
    }
    page.title("not runnable here");
    for (reason, trials) in reasons.iter().take(MOST_TRIALS) {
        page.line(&format!("  {reason} (trials: {trials})"));
    }
}

fn host(page: &mut Page, data: &RunData) {
    let slowest = highlights::slowest(data, 5);
    if !slowest.is_empty() {
        page.title("slowest trials (measured here)");
        for (trial, us) in slowest {
            page.line(&format!("  {:>9}  {}", figures::duration(us), trial.id));
        }
    }
    let drift = highlights::drift(data);
    page.line("");
    if !drift.is_empty() {
        let drift = page.paint("33", &drift);
        page.line(&format!("drift   {drift}"));
    }
    if let Some(us) = data.wall_us() {
        let reused = data.reused();
        let saved = match data.reused_us() {
            0 => String::new(),
            us => format!(" (saved {})", figures::duration(us)),
        };
        page.line(&format!("wall    {}, trials reused: {reused}{saved}", figures::duration(us)));
    }
    if let Some(share) = quality::harness_share(data) {
        page.line(&format!("harness {} of the trials' real time", figures::percent(Some(share))));
    }
    let digest = Digests::of(data).run;
    page.line(&format!("digest  {}", digest.map_or("none: no trial ran".to_owned(), |d| d.to_string())));
}
