//! From the parameters of a run to the scalars and key lists that a driver binds.

use std::borrow::Cow;
use std::fmt::Write;

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{Moment, Param, SourceError, decode, expr::CastType, render::Bind, select::Decode};
use crate::value::{Type, Value};

/// A scalar as a driver binds it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Text(Cow<'a, str>),
    Date(NaiveDate),
    /// In the source's zone.
    Local(NaiveDateTime),
}

/// What one parameter is filled with.
pub(super) enum Filled<'a> {
    /// A scalar of this type (`None`: a truth value).
    Scalar(Scalar<'a>, Option<CastType>),
    /// Keys, their types, and which column of them is wanted.
    Keys(&'a [Box<[Value]>], &'a [CastType], Option<usize>),
    /// A part of a key list, which its driver fills itself.
    List,
}

/// Fills a parameter.
pub(super) fn fill<'a>(
    bind: &'a Bind,
    params: &'a [Param],
    moment: &Moment,
    zone: Tz,
) -> Result<Filled<'a>, SourceError> {
    Ok(match bind {
        Bind::Constant(value, ty) => Filled::Scalar(scalar(value, *ty, zone)?, *ty),
        Bind::Slot(slot, ty) => match params.get(*slot) {
            Some(Param::Value(value)) => Filled::Scalar(scalar(value, *ty, zone)?, *ty),
            _ => return Err(SourceError::Refused(format!("no scalar parameter for slot {slot}"))),
        },
        Bind::Keys { slot, types, column } => match params.get(*slot) {
            Some(Param::Keys(keys)) => Filled::Keys(keys, types, *column),
            _ => return Err(SourceError::Refused(format!("no keys for slot {slot}"))),
        },
        Bind::Key { .. } | Bind::Packed(..) | Bind::PackedWidth(..) | Bind::PackedCount(_) => Filled::List,
        Bind::Today => {
            let day = moment.now.with_timezone(&zone).date_naive();
            Filled::Scalar(Scalar::Date(day), Some(CastType::Date))
        }
        Bind::Now => Filled::Scalar(
            Scalar::Local(moment.now.with_timezone(&zone).naive_local()),
            Some(CastType::DateTime),
        ),
    })
}

/// Text without NUL, which PostgreSQL refuses and nothing contains.
fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}").into() } else { text.into() }
}

fn unfit(value: &Value, ty: Option<CastType>) -> SourceError {
    let ty = ty.map_or_else(|| "truth value".to_owned(), |t| t.to_string());
    let kind = match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Int(_) | Value::Decimal(_) => "a number",
        Value::Text(_) => "a text",
        Value::Date(_) | Value::DateTime(_) => "a date",
        Value::List(_) => "a list",
        Value::Bad(_) => "an unreadable value",
    };
    SourceError::Refused(format!("{kind} cannot be compared as {ty}"))
}

/// Converts a value to the type a parameter was rendered with.
pub(super) fn scalar(value: &Value, ty: Option<CastType>, zone: Tz) -> Result<Scalar<'_>, SourceError> {
    let Some(ty) = ty else {
        return match value {
            Value::Null => Ok(Scalar::Null),
            Value::Bool(b) => Ok(Scalar::Bool(*b)),
            Value::Int(n) => Ok(Scalar::Bool(*n != 0)),
            _ => Err(unfit(value, None)),
        };
    };
    let found = match (ty, value) {
        (_, Value::Null) => Some(Scalar::Null),
        (CastType::Text(_), Value::Text(text)) => Some(Scalar::Text(clean(text))),
        (CastType::Text(_), Value::Int(n)) => Some(Scalar::Text(n.to_string().into())),
        (CastType::Text(_), Value::Decimal(n)) => Some(Scalar::Text(n.normalize().to_string().into())),
        (CastType::Text(_), Value::Bool(b)) => Some(Scalar::Text(if *b { "1" } else { "0" }.into())),
        (CastType::Text(_), Value::Date(day)) => Some(Scalar::Text(day.to_string().into())),
        (CastType::Text(_), Value::DateTime(moment)) => {
            Some(Scalar::Text(local_text(moment.with_timezone(&zone).naive_local()).into()))
        }
        (CastType::Integer, Value::Int(n)) => Some(Scalar::Int(*n)),
        (CastType::Integer, Value::Bool(b)) => Some(Scalar::Int(i64::from(*b))),
        (CastType::Integer, Value::Decimal(n)) if n.is_integer() => n.to_i64().map(Scalar::Int),
        (CastType::Integer, Value::Text(text)) => text.trim().parse().ok().map(Scalar::Int),
        (CastType::Decimal, Value::Decimal(n)) => Some(Scalar::Decimal(*n)),
        (CastType::Decimal, Value::Int(n)) => Some(Scalar::Decimal(Decimal::from(*n))),
        (CastType::Decimal, Value::Text(text)) => text.trim().parse().ok().map(Scalar::Decimal),
        (CastType::Date, Value::Date(day)) => Some(Scalar::Date(*day)),
        (CastType::DateTime, Value::Date(day)) => Some(Scalar::Local((*day).into())),
        (CastType::Date, Value::DateTime(moment)) => {
            Some(Scalar::Date(moment.with_timezone(&zone).date_naive()))
        }
        (CastType::DateTime, Value::DateTime(moment)) => {
            Some(Scalar::Local(moment.with_timezone(&zone).naive_local()))
        }
        (CastType::Date, Value::Text(text)) => match decode::text(&Decode::of(Type::Date), text) {
            Value::Date(day) => Some(Scalar::Date(day)),
            _ => None,
        },
        (CastType::DateTime, Value::Text(text)) => {
            let decode = Decode { zone, ..Decode::of(Type::DateTime) };
            match decode::text(&decode, text) {
                Value::DateTime(moment) => Some(Scalar::Local(moment.with_timezone(&zone).naive_local())),
                _ => None,
            }
        }
        _ => None,
    };
    found.ok_or_else(|| unfit(value, Some(ty)))
}

/// A local time as SQLite text.
pub(super) fn local_text(moment: NaiveDateTime) -> String {
    moment.format("%Y-%m-%d %H:%M:%S%.f").to_string()
}

/// Keys as a JSON array (of arrays, when they are composite). A key that cannot be of its type
/// matches nothing and is left out.
pub(super) fn keys_json(keys: &[Box<[Value]>], types: &[CastType], zone: Tz) -> String {
    let composite = types.len() > 1;
    let mut json = String::with_capacity(2 + keys.len() * 16);
    json.push('[');
    let mut first = true;
    for key in keys {
        let start = json.len();
        if !first {
            json.push(',');
        }
        if composite {
            json.push('[');
        }
        let mut fits = key.len() == types.len();
        for (i, (value, ty)) in key.iter().zip(types).enumerate() {
            if i > 0 {
                json.push(',');
            }
            fits = fits && key_json(&mut json, value, *ty, zone);
        }
        if composite {
            json.push(']');
        }
        if fits {
            first = false;
        } else {
            json.truncate(start);
        }
    }
    json.push(']');
    json
}

fn key_json(json: &mut String, value: &Value, ty: CastType, zone: Tz) -> bool {
    let written = match scalar(value, Some(ty), zone) {
        Err(_) | Ok(Scalar::Null) => return false,
        Ok(Scalar::Bool(b)) => write!(json, "{}", u8::from(b)),
        Ok(Scalar::Int(n)) => write!(json, "{n}"),
        Ok(Scalar::Decimal(n)) => write!(json, "{}", n.normalize()),
        Ok(Scalar::Date(day)) => write!(json, "\"{day}\""),
        Ok(Scalar::Local(moment)) => write!(json, "\"{}\"", local_text(moment)),
        Ok(Scalar::Text(text)) => match serde_json::to_string(&*text) {
            Ok(text) => {
                json.push_str(&text);
                Ok(())
            }
            Err(_) => return false,
        },
    };
    written.is_ok()
}
