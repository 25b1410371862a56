//! A first scanner for the common kinds of secrets, and the marks that stand for them in a recording. A text is scanned
//! once and in time that grows with its length. It finds what looks like a key by its vendor's word, and what is called
//! one; it promises no more. Knows nothing of files.

mod frames;
mod json;
mod judge;
mod kinds;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;
use regex::Regex;

use judge::holds;
use kinds::{KINDS, MEMBERS, SEALED};

/// What every mark begins with. Nothing in a mark means anything to a shell, a URL or JSON: recorded calls are run.
const MARK: &str = "__redacted:";
/// What every mark ends with.
const MARK_END: &str = "__";
/// The kind of private keys, which are found by their frame.
const PRIVATE_KEY: &str = "private-key";
/// What every private key's first and last line have.
const PEM: &str = "private key";
/// The first line of one is not longer.
const PEM_LINE: usize = 60;
/// A private key is not longer.
const PEM_MAX: usize = 16 * 1024;
/// A text of this length in base64 alone is a picture or sealed, and no key.
const OPAQUE: usize = 1024;

/// Bits of what was met besides the words of a kind.
const MET_MARK: u64 = 1 << 63;
const MET_PEM: u64 = 1 << 62;
const MET_ESCAPE: u64 = 1 << 61;

/// A secret within a text, or the mark of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Its kind, as marks call it.
    pub kind: &'static str,
}

/// Finds secrets in texts. An expression is made when it is first needed.
#[derive(Debug)]
pub struct Scanner {
    words: Option<AhoCorasick>,
    /// What each word is a sign of.
    signs: Vec<u64>,
    kinds: Vec<OnceLock<Option<Regex>>>,
    members: Vec<OnceLock<Option<Regex>>>,
}

impl Default for Scanner {
    fn default() -> Self {
        let mut words: Vec<(&str, u64)> = vec![(MARK, MET_MARK), (PEM, MET_PEM)];
        words.extend(
            ["\\u002", "\\u003", "\\u004", "\\u005", "\\u006", "\\u007"].map(|word| (word, MET_ESCAPE)),
        );
        for (number, kind) in KINDS.iter().enumerate() {
            for word in kind.words {
                match words.iter_mut().find(|(known, _)| known == word) {
                    Some((_, sign)) => *sign |= 1 << number,
                    None => words.push((word, 1 << number)),
                }
            }
        }
        let (words, signs): (Vec<&str>, Vec<u64>) = words.into_iter().unzip();
        // The words are our own: that they make an automaton is tested.
        let words = AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok();
        let cells = |length: usize| (0..length).map(|_| OnceLock::new()).collect();
        Self { words, signs, kinds: cells(KINDS.len()), members: cells(MEMBERS.len()) }
    }
}

impl Scanner {
    /// Signs of what a text may hold.
    fn met(&self, text: &str) -> u64 {
        let Some(words) = &self.words else { return u64::MAX };
        words.find_overlapping_iter(text).fold(0, |met, found| met | self.signs[found.pattern().as_usize()])
    }

    /// The secrets of a text and the marks in it, first to last. `member`: what an object calls the text.
    pub fn find(&self, text: &str, member: Option<&str>) -> Vec<Found> {
        if is_opaque(text) || member.is_some_and(|member| SEALED.contains(&member)) {
            return Vec::new();
        }
        let met = self.met(text);
        let mut spans = Spans::default();
        if met & MET_MARK != 0 {
            marks(text).for_each(|found| spans.add(found));
        }
        if met & MET_PEM != 0 {
            private_keys(text, &mut spans);
        }
        for (number, kind) in KINDS.iter().enumerate().filter(|(number, _)| met & (1 << number) != 0) {
            let regex = self.kinds[number].get_or_init(|| Regex::new(kind.pattern).ok());
            for captures in regex.iter().flat_map(|regex| regex.captures_iter(text)) {
                let Some(found) = captures.get(1).or_else(|| captures.get(0)) else { continue };
                if holds(kind.check, found.as_str(), text[found.end()..].chars().next()) {
                    spans.add(Found { start: found.start(), end: found.end(), kind: kind.name });
                }
            }
        }
        if spans.0.is_empty()
            && let Some(kind) = member.and_then(|member| self.by_member(member, text))
        {
            spans.add(Found { start: 0, end: text.len(), kind });
        }
        spans.again(text);
        spans.0
    }

    /// The kind of a whole value by what it is called.
    fn by_member(&self, member: &str, value: &str) -> Option<&'static str> {
        let plain = !value.contains(char::is_whitespace) && (8..=4096).contains(&value.len());
        let mut kinds = MEMBERS.iter().zip(&self.members).filter(|_| plain);
        let found = kinds.find(|((_, pattern, check), regex)| {
            let regex = regex.get_or_init(|| Regex::new(pattern).ok());
            regex.as_ref().is_some_and(|regex| regex.is_match(member)) && holds(*check, value, None)
        });
        found.map(|((kind, _, _), _)| *kind)
    }

    /// Whether two texts are the same but for what their secrets are: of the same kinds at the same places, and equal
    /// where the others are equal.
    pub fn same(&self, one: &str, other: &str) -> bool {
        let shape = |text: &str| {
            let mut numbers: HashMap<String, usize> = HashMap::new();
            self.rewritten(text, None, |kind, secret| {
                let next = numbers.len();
                let number = *numbers.entry(format!("{kind} {secret}")).or_insert(next);
                format!("\u{fdd0}{kind} {number}\u{fdd0}")
            })
        };
        one == other
            || shape(one).unwrap_or_else(|| one.to_owned())
                == shape(other).unwrap_or_else(|| other.to_owned())
    }

    /// A text with something else for each of its secrets; nothing where it has none.
    fn rewritten(
        &self,
        text: &str,
        member: Option<&str>,
        mut mark: impl FnMut(&'static str, &str) -> String,
    ) -> Option<String> {
        let found = self.find(text, member);
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for Found { start, end, kind } in &found {
            out.push_str(&text[from..*start]);
            out.push_str(&mark(kind, &text[*start..*end]));
            from = *end;
        }
        (!found.is_empty()).then(|| out + &text[from..])
    }
}

/// Takes secrets out of one recording. Equal secrets have the same number.
#[derive(Debug, Default)]
pub struct Redactor {
    scanner: Arc<Scanner>,
    numbers: HashMap<(&'static str, String), u32>,
    counts: HashMap<&'static str, u32>,
}

impl Redactor {
    /// One that shares its scanner with others.
    pub fn new(scanner: Arc<Scanner>) -> Self {
        Self { scanner, ..Self::default() }
    }

    /// How many secrets there were of each kind.
    pub fn counts(&self) -> &HashMap<&'static str, u32> {
        &self.counts
    }

    /// A plain text with marks for its secrets; nothing where it has none.
    pub fn text(&mut self, text: &str) -> Option<String> {
        let Self { scanner, numbers, counts } = self;
        scanner.rewritten(text, None, |kind, secret| mark(numbers, counts, kind, secret))
    }
}

/// The mark of a secret.
fn mark(
    numbers: &mut HashMap<(&'static str, String), u32>,
    counts: &mut HashMap<&'static str, u32>,
    kind: &'static str,
    secret: &str,
) -> String {
    let number = *numbers.entry((kind, secret.to_owned())).or_insert_with(|| {
        let count = counts.entry(kind).or_default();
        *count += 1;
        *count
    });
    let mark = format!("{MARK}{kind}:{number}{MARK_END}");
    // What is marked already stays as it is.
    numbers.entry((kind, mark.clone())).or_insert(number);
    mark
}

/// Whether a text of now is a recorded one, from which the secrets were taken out.
pub fn same_text(recorded: &str, now: &str) -> bool {
    recorded == now || has_marks(recorded) && Scanner::default().same(recorded, now)
}

/// Whether a text holds the mark of a secret.
pub fn has_marks(text: &str) -> bool {
    text.contains(MARK)
}

/// The marks in a text.
pub(crate) fn marks(text: &str) -> impl Iterator<Item = Found> {
    text.match_indices(MARK).filter_map(|(start, _)| {
        let (name, rest) = text[start + MARK.len()..].split_once(':')?;
        let kind = KINDS.iter().map(|kind| kind.name).chain([PRIVATE_KEY]).find(|kind| *kind == name)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let end = text.len() - rest.len() + digits + MARK_END.len();
        ((1..=9).contains(&digits) && rest[digits..].starts_with(MARK_END)).then_some(Found {
            start,
            end,
            kind,
        })
    })
}

/// Spans that do not overlap, in order.
#[derive(Default)]
struct Spans(Vec<Found>);

impl Spans {
    /// Adds a span unless another one is there.
    fn add(&mut self, found: Found) {
        let at = self.0.partition_point(|other| other.end <= found.start);
        if found.start < found.end && self.0.get(at).is_none_or(|next| found.end <= next.start) {
            self.0.insert(at, found);
        }
    }

    /// Adds the places where the same secrets stand without what told that they are.
    fn again(&mut self, text: &str) {
        let mut known: Vec<(&str, &'static str)> = Vec::new();
        for Found { start, end, kind } in &self.0 {
            let value = &text[*start..*end];
            if !value.starts_with(MARK) && value.len() >= 8 && !known.iter().any(|(other, _)| *other == value)
            {
                known.push((value, kind));
            }
            // As many as anybody has.
            if known.len() == 64 {
                break;
            }
        }
        for (value, kind) in known {
            for (start, _) in text.match_indices(value) {
                self.add(Found { start, end: start + value.len(), kind });
            }
        }
    }
}

/// Whether a text is a picture, or sealed.
fn is_opaque(text: &str) -> bool {
    let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_');
    text.len() >= OPAQUE
        && (text.starts_with("data:") && text.contains(";base64,") || text.bytes().all(base64))
}

/// Private keys in PEM: from their first line to their last, or as far as they go where an end was cut off.
fn private_keys(text: &str, spans: &mut Spans) {
    let lower = text.to_ascii_lowercase();
    for (at, _) in lower.match_indices(PEM) {
        // The words between the dashes.
        let from = boundary(text, at.saturating_sub(PEM_LINE));
        let to = boundary(text, (at + PEM_LINE).min(text.len()));
        let dashes = lower[from..at].rfind("-----").map(|dashes| from + dashes);
        let close = lower[at..to].find("-----").map(|close| at + close + 5);
        let (Some(dashes), Some(close)) = (dashes, close) else { continue };
        let line = &lower[dashes..close];
        if line.contains('\n') {
            continue;
        }
        if line.starts_with("-----begin ") {
            let limit = boundary(text, (close + PEM_MAX).min(text.len()));
            let end = lower[close..limit].find("-----end ").and_then(|end| {
                let after = close + end + 9;
                lower[after..]
                    .find("-----")
                    .filter(|length| *length < PEM_LINE)
                    .map(|length| after + length + 5)
            });
            let run = text[close..limit].find(|c| !is_pem(c)).unwrap_or(limit - close);
            let end = end.unwrap_or(close + run);
            if is_body(&text[close..end]) {
                spans.add(Found { start: dashes, end, kind: PRIVATE_KEY });
            }
        } else if line.starts_with("-----end ") {
            let from = boundary(text, dashes.saturating_sub(PEM_MAX));
            let body = from + text[from..dashes].trim_end_matches(is_pem).len();
            if is_body(&text[body..dashes]) {
                spans.add(Found { start: body, end: close, kind: PRIVATE_KEY });
            }
        }
    }
}

/// The next place at or before which no character is cut.
fn boundary(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

/// Whether something that could be a key's line stands there.
fn is_body(text: &str) -> bool {
    let base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    text.split(|c| !base64(c)).any(|run| run.len() >= 24)
}

/// What stands in a private key, also with line numbers, signs of a diff or escaped line breaks.
fn is_pem(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || c.is_ascii_whitespace()
        || matches!(c, '+' | '/' | '=' | '\\' | '-' | ':' | ',' | '|')
}

#[cfg(test)]
mod tests;
