//! The first place where two blocks differ, found by what their texts mean: volatile values are equal where their class
//! and their number in the conversation are. Place, offset and texts are those that were sent. Knows nothing of causes.

use serde_json::Value;

use crate::mark::{Piece, pieces};
use crate::{Capture, Chain, PathStep, path_text};

/// Characters of context on each side of a difference.
const CONTEXT: usize = 40;

/// The first difference of two blocks.
#[derive(Debug)]
pub(crate) struct Leaf {
    /// Where in the block.
    pub(crate) path: String,
    /// Byte offset in the recorded text.
    pub(crate) offset: u64,
    /// The two texts around it.
    pub(crate) diff: String,
    /// The recorded text there, as it was sent.
    pub(crate) recorded: String,
}

/// A block's value with its volatile values marked, and the conversation that numbers them.
pub(crate) struct Marked<'a> {
    pub(crate) value: Value,
    pub(crate) chain: &'a Chain,
}

impl Marked<'_> {
    /// What a marked text means: characters, and volatile values by class and number.
    fn units<'t>(&self, text: &'t str) -> Vec<Unit<'t>> {
        let mut units = Vec::with_capacity(text.len());
        for piece in pieces(text) {
            match piece {
                Piece::Plain(plain) => units.extend(plain.chars().map(Unit::Char)),
                Piece::Volatile { class, value } => {
                    let capture = Capture { class: class.to_owned(), value: value.to_owned() };
                    units.push(Unit::Volatile(class, self.chain.number(&capture), value));
                }
            }
        }
        units
    }
}

/// A piece of what a text means.
#[derive(Clone, Copy, Debug)]
enum Unit<'a> {
    Char(char),
    /// Class, number in the conversation, and the value that stood there.
    Volatile(&'a str, Option<u32>, &'a str),
}

impl PartialEq for Unit<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Char(a), Self::Char(b)) => a == b,
            (Self::Volatile(a, m, _), Self::Volatile(b, n, _)) => (a, m) == (b, n),
            _ => false,
        }
    }
}

impl Unit<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Char(c) => c.len_utf8(),
            Self::Volatile(_, _, value) => value.len(),
        }
    }
}

/// The text that was sent, from what it means.
fn sent(units: &[Unit<'_>]) -> String {
    let mut text = String::new();
    for unit in units {
        match unit {
            Unit::Char(c) => text.push(*c),
            Unit::Volatile(_, _, value) => text.push_str(value),
        }
    }
    text
}

/// Finds it; both values are of the same place.
pub(crate) fn leaf(old: &Marked<'_>, new: &Marked<'_>) -> Leaf {
    let equal = |x: &Value, y: &Value| {
        let both = x.as_str().zip(y.as_str());
        both.map_or_else(|| x == y, |(x, y)| old.units(x) == new.units(y))
    };
    let mut path = Vec::new();
    let (a, b) = descend(&old.value, &new.value, &equal, &mut path);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (a, b) = (text(a), text(b));
    let (a, b) = (old.units(&a), new.units(&b));
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let offset = |units: &[Unit<'_>]| units.iter().take(same).map(Unit::len).sum::<usize>();
    let (recorded, now) = (sent(&a), sent(&b));
    let diff = format!("- {}\n+ {}", cut(&recorded, offset(&a)), cut(&now, offset(&b)));
    Leaf { path: path_text(&path), offset: offset(&a) as u64, diff, recorded }
}

/// Whether two values mean the same, given what two strings that do are.
fn same(a: &Value, b: &Value, equal: &dyn Fn(&Value, &Value) -> bool) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, x)| b.get(key).is_some_and(|y| same(x, y, equal)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(x, y)| same(x, y, equal))
        }
        _ => equal(a, b),
    }
}

/// Walks down to the first two values that differ and are not both objects or both arrays.
fn descend<'a>(
    mut old: &'a Value,
    mut new: &'a Value,
    equal: &dyn Fn(&Value, &Value) -> bool,
    path: &mut Vec<PathStep>,
) -> (&'a Value, &'a Value) {
    static NULL: Value = Value::Null;
    let differ = |x: Option<&Value>, y: Option<&Value>| match (x, y) {
        (Some(x), Some(y)) => !same(x, y, equal),
        _ => true,
    };
    loop {
        let step = match (old, new) {
            (Value::Object(a), Value::Object(b)) => {
                let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
                keys.map(|key| (PathStep::Key(key.clone()), a.get(key), b.get(key)))
                    .find(|(_, x, y)| differ(*x, *y))
            }
            (Value::Array(a), Value::Array(b)) => (0..a.len().max(b.len()))
                .map(|i| (PathStep::Index(i), a.get(i), b.get(i)))
                .find(|(_, x, y)| differ(*x, *y)),
            _ => None,
        };
        let Some((step, a, b)) = step else { return (old, new) };
        path.push(step);
        (old, new) = (a.unwrap_or(&NULL), b.unwrap_or(&NULL));
    }
}

/// A text around an offset, on one line.
pub(crate) fn cut(text: &str, offset: usize) -> String {
    let before: Vec<char> = text[..offset.min(text.len())].chars().rev().take(CONTEXT).collect();
    let after: String = text[offset.min(text.len())..].chars().take(CONTEXT * 2).collect();
    let lead = if before.len() == CONTEXT { "…" } else { "" };
    let trail = if text.len() > offset + after.len() { "…" } else { "" };
    let shown: String = before.into_iter().rev().collect::<String>() + &after;
    format!("{lead}{}{trail}", shown.escape_debug())
}
