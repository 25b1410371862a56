//! Cassettes of go-vcr, vcrpy and httpmock, which are YAML. Knows nothing of what the exchanges say.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

use crate::capture::{interaction, sessions};
use crate::sniff::Found;

pub(crate) fn read(source: &str, text: &str) -> Found {
    let documents = match Yaml::load_from_str(text) {
        Ok(documents) => documents,
        Err(error) => {
            let line = error.marker().line();
            let faults = vec![(line, format!("not YAML: {}", error.info()))];
            return Found { known: true, faults, ..Found::default() };
        }
    };
    let mut exchanges = Vec::new();
    for document in &documents {
        let value = json(document);
        match value.get("interactions").and_then(Value::as_array) {
            Some(list) => exchanges.extend(list.iter().filter_map(|one| interaction(one, 0))),
            None => exchanges.extend(interaction(&value, 0)),
        }
    }
    if exchanges.is_empty() {
        return Found::default();
    }
    sessions(source, "http_cassette", exchanges, Vec::new())
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
