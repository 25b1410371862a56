//! Figures over calls, kept as sums, so that those of calls make those of sessions, and those of sessions any group's.
//! Knows nothing of how a prediction is made.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::analysis::CallReport;
use crate::session::Trigger;

/// Some calls with their tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Calls.
    pub calls: u64,
    /// All tokens of their prompts.
    pub input_tokens: u64,
    /// Those read from the cache, as reported.
    pub cached_tokens: u64,
}

impl Part {
    fn add(&mut self, input: u64, cached: u64) {
        self.calls += 1;
        self.input_tokens = self.input_tokens.saturating_add(input);
        self.cached_tokens = self.cached_tokens.saturating_add(cached);
    }

    fn merge(&mut self, other: Self) {
        self.calls += other.calls;
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.cached_tokens = self.cached_tokens.saturating_add(other.cached_tokens);
    }

    /// Cached by input tokens.
    pub fn hit_rate(self) -> Option<f64> {
        rate(self.cached_tokens, self.input_tokens)
    }
}

/// Money, in USD, over the calls whose model has a price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Costs {
    /// Calls without a price: in none of the sums.
    pub unpriced_calls: u64,
    /// As it was reported.
    pub reported: f64,
    /// Without any cache.
    pub without_cache: f64,
    /// As the rules of the provider allow; over the calls whose requests are known.
    pub achievable: f64,
    /// With a cache that keeps everything; over the calls whose requests are known.
    pub perfect: f64,
    /// What the calls whose requests are known cost as reported, to compare with those two.
    pub reported_of_known: f64,
}

/// Sums over calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// All calls.
    pub calls: u64,
    /// Tokens as reported. Input includes cached and written ones.
    pub input_tokens: u64,
    /// Read from the cache.
    pub cached_tokens: u64,
    /// Written to it.
    pub cache_write_tokens: u64,
    /// Those of them that live for an hour.
    pub cache_write_1h_tokens: u64,
    /// Of the answers.
    pub output_tokens: u64,
    /// Calls whose usage is known; and the sum of their hit rates.
    pub reported: (u64, f64),
    /// Calls whose requests are known; the sum of their achievable rates.
    pub predicted: (u64, f64),
    /// Tokens of their prompts, of those what the rules allow, and what a perfect cache would give.
    pub predicted_tokens: (u64, u64, u64),
    /// Over calls with both: input, reported and achievable tokens.
    pub both: (u64, u64, u64),
    /// The first call of each thread, and all others.
    pub first: Part,
    /// All others.
    pub later: Part,
    /// Calls for which nothing was read, and for which something was.
    pub cold: Part,
    /// Calls for which something was read.
    pub warm: Part,
    /// By what made the call necessary.
    pub by_trigger: BTreeMap<Trigger, Part>,
    /// Over calls with a predecessor: appended tokens, growth of the prompt, output of the call before.
    pub growth: (u64, u64, u64),
    /// Money.
    pub costs: Costs,
    /// Times to the first content, in microseconds: of cold calls, of warm ones.
    pub ttft_us: (Vec<u64>, Vec<u64>),
    /// Over calls with both: counted tokens, reported ones, and the sum of the differences' sizes.
    pub counted: (u64, u64, u64),
    /// The same of what was predicted to be read: sum of the differences' sizes.
    pub predicted_error: u64,
}

/// A part of a whole, rounded to six decimals; nothing of nothing.
pub(crate) fn rate(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| round(part as f64 / whole as f64))
}

pub(crate) fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

impl Figures {
    /// Adds a call; `before` is the one before it in its thread.
    pub(crate) fn add(&mut self, call: &CallReport, before: Option<&CallReport>) {
        self.calls += 1;
        if let Some(usage) = call.usage {
            self.add_usage(call, usage);
            if let Some(before) = before.and_then(|before| before.usage)
                && call.trigger != Trigger::Compaction
            {
                let (appended, grown, output) = &mut self.growth;
                *appended += usage.input_tokens.saturating_sub(usage.cached_tokens);
                *grown += usage.input_tokens.saturating_sub(before.input_tokens);
                *output += before.output_tokens;
            }
        }
        let Some(predicted) = call.predicted else { return };
        self.predicted.0 += 1;
        self.predicted.1 += rate(predicted.cached, predicted.input).unwrap_or(0.0);
        self.predicted_tokens.0 += predicted.input;
        self.predicted_tokens.1 += predicted.cached;
        self.predicted_tokens.2 += predicted.perfect;
        if let Some(usage) = call.usage.filter(|usage| usage.input_tokens > 0) {
            self.both.0 += usage.input_tokens;
            self.both.1 += usage.cached_tokens;
            self.both.2 += predicted.cached;
            self.counted.0 += predicted.counted;
            self.counted.1 += usage.input_tokens;
            self.counted.2 += predicted.counted.abs_diff(usage.input_tokens);
            self.predicted_error += predicted.cached.abs_diff(usage.cached_tokens);
        }
    }

    fn add_usage(&mut self, call: &CallReport, usage: wire::Usage) {
        let (input, cached) = (usage.input_tokens, usage.cached_tokens);
        for (sum, value) in [
            (&mut self.input_tokens, input),
            (&mut self.cached_tokens, cached),
            (&mut self.cache_write_tokens, usage.cache_write_tokens),
            (&mut self.cache_write_1h_tokens, call.written_1h),
            (&mut self.output_tokens, usage.output_tokens),
        ] {
            *sum = sum.saturating_add(value);
        }
        self.reported.0 += 1;
        self.reported.1 += rate(cached, input).unwrap_or(0.0);
        if call.first {
            self.first.add(input, cached);
        } else {
            self.later.add(input, cached);
        }
        if cached == 0 {
            self.cold.add(input, cached);
        } else {
            self.warm.add(input, cached);
        }
        self.by_trigger.entry(call.trigger).or_default().add(input, cached);
        if let Some(ttft) = call.ttft_us {
            if cached == 0 { self.ttft_us.0.push(ttft) } else { self.ttft_us.1.push(ttft) }
        }
    }

    /// Adds what calls cost.
    pub(crate) fn pay(&mut self, costs: Costs) {
        let sum = &mut self.costs;
        sum.unpriced_calls += costs.unpriced_calls;
        sum.reported += costs.reported;
        sum.without_cache += costs.without_cache;
        sum.achievable += costs.achievable;
        sum.perfect += costs.perfect;
        sum.reported_of_known += costs.reported_of_known;
    }

    /// Adds other figures.
    pub fn merge(&mut self, other: &Self) {
        let pairs = [
            (&mut self.calls, other.calls),
            (&mut self.input_tokens, other.input_tokens),
            (&mut self.cached_tokens, other.cached_tokens),
            (&mut self.cache_write_tokens, other.cache_write_tokens),
            (&mut self.cache_write_1h_tokens, other.cache_write_1h_tokens),
            (&mut self.output_tokens, other.output_tokens),
            (&mut self.reported.0, other.reported.0),
            (&mut self.predicted.0, other.predicted.0),
            (&mut self.predicted_tokens.0, other.predicted_tokens.0),
            (&mut self.predicted_tokens.1, other.predicted_tokens.1),
            (&mut self.predicted_tokens.2, other.predicted_tokens.2),
            (&mut self.both.0, other.both.0),
            (&mut self.both.1, other.both.1),
            (&mut self.both.2, other.both.2),
            (&mut self.growth.0, other.growth.0),
            (&mut self.growth.1, other.growth.1),
            (&mut self.growth.2, other.growth.2),
            (&mut self.counted.0, other.counted.0),
            (&mut self.counted.1, other.counted.1),
            (&mut self.counted.2, other.counted.2),
            (&mut self.predicted_error, other.predicted_error),
        ];
        for (sum, value) in pairs {
            *sum = sum.saturating_add(value);
        }
        self.reported.1 += other.reported.1;
        self.predicted.1 += other.predicted.1;
        self.first.merge(other.first);
        self.later.merge(other.later);
        self.cold.merge(other.cold);
        self.warm.merge(other.warm);
        for (trigger, part) in &other.by_trigger {
            self.by_trigger.entry(*trigger).or_default().merge(*part);
        }
        self.pay(other.costs);
        self.ttft_us.0.extend(&other.ttft_us.0);
        self.ttft_us.1.extend(&other.ttft_us.1);
    }

    /// Cached by input tokens, as reported: weighted by tokens.
    pub fn reported_hit_rate(&self) -> Option<f64> {
        rate(self.cached_tokens, self.input_tokens)
    }

    /// The mean of the calls' own rates, as reported.
    pub fn reported_hit_rate_per_request(&self) -> Option<f64> {
        (self.reported.0 > 0).then(|| round(self.reported.1 / self.reported.0 as f64))
    }

    /// What the rules allow, by input tokens, over the calls whose requests are known.
    pub fn achievable_hit_rate(&self) -> Option<f64> {
        rate(self.predicted_tokens.1, self.predicted_tokens.0)
    }

    /// The mean of the calls' own achievable rates.
    pub fn achievable_hit_rate_per_request(&self) -> Option<f64> {
        (self.predicted.0 > 0).then(|| round(self.predicted.1 / self.predicted.0 as f64))
    }

    /// The rate of a cache that keeps everything, over the calls whose requests are known.
    pub fn perfect_hit_rate(&self) -> Option<f64> {
        rate(self.predicted_tokens.2, self.predicted_tokens.0)
    }

    /// Achievable less reported, over the calls with both.
    pub fn gap(&self) -> Option<f64> {
        let (input, reported, achievable) = self.both;
        (input > 0).then(|| round((achievable as f64 - reported as f64) / input as f64))
    }

    /// Tokens appended by fresh tokens, over calls with a predecessor: fresh is growth less the output of the call before
    /// (TraceLab, arXiv 2606.30560). Nothing where nothing was fresh.
    pub fn prefill_amplification(&self) -> Option<f64> {
        let (appended, grown, output) = self.growth;
        let fresh = grown.checked_sub(output).filter(|fresh| *fresh > 0)?;
        Some(round(appended as f64 / fresh as f64))
    }

    /// Mean size of the tokenizer's error, by reported tokens, before it is scaled to them.
    pub fn tokenizer_error(&self) -> Option<f64> {
        rate(self.counted.2, self.counted.1)
    }

    /// Reported by counted tokens: what a count was scaled with.
    pub fn tokenizer_scale(&self) -> Option<f64> {
        rate(self.counted.1, self.counted.0)
    }

    /// Size of the error of what was predicted to be read, by input tokens.
    pub fn prediction_error(&self) -> Option<f64> {
        rate(self.predicted_error, self.both.0)
    }

    /// Median times to the first content, in microseconds: of cold calls, of warm ones.
    pub fn median_ttft_us(&self) -> (Option<u64>, Option<u64>) {
        let median = |values: &[u64]| {
            let mut sorted = values.to_vec();
            sorted.sort_unstable();
            let middle = sorted.len() / 2;
            let upper = *sorted.get(middle)?;
            Some(if sorted.len() % 2 == 1 { upper } else { sorted[middle - 1].midpoint(upper) })
        };
        (median(&self.ttft_us.0), median(&self.ttft_us.1))
    }
}
