//! From what a tool writes to findings: which parser reads an output, and what they share. Knows nothing of how the
//! tool was run.
use suite::Parser;
/// One thing found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The file.
    pub file: Option<String>,
    /// The line.
    pub line: Option<u32>,
    /// The rule.
    pub rule: Option<String>,
    /// The message.
    pub message: String,
}
/// Reads.
pub fn parse(_parser: Option<Parser>, _text: &str) -> Vec<Found> {
    Vec::new()
}
/// Last line.
pub fn plain(_text: &str) -> Option<Found> {
    None
}
