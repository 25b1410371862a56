//! What a request added to the prompt: the shared beginning folded to one line, and each new block with what it is.
//! Knows nothing of the rest of a step.

use wire::{BlockKind, Item};

use super::markup::Markup;
use super::timeline::Shown;
use crate::exchanges::{Added, Exchanges, Piece};
use crate::figures;

/// Blocks of one request that are listed.
const MOST: usize = 200;
/// Characters of one block that are shown.
const TEXT: usize = 12_000;

/// The addition, folded.
pub(super) fn added(m: &mut Markup, exchanges: &Exchanges, added: &Added, shown: &mut Shown) {
    let pieces: Vec<Piece> = added.blocks.iter().take(MOST).filter_map(|id| exchanges.piece(*id)).collect();
    let tokens = added.blocks.iter().filter_map(|id| exchanges.piece(*id)).map(|p| u64::from(p.tokens));
    let tokens = tokens.fold(0, u64::saturating_add);
    m.raw("<details class=\"ev\"><summary>Added to the prompt: ");
    m.text(&figures::counted(added.blocks.len() as u64, "block"))
        .raw(", ")
        .text(&figures::count(tokens))
        .raw(" tokens");
    if added.shared > 0 {
        m.raw(" after ").int(added.shared).raw(" that it shares with the request before (");
        m.text(&figures::count(added.shared_tokens)).raw(" tokens)");
    }
    m.raw("</summary>\n<div class=\"blocks\">\n");
    for piece in &pieces {
        one(m, piece, shown);
    }
    if added.blocks.len() > pieces.len() {
        m.raw("<div class=\"quiet\">and ").int((added.blocks.len() - pieces.len()) as u64).raw(" more</div>");
    }
    m.raw("</div></details>\n");
}

fn one(m: &mut Markup, piece: &Piece, shown: &mut Shown) {
    let (label, text) = match piece.kind {
        BlockKind::Head => ("model and parameters".to_owned(), Some(piece.raw.to_owned())),
        BlockKind::Tool => (format!("tool {}", tool_name(piece.raw)), Some(piece.raw.to_owned())),
        BlockKind::Instructions => ("instructions".to_owned(), Some(readable(piece.raw))),
        BlockKind::Item => item(piece, shown),
    };
    m.raw("<div>");
    match text.filter(|_| shown.room()) {
        Some(text) => {
            m.raw("<details><summary>")
                .text(&label)
                .raw(" <span class=\"quiet\">")
                .int(u64::from(piece.tokens));
            m.raw(" tokens</span></summary><pre>")
                .with(|m| shown.lines(m, &text, TEXT))
                .raw("</pre></details>");
        }
        None => {
            m.raw("<span class=\"lab\">")
                .text(&label)
                .raw("</span><span class=\"quiet\">")
                .int(u64::from(piece.tokens));
            m.raw(" tokens</span>");
        }
    }
    m.raw("</div>\n");
}

/// What an entry is, and its text unless the timeline shows it anyway.
fn item(piece: &Piece, shown: &Shown) -> (String, Option<String>) {
    let [item] = piece.items.as_slice() else {
        return ("entries of the conversation".to_owned(), Some(piece.raw.to_owned()));
    };
    match item {
        Item::Message { role, text, .. } => {
            let own = role == "assistant" && shown.said;
            (format!("{role} message"), (!own).then(|| text.clone()))
        }
        Item::Reasoning { summary, .. } => {
            ("reasoning".to_owned(), Some(summary.clone()).filter(|summary| !summary.is_empty()))
        }
        Item::Call { call_id, name, arguments, .. } => {
            let known = shown.calls.contains(call_id);
            (format!("call of {name} ({call_id})"), (!known).then(|| arguments.clone()))
        }
        Item::Output { call_id, output, .. } => {
            let known = shown.calls.contains(call_id);
            (format!("output of {call_id}"), (!known).then(|| output.clone()))
        }
        Item::Compaction { summary } => ("what came before, compacted".to_owned(), Some(summary.clone())),
        Item::Tools { names } => (format!("tools made known: {}", names.join(", ")), None),
        Item::Other(kind) => (kind.clone(), Some(piece.raw.to_owned())),
    }
}

/// The name in a tool's definition.
fn tool_name(raw: &str) -> String {
    let definition: Option<serde_json::Value> = serde_json::from_str(raw).ok();
    let name = definition.as_ref().and_then(|tool| {
        let name = tool.get("name").or_else(|| tool.get("function")?.get("name"));
        name.or_else(|| tool.get("type"))?.as_str()
    });
    name.unwrap_or_default().to_owned()
}

/// A JSON string as its text; anything else as it is.
fn readable(raw: &str) -> String {
    serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned())
}
