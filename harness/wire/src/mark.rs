//! How a volatile value is marked within a canonical text: by its class, and the value itself beside it. The key of a
//! request is made without the values, an explanation with them. Knows nothing of rules.

use std::borrow::Cow;

use crate::Capture;

/// Opens and closes a mark: a noncharacter, which no text of an agent holds. A text that holds it nevertheless is
/// escaped and never marked, so that nothing can pass for a mark.
const MARK: char = '\u{fdd0}';
/// Stands between the class and the value.
const VALUE: char = '\u{fdd1}';
/// Stands before the number of an escaped noncharacter.
const ESCAPE: char = '\u{fdd2}';

/// The text that stands where a volatile value was. The text it is put into has to be [markable].
pub fn marked(class: &str, value: &str) -> String {
    format!("{MARK}{class}{VALUE}{value}{MARK}")
}

/// Whether a text can hold marks: it has no character of a mark of its own.
pub fn markable(text: &str) -> bool {
    // They begin with the same byte, which is rare and found fast.
    !text.as_bytes().contains(&0xef) || !text.contains([MARK, VALUE, ESCAPE])
}

/// A text in which nothing passes for a mark; different texts stay different.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if markable(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match [MARK, VALUE, ESCAPE].iter().position(|special| *special == c) {
            Some(number) => out.extend([ESCAPE, ['0', '1', '2'][number]]),
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// One piece of a marked text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// What has to be equal.
    Plain(&'a str),
    /// A volatile value.
    Volatile { class: &'a str, value: &'a str },
}

/// The pieces of a marked text, first to last.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    text.split(MARK).filter(|piece| !piece.is_empty()).map(|piece| match piece.split_once(VALUE) {
        Some((class, value)) => Piece::Volatile { class, value },
        None => Piece::Plain(piece),
    })
}

/// A marked text without values, what stands for each being the same for all of its class; and the values, first to last.
pub fn unmarked(text: &str) -> (String, Vec<Capture>) {
    let mut plain = String::with_capacity(text.len());
    let mut captures = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Plain(piece) => plain.push_str(piece),
            Piece::Volatile { class, value } => {
                plain.extend([MARK]);
                plain.push_str(class);
                plain.extend([MARK]);
                captures.push(Capture { class: class.to_owned(), value: value.to_owned() });
            }
        }
    }
    (plain, captures)
}

/// Whether a text holds any mark.
pub(crate) fn has_marks(text: &str) -> bool {
    text.contains(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_text_tells_its_values_and_the_rest() {
        let text = format!("id {}, took {}.", marked("uuid", "x-1"), marked("duration", "0.1"));
        let (plain, captures) = unmarked(&text);
        let other = format!("id {}, took {}.", marked("uuid", "y"), marked("duration", "9"));
        assert_eq!(plain, unmarked(&other).0);
        assert_eq!(captures.iter().map(|c| c.value.as_str()).collect::<Vec<_>>(), ["x-1", "0.1"]);
    }

    #[test]
    fn what_looks_like_a_mark_is_escaped_and_stays_different() {
        let forged = |value: &str| escaped(&marked("uuid", value)).into_owned();
        assert!(!has_marks(&forged("x")));
        assert_ne!(forged("x"), forged("y"));
        assert_ne!(escaped("\u{fdd0}"), escaped("\u{fdd2}0"));
    }
}
