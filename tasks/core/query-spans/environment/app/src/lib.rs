//! A small language for filtering log records.

mod ast;
mod error;
mod lexer;
mod parser;
mod span;

pub use ast::{Expr, Value};
pub use error::Error;
pub use span::Span;

/// Reads an expression.
pub fn parse(source: &str) -> Result<Expr, Error> {
    parser::parse(&lexer::tokens(source)?)
}
