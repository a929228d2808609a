//! How an answer differs in its fields from what the reference shows.

use serde_json::{Map, Value};

/// How the difference ends that another answer of the same resource may make up for.
pub(crate) const EMPTY: &str = ": empty";

/// Each difference as `field: what it is there, what it is here`.
pub(crate) fn differences(expected: &Value, answer: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", expected, answer, &mut found);
    found
}

fn compare(at: &str, expected: &Value, answer: &Value, found: &mut Vec<String>) {
    match (expected, answer) {
        (Value::Object(expected), Value::Object(answer)) => {
            compare_fields(at, expected, answer, found);
        }
        (Value::Array(expected), Value::Array(answer)) => {
            if answer.is_empty() {
                found.push(format!("{at}{EMPTY}"));
            }
            for entry in answer {
                compare(&format!("{at}[]"), &expected[0], entry, found);
            }
        }
        _ => {
            let (wanted, is) = (name_of(expected), kind_of(answer));
            let nullable =
                wanted.strip_suffix('?').is_some_and(|name| [name, "null"].contains(&is));
            if wanted != is && wanted != "any" && !nullable {
                found.push(format!("{at}: {wanted}, here {is}"));
            }
        }
    }
}

fn compare_fields(
    at: &str,
    expected: &Map<String, Value>,
    answer: &Map<String, Value>,
    found: &mut Vec<String>,
) {
    let field = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    if let Some(each) = expected.get("*") {
        if answer.is_empty() {
            found.push(format!("{at}{EMPTY}"));
        }
        answer.values().for_each(|value| compare(&field("*"), each, value, found));
        return;
    }
    for (name, wanted) in expected.iter().filter(|(name, _)| *name != "...") {
        match answer.get(name) {
            Some(value) => compare(&field(name), wanted, value, found),
            None => found.push(format!("{}: {}, not here", field(name), name_of(wanted))),
        }
    }
    let more = answer.keys().filter(|name| !expected.contains_key(*name));
    if !expected.contains_key("...") {
        found.extend(more.map(|name| format!("{}: not there", field(name))));
    }
}

/// What the reference's table calls the type of a field.
fn name_of(expected: &Value) -> &str {
    expected.as_str().unwrap_or_else(|| kind_of(expected))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[test]
fn a_field_too_few_too_many_or_of_another_type_is_a_difference() {
    use serde_json::json;
    let expected = json!({"a": "string", "b": [{"c": "number?"}], "d": {"*": "boolean"}});
    let same = json!({"a": "", "b": [{"c": 1}, {"c": null}], "d": {"x": true}});
    assert_eq!(differences(&expected, &same), Vec::<String>::new());
    let other = json!({"b": [{"c": "1"}], "d": {"x": 1}, "e": 1});
    let found = differences(&expected, &other);
    let said = [
        "a: string, not here",
        "b[].c: number?, here string",
        "d.*: boolean, here number",
        "e: not there",
    ];
    assert_eq!(found, said);
    let empty = json!({"a": "", "b": [], "d": {}});
    assert_eq!(differences(&expected, &empty), ["b: empty", "d: empty"]);
    let more = json!({"a": "string", "...": "any"});
    assert_eq!(differences(&more, &json!({"a": "", "e": 1})), Vec::<String>::new());
}
