//! What scalars accept, as literals and as JSON. The specified scalars are graphql-js's to the letter;
//! of the catalogue's own, `Decimal` takes a plain decimal string or an integer, `Date` and
//! `DateTime` a string of their format, `URL` and `HTML` any string. A scalar that we do not know
//! (`JSON`, a shop's own) takes any value.

use async_graphql_value::{ConstValue, Name, Number};
use serde_json::Value as Json;

use crate::graphql::syntax::{Value, ValueNode, print_value};

/// Coerces a literal of a scalar type; lists and objects only make sense for free-form scalars.
/// Variables inside free-form values are looked up by `variable`.
///
/// # Errors
/// What graphql-js says of it.
pub fn literal(
    scalar: &str,
    value: &Value,
    variable: &dyn Fn(&str) -> Option<ConstValue>,
) -> Result<ConstValue, String> {
    let shown = || print_value(value);
    match (scalar, &value.node) {
        ("Int", ValueNode::Int(text)) => match text.parse::<i32>() {
            Ok(number) => Ok(ConstValue::Number(number.into())),
            Err(_) => Err(format!("Int cannot represent non 32-bit signed integer value: {text}")),
        },
        ("Int", _) => Err(format!("Int cannot represent non-integer value: {}", shown())),
        ("Float", ValueNode::Int(text) | ValueNode::Float(text)) => text
            .parse::<f64>()
            .ok()
            // Beyond what a float holds, graphql-js makes it infinite; JSON has no such number.
            .and_then(|number| Number::from_f64(number.clamp(f64::MIN, f64::MAX)))
            .map(ConstValue::Number)
            .ok_or_else(|| format!("Float cannot represent non numeric value: {text}")),
        ("Float", _) => Err(format!("Float cannot represent non numeric value: {}", shown())),
        ("String" | "ID", ValueNode::Str { value, .. }) => Ok(ConstValue::String(value.to_string())),
        ("String", _) => Err(format!("String cannot represent a non string value: {}", shown())),
        ("Boolean", ValueNode::Boolean(value)) => Ok(ConstValue::Boolean(*value)),
        ("Boolean", _) => Err(format!("Boolean cannot represent a non boolean value: {}", shown())),
        ("ID", ValueNode::Int(text)) => Ok(ConstValue::String(text.to_string())),
        ("ID", _) => Err(format!("ID cannot represent a non-string and non-integer value: {}", shown())),
        ("Decimal", ValueNode::Int(text)) => decimal(text),
        ("Decimal" | "Date" | "DateTime" | "URL" | "HTML", ValueNode::Str { value, .. }) => {
            text_of(scalar, value)
        }
        ("Decimal", _) => {
            Err(format!("Decimal cannot represent a non string and non integer value: {}", shown()))
        }
        ("Date" | "DateTime" | "URL" | "HTML", _) => {
            Err(format!("{scalar} cannot represent a non string value: {}", shown()))
        }
        _ => Ok(free(value, variable)),
    }
}

/// Coerces a JSON value of a scalar type.
///
/// # Errors
/// What graphql-js says of it.
pub fn input(scalar: &str, value: &Json) -> Result<ConstValue, String> {
    match (scalar, value) {
        ("Int", Json::Number(number)) => {
            let whole = number.as_f64().filter(|n| n.is_finite() && n.fract() == 0.0);
            let Some(whole) = whole else {
                return Err(format!("Int cannot represent non-integer value: {number}"));
            };
            if whole < f64::from(i32::MIN) || whole > f64::from(i32::MAX) {
                return Err(format!("Int cannot represent non 32-bit signed integer value: {number}"));
            }
            // In range and whole: the cast is exact.
            #[allow(clippy::cast_possible_truncation)]
            let whole = whole as i32;
            Ok(ConstValue::Number(whole.into()))
        }
        ("Int", _) => Err(format!("Int cannot represent non-integer value: {value}")),
        ("Float", Json::Number(number)) => Ok(ConstValue::Number(number.clone())),
        ("Float", _) => Err(format!("Float cannot represent non numeric value: {value}")),
        ("String" | "ID", Json::String(text)) => Ok(ConstValue::String(text.clone())),
        ("String", _) => Err(format!("String cannot represent a non string value: {value}")),
        ("Boolean", Json::Bool(value)) => Ok(ConstValue::Boolean(*value)),
        ("Boolean", _) => Err(format!("Boolean cannot represent a non boolean value: {value}")),
        ("ID", Json::Number(number)) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(whole), _, _) => Ok(ConstValue::String(whole.to_string())),
            (_, Some(whole), _) => Ok(ConstValue::String(whole.to_string())),
            (_, _, Some(float)) if float.is_finite() && float.fract() == 0.0 => {
                Ok(ConstValue::String(whole_text(float)))
            }
            _ => Err(format!("ID cannot represent value: {value}")),
        },
        ("ID", _) => Err(format!("ID cannot represent value: {value}")),
        ("Decimal", Json::Number(number)) if number.is_i64() || number.is_u64() => {
            decimal(&number.to_string())
        }
        ("Decimal" | "Date" | "DateTime" | "URL" | "HTML", Json::String(text)) => text_of(scalar, text),
        ("Decimal", _) => {
            Err(format!("Decimal cannot represent a non string and non integer value: {value}"))
        }
        ("Date" | "DateTime" | "URL" | "HTML", _) => {
            Err(format!("{scalar} cannot represent a non string value: {value}"))
        }
        _ => Ok(ConstValue::from_json(value.clone()).unwrap_or(ConstValue::Null)),
    }
}

/// A whole number as JavaScript writes it.
fn whole_text(number: f64) -> String {
    if number.abs() < 1e21 { format!("{number:.0}") } else { format!("{number:e}").replace('e', "e+") }
}

fn text_of(scalar: &str, text: &str) -> Result<ConstValue, String> {
    match scalar {
        "Decimal" => decimal(text),
        "Date" if text.len() != 10 || chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_err() => {
            Err(format!("Date cannot represent \"{text}\": write it as 2024-12-31."))
        }
        "DateTime" if chrono::DateTime::parse_from_rfc3339(text).is_err() => {
            Err(format!("DateTime cannot represent \"{text}\": write it as 2024-12-31T23:59:59Z."))
        }
        _ => Ok(ConstValue::String(text.to_owned())),
    }
}

/// A plain decimal, kept as text so that no digit is lost.
fn decimal(text: &str) -> Result<ConstValue, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if all(whole) && fraction.is_none_or(all) {
        Ok(ConstValue::String(text.to_owned()))
    } else {
        Err(format!("Decimal cannot represent \"{text}\": write it as \"12.50\", without exponent."))
    }
}

/// A literal as a free-form value.
fn free(value: &Value, variable: &dyn Fn(&str) -> Option<ConstValue>) -> ConstValue {
    match &value.node {
        ValueNode::Variable(name) => variable(name).unwrap_or(ConstValue::Null),
        ValueNode::Int(text) => text.parse::<i64>().map_or_else(
            |_| {
                text.parse::<f64>()
                    .ok()
                    .and_then(Number::from_f64)
                    .map_or(ConstValue::Null, ConstValue::Number)
            },
            |number| ConstValue::Number(number.into()),
        ),
        ValueNode::Float(text) => {
            text.parse::<f64>().ok().and_then(Number::from_f64).map_or(ConstValue::Null, ConstValue::Number)
        }
        ValueNode::Str { value, .. } => ConstValue::String(value.to_string()),
        ValueNode::Boolean(value) => ConstValue::Boolean(*value),
        ValueNode::Null => ConstValue::Null,
        ValueNode::Enum(name) => ConstValue::String(name.to_string()),
        ValueNode::List(items) => ConstValue::List(items.iter().map(|item| free(item, variable)).collect()),
        ValueNode::Object(fields) => ConstValue::Object(
            fields.iter().map(|field| (Name::new(&field.name.name), free(&field.value, variable))).collect(),
        ),
    }
}
