//! Whether a request's tool calls and tool outputs belong together, as a provider demands. Knows nothing of what the
//! tools are.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::item::CallKind;
use crate::{Block, BlockKind, Item, Protocol, Request};

/// A call or an output that no provider would take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which block it stands in.
    pub block: usize,
    /// What is wrong.
    pub kind: ProblemKind,
    /// The id of the call.
    pub call_id: String,
}

/// What is wrong with a call or an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// A call or an output has an empty id.
    EmptyId,
    /// An output has no call of its kind before it.
    OutputWithoutCall,
    /// A call has no output after it.
    CallWithoutOutput,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { block, kind, call_id } = self;
        match kind {
            ProblemKind::EmptyId => write!(f, "block {block}: a tool call or output with an empty id"),
            ProblemKind::OutputWithoutCall => {
                write!(f, "block {block}: a tool output without its call: {call_id}")
            }
            ProblemKind::CallWithoutOutput => {
                write!(f, "block {block}: a tool call without its output: {call_id}")
            }
        }
    }
}

/// Every problem of a request that was split, in the order of its blocks. A request that goes on from a response
/// that the server keeps may answer calls that are not in it.
pub fn pairing(blocks: &[Block], protocol: Protocol) -> Vec<Problem> {
    let head = blocks.iter().filter(|block| block.kind == BlockKind::Head).cloned().collect::<Vec<_>>();
    let continues = Request::read(&head, protocol).continues;
    let mut problems = Vec::new();
    let mut calls: HashMap<(String, CallClass), Vec<(usize, bool)>> = HashMap::new();
    let mut problem = |block, kind, call_id: String| problems.push(Problem { block, kind, call_id });
    for (index, block) in blocks.iter().enumerate().filter(|(_, block)| block.kind == BlockKind::Item) {
        for item in protocol.items(&block.raw) {
            let (call_id, class, is_call) = match item {
                Item::Call { call_id, kind, .. } => (call_id, CallClass::of(kind, protocol), true),
                Item::Output { call_id, kind, .. } => (call_id, CallClass::of(kind, protocol), false),
                _ => continue,
            };
            if call_id.is_empty() {
                problem(index, ProblemKind::EmptyId, call_id);
            } else if is_call {
                calls.entry((call_id, class)).or_default().push((index, false));
            } else {
                match calls.get_mut(&(call_id.clone(), class)) {
                    Some(calls) => calls.iter_mut().for_each(|call| call.1 = true),
                    None if continues => {}
                    None => problem(index, ProblemKind::OutputWithoutCall, call_id),
                }
            }
        }
    }
    for ((call_id, _), places) in calls {
        for (index, _) in places.into_iter().filter(|(_, answered)| !answered) {
            problem(index, ProblemKind::CallWithoutOutput, call_id.clone());
        }
    }
    problems.sort_by(|a, b| (a.block, &a.call_id).cmp(&(b.block, &b.call_id)));
    problems
}

/// Which outputs may answer a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum CallClass {
    /// A shell call is answered as a function is.
    Function,
    Custom,
    Search,
}

impl CallClass {
    fn of(kind: CallKind, protocol: Protocol) -> Self {
        match kind {
            CallKind::Custom if protocol == Protocol::Responses => Self::Custom,
            CallKind::Search => Self::Search,
            _ => Self::Function,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(protocol: Protocol, body: &str) -> Vec<(usize, ProblemKind, String)> {
        let problems = pairing(&protocol.split(body).unwrap(), protocol);
        problems.into_iter().map(|problem| (problem.block, problem.kind, problem.call_id)).collect()
    }

    #[test]
    fn calls_and_outputs_that_belong_together_are_no_problem() {
        let responses = r#"{"input":[{"type":"function_call","call_id":"a","name":"x","arguments":""},
            {"type":"custom_tool_call","call_id":"b","name":"y","input":""},
            {"type":"local_shell_call","call_id":"c","action":{}},
            {"type":"web_search_call","id":"w"},
            {"type":"function_call_output","call_id":"c","output":""},
            {"type":"custom_tool_call_output","call_id":"b","output":""},
            {"type":"function_call_output","call_id":"a","output":""}]}"#;
        assert_eq!(found(Protocol::Responses, responses), []);
        let chat = r#"{"messages":[{"role":"assistant","tool_calls":[{"id":"a","custom":{"name":"x","input":""}}]},
            {"role":"tool","tool_call_id":"a","content":"ok"}]}"#;
        assert_eq!(found(Protocol::ChatCompletions, chat), []);
        let messages = r#"{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"x","input":{}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}]}"#;
        assert_eq!(found(Protocol::Messages, messages), []);
    }

    #[test]
    fn every_problem_is_named_with_its_block() {
        use ProblemKind::{CallWithoutOutput, EmptyId, OutputWithoutCall};
        let body = r#"{"input":[{"type":"function_call_output","call_id":"early","output":""},
            {"type":"function_call","call_id":"early","name":"x"},
            {"type":"function_call","call_id":"","name":"x"},
            {"type":"custom_tool_call","call_id":"k","name":"x","input":""},
            {"type":"function_call_output","call_id":"k","output":""}]}"#;
        let expected = [
            (1, OutputWithoutCall, "early".to_owned()),
            (2, CallWithoutOutput, "early".to_owned()),
            (3, EmptyId, String::new()),
            (4, CallWithoutOutput, "k".to_owned()),
            (5, OutputWithoutCall, "k".to_owned()),
        ];
        assert_eq!(found(Protocol::Responses, body), expected);
        let kept = r#"{"previous_response_id":"r","input":[{"type":"function_call_output","call_id":"a","output":""}]}"#;
        assert_eq!(found(Protocol::Responses, kept), []);
    }
}
