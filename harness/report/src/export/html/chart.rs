//! Small charts as SVG: a rate with its interval, distributions on a logarithmic axis, parts of a whole, steps. Colours
//! come from the page's style. Knows nothing of runs.

use super::markup::Markup;
use crate::figures;
use crate::score::{Percentiles, Rate};

/// Classes that fill with the colours of a series.
pub(super) const FILLS: [&str; 5] = ["fa", "fb", "fc", "fd", "fe"];

/// The fill of the series of that number.
pub(super) fn fill(series: usize) -> &'static str {
    FILLS[series % FILLS.len()]
}

/// A rate as a point on a line from 0 to 1, with its interval; only the line where there is no rate.
pub(super) fn meter(m: &mut Markup, rate: Option<&Rate>) {
    m.raw("<svg class=\"meter\" viewBox=\"0 0 120 14\" role=\"img\" aria-label=\"");
    m.text(&figures::rate(rate)).raw("\">");
    m.raw("<path class=\"grid\" d=\"M2 7H118M2 3V11M60 5V9M118 3V11\" fill=\"none\"/>");
    if let Some(rate) = rate {
        let x = |share: f64| 2.0 + 116.0 * share;
        let (lo, hi) = (x(rate.interval.lo), x(rate.interval.hi));
        m.raw("<path class=\"range\" d=\"M").num(lo).raw(" 7H").num(hi).raw("\"/>");
        m.raw("<circle class=\"point\" cx=\"").num(x(rate.value)).raw("\" cy=\"7\" r=\"3.6\"/>");
    }
    m.raw("</svg>");
}

/// The same large, with its axis.
pub(super) fn big_meter(m: &mut Markup, rate: &Rate) {
    let x = |share: f64| 6.0 + 388.0 * share;
    m.raw("<svg class=\"chart big\" viewBox=\"0 0 400 46\" role=\"img\" aria-label=\"");
    m.text(&figures::rate(Some(rate))).raw("\">");
    for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
        m.raw("<path class=\"grid\" d=\"M")
            .num(x(tick))
            .raw(" 4V26\"/><text class=\"faint\" x=\"")
            .num(x(tick));
        m.raw("\" y=\"42\" text-anchor=\"").raw(match tick {
            0.0 => "start",
            1.0 => "end",
            _ => "middle",
        });
        m.raw("\">").int((tick * 100.0) as u64).raw(" %</text>");
    }
    m.raw("<g class=\"passed\"><rect x=\"").num(x(rate.interval.lo)).raw("\" y=\"9\" width=\"");
    m.num(x(rate.interval.hi) - x(rate.interval.lo))
        .raw("\" height=\"12\" rx=\"3\" fill=\"currentColor\" opacity=\".25\"/>");
    m.raw("<circle class=\"point\" cx=\"").num(x(rate.value)).raw("\" cy=\"15\" r=\"6\"/></g></svg>\n");
}

/// A series of durations in microseconds.
pub(super) struct Durations {
    /// What they are of.
    pub(super) name: String,
    /// The durations, in any order.
    pub(super) us: Vec<u64>,
}

/// Bins of one decade.
const BINS: usize = 10;
/// Width of a drawing that has half of the page.
pub(super) const WIDTH: f64 = 470.0;
/// Width of one that has most of it.
pub(super) const WIDE: f64 = 700.0;
/// Width of one that has a third.
const THIRD: f64 = 320.0;
/// Height of one series.
const ROW: f64 = 76.0;

/// Distributions below each other on one logarithmic axis, each with its percentiles as lines.
pub(super) fn distributions(m: &mut Markup, label: &str, series: &[Durations]) {
    let all = || series.iter().flat_map(|s| &s.us).map(|us| (*us).max(1));
    let (Some(least), Some(most)) = (all().min(), all().max()) else {
        m.raw("<p class=\"quiet\">Nothing was measured.</p>");
        return;
    };
    let low = (least as f64).log10().floor();
    let high = ((most as f64).log10().floor() + 1.0).max(low + 1.0);
    let x = |us: f64| (us.max(1.0).log10() - low) / (high - low) * (WIDTH - 12.0) + 6.0;
    let height = ROW * series.len() as f64 + 20.0;
    m.raw("<svg class=\"chart\" viewBox=\"0 0 ")
        .num(WIDTH)
        .raw(" ")
        .num(height)
        .raw("\" role=\"img\" aria-label=\"");
    m.text(label).raw("\">");
    decades(m, (low, high), height, x);
    for (number, durations) in series.iter().enumerate() {
        let base = ROW * (number as f64 + 1.0) - 2.0;
        bars(m, durations, (low, high), base, (fill(number), &x));
        percentiles(m, durations, base, &x);
    }
    m.raw("</svg>");
}

/// A line and a label for each power of ten.
fn decades(m: &mut Markup, (low, high): (f64, f64), height: f64, x: impl Fn(f64) -> f64) {
    let mut exponent = low;
    // Labels of neighbouring decades need room.
    let every = if high - low > 6.0 { 2 } else { 1 };
    while exponent <= high {
        let us = 10_f64.powf(exponent);
        m.raw("<path class=\"grid\" d=\"M").num(x(us)).raw(" 32V").num(height - 16.0).raw("\"/>");
        if ((exponent - low) as u64).is_multiple_of(every) {
            let anchor = if exponent == low {
                "start"
            } else if exponent == high {
                "end"
            } else {
                "middle"
            };
            m.raw("<text class=\"faint\" x=\"").num(x(us)).raw("\" y=\"").num(height - 3.0);
            m.raw("\" text-anchor=\"").raw(anchor).raw("\">").raw(decade(exponent)).raw("</text>");
        }
        exponent += 1.0;
    }
}

/// A power of ten of microseconds in words.
fn decade(exponent: f64) -> &'static str {
    const NAMES: [&str; 12] = [
        "1 us", "10 us", "100 us", "1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s", "17 min", "2.8 h",
        "28 h",
    ];
    NAMES.get(exponent as usize).copied().unwrap_or("days")
}

fn bars(
    m: &mut Markup,
    durations: &Durations,
    (low, high): (f64, f64),
    base: f64,
    (fill, x): (&'static str, &dyn Fn(f64) -> f64),
) {
    let bins = ((high - low) as usize * BINS).clamp(1, 400);
    let mut counts = vec![0_u64; bins];
    for us in &durations.us {
        let at = ((*us).max(1) as f64).log10() - low;
        let bin = (at * BINS as f64) as usize;
        counts[bin.min(bins - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    for (bin, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let left = x(10_f64.powf(low + bin as f64 / BINS as f64));
        let right = x(10_f64.powf(low + (bin + 1) as f64 / BINS as f64));
        let height = (*count as f64 / most * 34.0).max(1.5);
        m.raw("<rect class=\"").raw(fill).raw("\" x=\"").num(left + 0.5).raw("\" y=\"").num(base - height);
        m.raw("\" width=\"").num((right - left - 1.0).max(0.8)).raw("\" height=\"").num(height);
        m.raw("\" rx=\"1\"/>");
    }
    m.raw("<path class=\"grid\" d=\"M6 ").num(base).raw("H").num(WIDTH - 6.0).raw("\"/>");
}

fn percentiles(m: &mut Markup, durations: &Durations, base: f64, x: &dyn Fn(f64) -> f64) {
    let found = Percentiles::of(durations.us.clone());
    m.raw("<text class=\"strong\" x=\"6\" y=\"")
        .num(base - 62.0)
        .raw("\">")
        .text(&durations.name)
        .raw("</text>");
    let Some(p) = found else { return };
    for (us, dash) in [(p.p50_us, "none"), (p.p90_us, "4 2"), (p.p99_us, "1 2")] {
        m.raw("<path d=\"M").num(x(us as f64)).raw(" ").num(base - 39.0).raw("V").num(base);
        m.raw("\" stroke=\"currentColor\" stroke-width=\"1.3\" stroke-dasharray=\"").raw(dash).raw("\"/>");
    }
    let words = format!(
        "p50 {}   p90 {}   p99 {}   n {}",
        figures::duration(p.p50_us),
        figures::duration(p.p90_us),
        figures::duration(p.p99_us),
        p.n
    );
    m.raw("<text class=\"faint\" x=\"6\" y=\"").num(base - 47.0);
    m.raw("\" xml:space=\"preserve\">").text(&words).raw("</text>");
}

/// A whole in parts.
pub(super) struct Whole {
    /// What it is.
    pub(super) name: String,
    /// What stands at its end.
    pub(super) total: String,
    /// The class that fills each part, and its size.
    pub(super) parts: Vec<(&'static str, f64)>,
}

/// Wholes below each other as bars of their parts, on one scale, in a drawing of that width.
pub(super) fn stacks(m: &mut Markup, label: &str, wholes: &[Whole], width: f64) {
    let sum = |whole: &Whole| whole.parts.iter().map(|(_, size)| size).sum::<f64>();
    let most = wholes.iter().map(sum).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let height = 44.0 * wholes.len() as f64;
    m.raw("<svg class=\"chart\" viewBox=\"0 0 ")
        .num(width)
        .raw(" ")
        .num(height)
        .raw("\" role=\"img\" aria-label=\"");
    m.text(label).raw("\">");
    for (number, whole) in wholes.iter().enumerate() {
        let top = 44.0 * number as f64;
        m.raw("<text class=\"strong\" x=\"6\" y=\"").num(top + 14.0).raw("\">").text(&whole.name);
        m.raw("</text><text class=\"faint\" x=\"").num(width - 6.0).raw("\" y=\"").num(top + 14.0);
        m.raw("\" text-anchor=\"end\">").text(&whole.total).raw("</text>");
        let mut left = 6.0;
        for (class, size) in &whole.parts {
            let width = size / most * (width - 12.0);
            if width > 0.05 {
                m.raw("<rect class=\"").raw(class).raw("\" x=\"").num(left).raw("\" y=\"").num(top + 20.0);
                m.raw("\" width=\"").num(width).raw("\" height=\"14\"/>");
            }
            left += width;
        }
    }
    m.raw("</svg>");
}

/// What colours mean, by class and word.
pub(super) fn legend(m: &mut Markup, words: &[(&'static str, &'static str)]) {
    m.raw("<p class=\"legend\">");
    for (class, word) in words {
        m.raw("<span><i class=\"").raw(class).raw("\"></i>").raw(word).raw("</span>");
    }
    m.raw("</p>");
}

/// A column of a trial's chart of steps.
pub(super) struct Column {
    /// The id of what it leads to on the page.
    pub(super) target: Markup,
    /// What it says when it is pointed at.
    pub(super) words: String,
    /// The class that fills each part, and its size, from the bottom.
    pub(super) parts: Vec<(&'static str, f64)>,
    /// Whether a dot stands above it.
    pub(super) marked: bool,
}

/// Columns beside each other, each a link to its step.
pub(super) fn columns(m: &mut Markup, label: &str, columns: &[Column], most_words: &str) {
    let sum = |column: &Column| column.parts.iter().map(|(_, size)| size).sum::<f64>();
    let most = columns.iter().map(sum).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let pitch = ((WIDTH - 12.0) / columns.len().max(1) as f64).min(30.0);
    m.raw("<svg class=\"chart\" viewBox=\"0 0 ")
        .num(WIDTH)
        .raw(" 104\" role=\"group\" aria-label=\"")
        .text(label);
    m.raw("\"><path class=\"grid\" d=\"M6 12H464M6 86H464\"/><text class=\"faint\" x=\"464\" y=\"9\" text-anchor=\"end\">");
    m.text(most_words).raw("</text>");
    let every = columns.len().div_ceil(14).max(1);
    for (number, column) in columns.iter().enumerate() {
        let left = 6.0 + pitch * number as f64;
        m.raw("<a href=\"#")
            .put(&column.target)
            .raw("\" aria-label=\"")
            .text(&column.words)
            .raw("\"><title>");
        m.text(&column.words).raw("</title><rect x=\"").num(left).raw("\" y=\"12\" width=\"").num(pitch);
        m.raw("\" height=\"74\" fill=\"transparent\"/>");
        let mut bottom = 86.0;
        for (class, size) in &column.parts {
            let height = size / most * 74.0;
            bottom -= height;
            if height > 0.05 {
                m.raw("<rect class=\"").raw(class).raw("\" x=\"").num(left + pitch * 0.1).raw("\" y=\"");
                m.num(bottom).raw("\" width=\"").num(pitch * 0.8).raw("\" height=\"").num(height).raw("\"/>");
            }
        }
        if column.marked {
            m.raw("<circle class=\"point failed\" cx=\"")
                .num(left + pitch / 2.0)
                .raw("\" cy=\"6\" r=\"3\"/>");
        }
        if number.is_multiple_of(every) {
            m.raw("<text class=\"faint\" x=\"")
                .num(left + pitch / 2.0)
                .raw("\" y=\"100\" text-anchor=\"middle\">");
            m.int(number as u64 + 1).raw("</text>");
        }
        m.raw("</a>");
    }
    m.raw("</svg>");
}

/// A line through shares of 0 to 1.
pub(super) struct Line {
    /// What it is of.
    pub(super) name: String,
    /// Position from 1 and share.
    pub(super) points: Vec<(u64, f64)>,
}

/// Lines over whole positions, from 0 to 100 %.
pub(super) fn lines(m: &mut Markup, label: &str, lines: &[Line]) {
    const STROKES: [&str; 5] = ["sa", "sb", "sc", "sd", "se"];
    let last = lines.iter().flat_map(|l| &l.points).map(|(at, _)| *at).max().unwrap_or(1).max(2);
    let x = |at: u64| 38.0 + (at.max(1) - 1) as f64 / (last - 1) as f64 * (WIDTH - 50.0);
    let y = |share: f64| 116.0 - share.clamp(0.0, 1.0) * 106.0;
    m.raw("<svg class=\"chart\" viewBox=\"0 0 ")
        .num(WIDTH)
        .raw(" 138\" role=\"img\" aria-label=\"")
        .text(label)
        .raw("\">");
    for percent in [0_u64, 25, 50, 75, 100] {
        let at = y(percent as f64 / 100.0);
        m.raw("<path class=\"grid\" d=\"M38 ")
            .num(at)
            .raw("H")
            .num(WIDTH - 12.0)
            .raw("\"/><text class=\"faint\" x=\"33\" y=\"");
        m.num(at + 4.0).raw("\" text-anchor=\"end\">").int(percent).raw(" %</text>");
    }
    for at in [1, last.div_ceil(2), last] {
        m.raw("<text class=\"faint\" x=\"")
            .num(x(at))
            .raw("\" y=\"133\" text-anchor=\"middle\">")
            .int(at)
            .raw("</text>");
    }
    for (number, line) in lines.iter().enumerate() {
        let series = number % STROKES.len();
        m.raw("<path class=\"")
            .raw(STROKES[series])
            .raw("\" fill=\"none\" stroke-width=\"1.8\" stroke-linejoin=\"round\" d=\"");
        for (index, (at, share)) in line.points.iter().enumerate() {
            m.raw(if index == 0 { "M" } else { "L" }).num(x(*at)).raw(" ").num(y(*share));
        }
        m.raw("\"><title>").text(&line.name).raw("</title></path>");
        for (at, share) in line.points.iter().filter(|_| line.points.len() <= 40) {
            m.raw("<circle class=\"")
                .raw(fill(series))
                .raw("\" cx=\"")
                .num(x(*at))
                .raw("\" cy=\"")
                .num(y(*share));
            m.raw("\" r=\"2.2\"/>");
        }
    }
    m.raw("</svg>");
}

/// Values of runs one after the other, between the smallest and the largest, with a dot where one changed for good.
pub(super) fn trend(
    m: &mut Markup,
    label: &str,
    values: &[Option<f64>],
    marks: &[usize],
    words: &dyn Fn(f64) -> String,
) {
    let known = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let (lo, hi) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let x = |at: usize| 8.0 + at as f64 / (values.len().max(2) - 1) as f64 * (THIRD - 16.0);
    let y = |value: f64| if hi > lo { 78.0 - (value - lo) / (hi - lo) * 56.0 } else { 50.0 };
    m.raw("<svg class=\"chart\" viewBox=\"0 0 ")
        .num(THIRD)
        .raw(" 96\" role=\"img\" aria-label=\"")
        .text(label);
    m.raw("\"><path class=\"grid\" d=\"M6 22H314M6 78H314\"/><text class=\"faint\" x=\"6\" y=\"17\">")
        .text(&words(hi));
    m.raw("</text>");
    if hi > lo {
        m.raw("<text class=\"faint\" x=\"6\" y=\"92\">").text(&words(lo)).raw("</text>");
    }
    m.raw("<path class=\"sa\" fill=\"none\" stroke-width=\"1.8\" stroke-linejoin=\"round\" d=\"");
    let points = values.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?)));
    for (index, (at, value)) in points.enumerate() {
        m.raw(if index == 0 { "M" } else { "L" }).num(x(at)).raw(" ").num(y(value));
    }
    m.raw("\"/>");
    for at in marks {
        if let Some(Some(value)) = values.get(*at) {
            m.raw("<circle class=\"point failed\" cx=\"")
                .num(x(*at))
                .raw("\" cy=\"")
                .num(y(*value))
                .raw("\" r=\"4\"/>");
        }
    }
    m.raw("</svg>");
}

/// A difference in percent with its interval, on an axis from `-scale` to `scale`; what lies beyond ends at its edge.
pub(super) fn difference(m: &mut Markup, shown: Option<[f64; 3]>, scale: f64, words: &str) {
    let x = |percent: f64| 80.0 + (percent / scale).clamp(-1.0, 1.0) * 76.0;
    m.raw("<svg class=\"forest\" viewBox=\"0 0 160 16\" role=\"img\" aria-label=\"").text(words).raw("\">");
    m.raw("<path class=\"grid\" d=\"M4 8H156\"/><path class=\"zero\" d=\"M80 0V16\"/>");
    if let Some([at, lo, hi]) = shown {
        m.raw("<path class=\"range\" d=\"M")
            .num(x(lo))
            .raw(" 8H")
            .num(x(hi))
            .raw("\"/><circle class=\"point\" cx=\"");
        m.num(x(at)).raw("\" cy=\"8\" r=\"3.6\"/>");
    }
    m.raw("</svg>");
}
