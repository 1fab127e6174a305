//! Compares an answer with the expected one, key order included, with captures.

use serde_json::{Map, Value as Json};

/// Replaces `"$name"` texts by what was captured.
pub fn fill(value: &mut Json, captures: &Map<String, Json>) {
    match value {
        Json::String(text) => {
            if let Some(captured) = text.strip_prefix('$').and_then(|name| captures.get(name)) {
                *value = captured.clone();
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| fill(item, captures)),
        Json::Object(members) => members.values_mut().for_each(|member| fill(member, captures)),
        _ => {}
    }
}

/// The differences between the expected and the actual response; none when they agree.
pub fn answers(expected: &Json, actual: &Json, captures: &mut Map<String, Json>) -> Vec<String> {
    let mut differences = Vec::new();
    let has_data = expected.get("data").is_some();
    match (expected.get("data"), actual.get("data")) {
        (Some(expected), Some(actual)) => same("data", expected, actual, captures, &mut differences),
        (None, None) => {}
        _ if has_data => differences.push("no data".to_owned()),
        _ => differences.push("data, where the request was to be refused".to_owned()),
    }
    errors(expected.get("errors"), actual.get("errors"), captures, &mut differences);
    if let Some(Json::Object(extensions)) = expected.get("extensions") {
        for (name, value) in extensions {
            let found = actual.get("extensions").and_then(|e| e.get(name)).unwrap_or(&Json::Null);
            same(&format!("extensions.{name}"), value, found, captures, &mut differences);
        }
    }
    differences
}

fn errors(
    expected: Option<&Json>,
    actual: Option<&Json>,
    captures: &mut Map<String, Json>,
    differences: &mut Vec<String>,
) {
    let sorted = |errors: Option<&Json>| -> Vec<Json> {
        let mut list = errors.and_then(Json::as_array).cloned().unwrap_or_default();
        list.sort_by_key(|error| error.get("path").map(Json::to_string));
        list
    };
    let (expected, actual) = (sorted(expected), sorted(actual));
    if expected.len() != actual.len() {
        differences.push(format!(
            "{} errors expected, {} found: {}",
            expected.len(),
            actual.len(),
            Json::from(actual.clone())
        ));
        return;
    }
    for (n, (expected, actual)) in expected.iter().zip(&actual).enumerate() {
        let place = format!("errors[{n}]");
        if expected.get("path") != actual.get("path") {
            differences.push(format!(
                "{place}.path: expected {}, found {}",
                expected.get("path").unwrap_or(&Json::Null),
                actual.get("path").unwrap_or(&Json::Null)
            ));
        }
        for (name, value) in expected.as_object().into_iter().flatten() {
            match name.as_str() {
                "path" => {}
                "message" => {
                    let (wanted, found) =
                        (value.as_str().unwrap_or(""), actual["message"].as_str().unwrap_or(""));
                    if !found.contains(wanted) {
                        differences.push(format!("{place}.message: {found:?} does not contain {wanted:?}"));
                    }
                }
                "locations" => {
                    same(&format!("{place}.locations"), value, &actual["locations"], captures, differences);
                }
                _ => {
                    let found = actual.get("extensions").and_then(|e| e.get(name)).unwrap_or(&Json::Null);
                    same(&format!("{place}.{name}"), value, found, captures, differences);
                }
            }
        }
    }
}

fn same(
    place: &str,
    expected: &Json,
    actual: &Json,
    captures: &mut Map<String, Json>,
    differences: &mut Vec<String>,
) {
    match (expected, actual) {
        (Json::Object(expected), Json::Object(actual)) => {
            let (wanted, found): (Vec<_>, Vec<_>) = (expected.keys().collect(), actual.keys().collect());
            if wanted != found {
                differences.push(format!("{place}: members {wanted:?} expected, {found:?} found"));
            }
            for (name, value) in expected {
                if let Some(found) = actual.get(name) {
                    same(&format!("{place}.{name}"), value, found, captures, differences);
                }
            }
        }
        (Json::Array(expected), Json::Array(actual)) => {
            if expected.len() != actual.len() {
                differences.push(format!(
                    "{place}: {} items expected, {} found",
                    expected.len(),
                    actual.len()
                ));
            }
            for (n, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                same(&format!("{place}[{n}]"), expected, actual, captures, differences);
            }
        }
        (Json::String(text), Json::String(found)) if text.starts_with('$') => {
            let name = &text[1..];
            if name == "*" {
                return;
            }
            match captures.get(name) {
                Some(known) if known.as_str() != Some(found) => {
                    differences
                        .push(format!("{place}: {known} expected (captured as {name}), {found:?} found"));
                }
                Some(_) => {}
                None => {
                    captures.insert(name.to_owned(), actual.clone());
                }
            }
        }
        (Json::String(text), Json::String(found))
            if text.strip_suffix('…').is_some_and(|head| found.starts_with(head)) => {}
        (expected, actual) if expected == actual => {}
        (expected, actual) => differences.push(format!("{place}: {expected} expected, {actual} found")),
    }
}

#[test]
fn answers_are_compared_with_captures_and_order() {
    let mut captures = Map::new();
    let expected = serde_json::json!({ "data": { "a": "$x", "b": 1 } });
    let actual = serde_json::json!({ "data": { "a": "k", "b": 1 }, "extensions": { "cost": 1 } });
    assert!(answers(&expected, &actual, &mut captures).is_empty());
    assert_eq!(captures["x"], "k");
    let turned = serde_json::json!({ "data": { "b": 1, "a": "k" } });
    assert_eq!(answers(&expected, &turned, &mut captures).len(), 1);
    let error = serde_json::json!({ "errors": [{ "path": ["a"], "code": "X", "message": "b" }] });
    let found =
        serde_json::json!({ "errors": [{ "path": ["a"], "message": "abc", "extensions": { "code": "X" } }] });
    assert!(answers(&error, &found, &mut captures).is_empty());
}
