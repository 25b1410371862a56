//! What an expression is once it has been read.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(u64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Compare { field: String, operator: &'static str, value: Value },
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => write!(f, "\"{text}\""),
            Value::Number(number) => write!(f, "{number}"),
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::And(left, right) => write!(f, "(and {left} {right})"),
            Expr::Or(left, right) => write!(f, "(or {left} {right})"),
            Expr::Not(inner) => write!(f, "(not {inner})"),
            Expr::Compare { field, operator, value } => write!(f, "({operator} {field} {value})"),
        }
    }
}
