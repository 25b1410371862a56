//! A row for each call. Knows nothing of totals.

use super::summary::CacheInput;
use crate::ReportError;
use crate::text::cell;

const COLUMNS: [&str; 20] = [
    "source",
    "session",
    "format",
    "accounting",
    "profile",
    "call",
    "thread",
    "model",
    "trigger",
    "first",
    "input_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "output_tokens",
    "achievable_tokens",
    "perfect_tokens",
    "cost_usd",
    "breaks",
    "lost_tokens",
    "lost_usd",
];

/// The calls as CSV.
pub fn cache_csv(input: &CacheInput) -> Result<String, ReportError> {
    let fault = ReportError::encode("cache.csv");
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(COLUMNS).map_err(&fault)?;
    for session in &input.sessions {
        let accounting =
            serde_json::to_value(session.accounting).map_err(ReportError::encode("cache.csv"))?;
        for call in &session.calls {
            let breaks: Vec<_> = session.breaks.iter().filter(|one| one.call == call.call).collect();
            let names: Vec<String> = breaks.iter().map(|one| one.cause.to_string()).collect();
            // Nothing was lost without a break, whatever the model's price.
            let lost_usd: Option<f64> = breaks.iter().map(|one| one.cost_usd).sum();
            let lost_usd = lost_usd.filter(|_| !breaks.is_empty());
            let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
            let money = |value: Option<f64>| value.map(|value| format!("{value:.6}")).unwrap_or_default();
            let usage = call.usage;
            out.write_record([
                cell(&session.source),
                cell(&session.id),
                session.format.clone(),
                accounting.as_str().unwrap_or_default().to_owned(),
                cell(session.profile.as_deref().unwrap_or_default()),
                call.call.to_string(),
                cell(&call.thread),
                cell(&call.model),
                call.trigger.to_string(),
                call.first.to_string(),
                number(usage.map(|usage| usage.input_tokens)),
                number(usage.map(|usage| usage.cached_tokens)),
                number(usage.map(|usage| usage.cache_write_tokens)),
                number(usage.map(|usage| usage.output_tokens)),
                number(call.predicted.map(|predicted| predicted.cached)),
                number(call.predicted.map(|predicted| predicted.perfect)),
                money(call.cost_usd),
                names.join(" "),
                breaks.iter().map(|one| one.tokens).sum::<u64>().to_string(),
                money(lost_usd),
            ])
            .map_err(&fault)?;
        }
    }
    let bytes = out.into_inner().map_err(|error| fault(error.into_error().into()))?;
    String::from_utf8(bytes).map_err(ReportError::encode("cache.csv"))
}
