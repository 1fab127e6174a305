//! From what tiberius reads to a normalised [`Value`].

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use tiberius::{ColumnData, FromSql};

use crate::{
    sources::{decode, select::Decode},
    value::Value,
};

/// One cell.
pub(super) fn read(d: &Decode, data: &ColumnData<'static>) -> Value {
    match data {
        ColumnData::U8(Some(n)) => decode::integer(d, (*n).into()),
        ColumnData::I16(Some(n)) => decode::integer(d, (*n).into()),
        ColumnData::I32(Some(n)) => decode::integer(d, (*n).into()),
        ColumnData::I64(Some(n)) => decode::integer(d, *n),
        ColumnData::Bit(Some(b)) => decode::boolean(d, *b),
        // The shortest text of a 4-byte float is the number that was meant.
        ColumnData::F32(Some(x)) => match x.to_string().parse() {
            Ok(x) => decode::real(d, x),
            Err(_) => unreadable(),
        },
        ColumnData::F64(Some(x)) => decode::real(d, *x),
        ColumnData::String(Some(text)) => decode::text(d, text),
        ColumnData::Guid(Some(id)) => decode::text(d, &id.to_string()),
        ColumnData::Xml(Some(xml)) => decode::text(d, xml.as_ref().as_ref()),
        ColumnData::Binary(Some(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) => decode::text(d, text),
            Err(_) => Value::Bad("binary data is not text".into()),
        },
        ColumnData::Numeric(Some(n)) => match decode::cut(n.value(), n.scale().into(), false) {
            Some(n) => decode::decimal(d, n),
            None => Value::Bad("the number has too many digits".into()),
        },
        ColumnData::DateTime(Some(moment)) => {
            // 1/300 s each: shown, stored and meant as milliseconds.
            let millis = (i64::from(moment.seconds_fragments()) * 10 + 1) / 3;
            from_1900(moment.days().into(), millis).map_or_else(unreadable, |m| decode::local(d, m))
        }
        ColumnData::SmallDateTime(Some(moment)) => {
            let millis = i64::from(moment.seconds_fragments()) * 60_000;
            from_1900(moment.days().into(), millis).map_or_else(unreadable, |m| decode::local(d, m))
        }
        ColumnData::Date(Some(_)) => match NaiveDate::from_sql(data) {
            Ok(Some(day)) => decode::day(d, day),
            _ => unreadable(),
        },
        ColumnData::DateTime2(Some(_)) => match NaiveDateTime::from_sql(data) {
            Ok(Some(moment)) => decode::local(d, moment),
            _ => unreadable(),
        },
        ColumnData::DateTimeOffset(Some(_)) => match DateTime::<FixedOffset>::from_sql(data) {
            Ok(Some(moment)) => decode::utc(d, moment.with_timezone(&Utc)),
            _ => unreadable(),
        },
        ColumnData::Time(Some(_)) => match chrono::NaiveTime::from_sql(data) {
            Ok(Some(time)) => decode::text(d, &time.to_string()),
            _ => unreadable(),
        },
        ColumnData::U8(None)
        | ColumnData::I16(None)
        | ColumnData::I32(None)
        | ColumnData::I64(None)
        | ColumnData::Bit(None)
        | ColumnData::F32(None)
        | ColumnData::F64(None)
        | ColumnData::String(None)
        | ColumnData::Guid(None)
        | ColumnData::Xml(None)
        | ColumnData::Binary(None)
        | ColumnData::Numeric(None)
        | ColumnData::DateTime(None)
        | ColumnData::SmallDateTime(None)
        | ColumnData::Date(None)
        | ColumnData::DateTime2(None)
        | ColumnData::DateTimeOffset(None)
        | ColumnData::Time(None) => Value::Null,
    }
}

fn unreadable() -> Value {
    Value::Bad("the value is out of range".into())
}

fn from_1900(days: i64, millis: i64) -> Option<NaiveDateTime> {
    let start = NaiveDate::from_ymd_opt(1900, 1, 1)?.and_hms_opt(0, 0, 0)?;
    start.checked_add_signed(TimeDelta::try_days(days)?)?.checked_add_signed(TimeDelta::milliseconds(millis))
}
