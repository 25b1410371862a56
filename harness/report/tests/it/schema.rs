//! The published schemas hold for what is written, and every field that is written stands in them.

use report::{RunSummary, drift_json, results_json, schema};
use serde_json::Value;

use crate::sample::small;

/// What of a value the schema does not allow or does not know, by its place. Knows the part of JSON Schema that our own
/// schemas use; any other word in them is a fault too.
fn faults(schema: &Value, root: &Value, value: &Value, place: &str) -> Vec<String> {
    const KNOWN: [&str; 19] = [
        "$schema",
        "$id",
        "$defs",
        "$ref",
        "title",
        "description",
        "type",
        "properties",
        "required",
        "items",
        "enum",
        "anyOf",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "pattern",
        "additionalProperties",
        "default",
    ];
    let words = schema.as_object().unwrap();
    let mut found: Vec<String> = words
        .keys()
        .filter(|word| !KNOWN.contains(&word.as_str()))
        .map(|word| format!("{place}: {word}?"))
        .collect();
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let target =
            root.pointer(target.trim_start_matches('#')).unwrap_or_else(|| panic!("{place}: {target}"));
        return faults(target, root, value, place);
    }
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
        let each: Vec<Vec<String>> = any.iter().map(|one| faults(one, root, value, place)).collect();
        return if each.iter().any(Vec::is_empty) { Vec::new() } else { each.concat() };
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
        found.extend(
            (!allowed.contains(value)).then(|| format!("{place}: {value} is not one of {allowed:?}")),
        );
    }
    let kind = schema.get("type").and_then(Value::as_str);
    let fits = kind.is_none_or(|kind| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    });
    if !fits {
        found.push(format!("{place}: {value} is no {}", kind.unwrap_or_default()));
    }
    if let Some(number) = value.as_f64() {
        let bound = |word: &str| schema.get(word).and_then(Value::as_f64);
        let inside = bound("minimum").is_none_or(|least| number >= least)
            && bound("maximum").is_none_or(|most| number <= most);
        found.extend((!inside).then(|| format!("{place}: {number} is out of bounds")));
    }
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        let each = values.iter().enumerate();
        found.extend(each.flat_map(|(at, item)| faults(items, root, item, &format!("{place}[{at}]"))));
    }
    if let Some(fields) = value.as_object() {
        let properties = schema.get("properties").and_then(Value::as_object);
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        let missing = required.filter_map(Value::as_str).filter(|name| !fields.contains_key(*name));
        found.extend(missing.map(|name| format!("{place}.{name} is missing")));
        for (name, field) in fields {
            let of = properties.and_then(|p| p.get(name)).or_else(|| schema.get("additionalProperties"));
            match of {
                Some(of) => found.extend(faults(of, root, field, &format!("{place}.{name}"))),
                None => found.push(format!("{place}.{name} is not in the schema: add it there")),
            }
        }
    }
    found
}

fn check(schema: &str, written: &[u8]) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let written: Value = serde_json::from_slice(written).unwrap();
    let found = faults(&schema, &schema, &written, "");
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn what_is_written_is_what_the_schemas_say() {
    let sample = small(3);
    let (data, scores) = sample.read();
    check(schema::RESULTS, &results_json(&data, &scores).unwrap());
    check(schema::DRIFT, &drift_json(&sample.dir, &data).unwrap());
    let summary = RunSummary::of(&data, &scores, std::path::Path::new("runs/one"));
    check(schema::SUMMARY, &serde_json::to_vec(&summary).unwrap());
}

#[test]
fn a_value_that_does_not_fit_is_told_with_its_place() {
    let schema: Value = serde_json::from_str(schema::SUMMARY).unwrap();
    let mut summary: Value = {
        let (data, scores) = small(0).read();
        serde_json::to_value(RunSummary::of(&data, &scores, std::path::Path::new("r"))).unwrap()
    };
    summary["passed"] = Value::from(-1);
    summary["pass_rate"] = Value::from("most");
    summary["luck"] = Value::from(7);
    summary.as_object_mut().unwrap().remove("failed");
    let found = faults(&schema, &schema, &summary, "");
    for part in
        [".failed is missing", ".luck is not in the schema", ".passed: -1 is out of bounds", ".pass_rate: "]
    {
        assert!(found.iter().any(|fault| fault.contains(part)), "{part}: {found:?}");
    }
}
