//! `onUnknown: STALE`: the last cell read of a field is kept, and stands in for up to `maxAge` while its source cannot be
//! read. Only cells of fields whose rule says so are kept; a cell that was absent or empty is remembered as such.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    batch::{Batch, Cause},
    engine::{Ask, Engine},
    merge::Cell,
    model::{Field, FieldId, OnUnknown, SourceId},
};
use crate::{
    cache::Space,
    value::{Type, Value},
};

/// A cell that is kept is written anew when this part of its `maxAge` has passed, or when it changed.
const RENEW: u32 = 8;

/// A cell of earlier on.
#[derive(Clone, Debug, PartialEq)]
pub struct StaleCell {
    /// What it was: `None`, absent; `Null`, empty on purpose.
    value: Option<Value>,
    /// When it was read.
    pub at: DateTime<Utc>,
    /// Why it cannot be read now.
    pub cause: Arc<Cause>,
}

impl StaleCell {
    /// As the cell that it was.
    pub fn cell(&self) -> Cell<'_> {
        match &self.value {
            None => Cell::Absent,
            Some(Value::Null) => Cell::Empty,
            Some(value) => Cell::Value(value),
        }
    }
}

/// Cells of earlier on: by source, field, record, and whether it is the operation's own language.
pub type Stale = HashMap<(SourceId, FieldId, u32, bool), StaleCell>;

/// A value as it is kept.
#[derive(Deserialize, Serialize)]
enum Kept {
    Empty,
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Text(Box<str>),
    Date(NaiveDate),
    DateTime(DateTime<Utc>),
    List(Vec<Kept>),
}

impl Kept {
    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Empty,
            Value::Bool(b) => Self::Bool(*b),
            Value::Int(n) => Self::Int(*n),
            Value::Decimal(d) => Self::Decimal(*d),
            Value::Text(text) => Self::Text(text.clone()),
            Value::Date(day) => Self::Date(*day),
            Value::DateTime(at) => Self::DateTime(*at),
            Value::List(items) => Self::List(items.iter().map(Self::of).collect::<Option<_>>()?),
            Value::Bad(_) => return None,
        })
    }

    fn value(self) -> Value {
        match self {
            Self::Empty => Value::Null,
            Self::Bool(b) => Value::Bool(b),
            Self::Int(n) => Value::Int(n),
            Self::Decimal(d) => Value::Decimal(d),
            Self::Text(text) => Value::Text(text),
            Self::Date(day) => Value::Date(day),
            Self::DateTime(at) => Value::DateTime(at),
            Self::List(items) => Value::List(items.into_iter().map(Self::value).collect()),
        }
    }
}

/// Milliseconds of the moment, then the cell in JSON.
fn write(cell: &Cell<'_>, at: DateTime<Utc>) -> Option<Bytes> {
    let kept = match cell {
        Cell::Absent => None,
        Cell::Empty => Some(Kept::Empty),
        Cell::Value(value) => Some(Kept::of(value)?),
        Cell::Unknown(_) => return None,
    };
    let mut bytes = at.timestamp_millis().to_be_bytes().to_vec();
    serde_json::to_writer(&mut bytes, &kept).ok()?;
    Some(bytes.into())
}

/// A cell that was kept: when it was read, and what it was, if it still is of the field's type.
fn read(bytes: &[u8], ty: &Type) -> Option<(DateTime<Utc>, Option<Value>)> {
    let (millis, cell) = bytes.split_first_chunk()?;
    let at = Utc.timestamp_millis_opt(i64::from_be_bytes(*millis)).single()?;
    let kept: Option<Kept> = serde_json::from_slice(cell).ok()?;
    let value = kept.map(Kept::value);
    value.as_ref().is_none_or(|v| fits(v, ty)).then_some((at, value))
}

/// The shop may have changed what a field is since.
fn fits(value: &Value, ty: &Type) -> bool {
    match (value, ty) {
        (Value::Null, _) => true,
        (Value::List(items), Type::List(of)) => items.iter().all(|item| fits(item, of)),
        (Value::Text(_), Type::Text | Type::Html) => true,
        (Value::Int(_), Type::Int | Type::Decimal) => true,
        (Value::Decimal(_), Type::Decimal) => true,
        (Value::Bool(_), Type::Boolean) => true,
        (Value::Date(_), Type::Date) => true,
        (Value::DateTime(_), Type::DateTime) => true,
        _ => false,
    }
}

/// Which cell: those of one field and source begin alike.
struct Name<'a> {
    entity: &'a str,
    source: &'a str,
    field: &'a str,
    language: &'a str,
}

impl Name<'_> {
    fn of(&self, code: &str) -> String {
        // The code comes last: it alone may hold anything.
        format!("{}:{}:{}:{}:{code}", self.source, self.entity, self.field, self.language)
    }
}

/// The age up to which a field's cells are served, when its rule is STALE.
pub fn age(field: &Field) -> Option<Duration> {
    field.max_age.filter(|_| field.on_unknown == OnUnknown::Stale)
}

impl Engine {
    /// Keeps what was read of fields whose rule is STALE, and puts cells of earlier on where nothing could be read.
    pub(super) async fn remember(&self, ask: &Ask, batch: &mut Batch) {
        let Some(cache) = &self.cache else { return };
        let e = &self.model.entities[batch.shape.entity];
        let fields: Vec<(FieldId, &Field, Duration)> = batch
            .shape
            .want
            .fields
            .iter()
            .filter_map(|id| e.fields.get_index(*id).and_then(|(_, f)| Some((*id, f, age(f)?))))
            .collect();
        if fields.is_empty() {
            return;
        }
        let compare = self.compare(batch.shape.entity);
        let codes: Vec<_> = batch.codes.iter().map(|c| compare.fold(c.as_str().unwrap_or(""))).collect();
        let default = self.model.languages.first().map_or("", String::as_str);
        let own = batch.shape.language.as_deref();
        let mut missing: Vec<((SourceId, FieldId, u32, bool), Arc<Cause>)> = Vec::new();
        let mut keys: Vec<String> = Vec::new();
        for (id, field, most) in &fields {
            let mut seen: Vec<(String, Bytes)> = Vec::new();
            let asked = |source: &&SourceId| batch.shape.sources.get(**source).is_some_and(Option::is_some);
            for source in field.sources.iter().filter(asked) {
                let languages = [(false, Some(default)), (true, own.filter(|_| field.localized))];
                for (translated, language) in languages.into_iter().filter_map(|(t, l)| Some((t, l?))) {
                    let source_name = &self.model.sources[*source].name;
                    let name = Name { entity: &e.name, source: source_name, field: &field.name, language };
                    for (record, code) in (0u32..).zip(&codes) {
                        match batch.read_cell(&self.model, *source, *id, record, translated) {
                            Cell::Unknown(cause) if matches!(cause.code, "DUPLICATE_KEY" | "BAD_VALUE") => {}
                            Cell::Unknown(cause) => {
                                missing.push(((*source, *id, record, translated), cause));
                                keys.push(name.of(code));
                            }
                            cell => {
                                let key = name.of(code);
                                let Some(bytes) = write(&cell, ask.moment.now) else { continue };
                                let fresh = |(kept, since): (Bytes, Duration)| {
                                    kept.get(8..) == bytes.get(8..) && since < *most / RENEW
                                };
                                if !cache.own(Space::Cells, &key).is_some_and(fresh) {
                                    seen.push((key, bytes));
                                }
                            }
                        }
                    }
                }
            }
            cache.put_later(Space::Cells, seen, *most);
        }
        if keys.is_empty() {
            return;
        }
        let found = cache.get_many(Space::Cells, &keys).await;
        let mut stale = Stale::new();
        for ((place, cause), bytes) in missing.into_iter().zip(found) {
            let Some(field) = e.fields.get_index(place.1).map(|(_, f)| f) else { continue };
            let Some((at, value)) = bytes.and_then(|bytes| read(&bytes, &field.ty)) else { continue };
            let young =
                (ask.moment.now - at).to_std().is_ok_and(|old| age(field).is_some_and(|most| old <= most));
            if young {
                ask.moment.troubles.note_stale(&cause.source, at);
                stale.insert(place, StaleCell { value, at, cause });
            }
        }
        drop(codes);
        batch.stale = stale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(cell: &Cell<'_>, ty: &Type) -> Option<Option<Value>> {
        let at = Utc.timestamp_millis_opt(1_700_000_000_123).unwrap();
        let (then, value) = read(&write(cell, at)?, ty)?;
        assert_eq!(then, at);
        Some(value)
    }

    #[test]
    fn cells_are_kept_as_they_were() {
        let values = [
            (Value::Bool(true), Type::Boolean),
            (Value::Int(-7), Type::Int),
            (Value::Decimal("12.50".parse().unwrap()), Type::Decimal),
            (Value::text("Été \u{1f6b2}"), Type::Text),
            (Value::Date(NaiveDate::from_ymd_opt(2026, 2, 28).unwrap()), Type::Date),
            (Value::DateTime(Utc.timestamp_millis_opt(1).unwrap()), Type::DateTime),
            (Value::List(Box::new([Value::text("a"), Value::text("b")])), Type::List(Box::new(Type::Text))),
        ];
        for (value, ty) in values {
            assert_eq!(round(&Cell::Value(&value), &ty), Some(Some(value)));
        }
        assert_eq!(round(&Cell::Empty, &Type::Text), Some(Some(Value::Null)));
        assert_eq!(round(&Cell::Absent, &Type::Text), Some(None));
        assert_eq!(round(&Cell::Value(&Value::Bad("x".into())), &Type::Text), None);
        assert_eq!(round(&Cell::Value(&Value::Int(1)), &Type::Text), None, "of another type");
        assert_eq!(read(b"", &Type::Text), None);
        assert_eq!(read(b"12345678nonsense", &Type::Text), None);
    }
}
