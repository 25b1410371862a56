//! Cassettes of go-vcr, vcrpy and httpmock, which are YAML. Knows nothing of what the exchanges say.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

use crate::capture::{interaction, sessions};
use crate::sniff::Found;

/// How many exchanges may be left out at the end of a file that breaks off.
const LEFT_OUT_MAX: usize = 4;

pub(crate) fn read(source: &str, text: &str) -> Found {
    let starts = starts(text);
    let (documents, mut faults) = match Yaml::load_from_str(text) {
        Ok(documents) => (documents, Vec::new()),
        Err(error) => {
            let line = error.marker().line();
            (before(text, &starts, line), vec![(line, format!("not YAML: {}", error.info()))])
        }
    };
    let mut found: Vec<Value> = Vec::new();
    for document in &documents {
        match json(document) {
            Value::Object(mut whole) if whole.contains_key("interactions") => {
                let list = whole.remove("interactions");
                found.extend(list.and_then(|list| list.as_array().cloned()).into_iter().flatten());
            }
            Value::Null => {}
            other => found.push(other),
        }
    }
    // Lines are told where each exchange has its own beginning.
    let line = |at: usize| if starts.len() >= found.len() { starts.get(at).copied().unwrap_or(0) } else { 0 };
    let exchanges: Vec<_> =
        found.iter().enumerate().filter_map(|(at, one)| interaction(one, line(at))).collect();
    let has = |one: &Value, keys: [&str; 2]| keys.iter().any(|key| one.get(key).is_some());
    let alone = |one: &Value| has(one, ["request", "when"]) && !has(one, ["response", "then"]);
    let alone = found.iter().enumerate().filter(|(_, one)| alone(one));
    faults.extend(alone.map(|(at, _)| (line(at), format!("exchange {}: there is no response", at + 1))));
    if exchanges.is_empty() {
        let known = !faults.is_empty();
        return Found { known, faults, ..Found::default() };
    }
    sessions(source, "http_cassette", exchanges, faults)
}

/// The lines on which exchanges begin, from 1: entries of `interactions`, else documents with a `when`.
fn starts(text: &str) -> Vec<usize> {
    let mut lines = text.lines().enumerate();
    let listed = lines.by_ref().any(|(_, line)| line.starts_with("interactions:"));
    let entry = lines.next().map(|(_, line)| line.len() - line.trim_start().len());
    let begins = |line: &str| match (listed, entry) {
        (true, Some(indent)) => {
            line.get(indent..).is_some_and(|rest| rest.starts_with("- ")) && line[..indent].trim().is_empty()
        }
        _ => line.starts_with("when:"),
    };
    text.lines().enumerate().filter(|(_, line)| begins(line)).map(|(at, _)| at + 1).collect()
}

/// What stands before the exchange in which a text breaks off.
fn before<'t>(text: &'t str, starts: &[usize], line: usize) -> Vec<Yaml<'t>> {
    let ends = starts.iter().rev().filter(|start| **start <= line).take(LEFT_OUT_MAX);
    let cut = |start: &usize| {
        let bytes: usize = text.split_inclusive('\n').take(start - 1).map(str::len).sum();
        Yaml::load_from_str(text.get(..bytes)?).ok()
    };
    ends.filter_map(cut).next().unwrap_or_default()
}

/// The same value as JSON; what JSON cannot say is null.
fn json(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => value.into_inner().into(),
        Yaml::Value(Scalar::String(value)) => value.as_ref().into(),
        Yaml::Sequence(list) => list.iter().map(json).collect(),
        Yaml::Mapping(map) => {
            let member = |(key, value): (&Yaml<'_>, &Yaml<'_>)| Some((key.as_str()?.to_owned(), json(value)));
            Value::Object(map.iter().filter_map(member).collect::<Map<_, _>>())
        }
        Yaml::Tagged(_, inner) => json(inner),
        _ => Value::Null,
    }
}
