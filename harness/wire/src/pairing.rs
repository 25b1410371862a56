//! Whether a request's tool calls and tool outputs belong together, as a provider demands. Knows nothing of what the
//! tools are.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::item::CallKind;
use crate::{Block, BlockKind, Item, Prompt, Protocol, Request};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    let facts: Vec<Vec<Fact>> = blocks.iter().map(|block| facts_of(block, protocol)).collect();
    problems(facts.iter().map(Vec::as_slice), continues(blocks, protocol))
}

/// Follows one prompt and tells each of its problems once; a block is read once, however often it is sent.
#[derive(Debug, Default)]
pub struct Pairs {
    facts: Vec<(u32, Vec<Fact>)>,
    told: HashSet<(ProblemKind, String)>,
}

impl Pairs {
    /// The problems that were not told before.
    pub fn follow(&mut self, prompt: &Prompt, protocol: Protocol) -> Vec<Problem> {
        let mut changed = self.facts.len() > prompt.blocks().len();
        self.facts.truncate(prompt.blocks().len());
        for (at, (block, stamp)) in prompt.blocks().iter().zip(prompt.stamps()).enumerate() {
            match self.facts.get_mut(at) {
                Some((seen, _)) if seen == stamp => continue,
                Some(seen) => {
                    let before = std::mem::replace(seen, (*stamp, facts_of(block, protocol)));
                    changed |= before.1 != seen.1;
                }
                None => {
                    let facts = facts_of(block, protocol);
                    changed |= !facts.is_empty();
                    self.facts.push((*stamp, facts));
                }
            }
        }
        if !changed {
            return Vec::new();
        }
        let facts = self.facts.iter().map(|(_, facts)| facts.as_slice());
        let mut found = problems(facts, continues(prompt.blocks(), protocol));
        found.retain(|problem| self.told.insert((problem.kind, problem.call_id.clone())));
        found
    }
}

/// A call or an output.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fact {
    call_id: String,
    class: CallClass,
    is_call: bool,
}

fn facts_of(block: &Block, protocol: Protocol) -> Vec<Fact> {
    if block.kind != BlockKind::Item {
        return Vec::new();
    }
    let fact = |item| match item {
        Item::Call { call_id, kind, .. } => {
            Some(Fact { call_id, class: CallClass::of(kind, protocol), is_call: true })
        }
        Item::Output { call_id, kind, .. } => {
            Some(Fact { call_id, class: CallClass::of(kind, protocol), is_call: false })
        }
        _ => None,
    };
    protocol.items(&block.raw).into_iter().filter_map(fact).collect()
}

fn continues(blocks: &[Block], protocol: Protocol) -> bool {
    let head = blocks.iter().filter(|block| block.kind == BlockKind::Head).cloned().collect::<Vec<_>>();
    Request::read(&head, protocol).continues
}

fn problems<'a>(blocks: impl Iterator<Item = &'a [Fact]>, continues: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut calls: HashMap<(&str, CallClass), Vec<(usize, bool)>> = HashMap::new();
    let mut problem = |block, kind, call_id: &str| {
        problems.push(Problem { block, kind, call_id: call_id.to_owned() });
    };
    for (index, facts) in blocks.enumerate() {
        for Fact { call_id, class, is_call } in facts {
            if call_id.is_empty() {
                problem(index, ProblemKind::EmptyId, call_id);
            } else if *is_call {
                calls.entry((call_id, *class)).or_default().push((index, false));
            } else {
                match calls.get_mut(&(call_id.as_str(), *class)) {
                    Some(calls) => calls.iter_mut().for_each(|call| call.1 = true),
                    None if continues => {}
                    None => problem(index, ProblemKind::OutputWithoutCall, call_id),
                }
            }
        }
    }
    for ((call_id, _), places) in calls {
        for (index, _) in places.into_iter().filter(|(_, answered)| !answered) {
            problem(index, ProblemKind::CallWithoutOutput, call_id);
        }
    }
    problems.sort_by(|a, b| (a.block, &a.call_id).cmp(&(b.block, &b.call_id)));
    problems
}

/// Which outputs may answer a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    fn a_prompt_that_is_followed_tells_each_problem_once() {
        let call =
            |id: &str| format!(r#"{{"type":"function_call","call_id":"{id}","name":"x","arguments":""}}"#);
        let output = |id: &str| format!(r#"{{"type":"function_call_output","call_id":"{id}","output":""}}"#);
        let items = [call("a"), call("b"), output("a"), output("c")];
        let (mut pairs, mut prompt) = (Pairs::default(), Prompt::default());
        let mut follow = |items: &[String], step: usize| {
            let head = format!("{{\"step\":{step}}}");
            let mut pieces = vec![(BlockKind::Head, head.as_str())];
            pieces.extend(items.iter().map(|item| (BlockKind::Item, item.as_str())));
            prompt.follow(&pieces);
            let found = pairs.follow(&prompt, Protocol::Responses);
            found.into_iter().map(|problem| (problem.block, problem.kind)).collect::<Vec<_>>()
        };
        let expected = [(2, ProblemKind::CallWithoutOutput), (4, ProblemKind::OutputWithoutCall)];
        assert_eq!(follow(&items, 1), expected);
        assert_eq!(follow(&items, 2), []);
        let again = [&items[..], &[call("d")]].concat();
        assert_eq!(follow(&again, 3), [(5, ProblemKind::CallWithoutOutput)]);
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
