//! HTML as it is written. The one place that escapes: markup can only be a literal of our own sources, and whatever
//! comes from a run goes through [`Markup::text`] or [`Markup::lines`], which make it inert and bounded. Knows nothing
//! of pages.

use std::fmt::Write;

use crate::text;

/// A piece of HTML or SVG.
#[derive(Clone, Debug, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Markup of our own. Only a literal fits, so that nothing of a run gets here.
    pub(super) fn raw(&mut self, html: &'static str) -> &mut Self {
        self.0.push_str(html);
        self
    }

    /// A recorded sentence on one line, in an element or between the double quotes of an attribute.
    pub(super) fn text(&mut self, words: &str) -> &mut Self {
        self.cut(words, text::SENTENCE)
    }

    /// A recorded text on one line of at most `limit` characters.
    pub(super) fn cut(&mut self, words: &str, limit: usize) -> &mut Self {
        let line = text::line(words, limit);
        self.escape(&line)
    }

    /// Lines of a recorded text of at most `limit` characters together, for a `pre`.
    pub(super) fn lines(&mut self, words: &str, limit: usize) -> &mut Self {
        let block = text::block(words, "", limit);
        self.escape(&block)
    }

    /// A whole number.
    pub(super) fn int(&mut self, value: u64) -> &mut Self {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{value}");
        self
    }

    /// A coordinate or share, to two decimals, so that hosts whose last bits differ agree. What is no number is 0.
    pub(super) fn num(&mut self, value: f64) -> &mut Self {
        let value = if value.is_finite() { value } else { 0.0 };
        let rounded = (value * 100.0).round() / 100.0;
        // No minus before a zero.
        let _ = write!(self.0, "{}", if rounded == 0.0 { 0.0 } else { rounded });
        self
    }

    /// Another piece.
    pub(super) fn put(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// What `write` adds.
    pub(super) fn with(&mut self, write: impl FnOnce(&mut Self)) -> &mut Self {
        write(self);
        self
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The finished text.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    fn escape(&mut self, inert: &str) -> &mut Self {
        self.0.reserve(inert.len());
        for c in inert.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(words: &str) -> String {
        String::from_utf8(Markup::new().text(words).clone().into_bytes()).unwrap()
    }

    proptest! {
        #[test]
        fn no_text_is_markup_or_ends_an_attribute(words in any::<String>(), limit in 0_usize..50) {
            let mut page = Markup::new();
            page.text(&words).cut(&words, limit).lines(&words, limit);
            let out = String::from_utf8(page.into_bytes()).unwrap();
            let live = ['<', '>', '"', '\'', '\u{1b}', '\0', '\u{202e}'];
            prop_assert!(!out.contains(live));
            let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
            for (at, _) in out.match_indices('&') {
                prop_assert!(entities.iter().any(|e| out[at..].starts_with(e)));
            }
        }
    }

    #[test]
    fn a_script_tag_is_seen_and_does_nothing() {
        assert_eq!(text("</script><b a=\"'&\">"), "&lt;/script&gt;&lt;b a=&quot;&#39;&amp;&quot;&gt;");
    }

    #[test]
    fn numbers_are_short_and_finite() {
        let mut page = Markup::new();
        for value in [1.0 / 3.0, -0.001, 12.0, f64::NAN, f64::INFINITY, -2.5] {
            page.num(value).raw(" ");
        }
        page.int(7);
        assert_eq!(String::from_utf8(page.into_bytes()).unwrap(), "0.33 0 12 0 0 -2.5 7");
    }
}
