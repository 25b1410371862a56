//! One text for every spelling of a JSON value: keys sorted, no white space, one way to escape. Numbers stay as
//! they were written, so that no integer is rounded. Knows nothing of what the values mean.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Nesting deeper than this is refused, so that no input can exhaust the stack.
const DEPTH_MAX: usize = 128;

/// A text that is not JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not JSON at byte {offset}: {problem}")]
pub struct JsonError {
    /// Where, in bytes from the start.
    pub offset: usize,
    /// What is wrong there.
    pub problem: &'static str,
}

/// One step of the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathStep {
    /// Into an object, by key.
    Key(String),
    /// Into an array, by index.
    Index(usize),
}

/// Shows a path as `.key[0]."odd key"`.
pub fn path_text(path: &[PathStep]) -> String {
    let mut text = String::new();
    for step in path {
        // Writing to a String cannot fail.
        let _ = match step {
            PathStep::Index(index) => write!(text, "[{index}]"),
            PathStep::Key(key)
                if key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') =>
            {
                write!(text, ".{key}")
            }
            PathStep::Key(key) => write!(text, ".{key:?}"),
        };
    }
    text
}

/// May replace strings on the way, leave members out, put elements in order, and write a short form in its long form.
pub trait Rewrite {
    /// The text that stands for the string at `path`; nothing: the string itself.
    fn string(&mut self, path: &[PathStep], value: &str) -> Option<String>;

    /// Whether the member at `path`, whose raw value is given, is left out.
    fn leaves_out(&mut self, _path: &[PathStep], _raw: &str) -> bool {
        false
    }

    /// Whether it looks at strings at all. Where it does not, they need not be taken out of their quotes.
    fn reads_strings(&self) -> bool {
        true
    }

    /// Whether the string at `path` stands for a list of one part of text: `"a"` for `[{"text":"a","type":"text"}]`.
    fn is_one_part(&mut self, _path: &[PathStep]) -> bool {
        false
    }

    /// The order in which the elements of the array at `path`, whose canonical texts are given, are written; nothing:
    /// as they came. Holds each index once.
    fn order(&mut self, _path: &[PathStep], _elements: &[&str]) -> Option<Vec<usize>> {
        None
    }
}

impl Rewrite for () {
    fn string(&mut self, _path: &[PathStep], _value: &str) -> Option<String> {
        None
    }

    fn reads_strings(&self) -> bool {
        false
    }
}

/// The canonical text of a JSON value.
pub fn canonical(raw: &str) -> Result<String, JsonError> {
    canonical_with(raw, &mut ())
}

/// The canonical text of a JSON value, with some of its strings rewritten.
pub fn canonical_with(raw: &str, rewrite: &mut dyn Rewrite) -> Result<String, JsonError> {
    let mut scan = Scan {
        raw: raw.as_bytes(),
        text: raw,
        at: 0,
        out: String::with_capacity(raw.len()),
        path: Vec::new(),
        rewrite,
    };
    scan.space();
    scan.value()?;
    scan.space();
    if scan.at == raw.len() { Ok(scan.out) } else { Err(scan.error("something follows the value")) }
}

struct Scan<'a, 'r> {
    raw: &'a [u8],
    text: &'a str,
    at: usize,
    out: String,
    path: Vec<PathStep>,
    rewrite: &'r mut dyn Rewrite,
}

impl<'a> Scan<'a, '_> {
    fn error(&self, problem: &'static str) -> JsonError {
        JsonError { offset: self.at, problem }
    }

    fn space(&mut self) {
        while matches!(self.raw.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8, problem: &'static str) -> Result<(), JsonError> {
        if self.raw.get(self.at) == Some(&byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.error(problem))
        }
    }

    fn value(&mut self) -> Result<(), JsonError> {
        if self.path.len() >= DEPTH_MAX {
            return Err(self.error("nested too deeply"));
        }
        match self.raw.get(self.at) {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'"') if !self.rewrite.reads_strings() => self.copy_string(),
            Some(b'"') => {
                let value = self.string()?;
                let one_part = self.rewrite.is_one_part(&self.path);
                if one_part {
                    self.out.push_str("[{\"text\":");
                    self.path.extend([PathStep::Index(0), PathStep::Key("text".to_owned())]);
                }
                let replaced = self.rewrite.string(&self.path, &value);
                push_string(&mut self.out, replaced.as_deref().unwrap_or(&value));
                if one_part {
                    self.out.push_str(",\"type\":\"text\"}]");
                    self.path.truncate(self.path.len() - 2);
                }
                Ok(())
            }
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.error("expected a value")),
        }
    }

    fn literal(&mut self, word: &'static str) -> Result<(), JsonError> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            self.out.push_str(word);
            Ok(())
        } else {
            Err(self.error("expected true, false or null"))
        }
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.raw.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(self.error("expected a digit")) }
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        if self.raw[self.at] == b'-' {
            self.at += 1;
        }
        if self.raw.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.raw.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.raw.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.raw.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        self.out.push_str(&self.text[start..self.at]);
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.take(b'"', "expected a string")?;
        let start = self.at;
        self.at += plain(&self.raw[start..]);
        if self.raw.get(self.at) == Some(&b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(&self.text[start..self.at - 1]));
        }
        let mut value = self.text[start..self.at].to_owned();
        loop {
            match self.raw.get(self.at) {
                None => return Err(self.error("the string has no end")),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(value));
                }
                Some(b'\\') => {
                    self.at += 1;
                    value.push(self.escape()?);
                }
                Some(0..=0x1f) => return Err(self.error("a control character in a string")),
                Some(_) => {
                    let end = self.at + plain(&self.raw[self.at..]);
                    value.push_str(&self.text[self.at..end]);
                    self.at = end;
                }
            }
        }
    }

    /// Writes the string that comes next. Most strings are spelled canonically already, and are copied as they are.
    fn copy_string(&mut self) -> Result<(), JsonError> {
        let mut from = self.at;
        self.take(b'"', "expected a string")?;
        loop {
            self.at += plain(&self.raw[self.at..]);
            match (self.raw.get(self.at), self.raw.get(self.at + 1)) {
                (None, _) => return Err(self.error("the string has no end")),
                (Some(b'"'), _) => {
                    self.at += 1;
                    self.out.push_str(&self.text[from..self.at]);
                    return Ok(());
                }
                (Some(b'\\'), Some(b'n' | b'"' | b'\\')) => self.at += 2,
                (Some(b'\\'), _) => {
                    self.out.push_str(&self.text[from..self.at]);
                    self.at += 1;
                    let c = self.escape()?;
                    push_plain(&mut self.out, c.encode_utf8(&mut [0; 4]));
                    from = self.at;
                }
                _ => return Err(self.error("a control character in a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let byte = *self.raw.get(self.at).ok_or_else(|| self.error("the string has no end"))?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => byte as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(self.error("an unknown escape")),
        })
    }

    fn unicode(&mut self) -> Result<char, JsonError> {
        let high = self.hex()?;
        if !(0xd800..0xe000).contains(&high) {
            return char::from_u32(high).ok_or_else(|| self.error("no such character"));
        }
        let low = if self.text[self.at..].starts_with("\\u") {
            self.at += 2;
            self.hex()?
        } else {
            return Err(self.error("half of a surrogate pair"));
        };
        if !(0xd800..0xdc00).contains(&high) || !(0xdc00..0xe000).contains(&low) {
            return Err(self.error("half of a surrogate pair"));
        }
        char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
            .ok_or_else(|| self.error("no such character"))
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let digits = self.raw.get(self.at..self.at + 4).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.ok_or_else(|| self.error("expected four hexadecimal digits"))?;
        self.at += 4;
        Ok(digits.iter().fold(0, |n, d| n * 16 + (*d as char).to_digit(16).unwrap_or(0)))
    }

    fn array(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        self.out.push('[');
        self.space();
        let first = self.out.len();
        let mut elements: Vec<(usize, usize)> = Vec::new();
        while self.raw.get(self.at) != Some(&b']') {
            if !elements.is_empty() {
                self.take(b',', "expected a comma or ]")?;
                self.out.push(',');
                self.space();
            }
            let start = self.out.len();
            self.path.push(PathStep::Index(elements.len()));
            self.value()?;
            self.path.pop();
            elements.push((start, self.out.len()));
            self.space();
        }
        self.at += 1;
        if elements.len() > 1 {
            let texts: Vec<&str> = elements.iter().map(|(start, end)| &self.out[*start..*end]).collect();
            if let Some(order) = self.rewrite.order(&self.path, &texts) {
                let texts: Vec<&str> = order.iter().filter_map(|at| texts.get(*at).copied()).collect();
                let text = texts.join(",");
                self.out.truncate(first);
                self.out.push_str(&text);
            }
        }
        self.out.push(']');
        Ok(())
    }

    /// Members are written in the order they come, and put in order afterwards only where they were not.
    fn object(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        self.out.push('{');
        self.space();
        let mut members: Vec<(Cow<'a, str>, usize, usize)> = Vec::new();
        let first = self.out.len();
        let mut read = 0;
        while self.raw.get(self.at) != Some(&b'}') {
            if read > 0 {
                self.take(b',', "expected a comma or }")?;
                self.space();
            }
            read += 1;
            let before = self.out.len();
            if !members.is_empty() {
                self.out.push(',');
            }
            let start = self.out.len();
            let key = self.string()?;
            push_string(&mut self.out, &key);
            self.space();
            self.take(b':', "expected a colon")?;
            self.out.push(':');
            self.space();
            self.path.push(PathStep::Key(key.clone().into_owned()));
            let from = self.at;
            self.value()?;
            let left_out = self.rewrite.leaves_out(&self.path, &self.text[from..self.at]);
            self.path.pop();
            self.space();
            if left_out {
                self.out.truncate(before);
            } else {
                members.push((key, start, self.out.len()));
            }
        }
        self.at += 1;
        if !members.is_sorted_by(|a, b| a.0 <= b.0) {
            members.sort_by(|a, b| a.0.cmp(&b.0));
            let sorted: Vec<&str> = members.iter().map(|(_, start, end)| &self.out[*start..*end]).collect();
            let sorted = sorted.join(",");
            self.out.truncate(first);
            self.out.push_str(&sorted);
        }
        self.out.push('}');
        Ok(())
    }
}

fn push_string(out: &mut String, value: &str) {
    out.push('"');
    push_plain(out, value);
    out.push('"');
}

/// What stands between the quotes.
fn push_plain(out: &mut String, value: &str) {
    let mut rest = value;
    loop {
        let (run, special) = rest.split_at(plain(rest.as_bytes()));
        out.push_str(run);
        match special.as_bytes().first() {
            None => return,
            Some(b'"') => out.push_str("\\\""),
            Some(b'\\') => out.push_str("\\\\"),
            Some(b'\n') => out.push_str("\\n"),
            // Writing to a String cannot fail.
            Some(other) => drop(write!(out, "\\u{other:04x}")),
        }
        rest = &special[1..];
    }
}

/// How many bytes at the start of a text stand in a string as they are: no quote, no backslash, no control character.
/// Looks at eight bytes at once.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // The lowest bit that is set is at the first such byte; those above it may be chance.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut at = 0;
    while let Some(word) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let special =
            zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | control;
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let special = bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
    special.map_or(bytes.len(), |found| at + found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn key_order_white_space_and_escapes_do_not_matter() {
        let one = canonical(r#"{ "b" : [1, 2.0, -0.5e3], "a": "\u0041\n\ud83d\ude00" }"#).unwrap();
        let two = canonical("{\"a\":\"A\\u000a😀\",\"b\":[1,2.0,-0.5e3]}").unwrap();
        assert_eq!(one, two);
        assert_eq!(one, "{\"a\":\"A\\n😀\",\"b\":[1,2.0,-0.5e3]}");
    }

    /// Looks at every string and changes none.
    struct Looks;

    impl Rewrite for Looks {
        fn string(&mut self, _: &[PathStep], _: &str) -> Option<String> {
            None
        }
    }

    proptest! {
        #[test]
        fn a_string_is_spelled_the_same_whether_it_was_looked_at_or_copied(text in any::<String>(), ascii in "[\\x00-\\x7f\"\\\\\n]{0,40}", mangled in "\"([a-z\"\n\u{1}]|\\\\[nt\"/u]|\\\\u00[0-9a-f]{2}){0,20}\"?") {
            for raw in [serde_json::to_string(&text).unwrap(), serde_json::to_string(&ascii).unwrap(), mangled] {
                prop_assert_eq!(canonical(&raw), canonical_with(&raw, &mut Looks));
            }
        }

        #[test]
        fn the_plain_start_of_a_text_ends_where_the_first_special_byte_is(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let expected = bytes.iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f)).unwrap_or(bytes.len());
            prop_assert_eq!(plain(&bytes), expected);
        }
    }

    #[test]
    fn numbers_keep_every_digit() {
        assert_ne!(canonical("9007199254740993").unwrap(), canonical("9007199254740992").unwrap());
        assert_ne!(canonical("1").unwrap(), canonical("1.0").unwrap());
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        for bad in ["", "{", "[1,]", "{\"a\":1,}", "01", "\"\u{1}\"", "\"\\ud800\"", "nul", "1 2", "{a:1}"] {
            assert!(canonical(bad).is_err(), "{bad}");
            assert!(serde_json::from_str::<Value>(bad).is_err(), "{bad}");
        }
        assert!(canonical(&"[".repeat(10_000)).is_err());
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_canonical_text_means_the_same_and_is_its_own_canonical_text(value in json()) {
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let once = canonical(&pretty).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Value>(&once).unwrap(), &value);
            prop_assert_eq!(&canonical(&once).unwrap(), &once);
            prop_assert_eq!(&canonical(&value.to_string()).unwrap(), &once);
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            prop_assert_eq!(canonical(&text).is_ok(), serde_json::from_str::<Value>(&text).is_ok());
        }
    }
}
