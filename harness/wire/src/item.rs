//! Entries of a conversation as the loop and a script read them, whatever the protocol. What is not read here is kept
//! raw by those who hold it.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::Fields;
use crate::fields::{Field, elements};

/// One entry of a conversation, as far as anybody looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Somebody said something.
    Message {
        /// user, assistant, developer or system.
        role: String,
        /// All its text parts, joined.
        text: String,
        /// Number of its images.
        images: usize,
    },
    /// The model thought.
    Reasoning {
        /// The texts that are shown, joined.
        summary: String,
        /// Whether there is content that only the provider can read.
        sealed: bool,
    },
    /// The model calls a tool.
    Call {
        /// The call's id.
        call_id: String,
        /// The tool.
        name: String,
        /// Its arguments, as the model wrote them: JSON, or free text for a custom tool.
        arguments: String,
        /// What kind of tool.
        kind: CallKind,
    },
    /// What a tool answered.
    Output {
        /// The call's id.
        call_id: String,
        /// The text the model is shown.
        output: String,
        /// Number of images the model is shown.
        images: usize,
        /// Whether the tool failed, where the protocol can say so.
        is_error: bool,
        /// What kind of tool.
        kind: CallKind,
    },
    /// What came before, compacted.
    Compaction {
        /// The summary, where it can be read.
        summary: String,
    },
    /// Tools that are made known within the conversation.
    Tools {
        /// Their names.
        names: Vec<String>,
    },
    /// Anything else, by its type: a call that the provider runs itself, too.
    Other(String),
}

/// What kind of tool a call is for: its output must be of the same kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallKind {
    /// A function with JSON arguments.
    #[default]
    Function,
    /// A tool that takes free text.
    Custom,
    /// A search for tools that the client runs.
    Search,
    /// The shell tool of older requests.
    Shell,
}

impl Item {
    /// Reads an item of the Responses protocol; nothing where the text is no JSON object.
    pub fn decode(raw: &str) -> Option<Self> {
        crate::responses::read_item(raw)
    }
}

impl Fields<'_> {
    /// The string of that name.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        Cow::read(self.get(key)?).map(Cow::into_owned)
    }

    /// The content of that name: a string or a list of parts.
    pub(crate) fn content(&self, key: &str) -> Content {
        self.get(key).map(Content::read).unwrap_or_default()
    }
}

/// What a string or a list of parts shows.
#[derive(Debug, Default)]
pub(crate) struct Content {
    texts: Vec<String>,
    pub(crate) images: usize,
}

impl Content {
    fn read(raw: &RawValue) -> Self {
        let mut content = Self::default();
        if let Some(text) = Cow::read(raw) {
            content.texts.push(text.into_owned());
        }
        for part in elements(raw).unwrap_or_default() {
            if let Ok(part) = Fields::parse(part.get()) {
                content.part(&part);
            }
        }
        content
    }

    /// Takes one part; false where it shows nothing.
    pub(crate) fn part(&mut self, part: &Fields<'_>) -> bool {
        let kind = part.text("type").unwrap_or_default();
        let image = matches!(kind.as_str(), "input_image" | "image" | "image_url");
        self.images += usize::from(image);
        let text = part.text("text").or_else(|| part.text("refusal"));
        let shows = image || text.is_some();
        self.texts.extend(text);
        shows
    }

    /// Whether it shows nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.images == 0 && self.texts.iter().all(String::is_empty)
    }

    /// All its texts.
    pub(crate) fn text(&self) -> String {
        self.texts.join("\n")
    }

    /// A message with this content.
    pub(crate) fn message(&self, role: &str) -> Item {
        Item::Message { role: role.to_owned(), text: self.text(), images: self.images }
    }
}
