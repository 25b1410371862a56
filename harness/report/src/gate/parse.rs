//! Rules as people write them: `pass_rate >= baseline - 2pp`, `cost <= 1.1x`, `drift <= text`, `no_new_failures`. Knows nothing of
//! what they are judged by.

use std::ops::Range;

use base::toml_file::nearest;
use journal::DriftGrade;

use super::figure::{Figure, Unit};
use super::{Bound, Gate, Rule};

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuleError {
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// Where in the rule, in bytes.
    pub span: Range<usize>,
    /// What to write instead.
    pub help: String,
}

/// The forms, for who asks.
const FORMS: &str = "write FIGURE >= LIMIT or FIGURE <= LIMIT, where a limit is a number, `baseline`, `baseline - 2pp`, `baseline + 10%` or \
                     `1.1x`; `drift <= text`; or `no_new_failures`";

impl std::str::FromStr for Gate {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        Ok(Self { text: text.trim().to_owned(), rule: rule(text)? })
    }
}

/// A word of a rule with its place.
type Word<'a> = (&'a str, Range<usize>);

fn rule(text: &str) -> Result<Rule, RuleError> {
    let whole = 0..text.len();
    let fail =
        |span: Range<usize>, message: String, help: &str| RuleError { message, span, help: help.to_owned() };
    if text.trim() == "no_new_failures" {
        return Ok(Rule::NoNewFailures);
    }
    let Some(at) = text.find(['<', '>', '=']) else {
        return Err(fail(whole, format!("`{}` is no rule", text.trim()), FORMS));
    };
    let end = text[at..].find(|c| !matches!(c, '<' | '>' | '=')).map_or(text.len(), |length| at + length);
    let at_least = match &text[at..end] {
        ">=" => true,
        "<=" => false,
        other => {
            return Err(fail(at..end, format!("a limit is put with `>=` or `<=`, not `{other}`"), FORMS));
        }
    };
    let name = trimmed(text, 0..at);
    let right = trimmed(text, end..text.len());
    if right.0.is_empty() {
        return Err(fail(at..end, "the limit is missing".to_owned(), FORMS));
    }
    if name.0 == "drift" {
        return drift(at_least, &right);
    }
    let Some(figure) = Figure::ALL.into_iter().find(|figure| figure.name() == name.0) else {
        return Err(unknown(name));
    };
    Ok(Rule::Limit { figure, at_least, bound: bound(figure, text, right)? })
}

fn unknown((name, span): Word<'_>) -> RuleError {
    let mut known: Vec<String> = Figure::ALL.into_iter().map(Figure::name).collect();
    known.push("drift".to_owned());
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    let help = match nearest(name, &names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("figures are {}", names.join(", ")),
    };
    RuleError { message: format!("there is no figure `{name}`"), span, help }
}

fn drift(at_least: bool, (word, span): &Word<'_>) -> Result<Rule, RuleError> {
    let grade = match *word {
        "none" => None,
        "text" => Some(DriftGrade::Text),
        "files" => Some(DriftGrade::Files),
        "exit" => {
            let message = "`exit` is the gravest drift: this rule cannot break".to_owned();
            return Err(RuleError { message, span: span.clone(), help: "write `drift <= text`".to_owned() });
        }
        other => {
            let message = format!("drift is graded none, text, files and exit, not `{other}`");
            return Err(RuleError { message, span: span.clone(), help: "write `drift <= text`".to_owned() });
        }
    };
    if at_least {
        let message = "drift is limited from above".to_owned();
        return Err(RuleError { message, span: span.clone(), help: "write `drift <= text`".to_owned() });
    }
    Ok(Rule::Drift { most: grade })
}

fn bound(figure: Figure, text: &str, (word, span): Word<'_>) -> Result<Bound, RuleError> {
    if let Some(rest) = word.strip_prefix("baseline") {
        let rest = trimmed(text, span.end - rest.len()..span.end);
        return against(figure, text, rest);
    }
    if let Some(number) = word.strip_suffix('x') {
        let factor = number.trim().parse::<f64>().ok().filter(|f| f.is_finite() && *f > 0.0);
        let factor =
            factor.ok_or_else(|| no_number(&span, number, "a factor of the baseline is written `1.1x`"))?;
        return Ok(Bound::Baseline { factor, shift: 0.0 });
    }
    Ok(Bound::Value(number(figure, &span, word, false)?))
}

/// What follows `baseline`.
fn against(figure: Figure, text: &str, (rest, span): Word<'_>) -> Result<Bound, RuleError> {
    if rest.is_empty() {
        return Ok(Bound::Baseline { factor: 1.0, shift: 0.0 });
    }
    let sign = match rest.as_bytes()[0] {
        b'+' => 1.0,
        b'-' => -1.0,
        _ => return Err(no_number(&span, rest, "a margin is written `baseline - 2pp` or `baseline + 10%`")),
    };
    let (margin, span) = trimmed(text, span.start + 1..span.end);
    if let Some(percent) = margin.strip_suffix('%') {
        let share = percent.trim().parse::<f64>().ok().filter(|p| p.is_finite() && *p >= 0.0);
        let share = share
            .ok_or_else(|| no_number(&span, percent, "a part of the baseline is written `10%`"))?
            / 100.0;
        return Ok(Bound::Baseline { factor: 1.0 + sign * share, shift: 0.0 });
    }
    let shift = number(figure, &span, margin, true)?;
    Ok(Bound::Baseline { factor: 1.0, shift: sign * shift })
}

/// A number with its unit, in the figure's own: shares from 0 to 1, seconds, USD.
fn number(figure: Figure, span: &Range<usize>, word: &str, is_margin: bool) -> Result<f64, RuleError> {
    let units: &[(&str, f64)] = match figure.unit() {
        Unit::Share if is_margin => &[("pp", 0.01)],
        Unit::Share => &[("%", 0.01), ("", 1.0)],
        Unit::Number => &[("k", 1e3), ("M", 1e6), ("", 1.0)],
        Unit::Usd => &[("usd", 1.0), ("USD", 1.0), ("", 1.0)],
        Unit::Time => &[("ms", 1e-3), ("min", 60.0), ("s", 1.0)],
    };
    let help = match figure.unit() {
        Unit::Share if is_margin => "a margin of a share is written `2pp`",
        Unit::Share => "a share is written `0.9` or `90%`",
        Unit::Number => "a number is written `12`, `1.5k` or `2M`",
        Unit::Usd => "money is written `0.2usd`",
        Unit::Time => "a time is written `90s`, `2min` or `500ms`",
    };
    let word = word.strip_prefix('$').filter(|_| figure.unit() == Unit::Usd).unwrap_or(word);
    let parsed = units.iter().find_map(|(unit, scale)| {
        let number = word.strip_suffix(unit)?.trim().parse::<f64>().ok()?;
        (number.is_finite() && number >= 0.0).then_some(number * scale)
    });
    let parsed = parsed.ok_or_else(|| no_number(span, word, help))?;
    if figure.unit() == Unit::Share && parsed > 1.0 {
        return Err(no_number(span, word, "a share is at most 1"));
    }
    Ok(parsed)
}

fn no_number(span: &Range<usize>, word: &str, help: &str) -> RuleError {
    RuleError {
        message: format!("`{}` is no limit here", word.trim()),
        span: span.clone(),
        help: help.to_owned(),
    }
}

/// The part of a text without the blanks around it, and where it is.
fn trimmed(text: &str, range: Range<usize>) -> Word<'_> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    let word = part.trim();
    (word, start..start + word.len())
}
