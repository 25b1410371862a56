//! An action or an output in a few words, to be shown; and the place where two calls differ. Knows nothing of sessions.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wire::{PathStep, path_text};

use super::plain;
use super::{Action, Did};

/// Characters of a call or an output that are kept to be shown.
const SHOWN: usize = 240;
/// Characters before the first difference of two outputs that are kept.
const LEAD: usize = 60;
/// Members of a call's arguments that say most about it.
const TELLING: [&str; 9] =
    ["cmd", "command", "patch", "input", "file_path", "path", "pattern", "query", "url"];

/// An action, short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glimpse {
    /// The step whose answer held it.
    pub step: u32,
    /// The tool; empty for an answer without a call.
    pub tool: String,
    /// The call or the answer, cut.
    pub text: String,
    /// Whether it failed.
    pub failed: bool,
}

impl Glimpse {
    /// A call of a tool by its arguments; or, where `tool` is empty, an answer by its words.
    pub fn told(step: u32, tool: &str, text: &str) -> Self {
        let shown = if tool.is_empty() { cut(text) } else { telling(text) };
        Self { step, tool: tool.to_owned(), text: shown, failed: false }
    }

    pub(super) fn of(action: &Action) -> Self {
        let (tool, text) = match &action.did {
            Did::Called { tool, arguments } => (tool.clone(), telling(arguments)),
            Did::Answered { text } => (String::new(), cut(text)),
        };
        Self { step: action.step, tool, text, failed: action.outcome.failed() }
    }
}

fn telling(arguments: &str) -> String {
    let Ok(Value::Object(members)) = serde_json::from_str::<Value>(arguments) else { return cut(arguments) };
    let most = TELLING.iter().find_map(|key| members.get(*key));
    match most {
        Some(Value::String(text)) => cut(text),
        Some(other) => cut(&other.to_string()),
        None => cut(arguments),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Two texts from a little before their first difference.
pub(super) fn excerpts(a: &str, b: &str) -> (String, String) {
    let same = a.char_indices().zip(b.chars()).find(|((_, x), y)| x != y).map(|((at, _), _)| at);
    let same = same.unwrap_or(a.len().min(b.len()));
    let lead = a[..same].char_indices().rev().take(LEAD).last().map_or(same, |(at, _)| at);
    (cut(&a[lead..]), cut(&b[lead..]))
}

/// The first place where two calls differ: `.name`, or one in their arguments.
pub(super) fn first_difference(a: &Action, b: &Action) -> String {
    let (Did::Called { tool, arguments: old }, Did::Called { tool: other, arguments: new }) =
        (&a.did, &b.did)
    else {
        return ".type".to_owned();
    };
    if tool != other {
        return ".name".to_owned();
    }
    let mut path = vec![PathStep::Key("arguments".to_owned())];
    if let (Ok(old), Ok(new)) = (serde_json::from_str(old), serde_json::from_str(new)) {
        descend(&old, &new, &mut path);
    }
    path_text(&path)
}

fn descend(old: &Value, new: &Value, path: &mut Vec<PathStep>) {
    let step = match (old, new) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort_unstable();
            // What explains the call comes last.
            keys.sort_by_key(|key| plain::is_wording(key));
            let key = keys.into_iter().find(|key| a.get(*key) != b.get(*key));
            key.map(|key| (PathStep::Key(key.clone()), a.get(key), b.get(key)))
        }
        (Value::Array(a), Value::Array(b)) => {
            let index = (0..a.len().max(b.len())).find(|index| a.get(*index) != b.get(*index));
            index.map(|index| (PathStep::Index(index), a.get(index), b.get(index)))
        }
        _ => None,
    };
    if let Some((step, a, b)) = step {
        path.push(step);
        if let (Some(a), Some(b)) = (a, b) {
            descend(a, b, path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_outputs_are_shown_from_a_little_before_their_difference() {
        let lead = "é".repeat(100);
        let (a, b) = excerpts(&format!("{lead}one"), &format!("{lead}two"));
        assert_eq!((a, b), (format!("{}one", "é".repeat(60)), format!("{}two", "é".repeat(60))));
        assert_eq!(excerpts("same", "same and more"), ("same".to_owned(), "same and more".to_owned()));
        assert_eq!(excerpts("", "x"), (String::new(), "x".to_owned()));
    }
}
