//! Whether a constant fits an input type, and what it becomes: a single value where a list is
//! wanted becomes a list, absent input fields take their defaults.

use async_graphql_value::{ConstValue, Name};
use indexmap::IndexMap;

use super::suggest::help;
use crate::graphql::types::{Kind, TypeRef, TypeSystem};

/// Fits a constant of a document or of SDL into an input type, as the specification's input
/// coercion of literals does. The error says what is wrong, without the place.
pub fn coerce(types: &TypeSystem, ty: &TypeRef, value: &ConstValue) -> Result<ConstValue, String> {
    coerce_at(types, ty, value, 0)
}

fn coerce_at(types: &TypeSystem, ty: &TypeRef, value: &ConstValue, depth: u8) -> Result<ConstValue, String> {
    if depth > 32 {
        return Err("it is nested too deep".to_owned());
    }
    match (ty, value) {
        (TypeRef::NonNull(_), ConstValue::Null) => Err(format!("`{ty}` cannot be null")),
        (TypeRef::NonNull(inner), value) => coerce_at(types, inner, value, depth),
        (_, ConstValue::Null) => Ok(ConstValue::Null),
        (TypeRef::List(item), ConstValue::List(values)) => values
            .iter()
            .map(|value| coerce_at(types, item, value, depth + 1))
            .collect::<Result<_, _>>()
            .map(ConstValue::List),
        (TypeRef::List(item), value) => Ok(ConstValue::List(vec![coerce_at(types, item, value, depth + 1)?])),
        (TypeRef::Named(name), value) => named(types, name, value, depth),
    }
}

fn named(types: &TypeSystem, name: &str, value: &ConstValue, depth: u8) -> Result<ConstValue, String> {
    match types.types.get(name).map(|t| &t.kind) {
        Some(Kind::Enum { values }) => match value {
            ConstValue::Enum(found) if values.contains_key(found.as_str()) => Ok(value.clone()),
            ConstValue::Enum(found) => {
                let known = values.keys().map(String::as_str);
                Err(format!("`{name}` has no value `{found}`{}", suffix(&help(found, known, ""))))
            }
            other => Err(format!("`{name}` wants one of its values, not {other}")),
        },
        Some(Kind::Input { fields }) => {
            let ConstValue::Object(given) = value else {
                return Err(format!("`{name}` wants an object, not {value}"));
            };
            if let Some(unknown) = given.keys().find(|key| !fields.contains_key(key.as_str())) {
                let known = fields.keys().map(String::as_str);
                return Err(format!(
                    "`{name}` has no field `{unknown}`{}",
                    suffix(&help(unknown, known, ""))
                ));
            }
            let mut object = IndexMap::new();
            for field in fields.values() {
                match (given.get(field.name.as_str()), &field.default) {
                    (Some(value), _) => {
                        let coerced = coerce_at(types, &field.ty, value, depth + 1)
                            .map_err(|e| format!("field `{}`: {e}", field.name))?;
                        object.insert(Name::new(&field.name), coerced);
                    }
                    (None, Some(default)) => {
                        let coerced = coerce_at(types, &field.ty, default, depth + 1)?;
                        object.insert(Name::new(&field.name), coerced);
                    }
                    (None, None) if field.ty.is_non_null() => {
                        return Err(format!("`{name}` wants the field `{}`", field.name));
                    }
                    (None, None) => {}
                }
            }
            Ok(ConstValue::Object(object))
        }
        Some(Kind::Scalar { .. }) => {
            if !scalar_accepts(name, value) {
                return Err(format!("{value} is not {}", wanted(name)));
            }
            Ok(match (name, value) {
                ("ID", ConstValue::Number(number)) => ConstValue::String(number.to_string()),
                _ => value.clone(),
            })
        }
        _ => Err(format!("`{name}` is not an input type")),
    }
}

fn suffix(help: &str) -> String {
    if help.is_empty() { String::new() } else { format!(" ({help})") }
}

fn wanted(scalar: &str) -> String {
    match scalar {
        "Int" => "a whole number of 32 bits".to_owned(),
        "Float" => "a number".to_owned(),
        "String" => "a string".to_owned(),
        "Boolean" => "true or false".to_owned(),
        "ID" => "a string or a whole number".to_owned(),
        "Decimal" => "a decimal number (a string, as \"12.5\", or a whole number)".to_owned(),
        "Date" => "a day, as \"2026-03-31\"".to_owned(),
        "DateTime" => "a moment, as \"2026-03-31T08:30:00Z\"".to_owned(),
        other => format!("a value of `{other}`"),
    }
}

/// Whether a scalar takes a value as input: a literal, or a variable's JSON as a constant. Scalars
/// without a form of their own (`JSON`, a shop's) take anything.
pub fn scalar_accepts(scalar: &str, value: &ConstValue) -> bool {
    match (scalar, value) {
        ("Int", ConstValue::Number(n)) => n.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        ("Float", ConstValue::Number(_))
        | ("String" | "HTML" | "URL" | "ID", ConstValue::String(_))
        | ("Boolean", ConstValue::Boolean(_)) => true,
        ("ID" | "Decimal", ConstValue::Number(n)) => n.is_i64() || n.is_u64(),
        ("Decimal", ConstValue::String(text)) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            digits.starts_with(|c: char| c.is_ascii_digit())
                && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                && !digits.ends_with('.')
                && text.parse::<rust_decimal::Decimal>().is_ok()
        }
        ("Date", ConstValue::String(text)) => {
            text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
        }
        ("DateTime", ConstValue::String(text)) => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        (
            "Int" | "Float" | "String" | "Boolean" | "ID" | "Decimal" | "Date" | "DateTime" | "HTML" | "URL",
            _,
        ) => false,
        _ => true,
    }
}
