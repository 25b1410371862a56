//! What a person at a terminal is told of caches: totals, what broke them, and a line for each call. Makes text; prints
//! nothing.

use promptcache::{Break, CallReport, Level, LintFinding, SessionReport, Trigger};

use super::summary::{BreakSum, CacheInput, CacheSummary, FigureSet, Given, TraceLine};
use crate::TerminalOptions;
use crate::text::{line, sentence};

/// Columns of a call's bar.
const BAR: usize = 32;
/// Sessions that are listed.
const MOST_SESSIONS: usize = 40;
/// Breaks that are listed with their places.
const MOST_BREAKS: usize = 20;
/// Faults and duplicates that are listed.
const MOST_FAULTS: usize = 20;

/// How much is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheDetail {
    /// A line for each call.
    pub calls: bool,
}

/// Everything that is said of caches.
pub fn cache_text(
    input: &CacheInput,
    summary: &CacheSummary,
    options: &TerminalOptions,
    detail: CacheDetail,
) -> String {
    let mut page = Page { text: String::new(), color: options.color };
    if summary.sessions > 0 {
        totals(&mut page, summary);
    }
    breaks(&mut page, &summary.breaks, "breaks, by what they cost");
    breaks(&mut page, &summary.compaction_breaks, "breaks of compactions");
    worst(&mut page, input);
    sessions(&mut page, summary);
    if detail.calls || input.sessions.len() == 1 {
        for session in &input.sessions {
            calls(&mut page, session);
        }
    }
    what_if(&mut page, summary);
    traces(&mut page, &summary.traces);
    left_out(&mut page, summary);
    page.text
}

struct Page {
    text: String,
    color: bool,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn title(&mut self, title: &str) {
        let title = if self.color { format!("\x1b[1m{title}\x1b[0m") } else { title.to_owned() };
        if !self.text.is_empty() {
            self.line("");
        }
        self.line(&title);
    }
}

fn percent(rate: Option<f64>) -> String {
    rate.map_or_else(|| "-".to_owned(), |rate| format!("{:.1} %", rate * 100.0))
}

fn tokens(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..10_000_000 => format!("{:.1}k", count as f64 / 1e3),
        _ => format!("{:.2}M", count as f64 / 1e6),
    }
}

fn usd(cost: Option<f64>) -> String {
    cost.map_or_else(|| "-".to_owned(), |cost| format!("${cost:.4}"))
}

fn totals(page: &mut Page, summary: &CacheSummary) {
    let total = &summary.total;
    page.title(&format!("{} sessions, {} calls", summary.sessions, total.calls));
    match summary.session_list.iter().filter(|session| session.synthetic).count() {
        0 => {}
        made_up => page.line(&format!(
            "SYNTHETIC: the answers of {made_up} sessions come from an authored stub; what is reported of them says nothing about a provider"
        )),
    }
    group(page, total, "");
    if summary.by_accounting.len() > 1 {
        for (accounting, figures) in &summary.by_accounting {
            let name = format!("{accounting:?}").to_lowercase();
            page.line(&format!("{name}: {} calls", figures.calls));
            group(page, figures, "  ");
        }
    }
}

fn group(page: &mut Page, total: &FigureSet, indent: &str) {
    for (name, text) in [rates(total), money(total), errors(total)].concat() {
        page.line(&format!("{indent}  {name:<22}{text}"));
    }
}

/// Names and texts of a group's rows.
type Rows = Vec<(&'static str, String)>;

fn rates(total: &FigureSet) -> Rows {
    let mut rows = vec![
        (
            "tokens",
            format!(
                "input {}  cached {}  written {}  output {}",
                total.input_tokens, total.cached_tokens, total.cache_write_tokens, total.output_tokens
            ),
        ),
        (
            "reported hit rate",
            format!(
                "{} of tokens, {} a request; first calls {}, later {}",
                percent(total.reported_hit_rate),
                percent(total.reported_hit_rate_per_request),
                percent(total.first_calls.hit_rate),
                percent(total.later_calls.hit_rate)
            ),
        ),
    ];
    let trigger = |(name, given): (&Trigger, &Given)| {
        format!("{name} {} ({})", percent(given.hit_rate), given.part.calls)
    };
    let triggers: Vec<String> = total.by_trigger.iter().map(trigger).collect();
    if !triggers.is_empty() {
        rows.push(("  by trigger", triggers.join(", ")));
    }
    if total.calls_with_requests == 0 {
        rows.push(("achievable hit rate", "out of reach: these sources hold no whole requests".to_owned()));
    } else {
        let text = format!(
            "{} of tokens, {} a request; a perfect cache {} ({} calls with whole requests)",
            percent(total.achievable_hit_rate),
            percent(total.achievable_hit_rate_per_request),
            percent(total.perfect_hit_rate),
            total.calls_with_requests
        );
        rows.push(("achievable hit rate", text));
    }
    rows.extend(
        total.gap.map(|gap| ("gap", format!("{:+.1} points between achievable and reported", gap * 100.0))),
    );
    let amplification = total.prefill_amplification;
    rows.extend(
        amplification
            .map(|value| ("prefill amplification", format!("{value:.2} appended tokens a fresh one"))),
    );
    rows
}

fn money(total: &FigureSet) -> Rows {
    let costs = total.cost_usd;
    if costs.without_cache <= 0.0 {
        return Rows::new();
    }
    let mut text =
        format!("{}, without a cache {}", usd(Some(costs.reported)), usd(Some(costs.without_cache)));
    if total.calls_with_requests > 0 {
        text += &format!(
            "; of calls with requests: reported {}, achievable {}, perfect {}",
            usd(Some(costs.reported_of_known)),
            usd(Some(costs.achievable)),
            usd(Some(costs.perfect))
        );
    }
    if costs.unpriced_calls > 0 {
        text += &format!("; {} calls have no price", costs.unpriced_calls);
    }
    vec![("cost", text)]
}

fn errors(total: &FigureSet) -> Rows {
    let mut rows = Rows::new();
    if total.ttft_cold_p50_us.or(total.ttft_warm_p50_us).is_some() {
        let time =
            |us: Option<u64>| us.map_or_else(|| "-".to_owned(), |us| format!("{:.2} s", us as f64 / 1e6));
        let (cold, warm) = (time(total.ttft_cold_p50_us), time(total.ttft_warm_p50_us));
        rows.push(("time to first content", format!("cold {cold}, warm {warm} (median)")));
    }
    if let Some(error) = total.tokenizer_error {
        let text = format!(
            "counts {} off what was reported, scaled by {:.3}; predicted cached tokens {} off, of input",
            percent(Some(error)),
            total.tokenizer_scale.unwrap_or(1.0),
            percent(total.prediction_error)
        );
        rows.push(("error", text));
    }
    rows
}

fn breaks(page: &mut Page, sums: &[BreakSum], title: &str) {
    if sums.is_empty() {
        return;
    }
    page.title(title);
    for sum in sums {
        page.line(&format!(
            "  {:<22}{:>5} x {:>10} tokens {:>10}  {}",
            sum.cause.to_string(),
            sum.count,
            tokens(sum.tokens),
            usd(sum.cost_usd),
            sum.suggestion
        ));
    }
}

/// The breaks that cost most, with their places.
fn worst(page: &mut Page, input: &CacheInput) {
    let mut all: Vec<(&SessionReport, &Break)> = input
        .sessions
        .iter()
        .flat_map(|session| session.breaks.iter().map(move |one| (session, one)))
        .collect();
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|(_, one)| std::cmp::Reverse(one.tokens));
    page.title("the most expensive breaks");
    for (session, one) in all.iter().take(MOST_BREAKS) {
        let place = if one.path.is_empty() { String::new() } else { format!(" at {}", sentence(&one.path)) };
        page.line(&format!(
            "  {}#{}  {}{place}: {} tokens, {}, {} tokens before it",
            line(&session.source, 80),
            one.call,
            one.cause,
            tokens(one.tokens),
            usd(one.cost_usd),
            tokens(one.token_offset)
        ));
        for row in one.diff.lines() {
            page.line(&format!("      {}", line(row, 160)));
        }
    }
    if all.len() > MOST_BREAKS {
        page.line(&format!("  ... and {} more", all.len() - MOST_BREAKS));
    }
}

fn sessions(page: &mut Page, summary: &CacheSummary) {
    if summary.session_list.len() < 2 {
        return;
    }
    page.title("sessions");
    page.line(&format!(
        "  {:>6} {:>10} {:>9} {:>10} {:>7}  source",
        "calls", "input", "reported", "achievable", "breaks"
    ));
    for session in summary.session_list.iter().take(MOST_SESSIONS) {
        let synthetic = if session.synthetic { "  SYNTHETIC" } else { "" };
        page.line(&format!(
            "  {:>6} {:>10} {:>9} {:>10} {:>7}  {} ({}{}){synthetic}",
            session.figures.calls,
            tokens(session.figures.input_tokens),
            percent(session.figures.reported_hit_rate),
            percent(session.figures.achievable_hit_rate),
            session.breaks.len(),
            line(&session.source, 100),
            session.format,
            session.profile.as_ref().map(|profile| format!(", {profile}")).unwrap_or_default(),
        ));
    }
    if summary.session_list.len() > MOST_SESSIONS {
        page.line(&format!("  ... and {} more", summary.session_list.len() - MOST_SESSIONS));
    }
}

/// A line for each call: cached, newly written and other tokens as a bar; the break.
fn calls(page: &mut Page, session: &SessionReport) {
    page.title(&format!("calls of {}", line(&session.source, 100)));
    page.line(&format!(
        "  {:>4} {:<11} {:>9} {:>8} {:>10}  {:<BAR$}  ({} cached, {} written, {} neither)",
        "call", "trigger", "input", "reported", "achievable", "as reported, else as predicted", '#', '+', '.'
    ));
    let most = session.calls.iter().map(|call| shown(call).0).max().unwrap_or(1).max(1);
    for call in &session.calls {
        let (input, cached, written) = shown(call);
        let reported = call.usage.and_then(|usage| {
            (usage.input_tokens > 0).then(|| usage.cached_tokens as f64 / usage.input_tokens as f64)
        });
        let predicted =
            call.predicted.and_then(|one| (one.input > 0).then(|| one.cached as f64 / one.input as f64));
        let found: Vec<String> = session
            .breaks
            .iter()
            .filter(|one| one.call == call.call)
            .map(|one| {
                let place =
                    if one.path.is_empty() { String::new() } else { format!(" {}", line(&one.path, 60)) };
                format!("{}{place} -{}", one.cause, tokens(one.tokens))
            })
            .collect();
        page.line(&format!(
            "  {:>4} {:<11} {:>9} {:>8} {:>10}  {:<BAR$}  {}",
            call.call,
            call.trigger.to_string(),
            tokens(input),
            percent(reported),
            percent(predicted),
            bar(input, cached, written, most),
            found.join("; ")
        ));
    }
}

fn shown(call: &CallReport) -> (u64, u64, u64) {
    match (call.usage, call.predicted) {
        (Some(usage), _) => (usage.input_tokens, usage.cached_tokens, usage.cache_write_tokens),
        (None, Some(predicted)) => (predicted.input, predicted.cached, predicted.written),
        (None, None) => (0, 0, 0),
    }
}

fn bar(input: u64, cached: u64, written: u64, most: u64) -> String {
    let columns = |count: u64| (count as u128 * BAR as u128 / most as u128) as usize;
    let (all, cached) = (columns(input), columns(cached));
    let written = columns(written).min(all.saturating_sub(cached));
    format!(
        "{}{}{}",
        "#".repeat(cached),
        "+".repeat(written),
        ".".repeat(all.saturating_sub(cached + written))
    )
}

fn what_if(page: &mut Page, summary: &CacheSummary) {
    if summary.what_if.is_empty() {
        return;
    }
    page.title("what if");
    page.line(&format!("  {:>10} {:>12}", "achievable", "cost"));
    for one in &summary.what_if {
        let priced = Some(one.cost_usd).filter(|usd| *usd > 0.0);
        page.line(&format!("  {:>10} {:>12}  {}", percent(one.achievable_hit_rate), usd(priced), one.change));
    }
}

fn traces(page: &mut Page, traces: &[TraceLine]) {
    if traces.is_empty() {
        return;
    }
    page.title("serving traces of block hashes");
    page.line(&format!(
        "  {:>9} {:>9} {:>9} {:>12} {:>11}  trace",
        "capacity", "of blocks", "of tokens", "of full ones", "per request"
    ));
    let rate = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.4}"));
    for trace in traces {
        for hits in &trace.hits {
            page.line(&format!(
                "  {:>9} {:>9} {:>9} {:>12} {:>11}  {} ({} requests, block {})",
                hits.capacity_blocks.map_or_else(|| "all".to_owned(), |capacity| capacity.to_string()),
                rate(hits.of_blocks),
                rate(hits.of_tokens),
                rate(hits.of_full_blocks),
                rate(hits.per_request),
                line(&trace.id, 80),
                trace.requests,
                trace.block
            ));
        }
    }
}

fn left_out(page: &mut Page, summary: &CacheSummary) {
    if !summary.duplicates.is_empty() {
        page.title("counted once");
        for (left, kept, calls) in summary.duplicates.iter().take(MOST_FAULTS) {
            page.line(&format!("  {calls} calls of {} stand in {}", line(left, 100), line(kept, 100)));
        }
    }
    if !summary.unreadable.is_empty() {
        page.title(&format!("not read ({})", summary.unreadable.len()));
        for fault in summary.unreadable.iter().take(MOST_FAULTS) {
            let place = if fault.line > 0 { format!(":{}", fault.line) } else { String::new() };
            page.line(&format!("  {}{place}: {}", line(&fault.path, 160), sentence(&fault.problem)));
        }
        if summary.unreadable.len() > MOST_FAULTS {
            page.line(&format!("  ... and {} more", summary.unreadable.len() - MOST_FAULTS));
        }
    }
    if summary.skipped_files > 0 {
        page.title(&format!("{} files hold nothing of a known kind", summary.skipped_files));
    }
}

/// What a lint found.
pub fn cache_lint_text(findings: &[LintFinding], options: &TerminalOptions) -> String {
    let mut page = Page { text: String::new(), color: options.color };
    for finding in findings {
        let level = if finding.level == Level::Breaks { "breaks" } else { "note" };
        let times = if finding.count > 1 { format!(" ({} times)", finding.count) } else { String::new() };
        page.line(&format!(
            "{}#{}{}: {level} [{}]{times}",
            line(&finding.source, 160),
            finding.call,
            line(&finding.path, 100),
            finding.rule
        ));
        page.line(&format!("    {}", sentence(&finding.text)));
        page.line(&format!("    help: {}", finding.suggestion));
    }
    let broken = findings.iter().filter(|finding| finding.level == Level::Breaks).count();
    page.line(&format!("{broken} findings, {} notes", findings.len() - broken));
    page.text
}
