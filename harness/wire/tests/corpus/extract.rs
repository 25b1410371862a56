//! Exchanges out of other tools' recordings: go-vcr, vcrpy and httpmock cassettes in YAML, and files with one event
//! a line. Knows nothing of what the exchanges say.

use std::path::Path;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};
use wire::Protocol;

/// A request with its response, or a response alone.
pub(crate) struct Exchange {
    pub(crate) protocol: Protocol,
    pub(crate) request: Option<String>,
    pub(crate) response: Response,
}

pub(crate) enum Response {
    /// The bytes of a stream.
    Stream(String),
    /// The events of a stream, without what separates them.
    Events(Vec<String>),
    Whole(String),
}

/// The exchanges of one file, and what in it is of no protocol that is known here.
pub(crate) fn exchanges(path: &Path) -> (Vec<Exchange>, Vec<String>) {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    match path.extension().and_then(|end| end.to_str()) {
        Some("yaml") => cassette(&text),
        Some("txt") => (lines(&name, &text), Vec::new()),
        _ => (Vec::new(), vec!["not a recording of one of the three protocols".to_owned()]),
    }
}

/// One event a line: of which protocol, its first line tells.
fn lines(name: &str, text: &str) -> Vec<Exchange> {
    let value = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let first = value(text.lines().next().unwrap());
    let protocol = match first["type"].as_str() {
        Some("message_start") => Protocol::Messages,
        Some("response.created") => Protocol::Responses,
        None if first["object"] == "chat.completion.chunk" => Protocol::ChatCompletions,
        other => panic!("{name}: {other:?}"),
    };
    // A file may hold one stream after another.
    let mut streams: Vec<Vec<String>> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let begins =
            ["message_start", "response.created"].contains(&value(line)["type"].as_str().unwrap_or_default());
        if begins || streams.is_empty() {
            streams.push(Vec::new());
        }
        streams.last_mut().unwrap().push(line.to_owned());
    }
    let exchange = |events| Exchange { protocol, request: None, response: Response::Events(events) };
    streams.into_iter().map(exchange).collect()
}

fn cassette(text: &str) -> (Vec<Exchange>, Vec<String>) {
    let documents = Yaml::load_from_str(text).unwrap();
    let mut found = Vec::new();
    let mut skipped = Vec::new();
    for document in &documents {
        let interactions = document.as_mapping_get("interactions").and_then(Yaml::as_vec);
        let pairs: Vec<(&Yaml, &Yaml)> = match interactions {
            Some(list) => list.iter().map(|one| (get(one, "request"), get(one, "response"))).collect(),
            None => vec![(get(document, "when"), get(document, "then"))],
        };
        for (request, response) in pairs {
            let place = ["url", "uri", "path"].iter().find_map(|key| request.as_mapping_get(key)?.as_str());
            let place = place.unwrap();
            match Protocol::of_path(place) {
                Some(protocol) => {
                    let (request, response) = (body(request).unwrap(), body(response).unwrap());
                    let whole = response.trim_start().starts_with('{');
                    let response = if whole { Response::Whole(response) } else { Response::Stream(response) };
                    found.push(Exchange { protocol, request: Some(request), response });
                }
                None => skipped.push(place.to_owned()),
            }
        }
    }
    (found, skipped)
}

fn get<'a, 'y>(node: &'a Yaml<'y>, key: &str) -> &'a Yaml<'y> {
    node.as_mapping_get(key).unwrap_or_else(|| panic!("no {key}"))
}

/// A body: text, text under `string`, or JSON that was turned into YAML.
fn body(side: &Yaml<'_>) -> Option<String> {
    if let Some(parsed) = side.as_mapping_get("parsed_body") {
        return Some(json(parsed).to_string());
    }
    let body = side.as_mapping_get("body")?;
    body.as_str().or_else(|| body.as_mapping_get("string")?.as_str()).map(str::to_owned)
}

fn json(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => value.into_inner().into(),
        Yaml::Value(Scalar::String(value)) => value.as_ref().into(),
        Yaml::Sequence(list) => list.iter().map(json).collect(),
        Yaml::Mapping(map) => {
            let member =
                |(key, value): (&Yaml<'_>, &Yaml<'_>)| (key.as_str().unwrap().to_owned(), json(value));
            Value::Object(map.iter().map(member).collect::<Map<_, _>>())
        }
        other => panic!("{other:?}"),
    }
}
