//! Secrets in the frames of an answer: a secret that came in several deltas is found in what they say together. Knows
//! nothing of where frames are kept.

use std::collections::HashMap;

use serde_json::value::RawValue;
use wire::{Frame, PathStep, Protocol, Rewrite, canonical_with, path_text};

use super::{Redactor, mark};
use crate::deltas::{Deltas, piece, streams};

impl Redactor {
    /// The frames of an answer with marks for its secrets. A mark stands in the first of the deltas that its secret
    /// came in; frames without one stay byte for byte.
    pub fn frames(&mut self, protocol: Protocol, frames: Vec<Frame>) -> Vec<Frame> {
        let mut changed = Deltas::new();
        for stream in streams(protocol, &frames) {
            let whole: String = stream.iter().map(|delta| delta.text.as_str()).collect();
            let found = self.scanner.find(&whole, None);
            let marks: Vec<(usize, usize, String)> = found
                .iter()
                .map(|f| {
                    (
                        f.start,
                        f.end,
                        mark(&mut self.numbers, &mut self.counts, f.kind, &whole[f.start..f.end]),
                    )
                })
                .collect();
            let spans: Vec<(usize, usize, &str)> =
                marks.iter().map(|(start, end, mark)| (*start, *end, mark.as_str())).collect();
            let mut at = 0;
            for delta in stream {
                let end = at + delta.text.len();
                let text = piece(&whole, at, end, &spans);
                if text != delta.text {
                    changed.insert((delta.frame, delta.path), text);
                }
                at = end;
            }
        }
        let mut by_frame: HashMap<usize, Vec<(String, String)>> = HashMap::new();
        for ((frame, path), text) in changed {
            by_frame.entry(frame).or_default().push((path, text));
        }
        let renew = |(number, frame): (usize, Frame)| {
            let data = by_frame
                .get(&number)
                .and_then(|texts| canonical_with(frame.data.get(), &mut Said(texts)).ok());
            let data = data.as_deref().unwrap_or(frame.data.get());
            let data = self.json(data).or_else(|| (data != frame.data.get()).then(|| data.to_owned()));
            match data.and_then(|data| RawValue::from_string(data).ok()) {
                Some(data) => Frame { data, ..frame },
                None => frame,
            }
        };
        frames.into_iter().enumerate().map(renew).collect()
    }
}

/// Puts the new texts of a frame's deltas in.
struct Said<'a>(&'a [(String, String)]);

impl Rewrite for Said<'_> {
    fn string(&mut self, path: &[PathStep], _value: &str) -> Option<String> {
        let path = path_text(path);
        self.0.iter().find(|(other, _)| *other == path).map(|(_, text)| text.clone())
    }
}
