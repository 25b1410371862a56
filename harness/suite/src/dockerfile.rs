//! The words of a Dockerfile: instructions over continued lines, quoting, variables. Knows nothing of what an
//! instruction does.

use std::collections::BTreeMap;

use crate::recipe::Unfollowable;

/// One instruction with its arguments, continued lines joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub(crate) line: u32,
    pub(crate) keyword: String,
    pub(crate) rest: String,
}

/// The instructions of a Dockerfile in order.
pub(crate) fn instructions(text: &str) -> Result<Vec<Instruction>, Unfollowable> {
    let mut found = Vec::new();
    let mut open: Option<(u32, String)> = None;
    for (number, raw) in (1_u32..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let line = raw.trim_end();
        if let Some(comment) = line.trim_start().strip_prefix('#') {
            let directive: String = comment.chars().filter(|c| !c.is_whitespace()).collect();
            if found.is_empty()
                && directive.to_ascii_lowercase().starts_with("escape=")
                && directive != "escape=\\"
            {
                return Err(Unfollowable::new(number, "it changes the escape character"));
            }
            continue;
        }
        if line.trim().is_empty() {
            continue;
        }
        let (part, continued) = match line.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (line, false),
        };
        let (start, mut whole) = open.take().unwrap_or((number, String::new()));
        whole.push_str(part);
        if continued {
            open = Some((start, whole));
        } else {
            found.extend(instruction(start, &whole));
        }
    }
    if let Some((start, whole)) = open {
        found.extend(instruction(start, &whole));
    }
    Ok(found)
}

fn instruction(line: u32, whole: &str) -> Option<Instruction> {
    let whole = whole.trim();
    let end = whole.find(char::is_whitespace).unwrap_or(whole.len());
    let (keyword, rest) = whole.split_at(end);
    let rest = rest.trim().to_owned();
    (!keyword.is_empty()).then(|| Instruction { line, keyword: keyword.to_ascii_uppercase(), rest })
}

impl Instruction {
    /// Takes the `--name=value` flags off the front of the arguments.
    pub(crate) fn take_flags(&mut self) -> Vec<(String, String)> {
        let mut flags = Vec::new();
        while let Some(flag) = self.rest.strip_prefix("--") {
            let end = flag.find(char::is_whitespace).unwrap_or(flag.len());
            let (name, value) = flag[..end].split_once('=').unwrap_or((&flag[..end], ""));
            flags.push((name.to_ascii_lowercase(), value.to_owned()));
            self.rest = flag[end..].trim_start().to_owned();
        }
        flags
    }

    /// The arguments of the JSON form, where they are written that way.
    pub(crate) fn json(&self) -> Option<Vec<String>> {
        self.rest.starts_with('[').then(|| serde_json::from_str(&self.rest).ok()).flatten()
    }

    /// Whether a here-document begins in the arguments.
    pub(crate) fn has_heredoc(&self) -> bool {
        self.rest.split_whitespace().any(|word| {
            let word = word.trim_start_matches(|c: char| c.is_ascii_digit());
            let Some(name) = word.strip_prefix("<<") else { return false };
            let name = name.trim_start_matches(['-', '"', '\'']);
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        })
    }

    /// A refusal of this instruction.
    pub(crate) fn refuse(&self, reason: impl Into<String>) -> Unfollowable {
        Unfollowable::new(self.line, reason)
    }
}

/// Words split at blanks outside quotes, quotes removed, variables replaced outside single quotes.
pub(crate) fn words(text: &str, vars: &BTreeMap<String, String>) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (Some('\''), c) => word.get_or_insert_default().push(c),
            (_, '\\') => {
                if let Some(next) = rest.chars().next() {
                    rest = &rest[next.len_utf8()..];
                    word.get_or_insert_default().push(next);
                }
            }
            (_, '$') => {
                let (value, after) = variable(rest, vars)?;
                word.get_or_insert_default().push_str(&value);
                rest = after;
            }
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed".to_owned());
    }
    words.extend(word);
    Ok(words)
}

/// The value of the variable whose name follows a `$`, and what follows the name.
fn variable<'a>(text: &'a str, vars: &BTreeMap<String, String>) -> Result<(String, &'a str), String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let lookup = |name: &str| match vars.get(name) {
        Some(value) => value.clone(),
        // The only variable of a base image that Dockerfiles build on; the environment fills it in.
        None if name == "PATH" => "${PATH}".to_owned(),
        None => String::new(),
    };
    let Some(braced) = text.strip_prefix('{') else {
        let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
        return Ok(if end == 0 { ("$".to_owned(), text) } else { (lookup(&text[..end]), &text[end..]) });
    };
    let (inside, after) = braced.split_once('}').ok_or("a `${` is not closed")?;
    let end = inside.find(|c| !is_name(c)).unwrap_or(inside.len());
    let (name, rest) = inside.split_at(end);
    let value = lookup(name);
    let value = match rest.split_at_checked(2) {
        _ if rest.is_empty() && !name.is_empty() => value,
        Some((":-", other)) if value.is_empty() => other.to_owned(),
        Some((":-", _)) => value,
        Some((":+", other)) if !value.is_empty() => other.to_owned(),
        Some((":+", _)) => String::new(),
        _ => return Err(format!("`${{{inside}}}` is a form of variable that is not followed here")),
    };
    Ok((value, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continued_lines_are_one_instruction_and_comments_among_them_none() {
        let text =
            "# syntax=docker/dockerfile:1\nfrom scratch\n\nRUN a \\\n # why\n  && b \\  \n\n && c\nRUN d";
        let all = instructions(text).unwrap();
        let got: Vec<_> = all.iter().map(|i| (i.line, i.keyword.as_str(), i.rest.as_str())).collect();
        assert_eq!(got, [(2, "FROM", "scratch"), (4, "RUN", "a   && b  && c"), (9, "RUN", "d")]);
        assert!(instructions("# escape=`\nFROM x").is_err());
    }

    #[test]
    fn variables_and_quotes_are_replaced_as_docker_does() {
        let vars = BTreeMap::from([("A".to_owned(), "1".to_owned()), ("E".to_owned(), String::new())]);
        let read = |text: &str| words(text, &vars);
        assert_eq!(read(r#"$A ${A}x '$A' "b $A" \$A"#).unwrap(), ["1", "1x", "$A", "b 1", "$A"]);
        assert_eq!(
            read("${E:-d} ${A:+y} ${NO:-n} x$NO /b:$PATH").unwrap(),
            ["d", "y", "n", "x", "/b:${PATH}"]
        );
        for bad in ["${A", "${A%x}", "'a", "${}"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_shift_and_a_here_string_are_no_heredoc() {
        let heredoc = |rest: &str| {
            Instruction { line: 1, keyword: "RUN".to_owned(), rest: rest.to_owned() }.has_heredoc()
        };
        assert!(heredoc("<<EOF") && heredoc("cat <<-'EOF' > x") && heredoc("python3 3<<EOF"));
        assert!(!heredoc("cat <<< word") && !heredoc("echo $((1<<N))"));
    }
}
