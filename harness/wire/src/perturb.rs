//! A request made to break its prompt cache, in five ways: what clients do by mistake. Works on the blocks of a Responses
//! request. Knows nothing of who sends it, or when.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::responses::items;
use crate::{Block, BlockKind, Item};

/// A way of breaking a prompt cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Perturb {
    /// The time stands in the instructions.
    Clock,
    /// Tools come in another order, as from a map without one.
    Tools,
    /// What the user asked for is edited.
    History,
    /// `prompt_cache_key` is another one.
    Key,
    /// A parameter is another one.
    Parameters,
}

impl Perturb {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Clock, Self::Tools, Self::History, Self::Key, Self::Parameters];

    /// Changes a request as it is after this has happened so many times before; 0 leaves it as it is.
    pub fn apply(self, blocks: &mut [Block], times: u32) {
        if times == 0 {
            return;
        }
        match self {
            Self::Clock => {
                let stamp =
                    format!("\nThe time is 2026-11-02T09:{:02}:{:02}Z.\n", times / 60 % 60, times % 60);
                let found = blocks.iter_mut().find(|block| block.kind == BlockKind::Instructions);
                edit(found, |value| {
                    let text = value.as_str()?;
                    Some(json!(format!("{text}{stamp}")))
                });
            }
            Self::Tools => {
                let first = blocks.iter().position(|block| block.kind == BlockKind::Tool);
                let count = blocks.iter().filter(|block| block.kind == BlockKind::Tool).count();
                if let Some(tools) = first.and_then(|first| blocks.get_mut(first..first + count)) {
                    tools.rotate_left(times as usize % count);
                }
            }
            Self::History => {
                if let Some((at, role, text)) = last_of_the_opening(blocks) {
                    let text = format!("{text}\n(revision {})", times + 1);
                    blocks[at] = Block::new(BlockKind::Item, items::message(&role, &text));
                }
            }
            Self::Key => edit(head(blocks), |value| {
                let key = value.get("prompt_cache_key")?.as_str()?;
                let key = format!("{key}#{}", times + 1);
                let mut changed = value.clone();
                changed["prompt_cache_key"] = json!(key);
                Some(changed)
            }),
            Self::Parameters => edit(head(blocks), |value| {
                let mut changed = value.clone();
                changed["parallel_tool_calls"] = json!(times.is_multiple_of(2));
                Some(changed)
            }),
        }
    }
}

/// The last message of those that the conversation begins with: its place, who says it, and what.
fn last_of_the_opening(blocks: &[Block]) -> Option<(usize, String, String)> {
    let items = blocks.iter().enumerate().filter(|(_, block)| block.kind == BlockKind::Item);
    let messages = items.map_while(|(at, block)| match Item::decode(&block.raw)? {
        Item::Message { role, text, .. } if !role.is_empty() && role != "assistant" => Some((at, role, text)),
        _ => None,
    });
    messages.last()
}

fn head(blocks: &mut [Block]) -> Option<&mut Block> {
    blocks.iter_mut().find(|block| block.kind == BlockKind::Head)
}

/// Another value in a block's place, where it is JSON that can be changed.
fn edit(block: Option<&mut Block>, change: impl Fn(&Value) -> Option<Value>) {
    let Some(block) = block else { return };
    let value = serde_json::from_str(&block.raw).ok();
    if let Some(changed) = value.and_then(|value| change(&value)) {
        *block = Block::new(block.kind, changed.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks() -> Vec<Block> {
        vec![
            Block::new(BlockKind::Head, r#"{"model":"m","parallel_tool_calls":true,"prompt_cache_key":"t"}"#),
            Block::new(BlockKind::Tool, r#"{"name":"a"}"#),
            Block::new(BlockKind::Tool, r#"{"name":"b"}"#),
            Block::new(BlockKind::Instructions, r#""Work.""#),
            Block::new(BlockKind::Item, items::message("user", "/app")),
            Block::new(BlockKind::Item, items::message("user", "Do it.")),
        ]
    }

    #[test]
    fn each_way_changes_one_thing_and_every_time_anew() {
        for way in Perturb::ALL {
            let mut seen = vec![blocks()];
            for times in 1..=2 {
                let mut changed = blocks();
                way.apply(&mut changed, times);
                let differ = changed.iter().zip(&blocks()).filter(|(a, b)| a != b).count();
                assert!(differ <= 2, "{way:?} {changed:?}");
                assert_ne!(seen.last(), Some(&changed), "{way:?} {times}");
                seen.push(changed);
            }
            let mut same = blocks();
            way.apply(&mut same, 0);
            assert_eq!(same, blocks());
        }
    }

    #[test]
    fn what_is_not_there_is_not_changed() {
        for way in Perturb::ALL {
            let mut odd = vec![Block::new(BlockKind::Head, "["), Block::new(BlockKind::Item, "{}")];
            let before = odd.clone();
            way.apply(&mut odd, 3);
            way.apply(&mut [], 3);
            assert_eq!(odd, before, "{way:?}");
        }
    }
}
