//! The places where two blocks differ, found by what their texts mean: volatile values are equal where the two
//! conversations have paired them. Places, offsets and texts are those that were sent. Knows nothing of causes.

use serde_json::Value;

use crate::compare::Pairing;
use crate::mark::{Piece, pieces};
use crate::short::short_diff;
use crate::{Capture, PathStep, path_text};

/// Places that are told of one block.
const LEAVES: usize = 64;

/// One difference of two blocks.
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
    /// The text that stands there now.
    pub(crate) now: String,
}

/// A piece of what a text means.
#[derive(Clone, Copy, Debug)]
enum Unit<'a> {
    Char(char),
    /// Class, and the value that stood there.
    Volatile(&'a str, &'a str),
}

impl Unit<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Char(c) => c.len_utf8(),
            Self::Volatile(_, value) => value.len(),
        }
    }
}

/// What a marked text means: characters, and volatile values.
fn units(text: &str) -> Vec<Unit<'_>> {
    let mut units = Vec::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Plain(plain) => units.extend(plain.chars().map(Unit::Char)),
            Piece::Volatile { class, value } => units.push(Unit::Volatile(class, value)),
        }
    }
    units
}

/// The text that was sent, from what it means.
fn sent(units: &[Unit<'_>]) -> String {
    let mut text = String::new();
    for unit in units {
        match unit {
            Unit::Char(c) => text.push(*c),
            Unit::Volatile(_, value) => text.push_str(value),
        }
    }
    text
}

/// Finds every difference of two values of one place, volatile values marked.
pub(crate) fn leaves(old: &Value, new: &Value, pairing: &Pairing) -> Vec<Leaf> {
    let mut walk = Walk { pairing, path: Vec::new(), found: Vec::new() };
    walk.values(old, new);
    walk.found
}

struct Walk<'a> {
    pairing: &'a Pairing,
    path: Vec<PathStep>,
    found: Vec<Leaf>,
}

impl Walk<'_> {
    fn is_same_unit(&self, old: &Unit<'_>, new: &Unit<'_>) -> bool {
        match (old, new) {
            (Unit::Char(a), Unit::Char(b)) => a == b,
            (Unit::Volatile(a, old), Unit::Volatile(b, new)) => {
                let capture =
                    |class: &str, value: &str| Capture { class: class.to_owned(), value: value.to_owned() };
                a == b && self.pairing.are_paired(&capture(a, old), &capture(b, new))
            }
            _ => false,
        }
    }

    fn is_same(&self, old: &Value, new: &Value) -> bool {
        match (old, new) {
            (Value::Object(a), Value::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(key, x)| b.get(key).is_some_and(|y| self.is_same(x, y)))
            }
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(x, y)| self.is_same(x, y))
            }
            (Value::String(a), Value::String(b)) => {
                let (a, b) = (units(a), units(b));
                a.len() == b.len() && a.iter().zip(&b).all(|(x, y)| self.is_same_unit(x, y))
            }
            _ => old == new,
        }
    }

    fn step(&mut self, step: PathStep, old: Option<&Value>, new: Option<&Value>) {
        self.path.push(step);
        match (old, new) {
            (Some(old), Some(new)) if self.is_same(old, new) => {}
            (Some(old), Some(new)) => self.values(old, new),
            (old, new) => self.leaf(old.unwrap_or(&Value::Null), new.unwrap_or(&Value::Null)),
        }
        self.path.pop();
    }

    fn values(&mut self, old: &Value, new: &Value) {
        if self.found.len() >= LEAVES {
            return;
        }
        match (old, new) {
            (Value::Object(a), Value::Object(b)) => {
                for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                    self.step(PathStep::Key(key.clone()), a.get(key), b.get(key));
                }
            }
            (Value::Array(a), Value::Array(b)) => self.arrays(a, b),
            _ => self.leaf(old, new),
        }
    }

    /// Element by element; where one list is longer, what both end with is the same.
    fn arrays(&mut self, a: &[Value], b: &[Value]) {
        let (short, same) = (a.len().min(b.len()), |(a, b): &(&Value, &Value)| self.is_same(a, b));
        let start = a.iter().zip(b).take_while(same).count();
        let end = a.iter().rev().zip(b.iter().rev()).take(short - start).take_while(same).count();
        let end = if a.len() == b.len() { 0 } else { end };
        let (a, b) = (&a[..a.len() - end], &b[..b.len() - end]);
        (start..a.len().max(b.len())).for_each(|i| self.step(PathStep::Index(i), a.get(i), b.get(i)));
    }

    fn leaf(&mut self, old: &Value, new: &Value) {
        if self.found.len() >= LEAVES {
            return;
        }
        // A whole part of a message says its text, and is in the place of nothing.
        let part = |value: &Value| Some(value.get("text")?.as_str()?.to_owned());
        let text = |value: &Value, other: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Null if part(other).is_some() => String::new(),
            _ => part(value).unwrap_or_else(|| value.to_string()),
        };
        let (a, b) = (text(old, new), text(new, old));
        let (a, b) = (units(&a), units(&b));
        let same = a.iter().zip(&b).take_while(|(x, y)| self.is_same_unit(x, y)).count();
        let offset = |units: &[Unit<'_>]| units.iter().take(same).map(Unit::len).sum::<usize>();
        let (recorded, now) = (sent(&a), sent(&b));
        let diff = short_diff(&recorded, &now, offset(&a), offset(&b));
        self.found.push(Leaf { path: path_text(&self.path), offset: offset(&a) as u64, diff, recorded, now });
    }
}
