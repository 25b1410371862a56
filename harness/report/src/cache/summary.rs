//! The summary over sessions as it is written as JSON. Knows nothing of terminals.

use std::collections::BTreeMap;

use promptcache::{
    Accounting, Break, BreakCause, CallReport, Costs, Figures, Part, SessionReport, Trace, TraceHits,
    Trigger, WhatIf,
};
use serde::Serialize;

/// The capacities, in blocks, at which a trace of block hashes is looked at.
const CAPACITIES: [u64; 5] = [100_000, 50_000, 30_000, 10_000, 1_000];

/// What a summary is made of.
#[derive(Clone, Debug, Default)]
pub struct CacheInput {
    /// The sessions, analysed.
    pub sessions: Vec<SessionReport>,
    /// Serving traces, simulated.
    pub traces: Vec<TraceLine>,
    /// What could not be read.
    pub unreadable: Vec<UnreadableLine>,
    /// Files of folders that hold nothing that is known.
    pub skipped: u64,
    /// Calls that were left out because another source holds them: source, the other, calls.
    pub duplicates: Vec<(String, String, u64)>,
    /// What changes would give.
    pub what_if: Vec<WhatIf>,
    /// The tokenizer.
    pub tokenizer: String,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnreadableLine {
    /// The file.
    pub path: String,
    /// The line, from 1; 0 where it is the file.
    pub line: usize,
    /// Why.
    pub problem: String,
}

/// A serving trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TraceLine {
    /// Its id.
    pub id: String,
    /// Where it was read.
    pub source: String,
    /// Tokens of a block.
    pub block: u64,
    /// Requests.
    pub requests: u64,
    /// Tokens of its answers.
    pub output_tokens: u64,
    /// What caches give: without bound first.
    pub hits: Vec<TraceHits>,
}

/// Simulates a trace.
pub fn trace_line(trace: &Trace) -> TraceLine {
    let unbounded = trace.hits(None);
    let distinct: u64 = trace.requests.iter().map(|request| request.hash_ids.len() as u64).sum();
    let bounded = CAPACITIES.into_iter().filter(|capacity| *capacity < distinct);
    TraceLine {
        id: trace.id.clone(),
        source: trace.source.clone(),
        block: trace.block,
        requests: trace.requests.len() as u64,
        output_tokens: trace.requests.iter().map(|request| request.output).sum(),
        hits: std::iter::once(unbounded).chain(bounded.map(|capacity| trace.hits(Some(capacity)))).collect(),
    }
}

/// Breaks of one cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BreakSum {
    /// Why.
    pub cause: BreakCause,
    /// How many.
    pub count: u64,
    /// Tokens that had to be computed again.
    pub tokens: u64,
    /// What that cost, in USD; nothing where no model has a price.
    pub cost_usd: Option<f64>,
    /// What to do.
    pub suggestion: &'static str,
}

/// Some calls, as a figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Given {
    /// Calls and tokens.
    #[serde(flatten)]
    pub part: Part,
    /// Cached by input tokens.
    pub hit_rate: Option<f64>,
}

/// All figures of a group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FigureSet {
    /// Calls.
    pub calls: u64,
    /// All tokens of the prompts: cached and written ones, too.
    pub input_tokens: u64,
    /// Read from the cache, as reported.
    pub cached_tokens: u64,
    /// Written to it, as reported.
    pub cache_write_tokens: u64,
    /// Those of them that live for an hour.
    pub cache_write_1h_tokens: u64,
    /// Of the answers.
    pub output_tokens: u64,
    /// Cached by input tokens, as reported.
    pub reported_hit_rate: Option<f64>,
    /// The mean of the calls' own rates.
    pub reported_hit_rate_per_request: Option<f64>,
    /// Calls whose whole requests are known: what follows is over these.
    pub calls_with_requests: u64,
    /// What the rules allow, by input tokens.
    pub achievable_hit_rate: Option<f64>,
    /// The mean of the calls' own achievable rates.
    pub achievable_hit_rate_per_request: Option<f64>,
    /// What a cache gives that keeps everything.
    pub perfect_hit_rate: Option<f64>,
    /// Achievable less reported, over calls with both.
    pub gap: Option<f64>,
    /// Appended by fresh tokens.
    pub prefill_amplification: Option<f64>,
    /// First calls of threads.
    pub first_calls: Given,
    /// All others.
    pub later_calls: Given,
    /// Calls for which nothing was read.
    pub cold_calls: Given,
    /// Calls for which something was read.
    pub warm_calls: Given,
    /// By what made the call necessary.
    pub by_trigger: BTreeMap<Trigger, Given>,
    /// In USD.
    pub cost_usd: Costs,
    /// Median time to the first content of cold calls, in microseconds.
    pub ttft_cold_p50_us: Option<u64>,
    /// The same of warm calls.
    pub ttft_warm_p50_us: Option<u64>,
    /// Mean size of the tokenizer's error by reported tokens, before scaling.
    pub tokenizer_error: Option<f64>,
    /// What its counts were scaled with.
    pub tokenizer_scale: Option<f64>,
    /// Mean size of the error of predicted cached tokens, by input tokens.
    pub prediction_error: Option<f64>,
}

impl FigureSet {
    /// The figures of sums.
    pub fn of(figures: &Figures) -> Self {
        let given = |part: Part| Given { part, hit_rate: part.hit_rate() };
        let cents = |usd: f64| (usd * 1e6).round() / 1e6;
        let costs = figures.costs;
        let (cold, warm) = figures.median_ttft_us();
        Self {
            calls: figures.calls,
            input_tokens: figures.input_tokens,
            cached_tokens: figures.cached_tokens,
            cache_write_tokens: figures.cache_write_tokens,
            cache_write_1h_tokens: figures.cache_write_1h_tokens,
            output_tokens: figures.output_tokens,
            reported_hit_rate: figures.reported_hit_rate(),
            reported_hit_rate_per_request: figures.reported_hit_rate_per_request(),
            calls_with_requests: figures.predicted.0,
            achievable_hit_rate: figures.achievable_hit_rate(),
            achievable_hit_rate_per_request: figures.achievable_hit_rate_per_request(),
            perfect_hit_rate: figures.perfect_hit_rate(),
            gap: figures.gap(),
            prefill_amplification: figures.prefill_amplification(),
            first_calls: given(figures.first),
            later_calls: given(figures.later),
            cold_calls: given(figures.cold),
            warm_calls: given(figures.warm),
            by_trigger: figures.by_trigger.iter().map(|(trigger, part)| (*trigger, given(*part))).collect(),
            cost_usd: Costs {
                unpriced_calls: costs.unpriced_calls,
                reported: cents(costs.reported),
                without_cache: cents(costs.without_cache),
                achievable: cents(costs.achievable),
                perfect: cents(costs.perfect),
                reported_of_known: cents(costs.reported_of_known),
            },
            ttft_cold_p50_us: cold,
            ttft_warm_p50_us: warm,
            tokenizer_error: figures.tokenizer_error(),
            tokenizer_scale: figures.tokenizer_scale(),
            prediction_error: figures.prediction_error(),
        }
    }
}

/// One session.
#[derive(Clone, Debug, Serialize)]
pub struct SessionLine {
    /// Its id.
    pub id: String,
    /// Where it was read.
    pub source: String,
    /// What kind of source.
    pub format: String,
    /// Whose counters it reports.
    pub accounting: Accounting,
    /// Whether its answers came from a script.
    pub synthetic: bool,
    /// The profile that it was simulated with; nothing where its requests are not known.
    pub profile: Option<String>,
    /// Its figures.
    #[serde(flatten)]
    pub figures: FigureSet,
    /// Its breaks, in order.
    pub breaks: Vec<Break>,
    /// Its calls, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub call_list: Vec<CallReport>,
}

/// The summary.
#[derive(Clone, Debug, Serialize)]
pub struct CacheSummary {
    /// Sessions and traces.
    pub sessions: u64,
    /// The figures over all sessions. Calls and input of serving traces are counted in, and what their blocks allow.
    #[serde(flatten)]
    pub total: FigureSet,
    /// The same by accounting: rates of two kinds of counters are never mixed there.
    pub by_accounting: BTreeMap<Accounting, FigureSet>,
    /// Breaks by cause, those that cost most first, without those of compactions.
    pub breaks: Vec<BreakSum>,
    /// The same of compactions.
    pub compaction_breaks: Vec<BreakSum>,
    /// What could not be read.
    pub unreadable: Vec<UnreadableLine>,
    /// Files of folders that hold nothing of a known kind.
    pub skipped_files: u64,
    /// Calls that stand in several sources, counted once: source, the other, calls.
    pub duplicates: Vec<(String, String, u64)>,
    /// What changes would give.
    pub what_if: Vec<WhatIf>,
    /// Serving traces.
    pub traces: Vec<TraceLine>,
    /// The tokenizer behind counts.
    pub tokenizer: String,
    /// Each session.
    pub session_list: Vec<SessionLine>,
}

impl CacheSummary {
    /// Sums sessions up; `calls`: with a list of every call.
    pub fn of(input: &CacheInput, calls: bool) -> Self {
        let mut total = Figures::default();
        let mut by_accounting: BTreeMap<Accounting, Figures> = BTreeMap::new();
        for session in &input.sessions {
            total.merge(&session.figures);
            by_accounting.entry(session.accounting).or_default().merge(&session.figures);
        }
        let all = || input.sessions.iter().flat_map(|session| &session.breaks);
        for trace in &input.traces {
            let Some(hits) = trace.hits.first() else { continue };
            total.calls += trace.requests;
            total.output_tokens += trace.output_tokens;
            total.predicted.0 += trace.requests;
            total.predicted.1 += hits.per_request.unwrap_or(0.0) * trace.requests as f64;
            total.predicted_tokens.0 += hits.input_tokens;
            total.predicted_tokens.1 += hits.hit_tokens;
            total.predicted_tokens.2 += hits.hit_tokens;
        }
        let mut figures = FigureSet::of(&total);
        // What traces were asked is input, too; nothing was reported of it, and the reported rate stays as it is.
        figures.input_tokens += input
            .traces
            .iter()
            .filter_map(|trace| trace.hits.first())
            .map(|hits| hits.input_tokens)
            .sum::<u64>();
        Self {
            sessions: (input.sessions.len() + input.traces.len()) as u64,
            total: figures,
            by_accounting: by_accounting
                .iter()
                .map(|(accounting, figures)| (*accounting, FigureSet::of(figures)))
                .collect(),
            breaks: break_sums(all().filter(|one| !one.compaction)),
            compaction_breaks: break_sums(all().filter(|one| one.compaction)),
            unreadable: input.unreadable.clone(),
            skipped_files: input.skipped,
            duplicates: input.duplicates.clone(),
            what_if: input.what_if.clone(),
            traces: input.traces.clone(),
            tokenizer: input.tokenizer.clone(),
            session_list: input.sessions.iter().map(|session| session_line(session, calls)).collect(),
        }
    }
}

fn session_line(session: &SessionReport, calls: bool) -> SessionLine {
    SessionLine {
        id: session.id.clone(),
        source: session.source.clone(),
        format: session.format.clone(),
        accounting: session.accounting,
        synthetic: session.synthetic,
        profile: session.profile.clone(),
        figures: FigureSet::of(&session.figures),
        breaks: session.breaks.clone(),
        call_list: if calls { session.calls.clone() } else { Vec::new() },
    }
}

/// Breaks by cause, ranked by the tokens that they cost.
pub(crate) fn break_sums<'a>(breaks: impl Iterator<Item = &'a Break>) -> Vec<BreakSum> {
    let mut sums: BTreeMap<BreakCause, BreakSum> = BTreeMap::new();
    for one in breaks {
        let sum = sums.entry(one.cause).or_insert_with(|| BreakSum {
            cause: one.cause,
            count: 0,
            tokens: 0,
            cost_usd: None,
            suggestion: one.cause.suggestion(),
        });
        sum.count += 1;
        sum.tokens += one.tokens;
        sum.cost_usd = match (sum.cost_usd, one.cost_usd) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
    }
    let mut sums: Vec<BreakSum> = sums.into_values().collect();
    for sum in &mut sums {
        sum.cost_usd = sum.cost_usd.map(|usd| (usd * 1e6).round() / 1e6);
    }
    sums.sort_by_key(|sum| std::cmp::Reverse((sum.tokens, sum.count)));
    sums
}
