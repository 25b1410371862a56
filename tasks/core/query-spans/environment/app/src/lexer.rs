//! From text to tokens.

use crate::error::Error;
use crate::span::Span;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Word(String),
    Text(String),
    Number(u64),
    Operator(&'static str),
    And,
    Or,
    Not,
    Open,
    Close,
    End,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub span: Span,
}

impl Kind {
    /// As it is called in messages.
    pub fn name(&self) -> String {
        match self {
            Kind::Word(word) => format!("'{word}'"),
            Kind::Text(_) => "a string".into(),
            Kind::Number(_) => "a number".into(),
            Kind::Operator(operator) => format!("'{operator}'"),
            Kind::And => "'and'".into(),
            Kind::Or => "'or'".into(),
            Kind::Not => "'not'".into(),
            Kind::Open => "'('".into(),
            Kind::Close => "')'".into(),
            Kind::End => "the end".into(),
        }
    }
}

/// Longer ones first.
const OPERATORS: [&str; 7] = ["!=", "<=", ">=", "=", "<", ">", "~"];

pub fn tokens(source: &str) -> Result<Vec<Token>, Error> {
    let mut found: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(next) = source[at..].chars().next() {
        let rest = &source[at..];
        let (kind, length) = if next.is_whitespace() {
            at += next.len_utf8();
            continue;
        } else if next.is_alphabetic() || next == '_' {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
            (word(&rest[..length]), length)
        } else if next.is_ascii_digit() {
            let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let number = rest[..length]
                .parse()
                .map_err(|_| Error::new("this number is too large", Span::new(at, at + length)))?;
            (Kind::Number(number), length)
        } else if next == '"' {
            let line = rest.find('\n').unwrap_or(rest.len());
            match rest[1..line].find('"') {
                Some(close) => {
                    let text = rest[1..1 + close].to_string();
                    found.push(Token { kind: Kind::Text(text), span: Span::new(at + 1, at + 1 + close) });
                    at += close + 2;
                    continue;
                }
                None => return Err(Error::new("this string is never closed", Span::new(at + line - 1, at + line))),
            }
        } else if next == '(' {
            (Kind::Open, 1)
        } else if next == ')' {
            (Kind::Close, 1)
        } else if let Some(operator) = OPERATORS.into_iter().find(|operator| rest.starts_with(operator)) {
            found.push(Token { kind: Kind::Operator(operator), span: Span::new(at, at + 1) });
            at += operator.len();
            continue;
        } else {
            let span = Span::new(at, at + next.len_utf8());
            return Err(Error::new(format!("nothing starts with '{next}'"), span));
        };
        found.push(Token { kind, span: Span::new(at, at + length) });
        at += length;
    }
    found.push(Token { kind: Kind::End, span: Span::new(source.len() - 1, source.len()) });
    Ok(found)
}

fn word(text: &str) -> Kind {
    match text {
        "and" => Kind::And,
        "or" => Kind::Or,
        "not" => Kind::Not,
        _ => Kind::Word(text.to_string()),
    }
}
