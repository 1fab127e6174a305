//! From what a database holds to a normalised [`Value`], in one pass, whatever the column's own
//! type. What cannot be is a [`Value::Bad`] of that cell, never an error of the statement.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, Utc};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{rtf, select::Decode, zones::to_utc};
use crate::value::{Type, Value};

/// Not what the type says; shows the beginning of what was found.
fn bad(found: &str, wanted: &str) -> Value {
    let short: String = found.chars().take(40).collect();
    let dots = if short.len() < found.len() { "…" } else { "" };
    Value::Bad(format!("`{short}{dots}` is not {wanted}").into())
}

/// What the type is called in messages.
fn wanted(ty: &Type) -> &'static str {
    match ty {
        Type::Text | Type::Html => "text",
        Type::Int => "a whole number",
        Type::Decimal => "a number",
        Type::Boolean => "a truth value",
        Type::Date => "a date",
        Type::DateTime => "a date and time",
        Type::List(_) => "a list",
    }
}

/// Text.
pub(super) fn text(d: &Decode, raw: &str) -> Value {
    text_as(d, &d.ty, raw)
}

fn text_as(d: &Decode, ty: &Type, raw: &str) -> Value {
    let plain;
    let raw = if d.rtf && rtf::is_rtf(raw) {
        plain = rtf::to_text(raw);
        plain.as_str()
    } else {
        raw
    };
    let text = if d.trim { raw.trim_end() } else { raw };
    if !d.absent_texts.is_empty() && d.absent_texts.iter().any(|t| t == raw || t == text) {
        return Value::Null;
    }
    if let Type::Text | Type::Html = ty {
        if d.blank_absent && text.trim_start().is_empty() {
            return Value::Null;
        }
        return Value::Text(text.into());
    }
    let text = raw.trim();
    if text.is_empty() {
        return Value::Null;
    }
    match ty {
        Type::Int => match text.parse::<i64>() {
            Ok(n) => integer_as(d, ty, n),
            Err(_) => match exact(text) {
                Some(n) => decimal_as(d, ty, n),
                None => bad(text, wanted(ty)),
            },
        },
        Type::Decimal => exact(text).map_or_else(|| bad(text, wanted(ty)), |n| decimal_as(d, ty, n)),
        Type::Boolean => truth(text).map_or_else(|| bad(text, wanted(ty)), |b| boolean_as(d, ty, b)),
        Type::Date | Type::DateTime => match moment(text) {
            Some((local, None)) => local_as(d, ty, local),
            Some((local, Some(offset))) => {
                let utc = DateTime::<Utc>::from_naive_utc_and_offset(local - offset, Utc);
                utc_as(d, ty, utc)
            }
            None => bad(text, wanted(ty)),
        },
        Type::List(item) => list(d, item, text),
        Type::Text | Type::Html => Value::Null,
    }
}

fn list(d: &Decode, item: &Type, text: &str) -> Value {
    let mut values = Vec::new();
    if text.starts_with('[') {
        let Ok(items) = serde_json::from_str::<Vec<serde_json::Value>>(text) else {
            return bad(text, "a JSON array");
        };
        for json in items {
            values.push(match json {
                serde_json::Value::Null => Value::Null,
                serde_json::Value::String(text) => text_as(d, item, &text),
                serde_json::Value::Bool(b) => boolean_as(d, item, b),
                serde_json::Value::Number(number) => text_as(d, item, &number.to_string()),
                other => bad(&other.to_string(), wanted(item)),
            });
        }
    } else {
        values.extend(text.split('|').map(|part| text_as(d, item, part.trim())));
    }
    finish_list(d, values)
}

fn finish_list(d: &Decode, mut values: Vec<Value>) -> Value {
    values.retain(|v| !v.is_null() && !matches!(v, Value::Text(t) if t.is_empty()));
    if let Some(at) = values.iter().position(|v| matches!(v, Value::Bad(_))) {
        return values.swap_remove(at);
    }
    if values.is_empty() && d.blank_absent { Value::Null } else { Value::List(values.into()) }
}

/// An array of texts, as PostgreSQL has them.
pub(super) fn texts(d: &Decode, items: &[Option<String>]) -> Value {
    let item = if let Type::List(item) = &d.ty { item } else { &d.ty };
    finish_list(d, items.iter().flatten().map(|t| text_as(d, item, t)).collect())
}

/// A whole number.
pub(super) fn integer(d: &Decode, n: i64) -> Value {
    integer_as(d, &d.ty, n)
}

fn integer_as(d: &Decode, ty: &Type, n: i64) -> Value {
    if !d.absent_texts.is_empty() && d.absent_texts.iter().any(|t| *t == n.to_string()) {
        return Value::Null;
    }
    match ty {
        Type::Int if n == 0 && d.zero_absent => Value::Null,
        Type::Int => Value::Int(n),
        Type::Decimal if n == 0 && d.zero_absent => Value::Null,
        Type::Decimal => Value::Decimal(Decimal::from(n)),
        Type::Boolean => boolean_as(d, ty, n != 0),
        Type::Text | Type::Html => Value::Text(n.to_string().into()),
        Type::Date | Type::DateTime => match compact_day(&n.to_string()) {
            Some(day) => local_as(d, ty, day.into()),
            None => bad(&n.to_string(), wanted(ty)),
        },
        Type::List(item) => finish_list(d, vec![integer_as(d, item, n)]),
    }
}

/// A binary float, as the decimal number it stands for: 15 significant digits at most, so that
/// 0.1 + 0.2 is 0.3. Decimals of up to 15 digits come back exactly.
pub(super) fn real(d: &Decode, x: f64) -> Value {
    match real_to_decimal(x) {
        Some(n) => decimal(d, n),
        None => bad(&x.to_string(), wanted(&d.ty)),
    }
}

fn real_to_decimal(x: f64) -> Option<Decimal> {
    if !x.is_finite() {
        return None;
    }
    #[allow(clippy::cast_possible_truncation)] // whole and far below 2^53
    if x.fract() == 0.0 && x.abs() < 1e15 {
        return Some(Decimal::from(x as i64));
    }
    let shortest = format!("{x:e}");
    let digits = shortest.bytes().take_while(|b| *b != b'e').filter(u8::is_ascii_digit).count();
    let text = if digits > 15 { format!("{x:.14e}") } else { shortest };
    scientific(&text)
}

fn scientific(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    let exponent: i32 = exponent.parse().ok()?;
    let n: Decimal = mantissa.parse().ok()?;
    if exponent >= 0 {
        (0..exponent).try_fold(n, |n, _| n.checked_mul(Decimal::TEN)).map(|n| n.normalize())
    } else {
        let scale = n.scale().checked_add(exponent.unsigned_abs())?;
        if scale > 28 {
            // Too small to be told from nothing beyond 28 decimals: rounded there.
            let drop = scale - 28;
            let divisor = 10i128.checked_pow(drop)?;
            return Decimal::try_from_i128_with_scale(n.mantissa() / divisor, 28).ok().map(|n| n.normalize());
        }
        Decimal::try_from_i128_with_scale(n.mantissa(), scale).ok().map(|n| n.normalize())
    }
}

/// A number in text, exactly.
fn exact(text: &str) -> Option<Decimal> {
    if text.contains('_') {
        return None;
    }
    Decimal::from_str_exact(text).ok().or_else(|| scientific(text))
}

/// An exact decimal.
pub(super) fn decimal(d: &Decode, n: Decimal) -> Value {
    decimal_as(d, &d.ty, n)
}

fn decimal_as(d: &Decode, ty: &Type, n: Decimal) -> Value {
    let n = n.normalize();
    if !d.absent_texts.is_empty() && d.absent_texts.iter().any(|t| *t == n.to_string()) {
        return Value::Null;
    }
    match ty {
        Type::Int | Type::Decimal if n.is_zero() && d.zero_absent => Value::Null,
        Type::Decimal => Value::Decimal(n),
        Type::Int => match n.to_i64() {
            Some(whole) if n.is_integer() => Value::Int(whole),
            _ => bad(&n.to_string(), wanted(ty)),
        },
        Type::Boolean => boolean_as(d, ty, !n.is_zero()),
        Type::Text | Type::Html => Value::Text(n.to_string().into()),
        Type::List(item) => finish_list(d, vec![decimal_as(d, item, n)]),
        Type::Date | Type::DateTime => bad(&n.to_string(), wanted(ty)),
    }
}

/// A truth value.
pub(super) fn boolean(d: &Decode, b: bool) -> Value {
    boolean_as(d, &d.ty, b)
}

fn boolean_as(d: &Decode, ty: &Type, b: bool) -> Value {
    match ty {
        Type::Boolean if !b && d.false_absent => Value::Null,
        Type::Boolean => Value::Bool(b),
        Type::Int if !b && d.zero_absent => Value::Null,
        Type::Int => Value::Int(i64::from(b)),
        Type::Text | Type::Html => Value::text(if b { "true" } else { "false" }),
        Type::List(item) => finish_list(d, vec![boolean_as(d, item, b)]),
        Type::Decimal | Type::Date | Type::DateTime => bad(if b { "true" } else { "false" }, wanted(ty)),
    }
}

/// What sources write for true and false.
fn truth(text: &str) -> Option<bool> {
    const TRUE: [&str; 10] = ["1", "t", "true", "x", "o", "oui", "y", "yes", "v", "vrai"];
    const FALSE: [&str; 8] = ["0", "f", "false", "-", "n", "non", "no", "faux"];
    if TRUE.iter().any(|t| t.eq_ignore_ascii_case(text)) {
        return Some(true);
    }
    if FALSE.iter().any(|t| t.eq_ignore_ascii_case(text)) {
        return Some(false);
    }
    exact(text).map(|n| !n.is_zero())
}

/// A calendar day.
pub(super) fn day(d: &Decode, day: NaiveDate) -> Value {
    if matches!(d.ty, Type::Text | Type::Html) {
        return Value::Text(day.to_string().into());
    }
    local_as(d, &d.ty, day.into())
}

/// A moment in the source's own zone.
pub(super) fn local(d: &Decode, moment: NaiveDateTime) -> Value {
    local_as(d, &d.ty, moment)
}

fn local_as(d: &Decode, ty: &Type, moment: NaiveDateTime) -> Value {
    let day = moment.date();
    if !d.sentinels.is_empty() && d.sentinels.contains(&day) {
        return Value::Null;
    }
    match ty {
        Type::Date => Value::Date(day),
        Type::DateTime => Value::DateTime(to_utc(d.zone, moment)),
        Type::Text | Type::Html => Value::Text(moment.format("%Y-%m-%d %H:%M:%S%.f").to_string().into()),
        Type::List(item) => finish_list(d, vec![local_as(d, item, moment)]),
        Type::Int | Type::Decimal | Type::Boolean => bad(&moment.to_string(), wanted(ty)),
    }
}

/// A moment that the database knows in UTC.
pub(super) fn utc(d: &Decode, moment: DateTime<Utc>) -> Value {
    utc_as(d, &d.ty, moment)
}

fn utc_as(d: &Decode, ty: &Type, moment: DateTime<Utc>) -> Value {
    let local = moment.with_timezone(&d.zone).naive_local();
    match ty {
        // The hour that exists twice is known here.
        Type::DateTime if !d.sentinels.contains(&local.date()) => Value::DateTime(moment),
        _ => local_as(d, ty, local),
    }
}

/// `YYYYMMDD`.
fn compact_day(text: &str) -> Option<NaiveDate> {
    if text.len() == 8 { NaiveDate::parse_from_str(text, "%Y%m%d").ok() } else { None }
}

fn digits(text: &str, from: usize, to: usize) -> Option<u32> {
    let part = text.get(from..to)?;
    if part.bytes().all(|b| b.is_ascii_digit()) { part.parse().ok() } else { None }
}

/// `YYYY-MM-DD[( |T)HH:MM[:SS[.f…]][Z|±HH[[:]MM]]]`, or `YYYYMMDD`.
fn moment(text: &str) -> Option<(NaiveDateTime, Option<FixedOffset>)> {
    if let Some(day) = compact_day(text) {
        return Some((day.into(), None));
    }
    let bytes = text.as_bytes();
    if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = i32::try_from(digits(text, 0, 4)?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, digits(text, 5, 7)?, digits(text, 8, 10)?)?;
    if bytes.len() == 10 {
        return Some((day.into(), None));
    }
    if !matches!(bytes[10], b' ' | b'T') || bytes.get(13) != Some(&b':') {
        return None;
    }
    let (hour, minute) = (digits(text, 11, 13)?, digits(text, 14, 16)?);
    let (mut second, mut nano, mut at) = (0, 0, 16);
    if bytes.get(at) == Some(&b':') {
        second = digits(text, 17, 19)?;
        at = 19;
        if bytes.get(at) == Some(&b'.') {
            let end =
                bytes[at + 1..].iter().position(|b| !b.is_ascii_digit()).map_or(bytes.len(), |n| at + 1 + n);
            let fraction: String =
                text.get(at + 1..end)?.chars().chain("000000000".chars()).take(9).collect();
            nano = fraction.parse().ok()?;
            at = end;
        }
    }
    let local = day.and_hms_nano_opt(hour, minute, second, nano)?;
    Some((local, offset(text.get(at..)?.trim_start())?))
}

/// An offset at the end of a moment; the outer `None` is nonsense.
#[allow(clippy::option_option)]
fn offset(text: &str) -> Option<Option<FixedOffset>> {
    let seconds = match text {
        "" => return Some(None),
        "Z" | "z" => 0,
        text => {
            let sign = match text.as_bytes()[0] {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let hours = digits(text, 1, 3)?;
            let rest = text.get(3..)?.trim_start_matches(':');
            let minutes = if rest.is_empty() { 0 } else { digits(rest, 0, 2)? };
            sign * i32::try_from(hours * 3600 + minutes * 60).ok()?
        }
    };
    FixedOffset::east_opt(seconds).map(Some)
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
