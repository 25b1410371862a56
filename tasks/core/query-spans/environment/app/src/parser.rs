//! From tokens to a tree, by recursive descent.

use crate::ast::{Expr, Value};
use crate::error::Error;
use crate::lexer::{Kind, Token};

/// Deeper than this nobody filters; it keeps the stack from running out.
const DEEPEST: usize = 200;

pub fn parse(tokens: &[Token]) -> Result<Expr, Error> {
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    let found = parser.expr()?;
    match parser.peek().kind {
        Kind::End => Ok(found),
        _ => Err(parser.expected("'and', 'or' or the end")),
    }
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> &'t Token {
        // The last token is End and is never passed.
        &self.tokens[self.at]
    }

    fn next(&mut self) -> &'t Token {
        let token = self.peek();
        if token.kind != Kind::End {
            self.at += 1;
        }
        token
    }

    fn takes(&mut self, kind: &Kind) -> bool {
        let found = self.peek().kind == *kind;
        if found {
            self.next();
        }
        found
    }

    /// The error for the token that stands here.
    fn expected(&self, what: &str) -> Error {
        let token = self.peek();
        Error::new(format!("expected {what}, found {}", token.kind.name()), token.span)
    }

    fn expr(&mut self) -> Result<Expr, Error> {
        let mut left = self.and()?;
        while self.takes(&Kind::Or) {
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr, Error> {
        let mut left = self.not()?;
        while self.takes(&Kind::And) {
            left = Expr::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Expr, Error> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Error::new("this is nested too deeply", self.peek().span));
        }
        let found = if self.takes(&Kind::Not) { Expr::Not(Box::new(self.not()?)) } else { self.test()? };
        self.depth -= 1;
        Ok(found)
    }

    fn test(&mut self) -> Result<Expr, Error> {
        let open = self.peek();
        match &open.kind {
            Kind::Open => {
                self.next();
                let inner = self.expr()?;
                match self.peek().kind {
                    Kind::Close => {
                        self.next();
                        Ok(inner)
                    }
                    Kind::End => Err(Error::new("this '(' is never closed", open.span)),
                    _ => Err(self.expected("'and', 'or' or ')'")),
                }
            }
            Kind::Word(field) => {
                self.next();
                let Kind::Operator(operator) = self.peek().kind else {
                    return Err(self.expected("a comparison"));
                };
                self.next();
                Ok(Expr::Compare { field: field.clone(), operator, value: self.value()? })
            }
            _ => Err(self.expected("a field or '('")),
        }
    }

    fn value(&mut self) -> Result<Value, Error> {
        let value = match &self.peek().kind {
            Kind::Text(text) => Value::Text(text.clone()),
            Kind::Number(number) => Value::Number(*number),
            _ => return Err(self.expected("a value")),
        };
        self.next();
        Ok(value)
    }
}
