//! Spellings that the Messages protocol treats as equal, and that clients switch between as the conversation grows or
//! from run to run: a text alone is a list of one part of text, a cache breakpoint asks for no other answer, and the
//! results of several calls belong to their calls by id, so that whichever ended first may stand first. All hold for keys
//! only. The raw blocks keep what was sent, and cache analysis works on those. Knows nothing of requests.

use crate::canonical::Rewrite;
use crate::{BlockKind, PathStep};

/// Writes a block in one of its equal spellings.
pub(crate) struct Equal {
    pub(crate) kind: BlockKind,
}

impl Rewrite for Equal {
    fn string(&mut self, _path: &[PathStep], _value: &str) -> Option<String> {
        None
    }

    /// A breakpoint stands on the request, a tool, a part of the system prompt, a content block, or a part of a tool's
    /// result. Deeper down, as in a tool's input, the word means something else.
    fn leaves_out(&mut self, path: &[PathStep], _raw: &str) -> bool {
        let Some((PathStep::Key(last), above)) = path.split_last() else { return false };
        last == "cache_control"
            && match (self.kind, above) {
                (BlockKind::Item, [content, PathStep::Index(_)]) => is_content(content),
                (BlockKind::Item, [content, PathStep::Index(_), inner, PathStep::Index(_)]) => {
                    is_content(content) && is_content(inner)
                }
                (kind, []) => kind != BlockKind::Item,
                _ => false,
            }
    }

    fn is_one_part(&mut self, path: &[PathStep]) -> bool {
        self.kind == BlockKind::Item && matches!(path, [content] if is_content(content))
    }

    /// Results of calls by the id of their call, in the places where results stand.
    fn order(&mut self, path: &[PathStep], elements: &[&str]) -> Option<Vec<usize>> {
        if !self.is_one_part(path) {
            return None;
        }
        let results = || (0..elements.len()).filter(|at| result_of(elements[*at]).is_some());
        let mut sorted: Vec<usize> = results().collect();
        if sorted.is_sorted_by_key(|at| result_of(elements[*at])) {
            return None;
        }
        sorted.sort_by_key(|at| result_of(elements[*at]));
        let mut order: Vec<usize> = (0..elements.len()).collect();
        for (place, at) in results().zip(sorted) {
            order[place] = at;
        }
        Some(order)
    }
}

/// The id of the call whose result a content block is, from its canonical text: `type` is the last of its keys, and the
/// id the one before.
fn result_of(block: &str) -> Option<&str> {
    let rest = block.strip_suffix(r#"","type":"tool_result"}"#)?;
    let (_, id) = rest.rsplit_once(r#""tool_use_id":""#)?;
    (!id.contains('"')).then_some(id)
}

fn is_content(step: &PathStep) -> bool {
    matches!(step, PathStep::Key(key) if key == "content")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Protocol;

    fn canonical(kind: BlockKind, raw: &str) -> String {
        Protocol::Messages.canonical(kind, raw).unwrap()
    }

    #[test]
    fn a_text_alone_equals_one_part_and_a_breakpoint_is_no_difference() {
        use BlockKind::{Head, Instructions, Item, Tool};
        let alone = canonical(Item, r#"{"role":"system","content":"a \"b\""}"#);
        let part = r#"{"role":"system","content":[{"type":"text","text":"a \"b\"","cache_control":{"type":"ephemeral"}}]}"#;
        assert_eq!(alone, canonical(Item, part));
        assert_ne!(alone, canonical(Item, &part.replace("a \\", "c \\")));
        assert_ne!(alone, canonical(Item, &part.replace("}]", "},{\"type\":\"text\",\"text\":\"\"}]")));
        let result = r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"x","cache_control":{}}]}]}"#;
        assert!(!canonical(Item, result).contains("cache_control"));
        for kind in [Head, Tool, Instructions] {
            assert_eq!(canonical(kind, r#"{"a":1,"cache_control":{},"b":2}"#), r#"{"a":1,"b":2}"#);
        }
    }

    #[test]
    fn results_of_calls_are_the_same_in_whichever_order_they_ended() {
        let message = |parts: &[&str]| format!(r#"{{"role":"user","content":[{}]}}"#, parts.join(","));
        let result = |id: &str, text: &str| {
            format!(r#"{{"tool_use_id":"{id}","type":"tool_result","content":"{text}"}}"#)
        };
        let (one, two, text) = (result("t1", "a"), result("t2", "b"), r#"{"type":"text","text":"and"}"#);
        let key = |parts: &[&str]| canonical(BlockKind::Item, &message(parts));
        assert_eq!(key(&[&one, &two, text]), key(&[&two, &one, text]));
        assert_ne!(key(&[&one, &two, text]), key(&[&result("t1", "b"), &result("t2", "a"), text]));
        assert_ne!(key(&[&one, text, &two]), key(&[&one, &two, text]), "what else is said keeps its place");
        assert_ne!(
            key(&[text, r#"{"type":"text","text":"a"}"#]),
            key(&[r#"{"type":"text","text":"a"}"#, text])
        );
    }

    #[test]
    fn elsewhere_the_word_is_content_like_any_other() {
        let input = r#"{"content":[{"input":{"cache_control":"no"},"type":"tool_use"}],"role":"assistant"}"#;
        assert_eq!(canonical(BlockKind::Item, input), input);
        let tool = r#"{"input_schema":{"properties":{"cache_control":{}}},"name":"t"}"#;
        assert_eq!(canonical(BlockKind::Tool, tool), tool);
        let responses = r#"{"content":"a","role":"user"}"#;
        assert_eq!(Protocol::Responses.canonical(BlockKind::Item, responses).unwrap(), responses);
    }
}
