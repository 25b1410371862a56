//! A recorded answer in the words of this run. A model's answer names what the run told it: the folder it works in, a
//! process that it writes to. Where those have other values now, the recorded ones mean nothing to the agent. Exactly
//! the values that a profile's rules took from the requests are renamed, and only in what the model says aloud: thoughts
//! are signed. Knows nothing of how answers are served.

use std::collections::HashMap;

use serde_json::value::RawValue;
use wire::{
    Capture, Chain, Frame, JsonError, PathStep, Protocol, Rewrite, Tracker, canonical_with, path_text,
};

use crate::deltas::{Delta, Deltas, piece, streams};
use crate::profile::is_secret;
use crate::{Cassette, Profile};

/// Members of an answer that come back unread, or signed: nothing in them is renamed.
const SEALED: [&str; 5] = ["summary", "thinking", "signature", "encrypted_content", "reasoning_content"];

/// Follows one lane of a recording, for the values of its requests.
#[derive(Debug, Default)]
pub struct Recorded {
    tracker: Tracker,
    blocks: Vec<u32>,
    next: usize,
}

impl Recorded {
    /// The recorded request of an exchange, which is of the same lane as all that were asked for before. Going on
    /// costs what is new.
    pub fn request(&mut self, cassette: &Cassette, number: usize) -> Result<&Chain, JsonError> {
        if number < self.next {
            *self = Self::default();
        }
        let Some(last) = cassette.exchanges.get(number) else { return Ok(self.tracker.chain()) };
        // Between two requests that are asked for, others of the lane may have replaced blocks.
        let mut same = usize::MAX;
        for exchange in cassette.exchanges[self.next..=number].iter().filter(|e| e.lane == last.lane) {
            same = same.min(exchange.apply(&mut self.blocks));
        }
        self.next = number + 1;
        let block = |at: usize| &cassette.blocks[self.blocks[at] as usize].block;
        self.tracker.follow(same, &self.blocks, block, &cassette.profile)?;
        Ok(self.tracker.chain())
    }
}

/// What stands now for the values of a recording.
#[derive(Debug)]
pub struct Renames<'a> {
    profile: &'a Profile,
    recorded: Vec<Capture>,
    now: HashMap<Capture, String>,
}

impl<'a> Renames<'a> {
    /// From the recorded request and the one that it matches: their volatile values have the same numbers.
    pub fn new(profile: &'a Profile, recorded: &Chain, now: &Chain) -> Self {
        Self::of(profile, recorded.captures().iter().zip(now.captures()))
    }

    /// From recorded values and what stands for each.
    pub(crate) fn of<'c>(
        profile: &'a Profile,
        pairs: impl Iterator<Item = (&'c Capture, &'c Capture)>,
    ) -> Self {
        // Only what is followed is ever said by a model, and secrets.
        let said = |old: &Capture| old.is_followed() || is_secret(&old.class);
        let changed =
            pairs.filter(|(old, new)| said(old) && old.class == new.class && old.value != new.value);
        let now: HashMap<Capture, String> =
            changed.map(|(old, new)| (old.clone(), new.value.clone())).collect();
        let recorded = now.keys().cloned().collect();
        Self { profile, recorded, now }
    }

    /// Whether every value that a model may say is what it was.
    pub fn is_empty(&self) -> bool {
        self.now.is_empty()
    }

    /// The spans of a text of the model that are renamed, with what stands there now.
    fn spans(&self, text: &str) -> Vec<(usize, usize, &str)> {
        let found = self.profile.said_spans(text, &self.recorded).into_iter();
        let renamed = found.filter_map(|(start, end, class)| {
            let capture = Capture { class, value: text[start..end].to_owned() };
            Some((start, end, self.now.get(&capture)?.as_str()))
        });
        renamed.collect()
    }

    /// A text of the model in the words of this run; nothing where it is the same.
    pub fn text(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut from = 0;
        for (start, end, now) in self.spans(text) {
            out.push_str(&text[from..start]);
            out.push_str(now);
            from = end;
        }
        (from > 0).then(|| out + &text[from..])
    }

    /// The frames of a recorded answer in the words of this run. A value that came in several deltas is renamed in the
    /// first of them. Frames without such a value stay byte for byte.
    pub fn frames(&self, protocol: Protocol, frames: &[Frame]) -> Vec<Frame> {
        if self.is_empty() {
            return frames.to_vec();
        }
        let deltas = self.deltas(protocol, frames);
        let renamed = |(number, frame): (usize, &Frame)| {
            let data = self.renamed(frame.data.get(), &deltas, number);
            let data = data.and_then(|data| RawValue::from_string(data).ok());
            Frame { data: data.unwrap_or_else(|| frame.data.clone()), ..frame.clone() }
        };
        frames.iter().enumerate().map(renamed).collect()
    }

    /// The body of a recorded answer without a stream in the words of this run.
    pub fn body(&self, body: &str) -> String {
        self.renamed(body, &HashMap::new(), 0).unwrap_or_else(|| body.to_owned())
    }

    /// Nothing where there is nothing to rename.
    fn renamed(&self, text: &str, deltas: &Deltas, frame: usize) -> Option<String> {
        let mut renamer = Renamer { renames: self, deltas, frame, changed: false };
        let text = canonical_with(text, &mut renamer).ok()?;
        renamer.changed.then_some(text)
    }

    /// The new text of every delta, by frame and path. Thoughts stay.
    fn deltas(&self, protocol: Protocol, frames: &[Frame]) -> Deltas {
        let mut out = Deltas::new();
        for stream in streams(protocol, frames) {
            let whole: String = stream.iter().map(|delta| delta.text.as_str()).collect();
            let spans = self.spans(&whole);
            let mut at = 0;
            for Delta { frame, path, text, thought } in stream {
                let end = at + text.len();
                out.insert((frame, path), if thought { text } else { piece(&whole, at, end, &spans) });
                at = end;
            }
        }
        out
    }
}

struct Renamer<'a> {
    renames: &'a Renames<'a>,
    deltas: &'a Deltas,
    frame: usize,
    changed: bool,
}

impl Rewrite for Renamer<'_> {
    fn string(&mut self, path: &[PathStep], value: &str) -> Option<String> {
        let sealed = |step: &PathStep| matches!(step, PathStep::Key(key) if SEALED.contains(&key.as_str()));
        if path.iter().any(sealed) {
            return None;
        }
        let delta = self.deltas.get(&(self.frame, path_text(path))).cloned();
        let text = match delta {
            Some(text) => Some(text).filter(|text| text != value),
            None => self.renames.text(value),
        };
        self.changed |= text.is_some();
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use wire::{Answer, Authored, AuthoredCall, Block, BlockKind};

    use super::*;

    fn chain(profile: &Profile, cwd: &str, process: u32) -> Chain {
        let context = format!("<environment_context>\n  <cwd>{cwd}</cwd>\n</environment_context>");
        let output = format!(
            "Chunk ID: 0a0b0c\nWall time: 0.1 seconds\nProcess running with session ID {process}\nOriginal token count: 0\nOutput:\n"
        );
        let mut chain = Chain::default();
        for item in [json!({"content": [{"text": context}]}), json!({"output": output})] {
            chain.add(&Block::new(BlockKind::Item, item.to_string()), profile).unwrap();
        }
        chain
    }

    fn answered(protocol: Protocol, frames: &[Frame]) -> Answer {
        let mut decoder = protocol.decoder();
        frames.iter().for_each(|frame| drop(decoder.feed(frame)));
        decoder.finish()
    }

    #[test]
    fn what_the_run_told_the_model_comes_back_in_the_words_of_this_run() {
        let profile = Profile::built_in("codex").unwrap();
        let (recorded, now) = (chain(&profile, "/srv/app", 4001), chain(&profile, "/srv", 77));
        let renames = Renames::new(&profile, &recorded, &now);
        assert_eq!(renames.text("cat /srv/app/x /srv/apple").as_deref(), Some("cat /srv/x /srv/apple"));
        assert_eq!(
            renames.text(r#"{"chars":"4001","session_id":4001}"#).as_deref(),
            Some(r#"{"chars":"4001","session_id":77}"#)
        );
        assert_eq!(renames.text("4001 in /work"), None);
        assert!(Renames::new(&profile, &recorded, &recorded).is_empty());
    }

    proptest! {
        /// However a stream was cut into deltas, it says what the renamed answer says.
        #[test]
        fn a_value_is_renamed_across_deltas(before in "[a-z /]{0,90}", after in "[a-z ]{0,90}", reverse: bool) {
            let profile = Profile::built_in("codex").unwrap();
            let (mut recorded, mut now) = (chain(&profile, "/srv/one/app", 4001), chain(&profile, "/srv", 4001));
            if reverse {
                std::mem::swap(&mut recorded, &mut now);
            }
            let renames = Renames::new(&profile, &recorded, &now);
            let cwd = if reverse { "/srv" } else { "/srv/one/app" };
            let said = format!("{before} {cwd}/x {after}");
            let arguments = json!({"command": said}).to_string();
            let authored = Authored {
                model: "stub".into(),
                number: 1,
                reasoning: Some(said.clone()),
                text: Some(said.clone()),
                calls: vec![AuthoredCall::function("run", arguments.clone())],
                ..Authored::default()
            };
            for protocol in Protocol::ALL {
                let frames = authored.frames(protocol).unwrap();
                let renamed = answered(protocol, &renames.frames(protocol, &frames));
                let expected = Authored {
                    text: renames.text(&said),
                    calls: vec![AuthoredCall::function("run", renames.text(&arguments).unwrap())],
                    ..authored.clone()
                };
                prop_assert_eq!(renamed.items, answered(protocol, &expected.frames(protocol).unwrap()).items);
            }
        }
    }
}
