//! Errors with a place, and how they are shown.

use crate::span::Span;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub message: String,
    pub span: Span,
}

impl Error {
    pub fn new(message: impl Into<String>, span: Span) -> Self {
        Self { message: message.into(), span }
    }

    /// The error with the line of `source` that it is about; see docs/errors.md.
    pub fn show(&self, source: &str) -> String {
        let before = &source[..self.span.start];
        let line_start = before.rfind('\n').unwrap_or(0);
        let line_end = source[self.span.start..].find('\n').map_or(source.len(), |at| self.span.start + at);
        let line = &source[line_start..line_end];
        let number = before.matches('\n').count() + 1;
        // One column a byte; the lexer counts in characters anyway.
        let skipped = self.span.start - line_start;
        let marked = self.span.end - self.span.start;
        format!(
            "error: {}\n --> {number}:{}\n  | {line}\n  | {}{}\n",
            self.message,
            skipped + 1,
            " ".repeat(skipped),
            "^".repeat(marked),
        )
    }
}
