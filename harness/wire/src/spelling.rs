//! How two texts of the same JSON value are spelt: a provider's cache sees the bytes, a request's key does not. Knows
//! nothing of caches.

use serde::{Deserialize, Serialize};

/// In which way two spellings differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spelling {
    /// Members of an object come in another order.
    KeyOrder,
    /// Another white space between values.
    WhiteSpace,
    /// A character or a number is written otherwise.
    Escapes,
    /// A mark for the cache stands elsewhere, or says something else.
    CacheMark,
}

/// A piece of a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Sign(u8),
    Key(&'a str),
    Text(&'a str),
    Plain(&'a str),
}

/// In which way two texts with one key are spelt differently; nothing where only covered values differ.
pub fn spelling(old: &str, new: &str) -> Option<Spelling> {
    if old == new {
        return None;
    }
    let ((a, a_space), (b, b_space)) = (tokens(old), tokens(new));
    if marks(&a) != marks(&b) {
        return Some(Spelling::CacheMark);
    }
    let keys = |tokens: &[Token<'_>]| -> Vec<String> {
        let keys = tokens
            .iter()
            .filter_map(|token| if let Token::Key(key) = token { Some(decoded(key)) } else { None });
        keys.collect()
    };
    let (mut a_keys, mut b_keys) = (keys(&a), keys(&b));
    if a_keys != b_keys {
        a_keys.sort();
        b_keys.sort();
        return (a_keys == b_keys).then_some(Spelling::KeyOrder);
    }
    let otherwise = |(a, b): (&Token<'_>, &Token<'_>)| match (a, b) {
        (Token::Text(a), Token::Text(b)) | (Token::Key(a), Token::Key(b)) => {
            a != b && decoded(a) == decoded(b)
        }
        (Token::Plain(a), Token::Plain(b)) => a != b,
        _ => false,
    };
    if a.iter().zip(&b).any(otherwise) {
        return Some(Spelling::Escapes);
    }
    (a_space != b_space).then_some(Spelling::WhiteSpace)
}

/// The marks for the cache, each as the pieces of what it says, in the order they come.
fn marks<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let at = |(start, token): (usize, &Token<'_>)| {
        (*token == Token::Key("\"cache_control\"")).then(|| {
            let mut depth = 0_i32;
            let end = tokens[start..].iter().position(|token| {
                depth += match token {
                    Token::Sign(b'{' | b'[') => 1,
                    Token::Sign(b'}' | b']') => -1,
                    _ => 0,
                };
                depth < 0 || (depth == 0 && matches!(token, Token::Sign(b'}' | b']' | b',')))
            });
            &tokens[start..end.map_or(tokens.len(), |end| start + end)]
        })
    };
    tokens.iter().enumerate().filter_map(at).collect()
}

fn decoded(raw: &str) -> String {
    serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned())
}

/// The pieces of a JSON text, and the white space between them with where it stands.
fn tokens(text: &str) -> (Vec<Token<'_>>, Vec<(usize, &str)>) {
    let bytes = text.as_bytes();
    let (mut tokens, mut space) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b' ' | b'\t' | b'\n' | b'\r' => {
                at += bytes[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
                space.push((tokens.len(), &text[start..at]));
            }
            sign @ (b'{' | b'}' | b'[' | b']' | b',' | b':') => {
                if sign == b':'
                    && let Some(Token::Text(key)) = tokens.last().copied()
                {
                    tokens.pop();
                    tokens.push(Token::Key(key));
                }
                tokens.push(Token::Sign(sign));
                at += 1;
            }
            b'"' => {
                at = end_of_string(bytes, at);
                tokens.push(Token::Text(text.get(start..at).unwrap_or_default()));
            }
            _ => {
                let ends = |b: &u8| b.is_ascii_whitespace() || b"{}[],:\"".contains(b);
                at += bytes[at..].iter().take_while(|b| !ends(b)).count().max(1);
                tokens.push(Token::Plain(text.get(start..at).unwrap_or_default()));
            }
        }
    }
    (tokens, space)
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_way_to_spell_the_same_otherwise_has_its_name() {
        let base = r#"{"a":"é","b":[1.0]}"#;
        for (other, expected) in [
            (base, None),
            (r#"{"b":[1.0],"a":"é"}"#, Some(Spelling::KeyOrder)),
            (r#"{"a": "é","b":[1.0]}"#, Some(Spelling::WhiteSpace)),
            (r#"{"a":"\u00e9","b":[1.0]}"#, Some(Spelling::Escapes)),
            (r#"{"\u0061":"é","b":[1.0]}"#, Some(Spelling::Escapes)),
            (r#"{"a":"covered","b":[1.0]}"#, None),
            (r#"{"a":"é","b":[1.0],"cache_control":{}}"#, Some(Spelling::CacheMark)),
        ] {
            assert_eq!(spelling(base, other), expected, "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(a in any::<String>(), b in "[\\[\\]{}\":,a1é \\\\]{0,40}") {
            spelling(&a, &b);
            spelling(&b, &a);
        }
    }
}
