//! How figures are written for people: rates, tokens, durations, the words of enums. Knows nothing of layouts.

use journal::{FigureKind, Mode};
use serde::Serialize;

use crate::RunData;
use crate::score::{Counts, Rate, Score};

/// The word of an enum's variant as files have it, for example `wrong_result`.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// What a run of this mode may say.
pub(crate) fn claim(mode: Mode, synthetic: bool) -> &'static str {
    match (mode, synthetic) {
        (Mode::Script, _) | (_, true) => {
            "SYNTHETIC: answers come from an authored stub; nothing here says anything about a model"
        }
        (Mode::Replay, _) => {
            "replayed: shows that loop, tools, tasks and host do the same, not that a model is good"
        }
        (Mode::Fork, _) => {
            "forked: quality, latency and cost given the recorded history; nothing about a trial from the start"
        }
        (Mode::Live, _) => "live: quality, latency, cost and cache as the model gave them",
        (Mode::Reference, _) => "no model: the reference solution or nothing at all was run",
    }
}

/// What was let pass though it differed from the recording, in a sentence; nothing where nothing was.
pub(crate) fn reservations(data: &RunData) -> Option<String> {
    let met = data.met();
    let total: u32 = met.iter().map(|met| met.count).sum();
    let parts: Vec<String> = met.iter().map(|m| format!("{} {} ({})", m.count, m.cause, m.allowed)).collect();
    let parts = crate::text::sentence(&parts.join(", "));
    let undeclared = met.iter().any(|met| met.allowed != "declared");
    let claim = if undeclared {
        "this run claims no integrity"
    } else {
        "each was declared, and nothing else differed"
    };
    (total > 0).then(|| format!("differences from the recordings were let pass: {parts}; {claim}"))
}

/// As `7/10  70 % [40, 89]`; a dash where nothing was scored.
pub(crate) fn rate(rate: Option<&Rate>) -> String {
    rate.map_or("-".to_owned(), |r| {
        let [value, lo, hi] = [r.value, r.interval.lo, r.interval.hi].map(hundredths);
        format!("{}/{}  {value} % [{lo}, {hi}]", r.passed, r.of)
    })
}

/// A share of 0 to 1 in whole hundredths; with a decimal where rounding would claim none or all.
fn hundredths(share: f64) -> String {
    let whole = (share * 100.0).round();
    let lies = (whole == 0.0 && share > 0.0) || (whole == 100.0 && share < 1.0);
    if lies { format!("{:.1}", (share * 100.0).clamp(0.1, 99.9)) } else { whole.to_string() }
}

/// What repeating a task gives, as `pass@2 100 %, pass^2 50 %`, for the most samples that there are; nothing where
/// each task was sampled once.
pub(crate) fn repeats(score: &Score) -> Option<String> {
    let most = score.repeats.last()?;
    let (k, one, all) = (most.k, percent(Some(most.pass_at_k)), percent(Some(most.pass_all_k)));
    Some(format!("pass@{k} {one}, pass^{k} {all}"))
}

/// How many passed in time, as `in time 5/8  62 % [31, 86]`; nothing where no tier has a latency budget.
pub(crate) fn in_time(score: &Score) -> Option<String> {
    let goodput = score.goodput.as_ref()?;
    Some(format!("in time {} (passed within the tier's latency budget, virtual)", rate(Some(goodput))))
}

/// What a rate and its cost come to beyond these trials: the interval for tasks like these, and the money; nothing where
/// neither is known.
pub(crate) fn beyond(score: &Score) -> Option<String> {
    let interval = score.pass_rate.as_ref().and_then(|rate| rate.interval_tasks);
    let tasks =
        interval.map(|i| format!("for tasks like these [{}, {}]", hundredths(i.lo), hundredths(i.hi)));
    let usd = |value: f64| format!("{value:.4} USD");
    let effort = &score.effort;
    let cost = effort.cost_usd.map(|cost| {
        let uncached =
            effort.uncached_usd.map(|u| format!(", {} without the cache", usd(u))).unwrap_or_default();
        let pass = effort.usd_per_pass.map(|p| format!(", {} a pass", usd(p))).unwrap_or_default();
        format!("cost {}{uncached}{pass}", usd(cost))
    });
    let known: Vec<String> = [tasks, cost].into_iter().flatten().collect();
    (!known.is_empty()).then(|| known.join("; "))
}

/// Trials that are neither passed nor failed, as `1 void, 2 not runnable`; empty where there are none.
pub(crate) fn apart(counts: &Counts) -> String {
    let parts = [
        (counts.void, "void"),
        (counts.harness_faults, "harness fault"),
        (counts.not_runnable, "not runnable"),
        (counts.invalid, "invalid"),
        (counts.unfinished, "unfinished"),
    ];
    let shown = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}"));
    shown.collect::<Vec<_>>().join(", ")
}

/// A count with its noun, as `1 trial` or `3 trials`.
pub(crate) fn counted(n: u64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// A count as `950`, `12.3k` or `4.5M`.
pub(crate) fn count(value: u64) -> String {
    match value {
        0..1_000 => value.to_string(),
        1_000..999_950 => format!("{:.1}k", value as f64 / 1e3),
        _ => format!("{:.1}M", value as f64 / 1e6),
    }
}

/// A duration in microseconds as `950 us`, `12.3 ms`, `4.5 s` or `2m 05s`.
pub(crate) fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} us"),
        1_000..999_950 => format!("{:.1} ms", us as f64 / 1e3),
        999_950..60_000_000 => format!("{:.1} s", us as f64 / 1e6),
        _ => format!("{}m {:02}s", us / 60_000_000, us / 1_000_000 % 60),
    }
}

/// A share of 0 to 1 as `73 %`; a dash for none.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or("-".to_owned(), |s| format!("{} %", hundredths(s)))
}

/// A difference of shares as `+1.2 points`; a dash for none.
pub(crate) fn points(difference: Option<f64>) -> String {
    difference.map_or("-".to_owned(), |share| format!("{:+.1} points", share * 100.0))
}

/// The kind of a score's figures; synthetic ones in capitals, so that none reads past them.
pub(crate) fn kind(score: &Score) -> String {
    match score.kind {
        Some(FigureKind::Synthetic) => "SYNTHETIC".to_owned(),
        Some(kind) => word(&kind),
        None => "-".to_owned(),
    }
}

/// Headings of [`cells`].
pub(crate) const COLUMNS: [&str; 7] =
    ["passed", "not scored", "steps", "tokens", "cached", "trial p50", "kind"];

/// A score as one row: its rate with interval, trials apart from it, steps of a trial, tokens, reported cache hit
/// rate, virtual time of a trial, kind.
pub(crate) fn cells(score: &Score) -> [String; 7] {
    let usage = &score.effort.usage;
    [
        rate(score.pass_rate.as_ref()),
        apart(&score.counts),
        score.effort.steps_mean.map_or("-".to_owned(), |mean| format!("{mean:.1}")),
        count(usage.input_tokens.saturating_add(usage.output_tokens)),
        percent(score.effort.cache_hit_rate),
        score.latency.trial.map_or("-".to_owned(), |p| duration(p.p50_us)),
        kind(score),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{CONFIDENCE, wilson};

    #[test]
    fn figures_are_short_and_carry_their_units() {
        let interval = wilson(7, 10, CONFIDENCE).unwrap();
        let seven = Rate { passed: 7, of: 10, value: 0.7, interval, interval_tasks: None };
        assert_eq!(rate(Some(&seven)), "7/10  70 % [40, 89]");
        assert_eq!(rate(None), "-");
        assert_eq!([0.0, 0.0001, 0.5, 0.9996, 1.0].map(hundredths), ["0", "0.1", "50", "99.9", "100"]);
        assert_eq!([999, 1_000, 999_949, 999_950].map(count), ["999", "1.0k", "999.9k", "1.0M"]);
        assert_eq!([999, 1_500, 999_960, 125_000_000].map(duration), ["999 us", "1.5 ms", "1.0 s", "2m 05s"]);
    }
}
