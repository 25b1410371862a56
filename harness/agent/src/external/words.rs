//! The words of a command written on one line, quoted as in a shell; nothing else of a shell. Knows nothing of agents.

/// The words of a line.
pub(super) fn split(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                let next = chars.next().ok_or("a backslash at the end")?;
                word.get_or_insert_default().push(next);
            }
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quotation mark is not closed");
    }
    words.extend(word);
    if words.is_empty() { Err("there is no program") } else { Ok(words) }
}

/// A line with these words.
pub(super) fn joined(words: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,{}".contains(c);
    let quoted = |word: &String| match !word.is_empty() && word.chars().all(plain) {
        true => word.clone(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_hold_words_together() {
        let words = split(r#"run "a b"'c'\ d '' x\"y "q\"" "#).unwrap();
        assert_eq!(words, ["run", "a bc d", "", "x\"y", "q\""]);
        assert!(split("  ").is_err() && split("a \"b").is_err() && split("a\\").is_err());
    }

    proptest! {
        #[test]
        fn what_is_joined_splits_into_the_same_words(words in prop::collection::vec(any::<String>(), 1..5)) {
            prop_assert_eq!(split(&joined(&words)).unwrap(), words);
        }
    }
}
