//! `retake variant`: what a variant resolves to, in what two of them differ, and where in the prompt.

use std::fmt::Write as _;

use runner::{Piece, Prompts};
use serde::Serialize;
use serde_json::Value;
use suite::Variant;

use crate::args::{Common, VariantVerb};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::settings::{self, Settings};

/// Stands for what only a task knows.
const OWN_DOCS: &str = "(the task's own AGENTS.md, where it has one)";

/// A variant with the contents of what it names.
struct Resolved {
    variant: Variant,
    prompts: Prompts,
    /// What its conversations begin with; nothing where that is another maker's affair.
    opening: Option<Vec<Piece>>,
}

impl Resolved {
    fn of(settings: &Settings, name: &str) -> Result<Self, Failure> {
        let found = settings.variants(&[name.to_owned()])?;
        // One name gives one variant.
        let Some(variant) = found.into_iter().next() else { return Err(Failure::usage(name)) };
        let prompts = Prompts::read(&variant, &settings::run_git)?;
        let opening = runner::opening(&variant, &prompts, OWN_DOCS)?;
        Ok(Self { variant, prompts, opening })
    }

    /// Everything that a column of a comparison may differ in, by name; prompt files by content.
    fn members(&self) -> Result<Vec<(String, Value)>, Failure> {
        let value = serde_json::to_value(&self.variant)
            .map_err(|e| Failure::host(format!("the variant cannot be written: {e}")))?;
        let Value::Object(members) = value else { return Ok(Vec::new()) };
        let plain =
            members.into_iter().filter(|(name, _)| !["name", "files", "append"].contains(&name.as_str()));
        let mut list: Vec<(String, Value)> = plain.collect();
        let text = |bytes: &[u8]| Value::from(String::from_utf8_lossy(bytes).into_owned());
        list.extend(self.prompts.files.iter().map(|(path, content)| (format!("file {path}"), text(content))));
        list.extend(self.prompts.append.iter().map(|text| ("append".to_owned(), Value::from(text.as_str()))));
        Ok(list)
    }
}

/// Carries the verb out.
pub(crate) fn variant(verb: &VariantVerb, common: &Common) -> Result<Exit, Failure> {
    let settings = Settings::read(common)?;
    match verb {
        VariantVerb::Show(args) => show(&Resolved::of(&settings, &args.variant)?, common),
        VariantVerb::Diff(args) => {
            diff(&Resolved::of(&settings, &args.a)?, &Resolved::of(&settings, &args.b)?, common)
        }
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    variant: &'a Variant,
    /// Bytes of each prompt file, by path in the workspace.
    file_bytes: std::collections::BTreeMap<&'a str, usize>,
    /// What its conversations begin with.
    opening: &'a Option<Vec<Piece>>,
}

fn show(resolved: &Resolved, common: &Common) -> Result<Exit, Failure> {
    if common.json {
        let file_bytes =
            resolved.prompts.files.iter().map(|(path, content)| (path.as_str(), content.len())).collect();
        output::json(&Shown { variant: &resolved.variant, file_bytes, opening: &resolved.opening })?;
        return Ok(Exit::Done);
    }
    let mut text = format!("{}\n", resolved.variant.name);
    for (name, value) in resolved.members()? {
        let said = match &value {
            Value::Null => continue,
            Value::String(content) if name.starts_with("file ") || name == "append" => {
                format!("{} bytes", content.len())
            }
            Value::String(word) => word.clone(),
            Value::Object(members) if members.is_empty() => continue,
            other => other.to_string(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<12} {said}");
    }
    if let Some(pieces) = &resolved.opening {
        let total: usize = pieces.iter().map(|piece| piece.raw.len()).sum();
        let _ = writeln!(text, "opening, {total} bytes");
        for piece in pieces {
            let _ = writeln!(text, "  {:>7}  {}", piece.raw.len(), piece.name);
        }
    }
    output::text(&text)?;
    Ok(Exit::Done)
}

/// In what two variants differ.
#[derive(Serialize)]
struct Difference {
    a: String,
    b: String,
    equal: bool,
    /// Each member that differs.
    members: Vec<MemberChange>,
    /// Where their conversations differ; nothing where that is another maker's affair.
    prompt: Option<PromptChange>,
}

#[derive(Serialize)]
struct MemberChange {
    name: String,
    a: Value,
    b: Value,
}

#[derive(Serialize)]
struct PromptChange {
    /// Bytes that both conversations begin with: what a cache filled by one gives the other at most.
    shared_bytes: usize,
    /// Bytes of the two openings.
    bytes: [usize; 2],
    /// Names of the pieces that differ, are missing or stand elsewhere.
    pieces: Vec<String>,
}

fn diff(a: &Resolved, b: &Resolved, common: &Common) -> Result<Exit, Failure> {
    let found = difference(a, b)?;
    if common.json {
        output::json(&found)?;
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    // A file that only one of them has is one that begins there.
    let said = |value: &Value| {
        if value.is_null() { Some(String::new()) } else { value.as_str().map(str::to_owned) }
    };
    for MemberChange { name, a, b } in &found.members {
        match (said(a), said(b)) {
            (Some(a), Some(b)) if a.contains('\n') || b.contains('\n') => {
                let changed = runner::text_diff(&a, &b);
                let _ = writeln!(text, "{name}\n  {}", changed.trim_end().replace('\n', "\n  "));
            }
            _ => {
                let _ = writeln!(text, "{name}\n  - {a}\n  + {b}");
            }
        }
    }
    match &found.prompt {
        _ if found.equal => text.push_str("the two resolve to the same\n"),
        None => text.push_str(
            "where in the prompt: an agent of another maker builds its own; `retake ab` shows it in recorded requests\n",
        ),
        Some(prompt) if prompt.pieces.is_empty() => text.push_str("the prompts begin alike\n"),
        Some(PromptChange { shared_bytes, bytes, pieces }) => {
            let _ = writeln!(
                text,
                "the prompts share their first {shared_bytes} bytes, of {} and {}; then differ: {}",
                bytes[0],
                bytes[1],
                pieces.join(", ")
            );
        }
    }
    output::text(&text)?;
    Ok(Exit::Done)
}

fn difference(a: &Resolved, b: &Resolved) -> Result<Difference, Failure> {
    let (old, new) = (a.members()?, b.members()?);
    let value = |list: &[(String, Value)], name: &str| {
        list.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, value)| value.clone())
    };
    let names = old.iter().chain(new.iter().filter(|(name, _)| !old.iter().any(|(known, _)| known == name)));
    let members = names.map(|(name, _)| MemberChange {
        name: name.clone(),
        a: value(&old, name),
        b: value(&new, name),
    });
    let members: Vec<MemberChange> = members.filter(|change| change.a != change.b).collect();
    let prompt = a.opening.as_ref().zip(b.opening.as_ref()).map(|(a, b)| prompt_change(a, b));
    Ok(Difference {
        a: a.variant.name.clone(),
        b: b.variant.name.clone(),
        equal: members.is_empty(),
        members,
        prompt,
    })
}

fn prompt_change(a: &[Piece], b: &[Piece]) -> PromptChange {
    let whole = |pieces: &[Piece]| pieces.iter().map(|piece| piece.raw.as_str()).collect::<String>();
    let (old, new) = (whole(a), whole(b));
    let shared = old.bytes().zip(new.bytes()).take_while(|(old, new)| old == new).count();
    let of = |pieces: &[Piece], name: &str| pieces.iter().find(|piece| piece.name == name).cloned();
    let mut names: Vec<&str> = a.iter().chain(b).map(|piece| piece.name.as_str()).collect();
    names.dedup();
    let mut pieces: Vec<String> = Vec::new();
    for name in names {
        if of(a, name) != of(b, name) && !pieces.iter().any(|known| known == name) {
            pieces.push(name.to_owned());
        }
    }
    if pieces.is_empty() && old != new {
        pieces.push("the order of the tools".to_owned());
    }
    PromptChange { shared_bytes: shared, bytes: [old.len(), new.len()], pieces }
}
