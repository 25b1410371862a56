//! Secrets in the strings of a JSON text. What has none stays byte for byte; a string that has one is written anew.
//! Knows nothing of what the text says.

use super::{Redactor, mark};

/// A string of a JSON text.
struct Literal<'a> {
    start: usize,
    end: usize,
    /// Its text, escapes resolved.
    text: std::borrow::Cow<'a, str>,
}

/// The strings of a JSON text, keys included. Of what is no JSON nothing is certain but that it is gone through once.
fn literals(raw: &str) -> impl Iterator<Item = Literal<'_>> {
    let bytes = raw.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + bytes.get(at..)?.iter().position(|b| *b == b'"')?;
        let mut end = start + 1;
        let mut escaped = false;
        loop {
            match bytes.get(end)? {
                b'\\' => {
                    escaped = true;
                    end += 2;
                }
                b'"' => break,
                _ => end += 1,
            }
        }
        at = end + 1;
        let inner = raw.get(start + 1..end)?;
        let decoded = || serde_json::from_str::<String>(raw.get(start..=end)?).ok();
        let text = if escaped { decoded().unwrap_or_else(|| inner.to_owned()).into() } else { inner.into() };
        Some(Literal { start, end: at, text })
    })
}

impl Redactor {
    /// A JSON text with marks for the secrets in its strings; nothing where it has none.
    pub fn json(&mut self, raw: &str) -> Option<String> {
        if self.scanner.met(raw) == 0 {
            return None;
        }
        let Self { scanner, numbers, counts } = self;
        let mut out = String::new();
        let mut from = 0;
        let mut member: Option<String> = None;
        for Literal { start, end, text } in literals(raw) {
            let is_key = raw[end..].trim_start().starts_with(':');
            let called = member.take();
            let new = scanner
                .rewritten(&text, called.as_deref(), |kind, secret| mark(numbers, counts, kind, secret));
            if is_key {
                // What follows directly is the member's value.
                let after = raw[end..].trim_start().strip_prefix(':').map(str::trim_start);
                member = after.filter(|after| after.starts_with('"')).map(|_| text.into_owned());
            }
            if let Some(new) = new {
                out.push_str(&raw[from..start]);
                out.push_str(&serde_json::Value::from(new).to_string());
                from = end;
            }
        }
        (from > 0).then(|| out + &raw[from..])
    }
}
